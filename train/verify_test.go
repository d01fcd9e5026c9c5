package train_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

func verify(t *testing.T, b *bundle.Bundle, table *datasets.Table, split map[string]bool) *train.Verification {
	t.Helper()
	v, err := train.Verify(context.Background(), b, table, split, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Identical != (v.Bundle == v.Again) || v.Identical != (len(v.Differences) == 0) || v.Identical != (v.Cause() == "") || v.Promise != b.Manifest.Promise {
		t.Errorf("contradicts itself: %+v", v)
	}
	return v
}

// The same leads in another order are identical; another value, lead or
// outcome is the first difference; what comes of it follows.
func TestVerify(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	c := smallCompany(500, 5)
	p := smallPlan()
	p.Model = "gbm"
	result := run(t, c.table(nil, nil), p)
	b := openBundle(t, result.Shipped)
	if !strings.HasSuffix(b.Manifest.Promise, "on every platform") {
		t.Errorf("gbm by itself promises %q", b.Manifest.Promise)
	}
	if v := verify(t, b, c.table(r.Perm(len(c.cells)), r.Perm(len(c.names))), nil); !v.Identical {
		t.Errorf("shuffled: %+v", v)
	}
	if v := verify(t, openBundle(t, result.Judged), c.table(nil, nil), nil); !v.Identical {
		t.Errorf("the judged bundle: %+v", v)
	}
	for _, change := range []struct {
		name, first string
		change      func(c *rows)
	}{
		{"a cell", "data.visits", func(c *rows) { c.cells[77][c.column("visits")] += "1" }},
		{"an amount", "data.value", func(c *rows) {
			c.set("value", func(i int, old string) string { return strings.Replace(old, "900", "800", 1) })
		}},
		{"a row less", "data", func(c *rows) { c.cells = c.cells[1:] }},
		{"a column more", "data.colour", func(c *rows) { c.add("colour", func(i int) string { return []string{"red", "green"}[i%2] }) }},
		{"a closing time", "data.(outcome)", func(c *rows) {
			i := slices.IndexFunc(c.cells, func(cells []string) bool { return cells[2] == "Won" && cells[1][:10] < cells[3][:10] })
			c.cells[i][3] = c.cells[i][1]
		}},
	} {
		c := smallCompany(500, 5)
		change.change(c)
		v := verify(t, b, c.table(nil, nil), nil)
		if v.Identical || v.Differences[0].Part != change.first || v.Differences[0].Words == "" || !strings.HasPrefix(v.Cause(), "the leads are not those") {
			t.Errorf("%s: %s, %+v", change.name, v.Cause(), v)
		}
	}
	b.Manifest.Seed = 2 // as an older version would have drawn
	v := verify(t, b, c.table(nil, nil), nil)
	if v.Identical || !strings.HasPrefix(v.Differences[0].Part, "model.gbm") && v.Differences[0].Part != "recipe" || !strings.Contains(v.Cause(), "another version of Leadcast") {
		t.Errorf("another seed: %s, %+v", v.Cause(), v)
	}
	b.Manifest.Plan = nil
	var data *datasets.Error
	if _, err := train.Verify(context.Background(), b, c.table(nil, nil), nil, nil); !errors.As(err, &data) {
		t.Errorf("without a plan: %v", err)
	}
}

// A given split is not in the bundle and has to be given again.
func TestVerifyGivenSplit(t *testing.T) {
	c := flatCompany(500, 17)
	p := flatPlan()
	p.SplitColumn, p.Split = "lead_id", map[string]bool{}
	for i, cells := range c.cells {
		p.Split[cells[0]] = i%3 == 0
	}
	b := openBundle(t, run(t, c.table(nil, nil), p).Shipped)
	if v := verify(t, b, c.table(nil, nil), p.Split); !v.Identical || strings.Contains(v.Promise, "every platform") {
		t.Errorf("the same split: %+v", v)
	}
	p.Split[c.cells[0][0]] = false
	if v := verify(t, b, c.table(nil, nil), p.Split); v.Identical || v.Differences[0].Part != "data.(split)" {
		t.Errorf("another split: %+v", v)
	}
	if _, err := train.Verify(context.Background(), b, c.table(nil, nil), nil, nil); err == nil || !strings.Contains(err.Error(), "--split") {
		t.Errorf("without the split: %v", err)
	}
}

// Whatever can be asked of training comes back out of the bundle, but for a
// given split and for whether the judged bundle is shipped.
func TestPlanIsKept(t *testing.T) {
	c := smallCompany(500, 5)
	c.set("created_at", func(_ int, old string) string { return old[:10] + " " + old[11:16] })
	c.set("closed_at", func(_ int, old string) string {
		if old == "" {
			return old
		}
		return old[:10] + " " + old[11:16]
	})
	c.add("currency", func(i int) string { return []string{"EUR", "USD"}[i%2] })
	c.add("nothing", func(i int) string { return "x" })
	c.add("stage", func(i int) string { return []string{"new", "n/k"}[i%2] })
	p := smallPlan()
	p.Roles.Currency = "currency"
	p.Kinds = map[string]datasets.Kind{"visits": datasets.Category}
	p.Missing, p.Dates, p.Zone = []string{"n/k"}, "dmy", "Europe/Berlin"
	p.Contract.SilentAfter = 300
	p.Horizons, p.MainHorizon = []int{30, 60}, 60
	p.Rates = []datasets.Rate{{Currency: "EUR", Value: 1}, {Currency: "USD", Value: 0.5}}
	p.Junk, p.Exclude, p.Changes, p.Keep = []string{"source=call"}, []string{"nothing"}, []string{"stage"}, []string{"source"}
	p.RandomSplit, p.Model, p.Seed, p.Reading = true, "gbm", 7, []string{"where"}
	p.Search, p.ScorecardBins, p.GolearnLimit = &train.Search{Trials: 1}, "chimerge", 90*time.Second
	for i := range reflect.ValueOf(p).NumField() {
		name := reflect.TypeFor[train.Plan]().Field(i).Name
		if reflect.ValueOf(p).Field(i).IsZero() && !slices.Contains([]string{"Split", "SplitColumn", "NoRefit", "Sensitivity", "Tables", "Events", "alone", "reopened"}, name) {
			t.Fatalf("this test does not ask for %s", name)
		}
	}
	b := openBundle(t, run(t, c.table(nil, nil), p).Shipped)
	kept, err := train.PlanOf(b)
	if err != nil || !reflect.DeepEqual(kept, p) {
		t.Errorf("kept\n%+v, %v\nasked\n%+v", kept, err, p)
	}
	if v := verify(t, b, c.table(nil, nil), nil); !v.Identical {
		t.Errorf("%+v", v)
	}
	c.cells = c.cells[:400]
	if v := verify(t, b, c.table(nil, nil), nil); !strings.Contains(v.Cause(), "--where") {
		t.Errorf("does not remind of how the table was read: %s", v.Cause())
	}
	if !json.Valid(b.Manifest.Plan) || strings.Contains(string(b.Manifest.Plan), "-9223372036854775808") {
		t.Errorf("the plan is written as %s", b.Manifest.Plan)
	}
}
