package tree

import (
	"fmt"
	"math"
	"sync"

	"github.com/leadcast/leadcast/models/matrix"
)

// walkRows is how many rows are laid out side by side before the trees are
// walked: with forty columns they and one tree fit the first-level cache.
const walkRows = 64

var slates = sync.Pool{New: func() any { return new(slate) }}

var buffers = sync.Pool{New: func() any { return new([]float64) }}

// rowBuffer lends n float64s until give is called.
func rowBuffer(n int) (buffer []float64, give func()) {
	p := buffers.Get().(*[]float64)
	if cap(*p) < n {
		*p = make([]float64, n)
	}
	return (*p)[:n], func() { buffers.Put(p) }
}

// Margins writes base plus the sum of one leaf a tree, in the order of the
// trees, for every row of x: the same bits for a row alone or among others.
func (e *Ensemble) Margins(dst []float64, x *matrix.Matrix) error {
	if err := e.check(x); err != nil {
		return err
	}
	if len(dst) != x.Rows {
		panic("tree: dst and rows differ in length")
	}
	from := 0
	if layouts := e.layouts(x.Rows); layouts != nil {
		t := slates.Get().(*slate)
		defer slates.Put(t)
		for ; x.Rows-from >= fewest; from += min(blockRows, x.Rows-from) {
			to := min(from+blockRows, x.Rows)
			for i := range t.sums {
				t.sums[i] = e.base
			}
			for _, l := range layouts {
				t.add(l, x, from, to)
			}
			copy(dst[from:to], t.sums[:])
		}
	}
	if from < x.Rows {
		e.walk(dst, x, from)
	}
	return nil
}

// walk writes the margins of rows from on, going down each tree with four rows
// in step.
func (e *Ensemble) walk(dst []float64, x *matrix.Matrix, from int) {
	block, give := rowBuffer(walkRows * max(1, e.columns))
	defer give()
	for ; from < x.Rows; from += walkRows {
		to := min(from+walkRows, x.Rows)
		e.load(block, x, from, to)
		out := dst[from:to]
		for i := range out {
			out[i] = e.base
		}
		if e.slow || e.columns == 0 {
			e.addSlowly(out, block)
			continue
		}
		e.encode(block[:len(out)*e.columns])
		if len(out) < 4 {
			e.addAlone(out, block)
			continue
		}
		for k, root := range e.roots {
			if e.mixed[k] {
				e.addMixed(out, block, root)
			} else {
				e.addNumeric(out, block, root)
			}
		}
	}
}

func (e *Ensemble) check(x *matrix.Matrix) error {
	if len(x.Columns) != e.columns {
		return fmt.Errorf("tree: %d columns, the model was fitted to %d", len(x.Columns), e.columns)
	}
	return nil
}

// load writes rows from…to of x to block, row by row.
func (e *Ensemble) load(block []float64, x *matrix.Matrix, from, to int) {
	n := e.columns
	for j := range x.Columns {
		c := &x.Columns[j]
		if c.Nums != nil && c.Index == nil {
			for i, v := range c.Nums[from:to] {
				block[i*n+j] = v
			}
			continue
		}
		for i := from; i < to; i++ {
			block[(i-from)*n+j] = c.Value(i)
		}
	}
}

// encode turns categories in a block into the bit of a key that tells of them:
// shortSet for those that no key holds, 63 for missing ones.
func (e *Ensemble) encode(block []float64) {
	for j, asked := range e.asked {
		if asked != asCategory {
			continue
		}
		for i := j; i < len(block); i += e.columns {
			switch v := block[i]; {
			case !(v >= 0):
				block[i] = 63
			case v >= shortSet:
				block[i] = shortSet
			default:
				block[i] = float64(int(v))
			}
		}
	}
}

// next is the child to which a number goes, without a branch: the processor
// could not foresee it.
func (n *node) next(v float64) int32 { return n.left + n.right(v) }

func (n *node) right(v float64) int32 {
	threshold := math.Float64frombits(n.key)
	var above, within int32
	if v > threshold {
		above = 1
	}
	if v <= threshold {
		within = 1
	}
	return above | ((within | int32(n.ask>>31)) ^ 1)
}

// named is the child to which an encoded category goes, or for numbers the one
// that next gave: both are computed and one is taken.
func (n *node) named(v float64, next int32) int32 {
	child := n.left + int32(^n.key>>(uint64(int64(v))&63)&1)
	if n.ask&category == 0 {
		child = next
	}
	return child
}

