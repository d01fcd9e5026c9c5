package lift_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// inTheEnd is the probability of being won in the end that makes 9.89 % within 80 days.
const inTheEnd = 0.1505

// within is the probability of being won within some days of those that will
// be won in the end with probability p.
func within(days, p float64) float64 {
	return p * math.Erfc(-(math.Log(days/77)+0.245)/0.7/math.Sqrt2) / 2
}

// named finds an arm.
func named(t *testing.T, r *lift.Result, name string) lift.Arm {
	t.Helper()
	for _, a := range r.Arms {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("no arm %q", name)
	return lift.Arm{}
}

// foundAny says whether any difference stands out.
func foundAny(r *lift.Result) bool {
	for _, c := range r.Comparisons {
		if c.P != nil && *c.P < 0.05 {
			return true
		}
	}
	return false
}

// Two campaigns of the same true conversion, one running for a year and one
// for 90 days: both naive readings, and the mean cycle of the deals won so
// far, show large differences; the comparison finds one as often as its level.
func TestTwoCampaigns(t *testing.T) {
	const runs, leads = 200, 1500
	found := 0
	var all, closed, p, cycle, difference [2]float64
	for seed := range uint64(runs) {
		d := simulate(seed, 365, campaign{"A", leads, 0, 365, always(inTheEnd)}, campaign{"B", leads, 275, 365, always(inTheEnd)})
		r := compare(t, d, lift.Options{Horizon: 80, Seed: seed})
		if foundAny(r) {
			found++
		}
		for k, name := range []string{"A", "B"} {
			a := named(t, r, name)
			all[k] += a.WonOfAll / runs
			closed[k] += *a.WonOfDone / runs
			p[k] += *a.PWin / runs
			difference[k] += *r.Comparisons[k].Difference / runs
			sum := 0.0
			for i := range d.Arm {
				if d.Arm[i] == name && d.State[i] == datasets.Won {
					sum += d.Exit[i]
				}
			}
			cycle[k] += sum / float64(a.Won) / runs
		}
	}
	t.Logf("%-24s %7s %7s", "", "A", "B")
	t.Logf("%-24s %6.1f%% %6.1f%%", "open = lost", 100*all[0], 100*all[1])
	t.Logf("%-24s %6.1f%% %6.1f%%", "closed leads only", 100*closed[0], 100*closed[1])
	t.Logf("%-24s %6.2f%% %6.2f%%   (true: %.2f%%)", "Aalen–Johansen, 80 days", 100*p[0], 100*p[1], 100*within(80, inTheEnd))
	t.Logf("%-24s %6.0fd %6.0fd   (true: 77d)", "mean cycle of the won", cycle[0], cycle[1])
	t.Logf("false difference in %d of %d runs; mean difference %+.4f", found, runs, difference[1])
	if found < 2 || found > 22 {
		t.Errorf("a false difference in %d of %d runs", found, runs)
	}
	if all[1]/all[0] > 0.8 || closed[1]/closed[0] > 0.8 || cycle[1]/cycle[0] > 0.8 {
		t.Error("the naive readings should be wrong by more than a fifth, or the simulation is not the one meant")
	}
	for k := range p {
		if math.Abs(p[k]/within(80, inTheEnd)-1) > 0.02 {
			t.Errorf("arm %d: %.4f", k, p[k])
		}
	}
	if math.Abs(difference[1]) > 0.003 {
		t.Errorf("mean difference %.4f", difference[1])
	}
}

// Conversion doubles over the year, equally for both; B starts late. Side by
// side they are equal, while their own curves are not.
func TestDriftDoesNotFool(t *testing.T) {
	const runs = 100
	rising := func(day float64) float64 { return 0.1 + 0.1*day/365 }
	found, apart := 0, 0
	for seed := range uint64(runs) {
		r := compare(t, simulate(seed, 365, campaign{"A", 3000, 0, 365, rising}, campaign{"B", 1500, 200, 365, rising}), lift.Options{Horizon: 60, Seed: seed})
		if foundAny(r) {
			found++
		}
		if a, b := named(t, r, "A"), named(t, r, "B"); a.CI[1] < b.CI[0] || b.CI[1] < a.CI[0] || *b.PWin > 1.15**a.PWin {
			apart++
		}
	}
	t.Logf("side by side: %d of %d runs with a false difference; own curves apart in %d", found, runs, apart)
	if found > 11 {
		t.Errorf("a false difference in %d of %d runs", found, runs)
	}
	if apart < 60 {
		t.Errorf("the drift fools the own curves in %d of %d runs only: the test says nothing", apart, runs)
	}
}

// Five arms beside a control: all intervals hold the true difference at once in
// about 95 % of runs, and the better arm is found.
func TestIntervalsHoldTogether(t *testing.T) {
	const runs = 120
	wins := []float64{0.15, 0.15, 0.12, 0.18, 0.225}
	covered, power := 0, 0
	for seed := range uint64(runs) {
		campaigns := []campaign{{"control", 1500, 0, 365, always(0.15)}}
		for k, p := range wins {
			campaigns = append(campaigns, campaign{fmt.Sprint("arm ", k), 400 + 200*k, 30 * float64(k), 365, always(p)})
		}
		r := compare(t, simulate(seed+1000, 365, campaigns...), lift.Options{Horizon: 80, Control: "control", Seed: seed})
		hold := true
		for _, c := range r.Comparisons {
			var k int
			if _, err := fmt.Sscanf(c.Arm, "arm %d", &k); err != nil {
				t.Fatal(err)
			}
			truth := within(80, wins[k]) - within(80, 0.15)
			hold = hold && c.CI[0] <= truth && truth <= c.CI[1]
			if k == 4 && *c.P < 0.05 && *c.Difference > 0 {
				power++
			}
		}
		if hold {
			covered++
		}
	}
	t.Logf("all intervals hold in %d of %d runs; an arm that is half as good again is found in %d", covered, runs, power)
	if covered < runs*89/100 {
		t.Errorf("intervals hold together in %d of %d runs", covered, runs)
	}
	if power < runs*80/100 {
		t.Errorf("found in %d of %d runs", power, runs)
	}
}

// Many small arms with few wins each: no normal theory for differences would
// keep its level here.
func TestManySmallArms(t *testing.T) {
	const runs = 60
	found := 0
	for seed := range uint64(runs) {
		var campaigns []campaign
		for k := range 30 {
			campaigns = append(campaigns, campaign{fmt.Sprint(k), 60, float64(k), 200 + float64(k), always(0.08)})
		}
		if foundAny(compare(t, simulate(seed, 365, campaigns...), lift.Options{Horizon: 80, Seed: seed})) {
			found++
		}
	}
	t.Logf("a false difference in %d of %d runs", found, runs)
	if found > 7 {
		t.Errorf("a false difference in %d of %d runs", found, runs)
	}
}

// Leads of one account decide alike: taken as independent they would show
// differences that are none.
func TestAccounts(t *testing.T) {
	const runs, each = 60, 6
	found, ignored := 0, 0
	for seed := range uint64(runs) {
		d := simulate(seed, 365, campaign{"A", 120, 0, 250, always(0.3)}, campaign{"B", 120, 0, 250, always(0.3)})
		for i := range 240 {
			d.Account = append(d.Account, fmt.Sprint("account ", i))
			for range each - 1 {
				d.Arm, d.Created, d.Exit = append(d.Arm, d.Arm[i]), append(d.Created, d.Created[i]), append(d.Exit, d.Exit[i])
				d.State = append(d.State, d.State[i])
			}
		}
		for i := range 240 {
			for range each - 1 {
				d.Account = append(d.Account, d.Account[i])
			}
		}
		if foundAny(compare(t, d, lift.Options{Horizon: 80, Seed: seed})) {
			found++
		}
		d.Account = nil
		if foundAny(compare(t, d, lift.Options{Horizon: 80, Seed: seed})) {
			ignored++
		}
	}
	t.Logf("a false difference in %d of %d runs, without accounts in %d", found, runs, ignored)
	if found > 7 || ignored < 15 {
		t.Errorf("a false difference in %d of %d runs, without accounts in %d", found, runs, ignored)
	}
}
