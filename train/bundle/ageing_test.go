package bundle_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// The leads of ripening are mostly won between these days of their lives.
const ripe, overripe = 15.0, 50.0

// ripening is a company whose leads have a usual time of closing.
var ripening = sync.OnceValue(func() company {
	r := rand.New(rand.NewPCG(9, 1))
	rows := make([][]string, 1500)
	for i := range rows {
		visits := r.IntN(8)
		created := start.Add(time.Duration(r.IntN(600*24)) * time.Hour)
		status, closing := "Open", ""
		age := 0.0
		for _, part := range []struct{ until, won float64 }{{ripe, 0.001}, {overripe, 0.014}, {math.Inf(1), 0.0008}} {
			won, lost := part.won*math.Exp(0.15*float64(visits-4)), 0.004
			days := age + r.ExpFloat64()/(won+lost)
			if age = part.until; days >= age {
				continue
			}
			if closed := created.Add(time.Duration(days * 24 * float64(time.Hour))); datasets.Micros(closed) < asOf {
				if status = "Lost"; r.Float64() < won/(won+lost) {
					status = "Won"
				}
				closing = closed.Format(time.RFC3339)
			}
			break
		}
		rows[i] = []string{"L" + strconv.Itoa(i+1), created.Format(time.RFC3339), status, closing, "900", "web", strconv.Itoa(visits), "team"}
	}
	p := crmPlan()
	p.Horizons, p.MainHorizon, p.Model = []int{30, 90}, 30, "linear"
	return learn(raw(crmColumns, rows), p)
})

// aged is the forecast of a lead that has been open for some days.
func (c company) aged(t testing.TB, lead *datasets.Table, days float64) bundle.Score {
	t.Helper()
	created := c.read(t, lead).Leads.Column("created_at").Times[0]
	s, err := c.b.Read(lead, created+int64(math.Round(days*datasets.MicrosPerDay)))
	if err != nil {
		t.Fatal(err)
	}
	scores, err := c.b.Score(t.Context(), s, 0)
	if err != nil || scores[0].Err != nil {
		t.Fatal(err, scores[0].Err)
	}
	return scores[0]
}

// TestAgeingIsTheConditionalLaw: a lead that is scored again later without news
// has the forecast of its creation, given that it is still open.
func TestAgeingIsTheConditionalLaw(t *testing.T) {
	all := []company{ripening(), timed(), small(), unlost()}
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(all).Draw(r, "company")
		lead := c.leads.Gather([]int{rapid.IntRange(0, c.leads.Rows-1).Draw(r, "lead")})
		hours := rapid.IntRange(0, 24*int(c.b.Reach().Oldest)).Draw(r, "hours")
		age := float64(hours) / 24
		young, old := c.aged(t, lead, 0), c.aged(t, lead, age)
		var before, after [2]float64
		open := young.Curve.At(before[:], age)
		if open < 1e-3 {
			return // the difference of two numbers near one has lost its digits
		}
		for k, h := range c.b.Manifest.Horizons {
			p := old.WinBy[k]
			if p == nil {
				continue
			}
			young.Curve.At(after[:], age+float64(h))
			if want := (after[0] - before[0]) / open; math.Abs(*p-want) > 1e-11 {
				r.Fatalf("after %v days the forecast for %d more is %v, by the law %v", age, h, *p, want)
			}
			if h == c.b.Manifest.MainHorizon && old.Lost != nil {
				if want := (after[1] - before[1]) / open; math.Abs(*old.Lost-want) > 1e-11 {
					r.Fatalf("after %v days that of being lost is %v, by the law %v", age, *old.Lost, want)
				}
			}
		}
	})
}

// TestAgeingRisesAndFalls: up to the usual time of closing waiting is a good
// sign, after it a bad one.
func TestAgeingRisesAndFalls(t *testing.T) {
	c := ripening()
	for row := range 40 {
		lead := c.leads.Gather([]int{row})
		ages := []float64{0, ripe - 5, overripe - 30, overripe - 15, overripe, overripe + 20}
		var p [6]float64
		for k, age := range ages {
			p[k] = *c.aged(t, lead, age).Win
		}
		if !(p[0] < p[1] && p[1] < p[2] && p[2] > p[3] && p[3] > p[4] && p[4] >= 0.9*p[5] && p[2] > 3*p[5]) {
			t.Errorf("lead %d: after %v days open %.3f", row, ages, p)
		}
	}
}
