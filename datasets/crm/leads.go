package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// roles are the columns of leads that every CRM has, in their order.
var roles = []string{"lead_id", "created_at", "status", "closed_at", "amount", "currency", "account_id", "owner_id", "campaign_id"}

// Leads reads the leads: one row a record, the columns that every CRM has
// first, then the record's own under their own names, then those of the records
// it belongs to, with a prefix. Deleted records and old versions are left out,
// and columns without a value. Errors are those of the sources, or a
// *datasets.Error.
func (c *Company) Leads(ctx context.Context) (*datasets.Table, error) {
	record, err := c.read(ctx, c.unit.Part)
	if err != nil {
		return nil, err
	}
	record = c.living(record, c.unit.Part)
	if record, err = c.earliest(record); err != nil {
		return nil, err
	}
	w := &widening{Company: c, table: &datasets.Table{Rows: record.Rows, Place: record.Place}, from: map[string]*datasets.Column{}}
	for _, col := range record.Columns {
		w.from[col.Name] = col
	}
	w.own = record.Columns
	for _, j := range c.unit.Joins {
		if err := w.join(ctx, j); err != nil {
			return nil, err
		}
	}
	t := w.leads()
	c.ids = make(map[string]struct{}, t.Rows)
	if id := t.Column("lead_id"); id != nil {
		for i := range t.Rows {
			c.ids[strings.Clone(text(id, i))] = struct{}{}
		}
		delete(c.ids, "")
		if len(c.ids) < t.Rows {
			c.say("%d of %d leads have no id of their own", t.Rows-len(c.ids), t.Rows)
		}
	}
	return t, c.closings(ctx, t)
}

// closings gives closed leads without a closing time that of the last change of
// what closed them, where a history tells it.
func (c *Company) closings(ctx context.Context, t *datasets.Table) (err error) {
	status, closed := t.Column("status"), t.Column("closed_at")
	if len(c.unit.Closed) == 0 || status == nil {
		return nil
	}
	last := map[string]int64{}
	collect := func(b datasets.Block, e error) bool {
		if err = e; e != nil {
			return false
		}
		for i := range b.Rows {
			if field := b.Column("field").Texts.At(i); slices.ContainsFunc(c.unit.Closed, func(f string) bool { return c.fieldName(f) == field }) {
				id := b.Column("lead_id").Texts.At(i)
				last[id] = max(last[id], b.Column("happened_at").Times[i])
			}
		}
		return true
	}
	for i := range c.mapping.History {
		if h := &c.mapping.History[i]; !h.Versions && c.found[h.Part] != nil && h.Of[c.unit.Unit] != nil && !c.changes(ctx, h, collect) {
			return err
		}
	}
	if len(last) == 0 {
		return nil
	}
	filled := &datasets.Column{Name: "closed_at"}
	found := 0
	for i := range t.Rows {
		at := text(closed, i)
		if when, known := last[text(t.Column("lead_id"), i)]; at == "" && known && status.Texts.At(i) != "Open" {
			at = datasets.FormatTime(when)
			found++
		}
		filled.Texts.Append(at)
	}
	if found == 0 {
		return nil
	}
	c.say("closed_at: of %d closed leads without it the last change of %s is taken", found, strings.Join(c.unit.Closed, " or "))
	if closed != nil {
		*closed = *filled
	} else {
		t.Columns = slices.Insert(t.Columns, slices.Index(t.Columns, status)+1, filled)
	}
	return nil
}

// Exclude lists the columns of leads that follow the outcome or change on the
// way there, so that they must not be learnt from as they stand today.
func (c *Company) Exclude(leads *datasets.Table) (names []string) {
	for _, col := range leads.Columns {
		follows := func(a string) bool { return plain(a) == plain(col.Name) || plain(c.unit.Unit+a) == plain(col.Name) }
		if !slices.Contains(roles, col.Name) && slices.ContainsFunc(c.unit.After, follows) {
			names = append(names, col.Name)
		}
	}
	return names
}

