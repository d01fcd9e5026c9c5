package gbm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Trees keep to their bounds, and reach them where there is enough to learn.
func TestSizesOfTrees(t *testing.T) {
	x, y, _ := world(4000, 6, 50)
	for _, c := range []struct{ leaves, depth int }{{2, 12}, {5, 12}, {31, 12}, {31, 3}, {8, 2}} {
		b := few(Logistic{})
		b.Rounds, b.MinLeaf, b.Leaves, b.MaxDepth = 3, 1, c.leaves, c.depth
		m := mustFit(t, b, x, y)
		for k := range m.Trees() {
			leaves, deepest := 0, 0
			paths(m.trees.Nodes(k), 0, nil, func(asked []int) { leaves, deepest = leaves+1, max(deepest, len(asked)) })
			if leaves != min(c.leaves, 1<<c.depth) && deepest < c.depth || leaves > c.leaves || deepest > c.depth {
				t.Errorf("%d leaves at a depth of %d, want at most %d at %d", leaves, deepest, c.leaves, c.depth)
			}
		}
	}
}

// L2 is added to the curvature of a leaf: the distance of two sides of 200 rows
// shrinks by 200/(200+L2).
func TestL2(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 51))
	var rows [][]float64
	var y models.Target
	for i := range 400 {
		rows, y.Y = append(rows, []float64{float64(i % 2)}), append(y.Y, float64(i%2)+r.NormFloat64())
	}
	x, b, gap := matrix.New(rows), few(Squared{}), [2]float64{}
	b.Rounds, b.LearningRate, b.MinLeaf = 1, 1, 1
	for k, l2 := range []float64{0, 100} {
		b.L2 = l2
		p := predict(t, mustFit(t, b, x, y), x)
		gap[k] = p[1] - p[0]
	}
	if want := gap[0] * 200 / 300; math.Abs(gap[1]-want) > 1e-9 {
		t.Errorf("the sides are %v apart, want %v", gap[1], want)
	}
}

// The one question of a stump on eight categories, sorted by their gradients, is
// the best of all subsets (Fisher 1958).
func TestCategoriesPartBest(t *testing.T) {
	const levels, rows = 8, 400
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 52))
		c, y := matrix.Column{Name: "c", Levels: levels}, models.Target{}
		var sum, count [levels]float64
		for range rows {
			k := r.IntN(levels)
			v := math.Sin(float64(k*k)) + r.NormFloat64()
			c.Codes, y.Y = append(c.Codes, int32(k)), append(y.Y, v)
			sum[k], count[k] = sum[k]+v, count[k]+1
		}
		x := &matrix.Matrix{Rows: rows, Columns: []matrix.Column{c}}
		b := few(Squared{})
		b.Rounds, b.LearningRate, b.Leaves, b.MinLeaf, b.L2, b.CategoryL2 = 1, 1, 2, 1, 0, 0
		p := predict(t, mustFit(t, b, x, y), x)
		loss := 0.0
		for i, v := range y.Y {
			loss += (v - p[i]) * (v - p[i])
		}
		best := math.Inf(1)
		for set := 1; set < 1<<levels-1; set++ {
			var s, n [2]float64
			for k := range levels {
				side := set >> k & 1
				s[side], n[side] = s[side]+sum[k], n[side]+count[k]
			}
			best = min(best, -s[0]*s[0]/n[0]-s[1]*s[1]/n[1])
		}
		for _, v := range y.Y {
			best += v * v
		}
		if loss > best*(1+1e-6) {
			t.Errorf("seed %d: squares of %v, the best subset leaves %v", seed, loss, best)
		}
	}
}
