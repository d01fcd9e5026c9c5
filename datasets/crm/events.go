package crm

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// text is a cell as text, "" where it is missing.
func text(col *datasets.Column, i int) string {
	switch {
	case col == nil || col.Missing(i):
		return ""
	case col.Kind == datasets.Number:
		return strconv.FormatFloat(col.Nums[i], 'f', -1, 64)
	case col.Kind == datasets.Bool:
		return strconv.FormatBool(col.Nums[i] != 0)
	case col.Kind == datasets.Time:
		return datasets.FormatTime(col.Times[i])
	}
	return strings.TrimSpace(col.Texts.At(i))
}

// link says how a row finds its leads: by a column, or by a column whose value
// another part leads on from.
type link struct {
	header string
	via    map[string][]string // nil: the value is the lead's id
}

// links reads the ways of a part to the leads. A way is written "what id", or
// "who id via opportunity contact role: contact id -> opportunity id".
func (c *Company) links(ctx context.Context, p string, ways []string) (list []link, err error) {
	for _, way := range ways {
		column, via, indirect := strings.Cut(way, " via ")
		l := link{header: c.header(p, column)}
		if l.header == "" {
			continue
		}
		if indirect {
			other, columns, _ := strings.Cut(via, ": ")
			from, to, _ := strings.Cut(columns, " -> ")
			fromHeader, toHeader := c.header(other, from), c.header(other, to)
			if fromHeader == "" || toHeader == "" {
				continue
			}
			t, err := c.read(ctx, other, fromHeader, toHeader)
			if err != nil {
				return nil, err
			}
			l.via = map[string][]string{}
			for i := range t.Rows {
				a, b := text(t.Column(fromHeader), i), text(t.Column(toHeader), i)
				if _, known := c.ids[b]; known && a != "" && !slices.Contains(l.via[a], b) {
					l.via[a] = append(l.via[a], b)
				}
			}
		}
		list = append(list, l)
	}
	return list, nil
}

// leadsOf appends the leads of a row, by the first way that finds any; columns
// are those of the ways.
func (c *Company) leadsOf(leads []string, columns []*datasets.Column, links []link, row int) []string {
	for k, l := range links {
		v := text(columns[k], row)
		if l.via != nil {
			if found := l.via[v]; len(found) > 0 {
				return append(leads, found...)
			}
		} else if _, known := c.ids[v]; known {
			return append(leads, v)
		}
	}
	return leads
}

// constant is the name behind "= name".
func constant(s string) (string, bool) { return strings.CutPrefix(s, "= ") }

// block is the name that the blocks of a part go by.
func block(p string) string { return strings.ReplaceAll(p, " ", "_") }

// stream reads a part block by block, and gives on what becomes of each. It reports whether more is wanted.
func (c *Company) stream(ctx context.Context, p string, headers []string, turn func(b *datasets.Table) (*datasets.Table, int), yield func(datasets.Block, error) bool) bool {
	headers = slices.DeleteFunc(slices.Clone(headers), func(h string) bool { return h == "" })
	lost, rows := 0, 0
	var reader *datasets.Reader
	for b, err := range c.found[p].Source(headers).Blocks(ctx) {
		if err != nil {
			yield(datasets.Block{}, err)
			return false
		}
		t, out := turn(b.Table)
		rows, lost = rows+t.Rows+out, lost+out
		if reader == nil {
			if reader, err = clocks(t); err != nil {
				yield(datasets.Block{}, err)
				return false
			}
		}
		typed, _ := reader.Apply(t)
		whole := timed(typed)
		lost += typed.Rows - whole.Rows
		if !yield(datasets.Block{Name: block(p), Table: whole}, nil) {
			return false
		}
	}
	if lost > 0 {
		c.say("%s: %d of %d rows are of no known lead or have no time, and are left out", c.found[p].Name, lost, rows)
	}
	return true
}

