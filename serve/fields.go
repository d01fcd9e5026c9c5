package serve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// field is how one column is written as a lead's JSON field.
type field struct {
	name    string
	yes, no string // how this column writes true and false
	comma   bool   // its decimal sign is a comma
	drop    bool   // known, but the model was trained without it
	wanted  bool   // the model may miss it
}

// fields are the columns that a model knows.
type fields struct {
	list    []field
	index   map[string]int
	id      string              // the column of the leads' own ids
	tables  map[string]lookedAt // of events, that the model looks at
	similar map[string]string   // the same names by their letters alone, for "did you mean"
}

func newFields(m *bundle.Manifest) *fields {
	f := &fields{index: map[string]int{}, similar: map[string]string{}, id: m.Schema.Roles.ID, tables: eventTables(m)}
	add := func(c field) {
		if _, ok := f.index[c.name]; ok || c.name == "" {
			return
		}
		f.index[c.name] = len(f.list)
		f.list = append(f.list, c)
		f.similar[letters(c.name)] = c.name
	}
	for _, w := range m.Withheld {
		if m.Schema.Field(w.Column) == nil {
			add(field{name: w.Column, drop: true})
		}
	}
	for _, c := range m.Schema.Fields {
		yes, no := "true", "false"
		if c.Kind == datasets.Bool && len(c.True) > 0 && len(c.False) > 0 && !slices.Contains(c.True, yes) {
			yes, no = c.True[0], c.False[0]
		}
		add(field{name: c.Name, yes: yes, no: no, comma: c.Kind == datasets.Number && c.Decimal == ",", wanted: wanted(m, c.Name)})
	}
	r := m.Schema.Roles
	for _, name := range []string{r.ID, r.Account, r.Created, r.Outcome, r.Closed, r.Duration, r.Amount, r.Campaign, r.Owner, "as_of"} {
		add(field{name: name, yes: "true", no: "false"})
	}
	return f
}

// wanted tells whether a lead without the column lacks something: not so for
// columns left out of training, of no weight, or that only say who and when.
func wanted(m *bundle.Manifest, column string) bool {
	r := m.Schema.Roles
	switch column {
	case r.ID, r.Account, r.Created, r.Outcome, r.Closed, r.Duration, r.Order, r.Amount, r.Owner:
		return false
	}
	return (len(m.Importance) == 0 || m.Importance[column] != 0) && !withheld(m, column)
}

func withheld(m *bundle.Manifest, column string) bool {
	return slices.ContainsFunc(m.Withheld, func(w bundle.Withheld) bool { return w.Column == column })
}

// warning says that a field is unknown, and which one may have been meant.
func (f *fields) warning(name string) string {
	w := "unknown field " + strconv.Quote(shorten(name))
	if like := f.similar[letters(name)]; like != "" {
		w += ", did you mean " + strconv.Quote(like) + "?"
	}
	return w
}

// letters is a name without what people write now this way, now that.
func letters(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.", r) {
			return -1
		}
		return r
	}, name))
}

// shorten cuts a text that is too long to be repeated.
func shorten(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
