// Package aft fits accelerated failure time models: the logarithm of the time
// until something happens is xβ plus an error of a known shape, so that e^β
// stretches time (Kalbfleisch and Prentice 2002, The Statistical Analysis of
// Failure Time Data, 3.6). With Cure, some never come to it (Boag 1949; Farewell
// 1982, Biometrics 38:1041).
//
// Times may be exact, open at the end (right-censored), only known to lie
// between two, or before one; subjects may enter late and carry weights, and the
// scale may differ by stratum. The reference programs are R's survreg and, for
// late entry and cure, maximum likelihood to machine precision.
package aft

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/newton"
)

// Regression says what is fitted. Slices are one entry a row.
type Regression struct {
	Distribution Distribution
	Cause        uint8     // the cause that is the event, others end the time at risk; 0 means any
	Upper        []float64 // where set and above Exit, the event happened between Exit (0: any time before) and Upper
	Strata       []int     // number of each row's stratum from 0, each with a scale of its own; nil means one
}

// Fit is a fitted regression. Coef begins with the intercept; Covariance has the
// coefficients, then the log of each scale (none for Exponential).
type Fit struct {
	Coef       []float64
	Scale      []float64 // one a stratum
	Covariance [][]float64
	LogLik     float64
	Steps      int // of Newton's method
	problem    *problem
}

// problem is the data laid out; parameters are coefficients, then log scales.
type problem struct {
	Distribution
	columns [][]float64 // the first is of ones
	names   []string
	rows    []row
	strata  int
}

// row is one subject on the scale of log time.
type row struct {
	low, high, entry float64 // log times; low = high of an event, high = +Inf while open, entry −Inf from the beginning
	weight           float64
	stratum          int
}

// Fit maximises the likelihood by Newton's method. Errors are about data: no
// events, times or weights out of range, columns that are combinations of one
// another. A length mismatch panics. A matrix without columns fits the
// distribution alone.
func (r Regression) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (*Fit, error) {
	p, err := r.layOut(x, y)
	if err != nil {
		return nil, err
	}
	theta := make([]float64, len(p.columns)+p.scales())
	center, scale := p.moments()
	theta[0] = center
	for s := range p.scales() {
		theta[len(p.columns)+s] = math.Log(scale)
	}
	f := &Fit{problem: p}
	scaled, back := standard(p.columns)
	search := *p
	search.columns = scaled
	m, err := newton.Maximise(ctx, theta, search.likelihood)
	if err != nil {
		return nil, noMaximum(err)
	}
	transform(m, 0, back)
	theta, f.LogLik, f.Covariance, f.Steps = m.At, m.Value, m.Covariance, m.Steps
	f.Coef = theta[:len(p.columns)]
	for s := range p.strata {
		f.Scale = append(f.Scale, p.scale(theta, s))
	}
	// The density of T is that of log T over T.
	for _, row := range p.rows {
		if row.low == row.high {
			f.LogLik -= row.weight * row.low
		}
	}
	return f, nil
}

// noMaximum says of an error of the search what may be wrong with the data.
func noMaximum(err error) error {
	return fmt.Errorf("aft: a column may be a combination of others, or tell events apart without an exception: %w", err)
}

func (r Regression) layOut(x *matrix.Matrix, y models.Target) (*problem, error) {
	n := len(y.Exit)
	if x.Rows != n || len(y.Cause) != n || r.Upper != nil && len(r.Upper) != n || r.Strata != nil && len(r.Strata) != n {
		panic("aft: matrix, target, upper or strata differ in length")
	}
	p := &problem{Distribution: r.Distribution, strata: 1}
	events := 0
	for i := range n {
		row, err := r.row(y, i)
		if err != nil {
			return nil, err
		}
		if !math.IsInf(row.high, 1) {
			events++
		}
		p.strata = max(p.strata, row.stratum+1)
		p.rows = append(p.rows, row)
	}
	if events == 0 {
		return nil, errors.New("aft: no events")
	}
	var err error
	p.columns, p.names, err = design(x)
	return p, err
}

// design is a column of ones and those of x.
func design(x *matrix.Matrix) (columns [][]float64, names []string, err error) {
	ones := make([]float64, x.Rows)
	for i := range ones {
		ones[i] = 1
	}
	columns, names = append(columns, ones), append(names, "intercept")
	for j := range x.Columns {
		c := &x.Columns[j]
		if c.Categorical() {
			return nil, nil, fmt.Errorf("aft: column %q holds categories: give one column of 0 and 1 for each but one", c.Name)
		}
		v := make([]float64, x.Rows)
		for i := range v {
			if v[i] = c.Num(i); v[i]-v[i] != 0 {
				return nil, nil, fmt.Errorf("aft: row %d: column %q is not a number", i, c.Name)
			}
		}
		columns, names = append(columns, v), append(names, c.Name)
	}
	return columns, names, nil
}

