package tree

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models/matrix"
)

// values plays a game of all sets of columns by its definition and gives
// Shapley values on the diagonal of a matrix when pairs is false, else SHAP
// interaction values.
func values(columns int, pairs bool, game func(known uint) float64) []float64 {
	factorial := []float64{1, 1, 2, 6, 24, 120, 720}
	dst, worth := make([]float64, columns*columns), make([]float64, 1<<columns)
	for known := range worth {
		worth[known] = game(uint(known))
	}
	for known := range uint(1 << columns) {
		s := bits.OnesCount(known)
		for i := range columns {
			if known>>i&1 == 1 {
				continue
			}
			with := known | 1<<i
			dst[i*columns+i] += factorial[s] * factorial[columns-s-1] / factorial[columns] * (worth[with] - worth[known])
			for j := range columns {
				if pairs && j != i && known>>j&1 == 0 {
					both := factorial[s] * factorial[columns-s-2] / factorial[columns-1] / 2 * (worth[with|1<<j] - worth[with] - worth[known|1<<j] + worth[known])
					dst[i*columns+j] += both
					dst[i*columns+i] -= both
				}
			}
		}
	}
	return dst
}

// interventional is the mean margin when the columns that are not known are
// those of each row of the background.
func interventional(trees [][]Node, x *matrix.Matrix, row int, background *matrix.Matrix, known uint) float64 {
	sum := 0.0
	for b := range background.Rows {
		mixed := &matrix.Matrix{Rows: 1}
		for j := range x.Columns {
			from, at := background, b
			if known>>j&1 == 1 {
				from, at = x, row
			}
			mixed.Columns = append(mixed.Columns, matrix.Column{Nums: []float64{from.Columns[j].Value(at)}})
		}
		for _, nodes := range trees {
			sum += walk(nodes, mixed, 0)
		}
	}
	return sum / float64(background.Rows)
}

func TestExplainerIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		e := New(columns, r.NormFloat64())
		var trees [][]Node
		for range rapid.IntRange(0, 3).Draw(t, "trees") {
			trees = append(trees, grown(r, columns, rapid.IntRange(0, 25).Draw(t, "inner")))
			if err := e.Add(trees[len(trees)-1]); err != nil {
				t.Fatal(err)
			}
		}
		x := rows(r, rapid.IntRange(1, 4).Draw(t, "rows"), columns)
		var background *matrix.Matrix
		if rapid.Bool().Draw(t, "background") {
			background = rows(r, rapid.IntRange(1, 6).Draw(t, "background rows"), columns)
		}
		explainer, err := e.Explainer(background)
		if err != nil {
			t.Fatal(err)
		}
		shares, pairs := make([]float64, x.Rows*columns), make([]float64, x.Rows*columns*columns)
		if err := explainer.Shares(shares, x); err != nil {
			t.Fatal(err)
		}
		if err := explainer.Interactions(pairs, x); err != nil {
			t.Fatal(err)
		}
		for i := range x.Rows {
			play := func(known uint) float64 {
				if background != nil {
					return e.Base() + interventional(trees, x, i, background, known)
				}
				sum := e.Base()
				for _, nodes := range trees {
					sum += game(nodes, 0, x, i, known)
				}
				return sum
			}
			close := func(what string, got, want float64) {
				if math.Abs(got-want) > 1e-11 {
					t.Fatalf("row %d: %s is %v, want %v", i, what, got, want)
				}
			}
			close("base", explainer.Base(), play(0))
			for j, want := range values(columns, true, play) {
				close("an interaction", pairs[i*columns*columns+j], want)
			}
			want := values(columns, false, play)
			for j := range columns {
				close("a share", shares[i*columns+j], want[j*columns+j])
			}
		}
	})
}

