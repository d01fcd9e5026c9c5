// Package forest fits the models of golearn (github.com/sjwhitworth/golearn)
// and turns them into our own, which forecast and explain without it: its trees
// into a tree.Forest, its naive Bayes into a scorecard.Model.
//
// Golearn is a library for small sets: it panics on what it does not expect,
// draws from goroutines and a global generator, walks maps in their random
// order, and knows neither weights nor missing values nor cancellation. So all
// it is given are answers to yes/no questions about at most some 20,000 rows;
// random features and bootstraps are drawn here from the seed; its panics
// become errors; what does not come back in time is left behind; and its
// results depend on nothing but data and seed.
package forest

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Forest is a random forest (Breiman 2001) of golearn's ID3 trees: each is
// grown on a bootstrap of the rows and, at each node, chooses the question of
// most information among some drawn at random. It learns a probability, the
// mean of the trees' leaves. The zero value is ready for use.
type Forest struct {
	Trees    int // 0: 50
	Features int // questions drawn at each node; 0: the root of Grow.Questions
	Grow         // of each tree
}

// Tree is one of golearn's ID3 trees, grown on the rows themselves. The zero
// value is ready for use.
type Tree struct{ Grow }

// Grow says how a tree is grown. Golearn takes time rows × questions × depth²
// and nodes × questions², with large factors, so each is bounded.
type Grow struct {
	MaxRows   int           // most rows of a tree; more are sampled; 0: 5000
	Bins      int           // there are questions about at most Bins−1 cuts of a column; 0: 8
	Questions int           // most questions that a tree may ask: drawn at random in a forest, those that part the outcomes best in a single tree; 0: 64
	Depth     int           // most questions on a path; 0: 8
	Least     int           // least rows in a leaf; 0: 5
	Seed      uint64        // of everything that is drawn at random
	Limit     time.Duration // a learner that is not done by then is given up with Late; 0: 60 s
}

// settled fills defaults in.
func (g Grow) settled() (Grow, error) {
	if g.MaxRows < 0 || g.Bins < 0 || g.Questions < 0 || g.Depth < 0 || g.Depth > 100 || g.Least < 0 || g.Limit < 0 {
		return g, errors.New("forest: rows, bins, questions, depth, leaves and limit must not be negative, and depth at most 100")
	}
	g.MaxRows, g.Bins, g.Questions = cmp.Or(g.MaxRows, 5000), cmp.Or(g.Bins, 8), cmp.Or(g.Questions, 64)
	g.Depth, g.Least = cmp.Or(g.Depth, 8), cmp.Or(g.Least, 5)
	return g, nil
}

// Fit implements models.Learner; the model is a *tree.Forest. Errors are about
// data (no rows, one outcome only, a value out of range) or tell what golearn
// panicked with; ctx is looked at at every node, and a learner that is not done within its
// Limit is left behind, with Late.
func (f Forest) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	g, err := f.settled()
	if err != nil || f.Trees < 0 || f.Features < 0 {
		return nil, cmp.Or(err, errors.New("forest: trees and features must not be negative"))
	}
	s, err := sampleOf(x, y, g.Seed)
	if err != nil {
		return nil, err
	}
	ctx, cancel := limited(ctx, g.Limit)
	defer cancel()
	list := s.questions(g.Bins)
	if f.Features == 0 {
		f.Features = int(math.Ceil(math.Sqrt(float64(g.Questions))))
	}
	grown := make([][]tree.Node, cmp.Or(f.Trees, 50))
	for k := range grown {
		seed := mix(g.Seed) + uint64(k)
		if grown[k], err = g.tree(ctx, s, few(list, g.Questions, seed), s.bootstrap(g.MaxRows, seed), f.Features, seed); err != nil {
			return nil, err
		}
	}
	return tree.NewForest(len(x.Columns), grown)
}

// Fit implements models.Learner; see Forest.Fit.
func (t Tree) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	g, err := t.settled()
	if err != nil {
		return nil, err
	}
	s, err := sampleOf(x, y, g.Seed)
	if err != nil {
		return nil, err
	}
	ctx, cancel := limited(ctx, g.Limit)
	defer cancel()
	list, rows := s.questions(g.Bins), s.whole(g.MaxRows, g.Seed)
	nodes, err := g.tree(ctx, s, best(list, g.Questions, s, rows), rows, g.Questions, g.Seed)
	if err != nil {
		return nil, err
	}
	return tree.NewForest(len(x.Columns), [][]tree.Node{nodes})
}
