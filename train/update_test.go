package train_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// turning is a yes/no table in which more visits help or, turned, hurt.
func turning(n int, seed uint64, slope float64) *rows {
	r := rand.New(rand.NewPCG(seed, 1))
	c := &rows{names: []string{"lead_id", "converted", "visits", "source"}}
	for i := range n {
		visits, y := r.IntN(10), "no"
		if r.Float64() < 1/(1+math.Exp(1-slope*(float64(visits)-4.5))) {
			y = "yes"
		}
		c.cells = append(c.cells, []string{"F" + strconv.Itoa(i), y, strconv.Itoa(visits), []string{"web", "fair", "call"}[r.IntN(3)]})
	}
	return c
}

// moreTrees and newLeaves are the two ways to go on.
func moreTrees(m *gbm.Model) models.Learner {
	b := gbm.Defaults(m.Objective())
	b.Rounds, b.Patience, b.From = 60, 0, m
	return b
}

func newLeaves(m *gbm.Model) models.Learner {
	b := gbm.Defaults(m.Objective())
	b.LearningRate, b.From = 0.3, m
	return gbm.Leaves{Booster: b}
}

func bundleOf(t *testing.T, file []byte) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A bundle that goes on learning learns what has changed, with times and without;
// one that adds no tree forecasts as before, and row order does not matter.
func TestUpdateLearns(t *testing.T) {
	turned := func(n int, seed uint64) *rows { // visits tell the reverse
		c := smallCompany(n, seed)
		c.set("visits", func(_ int, old string) string {
			v, err := strconv.Atoi(old)
			if err != nil {
				t.Fatal(err)
			}
			return strconv.Itoa(11 - v)
		})
		return c
	}
	for name, c := range map[string]struct {
		old, now, fresh *datasets.Table
		plan            train.Plan
	}{
		"flat":  {turning(1500, 1, 0.5).table(nil, nil), turning(1500, 2, -0.5).table(nil, nil), turning(1500, 3, -0.5).table(nil, nil), flatPlan()},
		"timed": {smallCompany(1500, 1).table(nil, nil), turned(1500, 2).table(nil, nil), turned(1500, 3).table(nil, nil), smallPlan()},
	} {
		p := c.plan
		p.Model = "gbm"
		before := bundleOf(t, run(t, c.old, p).Shipped)
		update := func(leads *datasets.Table, next func(*gbm.Model) models.Learner) *bundle.Bundle {
			file, err := train.Update(context.Background(), before, leads, p.AsOf, next)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return bundleOf(t, file)
		}
		order := rand.New(rand.NewPCG(4, 4)).Perm(c.now.Rows)
		if a, b := update(c.now, moreTrees), update(c.now.Gather(order), moreTrees); a.ID() != b.ID() {
			t.Errorf("%s: another bundle from the same leads in another order", name)
		}
		same := update(c.now, func(m *gbm.Model) models.Learner { b := moreTrees(m).(gbm.Booster); b.Rounds = 0; return b })
		was := likelihood(t, before, c.fresh, p.AsOf)
		if kept := likelihood(t, same, c.fresh, p.AsOf); kept != was {
			t.Errorf("%s: %v without a new tree, was %v", name, kept, was)
		}
		for how, next := range map[string]func(*gbm.Model) models.Learner{"trees": moreTrees, "leaves": newLeaves} {
			if is := likelihood(t, update(c.now, next), c.fresh, p.AsOf); !(is > was+0.03) {
				t.Errorf("%s, new %s: log-likelihood %.4f a lead, was %.4f", name, how, is, was)
			}
		}
	}
}

// likelihood is what a bundle gives fresh leads, the mean of a lead: of won within
// the main horizon or not, or of won or not.
func likelihood(t *testing.T, b *bundle.Bundle, leads *datasets.Table, asOf int64) float64 {
	t.Helper()
	e, err := train.Evaluate(context.Background(), unbounded(b), leads)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range e.Horizons {
		if !b.Manifest.Timed || h.Days == b.Manifest.MainHorizon {
			return -h.LogLoss
		}
	}
	t.Fatal("not judged at the main horizon")
	return 0
}

// unbounded is a bundle that takes all leads for later ones.
func unbounded(b *bundle.Bundle) *bundle.Bundle {
	c := *b
	c.Manifest.AsOf = ""
	return &c
}

// Where nothing could go on, that is said.
func TestUpdateRefuses(t *testing.T) {
	p := flatPlan()
	p.Model = "linear"
	b := bundleOf(t, run(t, turning(600, 1, 0.5).table(nil, nil), p).Shipped)
	if _, err := train.Update(context.Background(), b, turning(300, 2, 0.5).table(nil, nil), p.AsOf, moreTrees); err == nil || !strings.Contains(err.Error(), "no booster") {
		t.Error(err)
	}
}
