package calib_test

import (
	"fmt"

	"github.com/leadcast/leadcast/models/calib"
)

// Forecasts that rank well but claim too much are drawn towards what came true.
func ExamplePlatt() {
	p := []float64{0.02, 0.05, 0.1, 0.2, 0.8, 0.9, 0.95, 0.98}
	y := []float64{0, 0, 1, 0, 1, 0, 1, 1}
	m, err := calib.Platt(p, y, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f %.2f\n", m.At(0.05), m.At(0.95))
	// Output: 0.30 0.70
}
