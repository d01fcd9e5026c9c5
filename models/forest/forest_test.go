package forest_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/forest"
	"github.com/leadcast/leadcast/models/matrix"
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
		"forest":    {forest.Forest{Trees: 8}, 0},
		"tree":      {forest.Tree{}, 1e-9},
		"bernoulli": {forest.Bernoulli{Bins: 4}, 1e-9},
	} {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, c.learner, modeltest.Options{Outcome: modeltest.Chance, Decode: decode, Repeats: c.repeats})
		})
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

var _ = bytes.Equal
