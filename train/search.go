package train

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
)

// Search looks for better settings of boosting than the default ones, by
// successive halving (Jamieson and Talwalkar 2016): of nine settings drawn, the
// best three by a third of the latest origin's leads are tried on all of them,
// and the best of these on every origin, where it stands against the best so
// far. For a given number of trials it finds the same in every run.
type Search struct {
	Trials int                                    // settings to draw; 0: until Left says that the time is over
	Left   func() float64                         // where set, asked before each step for the share of the time that is left; the search ends at 0
	Known  map[string]float64                     // what the steps of an earlier search came to: they are not done again
	Record func(step string, score float64) error // where set, told what each new step came to
}

// Searched is what a search found.
type Searched struct {
	Trials   int      `json:"trials"`            // settings whose trial came to its end
	Gain     float64  `json:"gain"`              // log-likelihood a lead in validation, over the default settings; the best of many, so it flatters
	Settings Settings `json:"settings"`          // that are used
	Default  bool     `json:"default,omitempty"` // none was better than the default ones
}

// Settings are the parameters of boosting that a search chooses; see gbm.Booster.
type Settings struct {
	Leaves       int     `json:"leaves"`
	MinLeaf      int     `json:"min_leaf"` // leads
	Pairs        int     `json:"pairs"`
	LearningRate float64 `json:"learning_rate"`
	L2           float64 `json:"l2"`
	CategoryL2   float64 `json:"category_l2"`
	ColumnSample float64 `json:"column_sample"`
	RowSample    float64 `json:"row_sample"`
}

// draw is the trial's setting: each parameter drawn evenly from a list.
func draw(seed uint64, trial int) Settings {
	stream := seed + 101
	next := func(n int) int {
		stream++
		return int(part(uint64(trial), stream, uint64(n)))
	}
	pick := func(list ...float64) float64 { return list[next(len(list))] }
	return Settings{
		Leaves: int(pick(4, 6, 10, 15, 24, 40, 63)), MinLeaf: int(pick(5, 10, 20, 40, 80)), Pairs: int(pick(0, 8, 16)),
		LearningRate: pick(0.02, 0.035, 0.05, 0.08, 0.12), L2: pick(0.3, 1, 3, 10, 30), CategoryL2: pick(3, 10, 30),
		ColumnSample: pick(0.3, 0.5, 0.7, 1), RowSample: pick(0.5, 0.7, 0.9),
	}
}

// settingsOf reads the parameters off a booster.
func settingsOf(b gbm.Booster) Settings {
	return Settings{b.Leaves, b.MinLeaf, b.Pairs, b.LearningRate, b.L2, b.CategoryL2, b.ColumnSample, b.RowSample}
}

// set gives the parameters to a booster, and more rounds where its steps are short.
func (s *Settings) set(b *gbm.Booster) {
	b.Rounds = int(float64(b.Rounds) * max(1, b.LearningRate/s.LearningRate))
	b.Leaves, b.MinLeaf, b.Pairs, b.LearningRate = s.Leaves, s.MinLeaf, s.Pairs, s.LearningRate
	b.L2, b.CategoryL2, b.ColumnSample, b.RowSample = s.L2, s.CategoryL2, s.ColumnSample, s.RowSample
}

const (
	bracket = 9 // settings that are drawn together
	halving = 3 // of so many, one goes on
	rungs   = 3 // a third of the latest origin, all of it, all origins
)

// searching is a search at work.
type searching struct {
	*trainer
	*Search
	x     *matrix.Matrix
	folds []fold
	steps int    // done
	print string // of the data and the plan: what is known of others is of no use
	best  float64
	first float64 // what the default settings came to on every origin
	found Searched
}

