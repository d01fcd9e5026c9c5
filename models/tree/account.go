package tree

import (
	"math/bits"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	explainRows  = 64      // walked side by side
	explainChunk = 1 << 14 // rows for which vectors are remembered
	tableSize    = 1 << 15 // numbers that are remembered of one twig at most
)

// account explains rows on one thread.
type account struct {
	*Explainer
	x     *matrix.Matrix
	pairs bool
	dst   []float64 // of the rows of a block

	block []float64 // the values of a block of rows, by column
	left  []uint64  // per level, whether each row goes left
	leads []uint64  // per level, which columns lead each row there

	integrands []integrand // per twig of a tree
	caches     []cache
	words      []uint64
	memory     []float64
	small      []float64
}

// cache remembers the vectors of one twig by key: the columns that lead a row
// to it, and one bit more for the side on which it goes on.
type cache struct {
	bits    int // of the number of places
	direct  bool
	keys    []uint64 // key+1, 0 for an empty place
	vectors []float64
}

func (x *Explainer) account(m *matrix.Matrix, pairs bool) *account {
	return &account{Explainer: x, x: m, pairs: pairs, block: make([]float64, x.columns*explainRows),
		left: make([]uint64, x.deepest*explainRows), leads: make([]uint64, (x.deepest+1)*explainRows)}
}

// rows explains rows from…to, one tree after another.
func (a *account) rows(dst []float64, from, to int) {
	width := len(dst) / (to - from)
	for k := range a.plans {
		p := &a.plans[k]
		if len(p.twigs) == 0 {
			continue // a single leaf is all base
		}
		a.open(p, to-from)
		for i := from; i < to; i += explainRows {
			n := min(explainRows, to-i)
			a.dst = dst[(i-from)*width : (i-from+n)*width]
			load(a.block, a.x, i, i+n)
			clear(a.leads[:n])
			a.visit(p, 0, 0, n, a.add)
		}
	}
}

// load writes rows from…to of x to block, column by column.
func load(block []float64, x *matrix.Matrix, from, to int) {
	for j := range x.Columns {
		c := &x.Columns[j]
		values := block[j*explainRows : j*explainRows+to-from]
		if c.Nums != nil && c.Index == nil {
			copy(values, c.Nums[from:to])
			continue
		}
		for i := range values {
			values[i] = c.Value(from + i)
		}
	}
}

// visit walks the twigs below t with a block of n rows.
func (a *account) visit(p *plan, t, level, n int, see func(p *plan, t int, leads, left []uint64)) {
	b := &p.twigs[t]
	leads, left := a.leads[level*explainRows:][:n], a.left[level*explainRows:][:n]
	b.decide(left, a.block[b.Feature*explainRows:][:n])
	if b.ends {
		see(p, t, leads, left)
	}
	for side, child := range b.children {
		if child >= 0 {
			b.follow(a.leads[(level+1)*explainRows:], leads, left, side)
			a.visit(p, int(child), level+1, n, see)
		}
	}
}

// open makes empty tables for the twigs of a tree, and what fills them.
func (a *account) open(p *plan, rows int) {
	a.caches, a.integrands = a.caches[:0], a.integrands[:0]
	places, numbers := 0, 0
	for i := range p.twigs {
		b := &p.twigs[i]
		var t cache
		if b.ends {
			width := a.entry(b)
			t.bits = min(b.above+1, bits.Len(uint(2*rows)), bits.Len(uint(tableSize/width)))
			t.direct = t.bits == b.above+1
			places += 1 << t.bits
			numbers += width << t.bits
		}
		a.caches = append(a.caches, t)
	}
	if cap(a.words) < places {
		a.words = make([]uint64, places)
	}
	if cap(a.memory) < numbers {
		a.memory = make([]float64, numbers)
	}
	words, memory := a.words[:places], a.memory[:numbers]
	clear(words)
	for i := range a.caches {
		if t, b := &a.caches[i], &p.twigs[i]; b.ends {
			size := a.entry(b) << t.bits
			t.keys, words = words[:1<<t.bits], words[1<<t.bits:]
			t.vectors, memory = memory[:size], memory[size:]
		}
	}
	a.prepare(p)
}

// entry is the length of the vectors of a twig: one number a column, or one
// for each pair of columns in the order (0,0), (1,0), (1,1), (2,0), ….
func (a *account) entry(t *twig) int {
	n := len(t.columns)
	if a.pairs {
		n = n * (n + 1) / 2
	}
	return n
}

// add adds the vectors of a twig to the rows of a block.
func (a *account) add(p *plan, t int, leads, left []uint64) {
	b, known := &p.twigs[t], &a.caches[t]
	width, above, columns := a.entry(b), uint(b.above)&63, b.columns
	left = left[:len(leads)]
	for i, lead := range leads {
		key := lead | left[i]<<above
		at := int(key)
		if !known.direct {
			at = int(key * 0x9e3779b97f4a7c15 >> (64 - known.bits))
		}
		vector := known.vectors[at*width : (at+1)*width]
		if known.keys[at] != key+1 {
			known.keys[at] = key + 1
			a.fill(vector, p, t, key)
		}
		if a.pairs {
			a.addPairs(i, columns, vector)
			continue
		}
		row := a.dst[i*a.columns:][:a.columns]
		vector = vector[:len(columns)]
		for j, c := range columns {
			row[c] += vector[j]
		}
	}
}

func (a *account) addPairs(i int, columns []int32, vector []float64) {
	n := a.columns
	row := a.dst[i*n*n:][:n*n]
	for j, c := range columns {
		line := row[int(c)*n:][:n]
		for k, v := range vector[:j+1] {
			line[columns[k]] += v
		}
		vector = vector[j+1:]
	}
}
