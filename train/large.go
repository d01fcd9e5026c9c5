package train

import "github.com/leadcast/leadcast/models/matrix"

// In a large table models are compared on a sample of the leads, or accounts:
// what tells them apart is far larger than what the sample leaves to chance.
// How many rounds boosting takes depends on how many leads it learns from, so
// that is found on all of them when the judged bundle is fitted.
const (
	manyLeads    = 200_000 // before the hold-out, from which a table is large
	sampledLeads = 60_000  // in the sample …
	sampledWins  = 3_000   // … and those won, at least, if there are as many
	watchedLeads = 40_000  // that tell the judged bundle when to stop, at most
	linearLeads  = 80_000  // that a linear model learns from, at most
)

// The seeds of what is drawn by group.
const (
	drawSample  = 3
	drawWatched = 4
)

// sample cuts a large split's origins of validation down to a sample of the
// leads, and sets leads of the latest origin aside to tell when to stop.
func (s *study) sample(sp *split) {
	leads := distinct(sp.train.rows)
	if leads < manyLeads || len(sp.folds) == 0 {
		return
	}
	share := max(float64(sampledLeads)/float64(leads), min(1, float64(sampledWins)/float64(sp.train.wins())))
	last := sp.folds[len(sp.folds)-1].test
	if n := len(sp.levels); n > 0 {
		last = sp.levels[n-1].test
	}
	watched := last.only(s.drawn(drawWatched, float64(watchedLeads)/float64(distinct(last.rows))))
	keep := s.drawn(drawSample, share)
	for _, folds := range [][]fold{sp.folds, sp.levels} {
		for k, f := range folds {
			folds[k].fit, folds[k].test = f.fit.only(keep), f.test.only(keep)
		}
	}
	aside := make([]bool, s.leads.Rows)
	for _, r := range watched.rows {
		aside[r] = true
	}
	sp.stop = &fold{fit: sp.train.only(func(r int) bool { return !aside[r] }), test: watched}
	s.notef("", "a large table: models are compared on %.0f %% of its leads, and %d leads before the hold-out tell the judged model when to stop", 100*min(share, 1), distinct(watched.rows))
}

// drawn says which leads are in a share of the groups.
func (s *study) drawn(purpose uint64, share float64) func(row int) bool {
	const parts = 1 << 30
	limit := uint64(min(share, 1) * parts)
	return func(row int) bool { return part(s.groups[row], s.plan.Seed+purpose, parts) < limit }
}

// view gives the rows to be fitted: a copy of them where they are a sample of a
// large table.
func view(x *matrix.Matrix, rows []int32) *matrix.Matrix {
	if x.Rows >= manyLeads && len(rows) < x.Rows/2 {
		return x.Take(rows)
	}
	return x.Gather(rows)
}
