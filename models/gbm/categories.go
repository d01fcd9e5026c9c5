package gbm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	nativeLevels = 64    // up to here categories are set apart by the trees themselves
	permutations = 4     // orders in which ordered statistics are taken; trees take turns
	priorRowsX    = 4     // rows at the overall rate that a level's tally is mixed with
	worthPairingX = 0.002 // share of the loss that a pair of columns must save to be taken
)

// statistic replaces categories by numbers: the outcome rate of the rows that
// share the level, smoothed to the overall rate (target statistics; Micci-
// Barreca 2001). A training row sees only the rows before it in a random order
// (Prokhorenkova et al. 2018), so its own outcome never comes back to it; at
// prediction every row sees the whole table.
type statistic struct {
	columns []int     // whose levels are combined, one or two
	levels  []uint64  // combinations met in training, rising
	rates   []float64 // of each
	prior   float64   // of a level not met
}

// level combines the levels of a row's columns; missing is a level as well.
func (s *statistic) level(x *matrix.Matrix, i int) uint64 {
	k := uint64(0)
	for _, j := range s.columns {
		k = k<<32 | uint64(uint32(x.Columns[j].Code(i)))
	}
	return k
}

// column gives the statistic as a column of x.
func (s *statistic) column(x *matrix.Matrix) matrix.Column {
	c := matrix.Column{Nums: make([]float64, x.Rows)}
	for i := range c.Nums {
		c.Nums[i] = s.prior
		if k, ok := slices.BinarySearch(s.levels, s.level(x, i)); ok {
			c.Nums[i] = s.rates[k]
		}
	}
	return c
}

// name is what the statistic's column is called in training.
func (s *statistic) name(x *matrix.Matrix) string {
	name := "rate by"
	for _, j := range s.columns {
		name += fmt.Sprintf(" %q", x.Columns[j].Name)
	}
	return name
}

// unit is what a statistic counts: a row, or all rows that view the same
// value. They are one thing at several times, and must not learn from each
// other.
type unit struct {
	key              uint64 // the least of its rows'
	row              int32  // one of its rows, −1 if there is none
	fitted           bool
	events, exposure float64
}

// tally is the events and exposure of a level so far.
type tally struct{ events, exposure float64 }

// ledger is the units behind columns that share an index, with random orders.
type ledger struct {
	*data
	x      *matrix.Matrix
	index  []int32
	units  []unit
	orders [permutations][]int32 // of the fitted units
	prior  float64               // exposure at the overall rate that is mixed into every tally
}

func newLedger(d *data, x *matrix.Matrix, c *matrix.Column, seed uint64) *ledger {
	l := &ledger{data: d, x: x, index: c.Index, prior: priorRows}
	n := x.Rows
	if c.Index != nil {
		n = len(c.Codes)
	}
	if d.exposure != nil {
		l.prior = 1 / d.overall // as long as one event takes
	}
	l.units = make([]unit, n)
	for i := range l.units {
		l.units[i] = unit{key: math.MaxUint64, row: -1}
	}
	sums := make([][2]total, n)
	for _, i := range d.held {
		l.units[l.unitOf(i)].row = i
	}
	for _, i := range d.fitted {
		k := l.unitOf(i)
		u, w := &l.units[k], d.weightOf(int(i))
		u.row, u.fitted, u.key = i, true, min(u.key, d.keys[i])
		sums[k][0].add(float64(w * d.y[i]))
		sums[k][1].add(float64(w * d.exposureOf(int(i))))
	}
	var fitted []int32
	for k := range l.units {
		if u := &l.units[k]; u.fitted {
			u.events, u.exposure = sums[k][0].value(), sums[k][1].value()
			fitted = append(fitted, int32(k))
		}
	}
	drawn := make([]uint64, n)
	for p := range l.orders {
		order := slices.Clone(fitted)
		for _, k := range order {
			drawn[k] = hash(seed, drawOrder+uint64(p)<<8, l.units[k].key)
		}
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(drawn[a], drawn[b]), cmp.Compare(l.units[a].key, l.units[b].key))
		})
		l.orders[p] = order
	}
	return l
}

func (l *ledger) unitOf(row int32) int32 {
	if l.index != nil {
		return l.index[row]
	}
	return row
}

// rate is a tally mixed with the overall rate, so that a level that has been
// seen little is near it.
func (l *ledger) rate(t tally) float64 {
	return (t.events + float64(l.prior*l.overall)) / (t.exposure + l.prior)
}

// slots numbers the levels of the fitted units and gives each unit its number,
// −1 where its level is met in no fitted unit.
func (l *ledger) slots(s *statistic) (slot []int32, levels []uint64) {
	levels = make([]uint64, 0, len(l.units))
	own := make([]uint64, len(l.units))
	for k, u := range l.units {
		if u.row >= 0 {
			own[k] = s.level(l.x, int(u.row))
		}
		if u.fitted {
			levels = append(levels, own[k])
		}
	}
	slices.Sort(levels)
	levels = slices.Clone(slices.Compact(levels))
	slot = make([]int32, len(l.units))
	for k, u := range l.units {
		slot[k] = -1
		if at, ok := slices.BinarySearch(levels, own[k]); ok && u.row >= 0 {
			slot[k] = int32(at)
		}
	}
	return slot, levels
}

