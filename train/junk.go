package train

import (
	"fmt"
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

// currency settles in which currency amounts are. Amounts of several currencies
// are not mixed: without rates the amount column is not used.
func (s *study) currency(raw *datasets.Table) error {
	r := &s.plan.Roles
	if r.Amount == "" || r.Currency == "" {
		if len(s.plan.Rates) > 0 {
			return &datasets.Error{Message: "a rate table needs the column of amounts and that of their currency: name them with --amount and --currency"}
		}
		r.Currency = ""
		return nil
	}
	codes := datasets.Currencies(raw, *r)
	switch {
	case len(s.plan.Rates) > 0:
	case len(codes) == 1:
		s.plan.Rates = []datasets.Rate{{Currency: codes[0], Value: 1}} // so that another one is found out when leads are scored
	case len(codes) > 1:
		s.withhold(r.Amount, fmt.Sprintf("its amounts are in %d currencies (%s), which are not added up: give what each is worth with --rates FILE, and the expected value is there too", len(codes), some(codes)))
		s.plan.Exclude = append(slices.Clone(s.plan.Exclude), r.Amount)
		r.Amount, r.Currency = "", ""
	}
	return nil
}

// some lists a few of many names.
func some(names []string) string {
	if len(names) > 6 {
		return strings.Join(names[:6], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

// unconverted counts the leads whose currency the rate table lacks.
func (s *study) unconverted(notes []datasets.Note) {
	role, count := s.plan.Roles.Currency, 0
	for _, n := range notes {
		if n.Row >= 0 && n.Column == role {
			count++
		}
	}
	if count > 0 {
		s.notef(role, "leads in a currency that is not in the rate table, whose amount is taken as missing: %d", count)
	}
	if house := s.schema.House(); house != "" && len(s.schema.Rates) > 1 {
		s.notef(s.plan.Roles.Amount, "is converted into %s by the rate table", house)
	}
}
