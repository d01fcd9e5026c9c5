// Package tree holds a fitted ensemble of decision trees: its prediction, its
// exact shares (TreeSHAP) and its bytes. How the trees came about – boosting,
// bagging, another program – makes no difference here.
package tree

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// The bounds on an ensemble. They keep decoding and explaining cheap whatever
// the bytes say.
const (
	maxColumns = 1 << 20
	maxNodes   = 1 << 26 // in all trees together
	maxDepth   = 256
	maxWords   = 1 << 12 // of one category set: 262,144 categories
)

// Node is one node of a tree that is handed to Add. A leaf has Feature −1.
type Node struct {
	Feature     int      // column that is asked, −1 for a leaf
	Threshold   float64  // a number goes left when it is at most this
	Categories  []uint64 // not nil: a category k goes left when bit k%64 of word k/64 is set
	MissingLeft bool     // where a missing value goes (NaN; for categories also those below zero)
	Left, Right int      // children, positions in the same slice, greater than the node's own
	Value       float64  // what a leaf adds to the margin
	Cover       float64  // how much of the training data came by, above zero
}

// Ensemble is a sum of trees over a base margin. It is built by Add and not
// changed afterwards; every other method may be called concurrently.
type Ensemble struct {
	columns int
	base    float64
	roots   []int32   // where each tree starts in the arrays below
	depths  []int32   // the longest path of each tree, in edges
	mixed   []bool    // whether the tree asks a category anywhere
	means   []float64 // the mean of each tree by cover

	nodes  []node
	values []float64 // per node; what a leaf adds, 0 elsewhere
	covers []float64 // per node
	sets   [][]uint64
	asked  []uint8 // per column: asNumber and asCategory, or both
	slow   bool    // whether some node is beyond the fast walk: a long set, or a column asked both ways

	laid   atomic.Pointer[[]*layout] // for blocks of rows; nil until many come
	single atomic.Pointer[lone]      // for rows alone; nil until one comes

	quadrature struct {
		sync.Once
		rules []rule
	}
}

// node is 16 bytes, so that four share a cache line. Siblings are neighbours:
// the right child is left+1. A leaf is its own left child, and its threshold
// of +Inf with missing-left keeps every value there, so walks of unequal
// length can run in step.
type node struct {
	key  uint64 // the bits of the threshold, or the set of categories, bit 63 for missing ones; of a long set its place in sets
	left int32
	ask  uint32 // column, with the three flags below
}

const (
	missingLeft = 1 << 31
	category    = 1 << 30
	longSet     = 1 << 29 // holds categories that do not fit the key
	columnMask  = longSet - 1

	shortSet   = 62 // categories in a key; bit 62 stays clear, for all others
	asNumber   = 1
	asCategory = 2
)

// New gives an ensemble without trees over the given number of columns.
func New(columns int, base float64) *Ensemble {
	return &Ensemble{columns: columns, base: base, asked: make([]uint8, columns)}
}

// Columns is the number of columns that a matrix must have.
func (e *Ensemble) Columns() int { return e.columns }

// Trees is the number of trees.
func (e *Ensemble) Trees() int { return len(e.roots) }

// Base is the margin before any tree.
func (e *Ensemble) Base() float64 { return e.base }