// addNumeric adds one tree without category nodes to all rows of a block, four
// rows in step so that their memory accesses overlap.
func (e *Ensemble) addNumeric(out, block []float64, root int32) {
	nodes, columns := e.nodes, e.columns
	i := 0
	for ; i+4 <= len(out); i += 4 {
		r0 := block[i*columns : (i+1)*columns]
		r1 := block[(i+1)*columns : (i+2)*columns]
		r2 := block[(i+2)*columns : (i+3)*columns]
		r3 := block[(i+3)*columns : (i+4)*columns]
		a, b, c, d := root, root, root, root
		for {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a2 := na.next(r0[na.ask&columnMask])
			b2 := nb.next(r1[nb.ask&columnMask])
			c2 := nc.next(r2[nc.ask&columnMask])
			d2 := nd.next(r3[nd.ask&columnMask])
			if (a2^a)|(b2^b)|(c2^c)|(d2^d) == 0 {
				break
			}
			a, b, c, d = a2, b2, c2, d2
		}
		out[i] += e.values[a]
		out[i+1] += e.values[b]
		out[i+2] += e.values[c]
		out[i+3] += e.values[d]
	}
	e.addRest(out, block, root, i)
}

// addMixed is addNumeric for a tree that may ask categories.
func (e *Ensemble) addMixed(out, block []float64, root int32) {
	nodes, columns := e.nodes, e.columns
	i := 0
	for ; i+4 <= len(out); i += 4 {
		r0 := block[i*columns : (i+1)*columns]
		r1 := block[(i+1)*columns : (i+2)*columns]
		r2 := block[(i+2)*columns : (i+3)*columns]
		r3 := block[(i+3)*columns : (i+4)*columns]
		a, b, c, d := root, root, root, root
		for {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			v0 := r0[na.ask&columnMask]
			a2 := na.named(v0, na.next(v0))
			v1 := r1[nb.ask&columnMask]
			b2 := nb.named(v1, nb.next(v1))
			v2 := r2[nc.ask&columnMask]
			c2 := nc.named(v2, nc.next(v2))
			v3 := r3[nd.ask&columnMask]
			d2 := nd.named(v3, nd.next(v3))
			if (a2^a)|(b2^b)|(c2^c)|(d2^d) == 0 {
				break
			}
			a, b, c, d = a2, b2, c2, d2
		}
		out[i] += e.values[a]
		out[i+1] += e.values[b]
		out[i+2] += e.values[c]
		out[i+3] += e.values[d]
	}
	e.addRest(out, block, root, i)
}

// addRest adds one tree to the encoded rows from i on.
func (e *Ensemble) addRest(out, block []float64, root int32, i int) {
	for ; i < len(out); i++ {
		row, at := block[i*e.columns:(i+1)*e.columns], root
		for n := &e.nodes[at]; n.left != at; n = &e.nodes[at] {
			v := row[n.ask&columnMask]
			at = n.named(v, n.next(v))
		}
		out[i] += e.values[at]
	}
}

// addAlone adds all trees to encoded rows, one row after another.
func (e *Ensemble) addAlone(out, block []float64) {
	l := e.alone()
	var few [128]fact
	row := few[:]
	if 2*e.columns > len(few) {
		row = make([]fact, 2*e.columns)
	}
	for i := range out {
		e.facts(row, block[i*e.columns:(i+1)*e.columns])
		out[i] = l.sum(out[i], e, row)
	}
}

// addSlowly adds all trees to rows that are not encoded.
func (e *Ensemble) addSlowly(out, block []float64) {
	for i := range out {
		row := block[i*e.columns : (i+1)*e.columns]
		for _, root := range e.roots {
			out[i] += e.values[e.leaf(root, row)]
		}
	}
}

// leaf is the node in which a row ends.
func (e *Ensemble) leaf(at int32, row []float64) int32 {
	for {
		n := &e.nodes[at]
		if n.left == at {
			return at
		}
		at = e.child(n, row)
	}
}

// child is where a row that is not encoded goes from an inner node.
func (e *Ensemble) child(n *node, row []float64) int32 {
	v := row[n.ask&columnMask]
	switch {
	case n.ask&category == 0:
		return n.next(v)
	case !(v >= 0):
		return n.left + int32(n.ask>>31^1)
	case n.ask&longSet == 0:
		if v < shortSet && n.key>>uint(v)&1 == 1 {
			return n.left
		}
		return n.left + 1
	}
	set := e.sets[n.key]
	if v < float64(64*len(set)) && set[int(v)/64]>>(uint(v)%64)&1 == 1 {
		return n.left
	}
	return n.left + 1
}
