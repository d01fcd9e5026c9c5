package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/forest"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/scorecard"
)

func scorecardChance(t *trainer, _ *tuning) models.Learner {
	switch t.plan.ScorecardBins {
	case "chimerge":
		return scorecard.Scorecard{Cut: scorecard.ChiMerge}
	case golearnBins:
		return scorecard.Scorecard{Cut: forest.ChiMerge}
	}
	return scorecard.Scorecard{}
}

// forestChance is a small forest for the leaderboard, for golearn is slow, and
// a larger one where it is asked for.
func forestChance(t *trainer, _ *tuning) models.Learner {
	f := forest.Forest{Trees: 8, Grow: forest.Grow{MaxRows: 1500, Seed: t.plan.Seed, Limit: t.plan.GolearnLimit}}
	if t.plan.Model == "golearn-forest" {
		f.Trees, f.MaxRows = 30, 2000
	}
	return f
}

func treeChance(t *trainer, _ *tuning) models.Learner {
	g := forest.Grow{MaxRows: 2000, Depth: 6, Least: 20, Seed: t.plan.Seed, Limit: t.plan.GolearnLimit}
	if t.plan.Model == "golearn-tree" {
		g.MaxRows = 10000
	}
	return forest.Tree{Grow: g}
}

func bernoulliChance(t *trainer, _ *tuning) models.Learner {
	return forest.Bernoulli{MaxRows: 5000, Seed: t.plan.Seed, Limit: t.plan.GolearnLimit}
}

// beside are the candidates that are compared with those that are blended.
func (t *trainer) beside() []candidate {
	var list []candidate
	for _, c := range candidates {
		if c.aside && t.plan.Model != c.name && !t.plan.alone && !t.exact() {
			list = append(list, c)
		}
	}
	return list
}

// aside puts the candidates that stand beside the blend on the leaderboard of
// a table without times. One that fails is told of; training goes on.
func (t *trainer) aside(ctx context.Context, v *validation, x *matrix.Matrix, sp *split, floor []float64) error {
	if t.timed {
		return nil
	}
	for _, c := range t.beside() {
		t.step("comparing " + c.name)
		said, err := t.outOfFold(ctx, c, x, sp)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			t.notef("", "%s", t.leftOut(c, err))
		default:
			v.board = append(v.board, t.entry(c.name, v, said, floor))
		}
	}
	return nil
}

// leftOut says why a candidate is not compared, and notes whether it was for
// want of time.
func (t *trainer) leftOut(c candidate, err error) string {
	if late := (forest.Late{}); errors.As(err, &late) {
		t.late, err = true, late
	}
	return fmt.Sprintf("%s: left out: %s", c.name, strings.TrimPrefix(err.Error(), c.name+": "))
}

// outOfFold is what a candidate says about the rows of validation.
func (t *trainer) outOfFold(ctx context.Context, c candidate, x *matrix.Matrix, sp *split) (margins []float64, err error) {
	for _, f := range sp.folds {
		index, y := f.together()
		m, _, err := t.fit(ctx, c, view(x, index), y, nil)
		if err != nil {
			return nil, err
		}
		if margins, err = said(margins, m, x.Gather(f.test.index())); err != nil {
			return nil, err
		}
	}
	return margins, nil
}

// Classifier is how a model that only tells won from not won within the main
// horizon did on leads of the hold-out, as of their creation.
type Classifier struct {
	Model   string          `json:"model"` // "champion" for the champion itself
	Leads   int             `json:"leads"`
	Won     int             `json:"won"`
	AUC     metric.Estimate `json:"auc"` // DeLong's interval
	LogLoss float64         `json:"log_loss"`
	Brier   float64         `json:"brier"`
}

// leastFollowed is the number of leads that classifiers need to learn from; a
// quarter of it is enough to judge by.
const leastFollowed = 200

