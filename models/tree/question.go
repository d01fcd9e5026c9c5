package tree

import (
	"math"
	"math/bits"
)

// cuts answers "at most this?" of one column for all thresholds that trees
// compare it with.
type cuts struct {
	column  int
	bounds  []float64 // the thresholds, rising, and then +Inf
	count   int       // of thresholds
	answers [2]int    // where the answers start when missing values go right and left; −1: not asked

	// The range of finite thresholds is cut into cells of equal width, so that
	// a value need only be compared with the few thresholds in its own.
	low, high, scale float64
	finite           uint32   // thresholds below +Inf
	start            []uint16 // per cell, the thresholds in those before it
	half             int      // a power of two; no cell has 2·half thresholds
}

const mostCells = 1 << 12

// newCuts takes rising thresholds, one or more.
func newCuts(column int, thresholds []float64) cuts {
	c := cuts{column: column, bounds: thresholds, count: len(thresholds), answers: [2]int{-1, -1}, high: math.Inf(1)}
	finite := len(thresholds)
	for finite > 0 && math.IsInf(thresholds[finite-1], 1) {
		finite--
	}
	c.finite = uint32(finite)
	cells := 1
	if finite > 0 {
		c.high = thresholds[finite-1]
		width := c.high - thresholds[0]
		if n := min(1<<bits.Len(uint(8*finite-1)), mostCells); finite > 3 && width > 0 && float64(n)/width <= math.MaxFloat64 && width <= math.MaxFloat64 {
			cells, c.low, c.scale = n, thresholds[0], float64(n)/width
		}
	}
	c.start = make([]uint16, cells)
	for _, v := range thresholds[:finite] {
		c.start[c.cell(v)]++
	}
	most, sum := uint16(0), uint16(0)
	for i, n := range c.start {
		most = max(most, n)
		c.start[i] = sum
		sum += n
	}
	c.half = 1 << max(0, bits.Len16(most)-1)
	for range 2 * c.half {
		c.bounds = append(c.bounds, math.Inf(1))
	}
	return c
}

// cell never falls while v rises from low to high, whatever is rounded on the
// way; beyond these and for missing values it is some cell.
func (c *cuts) cell(v float64) int {
	k := int(float64((v - c.low) * c.scale))
	return min(k&^(k>>63), len(c.start)-1)
}

// rank gives how many thresholds are below each value, and one more than all
// for a missing one.
func (c *cuts) rank(dst *[blockRows]uint32, values *[blockRows]float64) {
	bounds := c.bounds
	for i, v := range values {
		k := int(c.start[c.cell(v)])
		for step := c.half; step > 0; step >>= 1 {
			k += step & -below(bounds[k+step-1], v)
		}
		n := uint32(k)
		if v > c.high {
			n = c.finite
		}
		if v != v {
			n = uint32(c.count) + 1
		}
		dst[i] = n
	}
}

func below(a, b float64) int {
	if a < b {
		return 1
	}
	return 0
}

// answer sorts the rows into buckets between thresholds and adds these up.
func (c *cuts) answer(t *slate, values *[blockRows]float64) {
	c.rank(&t.codes, values)
	buckets := t.buckets[:c.count+2]
	t.sort(buckets)
	for side, at := range c.answers {
		if at < 0 {
			continue
		}
		var q0, q1, q2, q3 uint64
		if side == 1 {
			m := &buckets[c.count+1]
			q0, q1, q2, q3 = m[0], m[1], m[2], m[3]
		}
		answers := t.answers[at:][:c.count]
		for k := range buckets[:len(answers)] {
			b, a := &buckets[k], &answers[k]
			q0 |= b[0]
			a[0] = q0
			q1 |= b[1]
			a[1] = q1
			q2 |= b[2]
			a[2] = q2
			q3 |= b[3]
			a[3] = q3
		}
	}
}

// families answers "one of these?" of one column for all sets of categories
// that trees ask for. Where sets are many, categories stand in clusters with a
// bucket for every part of one, so that a set is the union of few buckets.
type families struct {
	column  int
	cluster int      // categories in one
	buckets int      // the parts of each cluster, without the empty one
	bucket  []uint32 // of a missing category, of categories 0, 1, …, of any beyond
	first   int      // answer; the others follow
	sets    []family
}

// family is a set of categories: the union of some buckets, or the rest.
type family struct {
	buckets []uint32
	rest    bool
}

// newFamilies takes sets of categories and whether missing ones belong to them.
func newFamilies(column int, sets [][]uint64, missing []bool) families {
	var met []uint64
	members, codes := 0, 2
	for _, set := range sets {
		for len(met) < len(set) {
			met = append(met, 0)
		}
		for i, w := range set {
			met[i] |= w
			members += bits.OnesCount64(w)
		}
	}
	for _, w := range met {
		codes += bits.OnesCount64(w)
	}
	f := families{column: column, cluster: 1, bucket: make([]uint32, 64*len(met)+2)}
	if members > 16*codes {
		f.cluster = 6
	}
	parts := 1<<f.cluster - 1
	f.buckets = (codes + f.cluster - 1) / f.cluster * parts
	n := 0
	next := func() uint32 {
		n++
		return uint32((n-1)/f.cluster*parts + 1<<((n-1)%f.cluster) - 1)
	}
	other := next()
	f.bucket[0] = next()
	for k := range f.bucket[1:] {
		f.bucket[k+1] = other
		if k < 64*len(met) && met[k/64]>>(k%64)&1 == 1 {
			f.bucket[k+1] = next()
		}
	}
	for i, set := range sets {
		f.sets = append(f.sets, f.family(set, missing[i], codes))
	}
	return f
}

// family is one set out of so many codes, missing and other ones among them.
func (f *families) family(set []uint64, missing bool, codes int) family {
	parts := uint32(1)<<f.cluster - 1
	in, members := make([]uint32, f.buckets/int(parts)), 0
	put := func(bucket uint32) {
		in[bucket/parts] |= bucket%parts + 1
		members++
	}
	if missing {
		put(f.bucket[0])
	}
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			put(f.bucket[1+64*w+bits.TrailingZeros64(word)])
		}
	}
	s := family{rest: 2*members > codes}
	for k, part := range in {
		if s.rest {
			part ^= parts
		}
		if part != 0 {
			s.buckets = append(s.buckets, uint32(k)*parts+part-1)
		}
	}
	return s
}

// answer sorts the rows into buckets by category and unites these.
func (f *families) answer(t *slate) {
	for i, k := range t.codes {
		t.codes[i] = f.bucket[k]
	}
	buckets := t.buckets[:f.buckets]
	t.sort(buckets)
	for parts := 1<<f.cluster - 1; len(buckets) > 0; buckets = buckets[parts:] {
		for part := 3; part <= parts; part++ {
			if low := part & -part; part != low {
				a, b, both := &buckets[part-low-1], &buckets[low-1], &buckets[part-1]
				both[0], both[1], both[2], both[3] = a[0]|b[0], a[1]|b[1], a[2]|b[2], a[3]|b[3]
			}
		}
	}
	buckets = t.buckets[:f.buckets]
	answers := t.answers[f.first:][:len(f.sets)]
	for i := range answers {
		s, a := &f.sets[i], &answers[i]
		var q0, q1, q2, q3 uint64
		for _, k := range s.buckets {
			b := &buckets[k]
			q0 |= b[0]
			q1 |= b[1]
			q2 |= b[2]
			q3 |= b[3]
		}
		if s.rest {
			q0, q1, q2, q3 = ^q0, ^q1, ^q2, ^q3
		}
		a[0], a[1], a[2], a[3] = q0, q1, q2, q3
	}
}
