// Package datasets holds tables of leads as they come out of a CRM: columns,
// their kinds and roles, and what became of each lead. It imports nothing of
// Leadcast; the packages below it adapt one file format or one origin each.
package datasets

import (
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Kind says how the values of a column are to be read.
type Kind uint8

// The kinds of column. A column that has just been read is Raw: text as it
// stood in the file. Schema.Apply turns it into one of the others.
const (
	Raw      Kind = iota // text as it stood in the file, "" where empty
	Number               // Nums, NaN where missing
	Bool                 // Nums, 0 or 1, NaN where missing
	Time                 // Times, microseconds since 1970 UTC, NoTime where missing
	Category             // Texts: one of a limited set of values, "" where missing
	Multi                // Texts: several values in one cell, separated by ';' or ','
	Text                 // Texts: words written by people
	ID                   // Texts: a name for one thing, never a feature
)

var kindNames = [...]string{"raw", "number", "bool", "time", "category", "multi", "text", "id"}

// String gives the name that schemas and messages use.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind is the inverse of String; ok is false for a name it does not know.
func ParseKind(name string) (k Kind, ok bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// NoTime marks a missing value in a Time column.
const NoTime = math.MinInt64

// Micros gives t as Time columns keep it.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return NoTime
	}
	return t.UnixMicro()
}

// MicrosPerDay is the length of a day in the unit of Time columns.
const MicrosPerDay = 86_400_000_000

// Days is the time from a to b in days; NaN when either is missing.
func Days(a, b int64) float64 {
	if a == NoTime || b == NoTime {
		return math.NaN()
	}
	return float64(b-a) / MicrosPerDay
}

// Strings is a column of text as views into one buffer: value i is
// Bytes[Offsets[i]:Offsets[i+1]]. The layout is that of an Arrow large string
// array, so that readers hand their buffers over without copying.
type Strings struct {
	Offsets []int64 // one more than there are values; nil when there are none
	Bytes   []byte
}

// Len is the number of values.
func (s Strings) Len() int { return max(len(s.Offsets)-1, 0) }

