package linear

import (
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas/blas64"
)

// design is the matrix of a regression, in blocks of columns that share an
// index, so that what is fixed for a subject is stored and multiplied once and
// not once for each of its rows. Coefficients are numbered block by block, the
// dense columns of a block before its codes.
type design struct {
	rows, cols int
	blocks     []block
}

// block holds some columns over its own rows; row i of the design shows row
// index[i] of the block, or row i where index is nil.
type block struct {
	rows, at int       // number of own rows, first coefficient
	index    []int32   // design row → own row
	width    int       // dense columns
	dense    []float64 // row-major, rows × width
	codes    []indicator
}

// indicator is a set of 0/1 columns of which each row has at most one set.
type indicator struct {
	at   int     // first coefficient
	code []int32 // which one is set; −1: none
}

// shards is the number of pieces in which sums over rows are taken: fixed, so
// that sums do not depend on the number of CPUs.
func (d *design) shards() int {
	if d.cols > 700 || d.rows < 4096 {
		return 2
	}
	return 8
}

// each runs work on the pieces of n rows at the same time.
func each(shards, n int, work func(shard, from, to int)) {
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for s := range shards {
		wait.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; wait.Done() }()
			work(s, s*n/shards, (s+1)*n/shards)
		}()
	}
	wait.Wait()
}

// row is the dense part of an own row.
func (b *block) row(i int) []float64 { return b.dense[i*b.width : (i+1)*b.width] }

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Data: x, Inc: 1} }

// axpy adds a·x to y.
func axpy(a float64, x, y []float64) {
	if len(x) > 0 && a != 0 {
		blas64.Axpy(a, vector(x), vector(y))
	}
}

// margin writes offset + X·beta to dst; a nil offset is zero.
func (d *design) margin(dst, offset, beta []float64) {
	if offset == nil {
		clear(dst)
	} else {
		copy(dst, offset)
	}
	for k := range d.blocks {
		b := &d.blocks[k]
		own := make([]float64, b.rows)
		coef := beta[b.at : b.at+b.width]
		each(8, b.rows, func(_, from, to int) {
			for i := from; i < to; i++ {
				if b.width > 0 {
					own[i] = blas64.Dot(vector(b.row(i)), vector(coef))
				}
				for _, c := range b.codes {
					if v := c.code[i]; v >= 0 {
						own[i] += beta[c.at+int(v)]
					}
				}
			}
		})
		for i := range dst {
			dst[i] += own[b.own(i)]
		}
	}
}

// own is the block's row that design row i shows.
func (b *block) own(i int) int {
	if b.index == nil {
		return i
	}
	return int(b.index[i])
}

// gather sums a value a design row to the block's own rows.
func (b *block) gather(v []float64) []float64 {
	if b.index == nil {
		return v
	}
	sum := make([]float64, b.rows)
	for i, k := range b.index {
		sum[k] += v[i]
	}
	return sum
}

// gradient writes Xᵀr to dst.
func (d *design) gradient(dst, r []float64) {
	clear(dst)
	for k := range d.blocks {
		b := &d.blocks[k]
		own := b.gather(r)
		parts := make([][]float64, d.shards())
		each(len(parts), b.rows, func(s, from, to int) {
			part := make([]float64, d.cols)
			for i := from; i < to; i++ {
				b.add(part, i, own[i])
			}
			parts[s] = part
		})
		for _, part := range parts {
			axpy(1, part, dst)
		}
	}
}

// add adds a times the block's own row i to a vector of coefficients.
func (b *block) add(dst []float64, i int, a float64) {
	if a == 0 {
		return
	}
	if b.width > 0 {
		axpy(a, b.row(i), dst[b.at:b.at+b.width])
	}
	for _, c := range b.codes {
		if v := c.code[i]; v >= 0 {
			dst[c.at+int(v)] += a
		}
	}
}

// gram writes XᵀWX, both triangles, to dst (cols × cols, row-major).
func (d *design) gram(dst, w []float64) {
	clear(dst)
	for k := range d.blocks {
		b := &d.blocks[k]
		own := b.gather(w)
		d.sum(dst, b.rows, func(part []float64, i int) { d.outer(part, b, b, i, i, own[i]) })
		for l := range k {
			other := &d.blocks[l]
			d.sum(dst, d.rows, func(part []float64, i int) { d.outer(part, b, other, b.own(i), other.own(i), w[i]) })
		}
	}
	for i := range d.cols {
		for j := range i {
			dst[j*d.cols+i] = dst[i*d.cols+j]
		}
	}
}

// sum adds up what one gives for n rows.
func (d *design) sum(dst []float64, n int, one func(part []float64, i int)) {
	parts := make([][]float64, d.shards())
	each(len(parts), n, func(s, from, to int) {
		part := make([]float64, len(dst))
		for i := from; i < to; i++ {
			one(part, i)
		}
		parts[s] = part
	})
	for _, part := range parts {
		axpy(1, part, dst)
	}
}

// outer adds w·a·bᵀ to the lower triangle, where a is row i of block high and b
// is row j of block low, which is the same or an earlier block.
func (d *design) outer(dst []float64, high, low *block, i, j int, w float64) {
	if w == 0 {
		return
	}
	same := high == low
	if high.width > 0 {
		for k, v := range high.row(i) {
			if v == 0 {
				continue
			}
			line := dst[(high.at+k)*d.cols : (high.at+k+1)*d.cols]
			if same {
				axpy(w*v, low.row(j)[:k+1], line[low.at:low.at+k+1])
			} else {
				low.add(line, j, w*v)
			}
		}
	}
	for k, c := range high.codes {
		v := c.code[i]
		if v < 0 {
			continue
		}
		at := c.at + int(v)
		line := dst[at*d.cols : (at+1)*d.cols]
		if !same {
			low.add(line, j, w)
			continue
		}
		if low.width > 0 {
			axpy(w, low.row(j), line[low.at:low.at+low.width])
		}
		for _, earlier := range low.codes[:k] {
			if u := earlier.code[j]; u >= 0 {
				line[earlier.at+int(u)] += w
			}
		}
		line[at] += w
	}
}
