package tree

import (
	"encoding/binary"
	"math"

	"github.com/leadcast/leadcast/models/matrix"
)

// A block of rows goes through the trees together, as sets of rows: a bit a
// row. Each question that some tree asks is answered once for the block. What
// reaches a left child is then what reaches its parent and is answered with
// yes, two operations on words for 64 rows at a time, without a walk or a
// branch that depends on a row. (Bit-slicing: Biham 1997, FSE 4, computes a
// cipher so.)
const (
	lanes     = 4 // words; the loops over them are written out
	blockRows = 64 * lanes
	fewest    = 48 // rows for which a block is worth its price
)

// rowset is a set of rows of a block. Row p of each 64 is bit 8·(p mod 8) + p/8,
// the order in which the numbers of leaves come out of gather.
type rowset [lanes]uint64

var bitOf = func() (bits [64]uint64) {
	for p := range bits {
		bits[p] = 1 << (8*(p%8) + p/8)
	}
	return bits
}()

// slate is what is noted of a block.
type slate struct {
	values  [blockRows]float64 // of one column
	codes   [blockRows]uint32  // of one column: a category, then the bucket of a row
	buckets []rowset           // the rows in each bucket of a column
	answers []rowset           // per question the rows for which it is a yes
	reach   [2 * mostLeaves]rowset
	planes  [8]rowset // the bits of the number of each row's leaf
	sums    [blockRows]float64
}

// add adds the trees of a layout to the sums of rows from…to of x.
func (t *slate) add(l *layout, x *matrix.Matrix, from, to int) {
	t.buckets, t.answers = sized(t.buckets, l.buckets), sized(t.answers, l.answers)
	for i := range l.cuts {
		c := &l.cuts[i]
		c.answer(t, t.numbers(&x.Columns[c.column], from, to))
	}
	for i := range l.families {
		g := &l.families[i]
		t.categories(&x.Columns[g.column], from, to, len(g.bucket)-2)
		g.answer(t)
	}
	for w := range lanes {
		t.reach[atRoot][w] = math.MaxUint64
	}
	for i := range l.courses {
		p := &l.courses[i]
		t.descend(l.steps[p.steps:][:p.inner])
		for b := range t.planes {
			t.unite(b, l.unions[p.unions[b]:p.unions[b+1]])
		}
		values := (*[mostLeaves]float64)(l.values[p.values:])
		for w := range lanes {
			t.gather(w, values)
		}
	}
}

func sized(s []rowset, n int) []rowset {
	if cap(s) < n {
		return make([]rowset, n)
	}
	return s[:n]
}

// numbers gives a column's values of a block; behind row to they mean nothing.
func (t *slate) numbers(c *matrix.Column, from, to int) *[blockRows]float64 {
	switch {
	case c.Nums == nil:
		for i := from; i < to; i++ {
			t.values[i-from] = c.Value(i)
		}
	case c.Index != nil:
		for i, k := range c.Index[from:to] {
			t.values[i] = c.Nums[k]
		}
	case to-from == blockRows:
		return (*[blockRows]float64)(c.Nums[from:to])
	default:
		copy(t.values[:], c.Nums[from:to])
	}
	return &t.values
}

// categories writes the categories of a block to codes: 0 for a missing one,
// 1 for category 0, and so on; those from limit on are all the same.
func (t *slate) categories(c *matrix.Column, from, to, limit int) {
	if c.Nums != nil {
		for i, v := range t.numbers(c, from, to) {
			switch {
			case !(v >= 0):
				t.codes[i] = 0
			case v >= float64(limit):
				t.codes[i] = uint32(limit + 1)
			default:
				t.codes[i] = uint32(v) + 1
			}
		}
		return
	}
	for i := from; i < to; i++ {
		t.codes[i-from] = uint32(min(max(-1, int(c.Code(i))), limit) + 1)
	}
	clear(t.codes[to-from:])
}

