// Package csv reads and writes tables of separated text as CRMs, spreadsheets
// and databases export them: comma, semicolon, tab or bar; UTF-8, UTF-16 or
// Windows-1252; plain, gzip or zstd; with or without a report footer. What it
// had to find out it says in notes, and what it cannot read for certain it
// refuses, naming file and line.
//
// Cells are kept as they stand in the file, except that blanks around a cell
// or a header are dropped (exports carry values such as " <=50K"). Whether a
// text is a number or a date is decided later, from the whole column.
package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Limits that no table of leads comes near, so that a wrong file is refused
// before it fills the memory.
const (
	maxColumns    = 10_000
	maxCell       = 1 << 20  // bytes
	maxRecord     = 16 << 20 // bytes
	maxBlockBytes = 64 << 20 // text held before a block is handed over
)

// Options say how files are read; the zero value detects everything.
type Options struct {
	Comma     rune      // the separator, one ASCII character; 0: found among , ; TAB |
	MaxErrors int       // rows that cannot be read and may be skipped, over all files, before reading stops
	BlockRows int       // rows a block; 0: 65,536
	Stdin     io.Reader // what the path "-" reads
}

// Source is a datasets.Source over one or more files of the same columns. Its
// blocks are named "leads" and hold Raw columns; a block never spans two files.
type Source struct {
	options Options
	inputs  []input
	notes   []datasets.Note
}

type input struct {
	path string
	name string // how messages call it
}

// Open finds the files that paths name: a file, a pattern such as
// "export/*.csv.gz" (its files in sorted order), or "-" for Options.Stdin. A
// file named twice is read once. Nothing is read yet; a file or pattern that
// finds nothing is an error.
func Open(paths []string, o Options) (*Source, error) {
	if o.BlockRows <= 0 {
		o.BlockRows = 1 << 16
	}
	if o.Comma != 0 && (o.Comma > 126 || o.Comma < ' ' && o.Comma != '\t' || o.Comma == '"') {
		return nil, fmt.Errorf("csv: %q cannot be a separator: give one ASCII character", o.Comma)
	}
	s := &Source{options: o}
	for _, p := range paths {
		found, err := expand(p)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			known := func(in input) bool { return in.path == f }
			if !slices.ContainsFunc(s.inputs, known) {
				s.inputs = append(s.inputs, input{f, f})
			}
		}
	}
	if len(s.inputs) == 0 {
		return nil, errors.New("csv: no file was named")
	}
	for i := range s.inputs {
		s.inputs[i].name = s.shown(i)
	}
	return s, nil
}

// expand gives the files that one path means.
func expand(path string) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, &datasets.Error{Place: path, Message: "is a folder: name its files, for example " + filepath.Join(path, "*.csv")}
	case err == nil:
		return []string{filepath.Clean(path)}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(path, "*?["):
		return nil, fmt.Errorf("csv: %w", err)
	}
	found, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("csv: %s: %w", path, err)
	}
	if len(found) == 0 {
		return nil, &datasets.Error{Place: path, Message: "no file matches this pattern"}
	}
	slices.Sort(found)
	return found, nil
}

// shown is the last part of the path where that tells the inputs apart.
func (s *Source) shown(i int) string {
	if s.inputs[i].path == "-" {
		return "stdin"
	}
	base := filepath.Base(s.inputs[i].path)
	for j, in := range s.inputs {
		if j != i && filepath.Base(in.path) == base {
			return s.inputs[i].path
		}
	}
	return base
}

// Notes says, after the blocks have been read, what was found out about the
// files and what was left out of them.
func (s *Source) Notes() []datasets.Note { return s.notes }

// Blocks reads the files in order. Columns are those of the first file; the
// others may have them in another order. The sequence ends after the first
// error, a *datasets.Error where the data are at fault. A source that reads
// standard input can be read once.
func (s *Source) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		s.notes = nil
		p := &pass{source: s, ctx: ctx, yield: yield}
		for _, in := range s.inputs {
			if err := p.read(in); err == errStopped {
				return
			} else if err != nil {
				yield(datasets.Block{}, err)
				return
			}
		}
		if !p.yielded { // the names of the columns are worth having even without a row
			_ = p.hand(s.inputs[0].name)
		}
	}
}

// errStopped says that the caller wants no more blocks.
var errStopped = errors.New("stopped")

// pass is one reading of all files.
type pass struct {
	source  *Source
	ctx     context.Context
	yield   func(datasets.Block, error) bool
	names   []string // the columns, from the first file
	first   string   // name of the first file
	block   *block
	skipped int // rows that could not be read, so far
	yielded bool
}

// read reads one file to its end.
func (p *pass) read(in input) error {
	r, err := p.source.open(in)
	if err != nil {
		return err
	}
	defer r.Close()
	text, found, err := decode(r, in.name)
	if err != nil {
		return err
	}
	defer text.Close()
	f := &file{pass: p, name: in.name, scan: newScanner(text)}
	for _, what := range found {
		f.note("%s", what)
	}
	if err := f.header(); err != nil {
		return err
	}
	if err := f.rows(); err != nil {
		return err
	}
	f.report()
	return p.flush(in.name)
}

func (s *Source) open(in input) (io.ReadCloser, error) {
	if in.path != "-" {
		return os.Open(in.path)
	}
	if s.options.Stdin == nil {
		return nil, errors.New("csv: standard input is not there, or has been read already")
	}
	r := io.NopCloser(s.options.Stdin)
	s.options.Stdin = nil
	return r, nil
}

// flush hands the rows gathered so far to the caller, if there are any.
func (p *pass) flush(name string) error {
	if p.block == nil || len(p.block.lines) == 0 {
		return p.ctx.Err()
	}
	return p.hand(name)
}

func (p *pass) hand(name string) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	t := p.block.table(p.names, name)
	p.block = newBlock(len(p.names), p.block)
	p.yielded = true
	if !p.yield(datasets.Block{Name: "leads", Table: t}, nil) {
		return errStopped
	}
	return nil
}
