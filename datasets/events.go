package datasets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EventTable says how a table of events, or of the histories of fields, is read
// into the shape that features look at: the columns lead_id, happened_at,
// known_at, and of events kind, amount and id, of histories field, old and new.
// A bundle keeps it.
type EventTable struct {
	Name    string            `json:"name"`    // what the features are called by
	Columns map[string]string `json:"columns"` // by the names above, those of the user's table
	Fields  []Field           `json:"fields"`  // how cells are read, by the names above
	Zone    string            `json:"zone,omitempty"`
}

// eventColumns are the columns of an EventTable, what they hold and how they
// are called elsewhere (in lower case, without blanks and underscores).
var eventColumns = []struct {
	name  string
	kind  Kind // Raw: as it stands
	alias []string
}{
	{"lead_id", ID, []string{"leadid", "lead"}},
	{"happened_at", Time, []string{"happenedat", "occurredat", "changedat", "timestamp", "eventtime", "eventdate", "activitydate", "at", "date", "createddate", "createdat", "time"}},
	{"known_at", Time, []string{"knownat", "recordedat", "loggedat", "enteredat", "seenat"}},
	{"field", Category, []string{"field", "fieldname", "property", "propertyname"}},
	{"old", Raw, []string{"old", "oldvalue"}},
	{"new", Raw, []string{"new", "newvalue", "value"}},
	{"kind", Category, []string{"kind", "type", "activity", "activitytype", "eventtype", "event", "action"}},
	{"amount", Number, []string{"amount", "value"}},
	{"id", ID, []string{"id", "eventid", "activityid"}},
}

// ofHistory and ofEvents are the columns that only the one or the other has.
var (
	ofHistory = []string{"field", "old", "new"}
	ofEvents  = []string{"kind", "amount", "id"}
)

// History reports whether the table holds changes of fields.
func (e *EventTable) History() bool { return e.Columns["field"] != "" }

// FindEvents finds out how a raw table is to be read; named are columns of it
// by the names of EventTable, the others are guessed. The notes say which were,
// and what is missing; errors are *Error.
func FindEvents(name string, t *Table, history bool, named map[string]string, h Hints) (*EventTable, []Note, error) {
	e := &EventTable{Name: name, Columns: maps.Clone(named), Zone: h.Zone}
	if e.Columns == nil {
		e.Columns = map[string]string{}
	}
	never, want := ofHistory, []string{"lead_id", "happened_at"}
	if history {
		never, want = ofEvents, []string{"lead_id", "happened_at", "field", "new"}
	}
	var guessed []string
	for _, c := range eventColumns {
		column, given := e.Columns[c.name]
		switch {
		case slices.Contains(never, c.name) && given:
			return nil, nil, &Error{Place: name, Column: column, Message: fmt.Sprintf("a table of this sort has no %s", c.name)}
		case given && t.Column(column) == nil:
			return nil, nil, &Error{Place: name, Column: column, Message: "there is no such column; the table has " + strings.Join(t.Names(), ", ")}
		case given || slices.Contains(never, c.name):
			continue
		}
		if column = called(t, c.alias, e.Columns); column != "" {
			e.Columns[c.name] = column
			if column != c.name {
				guessed = append(guessed, fmt.Sprintf("%s as %s", column, c.name))
			}
		}
	}
	for _, w := range want {
		if e.Columns[w] == "" {
			return nil, nil, &Error{Place: name, Message: fmt.Sprintf("which column is %s? Say %s=COLUMN; the table has %s", w, w, strings.Join(t.Names(), ", "))}
		}
	}
	var notes []Note
	if guessed != nil {
		notes = append(notes, Note{name, -1, "read " + strings.Join(guessed, ", ")})
	}
	if e.Columns["known_at"] == "" {
		notes = append(notes, Note{name, -1, "no column says when the CRM learned of a row: it counts as known when it happened (known_at=COLUMN says otherwise)"})
	}
	h.Kinds, h.Roles = map[string]Kind{}, Roles{}
	for _, c := range eventColumns {
		if c.kind != Raw && e.Columns[c.name] != "" {
			h.Kinds[c.name] = c.kind
		}
	}
	schema, _, err := Infer(e.shaped(t, true), h)
	if err != nil {
		return nil, nil, err
	}
	e.Fields = schema.Fields
	return e, notes, nil
}

// called finds the column of t that has one of some names and is not taken.
func called(t *Table, names []string, taken map[string]string) string {
	plain := strings.NewReplacer(" ", "", "_", "", "-", "", ".", "")
	for _, n := range names {
		for _, c := range t.Columns {
			free := true
			for _, other := range taken {
				free = free && other != c.Name
			}
			if free && plain.Replace(strings.ToLower(c.Name)) == n {
				return c.Name
			}
		}
	}
	return ""
}

// shaped is the columns of t by the names of EventTable, with or without only
// those that have to be read.
func (e *EventTable) shaped(t *Table, read bool) *Table {
	s := &Table{Rows: t.Rows, Place: t.Place}
	for _, c := range eventColumns {
		from := t.Column(e.Columns[c.name])
		if e.Columns[c.name] == "" || from == nil || read && c.kind == Raw {
			continue
		}
		column := *from
		column.Name = c.name
		s.Columns = append(s.Columns, &column)
	}
	return s
}

// Read gives a raw table in the shape of EventTable. Rows without a lead, or
// without a time that they would need, are left out, which a note says.
// A nil table is one without rows.
func (e *EventTable) Read(raw *Table) (*Table, []Note, error) {
	if raw == nil {
		raw = &Table{}
		for _, column := range e.Columns {
			raw.Columns = append(raw.Columns, &Column{Name: column, Kind: Raw})
		}
	}
	for _, need := range []string{"lead_id", "happened_at", "field", "new"} {
		if c := e.Columns[need]; c != "" && raw.Column(c) == nil {
			return nil, nil, &Error{Place: e.Name, Column: c, Message: fmt.Sprintf("is missing, and holds the %s", need)}
		}
	}
	schema := Schema{Fields: e.Fields, Zone: e.Zone}
	t, notes, err := schema.Apply(e.shaped(raw, true))
	if err != nil {
		return nil, nil, err
	}
	unread := 0
	for _, n := range notes {
		if n.Row >= 0 {
			unread++
		}
	}
	for _, c := range e.shaped(raw, false).Columns {
		if c.Name == "old" || c.Name == "new" {
			t.Columns = append(t.Columns, c)
		}
	}
	lead, happened, id := t.Column("lead_id"), t.Column("happened_at"), t.Column("id")
	var rows []int
	for i := range t.Rows {
		if !lead.Missing(i) && (!happened.Missing(i) || id != nil && !id.Missing(i)) {
			rows = append(rows, i)
		}
	}
	notes = nil
	if unread > 0 {
		notes = append(notes, Note{e.Name, -1, fmt.Sprintf("%d cells cannot be read; taken as missing", unread)})
	}
	if left := t.Rows - len(rows); left > 0 {
		notes = append(notes, Note{e.Name, -1, fmt.Sprintf("%d of %d rows say no lead or no time; left out", left, t.Rows)})
		t = t.Gather(rows)
	}
	return t, notes, nil
}