// sort puts each row into the bucket that codes says.
func (t *slate) sort(buckets []rowset) {
	clear(buckets)
	for p, bit := range bitOf {
		buckets[t.codes[p]][0] |= bit
		buckets[t.codes[p+64]][1] |= bit
		buckets[t.codes[p+128]][2] |= bit
		buckets[t.codes[p+192]][3] |= bit
	}
}

// descend finds the rows that reach each node of a tree.
func (t *slate) descend(steps []step) {
	const mask = 2*mostLeaves - 1 // no bounds to check
	answers := t.answers
	child := atRoot + 1
	for _, s := range steps {
		r, a := &t.reach[s.node&mask], &answers[s.question]
		left, right := &t.reach[child&(mask-1)], &t.reach[child&(mask-1)+1]
		child += 2
		x := r[0]
		yes := x & a[0]
		left[0], right[0] = yes, x^yes
		x = r[1]
		yes = x & a[1]
		left[1], right[1] = yes, x^yes
		x = r[2]
		yes = x & a[2]
		left[2], right[2] = yes, x^yes
		x = r[3]
		yes = x & a[3]
		left[3], right[3] = yes, x^yes
	}
}

// unite finds bit b of the leaf's number: the rows that reach one of the nodes.
func (t *slate) unite(b int, nodes []uint16) {
	var q0, q1, q2, q3 uint64
	for _, node := range nodes {
		r := &t.reach[node&(2*mostLeaves-1)]
		q0 |= r[0]
		q1 |= r[1]
		q2 |= r[2]
		q3 |= r[3]
	}
	p := &t.planes[b&7]
	p[0], p[1], p[2], p[3] = q0, q1, q2, q3
}

// gather adds the value of each row's leaf to 64 sums. It turns eight planes
// of 64 bits into 64 bytes, the numbers of the leaves, by swapping ever larger
// squares of bits (Warren, Hacker's Delight, 7-3).
func (t *slate) gather(w int, values *[mostLeaves]float64) {
	w %= lanes
	p := &t.planes
	a, b, c, d := p[0][w], p[1][w], p[2][w], p[3][w]
	e, f, g, h := p[4][w], p[5][w], p[6][w], p[7][w]
	a, b = swap(a, b, 1, 0x5555555555555555)
	c, d = swap(c, d, 1, 0x5555555555555555)
	e, f = swap(e, f, 1, 0x5555555555555555)
	g, h = swap(g, h, 1, 0x5555555555555555)
	a, c = swap(a, c, 2, 0x3333333333333333)
	b, d = swap(b, d, 2, 0x3333333333333333)
	e, g = swap(e, g, 2, 0x3333333333333333)
	f, h = swap(f, h, 2, 0x3333333333333333)
	a, e = swap(a, e, 4, 0x0f0f0f0f0f0f0f0f)
	b, f = swap(b, f, 4, 0x0f0f0f0f0f0f0f0f)
	c, g = swap(c, g, 4, 0x0f0f0f0f0f0f0f0f)
	d, h = swap(d, h, 4, 0x0f0f0f0f0f0f0f0f)
	var leaf [64]byte
	binary.LittleEndian.PutUint64(leaf[0:], a)
	binary.LittleEndian.PutUint64(leaf[8:], b)
	binary.LittleEndian.PutUint64(leaf[16:], c)
	binary.LittleEndian.PutUint64(leaf[24:], d)
	binary.LittleEndian.PutUint64(leaf[32:], e)
	binary.LittleEndian.PutUint64(leaf[40:], f)
	binary.LittleEndian.PutUint64(leaf[48:], g)
	binary.LittleEndian.PutUint64(leaf[56:], h)
	sums := (*[64]float64)(t.sums[64*w:])
	for i := 0; i < 64; i += 4 {
		sums[i] += values[leaf[i]]
		sums[i+1] += values[leaf[i+1]]
		sums[i+2] += values[leaf[i+2]]
		sums[i+3] += values[leaf[i+3]]
	}
}

// swap exchanges the bits of a above those of mask with the bits of b in it.
func swap(a, b uint64, by int, mask uint64) (uint64, uint64) {
	x := (a>>by ^ b) & mask
	return a ^ x<<by, b ^ x
}
