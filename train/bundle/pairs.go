package bundle

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
)

// Pair is how far two of the user's columns move main probabilities together,
// beyond what each of them does by itself.
type Pair struct {
	Columns  [2]string // by name
	Together float64   // mean |change of p_win|
}

// pairNumbers bounds what Pairs holds at a time.
const pairNumbers = 1 << 22

// Pairs tells of every two columns how far they act together in the main
// probabilities of the leads of a snapshot: SHAP interaction values of the
// margins, at the prices at which reasons are. So a column's reason is what it
// does alone and half of what it does with each other one. Columns that the
// model adds up or, on the scale of its margins, multiplies rates by have
// nothing together. Leads without a probability are left out; without any
// there are no pairs.
func (b *Bundle) Pairs(ctx context.Context, s features.Snapshot) ([]Pair, error) {
	f, err := b.forecast(s)
	if err != nil {
		return nil, err
	}
	var origins []string
	at := make([]int, len(f.x.Columns))
	for j := range at {
		name := f.x.Columns[j].Origin
		if at[j] = slices.Index(origins, name); at[j] < 0 {
			at[j] = len(origins)
			origins = append(origins, name)
		}
	}
	n, total, leads := len(origins), make([]float64, len(origins)*len(origins)), 0
	most := max(1, pairNumbers/max(1, len(at)*len(at)))
	for from := 0; from < s.Leads.Rows; from += most {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		each, err := f.pairs(from, min(from+most, s.Leads.Rows), at, n)
		if err != nil {
			return nil, err
		}
		for _, pairs := range each {
			leads++
			for k, v := range pairs {
				total[k] += math.Abs(2 * v)
			}
		}
	}
	var list []Pair
	for a := range n {
		for b := range a {
			if leads > 0 {
				list = append(list, Pair{Columns: [2]string{min(origins[a], origins[b]), max(origins[a], origins[b])}, Together: total[a*n+b] / float64(leads)})
			}
		}
	}
	return list, nil
}

// pairs are the interactions of each lead from…to that has a main probability,
// a matrix over n groups of columns; at tells which group each column is in.
func (f *forecast) pairs(from, to int, at []int, n int) ([][]float64, error) {
	scores := make([]Score, f.x.Rows)
	if err := f.score(scores, from, to, 0); err != nil {
		return nil, err
	}
	var rows []int32
	for i := from; i < to; i++ {
		if scores[i].Win != nil {
			rows = append(rows, int32(i))
		}
	}
	x, outputs, columns := f.x.Gather(rows), f.model.Outputs(), len(at)
	margins := make([]float64, len(rows)*outputs)
	if err := f.model.Margins(margins, x); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	center := f.center()
	var weights []float64
	for i, row := range rows {
		p := path{f, center, margins[i*outputs:][:outputs], f.ageOf(int(row))}
		weights = append(weights, p.prices(1, p.chance, p.chanceSlopes)...)
	}
	all := make([]float64, len(rows)*columns*columns)
	if err := models.Interactions(f.model, all, x, weights); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	each := make([][]float64, len(rows))
	for i := range each {
		each[i] = make([]float64, n*n)
		for j := range columns {
			for k, v := range all[(i*columns+j)*columns:][:columns] {
				each[i][at[j]*n+at[k]] += v
			}
		}
	}
	return each, nil
}
