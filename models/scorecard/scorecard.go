// Package scorecard fits points scorecards, as lenders use them: every column
// is cut into bins, a bin is worth a whole number of points, and a row's points
// add up to the odds of its outcome (Siddiqi 2006, "Credit risk scorecards").
// What is printed is the model: it predicts from the rounded points.
package scorecard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Scorecard learns a probability in whole points. Numbers are cut into bins,
// rare levels of a category share one, a missing value has its own; each bin
// counts by its weight of evidence, and a logistic regression weighs the
// columns. The zero value is ready for use. Rows marked valid are not used.
type Scorecard struct {
	Bins  int     // most bins of a number; 0: 6
	Least float64 // least share of the rows in a bin; 0: 0.05. A category's level needs it too, but never more than 50 rows
	Prior float64 // number of rows like all others that are added to each bin, which draws its weight of evidence towards zero; 0: 10
	IV    float64 // least information value of a column that is kept; 0: 0.02
	// Cut gives the cut points of finite numbers with their outcomes (0 or 1),
	// at most bins of them, rising and none of them one of the numbers; nil:
	// bins of about equal weight. It is not told weights.
	Cut func(values, outcomes []float64, bins int) ([]float64, error)
}

// row is a row to be fitted.
type row struct {
	at   int
	y, w float64
}

// Fit implements models.Learner; the model is a *Model. Errors are about data:
// no rows, one outcome only, a value out of range.
func (s Scorecard) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if s.Bins < 0 || !(s.Least >= 0 && s.Least < 1) || !(s.Prior >= 0 && s.Prior <= most) || !(s.IV >= 0 && s.IV <= most) {
		return nil, errors.New("scorecard: bins, prior and information value must not be negative, the least share must lie in [0, 1)")
	}
	s.Bins, s.Least, s.Prior, s.IV = cmp.Or(s.Bins, 6), cmp.Or(s.Least, 0.05), cmp.Or(s.Prior, 10), cmp.Or(s.IV, 0.02)
	rows, all, err := rowsOf(x, y)
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(x.Columns))
	var kept []int
	for j := range columns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if columns[j], err = s.bins(&x.Columns[j], rows, all); err != nil {
			return nil, err
		}
		if information(columns[j].Cells, all) >= s.IV {
			kept = append(kept, j)
		}
	}
	start, err := weigh(ctx, x, y, columns, kept, all)
	if err != nil {
		return nil, err
	}
	return New(Points, start, columns)
}

// rowsOf checks the target and gives the rows to be fitted and their counts.
func rowsOf(x *matrix.Matrix, y models.Target) (rows []row, all Cell, err error) {
	if len(y.Y) != x.Rows || y.Weight != nil && len(y.Weight) != x.Rows || y.Valid != nil && len(y.Valid) != x.Rows {
		panic("scorecard: the target and the matrix differ in length")
	}
	for i, v := range y.Y {
		w := 1.0
		if y.Weight != nil {
			w = y.Weight[i]
		}
		if !(v >= 0 && v <= 1) || !(w >= 0 && w <= 1e15) {
			return nil, all, fmt.Errorf("scorecard: row %d: outcome or weight out of range", i+1)
		}
		if w > 0 && (y.Valid == nil || !y.Valid[i]) {
			rows = append(rows, row{i, v, w})
			all.Leads += w
			all.Won += float64(w * v)
		}
	}
	switch {
	case len(rows) == 0:
		return nil, all, errors.New("scorecard: no rows to fit")
	case all.Won == 0 || all.Won == all.Leads:
		return nil, all, errors.New("scorecard: all rows have the same outcome")
	}
	return rows, all, nil
}

// bins cuts a column and gives each bin its weight of evidence.
func (s Scorecard) bins(c *matrix.Column, rows []row, all Cell) (t Column, err error) {
	least := s.Least * all.Leads
	if c.Categorical() {
		t = levelBins(c, rows, min(least, 50))
	} else {
		var values, outcomes, weights []float64
		for _, r := range rows {
			if v := c.Num(r.at); v-v == 0 {
				values, outcomes, weights = append(values, v), append(outcomes, r.y), append(weights, r.w)
			}
		}
		cuts := Cuts(values, weights, s.Bins)
		if s.Cut != nil {
			if cuts, err = s.Cut(values, outcomes, s.Bins); err != nil {
				return t, fmt.Errorf("scorecard: column %q: %w", c.Name, err)
			}
		}
		t = numberBins(c, rows, cuts, least)
	}
	for k := range t.Cells {
		t.Cells[k].WoE = WoE(t.Cells[k], all, s.Prior)
	}
	return t, nil
}

