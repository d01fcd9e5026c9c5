package lift_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
	"github.com/leadcast/leadcast/models/survival"
)

// times adds leads of durations without dates: so many of a state after days,
// watched from an age on.
func times(d *lift.Data, arm string, n int, entry, days float64, state datasets.State) {
	for range n {
		d.Arm, d.Entry = append(d.Arm, arm), append(d.Entry, entry)
		d.Exit, d.State = append(d.Exit, days), append(d.State, state)
	}
}

// outcomes adds leads without any times.
func outcomes(d *lift.Data, arm string, won, lost, open int) {
	for state, n := range map[datasets.State]int{datasets.Won: won, datasets.Lost: lost, datasets.Open: open} {
		for range n {
			d.Arm, d.State = append(d.Arm, arm), append(d.State, state)
		}
	}
}

// beside finds the comparison of an arm.
func beside(t *testing.T, r *lift.Result, arm string) lift.Comparison {
	t.Helper()
	at := slices.IndexFunc(r.Comparisons, func(c lift.Comparison) bool { return c.Arm == arm })
	if at < 0 || r.Comparisons[at].Difference == nil {
		t.Fatalf("%s is not compared", arm)
	}
	return r.Comparisons[at]
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) < 1e-9) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Durations by hand. Of 120 leads 30 are won on day 5, 30 were last seen on day
// 10 and 30 are won on day 20: 1/4 + 3/4·1/2. Ninety were at risk when thirty
// went out of sight, so two thirds count as followed.
func TestDurationsByHand(t *testing.T) {
	var d lift.Data
	times(&d, "A", 30, 0, 5, datasets.Won)
	times(&d, "A", 30, 0, 10, datasets.Open)
	times(&d, "A", 30, 0, 20, datasets.Won)
	times(&d, "A", 30, 0, 50, datasets.Open)
	times(&d, "young", 40, 0, 5, datasets.Lost)
	times(&d, "young", 60, 0, 10, datasets.Open)
	times(&d, "decided", 20, 0, 3, datasets.Won)
	times(&d, "decided", 60, 0, 4, datasets.Lost)
	r := compare(t, d, lift.Options{Horizon: 30})
	a, young, decided := named(t, r, "A"), named(t, r, "young"), named(t, r, "decided")
	near(t, "the probability", *a.PWin, 0.625)
	near(t, "the share followed", a.Followed, 2.0/3)
	near(t, "half of the wins", *a.CycleP50, 20)
	if young.Ripe || young.PWin != nil || young.AskAgain != nil || young.Followed != 0 {
		t.Errorf("none of these was seen after day 10: %+v", young)
	}
	if near(t, "the probability", *decided.PWin, 0.25); decided.Followed != 1 {
		t.Errorf("nothing about these is open: %+v", decided)
	}
	near(t, "the difference", *beside(t, r, "A").Difference, 0.375)
	if r.AsOf != nil || *r.Horizon != 30 || !strings.Contains(r.Notes[0], "durations but no dates") {
		t.Errorf("%v %v %q", r.AsOf, r.Horizon, r.Notes)
	}
	times(&d, "A", 60, 7, 25, datasets.Lost) // at risk on day 20, and not on day 5: 1/4 + 3/4·30/120
	near(t, "with late entry the probability", *named(t, compare(t, d, lift.Options{Horizon: 30}), "A").PWin, 0.4375)
}

// Without dates two campaigns that started on different days still show no
// difference, where won ÷ all and won ÷ closed do.
func TestDurationsAlone(t *testing.T) {
	const runs = 100
	found, ripe := 0, 0
	var p [2]float64
	for seed := range uint64(runs) {
		d := simulate(seed, 365, campaign{"A", 1500, 0, 365, always(inTheEnd)}, campaign{"B", 1500, 245, 365, always(inTheEnd)})
		d.Created = nil
		r := compare(t, d, lift.Options{Horizon: 80, Seed: seed})
		if foundAny(r) {
			found++
		}
		for k, name := range []string{"A", "B"} {
			if a := named(t, r, name); a.Ripe {
				ripe++
				p[k] += *a.PWin / runs
			}
		}
	}
	t.Logf("A %.4f, B %.4f (true %.4f), a false difference in %d of %d runs", p[0], p[1], within(80, inTheEnd), found, runs)
	if ripe != 2*runs || math.Abs(p[0]-p[1]) > 0.003 || math.Abs(p[0]-within(80, inTheEnd)) > 0.003 || found > 11 {
		t.Errorf("%d ripe, A %.4f, B %.4f, a false difference in %d runs", ripe, p[0], p[1], found)
	}
}

