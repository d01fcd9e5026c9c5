// Package jsonl reads and writes tables as JSON Lines: one object a row.
package jsonl

import (
	"bufio"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
)

// Writer writes one JSON object a row, with the columns as keys in order:
// numbers as numbers, booleans as true and false, times as RFC 3339 text at
// UTC, other columns as text, and what is missing as null. Infinite numbers,
// which JSON cannot say, are null too.
type Writer struct {
	w   *bufio.Writer
	row []byte
}

// NewWriter returns a Writer to w. Close must be called at the end; it does
// not close w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Write appends the rows of t.
func (w *Writer) Write(t *datasets.Table) error {
	keys := make([][]byte, len(t.Columns))
	for j, c := range t.Columns {
		keys[j] = append(appendString(nil, c.Name), ':')
	}
	for i := range t.Rows {
		row := append(w.row[:0], '{')
		for j, c := range t.Columns {
			if j > 0 {
				row = append(row, ',')
			}
			row = appendValue(append(row, keys[j]...), c, i)
		}
		row = append(row, '}', '\n')
		w.row = row
		if _, err := w.w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is still buffered.
func (w *Writer) Close() error { return w.w.Flush() }

func appendValue(b []byte, c *datasets.Column, i int) []byte {
	if c.Missing(i) {
		return append(b, "null"...)
	}
	switch c.Kind {
	case datasets.Number:
		x := c.Nums[i]
		if math.IsInf(x, 0) {
			return append(b, "null"...)
		}
		if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e15) {
			return strconv.AppendFloat(b, x, 'e', -1, 64)
		}
		return strconv.AppendFloat(b, x, 'f', -1, 64)
	case datasets.Bool:
		return strconv.AppendBool(b, c.Nums[i] != 0)
	case datasets.Time:
		return append(time.UnixMicro(c.Times[i]).UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	}
	return appendString(b, c.Texts.At(i))
}

// appendString appends s as JSON; text that needs no escape goes the short way.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			j, _ := json.Marshal(s) // a string cannot fail
			return append(b, j...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
