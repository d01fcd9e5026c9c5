package train

import (
	"context"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/survival"
)

// validation is what came out of comparing the candidates on rows they were
// not fitted to.
type validation struct {
	names   []candidate    // what was compared
	tuned   []*tuning      // one a candidate
	blend   survival.Blend // weights of all candidates
	board   []Entry        // the leaderboard
	encoded                // what was compared on: the leads by an encoder of those before the hold-out
	best    int            // the candidate that ranks best, −1 without folds
	oof     subjects       // the rows
	bases   []float64      // base margins of the rows' own folds
	saids   [][]float64    // margins of each candidate
}

// unused reports whether a candidate has no weight for any cause.
func (v *validation) unused(j int) bool {
	for _, w := range v.blend.Weight {
		if w[j] > 0 {
			return false
		}
	}
	return true
}

// recipe names the champion with its weights.
func (v *validation) recipe() string {
	name := ""
	for j, c := range v.names {
		if v.unused(j) {
			continue
		}
		if name != "" {
			name += " + "
		}
		name += fmt.Sprintf("%s %.*f", c.name, max(2, int(1-float64(math.Log10(max(v.blend.Weight[0][j], 1e-3))))), v.blend.Weight[0][j])
	}
	if name == "" {
		return "base rates"
	}
	return name
}

// validate fits every candidate at every origin, tunes it and fits the blend.
func (t *trainer) validate(ctx context.Context, sp *split) (*validation, error) {
	if t.timed {
		t.cuts = t.cutsOf(&sp.train, t.plan.Horizons)
	}
	list := t.contenders()
	v := &validation{names: list, best: -1, saids: make([][]float64, len(list))}
	var err error
	if v.encoded, err = t.encode(ctx, sp.all, sp.cut); err != nil {
		return nil, err
	}
	x := v.encoded.x
	if len(sp.folds) > 0 {
		if err := t.size(ctx, x, sp); err != nil {
			return nil, err
		}
		if err := t.search(ctx, x, sp.folds); err != nil {
			return nil, err
		}
	}
	chosen, weights := make([][]*tuning, len(list)), []float64(nil)
	for _, f := range sp.folds {
		index, y := f.together()
		wide := view(x, index)
		test := x.Gather(f.test.index())
		base, err := t.baseline(ctx, wide, y)
		if err != nil {
			return nil, err
		}
		if v.bases, err = said(v.bases, base, test); err != nil {
			return nil, err
		}
		for j, c := range list {
			t.step(fmt.Sprintf("validating %s, %s", c.name, f.name))
			m, tuned, err := t.fit(ctx, c, wide, y, nil)
			if err != nil {
				return nil, err
			}
			chosen[j] = append(chosen[j], tuned)
			if v.saids[j], err = said(v.saids[j], m, test); err != nil {
				return nil, err
			}
		}
		weights = append(weights, float64(len(f.fit.rows)))
		v.oof.join(&f.test)
	}
	for j := range list {
		v.tuned = append(v.tuned, settle(chosen[j], weights))
	}
	return v, t.blend(ctx, v, x, sp)
}

// join puts the subjects of another fold under those of w.
func (w *subjects) join(f *subjects) {
	w.rows = append(w.rows, f.rows...)
	w.marks = append(w.marks, f.marks...)
	w.y.Y = append(w.y.Y, f.y.Y...)
	w.y.Entry = append(w.y.Entry, f.y.Entry...)
	w.y.Exit = append(w.y.Exit, f.y.Exit...)
	w.y.Cause = append(w.y.Cause, f.y.Cause...)
}

