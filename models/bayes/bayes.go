// Package bayes fits naive Bayes classifiers: within each class the columns are
// taken to be independent, so the log-odds of a row are those of all rows plus
// a log likelihood ratio for each of its values (Hand and Yu 2001, "Idiot's
// Bayes: not so stupid after all?"). A fit counts once and needs no tuning.
package bayes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Bayes learns a probability. A column is cut into cells: a category by level,
// a number into bins of about equal weight, with a further cell for what is
// missing. The zero value is ready for use. Rows marked valid are not used.
type Bayes struct {
	Bins  int     // most bins of a number; 0: 10
	Prior float64 // number of rows like all others that are added to each cell, which draws its ratio towards zero; 0: 10
	// Shrink is a factor on all ratios, in (0, 1]: correlated columns tell the
	// same thing twice, and so too much. 0: the likeliest one on the rows
	// themselves, each told by the counts of the others, together with the
	// log-odds at ratios of zero.
	Shrink float64
}

// row is a row to be fitted.
type row struct {
	at   int
	y, w float64
}

// counts are weights of rows with and without the event.
type counts struct{ yes, no float64 }

// plus adds w times a row.
func (c counts) plus(y, w float64) counts {
	return counts{c.yes + float64(w*y), c.no + float64(w*(1-y))}
}

// odds are never zero nor infinite.
func (c counts) odds() float64 { return max(c.yes, 0.5) / max(c.no, 0.5) }

// ratio is the log likelihood ratio of a cell: its log-odds less those of all,
// after adding prior rows that are like all. That is the estimate of a
// multinomial under a Dirichlet prior, in each class.
func (c counts) ratio(all counts, prior float64) float64 {
	odds := all.odds()
	yes, no := max(c.yes, 0)+float64(prior*odds)/(1+odds), max(c.no, 0)+prior/(1+odds)
	return portable.Log(yes/no) - portable.Log(odds)
}

// Fit implements models.Learner; the model is a *Model. One class alone gives
// the same forecast for every row.
func (b Bayes) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if b.Bins < 0 || !(b.Prior >= 0) || math.IsInf(b.Prior, 0) || !(b.Shrink >= 0 && b.Shrink <= 1) {
		return nil, errors.New("bayes: bins and prior must not be negative, shrink must lie in [0, 1]")
	}
	b.Bins, b.Prior = cmp.Or(b.Bins, 10), cmp.Or(b.Prior, 10)
	rows, all, err := rowsOf(x, y)
	if err != nil {
		return nil, err
	}
	m := &Model{base: portable.Log(all.odds()), terms: make([]term, len(x.Columns))}
	others := make([]float64, len(rows)) // Σ ratios of each row, by the counts of the others
	for j := range m.terms {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.terms[j] = b.term(&x.Columns[j], rows, all, others)
	}
	shrink := b.Shrink
	if shrink == 0 {
		m.base, shrink = scale(others, rows, m.base)
	}
	for j := range m.terms {
		m.base += m.terms[j].centre(&x.Columns[j], rows, shrink)
	}
	return m, ctx.Err()
}

// rowsOf checks the target and gives the rows to be fitted.
func rowsOf(x *matrix.Matrix, y models.Target) (rows []row, all counts, err error) {
	if len(y.Y) != x.Rows || y.Weight != nil && len(y.Weight) != x.Rows || y.Valid != nil && len(y.Valid) != x.Rows {
		panic("bayes: the target and the matrix differ in length")
	}
	for i, v := range y.Y {
		w := 1.0
		if y.Weight != nil {
			w = y.Weight[i]
		}
		if !(v >= 0 && v <= 1) || !(w >= 0 && w <= 1e15) {
			return nil, all, fmt.Errorf("bayes: row %d: outcome or weight out of range", i+1)
		}
		if w > 0 && (y.Valid == nil || !y.Valid[i]) {
			rows = append(rows, row{i, v, w})
			all = all.plus(v, w)
		}
	}
	if len(rows) == 0 {
		return nil, all, errors.New("bayes: no rows to fit")
	}
	return rows, all, nil
}