// Shares without times by hand: 30 of 100 beside 50 of 100. The score test's
// variance is 0.4·0.6·(1/100 + 1/100), its deviate −2.887 and p 0.0039.
func TestSharesByHand(t *testing.T) {
	var d lift.Data
	outcomes(&d, "A", 30, 70, 0)
	outcomes(&d, "B", 50, 50, 0)
	r := compare(t, d, lift.Options{Costs: map[string]float64{"A": 600}})
	a := named(t, r, "A")
	near(t, "the share", *a.PWin, 0.3)
	near(t, "the cost", *a.CostPerWin, 20)
	low, high := survival.LogLog.Interval(0.7, math.Sqrt(0.3/0.7/99), 0.95) // R divides by one less
	near(t, "the low end", a.CI[0], 1-high)
	near(t, "the high end", a.CI[1], 1-low)
	if r.Horizon != nil || r.AsOf != nil || a.CycleP50 != nil || a.AskAgain != nil || a.Followed != 1 {
		t.Errorf("%+v %+v", r, a)
	}
	c := beside(t, r, "A")
	if near(t, "the difference", *c.Difference, -0.2); *c.P < 0.002 || *c.P > 0.006 || !(c.CI[0] > -0.34 && c.CI[0] < -0.32 && c.CI[1] > -0.08 && c.CI[1] < -0.06) {
		t.Errorf("p %v, interval %v", *c.P, *c.CI)
	}
}

// What open leads hide widens intervals by just as much as it may change, and
// where there are many of them nothing is said.
func TestOpenLeadsWithoutTimes(t *testing.T) {
	var d lift.Data
	outcomes(&d, "A", 30, 65, 5) // 5 % open, 30/95 of the others won
	outcomes(&d, "B", 50, 50, 0)
	outcomes(&d, "C", 30, 30, 40)
	r := compare(t, d, lift.Options{})
	var again, closed lift.Data
	outcomes(&again, "C", 30, 30, 40)
	outcomes(&again, "B", 50, 50, 0)
	outcomes(&again, "A", 30, 65, 5)
	if diff := cmp.Diff(r, compare(t, again, lift.Options{})); diff != "" {
		t.Errorf("in another order of the leads: %s", diff)
	}
	outcomes(&closed, "A", 30, 65, 0)
	outcomes(&closed, "B", 50, 50, 0)
	as := compare(t, closed, lift.Options{})
	a, known := named(t, r, "A"), named(t, as, "A")
	near(t, "the share", *a.PWin, 30.0/95)
	near(t, "the low end", a.CI[0], 0.95*known.CI[0])
	near(t, "the high end", a.CI[1], 0.05+0.95*known.CI[1])
	if c := named(t, r, "C"); c.Ripe || c.PWin != nil || c.AskAgain != nil || c.Open != 40 {
		t.Errorf("of C 40 of 100 are open: %+v", c)
	}
	one, two := beside(t, r, "A"), beside(t, as, "A")
	near(t, "the difference", *one.Difference, *two.Difference)
	near(t, "its low end", one.CI[0], two.CI[0]-0.05*30/95) // if none of A's open leads is won
	near(t, "its high end", one.CI[1], two.CI[1]+0.05*65/95)
	if *one.P <= *two.P || *one.P > 0.2 {
		t.Errorf("p %v with open leads, %v without", *one.P, *two.P)
	}
}

