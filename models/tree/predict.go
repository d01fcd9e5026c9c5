package tree

import (
	"fmt"
	"sync"

	"github.com/leadcast/leadcast/models/matrix"
)

// blockRows is how many rows are laid out side by side before the trees are
// walked: with forty columns they and one tree fit the first-level cache.
const blockRows = 64

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
	block, give := rowBuffer(blockRows * max(1, e.columns))
	defer give()
	for from := 0; from < x.Rows; from += blockRows {
		to := min(from+blockRows, x.Rows)
		e.load(block, x, from, to)
		out := dst[from:to]
		for i := range out {
			out[i] = e.base
		}
		for k, root := range e.roots {
			if e.mixed[k] {
				e.addMixed(out, block, root)
			} else {
				e.addNumeric(out, block, root)
			}
		}
	}
	return nil
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

// next is the child to which a number goes, without a branch: the processor
// could not foresee it.
func (n *node) next(v float64) int32 {
	var above, within int32
	if v > n.threshold {
		above = 1
	}
	if v <= n.threshold {
		within = 1
	}
	return n.left + (above | ((within | int32(n.ask>>31)) ^ 1))
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
		for columns > 0 {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a2 := na.next(r0[na.ask&columnMask])
			b2 := nb.next(r1[nb.ask&columnMask])
			c2 := nc.next(r2[nc.ask&columnMask])
			d2 := nd.next(r3[nd.ask&columnMask])
			if a2 == a && b2 == b && c2 == c && d2 == d {
				break
			}
			a, b, c, d = a2, b2, c2, d2
		}
		out[i] += e.values[a]
		out[i+1] += e.values[b]
		out[i+2] += e.values[c]
		out[i+3] += e.values[d]
	}
	for ; i < len(out); i++ {
		out[i] += e.values[e.leaf(root, block[i*columns:(i+1)*columns])]
	}
}

// addMixed adds one tree that may ask categories.
func (e *Ensemble) addMixed(out, block []float64, root int32) {
	for i := range out {
		out[i] += e.values[e.leaf(root, block[i*e.columns:(i+1)*e.columns])]
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

// child is where a row goes from an inner node.
func (e *Ensemble) child(n *node, row []float64) int32 {
	v := row[n.ask&columnMask]
	if n.ask&category == 0 {
		return n.next(v)
	}
	set := e.sets[int(n.threshold)]
	switch {
	case !(v >= 0):
		return n.left + int32(n.ask>>31^1)
	case v < float64(64*len(set)) && set[int(v)/64]>>(uint(v)%64)&1 == 1:
		return n.left
	}
	return n.left + 1
}
