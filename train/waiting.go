package train

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/train/bundle"
)

// What a horizon needs, of leads at risk then and of wins in its second half;
// see survival.Support.
const (
	neededAtRisk = 50
	neededWins   = 10
)

// waiting are the horizons that are not supported for new leads.
func (t *trainer) waiting(ctx context.Context, w *subjects, reach bundle.Reach) (list []bundle.Wait, err error) {
	for _, h := range t.plan.Horizons {
		if float64(h) <= reach.Longest(0) {
			continue
		}
		wait, err := t.lacking(ctx, w, h)
		if err != nil {
			return nil, err
		}
		list = append(list, wait)
	}
	return list, nil
}

// lacking says why a horizon is not supported for new leads, and from when on
// it will be.
func (t *trainer) lacking(ctx context.Context, w *subjects, horizon int) (bundle.Wait, error) {
	w = w.once()
	days := float64(horizon)
	if silence := t.plan.Contract.SilentAfter; silence > 0 && days >= silence {
		return bundle.Wait{Days: horizon, Reason: fmt.Sprintf("leads count as lost after %g days of silence, so none is open for longer", silence)}, nil
	}
	atRisk, wins := 0, 0
	for i, exit := range w.y.Exit {
		if exit > days && w.y.Entry[i] <= days {
			atRisk++
		}
		if w.won(i) && exit > days/2 && exit <= days {
			wins++
		}
	}
	reason := fmt.Sprintf("of %d leads, of which %d are won, %d were still open after that long (%d are needed) and %d were won in its second half (%d are needed)",
		len(w.rows), w.wins(), atRisk, neededAtRisk, wins, neededWins)
	from, err := t.supportedFrom(ctx, w, days)
	return bundle.Wait{Days: horizon, Reason: reason, From: from}, err
}

// mostWeeks is how far ahead is looked for the day on which a horizon will be supported.
const mostWeeks = 10 * 52

// supportedFrom is the day from which a model can be expected to give a
// horizon, should the leads that are open now go on by the base rates, and new
// ones come as in the last year; "" where that is not within ten years, or
// nobody knows what day it is.
func (t *trainer) supportedFrom(ctx context.Context, w *subjects, horizon float64) (string, error) {
	if !t.dated {
		return "", nil
	}
	base, err := survival.Baseline{Cuts: t.cutsOf(w, t.plan.Horizons), Causes: causes}.Fit(ctx, &matrix.Matrix{Rows: len(w.rows)}, w.y)
	if err != nil {
		return "", fmt.Errorf("train: %w", err)
	}
	rates := base.(*survival.BaseRates)
	row := make([]float64, rates.Outputs())
	if err := rates.Predict(row, &matrix.Matrix{Rows: 1}); err != nil {
		return "", fmt.Errorf("train: %w", err)
	}
	span := 0.0 // of the data, in weeks
	future := prospect{horizon: horizon, open: map[int]float64{}, curve: func(from float64) models.Curve { return rates.Curve(row, from) }}
	for i, exit := range w.y.Exit {
		state := datasets.State(w.y.Cause[i])
		if exit > horizon && w.y.Entry[i] <= horizon {
			future.atRisk++
		}
		if state == datasets.Won && exit > horizon/2 && exit <= horizon {
			future.wins++
		}
		if state == datasets.Open && exit < horizon {
			future.open[int(exit/7)]++
		}
		since := datasets.Days(t.out.Created[w.rows[i]], w.until) / 7
		if span = max(span, since); since < 52 {
			future.coming++
		}
	}
	future.coming /= min(52, max(span, 1))
	weeks := 1 + sort.Search(mostWeeks, func(k int) bool { return future.supports(k + 1) })
	if weeks > mostWeeks {
		return "", nil
	}
	return day(w.until + int64(weeks)*7*datasets.MicrosPerDay), nil
}

// prospect is what is known of the leads that will support a horizon.
type prospect struct {
	horizon      float64
	atRisk, wins float64         // at and before it, now
	open         map[int]float64 // leads that are not yet so old, by their age in weeks
	coming       float64         // new leads a week
	curve        func(from float64) models.Curve
}

// supports reports whether enough leads are to be expected some weeks from now.
func (p *prospect) supports(weeks int) bool {
	atRisk, wins := p.atRisk, p.wins
	add := func(age, until, leads float64) {
		c := p.curve(age)
		if until > p.horizon {
			atRisk += float64(leads * c.Open(p.horizon-age))
		}
		var at [causes]float64
		if to := min(until, p.horizon); to > p.horizon/2 {
			c.At(at[:], to-age)
			wins += float64(leads * at[0])
			if from := float64(p.horizon / 2); from > age {
				c.At(at[:], from-age)
				wins -= float64(leads * at[0])
			}
		}
	}
	for _, week := range slices.Sorted(maps.Keys(p.open)) {
		age := min(float64(7*(float64(week)+0.5)), p.horizon)
		add(age, age+float64(7*float64(weeks)), p.open[week])
	}
	for week := range weeks {
		add(0, float64(7*(float64(week)+0.5)), p.coming)
	}
	return atRisk >= neededAtRisk && wins >= neededWins
}
