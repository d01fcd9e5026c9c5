package tree

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models/matrix"
)

// edges are numbers at which comparisons and conversions go wrong.
var edges = []float64{0, math.Copysign(0, -1), 1, -1, 62, 63, 64, 65, 0.5, math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 1e-300, 1e300, 9.3e18, -9.3e18, math.NaN()}

// odd draws a number: an edge, one of few values, or any.
func odd(r *rand.Rand) float64 {
	switch r.IntN(4) {
	case 0:
		return edges[r.IntN(len(edges))]
	case 1:
		return math.Exp(20 * r.NormFloat64())
	case 2:
		return math.Round(r.NormFloat64() * 8)
	}
	return r.NormFloat64()
}

// oddTree draws a tree whose nodes ask any column for a number or a set.
func oddTree(r *rand.Rand, columns, inner int, words int, deep bool) []Node {
	nodes := []Node{{Feature: -1, Value: r.NormFloat64(), Cover: 1}}
	open := []int{0}
	for ; inner > 0; inner-- {
		k := r.IntN(len(open))
		if deep {
			k = len(open) - 1
		}
		i := open[k]
		open[k] = open[len(open)-1]
		n := &nodes[i]
		n.Feature, n.MissingLeft, n.Left, n.Right = r.IntN(columns), r.IntN(2) == 0, len(nodes), len(nodes)+1
		if n.Threshold = odd(r); math.IsNaN(n.Threshold) || r.IntN(3) == 0 {
			n.Threshold, n.Categories = 0, make([]uint64, r.IntN(words+1))
			for w := range n.Categories {
				n.Categories[w] = r.Uint64() & r.Uint64()
			}
		}
		open = append(open[:len(open)-1], len(nodes), len(nodes)+1)
		nodes = append(nodes, Node{Feature: -1, Value: r.NormFloat64(), Cover: 1}, Node{Feature: -1, Value: math.Copysign(0, -1), Cover: 1})
	}
	return nodes
}

// oddRows draws columns of numbers and of categories, half of them views.
func oddRows(r *rand.Rand, n, columns int) *matrix.Matrix {
	x := &matrix.Matrix{Rows: n}
	for range columns {
		c := matrix.Column{Levels: 1 << 20}
		categories := r.IntN(2) == 0
		for range n {
			if categories {
				c.Codes = append(c.Codes, int32(r.IntN(1<<r.IntN(20)))-1)
			} else {
				c.Nums = append(c.Nums, odd(r))
			}
		}
		if r.IntN(2) == 0 {
			for range n {
				c.Index = append(c.Index, int32(r.IntN(n)))
			}
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

// plainly is the definition of a margin, node by node.
func plainly(e *Ensemble, x *matrix.Matrix, row int) float64 {
	v := make([]float64, e.columns)
	x.Row(v, row)
	sum := e.base
	for _, root := range e.roots {
		sum += e.values[e.leaf(root, v)]
	}
	return sum
}

// Blocks give the bits of the plain descent, whatever trees ask, and however
// many rows there are.
func TestBlocksAreThePlainDescent(t *testing.T) {
	var laid, clustered, single int
	check := func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		columns := rapid.IntRange(1, 9).Draw(t, "columns")
		words := rapid.SampledFrom([]int{1, 3, 40}).Draw(t, "words")
		e := New(columns, odd(r))
		if math.IsNaN(e.base) {
			e.base = math.Copysign(0, -1)
		}
		sizes := []int{0, 1, 3, 30, 62, 100, 255}
		if rapid.IntRange(0, 4).Draw(t, "large") == 0 {
			sizes = append(sizes, 256, 600)
		}
		for range rapid.IntRange(0, 12).Draw(t, "trees") {
			inner, deep := rapid.SampledFrom(sizes).Draw(t, "inner"), rapid.Bool().Draw(t, "deep")
			if err := e.Add(oddTree(r, columns, inner, words, deep && inner < maxDepth)); err != nil {
				t.Fatal(err)
			}
		}
		x := oddRows(r, rapid.IntRange(1, 3*blockRows+1).Draw(t, "rows"), columns)
		for _, l := range e.layouts(firstRows) {
			laid++
			for _, f := range l.families {
				if f.cluster > 1 {
					clustered++
				} else {
					single++
				}
			}
		}
		got := make([]float64, x.Rows)
		if err := e.Margins(got, x); err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			if want := plainly(e, x, i); math.Float64bits(v) != math.Float64bits(want) {
				t.Fatalf("row %d of %d: %v, want %v", i, x.Rows, v, want)
			}
		}
	}
	rapid.Check(t, check)
	for range 30 { // a short run may draw no clusters
		if laid > 0 && clustered > 0 && single > 0 {
			break
		}
		rapid.Check(t, check)
	}
	if laid == 0 || clustered == 0 || single == 0 {
		t.Errorf("%d ensembles laid out, with categories in clusters %d times and by themselves %d times", laid, clustered, single)
	}
}

// More questions than one layout answers: the trees go through several.
func TestManyLayouts(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	e, x := New(50, 1), rows(r, 300, 50)
	for range 150 {
		nodes := grown(r, 50, 200)
		for i := range nodes {
			nodes[i].Threshold = r.NormFloat64()
		}
		if err := e.Add(nodes); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(e.layouts(firstRows)); n < 2 {
		t.Fatalf("%d layouts", n)
	}
	got := make([]float64, x.Rows)
	if err := e.Margins(got, x); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if want := plainly(e, x, i); v != want {
			t.Fatalf("row %d: %v, want %v", i, v, want)
		}
	}
}

// An ensemble is laid out when many rows come, by whoever comes first, and
// what its layout takes is in proportion to its nodes.
func TestLaidOutOnDemand(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	e, x := random(t, r, 50, 6, 62), rows(r, firstRows, 6)
	dst := make([]float64, x.Rows)
	if err := e.Margins(dst[:10], rows(r, 10, 6)); err != nil || e.laid.Load() != nil {
		t.Fatalf("laid out for ten rows, or %v", err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := make([]float64, x.Rows)
			if err := e.Margins(got, x); err != nil {
				t.Error(err)
			}
			for i, v := range got {
				if v != plainly(e, x, i) {
					t.Errorf("row %d differs", i)
				}
			}
		})
	}
	group.Wait()
	for _, l := range *e.laid.Load() {
		if n := len(e.nodes); len(l.steps) != (n-len(e.roots))/2 || len(l.unions) > 3*n || len(l.values) != (n+len(e.roots))/2+mostLeaves {
			t.Errorf("%d nodes: %d steps, %d unions, %d values", n, len(l.steps), len(l.unions), len(l.values))
		}
	}
}