// At gives value i without copying; it is valid as long as the buffer is.
func (s Strings) At(i int) string {
	b := s.Bytes[s.Offsets[i]:s.Offsets[i+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Append adds one value at the end.
func (s *Strings) Append(v string) {
	if len(s.Offsets) == 0 {
		s.Offsets = append(s.Offsets, 0)
	}
	s.Bytes = append(s.Bytes, v...)
	s.Offsets = append(s.Offsets, int64(len(s.Bytes)))
}

// MakeStrings copies values into a Strings.
func MakeStrings(values ...string) Strings {
	var s Strings
	for _, v := range values {
		s.Append(v)
	}
	return s
}

// Column is one named column. Which of the three slices holds the values
// follows from Kind; the others are nil.
type Column struct {
	Name  string
	Kind  Kind
	Nums  []float64 // Number, Bool
	Times []int64   // Time
	Texts Strings   // Raw, Category, Multi, Text, ID
}

// Len is the number of values.
func (c *Column) Len() int {
	switch c.Kind {
	case Number, Bool:
		return len(c.Nums)
	case Time:
		return len(c.Times)
	}
	return c.Texts.Len()
}

// Missing reports whether value i is absent.
func (c *Column) Missing(i int) bool {
	switch c.Kind {
	case Number, Bool:
		return math.IsNaN(c.Nums[i])
	case Time:
		return c.Times[i] == NoTime
	}
	return c.Texts.Offsets[i] == c.Texts.Offsets[i+1]
}

// Gather gives the values at rows, in that order, as a new column; row −1
// gives a missing value.
func (c *Column) Gather(rows []int) *Column {
	g := &Column{Name: c.Name, Kind: c.Kind}
	g.clear(len(rows))
	if g.Texts.Offsets != nil {
		g.Texts.gather(&c.Texts, rows)
		return g
	}
	for i, r := range rows {
		switch {
		case r >= 0 && c.Nums != nil:
			g.Nums[i] = c.Nums[r]
		case r >= 0 && c.Times != nil:
			g.Times[i] = c.Times[r]
		}
	}
	return g
}

// gather fills s, which has its offsets, with the texts of some rows, none
// where a row is below zero.
func (s *Strings) gather(from *Strings, rows []int) {
	size := int64(0)
	for i, r := range rows {
		if r >= 0 {
			size += from.Offsets[r+1] - from.Offsets[r]
		}
		s.Offsets[i+1] = size
	}
	s.Bytes = make([]byte, 0, size)
	for _, r := range rows {
		if r >= 0 {
			s.Bytes = append(s.Bytes, from.At(r)...)
		}
	}
}

// clear makes c a column of n missing values.
func (c *Column) clear(n int) {
	switch c.Kind {
	case Number, Bool:
		c.Nums = slices.Repeat([]float64{math.NaN()}, n)
	case Time:
		c.Times = slices.Repeat([]int64{NoTime}, n)
	default:
		c.Texts = Strings{Offsets: make([]int64, n+1)}
	}
}

// Table is a set of columns of equal length.
type Table struct {
	Rows    int
	Columns []*Column
	Place   func(row int) string // where a row stood, as "leads.csv:17"; nil where nobody knows
}

// At names row i for a message: its place in the file, else its number from 1.
func (t *Table) At(row int) string {
	if t.Place != nil {
		return t.Place(row)
	}
	return "row " + strconv.Itoa(row+1)
}

// Column finds a column by its exact name; nil when there is none.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names lists the column names in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Gather gives the table of the rows listed, in that order.
func (t *Table) Gather(rows []int) *Table {
	g := &Table{Rows: len(rows), Columns: make([]*Column, len(t.Columns))}
	for i, c := range t.Columns {
		g.Columns[i] = c.Gather(rows)
	}
	if t.Place != nil {
		g.Place = func(row int) string { return t.Place(rows[row]) }
	}
	return g
}

// Drop gives the table without the columns named.
func (t *Table) Drop(names ...string) *Table {
	g := &Table{Rows: t.Rows, Place: t.Place}
	for _, c := range t.Columns {
		if !slices.Contains(names, c.Name) {
			g.Columns = append(g.Columns, c)
		}
	}
	return g
}

// Like gives the name in the table that differs from name only by case or
// blanks, for "did you mean" sentences; "" when there is none.
func (t *Table) Like(name string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "", ".", "").Replace(s))
	}
	for _, c := range t.Columns {
		if plain(c.Name) == plain(name) {
			return c.Name
		}
	}
	return ""
}

// Block is a piece of a table: Name says which table it belongs to, so that
// one source can hold several (leads, activities, history).
type Block struct {
	Name string
	*Table
}

// Source yields tables piece by piece, always in the same order. The columns
// of all blocks of one name are the same, Raw or typed.
type Source interface {
	Blocks(ctx context.Context) iter.Seq2[Block, error]
}

// Note is something worth saying about the data that does not stop the work.
type Note struct {
	Column  string // "" when it is about the whole
	Row     int    // −1 when it is about no single row
	Message string // in plain words, without personal values
}

// Error is a mistake in the data: it stops the work, and says where and what to do.
type Error struct {
	Place   string // "leads.csv:17", "" when it is about the whole
	Column  string // "" when it is about no single column
	Message string // in plain words, without personal values
}

// Error gives "place: column "x": message".
func (e *Error) Error() string {
	s := e.Message
	if e.Column != "" {
		s = "column " + strconv.Quote(e.Column) + ": " + s
	}
	if e.Place != "" {
		s = e.Place + ": " + s
	}
	return s
}

// FormatTime writes a value of a Time column as RFC 3339 in UTC, with as many
// digits of a second as it needs; "" for NoTime.
func FormatTime(micros int64) string {
	if micros == NoTime {
		return ""
	}
	return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano)
}
