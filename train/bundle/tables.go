package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Attach adds to a snapshot what happened to its leads: raw tables by the names
// that the bundle knows them by (Manifest.Tables), read by its rules. Fields
// with a history that is not among them count as unchanged since creation. A
// table that the bundle does not know is an error, one that is lacking a note.
func (b *Bundle) Attach(s *features.Snapshot, raw map[string]*datasets.Table) error {
	m := &b.Manifest
	var names []string
	for i := range m.Tables {
		names = append(names, m.Tables[i].Name)
	}
	for name := range raw {
		if !slices.Contains(names, name) {
			if names == nil {
				return &datasets.Error{Message: fmt.Sprintf("the model looks at no table %q: it was trained without events", name)}
			}
			return &datasets.Error{Message: fmt.Sprintf("the model looks at no table %q; it knows %s", name, strings.Join(names, ", "))}
		}
	}
	if names == nil {
		return nil
	}
	s.Events = map[string]*datasets.Table{}
	var history *datasets.Table
	for i := range m.Tables {
		e := &m.Tables[i]
		if raw[e.Name] == nil {
			message := fmt.Sprintf("the model looks at the table %q, which is not given: it is taken as empty", e.Name)
			s.Notes = append(s.Notes, datasets.Note{Row: -1, Message: message})
		}
		t, notes, err := e.Read(raw[e.Name])
		if err != nil {
			return err
		}
		s.Notes = append(s.Notes, notes...)
		if e.History() {
			history = t
		} else {
			s.Events[e.Name] = t
		}
	}
	if m.Histories == nil {
		return nil
	}
	var created []int64
	if c := s.Leads.Column(m.Schema.Roles.Created); c != nil {
		created = c.Times
	}
	tables, _, err := m.Histories.Rollback(s.Leads, created, history)
	for name, t := range tables {
		s.Events[name] = t
	}
	return err
}
