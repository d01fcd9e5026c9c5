package linear_test

import (
	"context"
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/matrix"
)

// A logistic regression of an outcome on one number.
func ExampleLogistic() {
	x := matrix.New([][]float64{{1}, {2}, {3}, {4}, {5}, {6}})
	m, err := linear.Logistic{Lambda: 0.5}.Fit(context.Background(), x, models.Target{Y: []float64{0, 0, 1, 0, 1, 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 2)
	if err := m.Predict(p, matrix.New([][]float64{{2}, {5}})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f %.2f\n", p[0], p[1])
	// Output: 0.27 0.73
}
