package tree

import (
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// Shares splits the weighted sum of the margins of x's rows over the columns,
// by the Shapley value of the game in which a column that is not yet known
// sends a row down both branches in proportion to cover (path-dependent
// TreeSHAP; Lundberg et al. 2018). It adds each column's share to dst and
// returns Σ weights × the mean margin by cover.
//
// Lundberg's algorithm 2 takes time leaves × depth² a tree. Here the Shapley
// weights are written as |S|!(d−1−|S|)!/d! = ∫₀¹ t^|S| (1−t)^(d−1−|S|) dt
// (Owen 1972), so that a path is a product of one factor a column: t+z(1−t)
// where the row follows the path and z(1−t) where it does not, z being the
// share of cover that does. Gauss–Legendre quadrature integrates such a
// product exactly, and one walk over the tree, a few numbers a node, gives all
// shares: time leaves × depth/2, without the subtractions that lose digits.
//
// Rows that take the same decision at every node of a tree share that tree's
// walk, so a window on one thing at a dozen times costs little more than one.
func (e *Ensemble) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := e.check(x); err != nil {
		return 0, err
	}
	if len(dst) != e.columns || len(weights) != x.Rows {
		panic("tree: dst and columns, or weights and rows, differ in length")
	}
	rows, give := rowBuffer(x.Rows * e.columns)
	defer give()
	e.load(rows, x, 0, x.Rows)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	base = float64(total * e.base)
	if x.Rows == 0 {
		return base, nil
	}
	s := e.window(dst, rows, weights)
	for k := range e.roots {
		base += float64(total * e.means[k])
		s.tree(k)
	}
	return base, nil
}

// window walks one tree after another and adds up shares.
type window struct {
	*Ensemble
	rule
	dst, rows, weights []float64
	varies             []bool // per column: whether the rows differ in it
	groups             []group
	differ             []int32   // inner nodes of the present tree at which rows may differ
	level              []float64 // per level of the walk: the product so far, then the sum over leaves below

	// The path above the present node, per column: the share of cover that
	// follows it as far as this column is concerned, and whether the row does.
	// A column that is not on the path has 1 and true, and so a factor of 1.
	share   []float64
	follows []bool
}

// group is one vector of decisions and the weight of the rows that take it.
type group struct {
	left   []uint64 // bit k: goes left at the k-th inner node
	weight float64
}

func (e *Ensemble) window(dst, rows, weights []float64) *window {
	n := e.columns
	s := &window{Ensemble: e, dst: dst, rows: rows, weights: weights,
		varies: make([]bool, n), share: make([]float64, n), follows: make([]bool, n)}
	for j := range n {
		s.share[j], s.follows[j] = 1, true
		for i := 1; i < len(weights); i++ {
			v, first := rows[i*n+j], rows[j]
			s.varies[j] = s.varies[j] || v != first && (v == v || first == first)
		}
	}
	return s
}

// tree adds the shares of tree k.
func (s *window) tree(k int) {
	from, to := s.Ensemble.tree(k)
	if to-from == 1 {
		return // a single leaf is all base
	}
	s.groups = s.groups[:0]
	s.group(from, to)
	s.rule = s.rules(int(s.depths[k]))
	n := len(s.at)
	if need := 3 * n * (int(s.depths[k]) + 1); len(s.level) < need {
		s.level = make([]float64, need)
	}
	for _, g := range s.groups {
		for q := range n {
			s.level[q] = float64(g.weight * s.by[q])
		}
		s.visit(int32(from), int32(from), g.left, s.level)
	}
}

