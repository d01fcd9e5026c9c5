package train_test

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

func open(t testing.TB, file []byte) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compared(t testing.TB, a, b *bundle.Bundle, leads *datasets.Table) *train.Comparison {
	t.Helper()
	c, err := train.Compare(context.Background(), a, b, leads)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gains are all the gains of a comparison.
func gains(c *train.Comparison) []metric.Estimate {
	var all []metric.Estimate
	if c.LogLik != nil {
		all = append(all, *c.LogLik)
	}
	for _, h := range c.Horizons {
		all = append(all, h.AUC.Gain, h.LogLoss.Gain, h.Brier.Gain)
	}
	return all
}

// checkMirror checks compare(a, b) = −compare(b, a) and that compare(a, a) is zero.
func checkMirror(t *testing.T, a, b *bundle.Bundle, leads *datasets.Table) {
	t.Helper()
	there, back := gains(compared(t, a, b, leads)), gains(compared(t, b, a, leads))
	if len(there) == 0 || len(there) != len(back) {
		t.Fatalf("%d gains there and %d back", len(there), len(back))
	}
	near := func(x, y float64) bool { return math.Abs(x-y) <= 1e-12*(1+math.Abs(x)) }
	for i, x := range there {
		y := back[i]
		if x.Value != -y.Value || !near(x.Low, -y.High) || !near(x.High, -y.Low) || !near(x.SE, y.SE) || !near(x.P, y.P) {
			t.Errorf("gain %d is %+v there and %+v back", i, x, y)
		}
	}
	same := compared(t, a, a, leads)
	for i, x := range gains(same) {
		if x != (metric.Estimate{P: 1}) {
			t.Errorf("gain %d of a model over itself: %+v", i, x)
		}
	}
	for _, v := range same.Verdict {
		if !strings.Contains(v, "the same ") || strings.Contains(v, "better") || strings.Contains(v, "told apart") {
			t.Errorf("a model and itself: %s", v)
		}
	}
}

// A model that sees what drives the leads is better than the base rates, on
// leads that came after the later of the two models' data.
func TestCompare(t *testing.T) {
	leads := smallCompany(1500, 5).table(nil, nil)
	p := smallPlan()
	p.AsOf, p.Model, p.Horizons = datasets.Micros(day(400)), "linear", []int{30, 90}
	good := open(t, run(t, leads, p).Shipped)
	p.AsOf, p.Model, p.Horizons = datasets.Micros(day(380)), "base", []int{30, 60, 90}
	base := open(t, run(t, leads, p).Shipped)

	c := compared(t, base, good, leads)
	if c.From != day(400).Format("2006-01-02") || c.A != base.ID() || c.B != good.ID() {
		t.Errorf("forecasts look from %s", c.From)
	}
	if c.LogLik == nil || !(c.LogLik.Low > 0) || len(c.Horizons) != 2 || c.Horizons[0].Days != 30 || c.Horizons[1].Days != 90 {
		t.Fatalf("%+v", c)
	}
	for _, h := range c.Horizons {
		if !(h.AUC.Gain.Low > 0) || !(h.LogLoss.Gain.Value > 0) || !(h.LogLoss.A > h.LogLoss.B) || !(h.Brier.A > h.Brier.B) {
			t.Errorf("at %d days: %+v", h.Days, h)
		}
		if math.Abs(h.AUC.B-h.AUC.A-h.AUC.Gain.Value) > 1e-12 || math.Abs(h.LogLoss.A-h.LogLoss.B-h.LogLoss.Gain.Value) > 1e-12 {
			t.Errorf("at %d days the gain is not the difference: %+v", h.Days, h)
		}
		if h.OEA.Value < 0.5 || h.OEA.Value > 2 || h.OEB.Value < 0.5 || h.OEB.Value > 2 {
			t.Errorf("observed ÷ expected at %d days: %g and %g", h.Days, h.OEA.Value, h.OEB.Value)
		}
	}
	if !strings.HasPrefix(c.Verdict[0], "over the whole course: b is better by ") || !strings.Contains(c.Verdict[2], "AUC") {
		t.Errorf("%q", c.Verdict)
	}
	if !slices.Contains(c.Notes, "horizons that only one of the models has are not compared: 60 days") {
		t.Errorf("%q", c.Notes)
	}
	if once := slices.Compact(slices.Sorted(slices.Values(c.Notes))); len(once) != len(c.Notes) {
		t.Errorf("notes stand twice: %q", c.Notes)
	}
	checkMirror(t, base, good, leads)

	one, err := train.Evaluate(context.Background(), good, leads)
	if err != nil {
		t.Fatal(err)
	}
	if h := compared(t, good, good, leads).Horizons[1]; one.Horizons[1].Leads != h.Leads || math.Abs(one.Horizons[1].AUC.Value-h.AUC.B) > 1e-12 || math.Abs(one.Horizons[1].LogLoss-h.LogLoss.B) > 1e-12 {
		t.Errorf("evaluated alone %+v, compared %+v", one.Horizons[1], h)
	}
	if _, err := train.Compare(context.Background(), base, good, earlier(leads)); err == nil || !strings.Contains(err.Error(), "give a file that was exported later") {
		t.Errorf("a file that ends too early: %v", err)
	}
}

// earlier are the leads that were created and closed long before the models' data end.
func earlier(leads *datasets.Table) *datasets.Table {
	var rows []int
	limit := day(300).Format("2006-01-02")
	for i := range leads.Rows {
		if leads.Column("created_at").Texts.At(i) < limit && leads.Column("closed_at").Texts.At(i) < limit {
			rows = append(rows, i)
		}
	}
	return leads.Gather(rows)
}

// Flat bundles are compared too, by account where both know it, and models of
// different outcomes are not.
func TestCompareFlat(t *testing.T) {
	r := smallCompany(900, 6)
	r.add("account", func(i int) string { return "A" + strconv.Itoa(i/3) })
	leads := r.table(nil, nil).Drop("created_at", "closed_at")
	p := smallPlan()
	p.Roles = datasets.Roles{ID: "lead_id", Outcome: "status", Account: "account"}
	p.AsOf, p.Model = datasets.NoTime, "linear"
	good := open(t, run(t, leads, p).Shipped)
	p.Model = "base"
	base := open(t, run(t, leads, p).Shipped)
	c := compared(t, base, good, leads)
	if len(c.Horizons) != 1 || c.Horizons[0].Days != 0 || c.LogLik != nil || !(c.Horizons[0].LogLoss.Gain.Low > 0) || !strings.Contains(c.Verdict[0], "b is better by log loss") {
		t.Errorf("%+v", c)
	}
	if !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "cannot be told") }) {
		t.Errorf("%q", c.Notes)
	}
	checkMirror(t, base, good, leads)

	p.Contract.Won, p.Contract.Lost = []string{"Lost"}, []string{"Won"}
	other := open(t, run(t, leads, p).Shipped)
	if _, err := train.Compare(context.Background(), base, other, leads); err == nil || !strings.Contains(err.Error(), "they differ in what counts as won, what counts as lost") {
		t.Errorf("models of different outcomes: %v", err)
	}
}
