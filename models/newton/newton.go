// Package newton maximises likelihoods of a few dozen parameters whose
// derivatives are known.
package newton

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Maximum is where a likelihood is largest.
type Maximum struct {
	At         []float64
	Value      float64
	Covariance [][]float64 // inverse of the information there
	Steps      int
}

// ErrNone means that the search ended without a maximum: parameters that say
// the same, or one that has no end.
var ErrNone = errors.New("newton: the likelihood has no maximum")

const (
	mostSteps = 100
	halvings  = 40
	settled   = 1e-22 // squared length of a step, in standard errors
	rounding  = 1e-12 // the same, below which a step that is no shorter than the one before is noise
	near      = 1e-6  // the same, below which steps shrink fast, unless the way has no end: then by e each
	endless   = 0.3
	dependent = 1e-12 // part of a parameter's information that the ones before it leave
)

// Maximise climbs from a start by Newton's method (or Fisher's scoring). The
// likelihood adds its gradient to g and its information, minus the second
// derivatives or what they are expected to be, to the lower triangle of h, a
// square of len(g) rows; both are zero before. Steps that would go down are
// halved; where the information is not positive definite it is damped
// (Levenberg 1944; Marquardt 1963). The unit of a parameter does not matter.
func Maximise(ctx context.Context, start []float64, likelihood func(theta, g, h []float64) float64) (*Maximum, error) {
	n := len(start)
	m := &Maximum{At: start}
	g, h := make([]float64, n), make([]float64, n*n)
	m.Value = likelihood(m.At, g, h)
	for before := math.Inf(1); m.Steps < mostSteps; m.Steps++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := factor(h, n)
		if f == nil {
			break
		}
		step := f.solve(g)
		length := 0.0
		for j, v := range step {
			length += v * g[j]
		}
		slow := length > endless*before
		if slow && !f.damped && length > rounding && before < near {
			break
		}
		stalled := slow && length < rounding
		if before = length; (length < settled || stalled) && !f.damped {
			m.Covariance = f.inverse()
			return m, nil
		}
		moved := false
		for range halvings {
			next := append([]float64(nil), m.At...)
			for j, v := range step {
				next[j] += v
			}
			g2, h2 := make([]float64, n), make([]float64, n*n)
			if v := likelihood(next, g2, h2); v >= m.Value-1e-12*math.Abs(m.Value) {
				m.At, g, h, m.Value, moved = next, g2, h2, v, true
				break
			}
			for j := range step {
				step[j] /= 2
			}
		}
		if !moved {
			break
		}
	}
	return nil, ErrNone
}

// factored is a matrix whose rows and columns are divided by unit, decomposed.
type factored struct {
	chol   mat.Cholesky
	unit   []float64
	damped bool
}

// factor decomposes an information, damped as much as it takes; nil if its
// parameters depend on one another.
func factor(h []float64, n int) *factored {
	f := &factored{unit: make([]float64, n)}
	for j := range f.unit {
		if f.unit[j] = math.Sqrt(math.Abs(h[j*n+j])); !(f.unit[j] > 0) || math.IsInf(f.unit[j], 0) {
			return nil
		}
	}
	for damping := 0.0; damping < 1e8; damping = max(10*damping, 1e-3) {
		m := mat.NewSymDense(n, nil)
		for j := range n {
			for l := range j + 1 {
				m.SetSym(j, l, h[j*n+l]/f.unit[j]/f.unit[l])
			}
			m.SetSym(j, j, m.At(j, j)+damping)
		}
		f.damped = damping > 0
		if f.chol.Factorize(m) {
			return f.independent()
		}
	}
	return nil
}

// independent is f, or nil if a parameter is a combination of others.
func (f *factored) independent() *factored {
	var u mat.TriDense
	f.chol.UTo(&u)
	for j := range f.unit {
		if u.At(j, j)*u.At(j, j) <= dependent {
			return nil
		}
	}
	return f
}

func (f *factored) solve(b []float64) []float64 {
	x := mat.NewVecDense(len(b), nil)
	for j, v := range b {
		x.SetVec(j, v/f.unit[j])
	}
	_ = f.chol.SolveVecTo(x, x)
	for j, u := range f.unit {
		x.SetVec(j, x.AtVec(j)/u)
	}
	return x.RawVector().Data
}

func (f *factored) inverse() (rows [][]float64) {
	var inverse mat.SymDense
	_ = f.chol.InverseTo(&inverse)
	for j, u := range f.unit {
		row := mat.Row(nil, j, &inverse)
		for l, v := range f.unit {
			row[l] /= u * v
		}
		rows = append(rows, row)
	}
	return rows
}
