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
	L1           float64        // taken off the gradient of each side of a split
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
	Interactions [][]string     // groups of columns, by name, at most 63: a path from root to leaf asks columns of one group only; those named in none are one more
	From         models.Model   // to go on from, fitted by the same objective to the same columns: its trees come first and Rounds more are added
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
	case !(b.LearningRate > 0) || !(b.L1 >= 0) || !(b.L2 >= 0) || !(b.CategoryL2 >= 0) || !(b.MinGain >= 0):
		return errors.New("gbm: learning rate, L1, L2 or gain out of range")
	case !(b.ColumnSample > 0 && b.ColumnSample <= 1) || !(b.RowSample > 0 && b.RowSample <= 1):
		return errors.New("gbm: samples are shares above 0 and at most 1")
	}
	if o, ok := b.Objective.(interface{ valid() error }); ok {
		if err := o.valid(); err != nil {
			return fmt.Errorf("gbm: %s: %w", b.Objective.Name(), err)
		}
	}
	switch b.Objective.(type) {
	case Quantile, Softmax:
		if len(b.Monotone) > 0 {
			return fmt.Errorf("gbm: %s: monotone columns cannot be promised", b.Objective.Name())
		}
	}
	return nil
}

// Fit learns y.Y from x. It needs y.Y, and takes y.Weight, y.Exposure, y.Valid
// and y.Keys; see Objective for what outcomes may be. Cox takes y.Exit, y.Entry
// and y.Cause in place of y.Y. It stops within a tenth of a second of ctx being
// cancelled.
//
// A fit that goes on From another and sees the same rows gives the bytes of one
// run of all rounds, if each of these grew a tree. It counts categories anew, so
// where a column has more than 62 levels the rows should include the old ones.
func (b Booster) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	targets, err := b.targets(y)
	if err != nil {
		return nil, err
	}
	before, err := b.before(len(targets))
	if err != nil {
		return nil, err
	}
	t := team(runtime.GOMAXPROCS(0))
	fits := make([]*fit, len(targets))
	for k := range fits {
		f := &fit{from: before[k]}
		if err := f.start(ctx, b, t, x, targets[k], fits[0]); err != nil {
			return nil, err
		}
		fits[k] = f
	}
	if err := b.boost(ctx, fits); err != nil {
		return nil, err
	}
	return finished(fits)
}

// targets gives one target a fit: y, or each class of it against the rest.
func (b Booster) targets(y models.Target) ([]models.Target, error) {
	if s, several := b.Objective.(Softmax); several {
		return s.targets(y)
	}
	return []models.Target{y}, nil
}

// fit is a model of one margin under way.
type fit struct {
	*data
	*grower
	model   Model  // its trees are missing
	from    *Model // whose trees come first, or nil
	margins []float64
	seen    []float64 // the margins as gradients take them: of several classes, each against the rest
	trees   [][]tree.Node
	kept    int // trees up to the best round
}

// start makes ready to grow trees. Fits of several classes share the table in
// bins of the first of them where nothing in it depends on the outcome.
func (f *fit) start(ctx context.Context, b Booster, t team, x *matrix.Matrix, y models.Target, first *fit) (err error) {
	if f.data, err = newData(b, x, y); err != nil {
		return err
	}
	if f.from != nil {
		if err := f.from.check(x); err != nil {
			return err
		}
	}
	f.model = Model{objective: b.Objective, categorical: make([]bool, len(x.Columns))}
	some := newSample(t, f.weight, f.fitted, f.keys, b.Seed)
	sources, err := f.model.sources(ctx, t, b, f.data, x, some, f.from)
	if err != nil {
		return err
	}
	if first != nil && len(f.model.statistics) == 0 {
		f.grower = first.grower
	} else {
		binned, err := bin(ctx, t, sources, x.Rows, some, b.Bins)
		if err != nil {
			return err
		}
		f.grower = newGrower(b, t, binned)
		f.constrain()
	}
	f.begin()
	if f.from == nil {
		return nil
	}
	return f.replay(x, sources)
}

// begin sets all margins to the base.
func (f *fit) begin() {
	if f.from != nil {
		f.base = f.from.trees.Base()
	}
	f.margins = make([]float64, len(f.y))
	for i := range f.margins {
		f.margins[i] = f.base
	}
	if f.seen = f.margins; f.several() {
		f.seen = make([]float64, len(f.y))
	}
}

// finished gives the model of one fit, or of several classes.
func finished(fits []*fit) (models.Model, error) {
	c := make(classes, len(fits))
	for k, f := range fits {
		m := f.model
		m.trees = tree.New(len(m.categorical)+2*len(m.statistics), f.base)
		trees := f.trees[:f.kept]
		if f.from != nil {
			trees = append(f.from.nodes(), trees...)
		}
		for _, nodes := range trees {
			if err := m.trees.Add(nodes); err != nil {
				return nil, fmt.Errorf("gbm: %w", err)
			}
		}
		c[k] = &m
	}
	if fits[0].several() {
		return c, nil
	}
	return c[0], nil
}