// Two arms that convert alike; one of them keeps those it will lose open for
// longer. Won ÷ closed finds a difference again and again, the comparison not.
func TestOpenLeadsDoNotFool(t *testing.T) {
	const runs, leads = 40, 3000
	found, naive := 0, 0
	for seed := range uint64(runs) {
		random := rand.New(rand.NewPCG(seed, 5))
		n := map[string][3]int{}
		for _, arm := range []string{"A", "B"} {
			var of [3]int
			for range leads {
				state := datasets.Lost
				if random.Float64() < 0.4 {
					state = datasets.Won
				} else if arm == "B" && random.Float64() < 0.12 {
					state = datasets.Open
				}
				of[state]++
			}
			n[arm] = of
		}
		var all, closed lift.Data
		for _, arm := range []string{"A", "B"} {
			outcomes(&all, arm, n[arm][datasets.Won], n[arm][datasets.Lost], n[arm][datasets.Open])
			outcomes(&closed, arm, n[arm][datasets.Won], n[arm][datasets.Lost], 0)
		}
		r := compare(t, all, lift.Options{Seed: seed})
		if foundAny(r) {
			found++
		}
		if len(r.Comparisons) != 2 {
			t.Fatalf("%+v", r)
		}
		if foundAny(compare(t, closed, lift.Options{Seed: seed})) {
			naive++
		}
	}
	t.Logf("a false difference in %d of %d runs, by won ÷ closed in %d", found, runs, naive)
	if found > 3 || naive < 24 {
		t.Errorf("a false difference in %d of %d runs, by won ÷ closed in %d", found, runs, naive)
	}
}

// The outcome contract says what is lost; not being won is no loss.
func TestOutcomesWithoutTimes(t *testing.T) {
	read := func(c datasets.Contract, values ...string) (lift.Data, *lift.Result) {
		var all, arms []string
		for range 40 {
			all, arms = append(all, values...), append(arms, slices.Repeat([]string{"web"}, len(values))...)
		}
		table := &datasets.Table{Rows: len(all), Columns: []*datasets.Column{
			{Name: "status", Kind: datasets.Category, Texts: datasets.MakeStrings(all...)}, {Name: "source", Kind: datasets.Category, Texts: datasets.MakeStrings(arms...)}}}
		roles := datasets.Roles{Outcome: "status"}
		o, _, err := c.Read(table, roles, datasets.NoTime)
		if err != nil {
			t.Fatal(err)
		}
		d, err := lift.FromTable(table, o, roles, c, "source")
		if err != nil {
			t.Fatal(err)
		}
		return d, compare(t, d, lift.Options{})
	}
	for _, c := range []struct {
		name      string
		contract  datasets.Contract
		values    []string
		won, lost int
		open      int
		p         float64 // −1: nothing is said
		says      string
	}{
		{"yes or no", datasets.Contract{Won: []string{"yes"}, OtherLost: true}, []string{"yes", "no", "no", "no"}, 40, 120, 0, 0.25, `the one value of "status" that does not mean won, "no", is taken to mean lost`},
		{"nobody says what is lost", datasets.Contract{Won: []string{"won"}, OtherLost: true}, []string{"won", "working", "dead"}, 40, 0, 80, -1, `nothing says which values of "status" mean lost and which still open`},
		{"the other value is no end", datasets.Contract{Won: []string{"won"}, OtherLost: true}, []string{"won", "In progress"}, 40, 0, 40, -1, `nothing says which values of "status" mean lost`},
		{"empty or filled", datasets.Contract{WonPresent: true, OtherLost: true}, []string{"2018-01-02", ""}, 40, 0, 40, -1, `where "status" is empty a lead may be lost or still open`},
		{"declared", datasets.Contract{Won: []string{"won"}, Lost: []string{"dead"}}, []string{"won", "working", "dead"}, 40, 40, 40, -1, "open leads cannot be followed without times, and there are 40"},
	} {
		d, r := read(c.contract, c.values...)
		a := r.Arms[0]
		if a.Won != c.won || a.Lost != c.lost || a.Open != c.open || (a.PWin == nil) != (c.p < 0) || !strings.Contains(strings.Join(r.Notes, "\n"), c.says) || d.Exit != nil {
			t.Errorf("%s: %+v, %q", c.name, a, r.Notes)
		}
		if a.PWin != nil {
			near(t, c.name, *a.PWin, c.p)
		}
	}
}