// learn fills in a statistic's table and returns, for each permutation, the
// column that training rows are to see.
func (l *ledger) learn(s *statistic) []matrix.Column {
	slot, levels := l.slots(s)
	tallies := make([]tally, len(levels))
	columns := make([]matrix.Column, permutations)
	for p, order := range l.orders {
		clear(tallies)
		nums := make([]float64, len(l.units))
		for _, k := range order {
			t := &tallies[slot[k]]
			nums[k] = l.rate(*t)
			t.events += l.units[k].events
			t.exposure += l.units[k].exposure
		}
		if p == 0 {
			s.levels, s.prior, s.rates = levels, l.overall, make([]float64, len(levels))
			for at, t := range tallies {
				s.rates[at] = l.rate(t)
			}
		}
		for k, u := range l.units {
			switch {
			case u.fitted:
			case slot[k] >= 0:
				nums[k] = s.rates[slot[k]]
			default:
				nums[k] = s.prior
			}
		}
		columns[p] = matrix.Column{Index: l.index, Nums: nums}
	}
	return columns
}

// loss is what forecasting each unit by the statistic's rate so far costs
// (prequential loss; Dawid 1984): an honest measure of what it knows.
func (l *ledger) loss(s *statistic) float64 {
	slot, levels := l.slots(s)
	tallies := make([]tally, len(levels))
	sum := 0.0
	for _, k := range l.orders[0] {
		t, u := &tallies[slot[k]], &l.units[k]
		if u.exposure > 0 {
			r := l.rate(*t)
			sum += float64(u.exposure * l.objective.Loss(l.objective.Base(r, 1), u.events/u.exposure, 1))
		}
		t.events += u.events
		t.exposure += u.exposure
	}
	return sum
}

// statistics chooses what to replace: each column with many categories, and up
// to pairs combinations of such a column with another one of categories that
// forecast better than either.
func (d *data) statistics(ctx context.Context, b Booster, t team, x *matrix.Matrix) ([]statistic, [][]matrix.Column, error) {
	var many, all []int
	for j := range x.Columns {
		if c := &x.Columns[j]; c.Categorical() && c.Levels > 1 {
			all = append(all, j)
			if c.Levels > nativeLevels {
				many = append(many, j)
			}
		}
	}
	if len(many) == 0 {
		return nil, nil, nil
	}
	byName := func(p, q int) int { return cmp.Compare(x.Columns[p].Name, x.Columns[q].Name) }
	slices.SortStableFunc(all, byName)
	slices.SortStableFunc(many, byName)
	ledgers := map[*int32]*ledger{}
	at := func(j int) *ledger { return ledgers[first(x.Columns[j].Index)] }
	for _, j := range all {
		if at(j) == nil {
			ledgers[first(x.Columns[j].Index)] = newLedger(d, x, &x.Columns[j], b.Seed)
		}
	}
	var chosen []statistic
	for _, j := range many {
		chosen = append(chosen, statistic{columns: []int{j}})
	}
	if b.Pairs > 0 {
		more, err := d.pairs(ctx, t, b.Pairs, all, many, x, at)
		if err != nil {
			return nil, nil, err
		}
		chosen = append(chosen, more...)
	}
	columns := make([][]matrix.Column, len(chosen))
	err := t.each(ctx, len(chosen), func(k int) error {
		columns[k] = at(chosen[k].columns[0]).learn(&chosen[k])
		return nil
	})
	return chosen, columns, err
}

// first identifies an index.
func first(index []int32) *int32 {
	if len(index) == 0 {
		return nil
	}
	return &index[0]
}

// pairs finds the combinations that save most.
func (d *data) pairs(ctx context.Context, t team, most int, all, many []int, x *matrix.Matrix, at func(int) *ledger) ([]statistic, error) {
	type candidate struct {
		statistic
		loss, saved float64
	}
	var singles, pairs []candidate
	position := map[int]int{}
	for k, j := range all {
		position[j] = k
		singles = append(singles, candidate{statistic: statistic{columns: []int{j}}})
	}
	for _, p := range many {
		for _, q := range all {
			if q == p || at(p) != at(q) || slices.Contains(many, q) && position[q] < position[p] {
				continue
			}
			pairs = append(pairs, candidate{statistic: statistic{columns: []int{p, q}}})
		}
	}
	measure := func(c []candidate) error {
		return t.each(ctx, len(c), func(k int) error {
			c[k].loss = at(c[k].columns[0]).loss(&c[k].statistic)
			return nil
		})
	}
	if err := measure(singles); err != nil {
		return nil, err
	}
	if err := measure(pairs); err != nil {
		return nil, err
	}
	var better []candidate
	for _, c := range pairs {
		p, q := singles[position[c.columns[0]]].loss, singles[position[c.columns[1]]].loss
		c.saved = min(p, q) - c.loss
		if c.saved > worthPairing*min(p, q) {
			better = append(better, c)
		}
	}
	slices.SortStableFunc(better, func(p, q candidate) int { return cmp.Compare(q.saved, p.saved) })
	var chosen []statistic
	for _, c := range better[:min(most, len(better))] {
		chosen = append(chosen, c.statistic)
	}
	return chosen, nil
}
