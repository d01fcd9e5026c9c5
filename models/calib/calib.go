// Package calib maps forecast probabilities to probabilities that come true,
// from rows that the forecasts were not fitted to.
//
// Outcomes y are 0 or 1 (or a share in between); a nil weight means one each.
// Slices of unequal length panic.
package calib

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/portable"
)

// form says how a Map works.
type form uint8

const (
	identity form = iota
	onScore       // sigmoid(A·p + C)
	onLogit       // sigmoid(A·logit p + C)
	onBoth        // sigmoid(A·log p − B·log(1−p) + C)
	byKnots       // straight lines between knots, level beyond
)

// Map takes a probability to a calibrated one. Its zero value changes nothing.
// It gives the same bits on every CPU.
type Map struct {
	form    form
	A, B, C float64 // coefficients; unused ones are zero
	x, y    []float64
}

var errTooFew = errors.New("calib: outcomes of both kinds are needed")

// edge keeps probabilities off 0 and 1 before a logarithm.
const edge = 1e-15

func logs(p float64) (log, log1 float64) {
	if log = portable.Log(edge); p > edge {
		log = portable.Log(min(p, 1))
	}
	if log1 = portable.Log(edge); 1-p > edge {
		log1 = portable.Log1p(-max(p, 0))
	}
	if p != p {
		return p, p
	}
	return log, log1
}

// At is the calibrated probability; NaN for NaN.
func (m Map) At(p float64) float64 {
	switch m.form {
	case onScore:
		return portable.Sigmoid(float64(m.A*p) + m.C)
	case onLogit:
		log, log1 := logs(p)
		return portable.Sigmoid(float64(m.A*(log-log1)) + m.C)
	case onBoth:
		log, log1 := logs(p)
		return portable.Sigmoid(float64(m.A*log) - float64(m.B*log1) + m.C)
	case byKnots:
		return interpolate(m.x, m.y, p)
	}
	return p
}

// interpolate is level beyond the first and last knot.
func interpolate(x, y []float64, v float64) float64 {
	k := sort.SearchFloat64s(x, v)
	switch {
	case v != v:
		return v
	case k == 0:
		return y[0]
	case k == len(x):
		return y[k-1]
	case x[k] == v:
		return y[k]
	}
	share := (v - x[k-1]) / (x[k] - x[k-1])
	return y[k-1] + float64(share*(y[k]-y[k-1]))
}

// Rising reports whether larger probabilities are mapped to larger or equal
// ones, so that the map keeps the ranking.
func (m Map) Rising() bool { return m.form == identity || m.form == byKnots || m.A >= 0 && m.B >= 0 }

// Score is Platt's (1999) scaling of any score: P = sigmoid(A·score + C), with
// his smoothed targets (n₁+1)/(n₁+2) and 1/(n₀+2).
func Score(score, y, w []float64) (Map, error) {
	return fit(onScore, [][]float64{score, ones(len(y))}, smooth(y, w), w, nil)
}

// Platt is Platt's scaling of the log-odds of p, with his smoothed targets: the
// choice where outcomes are few.
func Platt(p, y, w []float64) (Map, error) {
	return fit(onLogit, [][]float64{logits(p), ones(len(y))}, smooth(y, w), w, nil)
}

// Logistic recalibrates the log-odds of p (Cox 1958): A is the calibration slope
// (below 1: over-confident) and C the intercept.
func Logistic(p, y, w []float64) (Map, error) {
	return fit(onLogit, [][]float64{logits(p), ones(len(y))}, y, w, nil)
}

// Temperature divides the log-odds of p by one number, 1/A.
func Temperature(p, y, w []float64) (Map, error) {
	return fit(onLogit, [][]float64{logits(p)}, y, w, nil)
}

// Shift moves all log-odds by C, so that the mean forecast is the event rate
// (calibration in the large).
func Shift(p, y, w []float64) (Map, error) {
	m, err := fit(onScore, [][]float64{ones(len(y))}, y, w, logits(p))
	return Map{form: onLogit, A: 1, C: m.A}, err
}

// Beta is beta calibration (Kull, Silva Filho and Flach 2017): logistic in log p
// and −log(1−p). A coefficient that would be negative, and so break the ranking,
// is left out.
func Beta(p, y, w []float64) (Map, error) {
	a, b := make([]float64, len(p)), make([]float64, len(p))
	for i, v := range p {
		log, log1 := logs(v)
		a[i], b[i] = log, -log1
	}
	one := ones(len(y))
	m, err := fit(onBoth, [][]float64{a, b, one}, y, w, nil)
	switch {
	case err != nil:
	case m.A < 0:
		m, err = fit(onBoth, [][]float64{b, one}, y, w, nil)
		m.A, m.B = 0, m.A
	case m.B < 0:
		m, err = fit(onBoth, [][]float64{a, one}, y, w, nil)
	}
	return m, err
}

// fit is a logistic regression on columns; the last is the constant where there
// is more than one.
func fit(f form, columns [][]float64, y, w, offset []float64) (Map, error) {
	for _, c := range columns {
		checkLengths(c, y, w)
	}
	r, err := linear.GLM(columns, y, w, offset)
	if err != nil {
		return Map{}, fmt.Errorf("calib: %w", err)
	}
	m := Map{form: f, A: r.Coef[0]}
	switch len(r.Coef) {
	case 2:
		m.C = r.Coef[1]
	case 3:
		m.B, m.C = r.Coef[1], r.Coef[2]
	}
	return m, nil
}

func checkLengths(x, y, w []float64) {
	if len(x) != len(y) || w != nil && len(w) != len(y) {
		panic("calib: slice lengths do not match")
	}
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func logits(p []float64) []float64 {
	x := make([]float64, len(p))
	for i, v := range p {
		log, log1 := logs(v)
		x[i] = log - log1
	}
	return x
}

// smooth gives Platt's targets.
func smooth(y, w []float64) []float64 {
	pos, neg := 0.0, 0.0
	for i, v := range y {
		weight := 1.0
		if w != nil {
			weight = w[i]
		}
		pos += float64(weight * v)
		neg += float64(weight * (1 - v))
	}
	hi, lo := (pos+1)/(pos+2), 1/(neg+2)
	t := make([]float64, len(y))
	for i, v := range y {
		t[i] = lo + float64(v*(hi-lo))
	}
	return t
}

// finite reports whether all values are numbers.
func finite(x ...float64) bool {
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
