package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The interval in closed form is where the bootstrap's is: of 400 draws, that is
// known to a seventh of the standard error.
func TestMeanDifferenceOfMany(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 5))
	a, b := make([]float64, 100_001), make([]float64, 100_001)
	for i := range a {
		a[i] = source.ExpFloat64()
	}
	resampled := MeanDifference(a[1:], b[1:], nil, nil, 400, 1, 0.95)
	closed := MeanDifference(a, b, nil, nil, 400, 1, 0.95)
	if math.Abs(closed.Value-resampled.Value) > 1e-3 || math.Abs(closed.SE/resampled.SE-1) > 0.15 ||
		math.Abs(closed.Low-resampled.Low) > resampled.SE/2 || math.Abs(closed.High-resampled.High) > resampled.SE/2 {
		t.Errorf("closed %+v, resampled %+v", closed, resampled)
	}
}
