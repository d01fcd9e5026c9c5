package csv

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/datasets"
)

// file is one file of a pass while it is read.
type file struct {
	*pass
	name string
	scan *scanner
	top  int   // line of the header
	to   []int // which column of the table each cell goes to

	held   []heldRow // rows at the end so far that may be a report footer
	weight int       // bytes of held
	said   int       // rows of held that are not empty
	gap    bool      // a blank line came just before
	blank  int       // blank lines between rows
	wide   int       // rows with empty cells beyond the header
	good   int       // rows taken
}

// heldRow is a copy of a record that waits for what follows it.
type heldRow struct {
	line  int
	cells [][]byte // nil for an empty row, of which spreadsheets may add a million
}

// What waits is bounded: in memory, and in lines, for no footer is long.
const (
	maxHeld   = 64 << 20 // bytes
	maxFooter = 20       // lines that are not empty
)

// note remembers something about the file as a whole.
func (f *file) note(format string, args ...any) {
	f.source.notes = append(f.source.notes, datasets.Note{Row: -1, Message: f.name + ": " + fmt.Sprintf(format, args...)})
}

// fail is an error at a line of the file.
func (f *file) fail(line int, format string, args ...any) error {
	return &datasets.Error{Place: place(f.name, line), Message: fmt.Sprintf(format, args...)}
}

// next is scanner.next with errors that name the file.
func (f *file) next() (record, error) {
	rec, err := f.scan.next()
	if u, ok := err.(*unreadable); ok {
		err = f.fail(u.line, "%s", u.what)
	}
	return rec, err
}

// header finds the layout, reads the column names and settles which column
// each cell goes to.
func (f *file) header() error {
	l := sniff(f.scan.head(), byte(f.source.options.Comma))
	f.scan.sep, f.scan.eol, f.scan.pos = l.sep, l.eol, l.skip
	if l.skip > 0 {
		f.scan.line++
	}
	rec, err := f.next()
	for err == nil && rec.blank {
		rec, err = f.next()
	}
	if err == io.EOF {
		return &datasets.Error{Place: f.name, Message: "has only blank lines: expected a line of column names and one line a lead"}
	}
	if err != nil {
		return err
	}
	if rec.fault != "" {
		return f.fail(rec.line, "%s", rec.fault)
	}
	if len(rec.cells) > maxColumns {
		return f.fail(rec.line, "more than 10,000 columns: is this a table with one lead a line?")
	}
	names, named := make([]string, len(rec.cells)), 0
	for i, c := range rec.cells {
		if names[i] = string(c); len(c) > 0 {
			named++
		}
	}
	if len(names) > 2 && named < 2 {
		return f.fail(rec.line, "%s for %d columns: if the first line is a title, delete it", count(named, "name"), len(names))
	}
	if f.top = rec.line; values(names) {
		return f.fail(rec.line, "the first line looks like a row of values, not of column names: add a line of names above it")
	}
	if l.sep != ',' && f.source.options.Comma == 0 && len(names) > 1 {
		f.note("the separator is %s", map[byte]string{';': "a semicolon", '\t': "a tab", '|': "a bar"}[l.sep])
	}
	f.rename(names)
	return f.align(names)
}

// rename gives empty and repeated names one of their own.
func (f *file) rename(names []string) {
	taken := make(map[string]bool, len(names))
	for _, n := range names {
		taken[n] = true
	}
	seen := make(map[string]bool, len(names))
	for i, n := range names {
		if n != "" && !seen[n] {
			seen[n] = true
			continue
		}
		base, k := n+"_", 2
		if n == "" {
			base, k = "column_", i+1
		}
		for taken[base+strconv.Itoa(k)] {
			k++
		}
		names[i] = base + strconv.Itoa(k)
		taken[names[i]], seen[names[i]] = true, true
		if n == "" {
			f.note("column %d has no name and is called %q", i+1, names[i])
		} else {
			f.note("column %d has the name %q again and is called %q", i+1, n, names[i])
		}
	}
}

// align maps the columns of this file to those of the first, by name.
func (f *file) align(names []string) error {
	if f.names == nil {
		f.names, f.first, f.block = names, f.name, newBlock(len(names), nil)
	}
	at := make(map[string]int, len(f.names))
	for i, n := range f.names {
		at[n] = i
	}
	f.to = make([]int, len(names))
	for i, n := range names {
		j, ok := at[n]
		if !ok {
			return &datasets.Error{Place: place(f.name, f.top), Column: n, Message: "is not in " + f.first + ": files that are read together must have the same columns"}
		}
		f.to[i] = j
		delete(at, n)
	}
	for _, n := range f.names {
		if _, missing := at[n]; missing {
			return &datasets.Error{Place: place(f.name, f.top), Column: n, Message: "is missing but is in " + f.first + ": files that are read together must have the same columns"}
		}
	}
	return nil
}

