package gbm

import (
	"context"
	"math"
	"slices"
	"sync/atomic"

	"github.com/leadcast/leadcast/models/tree"
)

// grower grows one tree after another, leaf-wise: always the leaf whose best
// split gains most. Its buffers are made once.
type grower struct {
	Booster
	*binned
	team

	derivatives    []derivative // by row fitted
	gradients      []int64      // the same, quantised and packed
	gUnit, hUnit   float64      // what one step in fixed point is worth
	gScale, hScale float64      // the inverses
	place          []int32      // by row: twice its leaf, plus one where it did not grow the tree
	rules          rules
	allowed        []bool   // per feature: whether this tree may ask it
	may            []uint64 // per feature: the groups of Interactions that it is in

	rows, others []int32 // rows that grow the tree and rows that are only sorted into it, by leaf
	scratch      []int32
	partial      []histogram // of a node, by thread
	chunks       []chunkOf   // by thread
	leaves       []leaf
	nodes        []tree.Node
	spare        []histogram
	splits       [2][]split // per feature, of two sibling nodes
	counts       [][slots]uint32
}

// leaf is a node that may still be split.
type leaf struct {
	node
	at             int // position in nodes
	depth          int
	from, to       int    // in rows
	restFrom, rest int    // in others
	groups         uint64 // that hold every column asked on the way here
	sums           histogram
	best           split
}

func newGrower(b Booster, t team, d *binned) *grower {
	g := &grower{Booster: b, binned: d, team: t}
	g.derivatives, g.gradients, g.place = make([]derivative, d.rows), make([]int64, d.rows), make([]int32, d.rows)
	g.allowed, g.may = make([]bool, len(d.features)), make([]uint64, len(d.features))
	g.rows, g.others = make([]int32, 0, d.rows), make([]int32, 0, d.rows)
	g.scratch = make([]int32, d.rows)
	g.chunks = make([]chunkOf, max(1, t))
	for range t - 1 {
		g.partial = append(g.partial, g.histogram())
	}
	g.splits = [2][]split{make([]split, len(d.features)), make([]split, len(d.features))}
	return g
}

// grow grows a tree on g.rows. It leaves the tree in g.nodes, and its leaves
// with their rows in g.leaves.
func (g *grower) grow(ctx context.Context) error {
	g.recycle()
	total := int64(0)
	for _, r := range g.rows {
		total += g.gradients[r]
	}
	root := leaf{to: len(g.rows), rest: len(g.others), groups: everything}
	root.node = node{rows: len(g.rows), sum: total, low: math.Inf(-1), high: math.Inf(1)}
	g.nodes = append(g.nodes[:0], tree.Node{Feature: -1})
	if g.splittable(&root) {
		root.sums = g.histogram()
		if err := g.search(ctx, &root, nil, nil); err != nil {
			return err
		}
	}
	g.leaves = append(g.leaves[:0], root)
	for len(g.leaves) < g.Leaves {
		best := 0
		for i := range g.leaves {
			if g.leaves[i].best.gain > g.leaves[best].best.gain {
				best = i
			}
		}
		if g.leaves[best].best.gain <= 0 {
			break
		}
		if err := g.part(ctx, best); err != nil {
			return err
		}
	}
	return nil
}

func (g *grower) splittable(l *leaf) bool {
	return l.rows >= 2*max(1, g.MinLeaf) && l.depth < g.MaxDepth
}

// recycle takes back the histograms of the tree before.
func (g *grower) recycle() {
	for i := range g.leaves {
		g.release(&g.leaves[i])
	}
}

func (g *grower) release(l *leaf) {
	if l.sums != nil {
		g.spare = append(g.spare, l.sums)
		l.sums = nil
	}
}

func (g *grower) histogram() histogram {
	if n := len(g.spare); n > 0 {
		h := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return h
	}
	return make(histogram, (len(g.features)+lanes-1)/lanes)
}

// part splits leaf i by its best split, or finds it another one where the
// estimated number of rows on a side was wrong.
func (g *grower) part(ctx context.Context, i int) error {
	l := &g.leaves[i]
	s := &l.best
	middle := l.from + g.partition(ctx, l.from, l.to, s, g.rows)
	if min(middle-l.from, l.to-middle) < max(1, g.MinLeaf) {
		g.recount(l)
		return ctx.Err()
	}
	rest := l.restFrom + g.partition(ctx, l.restFrom, l.rest, s, g.others)
	left, right := *l, *l
	left.to, right.from, left.rest, right.restFrom = middle, middle, rest, rest
	left.sum, right.sum = s.sum, l.sum-s.sum
	left.rows, right.rows = middle-l.from, l.to-middle
	left.counts, right.counts = nil, nil
	left.best, right.best = split{}, split{}
	left.depth, right.depth = l.depth+1, l.depth+1
	left.sums, right.sums = nil, nil
	left.groups &= g.may[s.feature]
	right.groups = left.groups
	if m := g.features[s.feature].monotone; m != 0 {
		middle := (g.rules.step(left.sum, &l.node, g.rules.l2) + g.rules.step(right.sum, &l.node, g.rules.l2)) / 2
		if m > 0 {
			left.high, right.low = middle, middle
		} else {
			left.low, right.high = middle, middle
		}
	}
	left.at, right.at = len(g.nodes), len(g.nodes)+1
	g.record(l.at, s, left.at)
	small, large := &left, &right
	if small.rows > large.rows {
		small, large = large, small
	}
	if g.splittable(large) {
		small.sums, large.sums, l.sums = g.histogram(), l.sums, nil
		if err := g.search(ctx, small, large, large.sums); err != nil {
			return err
		}
	}
	for _, child := range [2]*leaf{&left, &right} {
		if child.best.gain <= 0 {
			g.release(child)
		}
	}
	g.release(l)
	g.leaves[i] = left
	g.leaves = append(g.leaves, right)
	return ctx.Err()
}

