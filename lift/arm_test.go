package lift_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

const day = datasets.MicrosPerDay

// start is 2018-01-01.
const start = 17532 * day

// table makes leads by hand: the arm, the day of creation, the days to the
// outcome, and the outcome as of the day end.
func table(end int64, rows ...[4]any) lift.Data {
	d := lift.Data{End: start + end*day}
	for _, r := range rows {
		created, days, state := int64(r[1].(int)), float64(r[2].(int)), r[3].(datasets.State)
		if float64(end-created) <= days {
			days, state = float64(end-created), datasets.Open
		}
		d.Arm, d.Created = append(d.Arm, r[0].(string)), append(d.Created, start+created*day)
		d.Exit, d.State = append(d.Exit, days), append(d.State, state)
	}
	return d
}

// With one month the comparison is that of two Aalen–Johansen curves, and an
// arm by itself is its own curve, late entry included.
func TestAgreesWithAalenJohansen(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	d := lift.Data{End: start + 400*day}
	for i := range 600 {
		created := start + int64(r.Float64()*20*float64(day))
		entry := math.Max(0, float64(20*r.IntN(4)-20))
		exit := entry + float64(1+r.IntN(90))
		d.Arm, d.Created = append(d.Arm, []string{"A", "B"}[i%2]), append(d.Created, created)
		d.Entry, d.Exit = append(d.Entry, entry), append(d.Exit, exit)
		d.State = append(d.State, datasets.State(1+r.IntN(2)))
	}
	got := compare(t, d, lift.Options{Horizon: 60})
	var p [2]float64
	for k, name := range []string{"A", "B"} {
		var y models.Target
		for i := range d.Arm {
			if d.Arm[i] == name {
				y.Entry, y.Exit, y.Cause = append(y.Entry, math.Max(d.Entry[i], 0)), append(y.Exit, d.Exit[i]), append(y.Cause, uint8(d.State[i]))
			}
		}
		a, err := survival.AalenJohansen(y, 2)
		if err != nil {
			t.Fatal(err)
		}
		last, _ := slices.BinarySearch(a.Time, 60.5)
		p[k] = a.F[0][last-1]
		if arm := named(t, got, name); math.Abs(*arm.PWin-p[k]) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, *arm.PWin, p[k])
		}
	}
	c := got.Comparisons[0]
	if math.Abs(*c.Difference-(p[0]-p[1])) > 1e-12 || math.Abs(*c.PArm-p[0]) > 1e-12 {
		t.Errorf("difference %v, want %v", *c.Difference, p[0]-p[1])
	}
	if got.Comparisons[1].Control != lift.Rest || *got.Comparisons[1].P != *c.P {
		t.Error("two arms: each beside the rest is one comparison seen from both sides")
	}
}

// Sixty leads by hand: no censoring before the horizon, so shares are counts.
func TestCounts(t *testing.T) {
	var rows [][4]any
	for i := range 60 {
		state, days := datasets.Lost, 5+i
		if i%3 == 0 {
			state, days = datasets.Won, 1+i/3 // days 1 to 20
		}
		rows = append(rows, [4]any{"A", 0, days, state})
	}
	d := table(100, rows...)
	a := compare(t, d, lift.Options{Horizon: 30, Costs: map[string]float64{"A": 500}}).Arms[0]
	if math.Abs(*a.PWin-1.0/3) > 1e-12 || *a.CycleP10 != 2 || *a.CycleP50 != 10 || *a.CycleP90 != 18 {
		t.Errorf("p %v, cycle %v %v %v", *a.PWin, *a.CycleP10, *a.CycleP50, *a.CycleP90)
	}
	if *a.CostPerWin != 500.0/20 || !a.Ripe || a.AskAgain != nil || a.Followed != 1 || *a.WonOfDone != 1.0/3 {
		t.Errorf("%+v", a)
	}
	if !(a.CI[0] < 0.25 && a.CI[0] > 0.2 && a.CI[1] > 0.42 && a.CI[1] < 0.47) {
		t.Errorf("interval %v", *a.CI) // Wilson's for 20 of 60: 0.227 to 0.459
	}
}