// Trees too large for brute force: shares are those of the other algorithm,
// and of the sum of a background's rows one at a time.
func TestExplainerOfLargeTrees(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	const columns = 40
	e, x := random(t, r, 5, columns, 150), rows(r, 70, columns)
	explainer, err := e.Explainer(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, pairs := make([]float64, x.Rows*columns), make([]float64, x.Rows*columns*columns)
	if err := explainer.Shares(got, x); err != nil {
		t.Fatal(err)
	}
	if err := explainer.Interactions(pairs, x); err != nil {
		t.Fatal(err)
	}
	background := rows(r, 130, columns)
	against, err := e.Explainer(background)
	if err != nil {
		t.Fatal(err)
	}
	sample, margins := make([]float64, x.Rows*columns), make([]float64, x.Rows)
	if err := against.Shares(sample, x); err != nil {
		t.Fatal(err)
	}
	if err := e.Margins(margins, x); err != nil {
		t.Fatal(err)
	}
	want, one := make([]float64, columns), []float64{1}
	for i := range x.Rows {
		clear(want)
		base, err := e.Shares(want, x.Gather([]int32{int32(i)}), one)
		if err != nil || base != explainer.Base() {
			t.Fatalf("base %v, want %v (%v)", explainer.Base(), base, err)
		}
		whole := against.Base()
		for j := range columns {
			whole += sample[i*columns+j]
			if math.Abs(got[i*columns+j]-want[j]) > 1e-12 {
				t.Fatalf("row %d, column %d: %v, want %v", i, j, got[i*columns+j], want[j])
			}
			line := 0.0
			for k := range columns {
				v := pairs[(i*columns+j)*columns+k]
				if line += v; v != pairs[(i*columns+k)*columns+j] {
					t.Fatalf("row %d: pair %d %d is not symmetric", i, j, k)
				}
			}
			if math.Abs(line-want[j]) > 1e-12 {
				t.Fatalf("row %d: pairs of column %d sum to %v, its share is %v", i, j, line, want[j])
			}
		}
		if math.Abs(whole-margins[i]) > 1e-12 {
			t.Fatalf("row %d: against a background %v, margin %v", i, whole, margins[i])
		}
	}
}

// A row has the same bits alone, among many, and on any number of threads.
func TestExplainerSameBits(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	const columns = 12
	e, x := random(t, r, 8, columns, 60), rows(r, 300, columns)
	for _, background := range []*matrix.Matrix{nil, rows(r, 50, columns)} {
		explainer, err := e.Explainer(background)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]float64, x.Rows*columns*columns)
		for _, threads := range []int{1, 3} {
			before := runtime.GOMAXPROCS(threads)
			err := explainer.Interactions(all, x)
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatal(err)
			}
			for i := range x.Rows {
				alone := make([]float64, columns*columns)
				if err := explainer.Interactions(alone, x.Gather([]int32{int32(i)})); err != nil || !slices.Equal(alone, all[i*len(alone):][:len(alone)]) {
					t.Fatalf("%d threads, row %d: other bits alone (%v)", threads, i, err)
				}
			}
		}
	}
}

func TestExplainerRefuses(t *testing.T) {
	e := New(2, 0)
	if _, err := e.Explainer(&matrix.Matrix{Columns: make([]matrix.Column, 2)}); err == nil {
		t.Error("a background without rows")
	}
	if _, err := e.Explainer(matrix.New([][]float64{{1}})); err == nil {
		t.Error("a background of other columns")
	}
	explainer, err := e.Explainer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := explainer.Shares(make([]float64, 1), matrix.New([][]float64{{1}})); err == nil {
		t.Error("too few columns")
	}
	wide := New(widest+1, 0)
	var nodes []Node
	for i := range widest + 1 {
		nodes = append(nodes, Node{Feature: i, Left: 2*i + 1, Right: 2*i + 2, Cover: 1}, Node{Feature: -1, Cover: 1})
	}
	for i := range nodes {
		if nodes[i].Feature >= 0 {
			nodes[i].Left, nodes[i].Right = i+1, i+2
		}
	}
	if err := wide.Add(append(nodes, Node{Feature: -1, Cover: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := wide.Explainer(nil); err == nil {
		t.Errorf("a path of %d columns", widest+1)
	}
}

func BenchmarkExplainer(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	e, x := random(b, r, 200, 40, 62), rows(r, 5_000, 40)
	explainer, err := e.Explainer(nil)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, x.Rows*40)
	for b.Loop() {
		if err := explainer.Shares(dst, x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*x.Rows), "µs/row")
}
