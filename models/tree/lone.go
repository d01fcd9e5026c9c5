package tree

import (
	"math"
	"math/bits"
)

// lone is an ensemble laid out for rows that come alone, as a live lead does.
// Such a row has no neighbours to go down a tree in step with, so it goes down
// eight trees in step. What it knows of a column is written so that every
// question is the same few operations without a branch: a row goes right where
// key & fact.mask < fact.least.
type lone []fork

// fork is a node. A leaf is its own left child, and its key lets nothing go right.
type fork struct {
	key  uint64 // the rank of the threshold, or the set of categories as in node
	left uint32
	fact uint32 // which fact of the row is asked
}

// fact is one way to read a column of a row: a number by its rank, a missing one
// as the least of all (fact 2j of column j) or as the greatest (2j+1), and a
// category by its bit.
type fact struct{ mask, least uint64 }

// rank maps numbers to integers of the same order; minus zero is zero.
func rank(v float64) uint64 {
	b := math.Float64bits(v + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// alone gives the layout, made when it is first asked for.
func (e *Ensemble) alone() lone {
	if l := e.single.Load(); l != nil {
		return *l
	}
	l := make(lone, len(e.nodes))
	for i := range e.nodes {
		n := &e.nodes[i]
		f := fork{n.key, uint32(n.left), 2 * (n.ask & columnMask)}
		switch {
		case int(n.left) == i:
			f.key = math.MaxUint64
		case n.ask&category == 0:
			f.key = rank(math.Float64frombits(n.key))
			if n.ask&missingLeft == 0 {
				f.fact++
			}
		}
		l[i] = f
	}
	e.single.Store(&l)
	return l
}

// facts writes what an encoded row says.
func (e *Ensemble) facts(dst []fact, row []float64) {
	for j, v := range row {
		low, high := &dst[2*j], &dst[2*j+1]
		switch {
		case e.asked[j] == asCategory:
			*low = fact{1 << (uint64(int64(v)) & 63), 1}
		case v != v:
			*low, *high = fact{math.MaxUint64, 0}, fact{math.MaxUint64, math.MaxUint64}
		default:
			*low = fact{math.MaxUint64, rank(v)}
			*high = *low
		}
	}
}

// sum adds all trees to the margin of a row, in their order.
func (l lone) sum(margin float64, e *Ensemble, row []fact) float64 {
	for k := 0; k < len(e.roots); k += 8 {
		trees := e.roots[k:min(k+8, len(e.roots))]
		var at [8]uint32
		for t, root := range trees {
			at[t] = uint32(root)
		}
		for moved := uint32(1); moved != 0; {
			moved = 0
			for t := range at {
				n := &l[at[t]]
				f := &row[n.fact]
				_, right := bits.Sub64(n.key&f.mask, f.least, 0)
				next := n.left + uint32(right)
				moved |= next ^ at[t]
				at[t] = next
			}
		}
		for t := range trees {
			margin += e.values[at[t]]
		}
	}
	return margin
}
