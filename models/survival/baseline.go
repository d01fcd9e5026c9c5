package survival

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Baseline learns the base rates, which do not look at any column: for each
// cause and interval of age the events over the time at risk, shrunk towards
// the cause's overall rate by one event's worth. With Causes 0 it learns the
// share of Y above zero instead, by Jeffreys' estimate (s+½)/(n+1), as a model
// of one probability. Rows that are Valid do not count.
type Baseline struct {
	Cuts   []float64 // interior cut points of the age axis, rising and above zero
	Causes int       // number of causes; 0 for a plain probability
}

// Fit implements models.Learner; the model is a *BaseRates. Errors are about
// data: no rows to be fitted, times or causes out of range.
func (l Baseline) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.Causes == 0 {
		return fitShare(x, y)
	}
	if err := checkTarget(x, y, l.Causes); err != nil {
		return nil, err
	}
	b := &BaseRates{axis: axis{cuts: slices.Clone(l.Cuts), causes: l.Causes}, columns: len(x.Columns)}
	if err := b.check(); err != nil {
		return nil, err
	}
	r, err := Expand(l.Cuts, y, 0, 0)
	if err != nil {
		return nil, err
	}
	b.margins, err = r.logRates(b.axis, y.Valid)
	return b, err
}

// logRates are the logs of events over time at risk by cause and interval,
// shrunk towards the cause's overall rate by one event's worth; −Inf for a
// cause without events.
func (r *Rows) logRates(a axis, valid []bool) ([]float64, error) {
	events, exposure := r.sums(a, valid)
	n := len(a.cuts) + 1
	total := 0.0
	for _, e := range exposure {
		total += e
	}
	if !(total > 0) {
		return nil, errors.New("survival: no rows to be fitted")
	}
	rates := make([]float64, a.Outputs())
	for c := range a.causes {
		happened := 0.0
		for _, d := range events[c*n:][:n] {
			happened += d
		}
		for k, e := range exposure {
			rates[c*n+k] = portable.Log((events[c*n+k] + 1) / (e + total/happened))
			if happened == 0 {
				rates[c*n+k] = portable.Log(0)
			}
		}
	}
	return rates, nil
}

// sums are the weighted events by cause and interval and the time at risk by
// interval, of rows whose subjects are not valid.
func (r *Rows) sums(a axis, valid []bool) (events, exposure []float64) {
	n := len(a.cuts) + 1
	events, exposure = make([]float64, a.Outputs()), make([]float64, n)
	for i, subject := range r.Subject {
		if valid != nil && valid[subject] {
			continue
		}
		w, k := r.weight(i), int(r.Interval[i])
		exposure[k] += float64(w * r.Exposure[i])
		if c := int(r.Cause[i]); c > 0 {
			events[(c-1)*n+k] += w
		}
	}
	return events, exposure
}

func (r *Rows) weight(i int) float64 {
	if r.Weight == nil {
		return 1
	}
	return r.Weight[i]
}

// fitShare is the base model of a plain yes/no outcome.
func fitShare(x *matrix.Matrix, y models.Target) (models.Model, error) {
	if len(y.Y) != x.Rows || y.Weight != nil && len(y.Weight) != x.Rows || y.Valid != nil && len(y.Valid) != x.Rows {
		panic("survival: matrix and target differ in length")
	}
	yes, all := 0.0, 0.0
	for i, v := range y.Y {
		if v != 0 && v != 1 {
			return nil, fmt.Errorf("survival: row %d: the outcome is neither 0 nor 1", i)
		}
		w := 1.0
		if y.Weight != nil {
			w = y.Weight[i]
		}
		if y.Valid == nil || !y.Valid[i] {
			yes += float64(w * v)
			all += w
		}
	}
	if !(all > 0) {
		return nil, errors.New("survival: no rows to be fitted")
	}
	share := portable.Log(yes+0.5) - portable.Log(all-yes+0.5)
	return &BaseRates{axis: axis{causes: 1}, columns: len(x.Columns), chance: true, margins: []float64{share}}, nil
}

// Chance is the base model of a probability whose mean log-odds are known.
func Chance(columns int, logOdds float64) *BaseRates {
	return &BaseRates{axis: axis{causes: 1}, columns: columns, chance: true, margins: []float64{logOdds}}
}

// BaseRates are the same rates for everybody, or the same probability.
type BaseRates struct {
	axis
	columns int       // of the matrices it takes
	chance  bool      // margins are log-odds of a probability, not log-rates
	margins []float64 // one an output
}

// Predict implements models.Model.
func (b *BaseRates) Predict(dst []float64, x *matrix.Matrix) error {
	if err := b.Margins(dst, x); err != nil {
		return err
	}
	b.link(dst)
	return nil
}

// link turns margins into rates or into a probability.
func (b *BaseRates) link(margins []float64) {
	for i, m := range margins {
		if b.chance {
			margins[i] = portable.Sigmoid(m)
		} else {
			margins[i] = portable.Exp(m)
		}
	}
}

// BaseMargins are the margins of every row, in the layout of Predict; not to be
// written to.
func (b *BaseRates) BaseMargins() []float64 { return b.margins }

// Margins implements models.Additive.
func (b *BaseRates) Margins(dst []float64, x *matrix.Matrix) error {
	if err := b.takes(dst, x, b.columns); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = b.margins[i%len(b.margins)]
	}
	return nil
}

// Shares implements models.Additive: no column has a part. Weights of a cause
// without events are not looked at.
func (b *BaseRates) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := b.takes(weights, x, b.columns); err != nil {
		return 0, err
	}
	if len(dst) != b.columns {
		panic("survival: shares need one place a column")
	}
	for i, w := range weights {
		if m := b.margins[i%len(b.margins)]; finite(m) {
			base += float64(w * m)
		}
	}
	return base, nil
}

// Interactions implements models.Interacting: there are none.
func (b *BaseRates) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	return models.Apart(b, dst, x, weights)
}

func finite(v float64) bool { return v-v == 0 }
