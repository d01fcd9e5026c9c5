package gbm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	nativeLevels = 62    // up to here categories are set apart by the trees themselves; tree walks such sets fastest
	permutations = 4     // orders in which ordered statistics are taken; trees take turns
	priorRows    = 1     // rows at the overall rate that a level's tally is mixed with; trees weigh it by its count
	cautiousRows = 4     // the same where a pair is judged by its rate alone
	worthPairing = 0.002 // share of the loss that a pair of columns must save to be taken
	mostPairs    = 256   // that are looked at …
	pairedRows   = 1e5   // … on so many rows, at most
)

// statistic replaces categories by two numbers: the outcome rate of the rows
// that share the level, smoothed to the overall rate (target statistics;
// Micci-Barreca 2001), and how many they are, which says how far the rate can
// be trusted. A training row sees the rate of the rows before it in a random
// order only (Prokhorenkova et al. 2018), so its own outcome never comes back
// to it, and counts the others only; at prediction every row sees the whole table.
type statistic struct {
	columns []int     // whose levels are combined, one or two
	levels  []uint64  // combinations met in training, rising
	rates   []float64 // of each
	counts  []float64 // of each
	prior   float64   // the rate of a level not met; its count is 0
}

// level combines the levels of a row's columns; missing is a level as well.
func (s *statistic) level(x *matrix.Matrix, i int) uint64 {
	k := uint64(0)
	for _, j := range s.columns {
		k = k<<32 | uint64(x.Columns[j].Code(i)+1)
	}
	return k
}

// append adds the statistic's rate and count to columns of x.
func (s *statistic) append(columns []matrix.Column, x *matrix.Matrix) []matrix.Column {
	rates, counts := make([]float64, x.Rows), make([]float64, x.Rows)
	for i := range rates {
		rates[i] = s.prior
		if k, ok := slices.BinarySearch(s.levels, s.level(x, i)); ok {
			rates[i], counts[i] = s.rates[k], s.counts[k]
		}
	}
	return append(columns, matrix.Column{Nums: rates}, matrix.Column{Nums: counts})
}