// WoE is the weight of evidence of a bin among all rows: the log-odds of the
// event in it less those of all, after adding prior rows that are like all.
// Without a prior it is infinite where one of the outcomes does not occur, and
// not a number for an empty bin.
func WoE(bin, all Cell, prior float64) float64 {
	share := all.Won / all.Leads
	won, not := bin.Won+float64(prior*share), bin.Leads-bin.Won+float64(prior*(1-share))
	return portable.Log(won/not) - portable.Log(all.Won/(all.Leads-all.Won))
}

// IV is a bin's part of the information value of its column: its share of the
// events less its share of the others, times its weight of evidence (Kullback
// and Leibler's divergence, both ways).
func IV(bin, all Cell) float64 {
	return float64((bin.Won/all.Won - (bin.Leads-bin.Won)/(all.Leads-all.Won)) * bin.WoE)
}

func information(cells []Cell, all Cell) float64 {
	sum := 0.0
	for _, b := range cells {
		sum += IV(b, all)
	}
	return sum
}

// weigh fits the weights of the kept columns to their evidence and writes every
// bin's points; a column that would count against its own evidence is dropped,
// for its points could not be read. It returns the points to start with.
func weigh(ctx context.Context, x *matrix.Matrix, y models.Target, columns []Column, kept []int, all Cell) (start float64, err error) {
	for {
		if len(kept) == 0 {
			return math.Round(Points.Even + portable.Log(all.Won/(all.Leads-all.Won))/Points.Unit), ctx.Err()
		}
		evidence := &matrix.Matrix{Rows: x.Rows}
		for _, j := range kept {
			c := matrix.Column{Name: columns[j].Name, Nums: make([]float64, x.Rows)}
			for i := range c.Nums {
				c.Nums[i] = columns[j].Cells[columns[j].Cell(&x.Columns[j], i)].WoE
			}
			evidence.Columns = append(evidence.Columns, c)
		}
		fitted, err := linear.Logistic{Straight: true}.Fit(ctx, evidence, y)
		if err != nil {
			return 0, fmt.Errorf("scorecard: %w", err)
		}
		parts, base, err := partsOf(fitted.(*linear.Model), columns, kept)
		if err != nil {
			return 0, err
		}
		if right := rising(columns, kept, parts); len(right) < len(kept) {
			kept = right
			continue
		}
		for k, j := range kept {
			for b := range columns[j].Cells {
				columns[j].Cells[b].Value = math.Round(parts[k][b] / Points.Unit)
			}
		}
		return math.Round(Points.Even + base/Points.Unit), nil
	}
}

// partsOf is what the regression adds for each bin of the kept columns, and
// the log-odds of a row that has the mean part of each.
func partsOf(m *linear.Model, columns []Column, kept []int) (parts [][]float64, base float64, err error) {
	one := &matrix.Matrix{Rows: 1, Columns: make([]matrix.Column, len(kept))}
	for k := range kept {
		one.Columns[k].Nums = []float64{0}
	}
	parts = make([][]float64, len(kept))
	for k, j := range kept {
		for _, c := range columns[j].Cells {
			one.Columns[k].Nums[0] = c.WoE
			part := make([]float64, len(kept))
			if base, err = m.Shares(part, one, []float64{1}); err != nil {
				return nil, 0, fmt.Errorf("scorecard: %w", err)
			}
			parts[k] = append(parts[k], part[k])
		}
		one.Columns[k].Nums[0] = 0
	}
	return parts, base, nil
}

// rising are the kept columns whose parts rise with the evidence.
func rising(columns []Column, kept []int, parts [][]float64) []int {
	var right []int
	for k, j := range kept {
		low, high := 0, 0
		for b, c := range columns[j].Cells {
			if c.WoE < columns[j].Cells[low].WoE {
				low = b
			}
			if c.WoE > columns[j].Cells[high].WoE {
				high = b
			}
		}
		if parts[k][high] > parts[k][low] {
			right = append(right, j)
		}
	}
	return right
}
