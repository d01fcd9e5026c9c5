// Package parquet reads and writes tables as Parquet files.
//
// A Parquet file says itself what its columns are, so numbers, booleans,
// dates and time stamps come out typed; text columns come out Raw, and whether
// a text is a category or an id is found out as for a CSV file.
//
// Nothing a file declares is believed before it is checked: the footer is
// walked for impossible sizes, and every page of a row group is looked at
// (bounds, checksum where there is one, unpacked size) before the decoder sees
// it. The decoder itself runs behind a recover, so a damaged file ends in an
// error that names it.
package parquet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"
	pq "github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/klauspost/compress/zstd"

	"github.com/leadcast/leadcast/datasets"
)

// Limits on what a file may ask for.
const (
	maxColumns  = 10_000
	maxFooter   = 64 << 20  // bytes
	maxPage     = 256 << 20 // bytes unpacked
	maxPages    = 1 << 30   // bytes unpacked, the largest pages of all columns of a row group together
	rowsPerByte = 1000      // no table of leads packs more rows into a byte of file
	blockRows   = 1 << 16
)

// Source is a datasets.Source over one or more files of the same columns. Its
// blocks are named "leads".
type Source struct{ paths []string }

// Open finds the files that paths name; a path may be a pattern, whose files
// are taken in sorted order. Nothing is read yet; a file or pattern that finds
// nothing is an error. Parquet cannot be read from a pipe.
func Open(paths []string) (*Source, error) {
	s := &Source{}
	for _, p := range paths {
		if p == "-" {
			return nil, errors.New("parquet: standard input cannot be read as Parquet: save it to a file first")
		}
		found, err := filepath.Glob(p)
		if _, e := os.Stat(p); e == nil {
			found, err = []string{p}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parquet: %s: %w", p, err)
		}
		if len(found) == 0 {
			return nil, &datasets.Error{Place: p, Message: "no such file"}
		}
		slices.Sort(found)
		for _, f := range found {
			if f = filepath.Clean(f); !slices.Contains(s.paths, f) {
				s.paths = append(s.paths, f)
			}
		}
	}
	if len(s.paths) == 0 {
		return nil, errors.New("parquet: no file was named")
	}
	return s, nil
}

// Notes is empty: there is nothing to guess about a Parquet file.
func (s *Source) Notes() []datasets.Note { return nil }

// Blocks reads the files in order, a block never spanning two row groups.
// Columns are those of the first file; the others may have them in another
// order. The sequence ends after the first error, a *datasets.Error where the
// data are at fault.
func (s *Source) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		p := &pass{ctx: ctx, yield: yield}
		for _, path := range s.paths {
			if err := p.read(path); err == errStopped {
				return
			} else if err != nil {
				yield(datasets.Block{}, err)
				return
			}
		}
		if !p.yielded { // the names of the columns are worth having even without a row
			yield(datasets.Block{Name: "leads", Table: empty(p.columns)}, nil)
		}
	}
}

// errStopped says that the caller wants no more blocks.
var errStopped = errors.New("stopped")

// pass is one reading of all files.
type pass struct {
	ctx     context.Context
	yield   func(datasets.Block, error) bool
	columns []*field // of the first file
	first   string   // its name
	yielded bool
}

// opened is one file of a pass.
type opened struct {
	*os.File
	size   int64
	name   string
	reader *file.Reader
	fields []*field // in the order of the first file
	rows   int      // read so far
	unpack *zstd.Decoder
}

func (o *opened) fail(column, format string, args ...any) error {
	return &datasets.Error{Place: o.name, Column: column, Message: fmt.Sprintf(format, args...)}
}

const damaged = "the file is damaged: copy or write it again"

// guard runs f and turns a panic of the decoder into an error. Panics of the
// caller's own code do not pass through it.
func (o *opened) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = o.fail("", damaged)
		}
	}()
	return f()
}

