package features

import (
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// Class says how far a field can be put back to what was known at a past moment.
type Class string

// The classes of a field.
const (
	Exact         Class = "exact"               // its history gives the value known at any moment
	CreationOnly  Class = "creation-time only"  // it has no history: today's value counts as that of creation
	Unrecoverable Class = "not reconstructible" // it changes, and its history does not say how; not to be used
)

// Past is what the history of a field came to.
type Past struct {
	Field   string
	Class   Class
	Changed int // leads of which the history has rows
	Broken  int // of these, leads whose rows do not follow from one another, or do not end at today's record
}

// Why says in words what is wrong with an unrecoverable field.
func (p *Past) Why() string {
	return fmt.Sprintf("its history does not fit: on %d of %d leads the rows do not follow from one another or do not end at today's value", p.Broken, p.Changed)
}

// mostBroken is the share of leads with a broken history from which a field is
// unrecoverable.
const mostBroken = 0.05

// Histories is how the histories of fields are rolled back from today's record.
type Histories struct {
	Key    string           `json:"key"`    // the column of the leads that lead_id of the history refers to
	Fields []datasets.Field `json:"fields"` // the fields, and how their values are read
	Begins int64            `json:"begins"` // when the history begins: earlier values are not known; NoTime: with every lead
}

// HistoryOf names the table of Snapshot.Events that holds the history of a field.
func HistoryOf(field string) string { return "history of " + field }

// Rollback gives the history of each field as a table for Snapshot.Events, by
// HistoryOf: the changes, and before them the value that the lead began with.
// That is the old value of its first change or, of a lead without one, what
// today's record says; it counts from creation, or from when the history
// begins where that is later. From then on the value known at a moment is that
// of the last change known before it, whatever was written down since.
//
// The history has columns lead_id, field, new, happened_at and, where there are
// such, old and known_at; nil is one without rows. The leads are typed, a row
// each; created may be nil.
func (h *Histories) Rollback(leads *datasets.Table, created []int64, history *datasets.Table) (map[string]*datasets.Table, []Past, error) {
	if history == nil {
		history = &datasets.Table{Columns: []*datasets.Column{{Name: leadColumn, Kind: datasets.ID}, {Name: "field", Kind: datasets.Category},
			{Name: valueColumn, Kind: datasets.Raw}, {Name: happenedColumn, Kind: datasets.Time}}}
	}
	fields := history.Column("field")
	if !isText(fields) || history.Column(valueColumn) == nil {
		return nil, nil, &datasets.Error{Message: "a history of fields needs the columns lead_id, field, new and happened_at"}
	}
	rows := make(map[string][]int, len(h.Fields))
	for k := range history.Rows {
		rows[fields.Texts.At(k)] = append(rows[fields.Texts.At(k)], k)
	}
	tables, pasts := make(map[string]*datasets.Table, len(h.Fields)), make([]Past, 0, len(h.Fields))
	for _, f := range h.Fields {
		schema := datasets.Schema{Fields: []datasets.Field{f}}
		reader, err := schema.Compile()
		if err != nil {
			return nil, nil, err
		}
		r := rollback{Histories: h, field: f, leads: leads, created: created}
		read := func(column string) *datasets.Column {
			c := history.Column(column)
			if c == nil {
				return nil
			}
			c = c.Gather(rows[f.Name])
			c.Name = f.Name
			typed, _ := reader.Apply(&datasets.Table{Rows: c.Len(), Columns: []*datasets.Column{c}})
			return typed.Columns[0]
		}
		r.now, r.new, r.old = leads.Column(f.Name), read(valueColumn), read("old")
		t, past, err := r.table(history.Drop("field", "old").Gather(rows[f.Name]))
		if err != nil {
			return nil, nil, err
		}
		tables[HistoryOf(f.Name)] = t
		pasts = append(pasts, past)
	}
	return tables, pasts, nil
}

// rollback is one field on its way back.
type rollback struct {
	*Histories
	field         datasets.Field
	leads         *datasets.Table
	created       []int64
	now, new, old *datasets.Column // old is nil where it was not written down
}

// table gives the changes with what the leads began with under them.
func (r *rollback) table(changes *datasets.Table) (*datasets.Table, Past, error) {
	past := Past{Field: r.field.Name, Class: Exact}
	r.new.Name = valueColumn
	for j, c := range changes.Columns {
		if c.Name == valueColumn {
			changes.Columns[j] = r.new
		}
	}
	v := view{Snapshot: Snapshot{Leads: r.leads, Events: map[string]*datasets.Table{"": changes}}}
	l, problem := v.timeline("", r.Key)
	if l == nil {
		return nil, past, &datasets.Error{Column: r.field.Name, Message: "its history: " + problem}
	}
	opening := &datasets.Column{Name: valueColumn, Kind: r.field.Kind}
	ids, times := r.leads.Column(r.Key), []int64(nil)
	began := datasets.Strings{}
	for i := range r.leads.Rows {
		rows := slices.DeleteFunc(slices.Clone(l.place[l.start[l.group[i]]:l.start[l.group[i]+1]]), func(k int32) bool { return changes.Column(happenedColumn).Missing(int(k)) })
		if len(rows) > 0 {
			past.Changed++
			if !r.fits(i, rows) {
				past.Broken++
			}
		}
		from, at := r.began(i, rows)
		if from == nil || from.Missing(at) {
			continue
		}
		appendValue(opening, from, at)
		began.Append(ids.Texts.At(i))
		times = append(times, r.beginning(i))
	}
	if past.Changed > 0 && float64(past.Broken) > mostBroken*float64(past.Changed) {
		past.Class = Unrecoverable
	}
	openings := &datasets.Table{Rows: len(times)}
	for _, c := range changes.Columns {
		more := &datasets.Column{Name: c.Name, Kind: c.Kind}
		switch c.Name {
		case leadColumn:
			more.Texts = began
		case valueColumn:
			more = opening
		case happenedColumn, knownColumn:
			more.Times = times
		default:
			more = c.Gather(slices.Repeat([]int{-1}, len(times)))
		}
		openings.Columns = append(openings.Columns, more)
	}
	return stack(changes, openings), past, nil
}

// fits reports whether the changes of lead i follow from one another and end
// at today's record. Blanks at either end of the chain may be left out of it.
func (r *rollback) fits(i int, rows []int32) bool {
	if r.old != nil {
		for k := 1; k < len(rows); k++ {
			if !alike(r.new, int(rows[k-1]), r.old, int(rows[k])) {
				return false
			}
		}
	}
	return r.now == nil || alike(r.new, int(rows[len(rows)-1]), r.now, i)
}

func alike(a *datasets.Column, i int, b *datasets.Column, j int) bool {
	if a.Missing(i) || b.Missing(j) {
		return a.Missing(i) && b.Missing(j)
	}
	switch {
	case a.Nums != nil && b.Nums != nil:
		return a.Nums[i] == b.Nums[j]
	case a.Times != nil && b.Times != nil:
		return a.Times[i] == b.Times[j]
	}
	return isText(a) && isText(b) && a.Texts.At(i) == b.Texts.At(j)
}

// began says where the value that lead i began with stands; nil for nowhere.
func (r *rollback) began(i int, rows []int32) (*datasets.Column, int) {
	if len(rows) == 0 {
		return r.now, i
	}
	if r.old == nil {
		return nil, 0
	}
	return r.old, int(rows[0])
}

// beginning is the moment from which that value is known: just before the
// lead's creation, so that it is seen from there.
func (r *rollback) beginning(i int) int64 {
	at := int64(datasets.NoTime + 1)
	if r.created != nil && r.created[i] != datasets.NoTime {
		at = r.created[i] - 1
	}
	return max(at, r.Begins)
}

// appendValue appends value i of a column to another one of its kind.
func appendValue(to, from *datasets.Column, i int) {
	switch {
	case from.Nums != nil:
		to.Nums = append(to.Nums, from.Nums[i])
	case from.Times != nil:
		to.Times = append(to.Times, from.Times[i])
	default:
		to.Texts.Append(from.Texts.At(i))
	}
}
