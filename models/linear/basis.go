package linear

import (
	"math"
	"slices"
	"sort"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	oneHotLevels = 256 // categories with more levels become target statistics
	fewRows      = 20  // levels seen in fewer own rows are pooled
	folds        = 5   // of the cross-fitted target statistics
	statPrior    = 10  // expected events' worth of prior in a target statistic
	mostSteps    = 512 // distinct values of a step column
	sampleRows   = 50000
)

// feature says how one column of the matrix enters the design: as dense columns,
// each a function of the value, and as one set of indicators.
type feature struct {
	column  *matrix.Column
	block   int
	dense   []curve // of a number; at a missing value they are 0
	stat    *statistic
	slots   []int32   // category (or step, or nothing) → indicator, last entry: missing; −1: none
	steps   []float64 // distinct values of a step column, rising
	denseAt int       // first coefficient of the dense columns
	codesAt int       // first coefficient of the indicators
	levels  int       // number of indicators
}

// fitRows is what the columns are summarised over: the rows to be fitted.
type fitRows struct {
	weight []float64 // 0 for rows held out
	events []float64 // weighted outcomes
	expect []float64 // weighted outcomes expected at the overall rate
	keys   []uint64
}

// newFeature summarises a column. Own sums are over the column's own rows.
func newFeature(c *matrix.Column, step, straight bool, b *block, rows fitRows) (*feature, bool) {
	f := &feature{column: c}
	weight := b.gather(rows.weight)
	if c.Categorical() {
		f.categories(weight, b, rows)
		return f, true
	}
	seen := make([]int, 0, min(b.rows, sampleRows))
	lo, hi := math.Inf(1), math.Inf(-1)
	missing := 0.0
	var mean, mass, square float64
	for i, v := range c.Nums[:b.rows] {
		switch {
		case weight[i] == 0:
		case !known(v):
			missing += weight[i]
		default:
			seen = append(seen, i)
			lo, hi = min(lo, v), max(hi, v)
			mass += weight[i]
			d := v - mean
			mean += d * weight[i] / mass
			square += weight[i] * d * (v - mean)
		}
	}
	f.slots = []int32{-1}
	if missing > 0 && len(seen) > 0 {
		f.slots[0], f.levels = 0, 1
	}
	sd := math.Sqrt(square / mass)
	if !(sd > 1e-100) { // constant, or nothing there
		if f.levels > 0 { // present or missing is all it says
			f.dense = append(f.dense, curve{x: []float64{lo}, y: []float64{0}})
		}
		return f, true
	}
	values := make([]float64, 0, sampleRows)
	if step {
		for _, i := range seen {
			values = append(values, c.Nums[i])
		}
		slices.Sort(values)
		f.steps = slices.Compact(values)
		f.slots = make([]int32, len(f.steps)+1)
		for k := range f.slots {
			f.slots[k] = int32(k)
		}
		f.levels = len(f.slots)
		return f, len(f.steps) <= mostSteps
	}
	if l, h := coarse(lo), coarse(hi); l < h {
		lo, hi = l, h
	}
	f.dense = append(f.dense, line(lo, hi, mean, sd))
	if straight {
		return f, true
	}
	for stride, k := 1+len(seen)/sampleRows, 0; k < len(seen); k += stride {
		values = append(values, c.Nums[seen[k]])
	}
	slices.Sort(values)
	if r, ok := ranks(values, lo, hi); ok && correlation(values, f.dense[0], r) < 0.97 {
		f.dense = append(f.dense, r)
	}
	return f, true
}

// coarse rounds to three significant digits: the ends of a range and the
// quantiles near them are single subjects' own values, which a model must not hold.
func coarse(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	if r := math.Round(v*scale) / scale; known(r) {
		return r
	}
	return v
}

// line standardises; beyond the range seen it goes on for one more range.
func line(lo, hi, mean, sd float64) curve {
	far := []float64{lo - (hi - lo), hi + (hi - lo)}
	return curve{x: far, y: []float64{(far[0] - mean) / sd, (far[1] - mean) / sd}}
}

