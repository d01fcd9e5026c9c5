package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/forest"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// A candidate is a model that can be put on the leaderboard.
type candidate struct {
	name    string
	rate    func(t *trainer, cause int, tuned *tuning) models.Learner // Poisson learner of a cause; nil: none
	chance  func(t *trainer, tuned *tuning) models.Learner            // learner of a probability; nil: none
	most    int                                                       // leads that it learns from, 0: all
	asked   bool                                                      // only fitted when --model names it
	aside   bool                                                      // compared with the others, but blended only when --model names it
	spreads bool                                                      // its draws make the intervals of every forecast
	exact   bool                                                      // fitted to the same bits on every platform; where --model names it, nothing is fitted beside it
}

// candidates is the visible table of what is compared: a new model is one line here.
var candidates = []candidate{
	{name: "gbm", rate: boostedRate, chance: boostedChance, exact: true},
	{name: "linear", rate: linearRate, chance: linearChance, most: linearLeads, spreads: true},
	{name: "bayes", chance: bayesChance, asked: true},
	{name: "scorecard", chance: scorecardChance, aside: true},
	{name: "golearn-forest", chance: forestChance, aside: true},
	{name: "golearn-tree", chance: treeChance, aside: true},
	{name: "golearn-bayes", chance: bernoulliChance, aside: true},
}

// contenders are the candidates that a training run fits, in the order of the
// blend's weights.
func (t *trainer) contenders() []candidate {
	var list []candidate
	for _, c := range candidates {
		fits := c.chance != nil
		if t.timed {
			fits = c.rate != nil
		}
		if fits && (!c.asked && !c.aside && !t.exact() || t.plan.Model == c.name) {
			list = append(list, c)
		}
	}
	return list
}

// exact reports whether the plan names a candidate that has the same bits on
// every platform. It is then fitted alone, so that the whole bundle has, its
// leaderboard among it.
func (t *trainer) exact() bool {
	return slices.ContainsFunc(candidates, func(c candidate) bool { return c.exact && c.name == t.plan.Model })
}

// suited ends training where the model that the plan names cannot learn from
// such a table.
func (t *trainer) suited() error {
	for _, c := range candidates {
		switch {
		case c.name != t.plan.Model:
		case t.timed && c.rate == nil:
			return &datasets.Error{Message: fmt.Sprintf("the model %s needs a table without times, and this one has times: choose another with --model", c.name)}
		case !t.timed && c.chance == nil:
			return &datasets.Error{Message: fmt.Sprintf("the model %s needs a table with times, and this one has none: choose another with --model", c.name)}
		}
	}
	return nil
}

// boosted is the booster of a cause (1 is won). Untuned, it stops by the rows
// that are marked valid.
// Tuned, it is a bag where the table is no large one and has no times, which
// take two boosters of more rows.
func (t *trainer) boosted(objective gbm.Objective, cause int, tuned *tuning) models.Learner {
	b := t.booster()
	b.Objective = objective
	if t.settings != nil {
		t.settings.set(&b)
	}
	if t.timed {
		b.MinLeaf *= rowsPerLead // a leaf stands for leads, and a lead for several rows
	}
	b.Seed = t.plan.Seed + uint64(cause)
	if tuned != nil {
		b.Rounds, b.Patience = int(tuned.Rounds[cause-1]+0.5), 0
		if !t.timed && t.cells() <= baggedTable {
			return gbm.Bag{Booster: b, Size: bagged}
		}
	}
	return b
}

// booster is the default booster for tables of this size.
func (t *trainer) booster() gbm.Booster {
	b := gbm.Defaults(nil)
	b.Rounds, b.Patience, b.Leaves = mostRounds, patience, t.leaves
	if t.cells() > largeTable {
		b.LearningRate *= 2
	}
	return b
}

// cells is the number of values that the leads have.
func (t *trainer) cells() int { return t.leads.Rows * len(t.spec.Columns) }

func boostedRate(t *trainer, cause int, tuned *tuning) models.Learner {
	return t.boosted(gbm.Poisson{}, cause, tuned)
}

func boostedChance(t *trainer, tuned *tuning) models.Learner {
	return t.boosted(gbm.Logistic{}, 1, tuned)
}

func linearRate(t *trainer, cause int, _ *tuning) models.Learner {
	return linear.Poisson{Steps: []string{ageColumn}, Draws: linear.Draws{Count: t.draws, Seed: t.plan.Seed + uint64(cause)}}
}

func linearChance(t *trainer, _ *tuning) models.Learner {
	return linear.Logistic{Draws: linear.Draws{Count: t.draws, Seed: t.plan.Seed}}
}

