package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

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
		s.withhold(r.Amount, fmt.Sprintf("its amounts are in %d currencies (%s), which are not added up: say with --rates FILE what each is worth to have them used", len(codes), some(codes)))
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