// rows reads all rows below the header.
func (f *file) rows() error {
	for {
		rec, err := f.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if rec.blank {
			f.gap = true
			f.blank++
			continue
		}
		if f.mayBeFooter(rec) {
			f.hold(rec)
		} else if err := f.release(); err != nil {
			return err
		} else if err := f.take(rec); err != nil {
			return err
		}
		f.gap = false
	}
}

// mayBeFooter reports whether a record is one that report writers put below a
// table: an empty row, a line with fewer cells that says so or stands after a
// blank line, or a total. Only at the end of the file does it count.
func (f *file) mayBeFooter(rec record) bool {
	if rec.fault != "" || len(f.to) < 2 || f.weight >= maxHeld {
		return false
	}
	width, filled := len(f.to), 0
	var first []byte
	for _, c := range rec.cells {
		if len(c) == 0 {
			continue
		}
		if filled++; filled == 1 {
			first = c[:min(len(c), 60)]
		} else if filled > 2 && 2*filled > width && len(rec.cells) >= width {
			return false
		}
	}
	if filled > 0 && f.said >= maxFooter {
		return false
	}
	half := 2*filled <= width
	if len(rec.cells) == width {
		return filled == 0 || (half || filled <= 2) && totalCell.Match(first) || filled == 1 && footerLine.Match(first)
	}
	apart := f.gap || len(f.held) > 0
	return len(rec.cells) < width && (footerLine.Match(first) || apart && half)
}

func (f *file) hold(rec record) {
	h := heldRow{line: rec.line}
	f.weight += 40
	for i, c := range rec.cells {
		if len(c) == 0 {
			continue
		}
		if h.cells == nil {
			h.cells = make([][]byte, len(rec.cells))
			f.weight += 24 * len(rec.cells)
			f.said++
		}
		h.cells[i] = slices.Clone(c)
		f.weight += len(c)
	}
	f.held = append(f.held, h)
}

// release takes the rows that waited: they were not at the end of the file.
func (f *file) release() error {
	for _, h := range f.held {
		if h.cells == nil {
			h.cells = make([][]byte, len(f.to))
		}
		if err := f.take(record{cells: h.cells, line: h.line}); err != nil {
			return err
		}
	}
	f.held, f.weight, f.said = nil, 0, 0
	return nil
}

// take adds a row to the block, or deals with what is wrong with it.
func (f *file) take(rec record) error {
	cells := rec.cells
	for len(cells) > len(f.to) && len(cells[len(cells)-1]) == 0 {
		cells = cells[:len(cells)-1]
	}
	switch {
	case rec.fault != "":
	case len(cells) != len(f.to):
		rec.fault = f.ragged(len(cells))
	case len(cells) < len(rec.cells):
		f.wide++
	}
	if rec.fault != "" {
		err := f.fail(rec.line, "%s", rec.fault)
		if f.skipped++; f.skipped > f.source.options.MaxErrors {
			if f.skipped > 1 {
				err = f.fail(rec.line, "%s (%s skipped before it)", rec.fault, count(f.skipped-1, "row"))
			}
			return err
		}
		f.note("line %d, skipped: %s", rec.line, rec.fault)
		return nil
	}
	f.block.add(cells, f.to, rec.line)
	f.good++
	if len(f.block.lines) >= f.source.options.BlockRows || f.block.bytes >= maxBlockBytes {
		return f.flush(f.name)
	}
	return nil
}

// ragged says how a row does not fit the header.
func (f *file) ragged(cells int) string {
	s := fmt.Sprintf("%s where the header has %s", count(cells, "cell"), count(len(f.to), "column"))
	if len(f.to) == 1 && f.good == 0 {
		return s + ": if the first line is a title, delete it"
	}
	if cells > len(f.to) {
		return s + ": put cells that hold the separator in quotes, or skip such rows with --max-errors"
	}
	return s + ": complete the row, or skip such rows with --max-errors"
}

// report notes what was left out of the file.
func (f *file) report() {
	if f.scan.encoding == cp1252 {
		f.note("read as Windows-1252, for it is not UTF-8")
	}
	if f.scan.eol == '\r' {
		f.note("its lines end in CR alone")
	}
	if n := len(f.held); n > 0 {
		f.note("%s at the end, from line %d, read like a report footer and were left out", count(n, "line"), f.held[0].line)
	}
	if f.blank > 0 {
		f.note("%s skipped", count(f.blank, "blank line"))
	}
	if f.wide > 0 {
		f.note("%s with empty cells beyond the header, which were dropped", count(f.wide, "row"))
	}
	if f.good == 0 {
		f.note("has column names but no rows")
	}
}

// count gives "1 row", "2 rows".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