// blend fits the weights on what the candidates said out of fold, and compares
// everything with the base rates.
func (t *trainer) blend(ctx context.Context, v *validation, x *matrix.Matrix, sp *split) error {
	base, err := t.baseline(ctx, x.Gather(sp.train.index()), sp.train.y)
	if err != nil {
		return err
	}
	v.blend = survival.Blend{Offset: make([]float64, base.Outputs()), Weight: make([][]float64, base.Outputs()/t.intervals())}
	for c := range v.blend.Weight {
		v.blend.Weight[c] = make([]float64, len(v.names))
	}
	if len(sp.folds) == 0 {
		t.notef("", "too few won leads to compare models: the base rates are used")
		return nil
	}
	floor := t.scores(v.oof.y, v.bases)
	best, bestRank := -1, 0.0
	for j, c := range v.names {
		e := t.entry(c.name, v, v.saids[j], floor)
		v.board = append(v.board, e)
		if e.AUC > bestRank {
			best, bestRank = j, e.AUC
		}
	}
	v.best = best
	if err := t.aside(ctx, v, x, sp, floor); err != nil {
		return err
	}
	if err := t.weigh(v, base, best); err != nil {
		return err
	}
	blended := t.entry("blend", v, t.margins(v), floor)
	if sure := sureness(blended); t.plan.Model == "blend" && sure < 1 {
		if sure < 0.5 {
			t.notef("", "no model did clearly better than the base rates in validation: the forecast is close to them")
		}
		v.shrink(best, sure)
		blended = t.entry("blend", v, t.margins(v), floor)
	}
	v.board = append(v.board, blended, t.entry("base", v, v.bases, floor))
	t.crown(v)
	if len(sp.levels) > 0 {
		return t.offsets(ctx, v, base, x, sp.levels)
	}
	return nil
}

// offsets finds those of the blend anew, on folds of all accounts. Where
// accounts are kept apart, too little is expected of leads that are open at an
// origin: when the model is used it has seen them, and forecasts less for them.
func (t *trainer) offsets(ctx context.Context, v *validation, base *survival.BaseRates, x *matrix.Matrix, folds []fold) error {
	every := *v
	every.oof, every.bases, every.saids = subjects{}, nil, make([][]float64, len(v.names))
	for _, f := range folds {
		t.step("validating the level, " + f.name)
		fit, test := x.Gather(f.fit.index()), x.Gather(f.test.index())
		own, err := t.baseline(ctx, fit, f.fit.y)
		if err != nil {
			return err
		}
		if every.bases, err = said(every.bases, own, test); err != nil {
			return err
		}
		for j, c := range v.names {
			var m models.Additive = own
			if !v.unused(j) {
				if m, _, err = t.fit(ctx, c, fit, f.fit.y, v.tuned[j]); err != nil {
					return err
				}
			}
			if every.saids[j], err = said(every.saids[j], m, test); err != nil {
				return err
			}
		}
		every.oof.join(&f.test)
	}
	every.blend.Offset = make([]float64, len(v.blend.Offset))
	s, rows, err := t.stacking(&every, base)
	if err != nil {
		return err
	}
	s.Prior, s.Ridge = []float64{1}, math.MaxFloat32 // the weights stay
	b, err := s.Fit(rows, [][]float64{t.margins(&every)})
	if err != nil {
		return err
	}
	for i, o := range b.Offset {
		v.blend.Offset[i] = drift * o
	}
	return nil
}

// said puts what a model says of the rows behind what was said of others.
func said(margins []float64, m models.Additive, x *matrix.Matrix) ([]float64, error) {
	n := len(margins)
	margins = append(margins, make([]float64, x.Rows*m.Outputs())...)
	return margins, m.Margins(margins[n:], x)
}

// stacking is the regression that fits the weights and offsets, and its rows.
func (t *trainer) stacking(v *validation, base *survival.BaseRates) (survival.Stacking, *survival.Rows, error) {
	s := survival.Stacking{Base: base, Bases: v.bases}
	if !t.timed {
		return s, survival.Flat(v.oof.y.Y, nil), nil
	}
	s.Groups = ageGroups(t.intervals())
	rows, err := survival.Expand(t.cuts, v.oof.y, 0, 0)
	return s, rows, err
}

// weigh fits the weights that the plan asks for.
func (t *trainer) weigh(v *validation, base *survival.BaseRates, best int) error {
	if t.plan.Model == "base" {
		return nil
	}
	s, rows, err := t.stacking(v, base)
	if err != nil {
		return err
	}
	s.Best = best + 1
	saids := v.saids
	for range v.names {
		s.Prior = append(s.Prior, 1/float64(len(v.names)))
	}
	only := t.only(v)
	if j := only; j >= 0 {
		saids, s.Prior, s.Best = v.saids[j:j+1], []float64{1}, 1
	}
	b, err := s.Fit(rows, saids)
	if err != nil {
		return err
	}
	for i, o := range b.Offset {
		v.blend.Offset[i] = drift * o
	}
	for c := range v.blend.Weight {
		if j := only; j >= 0 {
			v.blend.Weight[c][j] = b.Weight[c][0]
		} else {
			v.blend.Weight[c] = b.Weight[c]
		}
	}
	return nil
}

