package jsonl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/leadcast/leadcast/datasets"
)

// Limits on what a file may ask for.
const (
	maxColumns    = 10_000
	maxLine       = 16 << 20 // bytes
	maxBlockBytes = 64 << 20 // held before a block is handed over
	blockRows     = 1 << 16
)

// Source is a datasets.Source over JSON Lines, plain, gzip or zstd: one object a
// line, a Raw column a key, in the order in which keys first appear. Numbers
// keep their text, booleans are true and false, null is empty, and a list of
// such values is joined with ';'. An object within the object is an error: a
// value that is there in some leads only would make columns come and go. Its blocks are named "leads"; a block never
// spans two files.
type Source struct {
	paths []string
	stdin io.Reader
}

// Open finds the files that paths name: a file, a pattern whose files are
// taken in sorted order, or "-" for stdin. Nothing is read yet; a file or
// pattern that finds nothing is an error.
func Open(paths []string, stdin io.Reader) (*Source, error) {
	s := &Source{stdin: stdin}
	for _, p := range paths {
		found := []string{p}
		if _, err := os.Stat(p); err != nil && p != "-" {
			found, _ = filepath.Glob(p) // a bad pattern finds nothing
		}
		if len(found) == 0 || p == "-" && stdin == nil {
			return nil, &datasets.Error{Place: p, Message: "no such file"}
		}
		s.paths = append(s.paths, found...)
	}
	return s, nil
}

// Blocks reads the files in order. Any line may bring a new key, so files are
// read twice, for their keys and then for their values, and memory holds one
// block. What can be read only once (stdin, a pipe) has the keys of its first
// block, and a later one is an error. The sequence ends after the first error,
// a *datasets.Error where the data are at fault.
func (s *Source) Blocks(ctx context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		p := &pass{source: s, ctx: ctx, index: map[string]*column{}}
		once := func(path string) bool { i, err := os.Stat(path); return err != nil || !i.Mode().IsRegular() }
		var err error
		if !slices.ContainsFunc(s.paths, once) {
			err = p.read()
			p.sealed = true
		}
		if p.yield = yield; err == nil {
			err = p.read()
		}
		if err == nil && p.rows == 0 {
			err = &datasets.Error{Place: p.name, Message: "holds no leads: expected one JSON object a line"}
		}
		if err != nil && err != errStopped {
			yield(datasets.Block{}, err)
		}
	}
}

// errStopped says that the caller wants no more blocks.
var errStopped = errors.New("stopped")

// pass is one reading of all files, or both.
type pass struct {
	source  *Source
	ctx     context.Context
	yield   func(datasets.Block, error) bool // nil while only keys are wanted
	columns []*column
	index   map[string]*column // by key
	sealed  bool               // there are no further keys
	name    string             // of the file
	line    int
	rows    int    // read so far, in both passes
	lines   []int  // of the rows of the block
	bytes   int    // of the block
	cell    []byte // text of the value just read
}

// column is a key with its values in the block.
type column struct {
	name  string
	texts datasets.Strings
	last  int // row that named it last, counted as pass.rows
}

func (p *pass) fail(key, format string, args ...any) error {
	return &datasets.Error{Place: fmt.Sprintf("%s:%d", p.name, p.line), Column: key, Message: fmt.Sprintf(format, args...)}
}

// read reads every file to its end.
func (p *pass) read() error {
	for _, path := range p.source.paths {
		if err := p.file(path); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) file(path string) error {
	in := bufio.NewReader(p.source.stdin)
	if p.name = filepath.Base(path); path == "-" {
		p.name = "stdin"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("jsonl: %w", err)
		}
		defer func() { _ = f.Close() }()
		in.Reset(f)
	}
	plain, done, err := unpacked(in)
	if err != nil {
		return &datasets.Error{Place: p.name, Message: "cannot be unpacked: the file is damaged"}
	}
	defer done()
	scan := bufio.NewScanner(plain)
	scan.Buffer(nil, maxLine)
	for p.line = 1; scan.Scan(); p.line++ {
		line := bytes.Trim(bytes.TrimPrefix(scan.Bytes(), []byte("\ufeff")), " \t\r")
		if len(line) == 0 {
			continue
		}
		if err := p.object(line); err != nil {
			return err
		}
	}
	if err := scan.Err(); errors.Is(err, bufio.ErrTooLong) {
		return p.fail("", "is longer than 16 MiB: each lead is one object on a line of its own")
	} else if err != nil {
		return p.fail("", "cannot be read: the file is damaged or cut short (%v)", err)
	}
	return p.flush()
}

// unpacked is what in holds, by its first bytes gzip, zstd or plain; done must
// be called at the end.
func unpacked(in *bufio.Reader) (plain io.Reader, done func(), err error) {
	magic, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		plain, err = gzip.NewReader(in)
		return plain, func() {}, err
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(128<<20))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return in, func() {}, nil
}

// Starts reports whether in, plain or packed, begins with an object and so is
// JSON Lines; nothing is taken off it.
func Starts(in *bufio.Reader) bool {
	head, _ := in.Peek(2048)
	plain, done, err := unpacked(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return false
	}
	defer done()
	first := make([]byte, 64)
	n, _ := io.ReadFull(plain, first) // the head of a packed file ends early
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(first[:n], []byte("\ufeff")), " \t\r\n"), []byte("{"))
}