// name is what the statistic is called in training.
func (s *statistic) name(x *matrix.Matrix) string {
	name := ""
	for _, j := range s.columns {
		name += fmt.Sprintf("%q ", x.Columns[j].Name)
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
	size             float64 // 1, or the weight where it is a row; not the exposure, which would tell the outcome
}

// tally is the events and exposure of a level so far.
type tally struct{ events, exposure, size float64 }

func (t *tally) add(u *unit) {
	t.events += u.events
	t.exposure += u.exposure
	t.size += u.size
}

// ledger is the units behind columns that share an index, with random orders.
type ledger struct {
	*data
	x      *matrix.Matrix
	index  []int32
	units  []unit
	orders [permutations][]int32 // of the fitted units
	row    float64               // the exposure that smoothing counts as one row
	some   []unit                // the first in the first order, which losses are taken of …
	codes  map[int][]uint32      // … and the levels of each column that they have, as statistic.level takes them
	tables chan tallies          // to use again, one a thread
	sheets chan sheet            // likewise
}

// sheet is memory to learn a statistic in, an entry a unit.
type sheet struct {
	slot        []int32
	own, levels []uint64
	nums        []float64
}

func newLedger(d *data, t team, x *matrix.Matrix, c *matrix.Column, seed uint64) *ledger {
	l := &ledger{data: d, x: x, index: c.Index, row: 1, tables: make(chan tallies, max(1, t)), sheets: make(chan sheet, max(1, t))}
	n := x.Rows
	if c.Index != nil {
		n = len(c.Codes)
	}
	if d.exposure != nil {
		l.row = 1 / d.overall // as long as one event takes
	}
	l.units = make([]unit, n)
	for i := range l.units {
		l.units[i] = unit{key: math.MaxUint64, row: -1}
	}
	for _, i := range d.held {
		l.units[l.unitOf(i)].row = i
	}
	l.add(d)
	fitted := make([]int32, 0, min(n, len(d.fitted)))
	for k := range l.units {
		if l.units[k].fitted {
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

// add adds up what the fitted rows of each unit say; without an index, a unit is
// one row.
func (l *ledger) add(d *data) {
	var sums [][2]total
	if l.index != nil {
		sums = make([][2]total, len(l.units))
	}
	for _, i := range d.fitted {
		k := l.unitOf(i)
		u, w := &l.units[k], d.weightOf(int(i))
		u.row, u.fitted, u.key = i, true, min(u.key, d.keys[i])
		var alone [2]total
		sum := &alone
		if u.size = w; sums != nil {
			u.size, sum = 1, &sums[k]
		}
		sum[0].add(float64(w * d.y[i]))
		sum[1].add(float64(w * d.exposureOf(int(i))))
		u.events, u.exposure = sum[0].value(), sum[1].value()
	}
}

func (l *ledger) unitOf(row int32) int32 {
	if l.index != nil {
		return l.index[row]
	}
	return row
}

// rate is a tally mixed with so many rows at the overall rate, so that a level
// that has been seen little is near it.
func (l *ledger) rate(t *tally, rows float64) float64 {
	prior := float64(rows * l.row)
	return (t.events + float64(prior*l.overall)) / (t.exposure + prior)
}

// slots numbers the levels of the fitted units and gives each unit its number,
// −1 where its level is met in no fitted unit.
func (l *ledger) slots(s *statistic, in *sheet) (slot []int32, levels []uint64) {
	levels, own := in.levels[:0], in.own
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
	slot = in.slot
	for k, u := range l.units {
		slot[k] = -1
		if at, ok := slices.BinarySearch(levels, own[k]); ok && u.row >= 0 {
			slot[k] = int32(at)
		}
	}
	return slot, levels
}

// learn fills in a statistic's tables and hands on what training rows are to
// see: a column of rates for each permutation, and then one of counts, all of
// them in the same memory.
func (l *ledger) learn(s *statistic, rates, counts func(*matrix.Column) error) error {
	n := len(l.units)
	in := borrow(l.sheets, func() sheet {
		return sheet{make([]int32, n), make([]uint64, n), make([]uint64, 0, n), make([]float64, n)}
	})
	defer giveBack(l.sheets, in)
	slot, levels := l.slots(s, &in)
	tallies := make([]tally, len(levels))
	c := matrix.Column{Index: l.index, Nums: in.nums}
	for p, order := range l.orders {
		clear(tallies)
		for _, k := range order {
			t := &tallies[slot[k]]
			c.Nums[k] = l.rate(t, priorRows)
			t.add(&l.units[k])
		}
		if p == 0 {
			s.levels, s.prior = levels, l.overall
			s.rates, s.counts = make([]float64, len(levels)), make([]float64, len(levels))
			for at := range tallies {
				s.rates[at], s.counts[at] = l.rate(&tallies[at], priorRows), tallies[at].size
			}
		}
		for k := range l.units {
			if slot[k] < 0 {
				c.Nums[k] = s.prior
			} else if !l.units[k].fitted {
				c.Nums[k] = s.rates[slot[k]]
			}
		}
		if err := rates(&c); err != nil {
			return err
		}
	}
	for k := range l.units {
		switch known := slot[k] >= 0; {
		case known && l.units[k].fitted:
			c.Nums[k] = max(0, s.counts[slot[k]]-l.units[k].size)
		case known:
			c.Nums[k] = s.counts[slot[k]]
		default:
			c.Nums[k] = 0
		}
	}
	return counts(&c)
}

// sample reads the columns' levels in the order that losses are taken in, so
// that a loss does not leap through the table.
func (l *ledger) sample(columns []int) {
	order := l.orders[0][:min(len(l.orders[0]), pairedRows)]
	l.some, l.codes = make([]unit, len(order)), map[int][]uint32{}
	for i, k := range order {
		l.some[i] = l.units[k]
	}
	for _, j := range columns {
		codes := make([]uint32, len(order))
		for i := range codes {
			codes[i] = uint32(l.x.Columns[j].Code(int(l.some[i].row)) + 1)
		}
		l.codes[j] = codes
	}
}

// loss is what forecasting each unit by the statistic's rate so far costs
// (prequential loss; Dawid 1984): an honest measure of what it knows. Where
// there are very many units, some of them tell enough.
func (l *ledger) loss(s *statistic) float64 {
	table := borrow(l.tables, func() tallies { return newTallies(len(l.some)) })
	defer giveBack(l.tables, table)
	clear(table.levels)
	clear(table.tally)
	sum := 0.0
	for i := range l.some {
		level := uint64(0)
		for _, j := range s.columns {
			level = level<<32 | uint64(l.codes[j][i])
		}
		u, t := &l.some[i], table.at(level)
		if u.exposure > 0 {
			margin := l.objective.Base(l.rate(t, cautiousRows), 1)
			sum += float64(u.exposure * l.objective.Loss(margin, u.events/u.exposure, 1))
		}
		t.add(u)
	}
	return sum
}

// tallies is a hash table from level to tally for at most half its size.
type tallies struct {
	levels []uint64 // plus one; 0 where free
	tally  []tally
}

func newTallies(most int) tallies {
	n := 1 << bits.Len(uint(2*most))
	return tallies{make([]uint64, n), make([]tally, n)}
}

func (t tallies) at(level uint64) *tally {
	mask := uint64(len(t.levels) - 1)
	for k := mix(level) & mask; ; k = (k + 1) & mask {
		if t.levels[k] == 0 {
			t.levels[k] = level + 1
		}
		if t.levels[k] == level+1 {
			return &t.tally[k]
		}
	}
}

// statistics chooses what to replace: each column with many categories, and up
// to pairs combinations of such a column with another one of categories that
// forecast better than either. A fit that goes on from a model replaces what
// that one did.
func (d *data) statistics(ctx context.Context, b Booster, t team, x *matrix.Matrix, some *sample, from *Model) ([]statistic, []source, error) {
	var many, all []int
	for j := range x.Columns {
		if c := &x.Columns[j]; c.Categorical() && c.Levels > 1 {
			all = append(all, j)
			if c.Levels > nativeLevels {
				many = append(many, j)
			}
		}
	}
	if len(many) == 0 && (from == nil || len(from.statistics) == 0) {
		return nil, nil, nil
	}
	byName := func(p, q int) int { return cmp.Compare(x.Columns[p].Name, x.Columns[q].Name) }
	slices.SortStableFunc(all, byName)
	slices.SortStableFunc(many, byName)
	ledgers := map[*int32]*ledger{}
	at := func(j int) *ledger { return ledgers[first(x.Columns[j].Index)] }
	for _, j := range all {
		if at(j) == nil {
			ledgers[first(x.Columns[j].Index)] = newLedger(d, t, x, &x.Columns[j], b.Seed)
		}
	}
	var chosen []statistic
	if from != nil {
		for _, s := range from.statistics {
			chosen = append(chosen, statistic{columns: s.columns})
		}
	} else {
		for _, j := range many {
			chosen = append(chosen, statistic{columns: []int{j}})
		}
	}
	if b.Pairs > 0 && from == nil {
		more, err := d.pairs(ctx, t, b.Pairs, all, many, x, at)
		if err != nil {
			return nil, nil, err
		}
		chosen = append(chosen, more...)
	}
	sources := make([]source, 2*len(chosen))
	err := t.each(ctx, len(chosen), func(k int) error {
		s := &chosen[k]
		into := func(j int) func(*matrix.Column) error {
			to := &sources[2*k+j]
			to.feature = feature{column: len(x.Columns) + 2*k + j, name: s.name(x)}
			return func(c *matrix.Column) error {
				kept := matrix.Column{Index: c.Index}
				if from != nil { // whose trees will ask
					kept.Nums = slices.Clone(c.Nums)
				}
				to.versions = append(to.versions, kept)
				return to.take(c, some, b.Bins)
			}
		}
		return at(s.columns[0]).learn(s, into(0), into(1))
	})
	return chosen, sources, err
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
			if q == p || at(p) != at(q) || d.groups[p]&d.groups[q] == 0 || slices.Contains(many, q) && position[q] < position[p] {
				continue
			}
			if len(pairs) < mostPairs {
				pairs = append(pairs, candidate{statistic: statistic{columns: []int{p, q}}})
			}
		}
	}
	columns := map[*ledger][]int{}
	for _, j := range all {
		columns[at(j)] = append(columns[at(j)], j)
	}
	for l, own := range columns {
		l.sample(own)
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
