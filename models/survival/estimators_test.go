package survival

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
)

// Remission of leukaemia in weeks, treated and not (Freireich and others 1963,
// Blood 21:699). The numbers are those of Kleinbaum and Klein, Survival
// Analysis, chapter 2, given there with two digits.
func TestLogRankOfATextbook(t *testing.T) {
	y := models.Target{
		Exit: []float64{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
			1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23},
		Cause: []uint8{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0,
			1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	}
	group := make([]int, 42)
	for i := 21; i < 42; i++ {
		group[i] = 1
	}
	l, err := LogRankTest(y, group, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{9, 21, 19.25, 10.75, 16.79} {
		got := append(append([]float64{}, l.Observed...), append(l.Expected, l.ChiSquare)...)[i]
		if math.Abs(got-want) > 0.006 {
			t.Errorf("number %d is %v, want %v", i, got, want)
		}
	}
	if l.DF != 1 || !(l.P < 5e-5 && l.P > 3e-5) {
		t.Errorf("p is %v with %d degrees of freedom", l.P, l.DF)
	}
	if _, err := LogRankTest(y, make([]int, 42), nil, 0); err == nil {
		t.Error("one group is accepted")
	}
}

// drawSubjects gives a few subjects on whole days, so that there are ties.
func drawSubjects(t *rapid.T, entries bool) models.Target {
	n := rapid.IntRange(1, 40).Draw(t, "n")
	y := models.Target{Exit: make([]float64, n), Cause: make([]uint8, n), Weight: make([]float64, n)}
	if entries {
		y.Entry = make([]float64, n)
	}
	for i := range n {
		from := 0
		if entries {
			from = rapid.IntRange(0, 15).Draw(t, "entry")
			y.Entry[i] = float64(from)
		}
		y.Exit[i] = float64(from + rapid.IntRange(1, 20).Draw(t, "days"))
		y.Cause[i] = rapid.Uint8Range(0, 2).Draw(t, "cause")
		y.Weight[i] = float64(rapid.IntRange(1, 3).Draw(t, "weight"))
	}
	return y
}

// Whole weights are repeated subjects; the causes and what is open add up to
// one; all causes together are what Kaplan and Meier call gone.
func TestEstimatorsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := drawSubjects(t, rapid.Bool().Draw(t, "late entry"))
		var often models.Target
		for i := range y.Exit {
			for range int(y.Weight[i]) {
				often.Exit, often.Cause = append(often.Exit, y.Exit[i]), append(often.Cause, y.Cause[i])
				if y.Entry != nil {
					often.Entry = append(often.Entry, y.Entry[i])
				}
			}
		}
		s, err := KaplanMeier(y)
		s2, err2 := KaplanMeier(often)
		a, err3 := AalenJohansen(y, 2)
		if err != nil || err2 != nil || err3 != nil {
			t.Fatal(err, err2, err3)
		}
		for k := range s.Time {
			if math.Abs(s.S[k]-s2.S[k]) > 1e-12 || s.Time[k] != s2.Time[k] {
				t.Fatalf("by %v weighted %v, repeated %v", s.Time[k], s.S[k], s2.S[k])
			}
			if math.Abs(a.F[0][k]+a.F[1][k]+a.Open[k]-1) > 1e-12 || math.Abs(a.Open[k]-s.S[k]) > 1e-12 {
				t.Fatalf("by %v: %v and %v gone, %v open, %v by Kaplan and Meier", a.Time[k], a.F[0][k], a.F[1][k], a.Open[k], s.S[k])
			}
			if low, high := LogLog.Interval(s.S[k], s.LogSE[k], 0.95); low > s.S[k] || high < s.S[k] {
				t.Fatalf("%v is not between %v and %v", s.S[k], low, high)
			}
		}
	})
}

// Where nobody is last seen open, estimates are plain shares.
func TestEstimatorsWithoutCensoring(t *testing.T) {
	y := models.Target{Exit: []float64{1, 2, 2, 3, 5}, Cause: []uint8{1, 2, 1, 1, 2}}
	s, err := KaplanMeier(y)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{0.8, 0.4, 0.2, 0} {
		if math.Abs(s.S[k]-want) > 1e-15 {
			t.Errorf("S at %v is %v, want %v", s.Time[k], s.S[k], want)
		}
		if p := s.S[k]; p > 0 && math.Abs(s.SE(k)-math.Sqrt(p*(1-p)/5)) > 1e-15 {
			t.Errorf("SE at %v is %v, not binomial", s.Time[k], s.SE(k))
		}
	}
	if mean, _ := s.Mean(10); math.Abs(mean-2.6) > 1e-15 {
		t.Errorf("mean %v, want 2.6", mean)
	}
	hazard, se := s.NelsonAalen(false)
	spread, _ := s.NelsonAalen(true)
	if math.Abs(hazard[1]-(1./5+2./4)) > 1e-15 || math.Abs(spread[1]-(1./5+1./4+1./3)) > 1e-15 || math.Abs(se[1]-math.Sqrt(1./25+2./16)) > 1e-15 {
		t.Errorf("cumulative hazard %v or %v, SE %v", hazard[1], spread[1], se[1])
	}
	a, err := AalenJohansen(y, 2)
	if err != nil {
		t.Fatal(err)
	}
	for c, se := range a.Jackknife(y)[1:] {
		for k, p := range a.F[c] {
			if math.Abs(se[k]-math.Sqrt(p*(1-p)/5)) > 1e-15 {
				t.Errorf("cause %d: SE %v of %v is not binomial", c+1, se[k], p)
			}
		}
	}
	if q, _, _ := s.Quantile(0.2, LogLog, 0.95); q != 1.5 {
		t.Errorf("a flat piece at the quantile gives %v, want its middle 1.5", q)
	}
}

