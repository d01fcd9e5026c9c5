package features

import (
	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// A feature is one way of turning a column into matrix columns. Its exported
// fields are what was learned and are kept as JSON; they hold nothing that
// fewer than `fewest` leads share. What it counts while it learns is unexported.
type feature interface {
	// learn looks at the rows of v; called any number of times, each lead once.
	learn(v *view)
	// settle ends learning. What it keeps does not depend on the order of leads.
	settle()
	// ready checks what was learned, or decoded from untrusted bytes, and
	// prepares for encode.
	ready() error
	// outputs lists the matrix columns.
	outputs() []output
	// encode fills dst, a column an output, with a value a row of v. It may be
	// called concurrently.
	encode(dst []matrix.Column, v *view)
}

// output is one matrix column of a feature: its name is that of the user's
// column followed by suffix. Levels 0 means numbers.
type output struct {
	suffix string
	levels int
}

// fewest is the least number of leads that must share a value for the encoder
// to remember it: whatever is rarer could point at a person. Of codes it
// remembers fingerprints, see fewShared.
const fewest = 20

// kinds is the table from a feature kind to the kinds of column it reads and
// to its constructor. A new kind is a new file and a line here.
var kinds = []struct {
	name  string
	reads []datasets.Kind // nil: no column of the leads
	make  func(ColumnSpec) feature
}{
	{"number", []datasets.Kind{datasets.Number, datasets.Bool}, func(ColumnSpec) feature { return new(number) }},
	{"category", texts, func(ColumnSpec) feature { return new(category) }},
	{"codes", texts, func(ColumnSpec) feature { return new(codes) }},
	{"date", []datasets.Kind{datasets.Time}, func(ColumnSpec) feature { return new(date) }},
	{"created", []datasets.Kind{datasets.Time}, func(ColumnSpec) feature { return new(created) }},
	{"multi", texts, func(ColumnSpec) feature { return new(multi) }},
	{"text", texts, func(ColumnSpec) feature { return new(text) }},
	{"title", texts, func(ColumnSpec) feature { return new(title) }},
	{"email", texts, func(ColumnSpec) feature { return new(email) }},
	{"phone", append([]datasets.Kind{datasets.Number}, texts...), func(ColumnSpec) feature { return new(phone) }},
	{"url", texts, func(ColumnSpec) feature { return new(link) }},
	{"given", append([]datasets.Kind{datasets.Number, datasets.Bool, datasets.Time}, texts...), func(ColumnSpec) feature { return new(given) }},
	{"events", nil, func(c ColumnSpec) feature { return &events{spec: c} }},
	{"stages", nil, func(c ColumnSpec) feature { return &stages{spec: c} }},
}

var texts = []datasets.Kind{datasets.Category, datasets.Multi, datasets.Text, datasets.ID, datasets.Raw}

// lookup gives the place of a kind in kinds; −1 for a name it does not know.
func lookup(name string) int {
	for i := range kinds {
		if kinds[i].name == name {
			return i
		}
	}
	return -1
}
