// Package finegray fits Fine and Gray's regression of the subdistribution
// hazard (1999, JASA 94:496): which columns go with one cause happening sooner
// or more often, where other causes compete with it. Coefficients speak of the
// cumulative incidence itself, 1 − exp(−H(t)e^{xβ}), not of a rate among those
// still at risk; for that see package cox. The reference program is R's cmprsk.
package finegray

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Regression says what is fitted.
type Regression struct {
	Cause uint8 // the cause of interest; the others compete with it
}

// Fit is a fitted regression.
type Fit struct {
	Coef       []float64
	Covariance [][]float64 // Fine and Gray's sandwich, which accounts for the estimated censoring
	LogLik     float64     // log of the pseudo-likelihood
	Null       float64     // the same at β = 0
	Time       []float64   // of the events, rising
	Jump       []float64   // of the baseline subdistribution hazard, at x = 0
	Steps      int         // of Newton's method
}

// sample is the data, by time. Those whom another cause took stay at risk with
// a weight that falls as followers are censored: G(t−)/G(own time−).
type sample struct {
	x             [][]float64 // a row a subject
	exit          []float64
	event, other  []bool
	censored      []float64 // G just before each subject's time, Kaplan and Meier's estimate of not being censored
	time          []float64 // distinct times of events
	deaths, after []float64 // events at each, and G just before
	place         []int     // number of event times up to each subject's
	mean          []float64
}

const (
	mostSteps = 40
	settled   = 1e-22 // squared length of a step, in standard errors
)

// Fit solves the score equations by Newton's method, with Breslow's ties.
// Errors are about data: no events, numbers out of range, delayed entry or
// weights, columns that are combinations of one another.
func (r Regression) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (*Fit, error) {
	s, err := r.layOut(x, y)
	if err != nil {
		return nil, err
	}
	p := len(s.mean)
	f := &Fit{Time: s.time}
	m := s.at(make([]float64, p))
	f.Null = m.value
	for ; f.Steps < mostSteps; f.Steps++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var chol mat.Cholesky
		if !chol.Factorize(mat.NewSymDense(p, m.information)) || chol.Cond() > 1e13 {
			return nil, errors.New("finegray: a column is constant or a combination of others")
		}
		step := mat.NewVecDense(p, nil)
		_ = chol.SolveVecTo(step, mat.NewVecDense(p, m.score))
		if mat.Dot(step, mat.NewVecDense(p, m.score)) < settled {
			f.Coef, f.LogLik = m.coef, m.value
			f.Covariance = m.sandwich(&chol)
			shift := 0.0
			for j, b := range f.Coef {
				shift -= b * s.mean[j]
			}
			for k, d := range s.deaths {
				f.Jump = append(f.Jump, d/m.sum[k]*math.Exp(shift))
			}
			return f, nil
		}
		next := m
		for range 30 {
			coef := append([]float64(nil), m.coef...)
			for j := range coef {
				coef[j] += step.AtVec(j)
			}
			if n := s.at(coef); n.value >= m.value-1e-12*math.Abs(m.value) {
				next = n
				break
			}
			step.ScaleVec(0.5, step)
		}
		if next == m {
			break
		}
		m = next
	}
	return nil, errors.New("finegray: the coefficients do not settle: a column may tell events apart without an exception")
}

func (r Regression) layOut(x *matrix.Matrix, y models.Target) (*sample, error) {
	n := len(y.Exit)
	if x.Rows != n || len(y.Cause) != n {
		panic("finegray: matrix and target differ in length")
	}
	if y.Entry != nil || y.Weight != nil {
		return nil, errors.New("finegray: delayed entry and weights are not supported")
	}
	if len(x.Columns) == 0 {
		return nil, errors.New("finegray: no columns")
	}
	s := &sample{mean: make([]float64, len(x.Columns))}
	order := make([]int, n)
	for i := range order {
		if order[i] = i; !(y.Exit[i] >= 0) || math.IsInf(y.Exit[i], 0) {
			return nil, fmt.Errorf("finegray: row %d: a time must be 0 or later", i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(y.Exit[a], y.Exit[b]), cmp.Compare(a, b)) })
	for _, i := range order {
		row := make([]float64, len(x.Columns))
		for j := range row {
			c := &x.Columns[j]
			if c.Categorical() {
				return nil, fmt.Errorf("finegray: column %q holds categories: give one column of 0 and 1 for each but one", c.Name)
			}
			if row[j] = c.Num(i); row[j]-row[j] != 0 {
				return nil, fmt.Errorf("finegray: row %d: column %q is not a number", i, c.Name)
			}
			s.mean[j] += row[j] / float64(n)
		}
		s.x, s.exit = append(s.x, row), append(s.exit, y.Exit[i])
		s.event, s.other = append(s.event, y.Cause[i] == r.Cause), append(s.other, y.Cause[i] != 0 && y.Cause[i] != r.Cause)
	}
	for _, row := range s.x {
		for j := range row {
			row[j] -= s.mean[j]
		}
	}
	s.follow()
	if len(s.time) == 0 {
		return nil, errors.New("finegray: no events of the cause")
	}
	return s, nil
}

// follow estimates the censoring and finds the times of events.
func (s *sample) follow() {
	g, n := 1.0, len(s.exit)
	for i := 0; i < n; {
		end, deaths, lost := i, 0.0, 0.0
		for ; end < n && s.exit[end] == s.exit[i]; end++ {
			switch {
			case s.event[end]:
				deaths++
			case !s.other[end]:
				lost++
			}
		}
		if deaths > 0 {
			s.time, s.deaths, s.after = append(s.time, s.exit[i]), append(s.deaths, deaths), append(s.after, g)
		}
		before := g
		g *= 1 - lost/float64(n-i)
		for ; i < end; i++ {
			s.censored, s.place = append(s.censored, before), append(s.place, len(s.time))
		}
	}
}
