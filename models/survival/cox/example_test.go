package cox_test

import (
	"context"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/survival/cox"
)

// Remission of leukaemia in weeks, with a treatment and without (Freireich and
// others 1963, Blood 21:699): the hazard ratio of most textbooks.
func Example() {
	y := models.Target{
		Exit: []float64{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
			1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23},
		Cause: []uint8{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0,
			1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	}
	treated := matrix.Column{Name: "treated", Nums: make([]float64, 42)}
	for i := range 21 {
		treated.Nums[i] = 1
	}
	x := &matrix.Matrix{Rows: 42, Columns: []matrix.Column{treated}}
	f, _ := cox.Regression{Ties: cox.Breslow}.Fit(context.Background(), x, y)
	fmt.Printf("β %.3f ± %.3f: hazard ratio %.2f\n", f.Coef[0], f.SE()[0], math.Exp(f.Coef[0]))

	hazard, se := f.Forecast([]float64{1}, 0, 0, 10)
	s := math.Exp(-hazard)
	low, high := survival.LogLog.Interval(s, se, 0.95)
	fmt.Printf("treated, in remission after 10 weeks: %.2f (%.2f to %.2f)\n", s, low, high)

	tests, _ := f.Proportional(cox.KaplanMeier)
	fmt.Printf("proportional hazards: p = %.2f\n", tests[0].P)
	// Output:
	// β -1.509 ± 0.410: hazard ratio 0.22
	// treated, in remission after 10 weeks: 0.80 (0.62 to 0.90)
	// proportional hazards: p = 0.80
}

// Deals of eight sellers in two regions, each region with a course of its own;
// some were recorded late. Deals of a seller are alike, which the plain standard
// error does not know.
func ExampleFit_Robust() {
	y := models.Target{
		Entry: []float64{0, 0, 3, 0, 0, 5, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0},
		Exit:  []float64{4, 5, 22, 25, 27, 30, 12, 14, 6, 8, 31, 33, 9, 10, 16, 18},
		Cause: []uint8{1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0},
	}
	demo := matrix.Column{Name: "demo", Nums: []float64{1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1}}
	region := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}
	seller := []int{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}
	f, _ := cox.Regression{Strata: region}.Fit(context.Background(), &matrix.Matrix{Rows: 16, Columns: []matrix.Column{demo}}, y)
	by := f.Robust(seller)
	fmt.Printf("β %.2f ± %.2f, by seller ± %.2f\n", f.Coef[0], f.SE()[0], math.Sqrt(by.Covariance[0][0]))
	// Output:
	// β 0.35 ± 0.64, by seller ± 0.75
}
