package csv

import (
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/leadcast/leadcast/datasets"
)

// block gathers rows column by column, in Arrow buffers of the layout of a
// large string array, which datasets.Strings views as they are.
type block struct {
	columns []column
	lines   []int32 // where each row began in its file
	bytes   int     // text held
}

// column is the growing offsets and values of one column. The slices cover the
// whole capacity of the buffers; n and end say how much of them is in use.
type column struct {
	offsets, values *memory.Buffer
	starts          []int64
	text            []byte
	n, end          int
}

// newBlock makes room for as much as the block before it held.
func newBlock(columns int, before *block) *block {
	b := &block{columns: make([]column, columns)}
	for i := range b.columns {
		rows, text := 15, 64
		if before != nil {
			rows, text = before.columns[i].n+1, before.columns[i].end+before.columns[i].end/8
		}
		c := &b.columns[i]
		c.offsets = memory.NewResizableBuffer(memory.DefaultAllocator)
		c.values = memory.NewResizableBuffer(memory.DefaultAllocator)
		c.growOffsets(rows)
		c.growValues(text)
		c.starts[0] = 0
	}
	return b
}

func (c *column) growOffsets(rows int) {
	c.offsets.Resize(8 * (rows + 1))
	c.starts = unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(c.offsets.Bytes()))), rows+1)
}

func (c *column) growValues(n int) {
	c.values.Resize(max(n, 64))
	c.text = c.values.Bytes()
}

// add appends one cell.
func (c *column) add(cell []byte) {
	if c.end+len(cell) > len(c.text) {
		c.growValues(2 * (c.end + len(cell)))
	}
	c.end += copy(c.text[c.end:], cell)
	if c.n++; c.n == len(c.starts) {
		c.growOffsets(2 * c.n)
	}
	c.starts[c.n] = int64(c.end)
}

// add appends a row; cell i goes to column to[i].
func (b *block) add(cells [][]byte, to []int, line int) {
	for i, cell := range cells {
		b.columns[to[i]].add(cell)
		b.bytes += len(cell)
	}
	b.lines = append(b.lines, int32(line))
}

// table gives the rows as a table that views the buffers.
func (b *block) table(names []string, file string) *datasets.Table {
	lines := b.lines
	t := &datasets.Table{
		Rows:    len(lines),
		Columns: make([]*datasets.Column, len(names)),
		Place:   func(row int) string { return place(file, int(lines[row])) },
	}
	for i := range b.columns {
		c := &b.columns[i]
		t.Columns[i] = &datasets.Column{
			Name:  names[i],
			Texts: datasets.Strings{Offsets: c.starts[: c.n+1 : c.n+1], Bytes: c.text[:c.end:c.end]},
		}
	}
	return t
}

// place names a line of a file as messages do.
func place(file string, line int) string { return file + ":" + strconv.Itoa(line) }
