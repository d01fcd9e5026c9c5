// Package gbm is gradient boosting of decision trees over histograms (Friedman
// 2001; Ke et al. 2017) with gradients quantised to integers (Shi et al. 2022):
// histogram sums are exact, so a fit gives the same bytes for any number of
// threads and any order of rows or columns, on every processor.
package gbm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Booster is a learner of boosted trees; start from Defaults. Rows of the
// target with Valid set are not fitted but tell when to stop.
type Booster struct {
	Objective    Objective
	Rounds       int            // trees at most
	LearningRate float64        // by which each tree's values shrink
	Leaves       int            // of a tree, at most
	MinLeaf      int            // rows in a leaf, at least
	MaxDepth     int            // questions from root to leaf, at most
	Bins         int            // of a column of numbers, at most 255, besides the one for missing values
	L2           float64        // added to the curvature of each side of a split
	CategoryL2   float64        // added besides where a split sets categories apart
	MinGain      float64        // twice the loss a split must save
	ColumnSample float64        // share of the columns that a tree may ask
	RowSample    float64        // share of the rows that a tree is grown on
	Patience     int            // rounds without a better loss on the Valid rows before stopping; 0: never stop
	Seed         uint64         // of all random numbers
	Quanta       int            // steps in the largest gradient, 0: as many as the sums can hold
	Pairs        int            // of columns with categories whose rate is taken together, at most; one of each has more than 62 levels
	Monotone     map[string]int // by column name: +1 where the margin may not fall when the number rises, −1 where it may not rise
}

// Defaults are parameters that hold up on small and drifting tables, to be
// used with early stopping.
func Defaults(objective Objective) Booster {
	return Booster{
		Objective: objective, Rounds: 1000, LearningRate: 0.05, Leaves: 15, MinLeaf: 20, MaxDepth: 12,
		Bins: 255, L2: 3, CategoryL2: 10, ColumnSample: 0.7, RowSample: 0.7, Patience: 50, Pairs: 8,
	}
}

// check refuses parameters that mean nothing.
func (b Booster) check() error {
	switch {
	case b.Objective == nil:
		return errors.New("gbm: no objective")
	case b.Rounds < 0 || b.Leaves < 1 || b.MinLeaf < 0 || b.MaxDepth < 0 || b.Patience < 0 || b.Quanta < 0:
		return errors.New("gbm: a count is out of range")
	case b.MaxDepth > 100 || b.Leaves > 1<<16:
		return errors.New("gbm: trees of more than 100 levels or 65,536 leaves")
	case b.Bins < 2 || b.Bins > slots-1:
		return fmt.Errorf("gbm: %d bins, want 2…%d", b.Bins, slots-1)
	case !(b.LearningRate > 0) || !(b.L2 >= 0) || !(b.CategoryL2 >= 0) || !(b.MinGain >= 0):
		return errors.New("gbm: learning rate, L2 or gain out of range")
	case !(b.ColumnSample > 0 && b.ColumnSample <= 1) || !(b.RowSample > 0 && b.RowSample <= 1):
		return errors.New("gbm: samples are shares above 0 and at most 1")
	}
	return nil
}

// Fit learns y.Y from x. It needs y.Y, and takes y.Weight, y.Exposure, y.Valid
// and y.Keys; see Objective for what outcomes may be. It stops within a tenth
// of a second of ctx being cancelled.
func (b Booster) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	d, err := newData(b, x, y)
	if err != nil {
		return nil, err
	}
	t := team(runtime.GOMAXPROCS(0))
	m := &Model{objective: b.Objective, categorical: make([]bool, len(x.Columns))}
	sources, err := m.sources(ctx, t, b, d, x)
	if err != nil {
		return nil, err
	}
	binned, err := bin(ctx, t, sources, x.Rows, newSample(t, d.weight, d.fitted, d.keys, b.Seed), b.Bins)
	if err != nil {
		return nil, err
	}
	trees, err := d.boost(ctx, newGrower(b, t, binned))
	if err != nil {
		return nil, err
	}
	m.trees = tree.New(len(x.Columns)+2*len(m.statistics), d.base)
	for _, nodes := range trees {
		if err := m.trees.Add(nodes); err != nil {
			return nil, fmt.Errorf("gbm: %w", err)
		}
	}
	return m, nil
}

// sources lists what the trees are to see: numbers and categories as they are,
// and statistics in place of columns with many categories.
func (m *Model) sources(ctx context.Context, t team, b Booster, d *data, x *matrix.Matrix) ([]source, error) {
	var sources []source
	constrained := 0
	for j := range x.Columns {
		c := &x.Columns[j]
		m.categorical[j] = c.Categorical()
		direction, ok := b.Monotone[c.Name]
		if ok {
			constrained++
		}
		if direction < -1 || direction > 1 || m.categorical[j] && direction != 0 {
			return nil, fmt.Errorf("gbm: column %q cannot be monotone %d: want a column of numbers and −1, 0 or +1", c.Name, direction)
		}
		if m.categorical[j] && c.Levels > nativeLevels {
			continue
		}
		sources = append(sources, source{feature{column: j, name: c.Name, monotone: int8(direction)}, []matrix.Column{*c}})
	}
	if constrained < len(b.Monotone) {
		return nil, errors.New("gbm: a monotone column is not in the matrix")
	}
	statistics, more, err := d.statistics(ctx, b, t, x)
	m.statistics = statistics
	return append(sources, more...), err
}