// deleted are flags of records that are gone, current of versions that are not
// the last.
var (
	deleted = []string{"is deleted", "isdeleted", "_fivetran_deleted", "_ab_cdc_deleted_at", "archived", "master record id"}
	current = []string{"_fivetran_active"}
	yes     = []string{"true", "t", "yes", "y", "1"}
)

// bookkeeping are the columns of replicas, which say nothing of the record.
var bookkeeping = []string{"_fivetran_", "_airbyte_", "_ab_", "_sdc_", "_dlt_", "systemmodstamp", "system_modstamp"}

func isBookkeeping(header string) bool {
	h := strings.ToLower(header)
	return slices.ContainsFunc(bookkeeping, func(b string) bool { return strings.HasPrefix(h, b) }) ||
		slices.ContainsFunc(slices.Concat(deleted, current), func(d string) bool { return plain(d) == plain(header) })
}

// living leaves out rows that are marked as deleted or outdated. A mark that
// stands in every row tells nothing and is passed over.
func (c *Company) living(t *datasets.Table, p string) *datasets.Table {
	for _, col := range t.Columns {
		gone := func(i int) bool { return false }
		switch h := plain(col.Name); {
		case slices.ContainsFunc(deleted, func(d string) bool { return plain(d) == h }):
			gone = func(i int) bool {
				v := strings.ToLower(text(col, i))
				return v != "" && !slices.Contains([]string{"false", "f", "no", "n", "0"}, v)
			}
		case slices.ContainsFunc(current, func(d string) bool { return plain(d) == h }):
			gone = func(i int) bool { return !slices.Contains(yes, strings.ToLower(text(col, i))) }
		}
		var rows []int
		for i := range t.Rows {
			if !gone(i) {
				rows = append(rows, i)
			}
		}
		switch {
		case len(rows) == t.Rows:
		case len(rows) == 0:
			c.say("%s: %s marks every row, so it is not obeyed", p, col.Name)
		default:
			c.say("%s: %d of %d rows are left out, as %s says", p, t.Rows-len(rows), t.Rows, col.Name)
			return c.living(t.Gather(rows).Drop(col.Name), p)
		}
	}
	return t
}

// earliest keeps the first row of each id, where the mapping says that a row is
// not yet a record.
func (c *Company) earliest(t *datasets.Table) (*datasets.Table, error) {
	if c.unit.First == "" {
		return t, nil
	}
	id := t.Column(c.header(c.unit.Part, c.unit.Roles["lead_id"]))
	clock := *t.Column(c.header(c.unit.Part, c.unit.First))
	clock.Name = "happened_at"
	reader, err := clocks(&datasets.Table{Rows: t.Rows, Columns: []*datasets.Column{&clock}, Place: t.Place})
	if err != nil {
		return nil, err
	}
	typed, _ := reader.Apply(&datasets.Table{Rows: t.Rows, Columns: []*datasets.Column{&clock}})
	times, first := typed.Columns[0].Times, map[string]int{}
	var rows []int
	for i := range t.Rows {
		k := text(id, i)
		at, there := first[k]
		switch {
		case k == "":
		case !there:
			first[k] = len(rows)
			rows = append(rows, i)
		case times[i] < times[rows[at]]:
			rows[at] = i
		}
	}
	return t.Gather(rows), nil
}

// widening is the record with what is joined to it.
type widening struct {
	*Company
	table *datasets.Table
	own   []*datasets.Column          // of the record
	from  map[string]*datasets.Column // by header of the record, and by name of what was joined
}

// column finds a column of the record, or of what was joined.
func (w *widening) column(name string) *datasets.Column {
	if col := w.from[w.header(w.unit.Part, name)]; col != nil {
		return col
	}
	return w.from["join "+plain(name)]
}

