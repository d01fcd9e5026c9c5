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
	courses  []course
	steps    []step
	unions   []uint16
	values   []float64
}

// course is one tree of a layout: its inner nodes in breadth-first order, and
// its leaves from left to right. A node's place is one more than its position.
type course struct {
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
		first, q := k, survey{map[question]int{}, make([][2]bool, e.columns), make([]int, e.columns)}
		for ; k < len(e.roots) && len(q.at) < mostQuestions; k++ {
			if !q.collect(e, k) {
				return nil
			}
		}
		l := &layout{}
		l.ask(e, &q)
		for ; first < k; first++ {
			l.add(e, first, &q)
		}
		l.values = append(l.values, make([]float64, mostLeaves)...) // any byte is a place
		all = append(all, l)
	}
	return all
}

// survey is what the trees of a layout ask.
type survey struct {
	at    map[question]int // the place of each answer
	sides [][2]bool        // per column of numbers, whether missing ones go right somewhere, and left
	apart []int            // per column, by how much answers for the left stand behind those for the right
}

// collect notes the questions of tree k; false says that it is not laid out.
func (s *survey) collect(e *Ensemble, k int) bool {
	from, to := e.tree(k)
	if to-from > 2*mostLeaves-1 {
		return false
	}
	for i := from; i < to; i++ {
		n := &e.nodes[i]
		switch {
		case int(n.left) == i:
			continue
		case n.ask&category == 0:
			s.sides[n.ask&columnMask][n.ask>>31] = true
		case n.ask&longSet != 0:
			members := 0
			for _, w := range e.sets[n.key] {
				members += bits.OnesCount64(w)
			}
			if members > mostMembers {
				return false
			}
		}
		s.at[n.question()] = 0
	}
	return true
}

// ask gives each question the place of its answer.
func (l *layout) ask(e *Ensemble, s *survey) {
	asked := make([][]question, 2*e.columns) // numbers and sets of each column
	for q := range s.at {
		j := 2 * (q.ask & columnMask)
		if q.ask&category != 0 {
			j++
		}
		asked[j] = append(asked[j], q)
	}
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
			s.at[q] = l.answers + i
		}
		if j%2 == 0 {
			s.apart[j/2] = l.askNumbers(j/2, list, s.sides[j/2])
		} else {
			l.askSets(e, j/2, list)
		}
	}
}

// askNumbers gives by how much the answers for the left stand behind.
func (l *layout) askNumbers(column int, list []question, sides [2]bool) (apart int) {
	thresholds := make([]float64, len(list))
	for i, q := range list {
		thresholds[i] = math.Float64frombits(q.key)
	}
	c := newCuts(column, thresholds)
	for side, asked := range sides {
		if asked {
			c.answers[side] = l.answers
			l.answers += len(list)
		}
	}
	if sides[0] && sides[1] {
		apart = len(list)
	}
	l.buckets = max(l.buckets, len(list)+2)
	l.cuts = append(l.cuts, c)
	return apart
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
func (l *layout) add(e *Ensemble, k int, s *survey) {
	from, to := e.tree(k)
	tree, values := e.nodes[from:to], e.values[from:to]
	p := course{steps: len(l.steps), values: len(l.values)}
	for i := range tree {
		n := &tree[i]
		if int(n.left) == from+i {
			continue
		}
		q := n.question()
		answer := s.at[q]
		if q.ask&category == 0 && n.ask&missingLeft != 0 {
			answer += s.apart[q.ask&columnMask]
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
	l.courses = append(l.courses, p)
}
