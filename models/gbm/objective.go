package gbm

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/portable"
)

// Objective is what boosting minimises: a loss of one row's margin, convex,
// with its first two derivatives. Weights are applied outside. Those of this
// package can be written to bytes and read; others may be fitted and used, with
// margins that step as logarithms do, by at most 4 a tree before shrinking.
type Objective interface {
	// Name identifies the objective in a fitted model's bytes.
	Name() string
	// Check refuses an outcome or exposure outside the objective's domain.
	Check(y, exposure float64) error
	// Base is the margin that is best without any column, from the weighted sums.
	Base(events, exposure float64) float64
	// Gradient gives the first and second derivative of Loss by the margin. The second is above zero; a
	// bound of it stands in where it may be zero.
	Gradient(margin, y, exposure float64) (g, h float64)
	// Loss is the negative log-likelihood, up to a constant that depends on the data only.
	Loss(margin, y, exposure float64) float64
	// Link turns a margin into a prediction per unit of exposure.
	Link(margin float64) float64
}

// Logistic fits the probability of y = 1; the margin is the log-odds. Soft labels
// y between 0 and 1 are fitted by their cross-entropy, as if each row were y rows
// that say yes and 1 − y that say no.
// Exposure plays no part.
type Logistic struct{}

// Name is "logistic".
func (Logistic) Name() string { return "logistic" }

// Check wants y between 0 and 1: a soft label is a probability.
func (Logistic) Check(y, _ float64) error {
	if !(y >= 0 && y <= 1) {
		return fmt.Errorf("outcome outside 0…1")
	}
	return nil
}

// Base is the log-odds of the mean.
func (Logistic) Base(events, exposure float64) float64 { return portable.Logit(events / exposure) }

// Gradient is p − y and p·(1−p), with all digits however small they are.
func (Logistic) Gradient(margin, y, _ float64) (g, h float64) {
	e := portable.Exp(-math.Abs(margin))
	p, q := 1/(1+e), e/(1+e)
	if margin < 0 {
		p, q = q, p
	}
	return float64((1-y)*p) - float64(y*q), max(float64(p*q), smallestCurvature)
}

// Loss is log(1+e^m) − y·m, computed without overflow.
func (Logistic) Loss(margin, y, _ float64) float64 {
	return max(margin, 0) + portable.Log1p(portable.Exp(-math.Abs(margin))) - float64(y*margin)
}

// Link is the sigmoid.
func (Logistic) Link(margin float64) float64 { return portable.Sigmoid(margin) }

// Poisson fits a rate: y events in exposure units of time; the margin is the
// log of the rate per unit.
type Poisson struct{}

// Name is "poisson".
func (Poisson) Name() string { return "poisson" }

// Check wants a count of at least 0 and an exposure above 0.
func (Poisson) Check(y, exposure float64) error {
	if !(y >= 0) || math.IsInf(y, 1) {
		return fmt.Errorf("count of events below zero")
	}
	if !(exposure > 0) || math.IsInf(exposure, 1) {
		return fmt.Errorf("exposure not above zero")
	}
	return nil
}

// Base is the log of the overall rate.
func (Poisson) Base(events, exposure float64) float64 { return portable.Log(events / exposure) }

// Gradient is μ − y and μ, where μ = exposure·e^margin events are expected.
func (Poisson) Gradient(margin, y, exposure float64) (g, h float64) {
	mu := float64(exposure * portable.Exp(clamp(margin)))
	return mu - y, max(mu, smallestCurvature)
}

// Loss is μ − y·(margin + log exposure), without the part of y alone; beyond
// the largest rates it goes on in a straight line.
func (Poisson) Loss(margin, y, exposure float64) float64 {
	c := clamp(margin)
	mu := float64(exposure * portable.Exp(c))
	return mu + float64(mu*(margin-c)) - float64(y*(margin+portable.Log(exposure)))
}

// Link is e^margin, events per unit of exposure.
func (Poisson) Link(margin float64) float64 { return portable.Exp(clamp(margin)) }

// A margin beyond ±largestRate gives rates that no data support and whose sums
// could overflow; a curvature of zero would make Newton steps infinite.
const (
	largestRate       = 80
	smallestCurvature = 1e-16
)

func clamp(margin float64) float64 { return min(max(margin, -largestRate), largestRate) }

// parametric is the name of an objective with a parameter.
func parametric(kind string, v float64) string {
	return kind + " " + strconv.FormatFloat(v, 'g', -1, 64)
}

// named is the objective that has a name, nil if there is none: what a fitted
// model's bytes may hold.
func named(name string) Objective {
	_, parameter, _ := strings.Cut(name, " ")
	v, _ := strconv.ParseFloat(parameter, 64)
	for _, o := range objectives(v) {
		if p, ok := o.(interface{ valid() error }); o.Name() == name && (!ok || p.valid() == nil) {
			return o
		}
	}
	return nil
}

// objectives lists them all; v is the parameter of those that have one.
func objectives(v float64) []Objective {
	whole := min(max(v, 0), 1<<10)
	return []Objective{
		Logistic{}, Poisson{}, Squared{}, Huber{Delta: v}, Quantile{Level: v}, Gamma{}, Tweedie{v},
		Softmax{int(whole)}, Cox{uint8(min(whole, 255))},
	}
}
