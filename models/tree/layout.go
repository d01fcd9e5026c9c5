package tree

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// What is laid out for blocks. An ensemble beyond that is walked.
const (
	mostLeaves    = 256     // of a tree: a leaf's number is a byte
	mostMembers   = 256     // of a set of categories
	mostQuestions = 1 << 13 // of one layout, about: their answers stay in the second-level cache
	firstRows     = 512     // rows to predict at once that make it worth while
)

// layout is some consecutive trees laid out for blocks of rows.
type layout struct {
	cuts     []cuts
	families []families
	answers  int // questions that cuts and families answer
	buckets  int // that one of them needs at most
	plans    []plan
	steps    []step
	unions   []uint16
	values   []float64
}

// plan is one tree of a layout: its inner nodes in breadth-first order, and
// its leaves from left to right. A node's place is one more than its position.
type plan struct {
	steps, inner int
	unions       [9]int // bit b of a leaf's number is set below the nodes at unions[unions[b]:unions[b+1]]
	values       int    // of leaf 0
}

// step is an inner node; the children of the k-th are at 2k+2 and 2k+3.
type step struct{ node, question uint16 }

const atRoot = 1

// question is what a node asks: its words without where missing numbers go.
type question struct {
	ask uint32
	key uint64
}

func (n *node) question() question {
	if n.ask&category != 0 {
		return question{n.ask, n.key}
	}
	return question{n.ask &^ missingLeft, n.key}
}

// layouts gives the ensemble laid out for blocks once so many rows come, and
// nil before or where it cannot be.
func (e *Ensemble) layouts(rows int) []*layout {
	if laid := e.laid.Load(); laid != nil {
		return *laid
	}
	if rows < firstRows {
		return nil
	}
	laid := e.lay()
	e.laid.Store(&laid)
	return laid
}

func (e *Ensemble) lay() []*layout {
	var all []*layout
	for k := 0; k < len(e.roots); {
		first, at := k, map[question]int{}
		for ; k < len(e.roots) && len(at) < mostQuestions; k++ {
			if !e.collect(at, k) {
				return nil
			}
		}
		l := &layout{}
		sides := l.number(e, at)
		for ; first < k; first++ {
			l.add(e, first, at, sides)
		}
		l.values = append(l.values, make([]float64, mostLeaves)...) // any byte is a place
		all = append(all, l)
	}
	return all
}

// collect notes the questions of tree k; false says that it is not laid out.
func (e *Ensemble) collect(at map[question]int, k int) bool {
	from, to := e.tree(k)
	if to-from > 2*mostLeaves-1 {
		return false
	}
	for i := from; i < to; i++ {
		n := &e.nodes[i]
		if int(n.left) == i {
			continue
		}
		if n.ask&longSet != 0 {
			members := 0
			for _, w := range e.sets[n.key] {
				members += bits.OnesCount64(w)
			}
			if members > mostMembers {
				return false
			}
		}
		at[n.question()] = 0
	}
	return true
}

// number gives each question the place of its answer. Of a threshold there are
// two, with missing numbers right and left; the second stands so many further.
func (l *layout) number(e *Ensemble, at map[question]int) (further []int) {
	asked := make([][]question, 2*e.columns)
	for q := range at {
		j := 2 * (q.ask & columnMask)
		if q.ask&category != 0 {
			j++
		}
		asked[j] = append(asked[j], q)
	}
	further = make([]int, e.columns)
	for j, list := range asked {
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b question) int {
			if j%2 == 0 {
				return cmp.Compare(math.Float64frombits(a.key), math.Float64frombits(b.key))
			}
			return cmp.Or(cmp.Compare(a.ask, b.ask), cmp.Compare(a.key, b.key))
		})
		for i, q := range list {
			at[q] = l.answers + i
		}
		if j%2 == 1 {
			l.askSets(e, j/2, list)
			continue
		}
		thresholds := make([]float64, len(list))
		for i, q := range list {
			thresholds[i] = math.Float64frombits(q.key)
		}
		c := newCuts(j/2, thresholds)
		c.answers = [2]int{l.answers, l.answers + len(list)}
		further[j/2] = len(list)
		l.answers += 2 * len(list)
		l.buckets = max(l.buckets, len(list)+2)
		l.cuts = append(l.cuts, c)
	}
	return further
}

func (l *layout) askSets(e *Ensemble, column int, list []question) {
	sets, missing := make([][]uint64, len(list)), make([]bool, len(list))
	for i, q := range list {
		sets[i], missing[i] = e.categories(&node{key: q.key, ask: q.ask}), q.ask&missingLeft != 0
	}
	g := newFamilies(column, sets, missing)
	g.first = l.answers
	l.answers += len(list)
	l.buckets = max(l.buckets, g.buckets)
	l.families = append(l.families, g)
}

// add appends tree k of e.
func (l *layout) add(e *Ensemble, k int, at map[question]int, further []int) {
	from, to := e.tree(k)
	tree, values := e.nodes[from:to], e.values[from:to]
	p := plan{steps: len(l.steps), values: len(l.values)}
	for i := range tree {
		n := &tree[i]
		if int(n.left) == from+i {
			continue
		}
		q := n.question()
		answer := at[q]
		if q.ask&category == 0 && n.ask&missingLeft != 0 {
			answer += further[q.ask&columnMask]
		}
		l.steps = append(l.steps, step{uint16(atRoot + i), uint16(answer)})
		p.inner++
	}
	leaves, first, parent := make([]int, len(tree)), make([]int, len(tree)), make([]int, len(tree))
	for i := len(tree) - 1; i >= 0; i-- {
		leaves[i] = 1
		if left := int(tree[i].left) - from; left != i {
			leaves[i] = leaves[left] + leaves[left+1]
		}
	}
	l.values = append(l.values, make([]float64, leaves[0])...)
	for i := range tree {
		if left := int(tree[i].left) - from; left != i {
			parent[left], parent[left+1] = i, i
			first[left], first[left+1] = first[i], first[i]+leaves[left]
		} else {
			l.values[p.values+first[i]] = values[i]
		}
	}
	for b := range 8 {
		p.unions[b] = len(l.unions)
		same := func(i int) bool { return first[i]>>b == (first[i]+leaves[i]-1)>>b }
		for i := range tree {
			if same(i) && first[i]>>b&1 == 1 && !same(parent[i]) {
				l.unions = append(l.unions, uint16(atRoot+i))
			}
		}
	}
	p.unions[8] = len(l.unions)
	l.plans = append(l.plans, p)
}