// sources lists what the trees are to see: numbers and categories as they are,
// and statistics in place of columns with many categories.
func (m *Model) sources(ctx context.Context, t team, b Booster, d *data, x *matrix.Matrix, some *sample, from *Model) ([]source, error) {
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
		sources = append(sources, source{feature{column: j, name: c.Name, monotone: int8(direction)}, []matrix.Column{*c}, nil})
	}
	if constrained < len(b.Monotone) {
		return nil, errors.New("gbm: a monotone column is not in the matrix")
	}
	statistics, more, err := d.statistics(ctx, b, t, x, some, from)
	m.statistics = statistics
	return append(sources, more...), err
}

// data is a checked target.
type data struct {
	objective           Objective
	groups              []uint64  // of each column, see Interactions
	y, exposure, weight []float64 // exposure and weight may be nil
	keys                []uint64
	own                 bool    // whether the slices above are copies
	fitted, held        []int32 // rows with a weight, and those of them held out
	base, overall       float64 // margin and outcome rate of all fitted rows
	limit               float64 // of the step of a leaf
	lossUnit            float64 // a power of two that brings losses near one
	level               float64 // of the quantile that leaves are renewed by, or 0
	risk, watch         *risk   // of Cox: the fitted rows, and the held ones
}

func newData(b Booster, x *matrix.Matrix, y models.Target) (*data, error) {
	cox, timed := b.Objective.(Cox)
	if timed {
		y.Y, y.Exposure = cox.events(y), nil
	}
	for _, n := range []int{len(y.Y), orRows(len(y.Exposure), x), orRows(len(y.Weight), x), orRows(len(y.Valid), x), orRows(len(y.Keys), x)} {
		if n != x.Rows {
			panic("gbm: matrix and target differ in length")
		}
	}
	groups, err := b.groups(x)
	if err != nil {
		return nil, err
	}
	d := &data{groups: groups, objective: b.Objective, y: y.Y, exposure: y.Exposure, weight: y.Weight, keys: y.Keys, limit: largestStep, lossUnit: 1}
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
	if o, ok := b.Objective.(interface {
		start(d *data, y models.Target) error
	}); ok {
		return d, o.start(d, y)
	}
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

// boost runs the rounds, one tree a fit, and finds the best of them.
func (b Booster) boost(ctx context.Context, fits []*fit) error {
	against(fits)
	lowest, since, barren, past := loss(fits), 0, 0, 0
	if from := fits[0].from; from != nil {
		past = from.Trees()
	}
	for round := past; round < past+b.Rounds; round++ {
		grown := false
		for _, f := range fits {
			nodes, err := f.grow(ctx, round)
			if err != nil {
				return err
			}
			if nodes != nil {
				f.trees, grown = append(f.trees, nodes), true
			}
		}
		if !grown { // nothing to learn from these rows and columns
			if barren++; barren > 20 || b.RowSample == 1 && b.ColumnSample == 1 {
				break
			}
			continue
		}
		barren = 0
		if f := fits[0]; len(fits) == 1 && f.risk == nil && len(f.trees)%settleEvery == 1 {
			f.settle(f.grower, f.margins) // others would share the table, or know its rows by number
		}
		against(fits)
		since++
		if len(fits[0].held) == 0 || b.Patience == 0 {
			keep(fits)
		} else if l := loss(fits); l < lowest {
			lowest, since = l, 0
			keep(fits)
		} else if since >= b.Patience {
			break
		}
	}
	return nil
}

func keep(fits []*fit) {
	for _, f := range fits {
		f.kept = len(f.trees)
	}
}

// grow grows the tree of a round, nil where nothing parts the rows.
func (f *fit) grow(ctx context.Context, round int) ([]tree.Node, error) {
	if err := f.derive(ctx); err != nil {
		return nil, err
	}
	f.turn(round)
	f.draw(f.data, round)
	f.quantise(f.data, round)
	if err := f.grower.grow(ctx); err != nil || len(f.leaves) == 1 {
		return nil, err
	}
	return f.finish(f.data, f.margins), nil
}

// derive computes the gradients at the margins.
func (f *fit) derive(ctx context.Context) error {
	if f.risk != nil {
		f.risk.expose(f.exposure, f.margins)
	}
	return f.data.differentiate(ctx, f.grower, f.seen)
}

// several reports whether the fit is of one class among others.
func (f *fit) several() bool {
	_, ok := f.objective.(Softmax)
	return ok
}

// loss is the weighted sum of the held rows' losses; of several classes, only
// that to which a row belongs tells its loss.
func loss(fits []*fit) float64 {
	var sum total
	for _, f := range fits {
		if f.watch != nil {
			return f.watch.loss(f.margins)
		}
		for _, i := range f.held {
			if !f.several() || f.y[i] == 1 {
				l := f.objective.Loss(f.seen[i], f.y[i], f.exposureOf(int(i)))
				sum.add(float64(float64(f.weightOf(int(i))*l) * f.lossUnit))
			}
		}
	}
	return sum.value()
}
