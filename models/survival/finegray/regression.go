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

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/newton"
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

// Fit solves the score equations by Newton's method, with Breslow's ties.
// Errors are about data: no events, numbers out of range, delayed entry or
// weights, columns that are combinations of one another.
func (r Regression) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (*Fit, error) {
	s, err := r.layOut(x, y)
	if err != nil {
		return nil, err
	}
	start := make([]float64, len(s.mean))
	m, err := newton.Maximise(ctx, start, func(coef, g, h []float64) float64 {
		l := s.at(coef)
		copy(g, l.score)
		copy(h, l.information)
		return l.value
	})
	if err != nil {
		return nil, fmt.Errorf("finegray: a column may be constant, a combination of others or tell events apart without an exception: %w", err)
	}
	l := s.at(m.At)
	f := &Fit{Coef: m.At, Covariance: l.sandwich(m.Covariance), LogLik: m.Value, Null: s.at(start).value, Time: s.time, Steps: m.Steps}
	shift := 0.0
	for j, b := range f.Coef {
		shift -= b * s.mean[j]
	}
	for k, d := range s.deaths {
		f.Jump = append(f.Jump, d/l.sum[k]*math.Exp(shift))
	}
	return f, nil
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