// join puts the columns of another part beside the record, where both are there.
func (w *widening) join(ctx context.Context, j join) error {
	on, key := w.column(j.On), w.header(j.Part, j.Key)
	if on == nil || key == "" {
		return nil
	}
	headers := []string{}
	for _, take := range j.Take {
		headers = append(headers, w.header(j.Part, take))
	}
	if len(j.Take) > 0 {
		headers = append(headers, key)
		for _, mark := range slices.Concat(deleted, current) {
			headers = append(headers, w.header(j.Part, mark))
		}
	}
	right, err := w.read(ctx, j.Part, headers...)
	if err != nil {
		return err
	}
	right = w.living(right, j.Part)
	at := make(map[string]int, right.Rows)
	keys := right.Column(key)
	for i := range right.Rows {
		k := text(keys, i)
		if _, there := at[k]; !there && k != "" {
			at[k] = i
		}
	}
	rows := make([]int, w.table.Rows)
	for i := range rows {
		rows[i] = -1
		if r, there := at[text(on, i)]; there {
			rows[i] = r
		}
	}
	for _, col := range right.Columns {
		if col.Name == key && j.Prefix != "" || isBookkeeping(col.Name) || len(j.Take) > 0 && col.Name == key && !slices.Contains(j.Take, j.Key) {
			continue
		}
		g := col.Gather(rows)
		g.Name = j.Prefix + own(col.Name)
		for _, take := range j.Take {
			if w.header(j.Part, take) == col.Name {
				g.Name = j.Prefix + strings.ReplaceAll(take, " ", "_")
			}
		}
		w.table.Columns = append(w.table.Columns, g)
		if w.from["join "+plain(g.Name)] == nil {
			w.from["join "+plain(g.Name)] = g
		}
	}
	return nil
}

// leads puts the table together.
func (w *widening) leads() *datasets.Table {
	joined := w.table.Columns
	w.columns = map[string]string{}
	t := &datasets.Table{Rows: w.table.Rows, Place: w.table.Place}
	used := map[*datasets.Column]bool{}
	status := w.status()
	for _, role := range roles {
		if role == "status" {
			if status != nil {
				t.Columns = append(t.Columns, status)
			}
			continue
		}
		col := w.column(w.unit.Roles[role])
		if col == nil || w.unit.Roles[role] == "" {
			continue
		}
		used[col] = true
		named := *col
		if role != "closed_at" { // what the record says is when it is hoped to close
			w.columns[plain(own(col.Name))] = role
		}
		named.Name = role
		if role == "closed_at" && status != nil { // of an open lead it is a hope
			rows := make([]int, t.Rows)
			for i := range rows {
				rows[i] = i
				if status.Texts.At(i) == "Open" {
					rows[i] = -1
				}
			}
			named = *named.Gather(rows)
		}
		t.Columns = append(t.Columns, &named)
	}
	empty := 0
	for i, col := range slices.Concat(w.own, joined) {
		if used[col] || i < len(w.own) && isBookkeeping(col.Name) {
			continue
		}
		if isEmpty(col) {
			empty++
			continue
		}
		named := *col
		if named.Name = own(col.Name); slices.ContainsFunc(roles, func(r string) bool { return plain(r) == plain(named.Name) }) {
			named.Name = w.unit.Unit + "_" + named.Name
		}
		for n := 2; t.Column(named.Name) != nil; n++ {
			named.Name = fmt.Sprintf("%s_%d", own(col.Name), n)
		}
		if i < len(w.own) {
			w.columns[plain(own(col.Name))] = named.Name
		}
		t.Columns = append(t.Columns, &named)
	}
	if empty > 0 {
		w.say("%d columns without a value are left out", empty)
	}
	return t
}

func isEmpty(col *datasets.Column) bool {
	for i := range col.Len() {
		if !col.Missing(i) {
			return false
		}
	}
	return true
}

// status reads the outcome by the rules of the mapping; nil where none of their
// columns is there.
func (w *widening) status() *datasets.Column {
	type reading struct {
		rule
		column *datasets.Column
	}
	var rules []reading
	for _, r := range w.unit.Status {
		if col := w.column(r.Column); col != nil {
			rules = append(rules, reading{r, col})
		}
	}
	if len(rules) == 0 {
		return nil
	}
	status := &datasets.Column{Name: "status", Kind: datasets.Raw}
	for i := range w.table.Rows {
		means := "Open"
		for _, r := range rules {
			v := text(r.column, i)
			if v != "" && (r.Filled || slices.ContainsFunc(r.Values, func(x string) bool { return plain(x) == plain(v) })) {
				means = r.Means
				break
			}
		}
		status.Texts.Append(means)
	}
	return status
}
