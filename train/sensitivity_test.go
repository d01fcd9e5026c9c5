package train_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// reopening is a small company in which every seventh open lead of some age was
// closed on its tenth day and opened again.
func reopening(n int) (c *rows, again int) {
	c = smallCompany(n, 11)
	c.set("closed_at", func(i int, old string) string {
		created, _ := time.Parse(time.RFC3339, c.at(i, "created_at"))
		if c.at(i, "status") != "Open" || i%7 > 0 || datasets.Micros(created.AddDate(0, 0, 11)) > end {
			return old
		}
		again++
		return created.AddDate(0, 0, 10).Format(time.RFC3339)
	})
	return c, again
}

// TestReadings: the outcome contract read otherwise, against the same leads
// counted by hand.
func TestReadings(t *testing.T) {
	c, again := reopening(900)
	p := smallPlan()
	p.Model, p.Contract.SilentAfter, p.NoRefit = "base", 120, true
	list := run(t, c.table(nil, nil), p).Report.Contract
	rules := []string{"as declared: silent after 120 days", "silent after 60 days", "silent after 240 days", "reopened leads as lost", "reopened leads left out"}
	if len(list) != len(rules) {
		t.Fatalf("%d readings: %+v", len(list), list)
	}
	for k, r := range list {
		if !strings.Contains(r.Rule, rules[k]) || r.Refit != nil {
			t.Errorf("reading %d is %+v", k, r)
		}
		won, lost, open := 0, 0, 0
		silence := []float64{120, 60, 240, 120, 120}[k]
		for i := range c.cells {
			created, _ := time.Parse(time.RFC3339, c.at(i, "created_at"))
			closed, err := time.Parse(time.RFC3339, c.at(i, "closed_at"))
			days := math.Inf(1)
			if status := c.at(i, "status"); status != "Open" {
				days = closed.Sub(created).Hours() / 24
			}
			reopened := err == nil && math.IsInf(days, 1)
			switch {
			case reopened && k == 4:
			case reopened && k == 3:
				lost++
			case days > silence && datasets.Days(datasets.Micros(created), end) > silence:
				lost++
			case math.IsInf(days, 1):
				open++
			case c.at(i, "status") == "Won":
				won++
			default:
				lost++
			}
		}
		if r.Won != won || r.Lost != lost || r.Open != open {
			t.Errorf("%s: %d won, %d lost, %d open, by hand %d, %d, %d", r.Rule, r.Won, r.Lost, r.Open, won, lost, open)
		}
	}
	half, declared, twice, asLost := list[1], list[0], list[2], list[3]
	if again == 0 || half.WinRate > declared.WinRate || half.Expected >= declared.Expected || twice.Expected <= declared.Expected || *half.Cycle > *twice.Cycle {
		t.Errorf("halved %+v, declared %+v, doubled %+v", half, declared, twice)
	}
	if declared.Cycle == nil || asLost.WinRate > declared.WinRate {
		t.Errorf("declared %+v, reopened as lost %+v", declared, asLost)
	}
	// rates are constant in age and about 0.005 and 0.006 a day: within 60 days 23 % are won
	if math.Abs(half.WinRate-0.23) > 0.05 {
		t.Errorf("%.3f are won within 60 days", half.WinRate)
	}
}

// TestReadingsNeedARule: nothing is said where nothing was chosen.
func TestReadingsNeedARule(t *testing.T) {
	p := smallPlan()
	p.Model, p.NoRefit, p.Sensitivity = "base", true, true
	if list := run(t, smallCompany(600, 12).table(nil, nil), p).Report.Contract; list != nil {
		t.Errorf("readings of a contract without a rule: %+v", list)
	}
}

// TestSensitivity trains the recipe on each reading, keeps that in the bundle
// and makes it again.
func TestSensitivity(t *testing.T) {
	c, _ := reopening(900)
	p := smallPlan()
	p.Model, p.Contract.SilentAfter, p.Sensitivity, p.Horizons, p.MainHorizon = "linear", 100, true, []int{30}, 30
	result := run(t, c.table(nil, nil), p)
	for _, r := range result.Report.Contract {
		f := r.Refit
		if f == nil || f.Withheld != "" || f.Open == 0 || f.Open > r.Open || f.AUC < 0.55 || f.AUC > 0.9 {
			t.Fatalf("%s: %+v", r.Rule, f)
		}
		if ratio := f.Expected / r.Expected; ratio < 0.7 || ratio > 1.4 {
			t.Errorf("%s: the recipe expects %.1f wins, all leads say %.1f", r.Rule, f.Expected, r.Expected)
		}
	}
	b := openBundle(t, result.Shipped)
	kept, err := train.ReportOf(b)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := json.Marshal(result.Report.Contract)
	if is, _ := json.Marshal(kept.Contract); string(is) != string(was) {
		t.Errorf("the bundle keeps\n%s\nof\n%s", is, was)
	}
	if plan, err := train.PlanOf(b); err != nil || !plan.Sensitivity {
		t.Errorf("the plan is not kept: %+v, %v", plan, err)
	}
	if v := verify(t, b, c.table(nil, nil), nil); !v.Identical {
		t.Errorf("%+v", v)
	}
}
