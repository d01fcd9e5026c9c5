package tree

// rule is a Gauss–Legendre quadrature on [0, 1]: with n points it integrates
// polynomials up to degree 2n−1 exactly.
type rule struct {
	at, rest, off, by []float64 // the points t, 1−t, 1/(1−t), and their weights
}

// rules gives the smallest rule that explains a tree of the given depth
// exactly: a path that asks d columns needs degree d−1.
func (e *Ensemble) rules(depth int) rule {
	e.quadrature.Do(func() {
		deepest := 1
		for _, d := range e.depths {
			deepest = max(deepest, min(int(d), e.columns))
		}
		e.quadrature.rules = gaussLegendre((deepest + 1) / 2)
	})
	return e.quadrature.rules[(min(depth, e.columns)+1)/2-1]
}

// gaussLegendre computes the rules with 1 to n points. The roots of each
// Legendre polynomial lie between those of the one before, so bisection finds
// them all, with the same bits on every machine.
func gaussLegendre(n int) []rule {
	rules := make([]rule, 0, n)
	var fences []float64
	for k := 1; k <= n; k++ {
		ends := append(append([]float64{-1}, fences...), 1)
		roots := make([]float64, k)
		r := rule{at: make([]float64, k), rest: make([]float64, k), off: make([]float64, k), by: make([]float64, k)}
		for i := range roots {
			roots[i] = bisect(k, ends[i], ends[i+1])
			_, before := legendre(k, roots[i])
			r.at[i], r.rest[i] = (1+roots[i])/2, (1-roots[i])/2
			r.off[i] = 1 / r.rest[i]
			// (1−x²)/(n·P_{n−1}(x))², halved for [0, 1] and doubled by the formula.
			slope := float64(float64(k) * before)
			r.by[i] = float64((1-roots[i])*(1+roots[i])) / float64(slope*slope)
		}
		rules, fences = append(rules, r), roots
	}
	return rules
}

// bisect finds the one root of the k-th Legendre polynomial between two fences.
func bisect(k int, low, high float64) float64 {
	rising, _ := legendre(k, high)
	for {
		middle := low + float64((high-low)/2)
		if middle <= low || middle >= high {
			return low
		}
		if v, _ := legendre(k, middle); v > 0 == (rising > 0) {
			high = middle
		} else {
			low = middle
		}
	}
}

// legendre gives the k-th Legendre polynomial and the one before it at x.
func legendre(k int, x float64) (value, before float64) {
	before, value = 1, x
	for j := 2; j <= k; j++ {
		n := float64(j)
		value, before = (float64(float64((2*n-1)*x)*value)-float64((n-1)*before))/n, value
	}
	return value, before
}