// drift is how much of the offsets that validation found is carried forward:
// how the level moved from what was known at an origin to what came next says
// something of the next move, but not all.
const drift = 0.5

// only is the one candidate that the plan asks for, or −1.
func (t *trainer) only(v *validation) int {
	for j, c := range v.names {
		if t.plan.Model == c.name {
			return j
		}
	}
	return -1
}

// sureness is how much of a gain over the base rates is not noise: the rule of
// James and Stein (1961), 0 where the gain is below one standard error, near 1
// where it is many times as large. What it shrinks was shrunk by the penalty of
// the stacking before, so that a stricter rule leaves too little of the few wins
// of a small company: two standard errors left a fifth of the gain in log loss.
func sureness(e Entry) float64 {
	se := (e.GainHigh - e.GainLow) / (2 * 1.96)
	if !(e.Gain > 0) {
		return 0
	}
	return max(0, 1-float64((se/e.Gain)*(se/e.Gain)))
}

// shrink moves the blend towards the base rates, but leaves a little of the
// best ranker so that leads still have an order.
func (v *validation) shrink(best int, factor float64) {
	for c := range v.blend.Weight {
		for j := range v.blend.Weight[c] {
			v.blend.Weight[c][j] *= factor
		}
		v.blend.Weight[c][max(best, 0)] = max(leastWeight, v.blend.Weight[c][max(best, 0)])
	}
}

// leastWeight is the weight that the best ranker keeps where nothing is sure:
// enough to order leads, too little to do worse than the base rates by what
// anybody would print.
const leastWeight = 0.005

// margins are those of the blend on the rows of validation, each over the base
// rates of its own fold.
func (t *trainer) margins(v *validation) []float64 {
	out, n := len(v.blend.Offset), t.intervals()
	blended := make([]float64, len(v.bases))
	for i, b := range v.bases {
		blended[i] = b + v.blend.Offset[i%out]
		for j, said := range v.saids {
			if d := said[i] - b; d-d == 0 {
				blended[i] += float64(v.blend.Weight[i%out/n][j] * d)
			}
		}
	}
	return blended
}

// intervals is the number of intervals of age; 1 without times.
func (t *trainer) intervals() int { return len(t.cuts) + 1 }

// scores are the log-likelihoods of the rows under some margins: right-censored
// of won, lost and open on the grid of the cuts, or of yes and no.
func (t *trainer) scores(y models.Target, margins []float64) []float64 {
	if !t.timed {
		score := make([]float64, len(y.Y))
		for i, m := range margins {
			p := min(max(portable.Sigmoid(m), 1e-12), 1-1e-12)
			score[i] = float64(y.Y[i]*portable.Log(p)) + float64((1-y.Y[i])*portable.Log(1-p))
		}
		return score
	}
	grid := append(append([]float64(nil), t.cuts...), t.cuts[len(t.cuts)-1]+365)
	return metric.CensoredLogLik(grid, func(row int) models.Curve { return t.curve(margins, row, y.Entry[row]) }, y.Entry, y.Exit, y.Cause)
}

// curve is the forecast that margins give for a row.
func (t *trainer) curve(margins []float64, row int, from float64) models.Curve {
	n := len(t.cuts) + 1
	c := models.Curve{Cuts: t.cuts, From: from, Rates: make([][]float64, causes)}
	for k := range c.Rates {
		c.Rates[k] = make([]float64, n)
		for i, m := range margins[row*causes*n+k*n:][:n] {
			c.Rates[k][i] = portable.Exp(m)
		}
	}
	return c
}

// ranking is what leads are ordered by: the probability of being won.
func (t *trainer) ranking(v *validation, margins []float64) (won, p []float64) {
	if !t.timed {
		return v.oof.y.Y, margins
	}
	won, p = make([]float64, len(v.oof.rows)), make([]float64, len(v.oof.rows))
	var at [causes]float64
	for i := range p {
		t.curve(margins, i, v.oof.y.Entry[i]).At(at[:], float64(t.plan.MainHorizon))
		p[i] = at[0]
		if v.oof.y.Cause[i] == uint8(datasets.Won) {
			won[i] = 1
		}
	}
	return won, p
}
