package tree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models/matrix"
)

// grown draws a random tree over the given columns.
func grown(r *rand.Rand, columns, inner int) []Node {
	nodes := []Node{{Feature: -1, Value: r.NormFloat64(), Cover: 1000}}
	for open := []int{0}; inner > 0 && len(open) > 0; inner-- {
		k := r.IntN(len(open))
		i := open[k]
		open[k] = open[len(open)-1]
		open = open[:len(open)-1]
		n := &nodes[i]
		n.Feature, n.MissingLeft, n.Left, n.Right = r.IntN(columns), r.IntN(2) == 0, len(nodes), len(nodes)+1
		if n.Feature%3 == 2 {
			n.Categories = []uint64{r.Uint64() & 15}
		} else {
			n.Threshold = math.Round(r.NormFloat64()*4) / 4
		}
		part, cover := 0.1+0.8*r.Float64(), n.Cover
		open = append(open, len(nodes), len(nodes)+1)
		nodes = append(nodes, Node{Feature: -1, Value: r.NormFloat64(), Cover: part * cover}, Node{Feature: -1, Value: r.NormFloat64(), Cover: (1 - part) * cover})
	}
	return nodes
}

func random(t testing.TB, r *rand.Rand, trees, columns, inner int) *Ensemble {
	t.Helper()
	e := New(columns, r.NormFloat64())
	for range trees {
		if err := e.Add(grown(r, columns, inner)); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// rows draws a matrix whose columns 2, 5, … hold categories, a tenth missing.
func rows(r *rand.Rand, n, columns int) *matrix.Matrix {
	x := &matrix.Matrix{Rows: n}
	for j := range columns {
		c := matrix.Column{}
		for range n {
			missing := r.IntN(10) == 0
			switch {
			case j%3 == 2 && missing:
				c.Codes = append(c.Codes, -1)
			case j%3 == 2:
				c.Codes = append(c.Codes, int32(r.IntN(6)))
			case missing:
				c.Nums = append(c.Nums, math.NaN())
			default:
				c.Nums = append(c.Nums, math.Round(r.NormFloat64()*4)/4)
			}
		}
		c.Levels = 6
		x.Columns = append(x.Columns, c)
	}
	return x
}

// walk is the definition: what Margins must compute, one node after another.
func walk(nodes []Node, x *matrix.Matrix, row int) float64 {
	i := 0
	for nodes[i].Feature >= 0 {
		n := &nodes[i]
		v := x.Columns[n.Feature].Value(row)
		left := v <= n.Threshold
		switch {
		case math.IsNaN(v):
			left = n.MissingLeft
		case n.Categories != nil:
			left = int(v) < 64*len(n.Categories) && n.Categories[int(v)/64]>>(int(v)%64)&1 == 1
		}
		if i = n.Right; left {
			i = n.Left
		}
	}
	return nodes[i].Value
}

func TestMarginsAreTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, columns := range []int{1, 2, 7} {
		e := New(columns, 0.5)
		x := rows(r, 201, columns)
		want := make([]float64, x.Rows)
		for i := range want {
			want[i] = 0.5
		}
		for k := range 30 {
			nodes := grown(r, columns, k)
			if err := e.Add(nodes); err != nil {
				t.Fatal(err)
			}
			for i := range want {
				want[i] += walk(nodes, x, i)
			}
		}
		got := make([]float64, x.Rows)
		if err := e.Margins(got, x); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("row %d of %d columns: %v, want %v", i, columns, got[i], want[i])
			}
			var one [1]float64
			if err := e.Margins(one[:], x.Gather([]int32{int32(i)})); err != nil || one[0] != got[i] {
				t.Fatalf("row %d alone: %v, among others %v (%v)", i, one[0], got[i], err)
			}
		}
	}
}

