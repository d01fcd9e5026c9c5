package bundle

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// Table gives scores as a table, a row a score in the same order: the id under
// its own name, probabilities, cycle length, expected value, grade, reasons and
// warnings. Columns are the same for every set of scores of one bundle.
func (b *Bundle) Table(scores []Score) *datasets.Table {
	m := &b.Manifest
	t := &datasets.Table{Rows: len(scores)}
	text := func(name string, of func(*Score) string) {
		c := &datasets.Column{Name: name, Kind: datasets.Text, Texts: datasets.Strings{Offsets: []int64{0}}}
		for i := range scores {
			c.Texts.Append(of(&scores[i]))
		}
		t.Columns = append(t.Columns, c)
	}
	figure := func(name string, of func(*Score) *float64) {
		c := &datasets.Column{Name: name, Kind: datasets.Number, Nums: make([]float64, len(scores))}
		for i := range scores {
			c.Nums[i] = math.NaN()
			if v := of(&scores[i]); v != nil {
				c.Nums[i] = *v
			}
		}
		t.Columns = append(t.Columns, c)
	}
	if id := m.Schema.Roles.ID; id != "" {
		text(id, func(s *Score) string { return s.ID })
	}
	figure("p_win", func(s *Score) *float64 { return s.Win })
	figure("p_lost", func(s *Score) *float64 { return s.Lost })
	figure("p_open", func(s *Score) *float64 { return s.Open })
	figure("horizon_days", func(*Score) *float64 {
		if !m.Timed {
			return nil
		}
		return number(float64(m.MainHorizon))
	})
	for k, h := range m.Horizons {
		figure(fmt.Sprintf("p_win_%dd", h), func(s *Score) *float64 {
			if k >= len(s.WinBy) {
				return nil
			}
			return s.WinBy[k]
		})
	}
	for k, name := range [...]string{"cycle_p10_days", "cycle_p50_days", "cycle_p90_days"} {
		figure(name, func(s *Score) *float64 { return s.Cycle[k] })
	}
	if m.Schema.Roles.Amount != "" {
		figure("expected_value", func(s *Score) *float64 { return s.ExpectedValue })
	}
	text("grade", func(s *Score) string { return s.Grade })
	text("reasons", func(s *Score) string { return s.reasonText() })
	text("warnings", func(s *Score) string {
		if s.Err != nil {
			return s.Err.Error()
		}
		return strings.Join(s.Warnings, "; ")
	})
	return t
}

// reasonText writes reasons as "col +0.031; col −0.012".
func (s *Score) reasonText() string {
	parts := make([]string, len(s.Reasons))
	for i, r := range s.Reasons {
		sign := "+"
		if r.Effect < 0 {
			sign = "−"
		}
		parts[i] = r.Column + " " + sign + strconv.FormatFloat(math.Abs(r.Effect), 'f', 3, 64)
	}
	return strings.Join(parts, "; ")
}

// OpenRows lists the rows of a typed table of leads that are neither won nor
// lost by the bundle's contract.
func (b *Bundle) OpenRows(leads *datasets.Table) []int {
	return b.Manifest.Contract.OpenRows(leads, b.Manifest.Schema.Roles)
}
