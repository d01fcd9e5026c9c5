package gbm

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/portable"
)

// Cox fits hazards up to a common function of time by the partial likelihood
// (Cox 1972, JRSS B 34:187) with Breslow's ties. Rows are at risk from
// Target.Entry, exclusive, to Target.Exit, inclusive. The margin is the log of a
// row's hazard relative to the baseline, and so is the forecast once linked: it
// ranks rows, and is no probability.
//
// Given the margins, the likelihood's slope is that of a Poisson law whose
// exposure is Breslow's baseline hazard over the row's time at risk (Whitehead
// 1980, Applied Statistics 29:268), so exposures are taken anew each round and
// the rest is as with Poisson.
type Cox struct {
	Cause uint8 // that is the event, others end the time at risk; 0 means any
}

// Name is "cox" and Cause.
func (o Cox) Name() string { return parametric("cox", float64(o.Cause)) }

// Check has nothing to refuse: times are looked at all together.
func (Cox) Check(_, _ float64) error { return nil }

// Base is the log of the events per unit of baseline hazard.
func (Cox) Base(events, exposure float64) float64 { return portable.Log(events / exposure) }

// Gradient is μ − y and μ, where μ = exposure·e^margin. μ is above the exact
// second derivative, by less the more rows are at risk.
func (Cox) Gradient(margin, y, exposure float64) (g, h float64) {
	return Poisson{}.Gradient(margin, y, exposure)
}

// Loss is μ − y·margin, which has the partial likelihood's slope.
func (Cox) Loss(margin, y, exposure float64) float64 {
	return float64(exposure*portable.Exp(clamp(margin))) - float64(y*margin)
}

// Link is e^margin.
func (Cox) Link(margin float64) float64 { return portable.Exp(clamp(margin)) }

// events are the outcomes: 1 where the cause was met.
func (o Cox) events(y models.Target) []float64 {
	events := make([]float64, len(y.Cause))
	for i, c := range y.Cause {
		if c != 0 && (o.Cause == 0 || c == o.Cause) {
			events[i] = 1
		}
	}
	return events
}

// start finds out who was at risk when.
func (Cox) start(d *data, y models.Target) error {
	if len(y.Exit) != len(d.y) || y.Entry != nil && len(y.Entry) != len(d.y) {
		panic("gbm: matrix and target differ in length")
	}
	for _, rows := range [2][]int32{d.fitted, d.held} {
		for _, i := range rows {
			if exit := y.Exit[i]; !(exit >= 0) || math.IsInf(exit, 1) || y.Entry != nil && !(y.Entry[i] < exit) {
				return fmt.Errorf("gbm: row %d: times at risk want 0 ≤ entry < exit", i)
			}
		}
	}
	d.risk = newRisk(d, d.fitted, y)
	if len(d.held) > 0 {
		d.watch = newRisk(d, d.held, y)
	}
	if len(d.risk.events) == 0 {
		return errors.New("gbm: nothing happened to anybody")
	}
	d.base, d.overall, d.exposure = 0, 1, make([]float64, len(d.y))
	d.risk.expose(d.exposure, make([]float64, len(d.y)))
	return nil
}

// risk knows which of some rows were at risk at each time of an event.
type risk struct {
	*data
	rows     []int32 // by key, so that sums do not depend on the order of the table
	from, to []int32 // of each of rows: at risk at times from…to−1
	events   []float64
	weights  []float64 // of each of rows
	hazards  []float64 // scratch: by time, and one more
}

func newRisk(d *data, rows []int32, y models.Target) *risk {
	r := &risk{data: d, rows: slices.Clone(rows), from: make([]int32, len(rows)), to: make([]int32, len(rows))}
	slices.SortStableFunc(r.rows, func(p, q int32) int { return cmp.Compare(d.keys[p], d.keys[q]) })
	var times []float64
	for _, i := range rows {
		if d.y[i] == 1 {
			times = append(times, y.Exit[i])
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	// until counts the times up to and including t.
	until := func(t float64) int32 {
		k, met := slices.BinarySearch(times, t)
		if met {
			k++
		}
		return int32(k)
	}
	r.events, r.weights, r.hazards = make([]float64, len(times)), make([]float64, len(rows)), make([]float64, len(times)+1)
	for k, i := range r.rows {
		r.weights[k], r.to[k] = d.weightOf(int(i)), until(y.Exit[i])
		if y.Entry != nil {
			r.from[k] = until(y.Entry[i])
		}
		if d.y[i] == 1 {
			r.events[r.to[k]-1] += r.weights[k]
		}
	}
	return r
}

// atRisk sums up e^margin of the rows at risk at each time.
func (r *risk) atRisk(margins []float64) []float64 {
	ended, begun := make([]float64, len(r.events)+1), make([]float64, len(r.events)+1)
	for k, i := range r.rows {
		v := float64(r.weights[k] * portable.Exp(clamp(margins[i])))
		ended[r.to[k]] += v
		begun[r.from[k]] += v
	}
	sums, later, waiting := make([]float64, len(r.events)), 0.0, 0.0
	for j := len(sums) - 1; j >= 0; j-- {
		later, waiting = later+ended[j+1], waiting+begun[j+1]
		sums[j] = later - waiting
	}
	return sums
}

// expose writes each row's baseline hazard, by Breslow's estimate at margins.
func (r *risk) expose(dst, margins []float64) {
	for j, sum := range r.atRisk(margins) {
		r.hazards[j+1] = r.hazards[j] + r.events[j]/sum
	}
	for k, i := range r.rows {
		dst[i] = r.hazards[r.to[k]] - r.hazards[r.from[k]]
	}
}

// loss is the negative partial log-likelihood.
func (r *risk) loss(margins []float64) (sum float64) {
	for j, s := range r.atRisk(margins) {
		sum += float64(r.events[j] * portable.Log(s))
	}
	for k, i := range r.rows {
		sum -= float64(float64(r.weights[k]*r.y[i]) * margins[i])
	}
	return sum
}