// game is the margin that is expected of a row when only the columns of a set
// are known: Lundberg's algorithm 1.
func game(nodes []Node, at int, x *matrix.Matrix, row int, known uint) float64 {
	n := &nodes[at]
	if n.Feature < 0 {
		return n.Value
	}
	if known>>n.Feature&1 == 1 {
		stump := []Node{*n, {Feature: -1, Value: 0}, {Feature: -1, Value: 1}}
		stump[0].Left, stump[0].Right = 1, 2
		if walk(stump, x, row) == 0 {
			return game(nodes, n.Left, x, row, known)
		}
		return game(nodes, n.Right, x, row, known)
	}
	l, r := &nodes[n.Left], &nodes[n.Right]
	return (l.Cover*game(nodes, n.Left, x, row, known) + r.Cover*game(nodes, n.Right, x, row, known)) / n.Cover
}

func TestSharesAreShapleyValues(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const columns = 6
	factorial := []float64{1, 1, 2, 6, 24, 120, 720}
	for trial := range 20 {
		nodes := grown(r, columns, 2*trial)
		e := New(columns, 1)
		if err := e.Add(nodes); err != nil {
			t.Fatal(err)
		}
		x := rows(r, 3, columns)
		weights := []float64{1, 0.5, 2}
		want := make([]float64, columns)
		base := 3.5 * (1 + game(nodes, 0, x, 0, 0))
		for i, w := range weights {
			for set := range uint(1 << columns) {
				for j := range columns {
					if set>>j&1 == 0 {
						s := bits.OnesCount(set)
						share := factorial[s] * factorial[columns-s-1] / factorial[columns]
						want[j] += w * share * (game(nodes, 0, x, i, set|1<<j) - game(nodes, 0, x, i, set))
					}
				}
			}
		}
		got := make([]float64, columns)
		gotBase, err := e.Shares(got, x, weights)
		if err != nil || math.Abs(gotBase-base) > 1e-12 {
			t.Fatalf("base %v, want %v (%v)", gotBase, base, err)
		}
		for j := range want {
			if math.Abs(got[j]-want[j]) > 1e-12 {
				t.Fatalf("trial %d, column %d: %v, want %v", trial, j, got[j], want[j])
			}
		}
	}
}

func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 3))
		columns := rapid.IntRange(1, 40).Draw(t, "columns")
		e := New(columns, 0.1)
		for range rapid.IntRange(0, 8).Draw(t, "trees") {
			if err := e.Add(grown(r, columns, rapid.IntRange(0, 150).Draw(t, "inner"))); err != nil {
				t.Fatal(err)
			}
		}
		x := rows(r, rapid.IntRange(1, 14).Draw(t, "rows"), columns)
		weights, margins := make([]float64, x.Rows), make([]float64, x.Rows)
		for i := range weights {
			weights[i] = r.NormFloat64()
		}
		if err := e.Margins(margins, x); err != nil {
			t.Fatal(err)
		}
		want := 0.0
		for i, w := range weights {
			want += w * margins[i]
		}
		shares := make([]float64, columns)
		sum, err := e.Shares(shares, x, weights)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range shares {
			sum += s
		}
		if math.Abs(sum-want) > 1e-9 {
			t.Fatalf("shares and base add up to %v, margins to %v", sum, want)
		}
	})
}

func TestQuadratureIsExact(t *testing.T) {
	for k, r := range gaussLegendre(20) {
		for power := range 2*k + 2 {
			sum := 0.0
			for q, at := range r.at {
				sum += r.by[q] * math.Pow(at, float64(power))
			}
			if want := 1 / float64(power+1); math.Abs(sum-want) > 1e-14 {
				t.Fatalf("%d points: ∫t^%d is %v, want %v", k+1, power, sum, want)
			}
		}
	}
}

