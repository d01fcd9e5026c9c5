package models_test

import (
	"fmt"

	"github.com/leadcast/leadcast/models"
)

// Two causes compete. In the first 30 days one per cent of those still open
// are won each day, later half a per cent; one per cent are lost throughout.
var curve = models.Curve{
	Cuts:  []float64{30},
	Rates: [][]float64{{0.010, 0.005}, {0.010, 0.010}},
}

func ExampleCurve_At() {
	gone := make([]float64, 2)
	for _, days := range []float64{30, 90} {
		open := curve.At(gone, days)
		fmt.Printf("by day %.0f: won %.3f, lost %.3f, open %.3f\n", days, gone[0], gone[1], open)
	}
	// Output:
	// by day 30: won 0.226, lost 0.226, open 0.549
	// by day 90: won 0.334, lost 0.443, open 0.223
}

// A subject that is still open on day 30 has its best time behind it.
func ExampleCurve_from() {
	later := curve
	later.From = 30
	gone := make([]float64, 2)
	open := later.At(gone, 60)
	fmt.Printf("60 days on: won %.3f, lost %.3f, open %.3f\n", gone[0], gone[1], open)
	// Output:
	// 60 days on: won 0.198, lost 0.396, open 0.407
}

// How long it takes those that are won within 90 days.
func ExampleCurve_Quantile() {
	for _, p := range []float64{0.1, 0.5, 0.9} {
		days, _ := curve.Quantile(0, p, 90)
		fmt.Printf("%.0f %% within %.1f days\n", 100*p, days)
	}
	// Output:
	// 10 % within 3.5 days
	// 50 % within 20.3 days
	// 90 % within 65.3 days
}

func ExampleCurve_Open() {
	fmt.Printf("%.3f\n", curve.Open(90))
	// Output:
	// 0.223
}
