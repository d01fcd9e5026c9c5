package train

import (
	"maps"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// withoutJunk drops the rows that the plan's filters say are no leads.
func (s *study) withoutJunk(raw *datasets.Table) (*datasets.Table, error) {
	by, missing, err := datasets.Junk(raw, s.plan.Junk)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, &datasets.Error{Column: missing[0], Message: "the junk filter looks at it, but there is no such column; the file has " + columnList(raw)}
	}
	if by == nil {
		if len(s.plan.Junk) > 0 {
			s.notef("", "no lead is junk by the filters (%s)", strings.Join(s.plan.Junk, "; "))
		}
		return raw, nil
	}
	var rows []int
	counts := map[string]int{}
	for i, column := range by {
		if column == "" {
			rows = append(rows, i)
		} else {
			counts[column]++
		}
	}
	for _, column := range slices.Sorted(maps.Keys(counts)) {
		s.notef(column, "leads that are junk by the filter, left out: %d", counts[column])
	}
	if len(rows) == 0 {
		return nil, &datasets.Error{Message: "every lead is junk by the filters: are they the right way round? --junk says which leads to leave out"}
	}
	return raw.Gather(rows), nil
}
