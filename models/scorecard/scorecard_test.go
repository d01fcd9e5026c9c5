package scorecard_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/modeltest"
	"github.com/leadcast/leadcast/models/scorecard"
)

// A scorecard of one category.
func Example() {
	x := &matrix.Matrix{Rows: 400, Columns: []matrix.Column{{Name: "source", Levels: 2, Codes: make([]int32, 400)}}}
	y := models.Target{Y: make([]float64, 400)}
	for i := range y.Y {
		x.Columns[0].Codes[i] = int32(i % 2)
		if i%8 == 0 || i%8 == 1 && i < 40 {
			y.Y[i] = 1
		}
	}
	m, err := scorecard.Scorecard{}.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range m.(*scorecard.Model).Table(func(int) []string { return []string{"fair", "web"} }) {
		fmt.Printf("%-8s %-10s %4.0f leads, %4.1f %% won: %+4.0f points\n", r.Column, r.Bin, r.Leads, 100*r.Won, r.Points)
	}
	// Output:
	// (start)                0 leads,  0.0 % won: +432 points
	// source   fair        200 leads, 25.0 % won:  +36 points
	// source   web         200 leads,  2.5 % won:  -36 points
	// source   all others    0 leads,  0.0 % won:  +14 points
	// source   missing       0 leads,  0.0 % won:  +14 points
}

func decode(_ string, b []byte) (models.Model, error) { return scorecard.Decode(b) }

func TestLaws(t *testing.T) {
	halves := func(values, _ []float64, _ int) ([]float64, error) { return scorecard.Cuts(values, nil, 2), nil }
	for name, s := range map[string]scorecard.Scorecard{"plain": {}, "all columns": {IV: 1e-9, Bins: 4, Prior: 1, Least: 0.1}, "other cuts": {Cut: halves}, "chimerge": {Cut: scorecard.ChiMerge}} {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, s, modeltest.Options{Outcome: modeltest.Chance, Decode: decode})
		})
	}
}

// world draws a number that counts, its noisy double, a category and noise.
func world(seed uint64, n int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 4))
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "visits", Nums: make([]float64, n)}, {Name: "clicks", Nums: make([]float64, n)},
		{Name: "source", Codes: make([]int32, n), Levels: 4}, {Name: "noise", Nums: make([]float64, n)},
	}}
	y := models.Target{Y: make([]float64, n)}
	for i := range n {
		v, c := r.NormFloat64(), int32(r.IntN(5))-1
		x.Columns[0].Nums[i], x.Columns[1].Nums[i], x.Columns[2].Codes[i], x.Columns[3].Nums[i] = v, v+r.NormFloat64()/5, c, r.Float64()
		if r.IntN(10) == 0 {
			x.Columns[0].Nums[i] = math.NaN()
		}
		if r.Float64() < 1/(1+math.Exp(1-v-float64(c)/2)) {
			y.Y[i] = 1
		}
	}
	return x, y
}

// What is printed is the model: adding up the printed points by hand gives the
// forecast, and points are whole.
func TestTheTableIsTheModel(t *testing.T) {
	x, y := world(1, 3000)
	fitted, err := scorecard.Scorecard{}.Fit(t.Context(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	m := fitted.(*scorecard.Model)
	table := m.Table(nil)
	p := make([]float64, x.Rows)
	if err := m.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	points := func(column, bin string) float64 {
		at := slices.IndexFunc(table, func(r scorecard.Row) bool { return r.Column == column && r.Bin == bin })
		if at < 0 {
			return 0 // a column or an empty bin that adds nothing
		}
		return table[at].Points
	}
	within := func(bin string, v float64) bool {
		var low, high float64
		switch {
		case v != v:
			return bin == "missing"
		case strings.Contains(bin, " to ") && strings.HasPrefix(bin, "above"):
			_, _ = fmt.Sscanf(bin, "above %g to %g", &low, &high)
			return v > low && v <= high
		case strings.HasPrefix(bin, "above"):
			_, _ = fmt.Sscanf(bin, "above %g", &low)
			return v > low
		case strings.HasPrefix(bin, "up to"):
			_, _ = fmt.Sscanf(bin, "up to %g", &high)
			return v <= high
		}
		return bin == "any number"
	}
	for i := range x.Rows {
		sum := points("(start)", "")
		for j := range x.Columns {
			c := &x.Columns[j]
			if c.Categorical() {
				bin := "missing"
				if k := c.Code(i); k >= 0 {
					bin = fmt.Sprint("level ", k+1)
				}
				sum += points(c.Name, bin)
				continue
			}
			for _, r := range table {
				if r.Column == c.Name && within(r.Bin, c.Num(i)) {
					sum += r.Points
				}
			}
		}
		if want := 1 / (1 + math.Pow(2, (500-sum)/20)); sum != math.Trunc(sum) || math.Abs(want-p[i]) > 1e-12 {
			t.Fatalf("row %d: %v points are %v, the model says %v", i+1, sum, want, p[i])
		}
	}
	for _, r := range table {
		if r.Column == "noise" {
			t.Error("noise has points")
		}
	}
}

// Points follow the evidence: in each column a bin that wins more often never
// has fewer points.
func TestPointsFollowTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := world(rapid.Uint64().Draw(t, "seed"), 600)
		fitted, err := scorecard.Scorecard{}.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range fitted.(*scorecard.Model).Columns() {
			for _, a := range c.Cells {
				for _, b := range c.Cells {
					if a.WoE > b.WoE && a.Value < b.Value {
						t.Fatalf("%s: evidence %v and %v, points %v and %v", c.Name, a.WoE, b.WoE, a.Value, b.Value)
					}
				}
			}
		}
	})
}

func TestCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		n := rapid.IntRange(1, 9).Draw(t, "bins")
		cuts := scorecard.Cuts(values, nil, n)
		if len(cuts) >= n || !slices.IsSorted(cuts) || len(slices.Compact(slices.Clone(cuts))) != len(cuts) {
			t.Fatalf("%d bins: %v", n, cuts)
		}
	})
	if got := scorecard.Cuts([]float64{1, 2, 3, 4, 5, 6, 7, 8, math.NaN(), math.Inf(1)}, nil, 4); !slices.Equal(got, []float64{2.5, 4.5, 6.5}) {
		t.Errorf("cuts %v", got)
	}
	if got := scorecard.Cuts([]float64{1, 2, 3}, []float64{1, 1, 2}, 2); !slices.Equal(got, []float64{2.5}) {
		t.Errorf("weighted cuts %v", got)
	}
}

// ChiMerge by hand: 40 of 100, 45 of 100 (χ² 0.51) and 80 of 100 (χ² 26.1)
// become two bins, in any order of the rows; what never differs is one bin.
func TestChiMerge(t *testing.T) {
	var values, won []float64
	for k, wins := range []int{40, 45, 80} {
		for i := range 100 {
			values, won = append(values, float64(k)), append(won, 0)
			if i < wins {
				won[len(won)-1] = 1
			}
		}
	}
	for seed := range uint64(3) {
		if cuts, err := scorecard.ChiMerge(values, won, 6); err != nil || !slices.Equal(cuts, []float64{1.5}) {
			t.Errorf("cuts %v, %v", cuts, err)
		}
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(values), func(i, j int) {
			values[i], values[j], won[i], won[j] = values[j], values[i], won[j], won[i]
		})
	}
	if cuts, err := scorecard.ChiMerge(values, make([]float64, len(values)), 6); err != nil || len(cuts) > 0 {
		t.Errorf("no wins at all: cuts %v, %v", cuts, err)
	}
	if cuts, err := scorecard.ChiMerge(values, won, 1); err != nil || len(cuts) > 0 {
		t.Errorf("one bin: cuts %v, %v", cuts, err)
	}
	if _, err := scorecard.ChiMerge([]float64{math.NaN()}, []float64{1}, 2); err == nil {
		t.Error("a missing number: no error")
	}
}

func TestLearnerIsChecked(t *testing.T) {
	x, y := world(1, 60)
	fails := func([]float64, []float64, int) ([]float64, error) { return nil, errors.New("no cuts today") }
	for words, s := range map[string]scorecard.Scorecard{"bins": {Bins: -1}, "least": {Least: 1}, "prior": {Prior: math.NaN()}, "information": {IV: -1}, "no cuts today": {Cut: fails}} {
		if _, err := s.Fit(t.Context(), x, y); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestNewIsChecked(t *testing.T) {
	number := func(change func(c *scorecard.Column)) scorecard.Column {
		c := scorecard.Column{Name: "n", Cuts: []float64{1, 2}, Cells: make([]scorecard.Cell, 4)}
		change(&c)
		return c
	}
	for name, c := range map[string]scorecard.Column{
		"cells":    number(func(c *scorecard.Column) { c.Cells = c.Cells[:3] }),
		"cuts":     number(func(c *scorecard.Column) { c.Cuts[1] = 1 }),
		"infinite": number(func(c *scorecard.Column) { c.Cuts[1] = math.Inf(1) }),
		"value":    number(func(c *scorecard.Column) { c.Cells[2].Value = math.NaN() }),
		"won":      number(func(c *scorecard.Column) { c.Cells[2].Won = 1 }),
		"levels":   number(func(c *scorecard.Column) { c.Bin = []int{0} }),
		"no cells": {Category: true},
		"level":    {Category: true, Bin: []int{3}, Cells: make([]scorecard.Cell, 4)},
	} {
		if _, err := scorecard.New(scorecard.Points, 0, []scorecard.Column{c}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := scorecard.New(scorecard.Scale{}, 0, nil); err == nil {
		t.Error("a scale of nothing: no error")
	}
}

func FuzzDecode(f *testing.F) {
	x, y := world(1, 300)
	m, err := scorecard.Scorecard{}.Fit(context.Background(), x, y)
	if err != nil {
		f.Fatal(err)
	}
	b, _ := m.AppendBinary(nil)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := scorecard.Decode(b)
		if err != nil {
			return
		}
		if again, err := m.AppendBinary(nil); err != nil || string(again) != string(b) {
			t.Fatalf("%x came back as %x, %v", b, again, err)
		}
		p := []float64{0, 0}
		if err := m.Predict(p, x.Gather([]int32{0, 1})); err == nil && !(p[0] >= 0 && p[0] <= 1) {
			t.Fatalf("a probability of %v", p[0])
		}
		m.Table(nil)
	})
}
