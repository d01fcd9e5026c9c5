package gbm

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models/portable"
)

// Tweedie fits the mean of amounts that are often exactly zero, as is the value
// of a lead of which most come to nothing: a Poisson number of gamma amounts,
// whose variance is the mean to the Power (Tweedie 1984; Jørgensen 1987, JRSS B
// 49:127). Power near 1 is for many small amounts, near 2 for few large ones;
// 1.5 is usual. The margin is the log of the mean.
type Tweedie struct {
	Power float64 // above 1 and below 2
}

// Name is "tweedie" and Power.
func (o Tweedie) Name() string { return parametric("tweedie", o.Power) }

func (o Tweedie) valid() error {
	if !(o.Power > 1 && o.Power < 2) {
		return errors.New("want Power above 1 and below 2")
	}
	return nil
}

// Check wants an amount of at least 0. There is no exposure.
func (Tweedie) Check(y, exposure float64) error {
	if !(y >= 0) || math.IsInf(y, 1) {
		return errors.New("amount below zero")
	}
	return unexposed(exposure)
}

// Base is the log of the mean.
func (Tweedie) Base(events, exposure float64) float64 { return portable.Log(events / exposure) }

// powers are y·μ^(1−Power) and μ^(2−Power).
func (o Tweedie) powers(margin, y float64) (pull, size float64) {
	return float64(y * portable.Exp(float64((1-o.Power)*margin))), portable.Exp(float64((2 - o.Power) * margin))
}

// Gradient is μ^(2−p) − y·μ^(1−p), where μ = e^margin, and its derivative.
func (o Tweedie) Gradient(margin, y, _ float64) (g, h float64) {
	pull, size := o.powers(clamp(margin), y)
	return size - pull, max(float64((2-o.Power)*size)+float64((o.Power-1)*pull), smallestCurvature)
}

// Loss is μ^(2−p)/(2−p) + y·μ^(1−p)/(p−1); beyond the largest rates it goes on
// in a straight line.
func (o Tweedie) Loss(margin, y, _ float64) float64 {
	c := clamp(margin)
	pull, size := o.powers(c, y)
	return size/(2-o.Power) + pull/(o.Power-1) + float64((size-pull)*(margin-c))
}

// Link is e^margin.
func (Tweedie) Link(margin float64) float64 { return portable.Exp(clamp(margin)) }
