package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// candidates are the models that are fitted, in the order of the blend's weights.
var candidates = []string{"gbm", "linear"}

// The causes of a curve.
const (
	causes        = 2
	mostIntervals = 14
	mostRounds    = 600
	patience      = 25
	largeTable    = 300_000 // cells of leads from which boosting takes steps twice as long
	rowsPerLead   = 5       // person-period rows a lead, above which uneventful ones are sampled
	ageColumn     = "age"
)

// tuning is what validation chose for one candidate: the rounds of boosting
// for each cause. The linear model finds its penalties by itself.
type tuning struct{ Rounds [causes]float64 }

// learner is the learner of one candidate for one cause (1 is won). Untuned, it
// stops or chooses its penalty by the rows that are marked valid.
func (t *trainer) learner(name string, cause int, tuned *tuning) models.Learner {
	switch name {
	case "gbm":
		b := gbm.Defaults(gbm.Logistic{})
		if t.timed {
			b = gbm.Defaults(gbm.Poisson{})
		}
		b.Seed = t.plan.Seed + uint64(cause)
		b.Rounds, b.Patience = mostRounds, patience
		if t.leads.Rows*len(t.spec.Columns) > largeTable {
			b.LearningRate *= 2
		}
		if tuned != nil {
			b.Rounds, b.Patience = int(tuned.Rounds[cause-1]+0.5), 0
		}
		return b
	case "linear":
		if t.timed {
			return linear.Poisson{Steps: []string{ageColumn}}
		}
		return linear.Logistic{}
	}
	panic("train: no candidate " + name)
}

// fit fits one candidate: hazards where there are times, else a probability.
// It returns what the learners chose.
func (t *trainer) fit(ctx context.Context, name string, x *matrix.Matrix, y models.Target, tuned *tuning) (models.Additive, *tuning, error) {
	var fitted [causes]models.Model
	keep := func(cause int) models.Learner { return keeper{t.learner(name, cause, tuned), &fitted[cause-1]} }
	var m models.Model
	var err error
	if t.timed {
		m, err = survival.Piecewise{Cuts: t.cuts, Causes: causes, Learner: keep, Column: ageColumn, Limit: rowsPerLead * x.Rows, Seed: t.plan.Seed}.Fit(ctx, x, y)
	} else {
		m, err = keep(1).Fit(ctx, x, y)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	chosen := &tuning{}
	for c, f := range fitted {
		if g, ok := f.(*gbm.Model); ok {
			chosen.Rounds[c] = float64(g.Trees())
		}
	}
	return m.(models.Additive), chosen, nil
}

// keeper is a learner that remembers what it fitted.
type keeper struct {
	models.Learner
	fitted *models.Model
}

// Fit implements models.Learner.
func (k keeper) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	m, err := k.Learner.Fit(ctx, x, y)
	*k.fitted = m
	return m, err
}

// settle makes one tuning of those that the folds chose: the mean number of
// rounds, weighted by what was fitted.
func settle(chosen []*tuning, weights []float64) *tuning {
	t := &tuning{}
	for c := range causes {
		rounds, sum := 0.0, 0.0
		for i, f := range chosen {
			if f.Rounds[c] > 0 {
				rounds += weights[i] * f.Rounds[c]
				sum += weights[i]
			}
		}
		t.Rounds[c] = max(1, rounds/max(sum, 1))
	}
	return t
}

// cutsOf are the cut points of the age axis for subjects, with every horizon among them.
func cutsOf(w *subjects, horizons []int) []float64 {
	days := make([]float64, len(horizons))
	for i, h := range horizons {
		days[i] = float64(h)
	}
	return survival.Cuts(w.y.Exit, w.y.Cause, days, mostIntervals)
}

// ageGroups are the intervals that share an offset in the blend: thirds of the axis.
func ageGroups(intervals int) []int {
	groups := make([]int, intervals)
	for k := range groups {
		groups[k] = min(3*k/intervals, 2)
	}
	return groups
}

// everyRow is the rows 0 … n−1.
func everyRow(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return slices.Clip(rows)
}