// search chooses the settings of boosting, where the plan asks for it.
func (t *trainer) search(ctx context.Context, x *matrix.Matrix, folds []fold) error {
	if t.plan.Search == nil || len(folds) == 0 {
		return nil
	}
	s := &searching{trainer: t, Search: t.plan.Search, x: x, folds: folds}
	var err error
	if s.print, err = t.fingerprint(); err != nil {
		return err
	}
	s.found = Searched{Default: true, Settings: settingsOf(t.booster())}
	over := false
	if s.first, over, err = s.step(ctx, -1, rungs-1); err != nil {
		return err
	}
	s.best = s.first
	for from := 0; !over && (s.Trials == 0 || from < s.Trials); from += bracket {
		size := bracket
		if s.Trials > 0 {
			size = min(bracket, s.Trials-from)
		}
		if over, err = s.bracket(ctx, from, size); err != nil {
			return err
		}
		if !over {
			s.found.Trials = from + size
		}
	}
	if t.settings = nil; !s.found.Default {
		t.settings = &s.found.Settings
	}
	if s.found.Gain = s.best - s.first; s.found.Trials > 0 {
		t.searched = &s.found
	}
	return nil
}

// bracket tries some settings against one another and the winner against the
// best so far. It reports whether the time was over before.
func (s *searching) bracket(ctx context.Context, from, size int) (over bool, err error) {
	type trial struct {
		number int
		score  float64
	}
	field := make([]trial, size)
	for i := range field {
		field[i].number = from + i
	}
	for rung := range rungs {
		for i := range field {
			if field[i].score, over, err = s.step(ctx, field[i].number, rung); over || err != nil {
				return over, err
			}
		}
		slices.SortStableFunc(field, func(a, b trial) int { return cmp.Compare(b.score, a.score) })
		if rung < rungs-1 {
			field = field[:(len(field)+halving-1)/halving]
		}
	}
	if top := field[0]; top.score > s.best {
		s.best = top.score
		s.found.Settings, s.found.Default = draw(s.plan.Seed, top.number), false
	}
	return false, nil
}

// step is what a trial comes to on a rung: the mean log-likelihood a lead. Trial
// −1 is the default settings, which are tried whatever the time.
func (s *searching) step(ctx context.Context, trial, rung int) (score float64, over bool, err error) {
	name := fmt.Sprintf("%s/%d/%d", s.print, trial, rung)
	if score, ok := s.Known[name]; ok {
		return score, false, nil
	}
	done, total := s.steps, 1+s.Trials+(s.Trials+halving-1)/halving+(s.Trials+bracket-1)/bracket
	if s.Left != nil {
		left := s.Left()
		if left <= 0 && trial >= 0 {
			return 0, true, nil
		}
		done, total = int(1000*(1-left)), 1000
	}
	s.progress(fmt.Sprintf("searching: setting %d, the best so far %+.4f a lead over the default", trial+1, s.best-s.first), min(done, total), total)
	s.steps++
	s.settings = nil
	if trial >= 0 {
		drawn := draw(s.plan.Seed, trial)
		s.settings = &drawn
	}
	folds := s.folds
	if rung < rungs-1 {
		folds = folds[len(folds)-1:]
	}
	sum, n := 0.0, 0
	for _, f := range folds {
		if rung == 0 {
			f.fit = f.fit.only(func(r int) bool { return part(s.groups[r], s.plan.Seed+2, halving) == 0 })
		}
		scores, err := s.tested(ctx, s.x, &f)
		if err != nil {
			return 0, false, err
		}
		sum += float64(mean(scores) * float64(len(scores)))
		n += len(scores)
	}
	score = sum / float64(n)
	if s.Record != nil {
		err = s.Record(name, score)
	}
	return score, false, err
}

// fingerprint tells searches on other data or by another plan apart.
func (t *trainer) fingerprint() (string, error) {
	h := fnv.New64a()
	err := json.NewEncoder(h).Encode([]any{t.spec, t.cuts, t.plan.Seed, t.leaves, t.keys, t.out.State, t.out.Closed, t.groups})
	return fmt.Sprintf("%016x", h.Sum64()), err
}