// classifiers compares the champion of a table with times with models that
// have no times: all say how likely a lead is won within the main horizon, as
// of its creation. They learn from the leads that had been followed that long
// by the cut, and are judged by those that were created later and followed
// that long to the end.
func (t *trainer) classifiers(ctx context.Context, judged *built, sp *split, v *validation, r *Report) error {
	if !t.timed {
		return nil
	}
	fit := t.followed(sp.all, math.Inf(-1), sp.cut)
	test, p, err := t.championAt(ctx, judged, t.followed(sp.held.rows, sp.cut, math.Inf(1)))
	if err != nil {
		return err
	}
	if fit.few(leastFollowed) || test.few(leastFollowed/4) {
		r.Notes = append(r.Notes, fmt.Sprintf("too few leads were followed for %d days to compare classifiers: %d before the hold-out (%d won), %d in it (%d won)",
			t.plan.MainHorizon, len(fit.rows), fit.wins(), len(test.rows), test.wins()))
		return nil
	}
	r.Classifiers = append(r.Classifiers, test.classified("champion", p))
	x := v.encoded.x
	said := make([]float64, len(p))
	for _, c := range t.beside() {
		t.step("comparing " + c.name)
		m, err := c.chance(t, nil).Fit(ctx, x.Gather(fit.index()), fit.y)
		if err == nil {
			err = m.Predict(said, x.Gather(test.index()))
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.Notes = append(r.Notes, t.leftOut(c, err))
		default:
			r.Classifiers = append(r.Classifiers, test.classified(c.name, said))
		}
	}
	return nil
}

// few reports whether subjects are too few to learn from or to judge by.
func (w *subjects) few(least int) bool {
	won := w.wins()
	return len(w.rows) < least || won < leastWins || len(w.rows)-won < leastWins
}

func (w *subjects) classified(model string, p []float64) Classifier {
	return Classifier{Model: model, Leads: len(w.rows), Won: w.wins(),
		AUC: metric.AUCInterval(w.y.Y, p, 0.95), LogLoss: metric.LogLoss(w.y.Y, p, nil), Brier: metric.Brier(w.y.Y, p, nil)}
}

// followed are those of the rows that were created from a cut on and followed
// for the main horizon until another; their outcome is being won within it.
func (t *trainer) followed(rows []int, from, until cut) subjects {
	var w subjects
	horizon, end := float64(t.plan.MainHorizon), min(until, float64(t.out.End))
	for _, i := range rows {
		days, known := t.out.Days[i], t.out.State[i] != datasets.Open || t.out.Days[i] >= horizon
		if t.dated {
			known = float64(t.out.Created[i])+float64(horizon*datasets.MicrosPerDay) <= end
		}
		if !known || t.out.Entry[i] > 0 || t.position != nil && !math.IsInf(from, 0) && t.position[i] < from {
			continue
		}
		won := 0.0
		if t.out.State[i] == datasets.Won && days <= horizon {
			won = 1
		}
		w.rows, w.y.Y, w.y.Keys = append(w.rows, i), append(w.y.Y, won), append(w.y.Keys, t.keys[i])
	}
	return w
}

// championAt gives the judged champion's own probability at the main horizon,
// as of creation, and the subjects that it gives one for.
func (t *trainer) championAt(ctx context.Context, judged *built, w subjects) (some subjects, p []float64, err error) {
	if len(w.rows) == 0 {
		return w, nil, nil
	}
	scores, err := judged.Score(ctx, t.snapshot(w.rows), 0)
	if err != nil {
		return some, nil, fmt.Errorf("judging: %w", err)
	}
	at := slices.Index(t.plan.Horizons, t.plan.MainHorizon)
	for k, s := range scores {
		if s.Err == nil && s.WinBy[at] != nil {
			some.rows, some.y.Y, p = append(some.rows, w.rows[k]), append(some.y.Y, w.y.Y[k]), append(p, *s.WinBy[at])
		}
	}
	return some, p, nil
}