// data is a checked target.
type data struct {
	objective           Objective
	y, exposure, weight []float64 // exposure and weight may be nil
	keys                []uint64
	own                 bool    // whether the slices above are copies
	fitted, held        []int32 // rows with a weight, and those of them held out
	base, overall       float64 // margin and outcome rate of all fitted rows
}

func newData(b Booster, x *matrix.Matrix, y models.Target) (*data, error) {
	for _, n := range []int{len(y.Y), orRows(len(y.Exposure), x), orRows(len(y.Weight), x), orRows(len(y.Valid), x), orRows(len(y.Keys), x)} {
		if n != x.Rows {
			panic("gbm: matrix and target differ in length")
		}
	}
	d := &data{objective: b.Objective, y: y.Y, exposure: y.Exposure, weight: y.Weight, keys: y.Keys}
	if d.keys == nil {
		d.keys = make([]uint64, x.Rows)
		for i := range d.keys {
			d.keys[i] = uint64(i)
		}
	}
	var events, exposure, none total
	for i := range x.Rows {
		w := d.weightOf(i)
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, fmt.Errorf("gbm: row %d: weight below zero", i)
		}
		if w == 0 {
			continue
		}
		e := d.exposureOf(i)
		if err := b.Objective.Check(y.Y[i], e); err != nil {
			return nil, fmt.Errorf("gbm: row %d: %w", i, err)
		}
		if y.Valid != nil && y.Valid[i] {
			d.held = append(d.held, int32(i))
			continue
		}
		d.fitted = append(d.fitted, int32(i))
		events.add(float64(w * y.Y[i]))
		exposure.add(float64(w * e))
	}
	if len(d.fitted) == 0 {
		return nil, errors.New("gbm: no rows to fit")
	}
	d.base = b.Objective.Base(events.value(), exposure.value())
	d.overall = events.value() / exposure.value()
	if math.IsInf(d.base, 0) || math.IsNaN(d.base) || events == none {
		return nil, errors.New("gbm: all rows have the same outcome")
	}
	return d, nil
}

func orRows(n int, x *matrix.Matrix) int {
	if n == 0 {
		return x.Rows
	}
	return n
}

func (d *data) weightOf(i int) float64 {
	if d.weight == nil {
		return 1
	}
	return d.weight[i]
}

func (d *data) exposureOf(i int) float64 {
	if d.exposure == nil {
		return 1
	}
	return d.exposure[i]
}

// total is a sum in 128-bit fixed point: exact, so independent of order.
type total struct {
	whole int64
	part  uint64
}

func (t *total) add(v float64) {
	whole := math.Floor(min(max(v, -1e15), 1e15))
	part, carry := bits.Add64(t.part, uint64((v-whole)*(1<<32))<<32, 0)
	t.part, t.whole = part, t.whole+int64(whole)+int64(carry)
}

func (t *total) value() float64 { return float64(t.whole) + float64(float64(t.part>>11)/(1<<53)) }

// boost runs the rounds and returns the trees up to the best round.
func (d *data) boost(ctx context.Context, g *grower) ([][]tree.Node, error) {
	margins := make([]float64, g.binned.rows)
	for i := range margins {
		margins[i] = d.base
	}
	lowest, kept, barren := d.loss(margins), 0, 0
	var trees [][]tree.Node
	for round := range g.Rounds {
		if err := d.differentiate(ctx, g, margins); err != nil {
			return nil, err
		}
		g.turn(round)
		g.draw(d, round)
		g.quantise(d, round)
		if err := g.grow(ctx); err != nil {
			return nil, err
		}
		if len(g.leaves) == 1 { // nothing to learn from these rows and columns
			if barren++; barren > 20 || g.RowSample == 1 && g.ColumnSample == 1 {
				break
			}
			continue
		}
		barren = 0
		trees = append(trees, g.finish(d, margins))
		if len(trees)%settleEvery == 1 {
			d.settle(g, margins)
		}
		if len(d.held) == 0 || g.Patience == 0 {
			kept = len(trees)
			continue
		}
		if loss := d.loss(margins); loss < lowest {
			lowest, kept = loss, len(trees)
		} else if len(trees)-kept >= g.Patience {
			break
		}
	}
	return trees[:kept], nil
}

// loss is the weighted sum of the held rows' losses.
func (d *data) loss(margins []float64) float64 {
	var sum total
	for _, i := range d.held {
		sum.add(float64(d.weightOf(int(i)) * d.objective.Loss(margins[i], d.y[i], d.exposureOf(int(i)))))
	}
	return sum.value()
}