// standard centres and scales all columns but the first, which is of ones, so
// that the search is not across a ridge; back takes coefficients to those of the
// columns as they were.
func standard(columns [][]float64) (scaled, back [][]float64) {
	scaled, back = [][]float64{columns[0]}, [][]float64{make([]float64, len(columns))}
	back[0][0] = 1
	for j, c := range columns[1:] {
		n, mean, square := float64(len(c)), 0.0, 0.0
		for _, v := range c {
			mean += v / n
		}
		for _, v := range c {
			square += (v - mean) * (v - mean) / n
		}
		by := 1 / math.Sqrt(square)
		if square == 0 {
			by = 1
		}
		v, row := make([]float64, len(c)), make([]float64, len(columns))
		for i := range c {
			v[i] = (c[i] - mean) * by
		}
		row[j+1], back[0][j+1] = by, -mean*by
		scaled, back = append(scaled, v), append(back, row)
	}
	return scaled, back
}

// transform takes the parameters from place at on, and their covariance, back.
func transform(m *newton.Maximum, at int, back [][]float64) {
	turn := func(v []float64) {
		was := append([]float64(nil), v[at:at+len(back)]...)
		for j, row := range back {
			v[at+j] = 0
			for l, b := range row {
				v[at+j] += b * was[l]
			}
		}
	}
	turn(m.At)
	column := make([]float64, len(m.At))
	for _, row := range m.Covariance {
		turn(row)
	}
	for l := range column {
		for j, row := range m.Covariance {
			column[j] = row[l]
		}
		turn(column)
		for j, row := range m.Covariance {
			row[l] = column[j]
		}
	}
}

func (r Regression) row(y models.Target, i int) (row, error) {
	low, high, entry := y.Exit[i], math.Inf(1), 0.0
	if y.Entry != nil {
		entry = y.Entry[i]
	}
	if y.Cause[i] != 0 && (r.Cause == 0 || r.Cause == y.Cause[i]) {
		high = low
		if r.Upper != nil && r.Upper[i] != low {
			high = r.Upper[i]
		}
	}
	v := row{low: math.Log(low), high: math.Log(high), entry: math.Log(entry), weight: 1}
	if y.Weight != nil {
		v.weight = y.Weight[i]
	}
	if r.Strata != nil {
		v.stratum = r.Strata[i]
	}
	switch {
	case !(low >= 0) || math.IsInf(low, 0) || !(entry >= 0) || !(low >= entry):
		return v, fmt.Errorf("aft: row %d: the time at risk must begin at 0 or later and not end before it begins", i)
	case !(high >= low) || !(high > 0):
		return v, fmt.Errorf("aft: row %d: an event must be above 0 and an interval must not end before it begins", i)
	case !(v.weight >= 0) || math.IsInf(v.weight, 0):
		return v, fmt.Errorf("aft: row %d: a weight must be a number that is not negative", i)
	case v.stratum < 0:
		return v, fmt.Errorf("aft: row %d: a stratum below 0", i)
	}
	return v, nil
}

// scales is the number of free scales.
func (p *problem) scales() int {
	if p.Distribution == Exponential {
		return 0
	}
	return p.strata
}

func (p *problem) scale(theta []float64, stratum int) float64 {
	if p.Distribution == Exponential {
		return 1
	}
	return math.Exp(theta[len(p.columns)+stratum])
}

// moments are of the log times, whether or not something happened then.
func (p *problem) moments() (center, scale float64) {
	var n, sum, square float64
	for _, r := range p.rows {
		at := r.low
		if math.IsInf(at, -1) {
			at = r.high
		}
		if math.IsInf(at, 0) {
			continue
		}
		n, sum, square = n+r.weight, sum+r.weight*at, square+r.weight*at*at
	}
	center = sum / n
	return center, max(math.Sqrt(max(square/n-center*center, 0)), 0.1)
}

// linear is xβ of row i.
func (p *problem) linear(coef []float64, i int) (eta float64) {
	for j, c := range p.columns {
		eta += coef[j] * c[i]
	}
	return eta
}

// term is the part of row i, before its weight.
func (p *problem) term(r row, eta, scale float64) term {
	z := func(log float64) float64 { return (log - eta) / scale }
	var t term
	switch {
	case r.low == r.high:
		t = p.event(z(r.low), scale)
	case !math.IsInf(r.high, 1):
		t = p.between(z(r.low), z(r.high), scale)
	case !math.IsInf(r.low, -1):
		t = p.open(z(r.low), scale)
	}
	if !math.IsInf(r.entry, -1) {
		t.add(-1, p.survival(z(r.entry)), z(r.entry), scale)
	}
	return t
}

// likelihood of log T, with its gradient and information as newton takes them.
func (p *problem) likelihood(theta, g, h []float64) (value float64) {
	q, n := len(p.columns), len(theta)
	v := make([]float64, n)
	for i, r := range p.rows {
		t := p.term(r, p.linear(theta, i), p.scale(theta, r.stratum))
		value += r.weight * t.value
		for j, c := range p.columns {
			v[j] = c[i]
		}
		for j := range q {
			g[j] += r.weight * t.eta * v[j]
			for l := range j + 1 {
				h[j*n+l] -= r.weight * t.etaEta * v[j] * v[l]
			}
		}
		if s := q + r.stratum; p.Distribution != Exponential {
			g[s] += r.weight * t.s
			h[s*n+s] -= r.weight * t.sS
			for l := range q {
				h[s*n+l] -= r.weight * t.etaS * v[l]
			}
		}
	}
	return value
}
