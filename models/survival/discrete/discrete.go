// Package discrete fits hazards of discrete time: the probability that it
// happens in a period, to one to whom it has not happened before, as a regression
// over person-periods with a level of its own for each period (Cox 1972;
// Prentice, Gloeckler 1978, Biometrics 34:57; Singer, Willett 1993). The
// reference program is Python's statsmodels.
package discrete

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/newton"
)

// Link goes from a sum of effects to the hazard.
type Link int

// Logit makes effects log odds ratios; LogLog (the complementary log-log) makes
// them log hazard ratios of proportional hazards in continuous time, of which
// only periods were recorded.
const (
	Logit Link = iota
	LogLog
)

// hazard at u, and its slope.
func (l Link) hazard(u float64) (h, slope float64) {
	if l == LogLog {
		e := math.Exp(u)
		return -math.Expm1(-e), math.Exp(u - e)
	}
	h = 1 / (1 + math.Exp(-u))
	return h, h * (1 - h)
}

// Regression says what is fitted.
type Regression struct {
	Link    Link
	Periods int   // those who last longer are open at the end of the last one
	Cause   uint8 // the cause that is the event, others end the time at risk; 0 means any
}

// Fit is a fitted regression.
type Fit struct {
	Level      []float64   // of each period
	Coef       []float64   // of each column
	Covariance [][]float64 // inverse of the expected information: levels, then columns
	LogLik     float64
	Steps      int // of Fisher's scoring
	link       Link
}

// Fit maximises the likelihood. Exit counts the period in which a subject was
// last seen, from 1, and that one still counts as gone through; Entry, if set,
// the periods over before it was at risk. Weights count. Errors are about data:
// numbers out of range, a period without events or with nothing but events,
// columns that are combinations of one another or that tell events apart
// without an exception.
func (r Regression) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (*Fit, error) {
	if len(y.Exit) != x.Rows || len(y.Cause) != x.Rows {
		panic("discrete: matrix and target differ in length")
	}
	if err := r.check(x, y); err != nil {
		return nil, err
	}
	n := r.Periods + len(x.Columns)
	theta := make([]float64, n)
	for k := range r.Periods {
		theta[k] = -2
	}
	m, err := newton.Maximise(ctx, theta, func(theta, g, h []float64) float64 { return r.likelihood(theta, g, h, x, y) })
	if err != nil {
		return nil, fmt.Errorf("discrete: a period may have no events or nothing else, or columns be combinations of others or tell events apart without an exception: %w", err)
	}
	return &Fit{Level: m.At[:r.Periods], Coef: m.At[r.Periods:], Covariance: m.Covariance, LogLik: m.Value, Steps: m.Steps, link: r.Link}, nil
}

func (r Regression) check(x *matrix.Matrix, y models.Target) error {
	if r.Periods < 1 {
		return errors.New("discrete: at least one period is needed")
	}
	for i, exit := range y.Exit {
		if !(exit >= 1) || exit != math.Trunc(exit) || math.IsInf(exit, 0) {
			return fmt.Errorf("discrete: row %d: the period must be a whole number from 1", i)
		}
		if y.Entry != nil && !(y.Entry[i] >= 0 && y.Entry[i] < exit && y.Entry[i] == math.Trunc(y.Entry[i])) {
			return fmt.Errorf("discrete: row %d: the periods before entry must be a whole number below the last period", i)
		}
		if y.Weight != nil && (!(y.Weight[i] >= 0) || math.IsInf(y.Weight[i], 0)) {
			return fmt.Errorf("discrete: row %d: a weight must be a number that is not negative", i)
		}
		for j := range x.Columns {
			c := &x.Columns[j]
			if c.Categorical() {
				return fmt.Errorf("discrete: column %q holds categories: give one column of 0 and 1 for each but one", c.Name)
			}
			if v := c.Num(i); v-v != 0 {
				return fmt.Errorf("discrete: row %d: column %q is not a number", i, c.Name)
			}
		}
	}
	return nil
}

// likelihood with its gradient and expected information as newton takes them:
// person-periods are gone through, not laid out.
func (r Regression) likelihood(theta, g, h []float64, x *matrix.Matrix, y models.Target) (value float64) {
	k, p := r.Periods, len(x.Columns)
	n := k + p
	row := make([]float64, p)
	for i, exit := range y.Exit {
		x.Row(row, i)
		eta, w, first := 0.0, 1.0, 0
		for j, v := range row {
			eta += theta[k+j] * v
		}
		if y.Weight != nil {
			w = y.Weight[i]
		}
		if y.Entry != nil {
			first = int(y.Entry[i])
		}
		happened := y.Cause[i] != 0 && (r.Cause == 0 || y.Cause[i] == r.Cause)
		slopes, curves := 0.0, 0.0 // over the subject's periods
		for t := first; t < min(int(exit), k); t++ {
			hazard, slope := r.Link.hazard(theta[t] + eta)
			var u float64
			if happened && t == int(exit)-1 {
				value += w * math.Log(hazard)
				u = slope / hazard
			} else {
				value += w * math.Log1p(-hazard)
				u = -slope / (1 - hazard)
			}
			curve := slope * slope / (hazard * (1 - hazard))
			if hazard == 0 || hazard == 1 {
				return math.Inf(-1)
			}
			g[t] += w * u
			h[t*n+t] += w * curve
			for j, v := range row {
				h[(k+j)*n+t] += w * curve * v
			}
			slopes, curves = slopes+u, curves+curve
		}
		for j, v := range row {
			g[k+j] += w * slopes * v
			for l, u := range row[:j+1] {
				h[(k+j)*n+k+l] += w * curves * v * u
			}
		}
	}
	return value
}

// SE are the standard errors of the levels, then of the coefficients.
func (f *Fit) SE() (se []float64) {
	for j := range f.Covariance {
		se = append(se, math.Sqrt(f.Covariance[j][j]))
	}
	return se
}

// Forecast is, for each period, the hazard of one with columns x and the
// probability of nothing having happened by its end.
func (f *Fit) Forecast(x []float64) (hazard, survival []float64) {
	if len(x) != len(f.Coef) {
		panic("discrete: a row of another number of columns")
	}
	eta, s := 0.0, 1.0
	for j, b := range f.Coef {
		eta += b * x[j]
	}
	for _, level := range f.Level {
		h, _ := f.link.hazard(level + eta)
		s *= 1 - h
		hazard, survival = append(hazard, h), append(survival, s)
	}
	return hazard, survival
}
