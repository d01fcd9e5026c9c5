package cox

import (
	"runtime"
	"sync"
)

const (
	stripes = 64  // fixed, so that sums do not depend on the number of CPUs
	block   = 256 // rows of all columns that are worked on at once, within the cache
)

// striped calls f for stripes of n rows, several at a time. What f sums it
// keeps by stripe.
func striped(n int, f func(stripe, lo, hi int)) {
	each := max((n+stripes-1)/stripes, 4*block)
	parallel((n+each-1)/each, func(s int) { f(s, s*each, min(n, (s+1)*each)) })
}

// parallel calls f for 0…n−1, each once, on all CPUs.
func parallel(n int, f func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wait.Wait()
}

// gram adds sign × Σ v (x−mean)(x−mean)ᵀ over the rows to the p×p sum, and with
// u given Σ u (x−mean) to score. A nil mean is zero.
func gram(sum []float64, sign float64, score []float64, columns [][]float64, mean, v, u []float64) {
	p := len(columns)
	size := p + p%2 // the last column may be padding
	parts := make([][]float64, stripes)
	striped(len(v), func(s, lo, hi int) {
		part := make([]float64, size*size+size)
		a, b := make([]float64, size*block), make([]float64, size*block)
		for ; lo < hi; lo += block {
			n := min(block, hi-lo)
			for j, c := range columns {
				centre := 0.0
				if mean != nil {
					centre = mean[j]
				}
				fill(a[j*block:][:n], b[j*block:][:n], c[lo:][:n], v[lo:][:n], centre)
				if u != nil {
					part[size*size+j] += dot(a[j*block:][:n], u[lo:][:n])
				}
			}
			for j := 0; j < size; j += 2 {
				for l := 0; l <= j; l += 2 {
					square(part[j*size+l:], size, a[j*block:][:block+n], b[l*block:][:block+n])
				}
			}
		}
		parts[s] = part
	})
	for _, part := range parts {
		if part == nil {
			break
		}
		for j := range p {
			for l := range p {
				sum[j*p+l] += float64(sign * part[max(j, l)*size+min(j, l)])
			}
			if u != nil {
				score[j] += part[size*size+j]
			}
		}
	}
}

func fill(a, b, c, v []float64, centre float64) {
	b, c, v = b[:len(a)], c[:len(a)], v[:len(a)]
	for i := range a {
		x := c[i] - centre
		a[i], b[i] = x, float64(x*v[i])
	}
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	s := 0.0
	for i, x := range a {
		s += float64(x * b[i])
	}
	return s
}

// square adds the four products of two columns of a with two of b, which lie
// a block apart: four sums at a time keep the CPU's pipeline full.
func square(sum []float64, size int, a, b []float64) {
	n := len(a) - block
	a0, a1, b0, b1 := a[:n], a[block:][:n], b[:n], b[block:][:n]
	var s00, s01, s10, s11 float64
	for i, x0 := range a0 {
		x1, y0, y1 := a1[i], b0[i], b1[i]
		s00 += float64(x0 * y0)
		s01 += float64(x0 * y1)
		s10 += float64(x1 * y0)
		s11 += float64(x1 * y1)
	}
	sum[0] += s00
	sum[1] += s01
	sum[size] += s10
	sum[size+1] += s11
}
