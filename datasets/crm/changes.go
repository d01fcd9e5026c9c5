package crm

import (
	"cmp"
	"context"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// changes gives the history that a part keeps.
func (c *Company) changes(ctx context.Context, h *history, yield func(datasets.Block, error) bool) bool {
	at := c.headers(h.Part, h.At)
	if len(at) == 0 {
		return true
	}
	links, err := c.links(ctx, h.Part, h.Of[c.unit.Unit])
	if err != nil {
		return yield(datasets.Block{}, err) && false
	}
	if len(links) == 0 {
		return true
	}
	if h.Versions {
		return c.versions(ctx, h, at, links, yield)
	}
	fixed, whole := constant(h.Field)
	field, before, after, known := c.header(h.Part, h.Field), c.header(h.Part, h.Old), c.header(h.Part, h.New), c.header(h.Part, h.Known)
	if !whole && field == "" || after == "" {
		return true
	}
	headers := append([]string{field, before, after, known}, at...)
	for _, l := range links {
		headers = append(headers, l.header)
	}
	return c.stream(ctx, h.Part, headers, func(b *datasets.Table) (*datasets.Table, int) {
		t, rows, lost := c.spread(b, links)
		t.Columns = append(t.Columns, c.fields(pick(b, []string{field}, "field", rows, fixed)))
		if before != "" {
			t.Columns = append(t.Columns, pick(b, []string{before}, "old", rows, ""))
		}
		t.Columns = append(t.Columns, pick(b, []string{after}, "new", rows, ""), pick(b, at, "happened_at", rows, ""), pick(b, []string{known}, "known_at", rows, ""))
		return t, lost
	}, yield)
}

// fields gives names of fields as the columns of leads are called.
func (c *Company) fields(col *datasets.Column) *datasets.Column {
	g := &datasets.Column{Name: col.Name}
	for i := range col.Len() {
		g.Texts.Append(c.fieldName(text(col, i)))
	}
	return g
}

func (c *Company) fieldName(name string) string {
	return cmp.Or(c.columns[plain(name)], c.columns[plain(own(name))], own(name))
}

// version is one state of a record.
type version struct {
	lead string
	at   int64
	row  int
}

// versions gives the differences between the versions of each record, of the
// columns that leads have too. They are held in memory, for those of a record
// may lie anywhere.
func (c *Company) versions(ctx context.Context, h *history, at []string, links []link, yield func(datasets.Block, error) bool) bool {
	headers := slices.Clone(at)
	var fields []string
	for _, col := range c.found[h.Part].Columns {
		if name := c.columns[plain(own(col))]; name != "" && name != "lead_id" && name != "created_at" && !isBookkeeping(col) && !slices.Contains(at, col) && !slices.ContainsFunc(links, func(l link) bool { return l.header == col }) {
			fields = append(fields, col)
		}
	}
	headers = append(headers, fields...)
	for _, l := range links {
		headers = append(headers, l.header)
	}
	all, err := c.read(ctx, h.Part, headers...)
	if err != nil {
		return yield(datasets.Block{}, err) && false
	}
	t, rows, lost := c.spread(all, links)
	t.Columns = append(t.Columns, pick(all, at, "happened_at", rows, ""))
	reader, err := clocks(t)
	if err != nil {
		return yield(datasets.Block{}, err) && false
	}
	typed, _ := reader.Apply(t)
	var list []version
	for i, row := range rows {
		if when := typed.Columns[1].Times[i]; when != datasets.NoTime {
			list = append(list, version{typed.Columns[0].Texts.At(i), when, row})
		}
	}
	if lost += t.Rows - len(list); lost > 0 {
		c.say("%s: %d of %d rows are of no known lead or have no time, and are left out", c.found[h.Part].Name, lost, all.Rows)
	}
	slices.SortStableFunc(list, func(a, b version) int { return cmp.Or(cmp.Compare(a.lead, b.lead), cmp.Compare(a.at, b.at)) })
	return yield(datasets.Block{Name: block(h.Part), Table: c.differences(all, fields, list)}, nil)
}

// differences writes what changed from each version to the next; of the first,
// what it says.
func (c *Company) differences(all *datasets.Table, headers []string, list []version) *datasets.Table {
	id, field, before, after := &datasets.Column{Name: "lead_id", Kind: datasets.ID}, &datasets.Column{Name: "field", Kind: datasets.Category}, &datasets.Column{Name: "old", Kind: datasets.Text}, &datasets.Column{Name: "new", Kind: datasets.Text}
	at, known := &datasets.Column{Name: "happened_at", Kind: datasets.Time}, &datasets.Column{Name: "known_at", Kind: datasets.Time}
	var places []int
	for i, v := range list {
		for _, h := range headers {
			col, was := all.Column(h), ""
			if i > 0 && list[i-1].lead == v.lead {
				was = text(col, list[i-1].row)
			}
			is := text(col, v.row)
			if was == is {
				continue
			}
			id.Texts.Append(v.lead)
			field.Texts.Append(c.fieldName(own(h)))
			before.Texts.Append(was)
			after.Texts.Append(is)
			at.Times, known.Times, places = append(at.Times, v.at), append(known.Times, v.at), append(places, v.row)
		}
	}
	return &datasets.Table{Rows: len(places), Columns: []*datasets.Column{id, field, before, after, at, known}, Place: func(row int) string { return all.At(places[row]) }}
}