func TestAddRefuses(t *testing.T) {
	leaf := Node{Feature: -1, Cover: 1}
	split := func(left, right int) Node { return Node{Left: left, Right: right, Cover: 2} }
	with := func(n Node, change func(*Node)) Node { change(&n); return n }
	for want, nodes := range map[string][]Node{
		"no nodes":     {},
		"child 0":      {split(0, 1), leaf},
		"child 7":      {split(1, 7), leaf},
		"two parents":  {split(1, 1), leaf},
		"no parent":    {leaf, leaf},
		"child 1 is":   {split(1, 2), split(1, 2), leaf},
		"column 3":     {with(split(1, 2), func(n *Node) { n.Feature = 3 }), leaf, leaf},
		"threshold":    {with(split(1, 2), func(n *Node) { n.Threshold = math.NaN() }), leaf, leaf},
		"leaf value":   {with(leaf, func(n *Node) { n.Value = math.Inf(1) })},
		"cover is not": {with(leaf, func(n *Node) { n.Cover = 0 })},
	} {
		if err := New(2, 0).Add(nodes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", nodes, err, want)
		}
	}
	var deep []Node
	for i := range maxDepth + 1 {
		deep = append(deep, split(2*i+1, 2*i+2), leaf)
	}
	// each question's left child is a leaf and its right one the next question
	for i := range deep {
		if deep[i].Feature == 0 {
			deep[i].Left, deep[i].Right = i+1, i+2
		}
	}
	if err := New(2, 0).Add(append(deep, leaf)); err == nil || !strings.Contains(err.Error(), "deeper") {
		t.Errorf("a tree of %d levels: %v", maxDepth+1, err)
	}
}

func TestAnotherNumberOfColumns(t *testing.T) {
	e := New(2, 0)
	x := matrix.New([][]float64{{1}})
	if err := e.Margins(make([]float64, 1), x); err == nil {
		t.Error("margins of too few columns")
	}
	if _, err := e.Shares(make([]float64, 2), x, []float64{1}); err == nil {
		t.Error("shares of too few columns")
	}
}

