package datasets

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// ReadAll puts the blocks of one name together. Errors are the source's own,
// or an *Error: no block of that name, or blocks whose columns differ.
func ReadAll(ctx context.Context, src Source, name string) (*Table, error) {
	var blocks []*Table
	var others []string
	for b, err := range src.Blocks(ctx) {
		switch {
		case err != nil:
			return nil, err
		case b.Name == name:
			blocks = append(blocks, b.Table)
		case !slices.Contains(others, b.Name):
			others = append(others, b.Name)
		}
	}
	if len(blocks) == 0 {
		message := fmt.Sprintf("there is no table %q", name)
		if len(others) > 0 {
			message += "; there is " + strings.Join(others, ", ")
		}
		return nil, &Error{Message: message}
	}
	return concat(blocks)
}

// concat puts tables of the same columns one below the other.
func concat(blocks []*Table) (*Table, error) {
	if len(blocks) == 1 {
		return blocks[0], nil
	}
	t := &Table{}
	columns := make([][]*Column, len(blocks))
	starts, places := make([]int, len(blocks)), make([]func(int) string, len(blocks))
	for i, b := range blocks {
		starts[i], places[i] = t.Rows, (&Table{Place: b.Place}).At // not b.At, which would keep its cells
		columns[i] = slices.Clone(b.Columns)
		t.Rows += b.Rows
		if err := sameColumns(blocks[0], b); err != nil {
			return nil, err
		}
	}
	for k := range columns[0] {
		parts := make([]*Column, len(columns))
		for i, c := range columns {
			parts[i], c[k] = c[k], nil // its memory is free once it is copied
		}
		t.Columns = append(t.Columns, concatColumns(parts, t.Rows))
	}
	t.Place = func(row int) string {
		i := sort.SearchInts(starts, row+1) - 1
		return places[i](row - starts[i])
	}
	return t, nil
}

func sameColumns(first, b *Table) error {
	place := ""
	if b.Rows > 0 {
		place = b.At(0)
	}
	if len(b.Columns) != len(first.Columns) {
		return &Error{Place: place, Message: fmt.Sprintf("%d columns begin here, but there were %d before", len(b.Columns), len(first.Columns))}
	}
	for i, c := range b.Columns {
		if c.Name != first.Columns[i].Name || c.Kind != first.Columns[i].Kind {
			return &Error{Place: place, Column: c.Name, Message: fmt.Sprintf("is %s here, but column %d was %q, %s, before", c.Kind, i+1, first.Columns[i].Name, first.Columns[i].Kind)}
		}
	}
	return nil
}

func concatColumns(parts []*Column, rows int) *Column {
	c := &Column{Name: parts[0].Name, Kind: parts[0].Kind}
	switch c.Kind {
	case Number, Bool:
		c.Nums = make([]float64, 0, rows)
	case Time:
		c.Times = make([]int64, 0, rows)
	default:
		size := 0
		for _, p := range parts {
			if n := p.Texts.Len(); n > 0 {
				size += int(p.Texts.Offsets[n] - p.Texts.Offsets[0])
			}
		}
		c.Texts = Strings{Offsets: append(make([]int64, 0, rows+1), 0), Bytes: make([]byte, 0, size)}
	}
	for _, p := range parts {
		c.Nums = append(c.Nums, p.Nums...)
		c.Times = append(c.Times, p.Times...)
		n := p.Texts.Len()
		if n == 0 {
			continue
		}
		shift := int64(len(c.Texts.Bytes)) - p.Texts.Offsets[0]
		for _, o := range p.Texts.Offsets[1:] {
			c.Texts.Offsets = append(c.Texts.Offsets, o+shift)
		}
		c.Texts.Bytes = append(c.Texts.Bytes, p.Texts.Bytes[p.Texts.Offsets[0]:p.Texts.Offsets[n]]...)
	}
	return c
}

// Join puts the columns of right beside those of left where the key column of
// both says the same; rows of left that have no match get missing values. A
// column whose name left has already gets the suffix "_2". The notes say so,
// and how many rows found a match. A key that stands twice on the right, or a
// key column that is not there, is an *Error.
func Join(left, right *Table, key string) (*Table, []Note, error) {
	for _, t := range []*Table{left, right} {
		if t.Column(key) == nil {
			return nil, nil, unknownColumn(t, key)
		}
	}
	rows, matched, used, err := matches(left.Column(key), right, key)
	if err != nil {
		return nil, nil, err
	}
	notes := []Note{{key, -1, fmt.Sprintf("%d of %d rows found a match, %d of the %d joined rows were used", matched, left.Rows, used, right.Rows)}}
	t := &Table{Rows: left.Rows, Columns: slices.Clone(left.Columns), Place: left.Place}
	for _, c := range right.Columns {
		if c.Name == key {
			continue
		}
		g := c.Gather(rows)
		for n := 2; t.Column(g.Name) != nil; n++ {
			g.Name = fmt.Sprintf("%s_%d", c.Name, n)
		}
		if g.Name != c.Name {
			notes = append(notes, Note{c.Name, -1, fmt.Sprintf("is in both tables; the joined one is called %q", g.Name)})
		}
		t.Columns = append(t.Columns, g)
	}
	return t, notes, nil
}

// matches gives for each key the row of right that has it, −1 for none, and
// how many keys found a row and how many rows were found.
func matches(keys *Column, right *Table, key string) (rows []int, matched, used int, err error) {
	column := right.Column(key)
	at := make(map[string]int, right.Rows)
	for i := range right.Rows {
		s := trim(column.word(i))
		if s == "" {
			continue
		}
		if first, twice := at[s]; twice {
			return nil, 0, 0, &Error{Place: right.At(i), Column: key, Message: fmt.Sprintf("this key stands at %s already; a joined table has at most one row a key", right.At(first))}
		}
		at[s] = i
	}
	rows = make([]int, keys.Len())
	found := make([]bool, right.Rows)
	for i := range rows {
		rows[i] = -1
		if s := trim(keys.word(i)); s != "" {
			if k, ok := at[s]; ok {
				rows[i] = k
				matched++
				if !found[k] {
					found[k] = true
					used++
				}
			}
		}
	}
	return rows, matched, used, nil
}
