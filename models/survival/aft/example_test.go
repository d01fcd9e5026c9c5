package aft_test

import (
	"context"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/aft"
)

// Remission of leukaemia in weeks, with a treatment and without (Freireich and
// others 1963, Blood 21:699).
var (
	weeks = models.Target{
		Exit: []float64{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
			1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23},
		Cause: []uint8{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0,
			1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	}
	treatment = &matrix.Matrix{Rows: 42, Columns: []matrix.Column{{Name: "treated", Nums: append(ones(21), make([]float64, 21)...)}}}
)

func ones(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

func Example() {
	f, _ := aft.Regression{Distribution: aft.Weibull}.Fit(context.Background(), treatment, weeks)
	fmt.Printf("treatment stretches time %.2f-fold; shape %.2f\n", math.Exp(f.Coef[1]), 1/f.Scale[0])
	for _, x := range []float64{0, 1} {
		median, se := f.Quantile(0.5, []float64{x}, 0)
		fmt.Printf("median %.1f ± %.1f weeks\n", median, se)
	}
	// Output:
	// treatment stretches time 3.55-fold; shape 1.37
	// median 7.2 ± 1.3 weeks
	// median 25.7 ± 6.3 weeks
}

// Of the deals of small and large customers, which are won at all, and when?
func ExampleCure() {
	y := models.Target{
		Exit:  []float64{3, 5, 6, 8, 9, 12, 60, 70, 80, 90, 4, 7, 11, 65, 75, 85, 95, 60, 90, 99},
		Cause: []uint8{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0},
	}
	large := &matrix.Matrix{Rows: 20, Columns: []matrix.Column{{Name: "large", Nums: append(ones(10), make([]float64, 10)...)}}}
	f, _ := aft.Cure{Distribution: aft.LogNormal}.Fit(context.Background(), large, &matrix.Matrix{Rows: 20}, y)
	for _, z := range [][]float64{{0}, {1}} {
		fmt.Printf("won at all %.2f; of those open after 10 days %.2f\n", f.Susceptible(z), f.StillSusceptible(10, z, nil))
	}
	// Output:
	// won at all 0.30; of those open after 10 days 0.07
	// won at all 0.60; of those open after 10 days 0.20
}