// A hundred leads, one a day from 2018-01-01. At a horizon of 30 days the 30th
// is followed to it at the end of 30 January + 30 days.
func TestAskAgain(t *testing.T) {
	arm := func(end int64, name string, leads int) (rows [][4]any) {
		for i := range min(leads, int(end)) {
			rows = append(rows, [4]any{name, i, 200, datasets.Won})
		}
		return rows
	}
	ask := func(end int64, leads int) lift.Arm {
		return compare(t, table(end, arm(end, "A", leads)...), lift.Options{Horizon: 30}).Arms[0]
	}
	// Created on day 29 (2018-01-30), watched 30 days on day 59: 2018-03-01.
	if a := ask(50, 50); a.Ripe || a.PWin != nil || a.CI != nil || a.AskAgain == nil || *a.AskAgain != "2018-03-01" {
		t.Errorf("%+v", a)
	}
	if a := ask(58, 50); a.Ripe || *a.AskAgain != "2018-03-01" {
		t.Errorf("%+v", a)
	}
	if a := ask(59, 50); !a.Ripe || a.AskAgain != nil {
		t.Errorf("%+v", a)
	}
	// Below 30 leads only more leads can help.
	if a := ask(1000, 29); a.Ripe || a.AskAgain != nil {
		t.Errorf("%+v", a)
	}
	// Of 400 leads a tenth, 40, must be followed: 31 on the first day, 369 on day 20.
	var rows [][4]any
	for i := range 400 {
		rows = append(rows, [4]any{"A", map[bool]int{true: 0, false: 20}[i < 31], 200, datasets.Won})
	}
	if a := compare(t, table(40, rows...), lift.Options{Horizon: 30}).Arms[0]; a.Ripe || *a.AskAgain != "2018-02-20" || math.Abs(a.Followed-31.0/400) > 1e-12 {
		t.Errorf("%+v", a)
	}
}

// What is not ripe is in no comparison, and is no control.
func TestUnripeIsNotCompared(t *testing.T) {
	d := simulate(1, 365, campaign{"A", 500, 0, 300, always(0.2)}, campaign{"B", 500, 0, 300, always(0.2)}, campaign{"young", 500, 300, 365, always(0.9)}, campaign{"few", 20, 0, 300, always(0.9)})
	r := compare(t, d, lift.Options{Horizon: 80})
	if len(r.Comparisons) != 2 || r.Comparisons[0].Arm == "young" || r.Comparisons[1].Arm == "young" {
		t.Fatalf("%+v", r.Comparisons)
	}
	var older lift.Data // the others are not in the rest either
	older.End = d.End
	for i, a := range d.Arm {
		if a == "A" || a == "B" {
			older.Arm, older.Created = append(older.Arm, a), append(older.Created, d.Created[i])
			older.Exit, older.State = append(older.Exit, d.Exit[i]), append(older.State, d.State[i])
		}
	}
	if diff := cmp.Diff(compare(t, older, lift.Options{Horizon: 80}).Comparisons, r.Comparisons); diff != "" {
		t.Error(diff)
	}
	if r := compare(t, d, lift.Options{Horizon: 80, Control: "young"}); len(r.Comparisons) != 0 || len(r.Notes) != 1 {
		t.Errorf("%+v", r)
	}
	if r := compare(t, simulate(1, 365, campaign{"A", 500, 0, 300, always(0.2)}), lift.Options{}); len(r.Comparisons) != 0 || len(r.Notes) != 1 {
		t.Errorf("one arm: %+v", r)
	}
	var wrong *datasets.Error
	if _, err := lift.Compare(d, lift.Options{Control: "nix"}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "A, B, few, young") {
		t.Error(err)
	}
}

// Arms that never ran in the same month cannot be compared, and say so.
func TestNotSideBySide(t *testing.T) {
	d := simulate(1, 365, campaign{"A", 300, 0, 58, always(0.2)}, campaign{"B", 300, 59.5, 150, always(0.2)})
	r := compare(t, d, lift.Options{Horizon: 80})
	for _, c := range r.Comparisons {
		if c.Difference != nil || c.CI != nil || c.P != nil || c.Note == "" {
			t.Errorf("%+v", c)
		}
	}
	if len(r.Comparisons) != 2 || r.Arms[0].PWin == nil {
		t.Errorf("%+v", r)
	}
}

