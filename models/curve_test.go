package models_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
)

// drawCurve gives hazards in which a few per cent to nearly all go.
func drawCurve(t *rapid.T) models.Curve {
	n, causes := rapid.IntRange(0, 8).Draw(t, "cuts"), rapid.IntRange(1, 3).Draw(t, "causes")
	c := models.Curve{Cuts: make([]float64, n), Rates: make([][]float64, causes)}
	at := 0.0
	for k := range c.Cuts {
		at += rapid.Float64Range(0.5, 30).Draw(t, "width")
		c.Cuts[k] = at
	}
	for i := range c.Rates {
		c.Rates[i] = make([]float64, n+1)
		for k := range c.Rates[i] {
			c.Rates[i][k] = rapid.Float64Range(0, 0.05).Draw(t, "rate")
			if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
				c.Rates[i][k] = 0
			}
		}
	}
	return c
}

// The forecast of one that is open at s is the conditional law of the forecast
// at the start: F(s+t | open at s) = (F(s+t) − F(s)) / S(s).
func TestCurveIsConditional(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCurve(t)
		s, ahead := rapid.Float64Range(0, 60).Draw(t, "s"), rapid.Float64Range(0, 200).Draw(t, "t")
		early, late, later := make([]float64, len(c.Rates)), make([]float64, len(c.Rates)), make([]float64, len(c.Rates))
		open := c.At(early, s)
		c.At(late, s+ahead)
		c.From = s
		c.At(later, ahead)
		if open < 1e-3 {
			return // the difference of two numbers near one has lost its digits
		}
		for i := range later {
			if want := (late[i] - early[i]) / open; math.Abs(later[i]-want) > 1e-12 {
				t.Fatalf("cause %d: %v, by the law %v", i, later[i], want)
			}
		}
	})
}

// With no news a forecast rises as long as the whole look ahead lies before the
// usual time of happening, and falls once that is behind, as long as what else
// may happen does so at one rate at every age: it is the mean over the times of
// the other of one less exp(−hazard to come).
func TestCurveRisesAndFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCurve(t)
		peak := rapid.IntRange(0, len(c.Cuts)).Draw(t, "peak")
		slices.Sort(c.Rates[0][:peak+1])
		slices.SortFunc(c.Rates[0][peak:], func(a, b float64) int { return cmp.Compare(b, a) })
		for _, other := range c.Rates[1:] {
			for k := range other {
				other[k] = other[0]
			}
		}
		begins, ends := 0.0, math.Inf(1)
		if peak > 0 {
			begins = c.Cuts[peak-1]
		}
		if peak < len(c.Cuts) {
			ends = c.Cuts[peak]
		}
		ahead := rapid.Float64Range(0.1, 60).Draw(t, "t")
		now, later := rapid.Float64Range(0, 150).Draw(t, "s"), rapid.Float64Range(0, 60).Draw(t, "and")
		early, late := make([]float64, len(c.Rates)), make([]float64, len(c.Rates))
		c.From = now
		c.At(early, ahead)
		c.From = now + later
		c.At(late, ahead)
		if c.From+ahead <= ends && late[0] < early[0]-1e-12 {
			t.Fatalf("before its peak the forecast falls from %v to %v", early[0], late[0])
		}
		if now >= begins && late[0] > early[0]+1e-12 {
			t.Fatalf("behind its peak the forecast rises from %v to %v", early[0], late[0])
		}
	})
}

func TestCurveAddsUpToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCurve(t)
		c.From = rapid.Float64Range(0, 100).Draw(t, "from")
		dst, before := make([]float64, len(c.Rates)), make([]float64, len(c.Rates))
		if open := c.At(dst, 0); open != 1 || slices.Max(dst) != 0 {
			t.Fatalf("at the start %v are open and %v gone", open, dst)
		}
		for _, at := range []float64{1e-9, 0.1, 3, 17.5, 90, 1000, 1e6} {
			copy(before, dst)
			open := c.At(dst, at)
			sum := open
			for i, p := range dst {
				sum += p
				if p < before[i] || p > 1 {
					t.Fatalf("cause %d by %v is %v after %v", i, at, p, before[i])
				}
			}
			if math.Abs(sum-1) > 1e-12 || math.Abs(open-c.Open(at)) > 1e-12 {
				t.Fatalf("by %v they add up to %v; %v open, by Open %v", at, sum, open, c.Open(at))
			}
		}
	})
}

func TestCurveQuantileInverts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCurve(t)
		c.From = rapid.Float64Range(0, 100).Draw(t, "from")
		limit, p := rapid.Float64Range(1, 300).Draw(t, "limit"), rapid.Float64Range(0.01, 1).Draw(t, "p")
		all, some := make([]float64, len(c.Rates)), make([]float64, len(c.Rates))
		c.At(all, limit)
		at, ok := c.Quantile(0, p, limit)
		if ok != (all[0] > 0) || at < 0 || at > limit {
			t.Fatalf("quantile %v within %v (%v)", at, limit, ok)
		}
		if c.At(some, at); ok && math.Abs(some[0]-p*all[0]) > 1e-12 {
			t.Fatalf("by %v %v have gone, want %v", at, some[0], p*all[0])
		}
	})
}

// Hours instead of days: quantiles are 24 times as many, probabilities the same.
func TestCurveScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := drawCurve(t)
		days.From = rapid.Float64Range(0, 50).Draw(t, "from")
		hours := models.Curve{Cuts: slices.Clone(days.Cuts), From: 24 * days.From}
		for k := range hours.Cuts {
			hours.Cuts[k] *= 24
		}
		for _, r := range days.Rates {
			r = slices.Clone(r)
			for k := range r {
				r[k] /= 24
			}
			hours.Rates = append(hours.Rates, r)
		}
		at := rapid.Float64Range(0, 200).Draw(t, "t")
		a, b := make([]float64, len(days.Rates)), make([]float64, len(days.Rates))
		if math.Abs(days.At(a, at)-hours.At(b, 24*at)) > 1e-12 {
			t.Fatal("another share is open")
		}
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-12 {
				t.Fatalf("cause %d: %v in days, %v in hours", i, a[i], b[i])
			}
		}
		p, ok := days.Quantile(0, 0.5, 100)
		q, ok2 := hours.Quantile(0, 0.5, 2400)
		if ok != ok2 || math.Abs(q-24*p) > 1e-8*(1+q) {
			t.Fatalf("the median is %v days and %v hours", p, q)
		}
	})
}

func TestCurveWithoutRates(t *testing.T) {
	c := models.Curve{Rates: [][]float64{{0}, {0}}}
	dst := []float64{5, 5}
	if open := c.At(dst, 100); open != 1 || dst[0] != 0 || dst[1] != 0 {
		t.Errorf("%v open, %v gone", open, dst)
	}
	if _, ok := c.Quantile(0, 0.5, 100); ok {
		t.Error("a quantile of what never happens")
	}
}