// ranks is the share of values below, midway through ties, joined by straight
// lines between quantiles and scaled to unit variance: what is left of a
// heavy-tailed column is its order.
func ranks(sorted []float64, lo, hi float64) (curve, bool) {
	const pieces = 20
	var c curve
	n := len(sorted)
	for k := 0; k <= pieces; k++ {
		v := coarse(sorted[k*(n-1)/pieces])
		if k == 0 {
			v = lo
		} else if k == pieces {
			v = hi
		}
		if len(c.x) > 0 && v <= c.x[len(c.x)-1] {
			continue
		}
		below, upTo := sort.SearchFloat64s(sorted, v), sort.Search(n, func(i int) bool { return sorted[i] > v })
		c.x = append(c.x, v)
		c.y = append(c.y, (float64(below+upTo)/float64(2*n)-0.5)*math.Sqrt(12))
	}
	return c, len(c.x) >= 4
}

func correlation(x []float64, f, g curve) float64 {
	var sf, sg, ff, gg, fg float64
	n := float64(len(x))
	for _, v := range x {
		a, b := f.at(v), g.at(v)
		sf, sg, ff, gg, fg = sf+a, sg+b, ff+a*a, gg+b*b, fg+a*b
	}
	return (fg - sf*sg/n) / math.Sqrt((ff-sf*sf/n)*(gg-sg*sg/n))
}

// categories gives frequent levels an indicator each and pools the others, or,
// with too many levels, uses their target statistic.
func (f *feature) categories(weight []float64, b *block, rows fitRows) {
	c := f.column
	count, missing := make([]int, c.Levels), 0
	for i, code := range c.Codes[:b.rows] {
		if weight[i] == 0 {
			continue
		}
		if code < 0 || int(code) >= c.Levels {
			missing++
		} else {
			count[code]++
		}
	}
	f.slots = make([]int32, c.Levels+1)
	kept := 0
	for _, n := range count {
		if n >= fewRows {
			kept++
		}
	}
	if kept > oneHotLevels {
		for k := range f.slots {
			f.slots[k] = -1
		}
		f.stat = newStatistic(c, b, rows)
		return
	}
	rest := int32(-1)
	next := func() int32 { f.levels++; return int32(f.levels - 1) }
	for k, n := range count {
		switch {
		case n >= fewRows:
			f.slots[k] = next()
		case rest < 0:
			rest = next()
			f.slots[k] = rest
		default:
			f.slots[k] = rest
		}
	}
	f.slots[c.Levels] = rest
	if missing > 0 {
		f.slots[c.Levels] = next()
	}
}

// slot is the indicator of the column's own row i.
func (f *feature) slot(i int) int32 {
	c := f.column
	last := len(f.slots) - 1
	switch {
	case c.Categorical():
		if k := c.Codes[i]; k >= 0 && int(k) < last {
			return f.slots[k]
		}
	case known(c.Nums[i]):
		if f.steps == nil {
			return -1
		}
		return f.slots[stepOf(f.steps, c.Nums[i])]
	}
	return f.slots[last]
}

// width is the number of dense columns.
func (f *feature) width() int {
	if f.stat != nil {
		return 1
	}
	return len(f.dense)
}

// fill writes the dense columns of own row i.
func (f *feature) fill(dst []float64, i int) {
	if f.stat != nil {
		dst[0] = f.stat.at(i, f.column.Codes[i])
		return
	}
	for k, g := range f.dense {
		if v := f.column.Nums[i]; known(v) {
			dst[k] = g.at(v)
		}
	}
}

// term folds the coefficients of the feature into one function of the column.
func (f *feature) term(beta []float64) term {
	t := term{step: f.steps != nil}
	dense, codes := beta[f.denseAt:], beta[f.codesAt:]
	value := func(slot int32) float64 {
		if slot < 0 {
			return 0
		}
		return codes[slot]
	}
	t.missing = value(f.slots[len(f.slots)-1])
	switch {
	case f.column.Categorical():
		t.category = true
		t.y = make([]float64, f.column.Levels)
		for k := range t.y {
			t.y[k] = value(f.slots[k])
			if f.stat != nil {
				t.y[k] += dense[0] * f.stat.all[k]
			}
		}
	case t.step:
		t.x = f.steps
		for k := range f.steps {
			t.y = append(t.y, value(f.slots[k]))
		}
	default:
		for _, g := range f.dense {
			t.x = append(t.x, g.x...)
		}
		slices.Sort(t.x)
		t.x = slices.Compact(t.x)
		t.y = make([]float64, len(t.x))
		for k, g := range f.dense {
			for i, x := range t.x {
				t.y[i] += dense[k] * g.at(x)
			}
		}
	}
	return t
}
