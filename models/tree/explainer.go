package tree

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/leadcast/leadcast/models/matrix"
)

// Explainer splits the margins of many rows over the columns, and over pairs
// of columns. What a column that is not known does is either what the covers
// say (Lundberg et al. 2018) or what it does in a background sample.
//
// Shapley values depend on a leaf only through the columns on its path, and on
// a row only through which of them lead it there: one bit a column. So
// whatever the row, a leaf of d columns gives one of 2^d vectors, which is
// worked out when the first row asks for it and looked up for the others; two
// leaves of one parent ask the same columns and share one vector. (The idea
// of tables by path is that of Fast TreeSHAP v2, Yang 2021; that a background
// sample then costs no more than its distinct bits is Nadel and Wettenstein's,
// 2025.)
//
// It does not change; its methods may be called concurrently, and use
// GOMAXPROCS threads themselves. A row has the same bits among any others.
type Explainer struct {
	ensemble *Ensemble
	columns  int
	base     float64
	plans    []plan
	deepest  int      // levels of inner nodes
	sample   [][]seen // per twig, where there is a background
}

// plan is a tree laid out for explaining: its inner nodes, parents first.
type plan struct {
	twigs []twig
	first int // number of its first twig among those of all trees
}

// twig is an inner node, with the leaves among its children.
type twig struct {
	Node
	children [2]int32   // positions in the plan, −1 for a leaf
	values   [2]float64 // of leaves, 0 for other children
	ends     bool       // whether there are leaves
	columns  []int32    // distinct ones on the path to its leaves, in the order in which they are asked
	shares   []float64  // of the cover, per column, that goes on to this twig
	above    int        // how many of them are asked above this node
	own      int        // which of them this node asks
	parts    [2]float64 // shares of the own column that go on to each child
}

// widest is the number of different columns that a path may ask.
const widest = 60

// Explainer prepares to explain many rows. A nil background means covers: the
// shares are those of Ensemble.Shares, but for rounding. With a background of
// rows a column that is not known takes its value from each of them in turn
// (interventional TreeSHAP; Lundberg et al. 2020). An error means another
// number of columns, an empty background, or a path that asks more than 60
// different columns (errors.ErrUnsupported; shares by covers need not ask here).
func (e *Ensemble) Explainer(background *matrix.Matrix) (*Explainer, error) {
	x := &Explainer{ensemble: e, columns: e.columns, base: e.base, deepest: 1}
	total := 0
	for k := range e.roots {
		p, err := e.plan(k)
		if err != nil {
			return nil, err
		}
		p.first = total
		total += len(p.twigs)
		x.plans = append(x.plans, p)
		x.deepest = max(x.deepest, int(e.depths[k]))
		x.base += e.means[k]
	}
	if background == nil {
		return x, nil
	}
	if err := e.check(background); err != nil {
		return nil, err
	}
	if background.Rows == 0 {
		return nil, fmt.Errorf("tree: a background without rows")
	}
	margins := make([]float64, background.Rows)
	if err := e.Margins(margins, background); err != nil {
		return nil, err
	}
	x.base = 0
	for _, m := range margins {
		x.base += m / float64(len(margins))
	}
	x.sample = make([][]seen, total)
	x.look(background)
	return x, nil
}

// Base is the margin that shares are counted from: the mean by cover, or that
// of the background.
func (x *Explainer) Base() float64 { return x.base }

// Shares writes one share a column for every row of m; with Base they add up
// to the row's margin.
func (x *Explainer) Shares(dst []float64, m *matrix.Matrix) error {
	return x.explain(dst, m, false)
}

// Interactions writes a symmetric matrix of columns × columns for every row of
// m: half of what each pair of columns does together beyond what they do apart,
// on the diagonal what a column does alone (SHAP interaction values; Lundberg
// et al. 2020, from Grabisch and Roubens 1999). Each row of a matrix adds up
// to the column's share.
func (x *Explainer) Interactions(dst []float64, m *matrix.Matrix) error {
	if err := x.explain(dst, m, true); err != nil {
		return err
	}
	for n := x.columns; len(dst) > 0; dst = dst[n*n:] {
		for i := range n {
			for j := range i {
				both := dst[i*n+j] + dst[j*n+i] // one of them is 0: a pair stands where its path asks it
				dst[i*n+j], dst[j*n+i] = both, both
			}
		}
	}
	return nil
}

