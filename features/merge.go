package features

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// Merge cuts a snapshot that does not fit into memory with its events into
// pieces of about most rows, each with the events of its leads: a merge join.
// The rows of s, and those of every table, which comes as a source of its own
// blocks, must be in rising order of the bytes of the lead's key; key names it
// in s.Leads. Memory is that of s and of the events of one piece. Its errors
// are those of the sources, and *datasets.Error where rows are out of order.
func Merge(ctx context.Context, s Snapshot, key string, tables map[string]datasets.Source, most int) iter.Seq2[Snapshot, error] {
	return func(yield func(Snapshot, error) bool) {
		ids := s.Leads.Column(key)
		if !isText(ids) {
			yield(Snapshot{}, &datasets.Error{Column: key, Message: "the key of the leads must be text"})
			return
		}
		var cursors []*cursor
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			next, stop := iter.Pull2(tables[name].Blocks(ctx))
			defer stop()
			cursors = append(cursors, &cursor{name: name, next: next})
		}
		for from := 0; from < s.Leads.Rows; {
			to := min(from+max(most, 1), s.Leads.Rows)
			for to < s.Leads.Rows && ids.Texts.At(to) == ids.Texts.At(to-1) {
				to++
			}
			piece, err := s.piece(from, to)
			for i := from + 1; i < to+1 && i < s.Leads.Rows && err == nil; i++ {
				if ids.Texts.At(i) < ids.Texts.At(i-1) {
					err = outOfOrder(s.Leads, i, key)
				}
			}
			for _, c := range cursors {
				if err == nil {
					piece.Events[c.name], err = c.until(ids.Texts.At(to - 1))
				}
			}
			if !yield(piece, err) || err != nil {
				return
			}
			from = to
		}
	}
}

func outOfOrder(t *datasets.Table, row int, column string) error {
	return &datasets.Error{Place: t.At(row), Column: column, Message: "is not in rising order; sort the table by it"}
}

// piece is rows [from, to) of s, without events.
func (s *Snapshot) piece(from, to int) (Snapshot, error) {
	p := Snapshot{Events: map[string]*datasets.Table{}}
	rows := make([]int, to-from)
	for i := range rows {
		rows[i] = from + i
	}
	p.Leads = s.Leads.Gather(rows)
	if s.AsOf != nil {
		p.AsOf = s.AsOf[from:to]
	}
	if s.Creation != nil {
		p.Creation = s.Creation[from:to]
	}
	return p, p.check()
}

// cursor reads a table of events in order.
type cursor struct {
	name  string
	next  func() (datasets.Block, error, bool)
	block *datasets.Table // nil before the first
	row   int             // the next one of the block
	last  string          // key
	empty *datasets.Table
	over  bool
}

// until reads on to the last row of a key.
func (c *cursor) until(key string) (*datasets.Table, error) {
	var parts []*datasets.Table
	for !c.over {
		if c.block == nil || c.row == c.block.Rows {
			b, err, ok := c.next()
			if err != nil {
				return nil, err
			}
			if c.over = !ok; c.over {
				break
			}
			c.block, c.row = b.Table, 0
			if c.empty == nil {
				c.empty = b.Table.Gather(nil)
			}
			continue
		}
		ids := c.block.Column(leadColumn)
		if !isText(ids) {
			return nil, &datasets.Error{Place: c.name, Column: leadColumn, Message: "a table of events needs the key of the lead as text"}
		}
		from := c.row
		for ; c.row < c.block.Rows; c.row++ {
			id := ids.Texts.At(c.row)
			if id > key {
				break
			}
			if id < c.last {
				return nil, fmt.Errorf("table %q: %w", c.name, outOfOrder(c.block, c.row, leadColumn))
			}
			c.last = id
		}
		rows := make([]int, c.row-from)
		for i := range rows {
			rows[i] = from + i
		}
		parts = append(parts, c.block.Gather(rows))
		if c.row < c.block.Rows {
			break
		}
	}
	if len(parts) == 0 {
		return c.empty, nil
	}
	return stack(parts...), nil
}

// stack puts tables of the same columns one below the other.
func stack(parts ...*datasets.Table) *datasets.Table {
	if len(parts) == 1 {
		return parts[0]
	}
	t := &datasets.Table{}
	for _, p := range parts {
		t.Rows += p.Rows
	}
	for j, first := range parts[0].Columns {
		c := &datasets.Column{Name: first.Name, Kind: first.Kind}
		for _, p := range parts {
			from := p.Columns[j]
			c.Nums, c.Times = append(c.Nums, from.Nums...), append(c.Times, from.Times...)
			if isText(first) {
				for i := range from.Len() {
					c.Texts.Append(from.Texts.At(i))
				}
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}