// The keys of the contract are there, with null where nothing can be said.
func TestJSON(t *testing.T) {
	d := simulate(1, 365, campaign{"A", 400, 0, 300, always(0.2)}, campaign{"B", 300, 0, 300, always(0.2)}, campaign{"C", 10, 0, 300, always(0.2)})
	text, err := json.Marshal(compare(t, d, lift.Options{Horizon: 80, Control: "A"}))
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Horizon     int              `json:"horizon_days"`
		Arms        []map[string]any `json:"arms"`
		Comparisons []map[string]any `json:"comparisons"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Horizon != 80 || len(r.Arms) != 3 || len(r.Comparisons) != 1 {
		t.Fatalf("%s", text)
	}
	for _, a := range r.Arms {
		for _, key := range []string{"arm", "leads", "p_win", "ci", "ripe", "ask_again", "cycle_p50_days", "cost_per_win"} {
			if _, ok := a[key]; !ok {
				t.Errorf("no key %s in %v", key, a)
			}
		}
	}
	if c := r.Arms[2]; c["p_win"] != nil || c["ci"] != nil || c["ripe"] != false || r.Arms[0]["ripe"] != true {
		t.Errorf("%v", c)
	}
	c := r.Comparisons[0]
	if c["arm"] != "B" || c["control"] != "A" || c["difference"] == nil || len(c["ci"].([]any)) != 2 || c["p_value"] == nil {
		t.Errorf("%v", c)
	}
}

// few draws a small company with ties, late entries and accounts.
func few(t *rapid.T) lift.Data {
	d := lift.Data{End: start + 150*day}
	for k := range rapid.IntRange(1, 4).Draw(t, "arms") {
		for range rapid.IntRange(20, 150).Draw(t, "leads") + k {
			created := int64(rapid.IntRange(0, 100).Draw(t, "created"))
			entry := float64(max(0, rapid.IntRange(-200, 20).Draw(t, "entry")))
			entry = min(entry, float64(150-created))
			exit := min(entry+float64(rapid.IntRange(0, 60).Draw(t, "days")), float64(150-created))
			d.Arm, d.Created = append(d.Arm, fmt.Sprint(k)), append(d.Created, start+created*day)
			d.Entry, d.Exit = append(d.Entry, entry), append(d.Exit, exit)
			d.State = append(d.State, datasets.State(rapid.IntRange(0, 2).Draw(t, "state")))
			d.Account = append(d.Account, rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(t, "account"))
		}
	}
	return d
}

// Neither the order of rows nor the names of arms mean anything; intervals
// hold their estimates, p and zero agree, and probabilities are some.
func TestProperties(t *testing.T) {
	compared := 0
	defer func() {
		if compared < 10 {
			t.Errorf("only %d comparisons", compared)
		}
	}()
	rapid.Check(t, func(t *rapid.T) {
		d := few(t)
		o := lift.Options{Horizon: rapid.IntRange(5, 40).Draw(t, "horizon"), Seed: 1}
		r, err := lift.Compare(d, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Arms {
			if a.Ripe != (a.PWin != nil) || a.Ripe && !(0 <= a.CI[0] && a.CI[0] <= *a.PWin && *a.PWin <= a.CI[1] && a.CI[1] <= 1) {
				t.Fatalf("%+v", a)
			}
		}
		for _, c := range r.Comparisons {
			if c.Difference == nil {
				continue
			}
			compared++
			if !(c.CI[0] <= *c.Difference && *c.Difference <= c.CI[1]) || *c.P <= 0 || *c.P > 1 {
				t.Fatalf("%+v: %v %v %v", c, *c.Difference, *c.CI, *c.P)
			}
			if out := c.CI[0] > 1e-9 || c.CI[1] < -1e-9; out != (*c.P < 0.05) && math.Abs(*c.P-0.05) > 0.001 {
				t.Fatalf("%+v: %v and p %v", c, *c.CI, *c.P)
			}
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		shuffled, renamed := lift.Data{End: d.End}, d
		for _, i := range rapid.Permutation(indices(len(d.Arm))).Draw(t, "order") {
			shuffled.Arm, shuffled.Created = append(shuffled.Arm, d.Arm[i]), append(shuffled.Created, d.Created[i])
			shuffled.Entry, shuffled.Exit = append(shuffled.Entry, d.Entry[i]), append(shuffled.Exit, d.Exit[i])
			shuffled.State, shuffled.Account = append(shuffled.State, d.State[i]), append(shuffled.Account, d.Account[i])
		}
		if again, err := lift.Compare(shuffled, o); err != nil {
			t.Fatal(err)
		} else if other, _ := json.Marshal(again); string(text) != string(other) {
			t.Fatalf("another order of rows:\n%s\n%s", text, other)
		}
		names := rapid.Permutation([]string{"0", "1", "2", "3"}).Draw(t, "names")
		renamed.Arm = nil
		for _, a := range d.Arm {
			renamed.Arm = append(renamed.Arm, names[a[0]-'0'])
		}
		again, err := lift.Compare(renamed, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Arms {
			b := again.Arms[slices.IndexFunc(again.Arms, func(b lift.Arm) bool { return b.Name == names[a.Name[0]-'0'] })]
			if a.Name = b.Name; !cmp.Equal(a, b) {
				t.Fatal(cmp.Diff(a, b))
			}
		}
		for _, c := range r.Comparisons {
			k := again.Comparisons[slices.IndexFunc(again.Comparisons, func(b lift.Comparison) bool { return b.Arm == names[c.Arm[0]-'0'] })]
			if (c.P == nil) != (k.P == nil) || c.P != nil && (math.Abs(*c.Difference-*k.Difference) > 1e-9 || math.Abs(*c.P-*k.P) > 0.03) {
				t.Fatalf("%+v became %+v", c, k)
			}
		}
	})
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