// object adds a line as a row.
func (p *pass) object(line []byte) error {
	switch {
	case !utf8.Valid(line):
		return p.fail("", "is not UTF-8: save the file as UTF-8")
	case line[0] != '{':
		return p.fail("", `is not a JSON object: each lead is one object on a line of its own, such as {"lead_id": "a1"}`)
	case !json.Valid(line):
		var syntax *json.SyntaxError
		errors.As(json.Unmarshal(line, new(json.RawMessage)), &syntax)
		return p.fail("", "is not JSON at byte %d: each lead is one object on a line of its own", syntax.Offset)
	}
	p.rows++
	for tok, rest := token(line[1:]); tok[0] != '}'; tok, rest = token(rest) {
		c, err := p.column(text(tok))
		if err != nil {
			return err
		}
		tok, rest = token(rest)
		if rest, err = p.value(c.name, tok, rest); err != nil {
			return err
		}
		if p.yield != nil {
			c.fill(len(p.lines))
			c.texts.Bytes = append(c.texts.Bytes, p.cell...)
			c.fill(len(p.lines) + 1)
			p.bytes += len(p.cell)
		}
	}
	if p.yield == nil {
		return p.ctx.Err()
	}
	p.bytes += 8 * len(p.columns)
	if p.lines = append(p.lines, p.line); len(p.lines) == blockRows || p.bytes >= maxBlockBytes {
		return p.flush()
	}
	return nil
}

// column finds the column of a key, which may be new.
func (p *pass) column(key []byte) (*column, error) {
	c := p.index[string(key)]
	switch {
	case len(key) == 0:
		return nil, p.fail("", "has a key without a name: give it one")
	case c == nil && p.sealed:
		return nil, p.fail(string(key), "is a key that the first lines lack: write the leads to a file, which is searched for keys before it is read")
	case c == nil && len(p.columns) == maxColumns:
		return nil, p.fail("", "more than 10,000 different keys: does each line hold one lead?")
	case c == nil:
		c = &column{name: string(key)}
		p.index[c.name] = c
		p.columns = append(p.columns, c)
	case c.last == p.rows:
		return nil, p.fail(c.name, "stands in the object twice")
	}
	c.last = p.rows
	return c, nil
}

// value puts the text of the value that begins with tok into p.cell.
func (p *pass) value(key string, tok, rest []byte) ([]byte, error) {
	p.cell = p.cell[:0]
	switch tok[0] {
	case '{':
		return nil, p.fail(key, "holds an object: give each of its values a key of its own in the line")
	case '[':
		for tok, rest = token(rest); tok[0] != ']'; tok, rest = token(rest) {
			if tok[0] == '{' || tok[0] == '[' {
				return nil, p.fail(key, "holds a list of lists or objects: a list may hold texts, numbers, true and false")
			}
			if s := text(tok); len(s) > 0 {
				if len(p.cell) > 0 {
					p.cell = append(p.cell, ';')
				}
				p.cell = append(p.cell, s...)
			}
		}
	default:
		p.cell = append(p.cell, text(tok)...)
	}
	return rest, nil
}

// token takes the next token off valid JSON: a text in quotes, a number, a
// word or a bracket. What stands between tokens is passed over.
func token(b []byte) (tok, rest []byte) {
	for strings.IndexByte(",: \t\r", b[0]) >= 0 {
		b = b[1:]
	}
	n := 1
	switch b[0] {
	case '"':
		for ; b[n] != '"'; n++ {
			if b[n] == '\\' {
				n++
			}
		}
		n++
	case '[', ']', '{', '}':
	default:
		n = bytes.IndexAny(b, ",]} \t\r")
	}
	return b[:n], b[n:]
}

// text is what a token other than a bracket says; nothing for null.
func text(tok []byte) []byte {
	switch {
	case tok[0] == 'n':
		return nil
	case tok[0] != '"':
		return tok
	case bytes.IndexByte(tok, '\\') < 0:
		return tok[1 : len(tok)-1]
	}
	var s string
	_ = json.Unmarshal(tok, &s) // the line is valid
	return []byte(s)
}

// fill brings c to a number of rows with empty values.
func (c *column) fill(rows int) {
	for len(c.texts.Offsets) <= rows {
		c.texts.Offsets = append(c.texts.Offsets, int64(len(c.texts.Bytes)))
	}
}

// flush hands the rows gathered so far to the caller, if there are any.
func (p *pass) flush() error {
	if len(p.lines) == 0 || p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	name, lines := p.name, p.lines
	t := &datasets.Table{Rows: len(lines), Place: func(row int) string { return fmt.Sprintf("%s:%d", name, lines[row]) }}
	for _, c := range p.columns {
		c.fill(t.Rows)
		t.Columns = append(t.Columns, &datasets.Column{Name: c.name, Texts: c.texts})
		c.texts = datasets.Strings{}
	}
	p.lines, p.bytes, p.sealed = nil, 0, true
	if !p.yield(datasets.Block{Name: "leads", Table: t}, nil) {
		return errStopped
	}
	return nil
}
