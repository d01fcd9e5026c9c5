package gbm

import (
	"errors"
	"math"
)

// Huber fits a mean that far outcomes do not pull: squared up to Delta away
// from the forecast, in a straight line from there (Huber 1964, Annals of
// Mathematical Statistics 35:73).
type Huber struct {
	number
	Delta float64 // in the outcome's unit, above 0
}

// Name is "huber" and Delta.
func (o Huber) Name() string { return parametric("huber", o.Delta) }

func (o Huber) valid() error {
	if !(o.Delta > 0) || math.IsInf(o.Delta, 1) {
		return errors.New("want Delta above 0")
	}
	return nil
}

// Gradient is m − y, at most Delta either way, and 1: beyond Delta the curvature
// of the parabola that lies above the loss, since its own is zero there.
func (o Huber) Gradient(margin, y, _ float64) (g, h float64) {
	return min(max(margin-y, -o.Delta), o.Delta), 1
}

// Loss is ½r² for r = |m − y| up to Delta, Delta·(r − ½Delta) beyond.
func (o Huber) Loss(margin, y, _ float64) float64 {
	r := math.Abs(margin - y)
	near := min(r, o.Delta)
	return float64(near*near/2) + float64(o.Delta*(r-near))
}