// group sorts the rows by their decisions at all inner nodes of a tree. Only
// nodes that ask a column in which the rows differ are looked at row by row.
func (s *window) group(from, to int) {
	n := s.columns
	s.differ = s.differ[:0]
	first := s.next((to-from)/2/64 + 1)
	for at := from; at < to; at++ {
		node := &s.nodes[at]
		switch {
		case int(node.left) == at:
		case s.varies[node.ask&columnMask]:
			s.differ = append(s.differ, int32(at))
		case s.child(node, s.rows) == node.left:
			first.set(int(node.left) - from)
		}
	}
	if len(s.differ) == 0 {
		for _, w := range s.weights {
			first.weight += w
		}
		return
	}
	common := slices.Clone(first.left)
	s.groups = s.groups[:0]
	for i, w := range s.weights {
		row := s.rows[i*n : (i+1)*n]
		g := s.next(len(common))
		copy(g.left, common)
		g.weight = w
		for _, at := range s.differ {
			if node := &s.nodes[at]; s.child(node, row) == node.left {
				g.set(int(node.left) - from)
			}
		}
		last := len(s.groups) - 1
		for j := range s.groups[:last] {
			if slices.Equal(s.groups[j].left, g.left) {
				s.groups[j].weight += w
				s.groups = s.groups[:last]
				break
			}
		}
	}
}

// next adds an empty group.
func (s *window) next(words int) *group {
	if len(s.groups) < cap(s.groups) {
		s.groups = s.groups[:len(s.groups)+1]
	} else {
		s.groups = append(s.groups, group{})
	}
	g := &s.groups[len(s.groups)-1]
	if cap(g.left) < words {
		g.left = make([]uint64, words)
	}
	g.left, g.weight = g.left[:words], 0
	clear(g.left)
	return g
}

// set notes that the rows go left to the node at the given distance from the root.
func (g *group) set(left int) { g.left[left/2/64] |= 1 << (left / 2 % 64) }

// visit walks the subtree below inner node at. level holds, per quadrature point,
// the product of the factors on the path; it is overwritten by the sum over
// the leaves below of the product of their whole path and their value.
func (s *window) visit(root, at int32, left []uint64, level []float64) {
	n := len(s.at)
	node := &s.nodes[at]
	product, sum, inverse, below := level[:n], level[n:2*n], level[2*n:3*n], level[3*n:]
	column := node.ask & columnMask
	share, follows := s.share[column], s.follows[column]
	for q := range inverse { // of the factor that this column has had so far
		sum[q], inverse[q] = 0, 1
		if follows && share != 1 {
			inverse[q] = 1 / (s.at[q] + float64(share*s.rest[q]))
		}
	}
	bit := (node.left - root) / 2
	goesLeft := left[bit/64]>>(bit%64)&1 == 1
	effect := 0.0
	for side := range int32(2) {
		child := node.left + side
		part := float64(share * (s.covers[child] / s.covers[at]))
		on := follows && goesLeft == (side == 0)
		s.step(below[:n], product, inverse, part, share, follows, on)
		s.share[column], s.follows[column] = part, on
		if s.nodes[child].left == child {
			for q, p := range below[:n] {
				below[q] = float64(p * s.values[child])
			}
		} else {
			s.visit(root, child, left, below)
		}
		if follows {
			effect += s.effect(below[:n], inverse, part, share, on)
		}
		for q := range sum {
			sum[q] += below[q]
		}
	}
	s.share[column], s.follows[column] = share, follows
	s.dst[column] += effect
	copy(product, sum)
}

// step multiplies the product by the child's factor of a column in place of
// its parent's.
func (s *window) step(dst, product, inverse []float64, part, share float64, follows, on bool) {
	switch {
	case !follows:
		ratio := part / share
		for q, p := range product {
			dst[q] = float64(p * ratio)
		}
	case on:
		for q, p := range product {
			dst[q] = float64(float64(p*(s.at[q]+float64(part*s.rest[q]))) * inverse[q])
		}
	default:
		for q, p := range product {
			dst[q] = float64(float64(p*float64(part*s.rest[q])) * inverse[q])
		}
	}
}

// effect is the integral of the leaves' sum over (o−z)/factor, the child's
// minus its parent's, o being 1 where the row follows and 0 where not. Where
// the row had left the path before, both are −1/(1−t) and nothing is left.
func (s *window) effect(sum, inverse []float64, part, share float64, on bool) float64 {
	total := 0.0
	for q, v := range sum {
		change := -float64((1 - share) * inverse[q])
		if on {
			change += (1 - part) / (s.at[q] + float64(part*s.rest[q]))
		} else {
			change -= s.off[q]
		}
		total += float64(v * change)
	}
	return total
}
