package survival

import (
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models/portable"
)

// Stacking fits a Blend to what candidates said about subjects that they were
// not fitted to (Wolpert 1992, Neural Networks 5:241; Breiman 1996, Machine
// Learning 24:49 for the weights that may not be negative). It is the blend,
// the calibration and the shrinkage in one: a penalised Poisson regression on
// person-period rows, or a logistic one on a plain yes/no outcome, with
// normal priors around Prior for the weights and around zero for the offsets.
type Stacking struct {
	Base   *BaseRates // what the blend shrinks to
	Groups []int      // group of each interval that shares an offset, 0, 1, …; nil means one each
	Prior  []float64  // prior weight of each candidate
	Ridge  float64    // prior precision of the weights, in events; 0 means 10
	Best   int        // the candidate, counted from 1, that ranks best: it keeps a weight of at least 0.05; 0 means none
}

// Prior precisions of the overall offset of a cause and of each group's
// departure from it: standard deviations of 0.5 and 0.2 on the margin.
const (
	overallPrecision = 4
	groupPrecision   = 25
	leastBest        = 0.05
)

// Fit finds the blend for the rows of Expand, or of Flat where Base is a
// probability. margins[j] has the Margins of candidate j for every subject,
// subject by subject in the base's layout. A subject with a NaN among its
// margins is left out; −Inf, a cause that a fold had no event of, counts as
// the base. A cause without events in the rows keeps its offsets at zero and
// its weights at Prior.
func (s Stacking) Fit(r *Rows, margins [][]float64) (Blend, error) {
	b := s.Base
	n := len(b.cuts) + 1
	if s.Groups != nil && len(s.Groups) != n || len(s.Prior) != len(margins) || s.Best < 0 || s.Best > len(margins) {
		panic("survival: groups, priors and candidates do not fit together")
	}
	blend := Blend{Offset: make([]float64, b.Outputs())}
	for c := range b.causes {
		f := s.problem(r, margins, c)
		theta := f.start()
		if f.events > 0 && finite(b.margins[c*n]) {
			if !f.minimise(theta) {
				return Blend{}, fmt.Errorf("survival: cause %d: the blend cannot be fitted: a margin is out of range", c+1)
			}
			for k := range n {
				blend.Offset[c*n+k] = theta[0] + theta[1+f.group(k)]
			}
		}
		blend.Weight = append(blend.Weight, theta[f.candidates:])
	}
	if len(r.Subject) == 0 {
		return Blend{}, errors.New("survival: no rows to fit a blend to")
	}
	return blend, nil
}

// problem is the penalised regression of one cause. Its parameters are the
// overall offset, the groups' departures from it, and the weights.
type problem struct {
	Stacking
	rows       *Rows
	margins    [][]float64
	cause      int // from 0
	candidates int // index of the first weight among the parameters
	events     float64
	x          []float64 // work space: margin of each candidate less the base
	at         []int     // work space: parameters that a row touches
}

func (s Stacking) problem(r *Rows, margins [][]float64, cause int) *problem {
	f := &problem{Stacking: s, rows: r, margins: margins, cause: cause}
	if f.Ridge == 0 {
		f.Ridge = 10
	}
	groups := 0
	for k := range len(s.Base.cuts) + 1 {
		groups = max(groups, f.group(k)+1)
	}
	f.candidates = 1 + groups
	f.x = make([]float64, len(margins)+2)
	f.at = make([]int, len(margins)+2)
	for j := range margins {
		f.at[2+j] = f.candidates + j
	}
	for i, c := range r.Cause {
		if int(c) == cause+1 {
			f.events += r.weight(i)
		}
	}
	return f
}

func (f *problem) group(k int) int {
	if f.Groups == nil {
		return k
	}
	return f.Groups[k]
}

// start is the prior mean, within bounds.
func (f *problem) start() []float64 {
	theta := make([]float64, f.candidates+len(f.margins))
	for j, w := range f.Prior {
		theta[f.candidates+j] = max(w, f.least(f.candidates+j))
	}
	return theta
}

// least is the lower bound of a parameter.
func (f *problem) least(i int) float64 {
	switch {
	case i < f.candidates:
		return math.Inf(-1)
	case i-f.candidates+1 == f.Best:
		return leastBest
	}
	return 0
}

// prior is the mean and the precision of a parameter.
func (f *problem) prior(i int) (mean, precision float64) {
	switch {
	case i == 0:
		return 0, overallPrecision
	case i < f.candidates:
		return 0, groupPrecision
	}
	return f.Prior[i-f.candidates], f.Ridge
}

