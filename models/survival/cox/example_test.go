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