// The causes of a curve.
const (
	causes        = 2
	mostIntervals = 14
	mostRounds    = 600
	patience      = 25
	largeTable    = 300_000   // cells of leads from which boosting takes steps twice as long
	baggedTable   = 2_000_000 // cells up to which a bag is made of what has been tuned
	bagged        = 3         // boosters in it
	rowsPerLead   = 5         // person-period rows a lead, about
	ageColumn     = "(days open)"
)

// tuning is what validation chose for one candidate: the rounds of boosting
// for each cause. The linear model finds its penalties by itself.
type tuning struct{ Rounds [causes]float64 }

// fit fits one candidate: hazards where there are times, else a probability.
// It returns what the learners chose.
func (t *trainer) fit(ctx context.Context, c candidate, x *matrix.Matrix, y models.Target, tuned *tuning) (models.Additive, *tuning, error) {
	if c.most > 0 && x.Rows > c.most {
		few := spread(everyRow[int32](x.Rows), c.most)
		x, y = x.Take(few), gather(y, few)
	}
	var fitted [causes]models.Model
	var m models.Model
	var err error
	if t.timed {
		keep := func(cause int) models.Learner { return keeper{c.rate(t, cause, tuned), &fitted[cause-1]} }
		m, err = survival.Piecewise{Cuts: t.cuts, Causes: causes, Learner: keep, Column: ageColumn, Limit: mostRows(x.Rows), Seed: t.plan.Seed}.Fit(ctx, x, y)
	} else {
		m, err = keeper{c.chance(t, tuned), &fitted[0]}.Fit(ctx, x, y)
	}
	if errors.As(err, new(forest.Late)) {
		return nil, nil, fmt.Errorf("%s: %w; give it longer with --golearn-limit, or choose another model with --model", c.name, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.name, err)
	}
	chosen := &tuning{}
	for k, f := range fitted {
		if g, ok := f.(*gbm.Model); ok {
			chosen.Rounds[k] = float64(g.Trees())
		}
	}
	return m.(models.Additive), chosen, nil
}

// mostRows is the number of person-period rows above which uneventful ones are
// sampled, for a number of leads: two a lead cost a few times what a plain
// classifier does, and half a million are no cost.
func mostRows(leads int) int { return max(500_000, 2*leads) }

// treeSizes are the numbers of leaves that validation chooses from: additive
// worlds want small trees, rich tables large ones.
var treeSizes = []int{6, 15}

// size chooses the leaves of a tree on the latest origin, which has the most
// rows to fit; on all of them where each tests a part of the accounts only.
func (t *trainer) size(ctx context.Context, x *matrix.Matrix, sp *split) error {
	folds := sp.folds[len(sp.folds)-1:]
	if len(sp.levels) > 0 {
		folds = sp.folds
	}
	best := math.Inf(-1)
	chosen := treeSizes[0]
	for _, leaves := range treeSizes {
		t.step(fmt.Sprintf("validating trees of %d leaves", leaves))
		t.leaves = leaves
		var scores []float64
		for k := range folds {
			s, err := t.tested(ctx, x, &folds[k])
			if err != nil {
				return err
			}
			scores = append(scores, s...)
		}
		if score := mean(scores); score > best {
			best, chosen = score, leaves
		}
	}
	t.leaves = chosen
	return nil
}

// tested fits boosting to a fold and scores the rows that the fold tests.
func (t *trainer) tested(ctx context.Context, x *matrix.Matrix, f *fold) ([]float64, error) {
	index, y := f.together()
	m, _, err := t.fit(ctx, candidates[0], view(x, index), y, nil)
	if err != nil {
		return nil, err
	}
	test := x.Gather(f.test.index())
	margins := make([]float64, test.Rows*m.Outputs())
	if err := m.Margins(margins, test); err != nil {
		return nil, err
	}
	return t.scores(f.test.y, margins), nil
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
				rounds += float64(weights[i] * f.Rounds[c])
				sum += weights[i]
			}
		}
		t.Rounds[c] = max(1, rounds/max(sum, 1))
	}
	return t
}

// cutsOf are the cut points of the age axis for subjects, with every horizon
// among them that they were followed to. What is written in whole days ends
// with one.
func (s *study) cutsOf(w *subjects, horizons []int) []float64 {
	days := make([]float64, len(horizons))
	for i, h := range horizons {
		days[i] = float64(h)
	}
	y := w.y
	if s.whole {
		y.Exit = slices.Clone(y.Exit)
		for i, d := range y.Exit {
			y.Exit[i] = math.Ceil(d)
		}
	}
	return survival.Cuts(y, days, mostIntervals)
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
func everyRow[T int | int32](n int) []T {
	rows := make([]T, n)
	for i := range rows {
		rows[i] = T(i)
	}
	return rows
}
