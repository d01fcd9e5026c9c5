package gbm

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models"
)

// Squared fits the mean of any number by ½(m − y)² (Friedman 2001, §4.1).
type Squared struct{ number }

// Name is "squared".
func (Squared) Name() string { return "squared" }

// Gradient is m − y and 1.
func (Squared) Gradient(margin, y, _ float64) (g, h float64) { return margin - y, 1 }

// Loss is ½(m − y)².
func (Squared) Loss(margin, y, _ float64) float64 {
	return float64((margin-y)*(margin-y)) / 2
}

// number is what the objectives of any number share: the margin is the
// forecast, in the outcome's own unit.
type number struct{}

// Check wants a number whose square is one too. There is no exposure.
func (number) Check(y, exposure float64) error {
	if !(math.Abs(y) < 1e150) {
		return errors.New("outcome is not a number")
	}
	return unexposed(exposure)
}

// Base is the mean.
func (number) Base(events, exposure float64) float64 { return events / exposure }

// Link changes nothing.
func (number) Link(margin float64) float64 { return margin }

// start lifts the bound on steps, which is made for logarithms, and brings
// losses near one, for they are summed up in fixed point.
func (number) start(d *data, _ models.Target) error {
	top := 0.0
	for _, i := range d.held {
		top = max(top, float64(d.weightOf(int(i))*d.objective.Loss(d.base, d.y[i], 1)))
	}
	if d.limit = math.Inf(1); top > 0 {
		d.lossUnit = math.Ldexp(1, min(30-exponent(top), 1000))
	}
	return nil
}

func unexposed(exposure float64) error {
	if exposure != 1 {
		return errors.New("the objective takes no exposure")
	}
	return nil
}
