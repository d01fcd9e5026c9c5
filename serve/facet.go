package serve

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// facet is a column by whose values the queue can be filtered.
type facet struct {
	column, Label string
	Levels        []string // rising
	index         map[string]int32
}

const (
	mostLevels = 40  // of a column of categories that is offered
	mostOwners = 400 // of the columns that say who works a lead and where it came from
	mostFacets = 5
	noLevel    = "(empty)"
)

// facets chooses the columns to filter by: who works a lead, its campaign, then
// the given ones that have few values.
func (s *Server) facets(leads *datasets.Table, columns []string) []facet {
	r := s.manifest.Schema.Roles
	var list []facet
	for _, name := range append([]string{r.Owner, r.Campaign}, columns...) {
		most := mostLevels
		if name == r.Owner || name == r.Campaign {
			most = mostOwners
		}
		c := leads.Column(name)
		if name == "" || !isText(c) || len(list) == mostFacets || slices.ContainsFunc(list, func(f facet) bool { return f.column == name }) {
			continue
		}
		if f, ok := newFacet(c, leads.Rows, most); ok {
			list = append(list, f)
		}
	}
	return list
}

// newFacet lists the values of a column; ok is false for one that has only one,
// too many, or one that is too long to be chosen from a list.
func newFacet(c *datasets.Column, rows, most int) (f facet, ok bool) {
	f = facet{column: c.Name, Label: plainName(c.Name), index: map[string]int32{}}
	for i := range rows {
		text := levelOf(c, i)
		if _, known := f.index[text]; known {
			continue
		}
		if len(f.Levels) == most || len(text) > longestValue {
			return f, false
		}
		text = strings.Clone(text)
		f.index[text] = 0
		f.Levels = append(f.Levels, text)
	}
	slices.Sort(f.Levels)
	for i, text := range f.Levels {
		f.index[text] = int32(i)
	}
	return f, len(f.Levels) > 1
}

func levelOf(c *datasets.Column, i int) string {
	if c.Missing(i) {
		return noLevel
	}
	return c.Texts.At(i)
}

// level is the number of a lead's value.
func (f *facet) level(leads *datasets.Table, row int) int32 {
	return f.index[levelOf(leads.Column(f.column), row)]
}

// parameter is the facet's name in an address.
func (f *facet) parameter() string { return "is." + f.column }