func (p *pass) read(path string) error {
	o := &opened{name: filepath.Base(path)}
	var err error
	if o.File, err = os.Open(path); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	defer o.close()
	if err := o.guard(o.open); err != nil {
		return err
	}
	if err := p.align(o); err != nil {
		return err
	}
	for g := range o.reader.NumRowGroups() {
		if err := p.rowGroup(o, g); err != nil {
			return err
		}
	}
	if int64(o.rows) != o.reader.NumRows() {
		return o.fail("", damaged)
	}
	return nil
}

func (o *opened) close() {
	_ = o.Close()
	if o.unpack != nil {
		o.unpack.Close()
	}
}

// open checks the footer and reads it.
func (o *opened) open() error {
	info, err := o.Stat()
	if err != nil {
		return err
	}
	if o.size = info.Size(); info.IsDir() {
		return o.fail("", "is a folder: name its files, for example %s", filepath.Join(o.name, "*.parquet"))
	}
	if err := o.checkFooter(); err != nil {
		return err
	}
	props := pq.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	if o.reader, err = file.NewParquetReader(o.File, file.WithReadProps(props)); err != nil {
		return o.fail("", damaged)
	}
	o.fields, err = o.plan()
	return err
}

// align puts the columns of a file into the order of the first.
func (p *pass) align(o *opened) error {
	if p.columns == nil {
		p.columns, p.first = o.fields, o.name
		return nil
	}
	byName := make(map[string]*field, len(o.fields))
	for _, f := range o.fields {
		byName[f.name] = f
	}
	order := make([]*field, len(p.columns))
	for i, c := range p.columns {
		f := byName[c.name]
		if f == nil {
			return o.fail(c.name, "is missing but is in %s: files that are read together must have the same columns", p.first)
		}
		if f.kind != c.kind {
			return o.fail(c.name, "holds %s values but in %s %s values", f.kind, p.first, c.kind)
		}
		order[i] = f
		delete(byName, c.name)
	}
	for _, f := range o.fields {
		if byName[f.name] != nil {
			return o.fail(f.name, "is not in %s: files that are read together must have the same columns", p.first)
		}
	}
	o.fields = order
	return nil
}

// rowGroup reads one row group in blocks.
func (p *pass) rowGroup(o *opened, g int) error {
	var readers []file.ColumnChunkReader
	group := o.reader.RowGroup(g)
	rows := int(group.NumRows())
	err := o.guard(func() (err error) {
		if err = o.checkPages(g); err == nil {
			readers, err = o.chunks(group)
		}
		return err
	})
	if err != nil {
		return err
	}
	for done := 0; done < rows; {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		n := min(blockRows, rows-done)
		t := &datasets.Table{Rows: n, Place: o.place(o.rows)}
		err := o.guard(func() (err error) {
			for i, f := range o.fields {
				c, err := f.read(o, readers[i], n)
				if err != nil {
					return err
				}
				t.Columns = append(t.Columns, c)
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += n
		o.rows += n
		p.yielded = true
		if !p.yield(datasets.Block{Name: "leads", Table: t}, nil) {
			return errStopped
		}
	}
	return nil
}

// chunks opens the columns of a row group.
func (o *opened) chunks(group *file.RowGroupReader) ([]file.ColumnChunkReader, error) {
	readers := make([]file.ColumnChunkReader, len(o.fields))
	for i, f := range o.fields {
		var err error
		if readers[i], err = group.Column(f.index); err != nil {
			return nil, o.fail(f.name, damaged)
		}
	}
	return readers, nil
}

// place names the rows of a block that begins after the first rows of a file.
func (o *opened) place(first int) func(int) string {
	name := o.name
	return func(row int) string { return fmt.Sprintf("%s row %d", name, first+row+1) }
}

// empty is the table of a file without rows.
func empty(fields []*field) *datasets.Table {
	t := &datasets.Table{}
	for _, f := range fields {
		t.Columns = append(t.Columns, &datasets.Column{Name: f.name, Kind: f.kind})
	}
	return t
}
