package datasets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reader is a Schema made ready for reading: Apply may be called from many
// goroutines, and costs little for a table of one row.
type Reader struct {
	fields []fieldReader // in the schema's order
	index  map[string]int
	roles  Roles
	rates  exchange // empty where amounts are taken as they are
}

// fieldReader reads one column.
type fieldReader struct {
	Field
	decimal byte
	zone    *time.Location
	missing map[string]struct{}
	unread  string // the note on a cell that cannot be read
}

// Compile makes a schema ready for reading. The error is an *Error: a zone, a
// kind or a layout that is not known, two fields of one name.
func (s *Schema) Compile() (*Reader, error) {
	zone, err := loadZone(s.Zone)
	if err != nil {
		return nil, err
	}
	r := &Reader{fields: make([]fieldReader, len(s.Fields)), index: make(map[string]int, len(s.Fields)), roles: s.Roles}
	if r.rates, err = newExchange(s.Rates); err != nil {
		return nil, err
	}
	for i, f := range s.Fields {
		if _, twice := r.index[f.Name]; twice {
			return nil, &Error{Column: f.Name, Message: "the schema has two fields of this name"}
		}
		if f.Kind == Raw || f.Kind > ID {
			return nil, &Error{Column: f.Name, Message: "the schema does not say its kind"}
		}
		if f.Kind == Time && f.Layout != "" && !slices.Contains(layouts, f.Layout) {
			return nil, &Error{Column: f.Name, Message: fmt.Sprintf("its layout is none of %s", strings.Join(layouts, ", "))}
		}
		r.index[f.Name] = i
		c := fieldReader{Field: f, decimal: '.', zone: zone, missing: make(map[string]struct{}, len(f.Missing))}
		if f.Decimal == "," {
			c.decimal = ','
		}
		if len(f.True)+len(f.False) == 0 {
			c.True, c.False = yes, no
		}
		for _, m := range f.Missing {
			c.missing[m] = struct{}{}
		}
		c.unread = fmt.Sprintf("cannot be read as %s; taken as missing", f.Kind)
		r.fields[i] = c
	}
	return r, nil
}

// Apply reads a table by the schema: the result has a typed column a field, in
// the schema's order. See Reader.Apply, which does it without compiling first.
func (s *Schema) Apply(t *Table) (*Table, []Note, error) {
	r, err := s.Compile()
	if err != nil {
		return nil, nil, err
	}
	out, notes := r.Apply(t)
	return out, notes, nil
}

// Apply reads a table: a typed column a field, in the schema's order. A cell
// that cannot be read is missing, with a note that has its row; a field that
// the table lacks is missing in every row, and a column that the schema does
// not know is dropped, each with a note of row −1. Amounts are converted into
// the house currency where the schema has rates. Typed columns are taken as
// they are where the kinds agree, else read through their text. Columns may
// share their texts with t.
func (r *Reader) Apply(t *Table) (*Table, []Note) {
	var notes []Note
	given := make([]*Column, len(r.fields))
	for _, c := range t.Columns {
		if i, ok := r.index[c.Name]; ok {
			given[i] = c
		} else {
			notes = append(notes, Note{c.Name, -1, "is not known to the model; left out"})
		}
	}
	columns := make([]Column, len(r.fields))
	out := &Table{Rows: t.Rows, Columns: make([]*Column, len(r.fields)), Place: t.Place}
	for i := range r.fields {
		f := &r.fields[i]
		c := &columns[i]
		c.Name, c.Kind = f.Name, f.Kind
		out.Columns[i] = c
		if given[i] == nil {
			notes = append(notes, Note{f.Name, -1, "is not given; taken as missing"})
			c.clear(t.Rows)
			continue
		}
		notes = f.read(c, given[i], notes)
	}
	if len(r.rates) > 0 {
		notes = r.rates.convert(out, r.roles, notes)
	}
	return out, notes
}

// read fills c from a column of the table.
func (f *fieldReader) read(c, from *Column, notes []Note) []Note {
	switch {
	case from.Kind == f.Kind, f.Kind == Number && from.Kind == Bool:
		c.Nums, c.Times, c.Texts = from.Nums, from.Times, from.Texts
		return notes
	case f.Kind > Time:
		f.readTexts(c, from)
		return notes
	}
	c.clear(from.Len())
	for i := range from.Len() {
		s := f.cell(from, i)
		if s == "" {
			continue
		}
		ok := false
		switch f.Kind {
		case Number:
			c.Nums[i], ok = f.number(s)
		case Bool:
			c.Nums[i], ok = f.answer(s)
		case Time:
			c.Times[i], ok = parseTime(s, f.Layout, f.zone)
		}
		if !ok {
			notes = append(notes, Note{f.Name, i, f.unread})
		}
	}
	return notes
}

func (f *fieldReader) number(s string) (float64, bool) {
	v, ok := parseNumber(s, f.decimal)
	if !ok || v.bound && !f.Bounds || v.unit != "" && v.unit != f.Unit {
		return math.NaN(), false
	}
	return v.value, true
}

func (f *fieldReader) answer(s string) (float64, bool) {
	switch s = strings.ToLower(s); {
	case slices.Contains(f.True, s):
		return 1, true
	case slices.Contains(f.False, s):
		return 0, true
	}
	return math.NaN(), false
}

// cell is the trimmed text of a cell, "" where it is missing.
func (f *fieldReader) cell(c *Column, i int) string {
	s := trim(c.word(i))
	if len(f.missing) > 0 {
		if _, ok := f.missing[s]; ok {
			return ""
		}
	}
	return s
}

// word is value i as text, "" where it is missing.
func (c *Column) word(i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Kind == Number:
		return strconv.FormatFloat(c.Nums[i], 'f', -1, 64)
	case c.Kind == Bool:
		return strconv.FormatBool(c.Nums[i] != 0)
	case c.Kind == Time:
		return FormatTime(c.Times[i])
	}
	return c.Texts.At(i)
}

// readTexts shares the buffer of a text column of which no cell has to change.
func (f *fieldReader) readTexts(c, from *Column) {
	n := from.Len()
	asIs := from.Kind != Number && from.Kind != Bool && from.Kind != Time && from.Texts.Offsets != nil
	for i := 0; i < n && asIs; i++ {
		asIs = len(f.cell(from, i)) == int(from.Texts.Offsets[i+1]-from.Texts.Offsets[i])
	}
	if asIs {
		c.Texts = from.Texts
		return
	}
	c.Texts.Offsets = append(make([]int64, 0, n+1), 0)
	for i := range n {
		c.Texts.Append(f.cell(from, i))
	}
}
