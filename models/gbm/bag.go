package gbm

import (
	"context"
	"errors"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Bag is a learner of the mean of several boosters, alike but for what they
// draw at random (Breiman 1996): what one of them owes to its draws is averaged
// out. Its model is a Model, with the trees of all of them.
type Bag struct {
	Booster
	Size int // boosters, at least one
}

// Fit implements models.Learner.
func (b Bag) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	var bag []*Model
	for k := range uint64(max(1, b.Size)) {
		one := b.Booster
		if k > 0 {
			one.Seed = hash(b.Seed, drawBag, k)
		}
		m, err := one.Fit(ctx, x, y)
		if err != nil {
			return nil, err
		}
		single, ok := m.(*Model)
		if !ok {
			return nil, errors.New("gbm: a bag is of models with one margin, not of classes")
		}
		bag = append(bag, single)
	}
	return mean(bag)
}

// mean gives the model whose margin is the mean of the models'. Statistics that
// several of them use are kept once.
func mean(bag []*Model) (*Model, error) {
	all := *bag[0]
	if len(bag) == 1 {
		return &all, nil
	}
	all.statistics = nil
	places := make([][]int, len(bag)) // of each model's statistics among all
	for k, m := range bag {
		for i := range m.statistics {
			at := slices.IndexFunc(all.statistics, m.statistics[i].equal)
			if at < 0 {
				at, all.statistics = len(all.statistics), append(all.statistics, m.statistics[i])
			}
			places[k] = append(places[k], at)
		}
	}
	columns := len(all.categorical)
	all.trees = tree.New(columns+2*len(all.statistics), bag[0].trees.Base())
	for k, m := range bag {
		if m.trees.Base() != all.trees.Base() {
			return nil, errors.New("gbm: models of a bag differ in their base")
		}
		for i := range m.trees.Trees() {
			nodes := m.trees.Nodes(i)
			for j := range nodes {
				n := &nodes[j]
				n.Value /= float64(len(bag))
				if s := n.Feature - columns; s >= 0 {
					n.Feature = columns + 2*places[k][s/2] + s%2
				}
			}
			if err := all.trees.Add(nodes); err != nil {
				return nil, err
			}
		}
	}
	return &all, nil
}

// equal reports whether two statistics say the same of every row.
func (s *statistic) equal(o statistic) bool {
	return s.prior == o.prior && slices.Equal(s.columns, o.columns) && slices.Equal(s.levels, o.levels) &&
		slices.Equal(s.rates, o.rates) && slices.Equal(s.counts, o.counts)
}
