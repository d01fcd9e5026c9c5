package bundle

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// telling are words in the names of columns that may say who a person is, so
// that their values are never shown.
var telling = []string{"name", "mail", "phone", "mobile", "contact", "owner", "address", "street", "birth", "url", "note", "comment", "person", "account", "company",
	"message", "description", "text", "subject", "manager", "agent", "seller", "assign"}

// MayTellWho reports whether the name of a column says that its values may tell
// who somebody is.
func MayTellWho(column string) bool {
	low := strings.ToLower(column)
	return slices.ContainsFunc(telling, func(word string) bool { return strings.Contains(low, word) })
}

// MayShow tells whether the values of a column may be shown to people beside a
// forecast: one of a limited set, or a number, and nobody's name.
func (m *Manifest) MayShow(column string) bool {
	f, r := m.Schema.Field(column), m.Schema.Roles
	if f == nil || column == r.ID || column == r.Account || column == r.Owner {
		return false
	}
	if MayTellWho(column) {
		return false
	}
	switch f.Kind {
	case datasets.Category, datasets.Multi, datasets.Bool, datasets.Number:
		return true
	}
	return false
}

// Find lists the rows of a snapshot that have an id.
func (b *Bundle) Find(s features.Snapshot, id string) []int {
	var rows []int
	if c := s.Leads.Column(b.Manifest.Schema.Roles.ID); c != nil {
		for i := range s.Leads.Rows {
			if cell(c, i) == id {
				rows = append(rows, i)
			}
		}
	}
	return rows
}