// plan lays out tree k.
func (e *Ensemble) plan(k int) (plan, error) {
	nodes := e.Nodes(k)
	place := make([]int32, len(nodes))
	var p plan
	for i := range nodes {
		if place[i] = -1; nodes[i].Feature >= 0 {
			place[i] = int32(len(p.twigs))
			p.twigs = append(p.twigs, twig{Node: nodes[i]})
		}
	}
	for i := range p.twigs { // parents come first and have told what is above
		t := &p.twigs[i]
		t.above, t.own = len(t.columns), len(t.columns)
		for s, c := range t.columns {
			if int(c) == t.Feature {
				t.own = s
			}
		}
		if t.own == t.above {
			t.columns, t.shares = append(t.columns, int32(t.Feature)), append(t.shares, 1)
		}
		if len(t.columns) > widest {
			return p, fmt.Errorf("tree %d asks more than %d columns on one path: %w", k, widest, errors.ErrUnsupported)
		}
		for side, child := range [2]int{t.Left, t.Right} {
			t.parts[side] = float64(t.shares[t.own] * (nodes[child].Cover / t.Cover))
			if t.children[side] = place[child]; place[child] < 0 {
				t.values[side], t.ends = nodes[child].Value, true
				continue
			}
			below := &p.twigs[place[child]]
			below.columns = append(below.columns, t.columns...)
			below.shares = append(below.shares, t.shares...)
			below.shares[t.own] = t.parts[side]
		}
	}
	return p, nil
}

// decide writes 1 for every value that goes left and 0 for the others.
func (t *twig) decide(left []uint64, values []float64) {
	missing := uint64(0)
	if t.MissingLeft {
		missing = 1
	}
	if t.Categories == nil {
		for i, v := range values {
			var within, lost uint64
			if v <= t.Threshold {
				within = 1
			}
			if v != v {
				lost = missing
			}
			left[i] = within | lost
		}
		return
	}
	for i, v := range values {
		switch {
		case !(v >= 0):
			left[i] = missing
		case v < float64(64*len(t.Categories)):
			left[i] = t.Categories[int(v)/64] >> (uint(v) % 64) & 1
		default:
			left[i] = 0
		}
	}
}

// follow writes which columns lead to the child on the given side: those that
// lead to the twig, and its own where the row goes there.
func (t *twig) follow(dst, above, left []uint64, side int) {
	dst, left = dst[:len(above)], left[:len(above)]
	own, turn := uint(t.own)&63, uint64(side)
	if t.own == t.above {
		for i, m := range above {
			dst[i] = m | (left[i]^turn)<<own
		}
		return
	}
	for i, m := range above {
		dst[i] = m &^ ((left[i] ^ turn ^ 1) << own)
	}
}

// leads is follow for one key of a twig: which columns lead to its child.
func (t *twig) leads(key uint64, side int) uint64 {
	left := key >> t.above
	above := key &^ (left << t.above)
	if t.own == t.above {
		return above | (left^uint64(side))<<t.own
	}
	return above &^ ((left ^ uint64(side) ^ 1) << t.own)
}

// explain has each thread walk all trees for a chunk of rows at a time.
func (x *Explainer) explain(dst []float64, m *matrix.Matrix, pairs bool) error {
	if len(m.Columns) != x.columns {
		return fmt.Errorf("tree: %d columns, the model was fitted to %d", len(m.Columns), x.columns)
	}
	width := x.columns
	if pairs {
		width *= x.columns
	}
	if len(dst) != m.Rows*width {
		panic("tree: dst and rows × columns differ in length")
	}
	clear(dst)
	threads := runtime.GOMAXPROCS(0)
	chunk := max(1, min(explainChunk, (m.Rows+threads-1)/threads))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(threads, (m.Rows+chunk-1)/chunk) {
		group.Go(func() {
			a := x.account(m, pairs)
			for {
				from := (int(next.Add(1)) - 1) * chunk
				if from >= m.Rows {
					return
				}
				to := min(from+chunk, m.Rows)
				a.rows(dst[from*width:to*width], from, to)
			}
		})
	}
	group.Wait()
	return nil
}
