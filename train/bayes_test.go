package train_test

import (
	"slices"
	"strings"
	"testing"
)

// TestBayes: naive Bayes is fitted only where it is asked for, on tables
// without times; its forecasts come with reasons that add up.
func TestBayes(t *testing.T) {
	c, p := flatCompany(600, 4), flatPlan()
	for _, e := range run(t, c.table(nil, nil), p).Report.Leaderboard {
		if e.Model == "bayes" {
			t.Error("fitted without being asked for")
		}
	}
	p.Model = "bayes"
	r := run(t, c.table(nil, nil), p)
	b := openBundle(t, r.Shipped)
	if recipe := b.Manifest.Recipe; !strings.HasPrefix(recipe, "bayes ") || strings.Contains(recipe, "+") {
		t.Errorf("recipe %q", recipe)
	}
	snapshot, err := b.Read(c.table(nil, nil), end)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Score(t.Context(), snapshot, 10)
	if err != nil {
		t.Fatal(err)
	}
	different, mean := map[float64]bool{}, []float64{}
	for _, s := range all {
		different[*s.Win] = true
		base := *s.Win
		for _, reason := range s.Reasons {
			base -= reason.Effect
		}
		mean = append(mean, base)
	}
	if spread := slices.Max(mean) - slices.Min(mean); !(spread < 1e-12) {
		t.Errorf("forecasts less their reasons differ by %v", spread)
	}
	if len(different) < 10 {
		t.Errorf("%d different forecasts", len(different))
	}
}

func TestBayesNeedsNoTimes(t *testing.T) {
	p := smallPlan()
	p.Model = "bayes"
	if got := complaint(t, smallCompany(700, 5).table(nil, nil), p); !strings.Contains(got, "bayes needs a table without times") {
		t.Error(got)
	}
}
