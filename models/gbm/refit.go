package gbm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// before gives the models, one a fit, whose trees come first; nil each without From.
func (b Booster) before(fits int) (classes, error) {
	none := make(classes, fits)
	if b.From == nil {
		return none, nil
	}
	from, ok := b.From.(classes)
	if m, one := b.From.(*Model); one {
		from, ok = classes{m}, true
	}
	if !ok || len(from) != fits || from[0].objective.Name() != b.Objective.Name() {
		return nil, errors.New("gbm: the model to go on from was not fitted by this objective")
	}
	return from, nil
}

// nodes lists all trees.
func (m *Model) nodes() [][]tree.Node {
	trees := make([][]tree.Node, m.Trees())
	for k := range trees {
		trees[k] = m.trees.Nodes(k)
	}
	return trees
}

// replay adds the trees of the model that is gone on from to the margins. Each
// tree sees the permutation of statistics that it would have been grown on, so
// that a row's own outcome does not come back to it.
func (f *fit) replay(x *matrix.Matrix, sources []source) error {
	value := make([]float64, x.Rows)
	for k := range f.from.Trees() {
		more := make([]matrix.Column, 2*len(f.model.statistics))
		for _, s := range sources {
			if j := s.column - len(x.Columns); j >= 0 {
				more[j] = s.versions[k%len(f.variants)%len(s.versions)]
			}
		}
		if err := apply(value, f.from.trees.Nodes(k), x.With(more...)); err != nil {
			return err
		}
		for i, v := range value {
			f.margins[i] += v
		}
	}
	return nil
}

// apply writes what one tree says of each row.
func apply(dst []float64, nodes []tree.Node, x *matrix.Matrix) error {
	one := tree.New(len(x.Columns), 0)
	if err := one.Add(nodes); err != nil {
		return fmt.Errorf("gbm: %w", err)
	}
	return one.Margins(dst, x)
}

// Refit gives m's trees the leaf values that new rows call for, tree by tree,
// with their questions as they are: keep is the share of the old values that
// stays, from 0 to 1. Leaves that no row comes to stay as they are, as far as Monotone lets them; rows marked
// Valid are left out. Of b, the objective, learning rate, L1, L2 and Monotone
// count. Categories are read by the tables that m has, so where a column has
// more than 62 levels the rows should not be those that m was fitted to.
func (b Booster) Refit(ctx context.Context, m models.Model, x *matrix.Matrix, y models.Target, keep float64) (models.Model, error) {
	b.From = m
	if err := b.check(); err != nil {
		return nil, err
	}
	if !(keep >= 0 && keep <= 1) || m == nil {
		return nil, errors.New("gbm: a refit wants a model and a share to keep from 0 to 1")
	}
	targets, err := b.targets(y)
	if err != nil {
		return nil, err
	}
	from, err := b.before(len(targets))
	if err != nil {
		return nil, err
	}
	fits, most := make([]*fit, len(from)), 0
	extended := make([]*matrix.Matrix, len(from))
	for k, m := range from {
		if err := m.check(x); err != nil {
			return nil, err
		}
		d, err := newData(b, x, targets[k])
		if err != nil {
			return nil, err
		}
		d.base = float64(keep*m.trees.Base()) + float64((1-keep)*d.base)
		g := &grower{Booster: b, team: team(runtime.GOMAXPROCS(0)), binned: &binned{rows: x.Rows}, derivatives: make([]derivative, x.Rows)}
		fits[k] = &fit{data: d, grower: g, model: *m}
		fits[k].begin()
		extended[k], most = m.extend(x), max(most, m.Trees())
	}
	for tree := range most {
		against(fits)
		for k, f := range fits {
			if tree < f.model.Trees() {
				if err := f.refit(ctx, extended[k], tree, keep); err != nil {
					return nil, err
				}
			}
		}
	}
	return finished(fits)
}

// Leaves is a learner that refits: its model is From with new leaf values.
type Leaves struct {
	Booster         // see Booster.Refit
	Keep    float64 // share of the old values that stays, from 0 to 1
}

// Fit implements models.Learner.
func (l Leaves) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	return l.Refit(ctx, l.From, x, y, l.Keep)
}

// refit gives one tree new values.
func (f *fit) refit(ctx context.Context, x *matrix.Matrix, k int, keep float64) error {
	if err := f.derive(ctx); err != nil {
		return err
	}
	nodes := f.model.trees.Nodes(k)
	before, numbered, at := slices.Clone(nodes), slices.Clone(nodes), make([]float64, x.Rows)
	for i := range numbered {
		numbered[i].Value = float64(i)
	}
	if err := apply(at, numbered, x); err != nil {
		return err
	}
	rows := make([][]int32, len(nodes))
	for _, i := range f.fitted {
		rows[int(at[i])] = append(rows[int(at[i])], i)
	}
	f.renew(nodes, rows, x.Columns)
	for i, old := range before {
		if n := &nodes[i]; n.Feature < 0 {
			n.Value = float64(keep*old.Value) + float64((1-keep)*n.Value)
		}
	}
	for i, v := range at {
		f.margins[i] += nodes[int(v)].Value
	}
	f.trees, f.kept = append(f.trees, nodes), f.kept+1
	return nil
}

// renew computes values and covers as finish does. Bounds that monotone columns
// set come from the nodes' own steps.
func (f *fit) renew(nodes []tree.Node, rows [][]int32, columns []matrix.Column) {
	type sums struct{ g, h, low, high, step float64 }
	s := make([]sums, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		if n.Feature >= 0 {
			l, r := &s[n.Left], &s[n.Right]
			s[i].g, s[i].h, n.Cover = l.g+r.g, l.h+r.h, nodes[n.Left].Cover+nodes[n.Right].Cover
			continue
		}
		sum := f.sum(rows[i])
		s[i].g, s[i].h = sum.g, sum.h
		n.Cover = max(f.cover(rows[i]), smallestCover)
	}
	step := func(i int, low, high float64) float64 { return min(max(f.newton(s[i].g, s[i].h), low), high) }
	s[0].low, s[0].high = math.Inf(-1), math.Inf(1)
	short, all := 0.0, 0.0
	for i := range nodes {
		n, low, high := &nodes[i], s[i].low, s[i].high
		if n.Feature < 0 {
			s[i].step = min(max(step(i, low, high), -f.limit), f.limit)
			short += s[i].g + float64(s[i].h*s[i].step)
			all += s[i].h
			continue
		}
		l, r := &s[n.Left], &s[n.Right]
		l.low, l.high, r.low, r.high = low, high, low, high
		if direction := f.Monotone[columns[n.Feature].Name]; direction != 0 {
			middle := (step(n.Left, low, high) + step(n.Right, low, high)) / 2
			if direction > 0 {
				l.high, r.low = middle, middle
			} else {
				l.low, r.high = middle, middle
			}
		}
	}
	mean := min(max(-short/all, -f.limit), f.limit)
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.Feature >= 0:
		case rows[i] == nil: // stays, but for the bounds that the other leaves now set
			n.Value = min(max(n.Value, f.LearningRate*(s[i].low+mean)), f.LearningRate*(s[i].high+mean))
		case f.level > 0:
			n.Value = float64(f.LearningRate * f.quantile(rows[i], f.margins))
		default:
			n.Value = float64(f.LearningRate * (s[i].step + mean))
		}
	}
}

// A leaf that no row comes to still needs a cover.
const smallestCover = 1e-6
