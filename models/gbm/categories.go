package gbm

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	nativeLevels = 64 // up to here categories are set apart by the trees themselves
	permutations = 4  // orders in which ordered statistics are taken, trees take turns
	priorMass    = 4  // rows (or expected events) that a level's statistic is mixed with
)

// statistic replaces categories by numbers: the outcome rate of the rows that
// share the level, smoothed to the overall rate (target statistics; Micci-
// Barreca 2001). A training row sees only the rows before it in a random order
// (Prokhorenkova et al. 2018), so its own outcome never comes back to it; at
// prediction every row sees the whole table.
type statistic struct {
	columns []int     // whose levels are combined
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

// rate is what a row is replaced by at prediction.
func (s *statistic) rate(x *matrix.Matrix, i int) float64 {
	if k, ok := slices.BinarySearch(s.levels, s.level(x, i)); ok {
		return s.rates[k]
	}
	return s.prior
}

// column gives the statistic as a column of x.
func (s *statistic) column(x *matrix.Matrix) matrix.Column {
	c := matrix.Column{Nums: make([]float64, x.Rows)}
	for i := range c.Nums {
		c.Nums[i] = s.rate(x, i)
	}
	return c
}

// unit is what a statistic counts: a row, or all rows that are views of the
// same value. They are one thing at several times, and must not learn from
// each other.
type unit struct {
	key              uint64 // the least of its rows'
	row              int32  // one of its rows
	fitted           bool
	events, exposure total
}

// units gathers the rows of a column with the given index.
func (d *data) units(index []int32, values int) []unit {
	units := make([]unit, values)
	for i := range units {
		units[i] = unit{key: math.MaxUint64, row: -1}
	}
	of := func(i int32) *unit {
		if index != nil {
			i = index[i]
		}
		return &units[i]
	}
	for _, i := range d.held {
		of(i).row = i
	}
	for _, i := range d.fitted {
		u, w := of(i), d.weightOf(int(i))
		u.row, u.fitted, u.key = i, true, min(u.key, d.keys[i])
		u.events.add(float64(w * d.y[i]))
		u.exposure.add(float64(w * d.exposureOf(int(i))))
	}
	return units
}

// tally is the events and exposure of a level so far.
type tally struct{ events, exposure float64 }

// smooth mixes a tally with the overall rate, so that a level that has been
// seen little is near it. For rates per time the prior is so much exposure as
// gives priorMass/4 events.
func (t tally) smooth(overall float64, exposed bool) float64 {
	prior := float64(priorMass)
	if exposed {
		prior = 1 / overall
	}
	return (t.events + float64(prior*overall)) / (t.exposure + prior)
}

// learn fills in the statistic's table and returns, for each permutation, the
// column that training rows are to see.
func (s *statistic) learn(d *data, x *matrix.Matrix, overall float64, seed uint64) [permutations]matrix.Column {
	first := &x.Columns[s.columns[0]]
	n := x.Rows
	if first.Index != nil {
		n = len(first.Codes)
	}
	units := d.units(first.Index, n)
	exposed := d.exposure != nil
	slot := make([]int32, n) // level of each unit, by position in s.levels
	all := make([]uint64, 0, n)
	for _, u := range units {
		if u.fitted {
			all = append(all, s.level(x, int(u.row)))
		}
	}
	slices.Sort(all)
	s.levels = slices.Clone(slices.Compact(all))
	order := make([]int32, 0, n)
	for i, u := range units {
		slot[i] = -1
		if u.row < 0 {
			continue
		}
		if k, ok := slices.BinarySearch(s.levels, s.level(x, int(u.row))); ok {
			slot[i] = int32(k)
		}
		if u.fitted {
			order = append(order, int32(i))
		}
	}
	s.prior = overall
	var columns [permutations]matrix.Column
	for p := range columns {
		c := matrix.Column{Index: first.Index, Nums: make([]float64, n)}
		drawn := make([]uint64, n)
		for _, i := range order {
			drawn[i] = hash(seed, drawOrder+uint64(p)<<8, units[i].key)
		}
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(drawn[a], drawn[b]), cmp.Compare(units[a].key, units[b].key))
		})
		tallies := make([]tally, len(s.levels))
		for _, i := range order {
			t := &tallies[slot[i]]
			c.Nums[i] = t.smooth(overall, exposed)
			t.events += units[i].events.value()
			t.exposure += units[i].exposure.value()
		}
		if p == 0 {
			s.rates = make([]float64, len(tallies))
			for k, t := range tallies {
				s.rates[k] = t.smooth(overall, exposed)
			}
		}
		for i, u := range units {
			if !u.fitted && slot[i] >= 0 {
				c.Nums[i] = s.rates[slot[i]]
			} else if !u.fitted {
				c.Nums[i] = s.prior
			}
		}
		columns[p] = c
	}
	return columns
}

// name is what the statistic's column is called in training; the space keeps
// it apart from every column of the matrix by order.
func (s *statistic) name(x *matrix.Matrix) string {
	name := "rate of"
	for _, j := range s.columns {
		name += fmt.Sprintf(" %q", x.Columns[j].Name)
	}
	return name
}
