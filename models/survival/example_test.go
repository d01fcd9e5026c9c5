package survival_test

import (
	"context"
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// Remission of leukaemia in weeks (Freireich and others 1963, Blood 21:699; the
// treated group, as in most textbooks).
var weeks = models.Target{
	Exit:  []float64{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35},
	Cause: []uint8{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0},
}

func ExampleKaplanMeier() {
	s, _ := survival.KaplanMeier(weeks)
	k := s.Step(10)
	low, high := survival.LogLog.Interval(s.S[k], s.LogSE[k], 0.95)
	fmt.Printf("after 10 weeks %.3f (%.3f to %.3f)\n", s.S[k], low, high)
	median, _, _ := s.Quantile(0.5, survival.LogLog, 0.95)
	fmt.Printf("median %.0f weeks\n", median)
	// Output:
	// after 10 weeks 0.753 (0.503 to 0.889)
	// median 23 weeks
}

// Five deals: two won, two lost, one still open.
func ExampleAalenJohansen() {
	a, _ := survival.AalenJohansen(models.Target{
		Exit:  []float64{10, 20, 30, 40, 50},
		Cause: []uint8{1, 2, 0, 1, 2},
	}, 2)
	for k, t := range a.Time {
		fmt.Printf("day %.0f: won %.1f, lost %.1f, open %.1f\n", t, a.F[0][k], a.F[1][k], a.Open[k])
	}
	// Output:
	// day 10: won 0.2, lost 0.0, open 0.8
	// day 20: won 0.2, lost 0.2, open 0.6
	// day 30: won 0.2, lost 0.2, open 0.6
	// day 40: won 0.5, lost 0.2, open 0.3
	// day 50: won 0.5, lost 0.5, open 0.0
}

// Are deals of two regions won alike? One wins sooner; the other loses more.
func ExampleGrayTest() {
	y := models.Target{
		Exit:  []float64{5, 8, 9, 12, 15, 20, 22, 30, 7, 10, 16, 18, 25, 28, 33, 40},
		Cause: []uint8{1, 1, 2, 1, 1, 1, 0, 1, 2, 2, 1, 2, 0, 2, 1, 0},
	}
	region := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}
	for cause, name := range []string{"won", "lost"} {
		g, _ := survival.GrayTest(y, cause+1, region, 0)
		fmt.Printf("%s: chi-square %.2f, p = %.3f\n", name, g.ChiSquare, g.P)
	}
	// Output:
	// won: chi-square 6.15, p = 0.013
	// lost: chi-square 1.85, p = 0.174
}

// Base rates by age are a model like any other: here of 45 days at risk before
// day 10 with one win, and 20 later with three.
func ExampleBaseline() {
	y := models.Target{
		Exit:  []float64{5, 10, 12, 14, 24},
		Cause: []uint8{1, 0, 1, 1, 1},
	}
	x := &matrix.Matrix{Rows: 5}
	m, _ := survival.Baseline{Cuts: []float64{10}, Causes: 1}.Fit(context.Background(), x, y)
	base := m.(*survival.BaseRates)
	rates := make([]float64, base.Outputs())
	_ = base.Predict(rates, x.Gather([]int32{0}))
	curve := base.Curve(rates, 0)
	fmt.Printf("%.3f a day, then %.3f: won within 20 days %.2f\n", rates[0], rates[1], 1-curve.Open(20))
	// Output:
	// 0.033 a day, then 0.110: won within 20 days 0.76
}

// What a group was exposed to by week 10, and the mean time within 35 weeks.
func ExampleSurvival_NelsonAalen() {
	s, _ := survival.KaplanMeier(weeks)
	hazard, se := s.NelsonAalen(false)
	fmt.Printf("cumulative hazard %.3f ± %.3f\n", hazard[s.Step(10)], se[s.Step(10)])
	mean, se35 := s.Mean(35)
	fmt.Printf("mean %.1f ± %.1f weeks\n", mean, se35)
	// Output:
	// cumulative hazard 0.268 ± 0.121
	// mean 23.3 ± 2.8 weeks
}

// Do deals of two regions end at different times?
func ExampleLogRankTest() {
	y := models.Target{
		Exit:  []float64{5, 8, 9, 12, 15, 20, 22, 30, 7, 10, 16, 18, 25, 28, 33, 40},
		Cause: []uint8{1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0},
	}
	region := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}
	l, _ := survival.LogRankTest(y, region, nil, 0)
	fmt.Printf("observed %.0f and %.0f, expected %.1f and %.1f: p = %.3f\n", l.Observed[0], l.Observed[1], l.Expected[0], l.Expected[1], l.P)
	// Output:
	// observed 6 and 3, expected 3.2 and 5.8: p = 0.040
}
