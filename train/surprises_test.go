package train_test

import (
	"math"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/train"
)

// TestSurprises: the leads of one source stop being won on a day; it is named,
// and no other.
func TestSurprises(t *testing.T) {
	c := smallCompany(4000, 21)
	gone := day(470).Format("2006-01-02")
	c.set("status", func(i int, old string) string {
		if old == "Won" && c.at(i, "source") == "friend" && c.at(i, "closed_at") > gone {
			return "Lost"
		}
		return old
	})
	p := smallPlan()
	p.Model, p.Horizons, p.MainHorizon = "linear", []int{30, 60}, 60
	result := run(t, c.table(nil, nil), p)
	off, of := result.Report.Judged.Surprises()
	if of < 4 || len(off) == 0 || slices.ContainsFunc(off, func(g train.Calibration) bool { return g.By != "source" }) ||
		!slices.ContainsFunc(off, func(g train.Calibration) bool { return g.Group == "friend" && g.OE.High < 1 }) {
		t.Errorf("of %d segments these came otherwise: %+v", of, off)
	}
	leads := map[string]int{}
	for _, g := range result.Report.Judged.Calibration {
		if g.Leads < g.Won || math.Abs(g.OE.Value*g.Expected-float64(g.Won)) > 1e-3*float64(g.Leads) {
			t.Errorf("%+v", g)
		}
		if g.By != "horizon" {
			leads[g.By] += g.Leads
		} else if g.Days == 60 {
			leads["all"] = g.Leads
		}
	}
	if leads["age"] != leads["all"] || leads["source"] != leads["all"] {
		t.Errorf("groups do not make the whole: %v", leads)
	}
	kept, err := train.ReportOf(openBundle(t, result.Shipped))
	if err != nil || len(kept.Judged.Calibration) != len(result.Report.Judged.Calibration) || kept.Judged.Calibration[0].OE != result.Report.Judged.Calibration[0].OE {
		t.Errorf("the bundle keeps %+v (%v)", kept.Judged.Calibration, err)
	}
}
