package forest_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/forest"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/modeltest"
	"github.com/leadcast/leadcast/models/scorecard"
	"github.com/leadcast/leadcast/models/tree"
)

// A tree of golearn's, which forecasts without it.
func Example() {
	x := matrix.New([][]float64{{1}, {2}, {3}, {4}, {5}, {6}})
	y := models.Target{Y: []float64{0, 0, 0, 1, 1, 1}}
	m, err := forest.Tree{Grow: forest.Grow{Least: 1}}.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 2)
	if err := m.Predict(p, matrix.New([][]float64{{0}, {9}})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %.1f\n", m.Kind(), p) // of three rows and two that are like all
	// Output: forest [0.2 0.8]
}

func decode(kind string, b []byte) (models.Model, error) {
	if kind == tree.KindForest {
		return tree.DecodeForest(b)
	}
	return scorecard.Decode(b)
}

func TestLaws(t *testing.T) {
	for name, c := range map[string]struct {
		learner models.Learner
		repeats float64
	}{
		"forest":    {forest.Forest{Trees: 3}, 0},
		"tree":      {forest.Tree{}, 1e-9},
		"bernoulli": {forest.Bernoulli{Bins: 4}, 1e-9},
	} {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, c.learner, modeltest.Options{Outcome: modeltest.Chance, Decode: decode, Repeats: c.repeats})
		})
	}
}

