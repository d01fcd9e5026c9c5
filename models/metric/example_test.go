package metric_test

import (
	"fmt"

	"github.com/leadcast/leadcast/models/metric"
)

// How well scores rank, and how sure that is.
func ExampleAUCInterval() {
	y := []float64{0, 0, 1, 0, 1, 1, 0, 1}
	p := []float64{0.1, 0.2, 0.3, 0.35, 0.4, 0.8, 0.5, 0.9}
	e := metric.AUCInterval(y, p, 0.95)
	fmt.Printf("%.3f (%.3f to %.3f)\n", e.Value, e.Low, e.High)
	// Output: 0.812 (0.481 to 1.000)
}
