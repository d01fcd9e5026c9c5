// Package linear fits penalised logistic and Poisson regressions to columns of
// numbers and categories, and forecasts with them.
//
// Numbers are standardised and, where their distribution is far from straight,
// joined by their ranks; missing values have an indicator; categories have one
// indicator a level, or a cross-fitted target statistic where levels are very
// many. A ridge penalty is estimated for each column from the fitted rows.
package linear

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Logistic is a logistic regression with an elastic-net penalty: it minimises
// Σ weight·loss + Lambda·Σ(Alpha·|β| + (1−Alpha)/2·β²) over standardised columns
// (Friedman, Hastie and Tibshirani 2010; Lambda is scikit-learn's 1/C).
// The outcome is 0 or 1, or a share in between.
type Logistic struct {
	Alpha    float64  // share of the l1 penalty, 0 (ridge) to 1 (lasso)
	Lambda   float64  // strength; 0: a ridge has one a column, estimated from the fitted rows; with Alpha > 0 it is chosen on the rows of Target.Valid, or 1 without such rows
	Steps    []string // names of columns of numbers that get a free value at each distinct number, drawn to its neighbours
	Straight bool     // numbers enter as straight lines only, without their ranks: less flexible, steadier where the future leaves the range of the past
	Draws    Draws    // of models nearly as likely, for intervals; only of a ridge
}

// Poisson is a Poisson regression with a log link and an elastic-net penalty for
// counts of events in Target.Exposure of time; it forecasts the rate. Its fields
// are as Logistic's.
type Poisson struct {
	Alpha    float64
	Lambda   float64
	Steps    []string
	Straight bool
	Draws    Draws
}

// Fit fits the regression; the result is a *Model. Errors are about data: no
// rows, one outcome only, a value out of range, a step column of too many values.
func (l Logistic) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	return recipe{bernoulli, l.Alpha, l.Lambda, l.Steps, l.Straight, l.Draws}.fit(ctx, x, y)
}

// Fit fits the regression; the result is a *Model. Errors are as Logistic's; no
// event at all is one.
func (p Poisson) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	return recipe{counts, p.Alpha, p.Lambda, p.Steps, p.Straight, p.Draws}.fit(ctx, x, y)
}

type recipe struct {
	family        family
	alpha, lambda float64
	steps         []string
	straight      bool
	draws         Draws
}

func (r recipe) fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if !(r.alpha >= 0 && r.alpha <= 1) || !(r.lambda >= 0) || math.IsInf(r.lambda, 0) {
		return nil, fmt.Errorf("linear: alpha must lie in [0, 1] and lambda must not be negative")
	}
	if r.draws.Count < 0 || r.draws.Count > 64 || r.draws.Count > 0 && r.alpha > 0 {
		return nil, errors.New("linear: at most 64 draws, and of a ridge only")
	}
	rows, offset, err := r.rows(x, y)
	if err != nil {
		return nil, err
	}
	p := &problem{family: r.family, y: y.Y, w: rows.weight, offset: offset}
	features, err := r.assemble(p, x, rows)
	if err != nil {
		return nil, err
	}
	beta, lambda, err := r.choose(ctx, p, y, features)
	if err != nil {
		return nil, err
	}
	m := newModel(r.family, features, p, beta, lambda)
	m.drawn, err = r.draws.draw(p, y, features, beta)
	return m, err
}