// Columns that tie and any number of threads: the same bytes in
// every run, whatever order golearn walks its maps in.
func TestSameForest(t *testing.T) {
	x, y := world(1, 400)
	x = x.With(x.Columns...).With(x.Columns...)
	var first []byte
	for k := range 8 {
		was := runtime.GOMAXPROCS(1 + k%4)
		m, err := forest.Forest{Trees: 4, Grow: forest.Grow{Seed: 3}}.Fit(t.Context(), x, y)
		runtime.GOMAXPROCS(was)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := m.AppendBinary(nil)
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Fatalf("run %d: another forest", k+1)
		}
	}
	other, err := forest.Forest{Trees: 4, Grow: forest.Grow{Seed: 4}}.Fit(t.Context(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := other.AppendBinary(nil); bytes.Equal(b, first) {
		t.Error("another seed, the same forest")
	}
}

// A forest ranks new rows better than one tree of its kind.
func TestForestLearns(t *testing.T) {
	x, y := world(1, 1500)
	test, won := world(2, 1500)
	auc := func(l models.Learner) float64 {
		m, err := l.Fit(t.Context(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, test.Rows)
		if err := m.Predict(p, test); err != nil {
			t.Fatal(err)
		}
		return metric.AUC(won.Y, p, nil)
	}
	one, many := auc(forest.Tree{}), auc(forest.Forest{Trees: 15, Grow: forest.Grow{MaxRows: 1000}})
	if !(many > one+0.01 && many > 0.78) {
		t.Errorf("AUC %.3f of a forest, %.3f of a tree", many, one)
	}
}

func TestLearnersAreChecked(t *testing.T) {
	x, y := world(1, 50)
	for _, l := range []models.Learner{
		forest.Forest{Trees: -1}, forest.Forest{Features: -1}, forest.Forest{Grow: forest.Grow{Depth: 101}}, forest.Tree{Grow: forest.Grow{MaxRows: -1}},
		forest.Tree{Grow: forest.Grow{Least: -1}}, forest.Bernoulli{Bins: -1},
	} {
		if _, err := l.Fit(t.Context(), x, y); err == nil {
			t.Errorf("%+v: no error", l)
		}
	}
}

// ChiMerge finds where the rate changes, as a scorecard's cuts too.
func TestChiMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	values, y := make([]float64, 6000), make([]float64, 6000)
	for i := range values {
		values[i] = 100 * r.Float64()
		rate := 0.1
		if values[i] > 30 {
			rate = 0.6
		}
		if values[i] > 70 {
			rate = 0.3
		}
		if r.Float64() < rate {
			y[i] = 1
		}
	}
	cuts, err := forest.ChiMerge(values, y, 3)
	if err != nil || len(cuts) != 2 || math.Abs(cuts[0]-30) > 2 || math.Abs(cuts[1]-70) > 2 {
		t.Errorf("cuts %v, %v", cuts, err)
	}
	x := &matrix.Matrix{Rows: len(values), Columns: []matrix.Column{{Name: "v", Nums: values}}}
	m, err := scorecard.Scorecard{Cut: forest.ChiMerge, Bins: 3}.Fit(t.Context(), x, models.Target{Y: y})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.(*scorecard.Model).Columns()[0].Cuts; !slices.Equal(c, cuts) {
		t.Errorf("the scorecard cuts at %v, ChiMerge at %v", c, cuts)
	}
	for name, bad := range map[string]func() error{
		"missing": func() error { _, err := forest.ChiMerge([]float64{math.NaN()}, []float64{0}, 3); return err },
		"outcome": func() error { _, err := forest.ChiMerge([]float64{1}, []float64{0.5}, 3); return err },
		"bins":    func() error { _, err := forest.ChiMerge([]float64{1}, []float64{1}, 0); return err },
	} {
		if bad() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Golearn and our own ChiMerge join the same bins where all that are left
// differ; where none do ours joins them, while golearn keeps as many as it may.
func TestChiMergeAgreesWithOurs(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		values, y := make([]float64, 8000), make([]float64, 8000)
		for i := range values {
			values[i] = 100 * r.Float64()
			if r.Float64() < []float64{0.1, 0.4, 0.2, 0.7, 0.5}[int(values[i]/20)] {
				y[i] = 1
			}
		}
		theirs, err := forest.ChiMerge(values, y, 5)
		if err != nil {
			t.Fatal(err)
		}
		if ours, err := scorecard.ChiMerge(values, y, 5); err != nil || !slices.Equal(ours, theirs) || len(ours) != 4 {
			t.Errorf("seed %d: ours cuts at %v, golearn at %v, %v", seed, ours, theirs, err)
		}
	}
	var values, y []float64
	for k, wins := range []int{30, 33, 29, 34, 31, 35, 28, 32} {
		for i := range 100 {
			values, y = append(values, float64(k)), append(y, 0)
			if i < wins {
				y[len(y)-1] = 1
			}
		}
	}
	theirs, err := forest.ChiMerge(values, y, 5)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := scorecard.ChiMerge(values, y, 5); err != nil || len(ours) > 0 || len(theirs) < 3 {
		t.Errorf("of bins that do not differ ours cuts at %v, golearn at %v, %v", ours, theirs, err)
	}
}

// world draws rows of numbers with gaps, a category and an outcome.
func world(seed uint64, n int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 9))
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "a", Nums: make([]float64, n)}, {Name: "b", Nums: make([]float64, n)}, {Name: "c", Codes: make([]int32, n), Levels: 70},
	}}
	y := models.Target{Y: make([]float64, n)}
	for i := range n {
		a, b, c := r.NormFloat64(), r.NormFloat64(), int32(r.IntN(71))-1
		if r.Float64() < 1/(1+math.Exp(1-2*a-math.Sin(float64(c)))) {
			y.Y[i] = 1
		}
		if r.IntN(6) == 0 {
			b = math.NaN()
		}
		x.Columns[0].Nums[i], x.Columns[1].Nums[i], x.Columns[2].Codes[i] = a, b, c
	}
	return x, y
}

func BenchmarkForest(b *testing.B) {
	x, y := world(1, 20000)
	for range 27 {
		x = x.With(x.Columns[0])
	}
	for b.Loop() {
		if _, err := (forest.Forest{Trees: 10, Grow: forest.Grow{MaxRows: 2000}}).Fit(b.Context(), x, y); err != nil {
			b.Fatal(err)
		}
	}
}