// term counts one column, and adds to others the ratio of each row.
func (b Bayes) term(c *matrix.Column, rows []row, all counts, others []float64) term {
	t := term{category: c.Categorical(), values: make([]float64, c.Levels+1)}
	if !t.category {
		t.cuts = cuts(c, rows, b.Bins)
		t.values = make([]float64, len(t.cuts)+2)
	}
	if all.yes == 0 || all.no == 0 {
		return t
	}
	cells := make([]counts, len(t.values))
	for _, r := range rows {
		k := t.cell(c, r.at)
		cells[k] = cells[k].plus(r.y, r.w)
	}
	for k, n := range cells {
		t.values[k] = n.ratio(all, b.Prior)
	}
	for i, r := range rows {
		one := min(r.w, 1) // a weight of two is two rows: the other one stays
		others[i] += cells[t.cell(c, r.at)].plus(r.y, -one).ratio(all.plus(r.y, -one), b.Prior)
	}
	return t
}

// cuts part the numbers of a column into at most n bins of about equal weight.
func cuts(c *matrix.Column, rows []row, n int) []float64 {
	type point struct{ v, w float64 }
	var points []point
	whole := 0.0
	for _, r := range rows {
		if v := c.Num(r.at); v-v == 0 {
			points = append(points, point{v, r.w})
			whole += r.w
		}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.v, b.v) })
	distinct := points[:0]
	for _, p := range points {
		if last := len(distinct) - 1; last >= 0 && distinct[last].v == p.v {
			distinct[last].w += p.w
		} else {
			distinct = append(distinct, p)
		}
	}
	var list []float64
	below, bins := 0.0, 0
	for i := 0; i+1 < len(distinct); i++ {
		below += distinct[i].w
		if len(distinct) > n && below < whole*float64(bins+1)/float64(n) {
			continue
		}
		for bins+1 < n && below >= whole*float64(bins+1)/float64(n) {
			bins++
		}
		if cut := between(distinct[i].v, distinct[i+1].v); len(list) == 0 || cut > list[len(list)-1] {
			list = append(list, cut)
		}
	}
	return list
}

// between gives the number of fewest digits near the middle of a and b, which
// is neither of them: a model must not hold a row's own number.
func between(a, b float64) float64 {
	middle := float64(a/2) + float64(b/2)
	for digits := range 16 {
		if v, err := strconv.ParseFloat(strconv.FormatFloat(middle, 'e', digits, 64), 64); err == nil && a < v && v < b {
			return v
		}
	}
	return middle
}

// scale fits the offset and the factor, in [0, 1], that make offset + factor·x
// the likeliest log-odds: Platt's scaling (1999) within bounds, by Newton's method.
func scale(x []float64, rows []row, offset float64) (float64, float64) {
	factor := 0.0
	for range 60 {
		var g0, g1, h00, h01, h11 float64
		for i, r := range rows {
			p := portable.Sigmoid(offset + float64(factor*x[i]))
			d, v := float64(r.w*(r.y-p)), float64(r.w*float64(p*(1-p)))
			g0 += d
			g1 += float64(d * x[i])
			h00 += v
			h01 += float64(v * x[i])
			h11 += float64(float64(v*x[i]) * x[i])
		}
		if !(h00 > 0) {
			break
		}
		up, more := g0/h00, 0.0
		det := float64(h00*h11) - float64(h01*h01)
		bound := factor == 0 && g1 <= 0 || factor == 1 && g1 >= 0
		if !bound && det > 1e-12*h00*h11 {
			up, more = (float64(h11*g0)-float64(h01*g1))/det, (float64(h00*g1)-float64(h01*g0))/det
		}
		next := min(max(factor+more, 0), 1)
		more, factor = next-factor, next
		offset += min(max(up, -2), 2)
		if math.Abs(up) < 1e-12 && math.Abs(more) < 1e-12 {
			break
		}
	}
	return offset, factor
}