// Nodes lists the nodes of tree k as Add would take them, level by level.
func (e *Ensemble) Nodes(k int) []Node {
	from, to := e.tree(k)
	nodes := make([]Node, 0, to-from)
	for i := from; i < to; i++ {
		f := &e.nodes[i]
		n := Node{Feature: -1, Value: e.values[i], Cover: e.covers[i]}
		if int(f.left) != i {
			n.Feature, n.Left, n.Right = int(f.ask&columnMask), int(f.left)-from, int(f.left)+1-from
			n.MissingLeft = f.ask&missingLeft != 0
			n.Categories = e.categories(f)
		}
		if int(f.left) != i && n.Categories == nil {
			n.Threshold = math.Float64frombits(f.key)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// categories is the set that a node asks, nil for a node that asks a number.
func (e *Ensemble) categories(n *node) []uint64 {
	switch {
	case n.ask&category == 0:
		return nil
	case n.ask&longSet != 0:
		return e.sets[n.key]
	}
	return []uint64{n.key &^ (1 << 63)}
}

// Add appends a tree; nodes[0] is its root. It refuses anything but a proper
// tree: every other node has exactly one parent, which stands before it.
func (e *Ensemble) Add(nodes []Node) error {
	order, err := breadthFirst(nodes)
	if err != nil {
		return fmt.Errorf("tree %d: %w", len(e.roots), err)
	}
	flat := make([]Node, len(order))
	for i, from := range order {
		flat[i] = nodes[from]
	}
	return e.append(flat)
}

// breadthFirst lists the nodes level by level, siblings side by side.
func breadthFirst(nodes []Node) ([]int, error) {
	if len(nodes) == 0 {
		return nil, errors.New("no nodes")
	}
	order := make([]int, 1, len(nodes))
	for at := 0; at < len(order); at++ {
		i := order[at]
		n := &nodes[i]
		if n.Feature < 0 {
			continue
		}
		for _, child := range [2]int{n.Left, n.Right} {
			if child <= i || child >= len(nodes) {
				return nil, fmt.Errorf("node %d: child %d is not after it and before %d", i, child, len(nodes))
			}
		}
		if len(order)+2 > len(nodes) {
			return nil, fmt.Errorf("node %d: a node has two parents", i)
		}
		order = append(order, n.Left, n.Right)
	}
	seen := make([]bool, len(nodes))
	for _, i := range order {
		if seen[i] {
			return nil, fmt.Errorf("node %d has two parents", i)
		}
		seen[i] = true
	}
	if len(order) != len(nodes) {
		return nil, errors.New("some nodes have no parent")
	}
	return order, nil
}

// append adds a tree that is in breadth-first order with siblings side by
// side, as Add and Decode both have it. In that order the children of the
// k-th inner node stand at 1+2k, so they need no pointers and no cycle can be
// written; what is left to check is that children come after their parent.
func (e *Ensemble) append(tree []Node) error {
	fail := func(i int, format string, args ...any) error {
		return fmt.Errorf("tree %d, node %d: %s", len(e.roots), i, fmt.Sprintf(format, args...))
	}
	if len(e.nodes)+len(tree) > maxNodes {
		return fail(0, "more than %d nodes", maxNodes)
	}
	root := int32(len(e.nodes))
	depth := make([]int32, len(tree))
	deepest, inner, mixed := int32(0), 0, false
	flat := make([]node, len(tree))
	var sets [][]uint64
	for i := range tree {
		n := &tree[i]
		deepest = max(deepest, depth[i])
		if !(n.Cover > 0) || math.IsInf(n.Cover, 0) {
			return fail(i, "cover is not a positive number")
		}
		if n.Feature < 0 {
			if math.IsNaN(n.Value) || math.IsInf(n.Value, 0) {
				return fail(i, "leaf value is not a number")
			}
			flat[i] = node{key: math.Float64bits(math.Inf(1)), left: root + int32(i), ask: missingLeft}
			continue
		}
		left := 1 + 2*inner
		inner++
		switch {
		case n.Feature >= e.columns || n.Feature >= maxColumns:
			return fail(i, "column %d of %d", n.Feature, e.columns)
		case left <= i || left+1 >= len(tree):
			return fail(i, "children are not after their parent")
		case depth[i] >= maxDepth:
			return fail(i, "deeper than %d", maxDepth)
		case n.Categories == nil && math.IsNaN(n.Threshold):
			return fail(i, "threshold is not a number")
		case len(n.Categories) > maxWords:
			return fail(i, "more than %d categories", 64*maxWords)
		}
		depth[left], depth[left+1] = depth[i]+1, depth[i]+1
		f := node{key: math.Float64bits(n.Threshold), left: root + int32(left), ask: uint32(n.Feature)}
		asked := uint8(asNumber)
		if n.Categories != nil {
			asked, mixed = asCategory, true
			f.ask |= category
			if set := trimmed(n.Categories); len(set) > 1 || set[0]>>shortSet != 0 {
				f.ask |= longSet
				f.key = uint64(len(e.sets) + len(sets))
				sets = append(sets, set)
			} else if f.key = set[0]; n.MissingLeft {
				f.key |= 1 << 63
			}
		}
		if n.MissingLeft {
			f.ask |= missingLeft
		}
		e.asked[n.Feature] |= asked
		e.slow = e.slow || f.ask&longSet != 0 || e.asked[n.Feature] == asNumber|asCategory
		flat[i] = f
	}
	if len(tree) != 1+2*inner {
		return fail(0, "%d nodes with %d that split", len(tree), inner)
	}
	e.roots, e.depths, e.mixed = append(e.roots, root), append(e.depths, deepest), append(e.mixed, mixed)
	e.nodes, e.sets = append(e.nodes, flat...), append(e.sets, sets...)
	mean := make([]float64, len(tree))
	for i := range tree {
		value := tree[i].Value
		if tree[i].Feature >= 0 {
			value = 0
		}
		e.values, e.covers = append(e.values, value), append(e.covers, tree[i].Cover)
	}
	for i := len(tree) - 1; i >= 0; i-- {
		mean[i] = tree[i].Value
		if tree[i].Feature >= 0 {
			left := flat[i].left - root
			mean[i] = float64(mean[left]*(tree[left].Cover/tree[i].Cover)) + float64(mean[left+1]*(tree[left+1].Cover/tree[i].Cover))
		}
	}
	e.means = append(e.means, mean[0])
	return nil
}

// trimmed is a set without empty words at its end, at least one word long.
func trimmed(set []uint64) []uint64 {
	n := len(set)
	for n > 0 && set[n-1] == 0 {
		n--
	}
	if n == 0 {
		return []uint64{0}
	}
	return set[:n]
}

// tree gives the range of nodes of tree k.
func (e *Ensemble) tree(k int) (from, to int) {
	to = len(e.nodes)
	if k+1 < len(e.roots) {
		to = int(e.roots[k+1])
	}
	return int(e.roots[k]), to
}
