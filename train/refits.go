package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// mostRefitted is the number of leads that a refit is fitted on, at most.
const mostRefitted = 50_000

// Refits fits the recipe of a plan n times, each time to accounts drawn with
// replacement (leads, where there are no accounts): how the forecasts of these
// bundles differ is how unsure the model is (Efron 1979). What validation
// chooses is chosen once. Where there are more leads than 50,000, each refit
// has about so many and the spread is a little too wide.
func Refits(ctx context.Context, raw *datasets.Table, p Plan, n int, progress Progress) ([]*bundle.Bundle, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	s, err := prepare(raw, p)
	if err != nil {
		return nil, err
	}
	t := &trainer{study: s, progress: func(string, int, int) {}}
	sp, err := s.split()
	if err != nil {
		return nil, err
	}
	progress("validating", 0, n+1)
	v, err := t.validate(ctx, sp)
	if err != nil {
		return nil, err
	}
	everything := s.window(math.Inf(-1), math.Inf(1), nil)
	e, err := t.encode(ctx, everyRow[int](t.leads.Rows), math.Inf(1))
	if err != nil {
		return nil, err
	}
	refits := make([]*bundle.Bundle, n)
	for i := range refits {
		progress(fmt.Sprintf("refit %d of %d", i+1, n), i+1, n+1)
		w := s.resampled(&everything, rand.New(rand.NewPCG(p.Seed, uint64(i))))
		b, err := t.build(ctx, fold{fit: w}, e, v, nil, nil)
		if err != nil {
			return nil, err
		}
		refits[i] = b.Bundle
	}
	return refits, nil
}

// resampled draws accounts with replacement, as many as there are or as make
// up the most leads that are refitted.
func (s *study) resampled(w *subjects, r *rand.Rand) subjects {
	var accounts [][]int
	index := map[uint64]int{}
	for i, row := range w.rows {
		k, ok := index[s.groups[row]]
		if !ok {
			k = len(accounts)
			index[s.groups[row]] = k
			accounts = append(accounts, nil)
		}
		accounts[k] = append(accounts[k], i)
	}
	o := subjects{until: w.until, whole: w.whole}
	for range accounts {
		for _, i := range accounts[r.IntN(len(accounts))] {
			o.take(w, i)
		}
		if len(o.rows) >= mostRefitted {
			break
		}
	}
	return o
}
