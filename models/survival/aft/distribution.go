package aft

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Distribution is that of a time T, whose logarithm is η + scale·W.
type Distribution int

// Weibull has W of the smallest extreme value, and shape 1/scale; Exponential is
// Weibull with scale 1; LogNormal has W normal, LogLogistic logistic.
const (
	Weibull Distribution = iota
	Exponential
	LogNormal
	LogLogistic
)

// curve is the value of a function of z with its two derivatives.
type curve struct{ value, slope, bend float64 }

// density is log f(z) of W.
func (d Distribution) density(z float64) curve {
	switch d {
	case LogNormal:
		return curve{-z*z/2 - halfLog2Pi, -z, -1}
	case LogLogistic:
		f := sigmoid(z)
		return curve{-math.Abs(z) - 2*math.Log1p(math.Exp(-math.Abs(z))), 1 - 2*f, -2 * f * (1 - f)}
	}
	e := math.Exp(z)
	return curve{z - e, 1 - e, -e}
}

// survival is log P(W > z).
func (d Distribution) survival(z float64) curve {
	switch d {
	case LogNormal:
		if z > 25 { // erfc underflows; the asymptotic series has its digits here
			y := 1 / (z * z)
			rest := y * (1 - 3*y*(1-5*y*(1-7*y)))
			h := z / (1 - rest)
			return curve{-z*z/2 - halfLog2Pi - math.Log(z) + math.Log1p(-rest), -h, -h * (z * rest / (1 - rest))}
		}
		s := math.Erfc(z/math.Sqrt2) / 2
		h := math.Exp(-z*z/2-halfLog2Pi) / s
		return curve{math.Log(s), -h, -h * (h - z)}
	case LogLogistic:
		f := sigmoid(z)
		return curve{-max(z, 0) - math.Log1p(math.Exp(-math.Abs(z))), -f, -f * (1 - f)}
	}
	e := math.Exp(z)
	return curve{-e, -e, -e}
}

var halfLog2Pi = math.Log(2*math.Pi) / 2

func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// quantile is the z below which W falls with probability p.
func (d Distribution) quantile(p float64) float64 {
	switch d {
	case LogNormal:
		return distuv.UnitNormal.Quantile(p)
	case LogLogistic:
		return math.Log(p) - math.Log1p(-p)
	}
	return math.Log(-math.Log1p(-p))
}

// mean of exp(scale·W).
func (d Distribution) mean(scale float64) float64 {
	switch d {
	case LogNormal:
		return math.Exp(scale * scale / 2)
	case LogLogistic:
		if scale >= 1 {
			return math.Inf(1)
		}
		return math.Pi * scale / math.Sin(math.Pi*scale)
	}
	return math.Gamma(1 + scale)
}
