package aft

import (
	"math"
)

// SE are the standard errors of the coefficients, then of the log scales.
func (f *Fit) SE() (se []float64) {
	for j := range f.Covariance {
		se = append(se, math.Sqrt(f.Covariance[j][j]))
	}
	return se
}

// Linear is the mean location of log time of one with columns x, and its
// standard error.
func (f *Fit) Linear(x []float64) (eta, se float64) {
	d := f.gradient(x)
	for j, v := range d[:len(f.Coef)] {
		eta += f.Coef[j] * v
	}
	return eta, f.root(d)
}

// gradient of η by the parameters.
func (f *Fit) gradient(x []float64) []float64 {
	if len(x)+1 != len(f.Coef) {
		panic("aft: a row of another number of columns")
	}
	d := make([]float64, len(f.Covariance))
	d[0] = 1
	copy(d[1:], x)
	return d
}

// root is the standard error of what has the gradient d.
func (f *Fit) root(d []float64) float64 {
	v := 0.0
	for j, a := range d {
		for l, b := range d {
			v += a * f.Covariance[j][l] * b
		}
	}
	return math.Sqrt(v)
}

// Quantile is the time by which it has happened with probability p to one with
// columns x in a stratum, and its standard error by the delta method, the
// scale's included.
func (f *Fit) Quantile(p float64, x []float64, stratum int) (t, se float64) {
	z := f.problem.quantile(p)
	d := f.gradient(x)
	if len(f.Coef)+stratum < len(d) {
		d[len(f.Coef)+stratum] = z * f.Scale[stratum]
	}
	eta, _ := f.Linear(x)
	t = math.Exp(eta + z*f.Scale[stratum])
	return t, t * f.root(d)
}

// Survival is the probability that it has not happened by t.
func (f *Fit) Survival(t float64, x []float64, stratum int) float64 {
	eta, _ := f.Linear(x)
	return math.Exp(f.problem.survival((math.Log(t) - eta) / f.Scale[stratum]).value)
}

// Mean is the mean time; +Inf for LogLogistic with a scale of 1 or more.
func (f *Fit) Mean(x []float64, stratum int) float64 {
	eta, _ := f.Linear(x)
	return math.Exp(eta) * f.problem.mean(f.Scale[stratum])
}

// Residuals of the rows that were fitted: response is the time seen (of an
// interval, its beginning) less exp(η); deviance is the root of twice what the
// log-likelihood falls short of its best, positive for a time that is too long
// (McCullagh, Nelder 1989, 2.4; as R's survreg).
func (f *Fit) Residuals() (response, deviance []float64) {
	p := f.problem
	for i, r := range p.rows {
		eta, scale := p.linear(f.Coef, i), f.Scale[r.stratum]
		t := p.term(r, eta, scale)
		best := 0.0
		switch {
		case r.low == r.high:
			best = p.density(0).value - math.Log(scale) // W is likeliest at 0, whatever its shape
		case !math.IsInf(r.high, 1) && !math.IsInf(r.low, -1):
			best = p.best((r.high - r.low) / scale)
		}
		d := math.Sqrt(max(0, 2*(best-t.value)))
		response, deviance = append(response, math.Exp(r.low)-math.Exp(eta)), append(deviance, math.Copysign(d, t.eta))
	}
	return response, deviance
}

// best is the most log-probability that an interval of a width can have.
func (d Distribution) best(width float64) float64 {
	a := -width / 2
	if d == Weibull || d == Exponential {
		a = math.Log(width / math.Expm1(width))
	}
	return d.between(a, a+width, 1).value
}

// Robust is the covariance that holds though rows are dependent within clusters
// (numbers from 0; nil means that each row is one by itself) or the shape is
// wrong: the sandwich of Huber (1967) and White (1982), no small-sample factor.
func (f *Fit) Robust(cluster []int) [][]float64 {
	p, n := f.problem, len(f.Covariance)
	if cluster != nil && len(cluster) != len(p.rows) {
		panic("aft: clusters and rows differ in length")
	}
	var sums [][]float64
	for i, r := range p.rows {
		t, at := p.term(r, p.linear(f.Coef, i), f.Scale[r.stratum]), i
		if cluster != nil {
			at = cluster[i]
		}
		for at >= len(sums) {
			sums = append(sums, make([]float64, n))
		}
		for j, c := range p.columns {
			sums[at][j] += r.weight * t.eta * c[i]
		}
		if s := len(p.columns) + r.stratum; s < n {
			sums[at][s] += r.weight * t.s
		}
	}
	robust := make([][]float64, n)
	for j := range robust {
		robust[j] = make([]float64, n)
	}
	d := make([]float64, n)
	for _, u := range sums {
		for j := range d {
			d[j] = 0
			for l, v := range u {
				d[j] += f.Covariance[j][l] * v
			}
		}
		for j := range d {
			for l := range d {
				robust[j][l] += d[j] * d[l]
			}
		}
	}
	return robust
}