// Every scale gives the same interval to first order, around the estimate.
func TestScales(t *testing.T) {
	for _, c := range []Scale{LogLog, Log, Plain, Logit, Arcsin} {
		for _, p := range []float64{0.01, 0.5, 0.99} {
			se := 1e-4 * (1 - p)
			low, high := c.Interval(p, se, 0.95)
			if half := 1.959963984540054 * se * p; math.Abs((p-low)/half-1) > 0.01 || math.Abs((high-p)/half-1) > 0.01 {
				t.Errorf("scale %d at %v: %v to %v, want %v either way", c, p, low, high, half)
			}
		}
		if low, high := c.Interval(0.9, 10, 0.95); low < 0 || high > 1 {
			t.Errorf("scale %d: %v to %v", c, low, high)
		}
		if low, _ := c.Interval(0, math.Inf(1), 0.95); !math.IsNaN(low) {
			t.Errorf("scale %d has an answer at 0", c)
		}
	}
}

func TestEstimatorsRefuse(t *testing.T) {
	for name, y := range map[string]models.Target{
		"no rows":         {},
		"no number":       {Exit: []float64{math.NaN()}, Cause: []uint8{0}},
		"ends too early":  {Exit: []float64{1}, Entry: []float64{2}, Cause: []uint8{0}},
		"never ends":      {Exit: []float64{math.Inf(1)}, Cause: []uint8{0}},
		"negative weight": {Exit: []float64{1}, Weight: []float64{-1}, Cause: []uint8{0}},
	} {
		if _, err := KaplanMeier(y); err == nil {
			t.Errorf("%s: accepted by Kaplan–Meier", name)
		}
		if _, err := AalenJohansen(y, 2); err == nil {
			t.Errorf("%s: accepted by Aalen–Johansen", name)
		}
	}
	if _, err := AalenJohansen(models.Target{Exit: []float64{1}, Cause: []uint8{3}}, 2); err == nil {
		t.Error("a third cause of two is accepted")
	}
}

// Gray's test does not mind the unit of time or the numbers of the groups, says
// nothing of groups that are alike, and without competition tells groups apart
// about as the log-rank test does.
func TestGray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := 3 * rapid.IntRange(10, 30).Draw(t, "n")
		y, slower, group, other := models.Target{}, models.Target{}, make([]int, n), make([]int, n)
		for i := range n {
			group[i], other[i] = i%3, (i+1)%3
			y.Exit = append(y.Exit, float64(rapid.IntRange(1, 30).Draw(t, "days")))
			y.Cause = append(y.Cause, rapid.Uint8Range(0, 2).Draw(t, "cause"))
			slower.Exit = append(slower.Exit, 16*y.Exit[i])
		}
		y.Cause[0], y.Cause[1], slower.Cause = 1, 1, y.Cause
		g, err := GrayTest(y, 1, group, 0)
		h, err2 := GrayTest(slower, 1, other, 0)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if !(g.ChiSquare >= 0) || math.Abs(g.ChiSquare-h.ChiSquare) > 1e-6*(1+g.ChiSquare) || g.DF != 2 {
			t.Fatalf("%v and %v", g, h)
		}
	})
	var y models.Target
	var group []int
	for i := range 200 {
		y.Exit, y.Cause, group = append(y.Exit, float64(1+i/2+5*(i%2)*(i/20))), append(y.Cause, uint8(min(1, i%5))), append(group, i%2)
	}
	g, err := GrayTest(y, 1, group, 0)
	l, err2 := LogRankTest(y, group, nil, 0)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if math.Abs(g.ChiSquare/l.ChiSquare-1) > 0.05 {
		t.Errorf("Gray %v, log-rank %v", g.ChiSquare, l.ChiSquare)
	}
	if _, err := GrayTest(y, 1, make([]int, 200), 0); err == nil {
		t.Error("one group is accepted")
	}
}