// record turns node at of the tree from a leaf into a question.
func (g *grower) record(at int, s *split, left int) {
	f := &g.features[s.feature]
	n := tree.Node{Feature: f.column, MissingLeft: s.missingLeft, Left: left, Right: left + 1}
	switch {
	case f.category:
		n.Categories = make([]uint64, (f.bins-1+63)/64)
		for k := range f.bins - 1 {
			n.Categories[k/64] |= uint64(s.left[k+1]) << (k % 64)
		}
	case int(s.cut) > len(f.edges):
		n.Threshold = math.Inf(1)
	default:
		n.Threshold = f.edges[s.cut-1]
	}
	g.nodes[at] = n
	g.nodes = append(g.nodes, tree.Node{Feature: -1}, tree.Node{Feature: -1})
}

// partition moves the rows from…to that go left to the front, keeping their
// order, and returns how many they are.
func (g *grower) partition(ctx context.Context, from, to int, s *split, all []int32) int {
	rows, scratch := all[from:to], g.scratch[:to-from]
	bins := g.columns[s.feature]
	var lefts [64]int
	pieces := min(g.spans(len(rows), 1<<14), len(lefts))
	g.each(ctx, pieces, func(i int) error {
		from, to := span(i, pieces, len(rows))
		left, right := from, from
		for _, r := range rows[from:to] {
			goes := int(s.left[bins[r]])
			rows[left], scratch[right] = r, r
			left += goes
			right += 1 - goes
		}
		lefts[i] = left - from
		return nil
	})
	n := 0
	for i, k := range lefts[:pieces] {
		from, _ := span(i, pieces, len(rows))
		n += copy(rows[n:], rows[from:from+k])
	}
	at := n
	for i, k := range lefts[:pieces] {
		from, to := span(i, pieces, len(rows))
		at += copy(rows[at:], scratch[from:to-k])
	}
	return n
}

// search fills in l.sums from its rows, subtracts them from sibling's (which
// hold the parent's), and finds the best split of both.
func (g *grower) search(ctx context.Context, l, sibling *leaf, parent histogram) error {
	t := g.team
	if (l.to-l.from)*len(g.features) < 1<<15 {
		t = 1 // waking a thread takes longer
	}
	some := g.sumUp(ctx, t, l)
	err := t.each(ctx, len(l.sums), func(k int) error {
		features, sums := g.blockFeatures(k), &l.sums[k]
		for _, more := range some {
			sums.merge(&more[k], features)
		}
		if parent != nil {
			parent[k].subtract(sums, features)
			g.scanBlock(k, sibling, g.splits[1])
		}
		if g.splittable(l) {
			g.scanBlock(k, l, g.splits[0])
		}
		return nil
	})
	if err != nil {
		return err
	}
	if g.splittable(l) {
		l.best = best(g.splits[0])
	}
	if parent != nil {
		sibling.best = best(g.splits[1])
	}
	return nil
}

// sumUp adds up l.sums, and returns further histograms that belong to them: one
// a thread that helped. Which thread sums which rows does not change the sum.
func (g *grower) sumUp(ctx context.Context, t team, l *leaf) []histogram {
	const share = 2 * chunk // below, waking a thread and merging take longer
	rows := g.rows[l.from:l.to]
	threads := max(1, min(int(t), len(rows)/share))
	var next atomic.Int64
	t.each(ctx, threads, func(i int) error {
		sums := l.sums
		if i > 0 {
			sums = g.partial[i-1]
		}
		for k := range sums {
			sums[k].clear(g.blockFeatures(k))
		}
		for ctx.Err() == nil {
			to := int(next.Add(share))
			if to-share >= len(rows) {
				break
			}
			for piece := range slices.Chunk(rows[to-share:min(to, len(rows))], chunk) {
				sums.add(g.panels, piece, g.gradients, &g.chunks[i])
			}
		}
		return nil
	})
	return g.partial[:threads-1]
}

func (g *grower) blockFeatures(k int) []feature {
	return g.features[k*lanes : min((k+1)*lanes, len(g.features))]
}

func (g *grower) scanBlock(k int, l *leaf, splits []split) {
	features := g.blockFeatures(k)
	for i := range features {
		j := k*lanes + i
		if g.allowed[j] && g.may[j]&l.groups != 0 {
			splits[j] = g.rules.scan(&l.sums[k][i], &features[i], j, &l.node)
		} else {
			splits[j] = split{}
		}
	}
}

// best is the split with the highest gain, the first by column name among equals.
func best(splits []split) (top split) {
	for j := range splits {
		if splits[j].gain > top.gain {
			top = splits[j]
		}
	}
	return top
}

// recount finds the best split of a leaf with its rows counted bin by bin.
func (g *grower) recount(l *leaf) {
	if g.counts == nil {
		g.counts = make([][slots]uint32, len(g.features))
	}
	clear(g.counts)
	for j := range g.features {
		for _, r := range g.rows[l.from:l.to] {
			g.counts[j][g.columns[j][r]]++
		}
	}
	l.counts = g.counts
	for k := range (len(g.features) + lanes - 1) / lanes {
		g.scanBlock(k, l, g.splits[0])
	}
	l.counts = nil
	l.best = best(g.splits[0])
}
