package survival

import (
	"errors"
	"fmt"
	"math"
	"slices"

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
	Bases  []float64  // base margins of each subject's own fold, laid out as the candidates' margins; nil: those of Base
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
// its weights at Prior. Errors: no rows, margins out of range.
func (s Stacking) Fit(r *Rows, margins [][]float64) (Blend, error) {
	b := s.Base
	n := len(b.cuts) + 1
	if s.Groups != nil && len(s.Groups) != n || len(s.Prior) != len(margins) || s.Best < 0 || s.Best > len(margins) {
		panic("survival: groups, priors and candidates do not fit together")
	}
	if len(r.Subject) == 0 {
		return Blend{}, errors.New("survival: no rows to fit a blend to")
	}
	blend := Blend{Offset: make([]float64, b.Outputs())}
	for c := range b.causes {
		f := s.problem(r, margins, c)
		theta := f.start()
		if f.events > 0 && finite(b.margins[c*n]) {
			if !f.minimise(theta) {
				return Blend{}, fmt.Errorf("survival: cause %d: the blend cannot be fitted: a margin is out of range", c+1)
			}
			f.temper(theta)
			for k := range n {
				blend.Offset[c*n+k] = theta[0] + theta[1+f.group(k)]
			}
		}
		blend.Weight = append(blend.Weight, theta[f.candidates:])
	}
	return blend, nil
}

// temper shrinks the offsets by the rule of James and Stein (1961), each
// against its own standard error: an offset of less than two of them is noise
// and would only move every forecast, a clear one is kept.
func (f *problem) temper(theta []float64) {
	p := len(theta)
	hessian := make([]float64, p*p)
	f.value(theta, make([]float64, p), hessian)
	for i := range f.candidates {
		_, precision := f.prior(i)
		z2 := float64(theta[i]*theta[i]) * (hessian[i*p+i] - precision)
		theta[i] *= max(0, 1-4/max(z2, 1e-300))
	}
}

// problem is the penalised regression of one cause. Its parameters are the
// overall offset, the groups' departures from it, and the weights.
type problem struct {
	Stacking
	rows       *Rows
	cause      int       // from 0
	candidates int       // index of the first weight among the parameters
	kept       []int32   // rows that take part
	x          []float64 // each kept row's margins by candidate, less the base
	base       []float64 // each kept row's base margin
	events     float64
}

func (s Stacking) problem(r *Rows, margins [][]float64, cause int) *problem {
	f := &problem{Stacking: s, rows: r, cause: cause, candidates: 1}
	if f.Ridge == 0 {
		f.Ridge = 10
	}
	for k := range len(s.Base.cuts) + 1 {
		f.candidates = max(f.candidates, f.group(k)+2)
	}
	for i, subject := range r.Subject {
		o := f.output(i)
		base := s.Base.margins[o]
		if s.Bases != nil && finite(s.Bases[int(subject)*s.Base.Outputs()+o]) {
			base = s.Bases[int(subject)*s.Base.Outputs()+o]
		}
		for _, m := range margins {
			v := m[int(subject)*s.Base.Outputs()+o]
			if d := v - base; finite(d) || v != v {
				f.x = append(f.x, d)
			} else {
				f.x = append(f.x, 0)
			}
		}
		if x := f.x[len(f.kept)*len(margins):]; slices.ContainsFunc(x, math.IsNaN) {
			f.x = f.x[:len(f.x)-len(x)]
			continue
		}
		f.kept = append(f.kept, int32(i))
		f.base = append(f.base, base)
		if int(r.Cause[i]) == cause+1 {
			f.events += r.weight(i)
		}
	}
	return f
}

// output is the output that a row is about.
func (f *problem) output(row int) int {
	return f.cause*(len(f.Base.cuts)+1) + int(f.rows.Interval[row])
}

func (f *problem) group(k int) int {
	if f.Groups == nil {
		return k
	}
	return f.Groups[k]
}

// start is the prior mean, within bounds.
func (f *problem) start() []float64 {
	theta := make([]float64, f.candidates+len(f.Prior))
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

// value is the penalised negative log-likelihood; with a gradient and a
// Hessian (row-major, its lower triangle) given it fills them too.
func (f *problem) value(theta, gradient, hessian []float64) float64 {
	p, n := len(theta), len(f.Prior)
	clear(gradient)
	clear(hessian)
	sum := 0.0
	for i := range theta {
		mean, precision := f.prior(i)
		d := theta[i] - mean
		sum += float64(float64(precision*d) * d / 2)
		if gradient != nil {
			gradient[i] = float64(precision * d)
			hessian[i*p+i] = precision
		}
	}
	at, x := make([]int, n+2), make([]float64, n+2) // the parameters that a row touches, and by how much
	x[0], x[1] = 1, 1
	for j := range n {
		at[2+j] = f.candidates + j
	}
	for i, row := range f.kept {
		at[1] = 1 + f.group(int(f.rows.Interval[row]))
		copy(x[2:], f.x[i*n:][:n])
		eta := f.base[i]
		for j, a := range at {
			eta += float64(theta[a] * x[j])
		}
		w, y := f.rows.weight(int(row)), 0.0
		if int(f.rows.Cause[row]) == f.cause+1 {
			y = 1
		}
		loss, mu, curve := f.loss(eta, f.rows.Exposure[row])
		sum += float64(w * (loss - float64(y*eta)))
		if gradient == nil {
			continue
		}
		slope, bend := float64(w*(mu-y)), float64(w*curve)
		for j, a := range at {
			gradient[a] += float64(slope * x[j])
			part := float64(bend * x[j])
			for l, b := range at[:j+1] {
				hessian[a*p+b] += float64(part * x[l])
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
	const enough = 1e-7 // gain in log-likelihood below which the last step is taken unseen
	p := len(theta)
	gradient, hessian := make([]float64, p), make([]float64, p*p)
	step, next := make([]float64, p), make([]float64, p)
	for range 100 {
		now := f.value(theta, gradient, hessian)
		if !finite(now) {
			return false
		}
		copy(step, gradient)
		for i := range theta {
			if theta[i] <= f.least(i) && gradient[i] > 0 {
				for j := range p {
					hessian[i*p+j], hessian[j*p+i] = 0, 0
				}
				hessian[i*p+i], step[i] = 1, 0
			}
		}
		solve(hessian, step)
		moved := false
		for length := 1.0; !moved && length > 1e-8; length /= 2 {
			gain := 0.0
			for i := range theta {
				next[i] = max(f.least(i), theta[i]-float64(length*step[i]))
				gain += float64(gradient[i] * (theta[i] - next[i]))
			}
			last := math.Abs(gain) < enough
			if moved = last || gain > 0 && f.value(next, nil, nil) < now; moved {
				copy(theta, next)
			}
			if last {
				return true
			}
		}
		if !moved {
			return true
		}
	}
	return true
}

// solve replaces b by a⁻¹b for a symmetric positive definite a of the size of
// b, of which the lower triangle is read, by Cholesky's decomposition in place.
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
