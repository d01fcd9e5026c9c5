package gbm

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// paths calls visit with the columns asked on the way to each leaf.
func paths(nodes []tree.Node, at int, asked []int, visit func(asked []int)) {
	n := &nodes[at]
	if n.Feature < 0 {
		visit(asked)
		return
	}
	asked = append(slices.Clone(asked), n.Feature)
	paths(nodes, n.Left, asked, visit)
	paths(nodes, n.Right, asked, visit)
}

// TestPathsStayInAGroup: no path asks columns that no group of interactions
// holds together, statistics of categories included.
func TestPathsStayInAGroup(t *testing.T) {
	x, y := crowded(1200, 20)
	names := make([]string, len(x.Columns))
	for j := range names {
		names[j] = x.Columns[j].Name
	}
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(names), 1, 4), 1, 4).Draw(t, "groups")
		b := few(Poisson{})
		b.Rounds, b.MinLeaf, b.Patience, b.Interactions = 8, 3, 0, groups
		b.Seed = rapid.Uint64().Draw(t, "seed")
		fitted, err := b.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		var rest []string
		for _, name := range names {
			if !slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, name) }) {
				rest = append(rest, name)
			}
		}
		groups = append(slices.Clone(groups), rest)
		m := fitted.(*Model)
		for k := range m.Trees() {
			paths(m.trees.Nodes(k), 0, nil, func(asked []int) {
				var columns []string
				for _, j := range asked {
					if j < len(names) {
						columns = append(columns, names[j])
						continue
					}
					for _, c := range m.statistics[(j-len(names))/2].columns {
						columns = append(columns, names[c])
					}
				}
				if !slices.ContainsFunc(groups, func(g []string) bool {
					return !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(g, c) })
				}) {
					t.Fatalf("tree %d asks %v on one path, the groups are %v", k, columns, groups)
				}
			})
		}
	})
}

func TestOneGroupIsNoConstraint(t *testing.T) {
	x, y, _ := world(1000, 6, 21)
	b := few(Logistic{})
	want := encode(t, mustFit(t, b, x, y))
	var names []string
	for j := range x.Columns {
		names = append(names, x.Columns[j].Name)
	}
	b.Interactions = [][]string{names}
	if !slices.Equal(encode(t, mustFit(t, b, x, y)), want) {
		t.Error("a group of all columns changes the model")
	}
	for _, bad := range [][][]string{{{"nobody"}}, make([][]string, 64)} {
		b.Interactions = bad
		if _, err := b.Fit(context.Background(), x, y); err == nil {
			t.Errorf("%d groups, the first %v, were taken", len(bad), bad[0])
		}
	}
}

// TestMonotoneInEveryColumn: with any directions on any columns, no forecast
// goes the wrong way when one column rises and the others stay – of a fit, and
// of its refit on other rows.
func TestMonotoneInEveryColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom([]Objective{Logistic{}, Squared{}, Huber{Delta: 0.3}, Tweedie{1.5}}).Draw(t, "objective")
		x, y, _ := world(600, 6, rapid.Uint64().Draw(t, "world"))
		b := few(o)
		b.Rounds, b.MinLeaf, b.Monotone = 10, 2, map[string]int{}
		b.L1 = float64(rapid.IntRange(0, 2).Draw(t, "l1"))
		for j, c := range x.Columns {
			if !c.Categorical() {
				b.Monotone[c.Name] = rapid.IntRange(-1, 1).Draw(t, x.Columns[j].Name)
			}
		}
		fitted, err := b.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		fresh, answers, _ := world(600, 6, rapid.Uint64().Draw(t, "another"))
		refitted, err := b.Refit(context.Background(), fitted, fresh, answers, 0.3)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []models.Model{fitted, refitted} {
			for j := range x.Columns {
				direction := float64(b.Monotone[x.Columns[j].Name])
				row := rapid.Int32Range(0, 599).Draw(t, "row")
				grid := x.Gather(slices.Repeat([]int32{row}, 60))
				if direction == 0 {
					continue
				}
				c := matrix.Column{Name: x.Columns[j].Name}
				for i := range grid.Rows {
					c.Nums = append(c.Nums, float64(i-30)/8)
				}
				grid.Columns[j] = c
				margins := make([]float64, grid.Rows)
				if err := m.(models.Additive).Margins(margins, grid); err != nil {
					t.Fatal(err)
				}
				for i := range margins[1:] {
					if rise := margins[i+1] - margins[i]; direction*rise < -1e-12 {
						t.Fatalf("%s, column %d, direction %v: margin rises by %v", o.Name(), j, direction, rise)
					}
				}
			}
		}
	})
}

func TestMonotoneIsRefused(t *testing.T) {
	x, y, _ := world(50, 2, 1)
	for _, o := range []Objective{Quantile{Level: 0.5}, Softmax{2}} {
		b := few(o)
		b.Monotone = map[string]int{x.Columns[0].Name: 1}
		if _, err := b.Fit(context.Background(), x, y); err == nil {
			t.Errorf("%s: a monotone column was taken", o.Name())
		}
	}
}

// TestL1 draws to zero: of one leaf's gradient, exactly as much as it says, and
// a strong one leaves no tree.
func TestL1(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 22))
	var rows [][]float64
	var y models.Target
	for i := range 400 {
		rows, y.Y = append(rows, []float64{float64(i % 2)}), append(y.Y, float64(i%2)+r.NormFloat64())
	}
	x := matrix.New(rows)
	b := few(Squared{})
	b.Rounds, b.LearningRate, b.L2, b.MinLeaf = 1, 1, 0, 1
	gap := func() float64 {
		p := predict(t, mustFit(t, b, x, y), x)
		return p[1] - p[0]
	}
	free := gap()
	b.L1 = 30 // of 200 rows a side, each drawn by 30/200
	if got := gap(); math.Abs(free-got-2*30.0/200) > 1e-9 {
		t.Errorf("the sides are %v apart, %v without L1", got, free)
	}
	b.L1 = 1000
	if got := gap(); got != 0 {
		t.Errorf("the sides are %v apart", got)
	}
	b.L1 = math.NaN()
	if _, err := b.Fit(context.Background(), x, y); err == nil {
		t.Error("an L1 that is no number was taken")
	}
}
