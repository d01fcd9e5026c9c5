package newton_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/leadcast/leadcast/models/newton"
)

// The rate of a Poisson count of 20 in 4 hours, as its logarithm.
func Example() {
	m, _ := newton.Maximise(context.Background(), []float64{0}, func(theta, g, h []float64) float64 {
		mean := 4 * math.Exp(theta[0])
		g[0] += 20 - mean
		h[0] += mean
		return 20*theta[0] - mean
	})
	fmt.Printf("rate %.2f, standard error of its log %.3f\n", math.Exp(m.At[0]), math.Sqrt(m.Covariance[0][0]))
	// Output: rate 5.00, standard error of its log 0.224
}

// hill is a normal density's logarithm around (3, −2·unit), seen through a bent
// coordinate so that its curvature is upwards far out.
func hill(unit float64) func(theta, g, h []float64) float64 {
	return func(theta, g, h []float64) float64 {
		x, y := theta[0]-3, theta[1]/unit+2
		q := 1 + x*x + y*y + x*y
		dx, dy := 2*x+y, 2*y+x
		g[0] -= dx / q
		g[1] -= dy / q / unit
		h[0] += 2/q - dx*dx/q/q
		h[2] += (1/q - dx*dy/q/q) / unit
		h[3] += (2/q - dy*dy/q/q) / unit / unit
		return -math.Log(q)
	}
}

func TestMaximise(t *testing.T) {
	for _, unit := range []float64{1, 1e9, 1e-9} {
		m, err := newton.Maximise(context.Background(), []float64{40, 30 * unit}, hill(unit))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(m.At[0]-3) > 1e-9 || math.Abs(m.At[1]/unit+2) > 1e-9 || math.Abs(m.Covariance[0][1]/unit+1./3) > 1e-9 || math.Abs(m.Covariance[1][1]/unit/unit-2./3) > 1e-9 {
			t.Errorf("in units of %v: %+v", unit, m)
		}
	}
}

func TestNoMaximum(t *testing.T) {
	for name, f := range map[string]func(theta, g, h []float64) float64{
		"no end": func(theta, g, h []float64) float64 {
			g[0] += math.Exp(-theta[0])
			h[0] += math.Exp(-theta[0])
			return -math.Exp(-theta[0])
		},
		"flat": func(theta, g, h []float64) float64 { return 0 },
	} {
		if m, err := newton.Maximise(context.Background(), []float64{0}, f); !errors.Is(err, newton.ErrNone) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newton.Maximise(ctx, []float64{40, 30}, hill(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
