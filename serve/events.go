package serve

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

// An attacher is a Forecaster that looks at what happened to the leads, too.
type attacher interface {
	Attach(s *features.Snapshot, raw map[string]*datasets.Table) error
}

// lookedAt is a table of events that the model looks at: its columns, with that
// of the lead's key.
type lookedAt struct {
	key     string
	columns []string
}

func eventTables(m *bundle.Manifest) map[string]lookedAt {
	tables := map[string]lookedAt{}
	for _, e := range m.Tables {
		l := lookedAt{key: e.Columns["lead_id"]}
		for _, c := range e.Columns {
			l.columns = append(l.columns, c)
		}
		slices.Sort(l.columns)
		tables[e.Name] = l
	}
	return tables
}

// eventRow is a row of a table of events; lead is the row of its lead in the
// request, −1 where the row says by itself which it is of.
type eventRow struct {
	lead  int
	cells map[string]string
}

// eventsOf reads an object of tables of events, an array of rows each. Where
// they are of one lead, lead is its row, else −1. wrong says what is JSON but no
// such thing.
func (q *request) eventsOf(lead int) (wrong string, f *fault) {
	if len(q.fields.tables) == 0 { // a model that looks at none: only the shape counts
		ok, f := q.shapeOfEvents()
		if !ok {
			return "must be an object of arrays", f
		}
		return "", f
	}
	switch q.s.peek() {
	case '{':
	case 'n':
		return "", q.s.skip()
	default:
		return "must be an object of arrays", q.s.skip()
	}
	f = q.s.members(func(name string) *fault {
		table, known := q.fields.tables[name]
		if q.s.peek() != '[' {
			wrong = "must be an object of arrays"
			return q.s.skip()
		}
		if !known && wrong == "" {
			wrong = "the model looks at no such table; it knows " + strings.Join(q.fields.tableNames(), ", ")
		}
		return q.s.array(func(int) *fault {
			if q.s.peek() != '{' {
				wrong = "a row is an object: a key for each column"
				return q.s.skip()
			}
			row := eventRow{lead: lead, cells: make(map[string]string, len(table.columns))}
			f := q.s.object(func(key []byte) *fault {
				at, used := slices.BinarySearch(table.columns, string(key))
				if used {
					if _, twice := row.cells[table.columns[at]]; twice {
						return q.s.twice(table.columns[at])
					}
				}
				if first := q.s.peek(); first == '{' || first == '[' {
					wrong = "the value of a column of events is a text, a number or null"
					return q.s.skip()
				}
				text, kind, f := q.s.scalar()
				if used && kind != 'n' {
					row.cells[table.columns[at]] = string(text)
				}
				return f
			})
			if known {
				q.happened[name] = append(q.happened[name], row)
			}
			return f
		}).under(name)
	})
	return wrong, f
}

// tableNames lists the tables that the model looks at.
func (f *fields) tableNames() (names []string) {
	for name := range f.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// eventTables are the rows of the request as raw tables. Those of a lead that
// has no id, or could not be read, are left out.
func (q *request) eventTables(leads *datasets.Table) map[string]*datasets.Table {
	tables := map[string]*datasets.Table{}
	ids := leads.Column(q.fields.id)
	for name, rows := range q.happened {
		look := q.fields.tables[name]
		columns := make([]*datasets.Column, len(look.columns))
		for k, c := range look.columns {
			columns[k] = &datasets.Column{Name: c, Kind: datasets.Raw, Texts: datasets.Strings{Offsets: []int64{0}}}
		}
		t := &datasets.Table{Columns: columns}
		for _, r := range rows {
			if r.lead >= 0 {
				if ids == nil || r.lead >= leads.Rows {
					continue
				}
				r.cells[look.key] = ids.Texts.At(r.lead)
			}
			for k, c := range look.columns {
				columns[k].Texts.Append(r.cells[c])
			}
			t.Rows++
		}
		tables[name] = t
	}
	return tables
}