func TestBytesAndBack(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	e := random(t, r, 10, 5, 20)
	if err := e.Add([]Node{ // a long set, and one with a category that a key has no room for
		{Feature: 2, Categories: []uint64{5, 0, 1 << 62}, Left: 1, Right: 2, Cover: 2}, {Feature: -1, Cover: 1},
		{Feature: 2, Categories: []uint64{1 << 63}, MissingLeft: true, Left: 3, Right: 4, Cover: 1}, {Feature: -1, Value: 1, Cover: 0.5}, {Feature: -1, Value: 2, Cover: 0.5},
	}); err != nil {
		t.Fatal(err)
	}
	b, _ := e.AppendBinary([]byte("before"))
	d, rest, err := Decode(append(b[6:], "after"...))
	if err != nil || string(rest) != "after" {
		t.Fatalf("rest %q, %v", rest, err)
	}
	again, _ := d.AppendBinary([]byte("before"))
	if !bytes.Equal(b, again) {
		t.Fatal("other bytes after decoding")
	}
	copied := New(e.Columns(), e.Base())
	for k := range e.Trees() {
		if err := copied.Add(e.Nodes(k)); err != nil {
			t.Fatal(err)
		}
	}
	if again, _ = copied.AppendBinary([]byte("before")); !bytes.Equal(b, again) {
		t.Fatal("other bytes after Nodes and Add")
	}
	x := rows(r, 100, 5)
	p, q := make([]float64, 100), make([]float64, 100)
	if e.Margins(p, x) != nil || d.Margins(q, x) != nil {
		t.Fatal("no margins")
	}
	for i := range p {
		if p[i] != q[i] {
			t.Fatalf("row %d: %v after decoding, %v before", i, q[i], p[i])
		}
	}
	b = b[6:]
	for n := range b {
		if _, _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken", n, len(b))
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	e, x := random(t, r, 20, 6, 15), rows(r, 100, 6)
	want := make([]float64, x.Rows)
	if err := e.Margins(want, x); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := make([]float64, x.Rows)
			if err := e.Margins(got, x); err != nil {
				t.Error(err)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("row %d differs", i)
				}
			}
			if _, err := e.Shares(make([]float64, 6), x, want); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// FuzzDecode: whatever decodes is a proper ensemble: it predicts and explains
// any row, alone and in a block, and gives its bytes back.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, trees := range []int{0, 1, 3} {
		b, _ := random(f, r, trees, 4, 6).AppendBinary(nil)
		f.Add(b, 1.5)
	}
	f.Fuzz(func(t *testing.T, b []byte, v float64) {
		if len(b) >= 8 && len(b) < 1<<16 { // a length that fits lets the fuzzer reach the rest
			binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
		}
		e, _, err := Decode(b)
		if err != nil {
			return
		}
		again, _ := e.AppendBinary(nil)
		if d, _, err := Decode(again); err != nil || d.Trees() != e.Trees() {
			t.Fatalf("does not decode again: %v", err)
		}
		if e.Columns() > 1<<12 {
			return
		}
		x := &matrix.Matrix{Rows: 5, Columns: make([]matrix.Column, e.Columns())}
		for j := range x.Columns {
			x.Columns[j].Nums = []float64{v, math.NaN(), -v, math.Inf(1), 1e300 * v}
		}
		dst := make([]float64, 5)
		if err := e.Margins(dst, x); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Shares(make([]float64, e.Columns()), x, dst); err != nil {
			t.Fatal(err)
		}
		e.layouts(firstRows)
		block := make([]float64, fewest)
		if err := e.Margins(block, x.Gather(make([]int32, fewest))); err != nil || math.Float64bits(block[1]) != math.Float64bits(dst[0]) {
			t.Fatalf("%v in a block, %v alone (%v)", block[1], dst[0], err)
		}
		if e.Columns() > 1<<6 {
			return
		}
		for _, background := range []*matrix.Matrix{nil, x} {
			explainer, err := e.Explainer(background)
			if errors.Is(err, errors.ErrUnsupported) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := explainer.Interactions(make([]float64, x.Rows*e.Columns()*e.Columns()), x); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkMargins(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	e, x := random(b, r, 200, 40, 62), rows(r, 10_000, 40)
	dst := make([]float64, x.Rows)
	for b.Loop() {
		if err := e.Margins(dst, x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*x.Rows), "ns/row")
}

// BenchmarkOneRow predicts single rows with 500 trees of 31 leaves.
func BenchmarkOneRow(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	e, x := random(b, r, 500, 40, 30), rows(r, 1000, 40)
	var dst [1]float64
	least, one := math.Inf(1), make([]*matrix.Matrix, x.Rows)
	for i := range one {
		one[i] = x.Gather([]int32{int32(i)})
	}
	for b.Loop() {
		for from := 0; from < len(one); from += 50 {
			start := time.Now()
			for _, x := range one[from : from+50] {
				if err := e.Margins(dst[:], x); err != nil {
					b.Fatal(err)
				}
			}
			least = min(least, float64(time.Since(start).Nanoseconds())/50)
		}
	}
	b.ReportMetric(least, "ns/row-least")
}

// BenchmarkShares explains one lead at twelve ages, of which one column tells.
func BenchmarkShares(b *testing.B) {
	r := rand.New(rand.NewPCG(8, 8))
	e, one := random(b, r, 300, 40, 30), rows(r, 1, 40)
	x := one.Gather(make([]int32, 12))
	x.Columns[0] = matrix.Column{Nums: make([]float64, 12)}
	weights := make([]float64, 12)
	for i := range weights {
		x.Columns[0].Nums[i], weights[i] = float64(i)/4-1.5, 1.0/12
	}
	dst := make([]float64, 40)
	for b.Loop() {
		if _, err := e.Shares(dst, x, weights); err != nil {
			b.Fatal(err)
		}
	}
}