// clocks finds out how the times of a table are written; what its other columns
// are follows from their names, lest it hang on the first block.
func clocks(t *datasets.Table) (*datasets.Reader, error) {
	kinds := map[string]datasets.Kind{}
	for _, col := range t.Columns {
		switch col.Name {
		case "lead_id":
			kinds[col.Name] = datasets.ID
		case "happened_at", "known_at":
			kinds[col.Name] = datasets.Time
		case "old", "new":
			kinds[col.Name] = datasets.Text
		case "amount", "duration":
			kinds[col.Name] = datasets.Number
		default:
			kinds[col.Name] = datasets.Category
		}
	}
	s, _, err := datasets.Infer(t, datasets.Hints{Kinds: kinds})
	if err != nil {
		return nil, err
	}
	fields := make([]datasets.Field, 0, len(s.Fields))
	for _, col := range t.Columns { // in our order
		fields = append(fields, *s.Field(col.Name))
	}
	s.Fields = fields
	return s.Compile()
}

// timed leaves out the rows without a time, and sees to it that nothing is
// known before it happens.
func timed(t *datasets.Table) *datasets.Table {
	at, known := t.Column("happened_at"), t.Column("known_at")
	var rows []int
	for i := range t.Rows {
		if at.Times[i] != datasets.NoTime {
			rows = append(rows, i)
		}
	}
	if len(rows) < t.Rows {
		t = t.Gather(rows)
		at, known = t.Column("happened_at"), t.Column("known_at")
	}
	for i := range t.Rows {
		known.Times[i] = max(known.Times[i], at.Times[i]) // NoTime is the least
	}
	return t
}

// happenings gives the events of a part.
func (c *Company) happenings(ctx context.Context, e *event, yield func(datasets.Block, error) bool) bool {
	at := c.headers(e.Part, e.At)
	if len(at) == 0 {
		return true
	}
	links, err := c.links(ctx, e.Part, e.Of[c.unit.Unit])
	if err != nil {
		return yield(datasets.Block{}, err) && false
	}
	if len(links) == 0 {
		return true
	}
	if c.header(e.Part, e.Known) == "" {
		c.say("%s: it does not tell when its rows became known; that is taken to be when they happened", c.found[e.Part].Name)
	}
	kind, _ := constant(e.Kind)
	names, columns := []string{"kind", "happened_at", "known_at"}, [][]string{{c.header(e.Part, e.Kind)}, at, {c.header(e.Part, e.Known)}}
	for _, keep := range e.Keep {
		if h := c.header(e.Part, keep); h != "" {
			columns, names = append(columns, []string{h}), append(names, strings.ReplaceAll(keep, " ", "_"))
		}
	}
	headers := slices.Concat(columns...)
	for _, l := range links {
		headers = append(headers, l.header)
	}
	return c.stream(ctx, e.Part, headers, func(b *datasets.Table) (*datasets.Table, int) {
		t, rows, lost := c.spread(b, links)
		for k, name := range names {
			fixed := ""
			if name == "kind" {
				fixed = kind
			}
			t.Columns = append(t.Columns, pick(b, columns[k], name, rows, fixed))
		}
		return t, lost
	}, yield)
}

// spread begins a table with a row for each lead of each row of a block, and
// counts the rows that are of none.
func (c *Company) spread(b *datasets.Table, links []link) (t *datasets.Table, rows []int, lost int) {
	id := &datasets.Column{Name: "lead_id"}
	columns := make([]*datasets.Column, len(links))
	for k, l := range links {
		columns[k] = b.Column(l.header)
	}
	var leads []string
	for i := range b.Rows {
		if leads = c.leadsOf(leads[:0], columns, links, i); len(leads) == 0 {
			lost++
		}
		for _, l := range leads {
			id.Texts.Append(l)
			rows = append(rows, i)
		}
	}
	return &datasets.Table{Rows: len(rows), Columns: []*datasets.Column{id}, Place: func(row int) string { return b.At(rows[row]) }}, rows, lost
}

// pick takes some rows of a column under a new name; of several columns the
// first that has a value, and a fixed text where none has.
func pick(b *datasets.Table, headers []string, name string, rows []int, fixed string) *datasets.Column {
	if len(headers) == 1 {
		if col := b.Column(headers[0]); col != nil {
			g := col.Gather(rows)
			g.Name = name
			return g
		}
	}
	g := &datasets.Column{Name: name}
	for _, r := range rows {
		v := fixed
		for _, h := range headers {
			if s := text(b.Column(h), r); s != "" {
				v = s
				break
			}
		}
		g.Texts.Append(v)
	}
	return g
}
