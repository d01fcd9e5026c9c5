package report

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// Together is two columns of which what one does depends on the other.
type Together struct {
	Columns [2]string  `json:"columns"`
	Effect  float64    `json:"effect"` // mean |change of p_win| by the two together, of new leads, beyond what each does by itself
	Each    [2]float64 `json:"each"`   // mean |change of p_win| by each column, as in Influence
}

const (
	togetherSample = 300   // leads whose pairs are averaged
	togetherMost   = 5     // pairs that are shown
	togetherLeast  = 0.001 // an effect below is not shown,
	togetherPart   = 0.1   // nor one below this part of the strongest column's
	// Boosted trees find pairs where there are none. On generated companies
	// whose columns multiply rates, their effect over the geometric mean of what
	// the two columns do was up to 16 by the root of the number of wins.
	togetherNoise = 20
)

// together finds the pairs that stand out of what chance makes trees see.
func (c *company) together(ctx context.Context, r *Report) error {
	each := map[string]float64{}
	for _, f := range r.Influence {
		each[f.Column] = f.Effect
	}
	pairs, err := c.b.Pairs(ctx, c.snapshot(c.sample(togetherSample), c.creation))
	if errors.Is(err, errors.ErrUnsupported) { // trees too deep to tell
		return nil
	}
	if err != nil {
		return err
	}
	least, noise := max(togetherLeast, togetherPart*r.Influence[0].Effect), togetherNoise/math.Sqrt(float64(max(1, c.m.Wins)))
	for _, p := range pairs {
		a, b := each[p.Columns[0]], each[p.Columns[1]]
		if p.Together >= least && p.Together >= noise*math.Sqrt(a*b) {
			r.Together = append(r.Together, Together{p.Columns, p.Together, [2]float64{a, b}})
		}
	}
	slices.SortFunc(r.Together, func(a, b Together) int {
		return cmp.Or(cmp.Compare(b.Effect, a.Effect), slices.Compare(a.Columns[:], b.Columns[:]))
	})
	r.Together = r.Together[:min(togetherMost, len(r.Together))]
	return nil
}