// rows checks the target and sums up the rows to be fitted.
func (r recipe) rows(x *matrix.Matrix, y models.Target) (rows fitRows, offset []float64, err error) {
	n := x.Rows
	for _, l := range []int{len(y.Exposure), len(y.Weight), len(y.Valid), len(y.Keys)} {
		if l != 0 && l != n {
			panic("linear: the target and the matrix differ in length")
		}
	}
	if len(y.Y) != n {
		panic("linear: the target and the matrix differ in length")
	}
	rows = fitRows{make([]float64, n), make([]float64, n), make([]float64, n), y.Keys}
	if r.family == counts && y.Exposure != nil {
		offset = make([]float64, n)
	}
	var events, mass float64
	fitted := 0
	for i, v := range y.Y {
		w, exposure := 1.0, 1.0
		if y.Weight != nil {
			w = y.Weight[i]
		}
		if offset != nil {
			exposure = y.Exposure[i]
			offset[i] = math.Log(exposure)
		}
		if !(v >= 0) || r.family == bernoulli && v > 1 || math.IsInf(v, 0) || !(w >= 0) || math.IsInf(w, 0) || !(exposure >= 0) || math.IsInf(exposure, 0) || exposure == 0 && v > 0 {
			return rows, nil, fmt.Errorf("linear: row %d: outcome, weight or exposure out of range", i+1)
		}
		if exposure == 0 {
			offset[i] = -745 // exp of it is zero: the row says nothing
		}
		if y.Valid != nil && y.Valid[i] || w == 0 || exposure == 0 {
			continue
		}
		fitted++
		rows.weight[i], rows.events[i], rows.expect[i] = w, w*v, w*exposure
		events += w * v
		mass += w * exposure
	}
	switch {
	case fitted < 2:
		return rows, nil, errors.New("linear: fewer than two rows to fit")
	case events == 0:
		return rows, nil, errors.New("linear: no row to fit has an event")
	case r.family == bernoulli && events == mass:
		return rows, nil, errors.New("linear: all rows to fit have the event")
	}
	for i := range rows.expect {
		rows.expect[i] *= events / mass
	}
	return rows, offset, nil
}

// assemble makes the design of the columns: those that share an index share a
// block, and the constant is the first coefficient.
func (r recipe) assemble(p *problem, x *matrix.Matrix, rows fitRows) ([]*feature, error) {
	type key struct {
		index *int32
		rows  int
	}
	p.rows = x.Rows
	places := map[key]int{}
	features := make([]*feature, len(x.Columns))
	for j := range x.Columns {
		c := &x.Columns[j]
		k := key{nil, x.Rows}
		if c.Index != nil {
			k = key{&c.Index[0], len(c.Nums) + len(c.Codes)}
		}
		at, seen := places[k]
		if !seen {
			at = len(p.blocks)
			places[k] = at
			p.blocks = append(p.blocks, block{rows: k.rows, index: c.Index})
		}
		f, ok := newFeature(c, slices.Contains(r.steps, c.Name), r.straight, &p.blocks[at], rows)
		if !ok {
			return nil, fmt.Errorf("linear: step column %s has more than %d distinct values", c.Name, mostSteps)
		}
		f.block, features[j] = at, f
	}
	if len(p.blocks) == 0 {
		p.blocks = []block{{rows: x.Rows}}
	}
	for k := range p.blocks {
		p.lay(k, features)
	}
	return features, nil
}

// lay numbers the coefficients of a block and fills it.
func (p *problem) lay(k int, features []*feature) {
	b := &p.blocks[k]
	b.at = p.cols
	if k == 0 {
		b.width = 1 // the constant
	}
	for _, f := range features {
		if f.block == k {
			f.denseAt = b.at + b.width
			b.width += f.width()
		}
	}
	p.cols += b.width
	b.dense = make([]float64, b.rows*b.width)
	each(8, b.rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			row := b.row(i)
			if k == 0 {
				row[0] = 1
			}
			for _, f := range features {
				if f.block == k {
					f.fill(row[f.denseAt-b.at:], i)
				}
			}
		}
	})
	for _, f := range features {
		if f.block != k {
			continue
		}
		if f.codesAt = p.cols; f.levels == 0 {
			continue
		}
		set := indicator{at: p.cols, code: make([]int32, b.rows)}
		for i := range set.code {
			set.code[i] = f.slot(i)
		}
		b.codes = append(b.codes, set)
		p.cols += f.levels
	}
}
