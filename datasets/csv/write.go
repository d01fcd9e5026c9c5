package csv

import (
	"bufio"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// Writer writes tables as CSV in UTF-8: the header once, one line a row,
// missing values as empty cells. Numbers are written in the shortest form that
// reads back as the same float64, times in RFC 3339 at UTC, booleans as true
// and false.
//
// A text cell that a spreadsheet would take for a formula (it begins with
// = + - @ or a control character) gets a leading apostrophe, unless it is a
// plain number; reading the file back gives the text with its apostrophe.
type Writer struct {
	w     *bufio.Writer
	names []string
	row   []byte
}

// NewWriter returns a Writer to w. Close must be called at the end; it does
// not close w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Write appends the rows of t. All tables must have the columns of the first.
func (w *Writer) Write(t *datasets.Table) error {
	if w.names == nil {
		w.names = t.Names()
		if err := w.header(); err != nil {
			return err
		}
	}
	if !slices.Equal(w.names, t.Names()) {
		return errors.New("csv: a table has other columns than the first one written")
	}
	for i := range t.Rows {
		row := w.row[:0]
		for j, c := range t.Columns {
			if j > 0 {
				row = append(row, ',')
			}
			row = appendValue(row, c, i)
		}
		if err := w.line(row); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is still buffered.
func (w *Writer) Close() error { return w.w.Flush() }

func (w *Writer) header() error {
	row := w.row[:0]
	for j, n := range w.names {
		if j > 0 {
			row = append(row, ',')
		}
		row = appendText(row, n)
	}
	return w.line(row)
}

// line ends a row; a lone empty cell is quoted, for a blank line is no row.
func (w *Writer) line(row []byte) error {
	if len(row) == 0 {
		row = append(row, `""`...)
	}
	row = append(row, '\n')
	w.row = row
	_, err := w.w.Write(row)
	return err
}

func appendValue(b []byte, c *datasets.Column, i int) []byte {
	if c.Missing(i) {
		return b
	}
	switch c.Kind {
	case datasets.Number:
		return appendNumber(b, c.Nums[i])
	case datasets.Bool:
		return strconv.AppendBool(b, c.Nums[i] != 0)
	case datasets.Time:
		return time.UnixMicro(c.Times[i]).UTC().AppendFormat(b, time.RFC3339Nano)
	}
	return appendText(b, c.Texts.At(i))
}

// appendNumber appends x in the shortest form that reads back as x, without
// an exponent from 1e-6 up to 1e15.
func appendNumber(b []byte, x float64) []byte {
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.AppendFloat(b, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64)
}

var plainNumber = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)

// appendText appends a text cell, guarded and quoted where that is needed.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	guard := strings.IndexByte("=+-@\t\r\n\x00", s[0]) >= 0 && !plainNumber.MatchString(s)
	if !guard && !strings.ContainsAny(s, "\",;|\t\r\n") && utf8.ValidString(s) && s[0] != ' ' && s[len(s)-1] != ' ' {
		return append(b, s...)
	}
	s = strings.ToValidUTF8(s, "\ufffd")
	b = append(b, '"')
	if guard {
		b = append(b, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		b = append(append(b, s[:i]...), `""`...)
		s = s[i+1:]
	}
	return append(append(b, s...), '"')
}
