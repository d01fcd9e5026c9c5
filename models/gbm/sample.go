package gbm

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	sampledRows = 200_000 // from which quantiles are taken when there are more rows
	unitMass    = 1 << 20 // the mass of a row of weight one
)

// sample is the rows from which the edges of bins are taken, with a mass: their
// weight in fixed point.
type sample struct {
	rows  []int32
	mass  []int64
	spare chan [2][]heavy // to sort in, one a thread
}

// newSample draws from the fitted rows, when there are many.
func newSample(t team, weight []float64, fitted []int32, keys []uint64, seed uint64) *sample {
	s := &sample{spare: make(chan [2][]heavy, t)}
	keep := uint64(math.MaxUint64)
	if len(fitted) > sampledRows {
		keep = math.MaxUint64 / uint64(len(fitted)) * sampledRows
	}
	for _, i := range fitted {
		if len(fitted) > sampledRows && hash(seed, drawBins, keys[i]) > keep {
			continue
		}
		mass := int64(unitMass)
		if weight != nil {
			mass = int64(weight[i] * unitMass)
		}
		s.rows, s.mass = append(s.rows, i), append(s.mass, mass)
	}
	return s
}

// heavy is a distinct value and how much mass it has.
type heavy struct {
	rank uint64 // of the value
	mass int64
}

// rank maps numbers to integers of the same order; minus zero is zero.
func rank(v float64) uint64 {
	b := math.Float64bits(v + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// value is the inverse of rank.
func (h heavy) value() float64 {
	return math.Float64frombits(h.rank ^ (uint64(int64(^h.rank)>>63) | 1<<63))
}

// edges chooses a column's edges.
func (s *sample) edges(c *matrix.Column, most int) []float64 {
	spare := borrow(s.spare, func() [2][]heavy {
		return [2][]heavy{make([]heavy, 0, len(s.rows)), make([]heavy, len(s.rows))}
	})
	defer giveBack(s.spare, spare)
	return edges(s.distinct(c, spare[0], spare[1]), most)
}

// distinct lists a column's values, rising, with their mass.
func (s *sample) distinct(c *matrix.Column, all, other []heavy) []heavy {
	add := func(v float64, mass int64) {
		if v == v && mass > 0 {
			all = append(all, heavy{rank(v), mass})
		}
	}
	if c.Index == nil {
		for k, i := range s.rows {
			add(c.Nums[i], s.mass[k])
		}
	} else {
		own := make([]int64, len(c.Nums))
		for k, i := range s.rows {
			own[c.Index[i]] += s.mass[k]
		}
		for i, mass := range own {
			add(c.Nums[i], mass)
		}
	}
	all = sortByRank(all, other[:len(all)])
	n := 0
	for _, v := range all {
		if n > 0 && all[n-1].rank == v.rank {
			all[n-1].mass += v.mass
			continue
		}
		all[n] = v
		n++
	}
	return all[:n]
}

// sortByRank sorts byte by byte, from the last to the first; bytes that are the
// same everywhere, as most are in columns of short numbers, cost nothing.
func sortByRank(all, other []heavy) []heavy {
	if len(all) < 1<<10 {
		slices.SortFunc(all, func(p, q heavy) int { return cmp.Compare(p.rank, q.rank) })
		return all
	}
	var counts [8][256]int
	for _, v := range all {
		for k := range counts {
			counts[k][uint8(v.rank>>(8*k))]++
		}
	}
	for k := range counts {
		if counts[k][uint8(all[0].rank>>(8*k))] == len(all) {
			continue
		}
		at := 0
		for b, n := range counts[k] {
			counts[k][b] = at
			at += n
		}
		for _, v := range all {
			at := &counts[k][uint8(v.rank>>(8*k))]
			other[*at] = v
			*at++
		}
		all, other = other, all
	}
	return all
}
