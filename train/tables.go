package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// readTables reads the events and the history that the plan comes with, and
// rolls the fields back.
func (s *study) readTables() error {
	if len(s.plan.Tables) == 0 {
		return nil
	}
	id := s.leads.Column(s.plan.Roles.ID)
	if !s.dated || id == nil {
		return &datasets.Error{Message: "events and histories need leads with an id (--id), dates of creation and of closing (--created, --closed)"}
	}
	s.events = map[string]*datasets.Table{}
	var history *datasets.Table
	for i := range s.plan.Tables {
		e := &s.plan.Tables[i]
		raw := s.plan.Events[e.Name]
		if raw == nil {
			return &datasets.Error{Message: fmt.Sprintf("the model was trained with the table %q (--events, --history): give it again", e.Name)}
		}
		t, notes, err := e.Read(raw)
		if err != nil {
			return err
		}
		s.note(notes...)
		if e.History() {
			history = t
		} else {
			s.events[e.Name] = t
		}
	}
	if history != nil {
		if err := s.rollBack(history); err != nil {
			return err
		}
	}
	s.mark()
	return nil
}

// rollBack makes tables of the fields' histories.
func (s *study) rollBack(history *datasets.Table) error {
	h := &features.Histories{Key: s.plan.Roles.ID, Begins: begins(history)}
	early := 0 // leads that it does not know from the start
	for _, at := range s.out.Created {
		if at < h.Begins {
			early++
		}
	}
	if 100*early < len(s.out.Created) {
		h.Begins = datasets.NoTime
	} else {
		s.notef("", "the history begins on %s: what fields of %d leads were before is not known", day(h.Begins), early)
	}
	fields, values := history.Column("field"), history.Column("new")
	rows := map[string][]int{}
	var names []string
	for k := range history.Rows {
		name := fields.Texts.At(k)
		if rows[name] == nil && !s.isRole(name) && name != s.plan.Roles.Account && !slices.Contains(s.plan.Exclude, name) {
			name = strings.Clone(name)
			names = append(names, name)
			rows[name] = []int{k}
		} else if rows[name] != nil {
			rows[name] = append(rows[name], k)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if f := s.schema.Field(name); f != nil {
			h.Fields = append(h.Fields, *f)
			continue
		}
		c := values.Gather(rows[name])
		c.Name = name
		schema, _, err := datasets.Infer(&datasets.Table{Rows: c.Len(), Columns: []*datasets.Column{c}}, datasets.Hints{Dates: s.plan.Dates, Zone: s.plan.Zone, Missing: s.plan.Missing})
		if err != nil {
			return err
		}
		h.Fields = append(h.Fields, schema.Fields[0])
	}
	tables, pasts, err := h.Rollback(s.leads, s.out.Created, history)
	if err != nil {
		return err
	}
	for name, t := range tables {
		s.events[name] = t
	}
	s.histories, s.pasts = h, pasts
	return nil
}

// begins is when the first row of a history was known.
func begins(history *datasets.Table) int64 {
	known := history.Column("known_at")
	if known == nil {
		known = history.Column("happened_at")
	}
	first := int64(datasets.NoTime)
	for _, at := range known.Times {
		if at != datasets.NoTime && (first == datasets.NoTime || at < first) {
			first = at
		}
	}
	return first
}

// rolled lists the fields whose history says what they were at any moment, and
// withholds those whose history does not.
func (s *study) rolled() (exact []string) {
	for _, p := range s.pasts {
		switch {
		case p.Class == features.Exact || slices.Contains(s.plan.Keep, p.Field):
			exact = append(exact, p.Field)
		default:
			s.withhold(p.Field, p.Why()+"; --keep overrides")
		}
	}
	return exact
}

// addTables adds to the spec what is made of events and histories.
func (s *study) addTables(exact []string) {
	if s.events == nil {
		return
	}
	key := s.plan.Roles.ID
	for _, e := range s.plan.Tables {
		if !e.History() {
			s.spec.Columns = append(s.spec.Columns, features.ColumnSpec{Column: e.Name, Kind: "events", Key: key})
		}
	}
	for _, field := range exact {
		name := features.HistoryOf(field)
		values := *s.events[name].Column("new")
		values.Name = field
		spec, notes := features.Infer(&datasets.Table{Rows: values.Len(), Columns: []*datasets.Column{&values}}, &datasets.Schema{}, nil)
		s.note(notes...)
		for _, c := range spec.Columns {
			c.Key, c.History = key, name
			s.spec.Columns = append(s.spec.Columns, c)
			if c.Kind == "category" && features.Stages(&values) {
				c.Kind = "stages"
				s.spec.Columns = append(s.spec.Columns, c)
			}
		}
	}
	var creation []string
	for _, c := range s.spec.Columns {
		if c.Key == "" && c.Kind != "created" && !slices.Contains(creation, c.Column) {
			creation = append(creation, c.Column)
		}
	}
	s.notef("", "known as of any day: %s; as of creation only: %s", listOr(append(s.tableNames(), exact...)), listOr(creation))
}

func (s *study) tableNames() (names []string) {
	for _, e := range s.plan.Tables {
		if !e.History() {
			names = append(names, e.Name)
		}
	}
	return names
}

func listOr(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
