package features

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Known is a column of which everything is known without any leads.
type Known struct {
	Column string
	Levels []string // its categories, without blanks around them; nil: a column of numbers
}

// Make gives the encoder of columns that are known, for models that were
// trained elsewhere: numbers as they are, categories by their levels in the
// order of their bytes and one more for every other value.
func Make(columns []Known) (*Encoder, error) {
	e := &Encoder{}
	var s Spec
	for _, k := range columns {
		c, f := ColumnSpec{Column: k.Column, Kind: "number"}, feature(new(number))
		if k.Levels != nil {
			kept := slices.Sorted(slices.Values(k.Levels))
			for i, l := range kept {
				if l == "" || l != strings.TrimSpace(l) || i > 0 && kept[i-1] == l {
					return nil, &datasets.Error{Column: k.Column, Message: fmt.Sprintf("level %q is empty, stands twice or has blanks around it", l)}
				}
			}
			c.Kind, f = "category", &category{levels{Kept: kept}}
		}
		s.Columns = append(s.Columns, c)
		e.columns = append(e.columns, fitted{ColumnSpec: c, reads: kinds[lookup(c.Kind)].reads, feature: f})
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return e.lay()
}

// Levels lists the values that are categories 0, 1, … of output j where it is
// a column of kind category or codes. The last category of an output, every other value,
// is not among them, nor are values that are known by their fingerprints only.
// Nil for all other kinds.
func (e *Encoder) Levels(j int) []string {
	for _, f := range e.columns {
		if c, ok := f.feature.(interface{ readable() []string }); ok && f.from == j {
			return c.readable()
		}
	}
	return nil
}
