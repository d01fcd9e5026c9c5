package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models/metric"
)

// TestCalibrationCovers: of forecasts of a known miscalibration, in accounts
// whose leads are alike, the intervals hold it as often as they say.
func TestCalibrationCovers(t *testing.T) {
	const worlds, accounts = 400, 150
	r := rand.New(rand.NewPCG(3, 3))
	hold := map[string]int{}
	for range worlds {
		s, level := &sample{}, &sample{}
		for a := range uint64(accounts) {
			shared := 0.6 * r.NormFloat64()
			z := -1.5 + r.NormFloat64()
			for range 4 {
				// forecast with log odds of 0.8·z + 0.3, the truth averaged over what accounts share
				u := r.Float64()
				for _, w := range []struct {
					s *sample
					m float64
				}{{s, 0.8*z + 0.3}, {level, z + 0.3}} {
					y := 0.0
					if u < 1/(1+math.Exp(-w.m-shared)) {
						y = 1
					}
					w.s.y, w.s.p, w.s.group = append(w.s.y, y), append(w.s.p, 1/(1+math.Exp(-z))), append(w.s.group, a)
				}
			}
		}
		slope, _ := s.calibration()
		shift, _ := level.calibration()
		// the mean over accounts pulls log odds to zero by about √(1+0.6²·0.346)
		pull := math.Sqrt(1 + 0.36*0.346)
		inside := func(name string, e metric.Estimate, truth float64) {
			if e.Low <= truth && truth <= e.High {
				hold[name]++
			}
		}
		inside("slope", slope.Slope, 0.8/pull)
		// with a slope of 1 the level answers for the pull of the mean, too
		inside("intercept", shift.Intercept, 0.3+1.2*(1-1/pull))
	}
	for _, name := range []string{"slope", "intercept"} {
		if share := float64(hold[name]) / worlds; share < 0.915 || share > 0.98 {
			t.Errorf("95 %% intervals of the %s hold it in %.1f %% of worlds", name, 100*share)
		}
	}
}

// TestCalibrationNeedsForecasts: few expected wins are no group, few wins have
// no slope.
func TestCalibrationNeedsForecasts(t *testing.T) {
	s := &sample{y: make([]float64, 100), p: make([]float64, 100), group: make([]uint64, 100)}
	for i := range s.p {
		s.p[i], s.group[i] = 0.04, uint64(i)
	}
	if _, ok := s.calibration(); ok {
		t.Error("four expected wins are compared")
	}
	for i := range s.p {
		s.p[i] = 0.08
	}
	s.y[3] = 1
	if c, ok := s.calibration(); !ok || math.Abs(c.OE.Value-0.125) > 1e-9 || c.OE.High < 0.5 || c.OE.P > 0.01 || !math.IsNaN(c.Slope.Value) || !math.IsNaN(c.Intercept.Value) {
		t.Errorf("one win of 8 expected: %+v", c)
	}
}
