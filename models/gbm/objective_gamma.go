package gbm

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models/portable"
)

// Gamma fits the mean of amounts above zero whose spread grows with it, as with
// the values of deals that are won: the deviance of a gamma law with the log for
// a link (McCullagh and Nelder 1989, ch. 8). The margin is the log of the mean.
type Gamma struct{}

// Name is "gamma".
func (Gamma) Name() string { return "gamma" }

// Check wants an amount above 0. There is no exposure.
func (Gamma) Check(y, exposure float64) error {
	if !(y > 0) || math.IsInf(y, 1) {
		return errors.New("amount not above zero")
	}
	return unexposed(exposure)
}

// Base is the log of the mean.
func (Gamma) Base(events, exposure float64) float64 { return portable.Log(events / exposure) }

// Gradient is 1 − y/μ and y/μ, where μ = e^margin.
func (Gamma) Gradient(margin, y, _ float64) (g, h float64) {
	ratio := float64(y * portable.Exp(-clamp(margin)))
	return 1 - ratio, max(ratio, smallestCurvature)
}

// Loss is y/μ + margin; beyond the largest rates it goes on in a straight line.
func (Gamma) Loss(margin, y, _ float64) float64 {
	c := clamp(margin)
	ratio := float64(y * portable.Exp(-c))
	return ratio - float64(ratio*(margin-c)) + margin
}

// Link is e^margin.
func (Gamma) Link(margin float64) float64 { return portable.Exp(clamp(margin)) }
