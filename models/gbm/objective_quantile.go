package gbm

import (
	"cmp"
	"errors"
	"slices"

	"github.com/leadcast/leadcast/models"
)

// Quantile fits the number that an outcome stays below with probability Level,
// by the check loss (Koenker and Bassett 1978, Econometrica 46:33). Level 0.5 is
// the median, which minimises the absolute error. Trees are parted by the
// loss's slope; each leaf is then set to the weighted quantile of its rows'
// residuals (Friedman 2001, §4.3), so L1 and L2 do not draw it to zero.
// Monotone columns are refused: such leaves do not keep the bounds.
type Quantile struct {
	number
	Level float64 // above 0 and below 1
}

// Name is "quantile" and Level.
func (o Quantile) Name() string { return parametric("quantile", o.Level) }

func (o Quantile) valid() error {
	if !(o.Level > 0 && o.Level < 1) {
		return errors.New("want Level above 0 and below 1")
	}
	return nil
}

// Gradient is −Level below the outcome, 1 − Level above it and 0 at it, which
// is a subgradient; the curvature is put at 1.
func (o Quantile) Gradient(margin, y, _ float64) (g, h float64) {
	switch {
	case margin < y:
		return -o.Level, 1
	case margin > y:
		return 1 - o.Level, 1
	}
	return 0, 1
}

// Loss is Level·(y − m) below the outcome and (1 − Level)·(m − y) above it.
func (o Quantile) Loss(margin, y, _ float64) float64 {
	if margin < y {
		return float64(o.Level * (y - margin))
	}
	return float64((1 - o.Level) * (margin - y))
}

// start begins at the quantile of all outcomes.
func (o Quantile) start(d *data, y models.Target) error {
	d.level, d.base = o.Level, 0
	d.base = d.quantile(d.fitted, make([]float64, len(d.y)))
	return o.number.start(d, y)
}

// quantile is the least residual of some rows that has its share of their weight
// at or below it; where it has that exactly, midway to the next.
func (d *data) quantile(rows []int32, margins []float64) float64 {
	type residual struct{ value, weight float64 }
	all := make([]residual, len(rows))
	var whole, below total
	for k, i := range rows {
		all[k] = residual{d.y[i] - margins[i], d.weightOf(int(i))}
		whole.add(all[k].weight)
	}
	slices.SortFunc(all, func(p, q residual) int { return cmp.Compare(p.value, q.value) })
	want := float64(d.level * whole.value())
	for k, r := range all {
		below.add(r.weight)
		if met := below.value(); met > want {
			return r.value
		} else if met == want && k+1 < len(all) {
			return float64((r.value + all[k+1].value) / 2)
		}
	}
	return all[len(all)-1].value
}
