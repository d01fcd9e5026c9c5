package linear

import (
	"fmt"
	"math"
	"sort"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Model is a fitted regression: the margin is a constant plus one function of
// each column. It forecasts a probability (Logistic) or a rate per unit of
// exposure (Poisson). All its arithmetic gives the same bits on every CPU.
type Model struct {
	family family
	base   float64 // mean margin over the fitted rows
	lambda float64
	terms  []term // one a column, each of mean zero over the fitted rows
	drawn  []*Model
}

// Drawn are the draws that the learner was asked for: models of the difference
// between a model that is nearly as likely and this one. They are not among
// its bytes; a decoded model has none.
func (m *Model) Drawn() []*Model { return m.drawn }

// curve is a function of a number: straight lines between knots, level beyond.
type curve struct{ x, y []float64 }

func (c curve) at(v float64) float64 {
	n := len(c.x)
	if n == 0 {
		return 0
	}
	k := sort.SearchFloat64s(c.x, v)
	switch {
	case k == 0:
		return c.y[0]
	case k == n:
		return c.y[n-1]
	}
	share := (v - c.x[k-1]) / (c.x[k] - c.x[k-1])
	return c.y[k-1] + float64(share*(c.y[k]-c.y[k-1]))
}

// term is the part of one column in the margin.
type term struct {
	curve            // of a number; of a category y alone, by code
	category bool    //
	step     bool    // of a number: level from each knot to the next
	missing  float64 // of a missing number, or of a missing or unseen category
}

// known reports whether a number is there. Beyond 1e100 there is none: squares
// would overflow.
func known(v float64) bool { return math.Abs(v) <= 1e100 }

// stepOf is the position of the largest step not above v, or the first.
func stepOf(steps []float64, v float64) int {
	return max(0, sort.Search(len(steps), func(i int) bool { return steps[i] > v })-1)
}

func (t *term) number(v float64) float64 {
	switch {
	case !known(v):
		return t.missing
	case t.step:
		return t.y[stepOf(t.x, v)]
	}
	return t.at(v)
}

func (t *term) code(k int32) float64 {
	if k < 0 || int(k) >= len(t.y) {
		return t.missing
	}
	return t.y[k]
}

// values writes the part of the column in each row. What many rows share is
// worked out once.
func (t *term) values(dst []float64, c *matrix.Column) {
	own := func(i int) float64 { return t.number(c.Nums[i]) }
	n := len(c.Nums)
	if c.Categorical() {
		own, n = func(i int) float64 { return t.code(c.Codes[i]) }, len(c.Codes)
	}
	if c.Index == nil {
		for i := range dst {
			dst[i] = own(i)
		}
		return
	}
	if n > len(dst) {
		for i := range dst {
			dst[i] = own(int(c.Index[i]))
		}
		return
	}
	shared := make([]float64, n)
	for i := range shared {
		shared[i] = own(i)
	}
	for i := range dst {
		dst[i] = shared[c.Index[i]]
	}
}

// Outputs is 1: a probability, or a rate per unit of exposure.
func (m *Model) Outputs() int { return 1 }

// Kind is "linear".
func (m *Model) Kind() string { return "linear" }

// Lambda is the strength of the penalty that the fit used, in the unit of the
// learner's field of that name: what a refit of the same recipe is to use.
func (m *Model) Lambda() float64 { return m.lambda }

func (m *Model) check(x *matrix.Matrix) error {
	if len(x.Columns) != len(m.terms) {
		return fmt.Errorf("linear: the matrix has %d columns, the model was fitted to %d", len(x.Columns), len(m.terms))
	}
	for j := range x.Columns {
		c, t := &x.Columns[j], &m.terms[j]
		if c.Categorical() != t.category || t.category && c.Levels != len(t.y) {
			return fmt.Errorf("linear: column %d (%s) is not of the kind that the model was fitted to", j+1, c.Name)
		}
	}
	return nil
}

// Margins writes the log-odds (Logistic) or the log of the rate (Poisson) of each row.
func (m *Model) Margins(dst []float64, x *matrix.Matrix) error {
	if err := m.check(x); err != nil {
		return err
	}
	dst = dst[:x.Rows]
	for i := range dst {
		dst[i] = m.base
	}
	part := make([]float64, x.Rows)
	for j := range m.terms {
		m.terms[j].values(part, &x.Columns[j])
		for i, v := range part {
			dst[i] += v
		}
	}
	return nil
}

// Predict writes the probability or rate of each row.
func (m *Model) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	link := portable.Sigmoid
	if m.family == counts {
		link = portable.Exp
	}
	for i, v := range dst[:x.Rows] {
		dst[i] = link(v)
	}
	return nil
}

// Interactions implements models.Interacting: columns act apart.
func (m *Model) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	return models.Apart(m, dst, x, weights)
}

// Shares adds Σ weights·(part of each column) to dst and returns Σ weights·base;
// base is the mean margin of the fitted rows.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	part := make([]float64, x.Rows)
	for j := range m.terms {
		m.terms[j].values(part, &x.Columns[j])
		for i, v := range part {
			dst[j] += float64(weights[i] * v)
		}
	}
	for _, w := range weights[:x.Rows] {
		base += float64(w * m.base)
	}
	return base, nil
}