// row fills the work space for a row: the parameters it touches, their
// regressors, and the base margin; false where the row is left out.
func (f *problem) row(i int) (base float64, ok bool) {
	k := int(f.rows.Interval[i])
	o := f.cause*(len(f.Base.cuts)+1) + k
	base = f.Base.margins[o]
	f.at[0], f.at[1] = 0, 1+f.group(k)
	f.x[0], f.x[1] = 1, 1
	for j, m := range f.margins {
		v := m[int(f.rows.Subject[i])*f.Base.Outputs()+o]
		if v != v {
			return 0, false
		}
		if v -= base; !finite(v) {
			v = 0
		}
		f.x[2+j] = v
	}
	return base, true
}

// value is the penalised negative log-likelihood; with a gradient and a
// Hessian (row-major) given it fills them too.
func (f *problem) value(theta, gradient, hessian []float64) float64 {
	p := len(theta)
	clear(gradient)
	clear(hessian)
	sum := 0.0
	for i := range theta {
		mean, precision := f.prior(i)
		d := theta[i] - mean
		sum += float64(precision*d) * d / 2
		if gradient != nil {
			gradient[i] = float64(precision * d)
			hessian[i*p+i] = precision
		}
	}
	for i := range f.rows.Subject {
		base, ok := f.row(i)
		if !ok {
			continue
		}
		eta := base
		for j, a := range f.at {
			eta += float64(theta[a] * f.x[j])
		}
		w, y := f.rows.weight(i), 0.0
		if int(f.rows.Cause[i]) == f.cause+1 {
			y = 1
		}
		loss, mu, curve := f.loss(eta, f.rows.Exposure[i])
		sum += float64(w * (loss - float64(y*eta)))
		if gradient == nil {
			continue
		}
		slope, bend := float64(w*(mu-y)), float64(w*curve)
		for j, a := range f.at {
			gradient[a] += float64(slope * f.x[j])
			for l, b := range f.at {
				hessian[a*p+b] += float64(float64(bend*f.x[j]) * f.x[l])
			}
		}
	}
	return sum
}

// loss is the part of the negative log-likelihood that does not depend on the
// outcome, and its first two derivatives by the margin.
func (f *problem) loss(eta, exposure float64) (loss, mean, curve float64) {
	if f.Base.chance {
		p := portable.Sigmoid(eta)
		return max(eta, 0) + portable.Log1p(portable.Exp(-math.Abs(eta))), p, float64(p * (1 - p))
	}
	mu := float64(exposure * portable.Exp(eta))
	return mu, mu, mu
}

// minimise moves theta to the minimum by Newton steps projected on the bounds
// (Bertsekas 1982, SIAM J. Control Optim. 20:221): parameters that sit on a
// bound and are pushed against it do not take part in a step. The objective is
// convex. It is false where the objective is not finite.
func (f *problem) minimise(theta []float64) bool {
	p := len(theta)
	gradient, hessian := make([]float64, p), make([]float64, p*p)
	next := make([]float64, p)
	for range 100 {
		now := f.value(theta, gradient, hessian)
		if !finite(now) {
			return false
		}
		for i := range theta {
			if theta[i] <= f.least(i) && gradient[i] > 0 {
				for j := range p {
					hessian[i*p+j], hessian[j*p+i] = 0, 0
				}
				hessian[i*p+i], gradient[i] = 1, 0
			}
		}
		solve(hessian, gradient)
		moved := false
		for step := 1.0; step > 1e-6; step /= 2 {
			far := 0.0
			for i := range theta {
				next[i] = max(f.least(i), theta[i]-float64(step*gradient[i]))
				far = max(far, math.Abs(next[i]-theta[i]))
			}
			if far < 1e-10 {
				return true
			}
			if f.value(next, nil, nil) < now {
				copy(theta, next)
				moved = true
				break
			}
		}
		if !moved {
			return true
		}
	}
	return true
}

// solve replaces b by a⁻¹b for a symmetric positive definite a of the size of
// b, by Cholesky's decomposition in place.
func solve(a, b []float64) {
	p := len(b)
	for i := range p {
		for j := range i + 1 {
			sum := a[i*p+j]
			for k := range j {
				sum -= float64(a[i*p+k] * a[j*p+k])
			}
			if i == j {
				a[i*p+i] = math.Sqrt(sum)
			} else {
				a[i*p+j] = sum / a[j*p+j]
			}
		}
	}
	for i := range p {
		for k := range i {
			b[i] -= float64(a[i*p+k] * b[k])
		}
		b[i] /= a[i*p+i]
	}
	for i := p - 1; i >= 0; i-- {
		for k := i + 1; k < p; k++ {
			b[i] -= float64(a[k*p+i] * b[k])
		}
		b[i] /= a[i*p+i]
	}
}
