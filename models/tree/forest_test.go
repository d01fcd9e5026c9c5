package tree

import (
	"math"
	"testing"

	"github.com/leadcast/leadcast/models/matrix"
)

// stumps are two trees over a number and a category whose leaves are probabilities.
func stumps() [][]Node {
	return [][]Node{
		{{Feature: 0, Threshold: 1, MissingLeft: true, Left: 1, Right: 2, Cover: 4}, {Feature: -1, Value: 0.2, Cover: 3}, {Feature: -1, Value: 0.9, Cover: 1}},
		{{Feature: 1, Categories: []uint64{1}, Left: 1, Right: 2, Cover: 4}, {Feature: -1, Value: 0.6, Cover: 2}, {Feature: -1, Value: 0.4, Cover: 2}},
	}
}

func asked() *matrix.Matrix {
	return &matrix.Matrix{Rows: 4, Columns: []matrix.Column{
		{Name: "n", Nums: []float64{0, 2, math.NaN(), math.Inf(1)}}, {Name: "c", Codes: []int32{0, 1, -1, 5}, Levels: 2},
	}}
}

// A forest says the mean of its trees; its margin is the log-odds of it, and
// its shares are in proportion to those of the mean.
func TestForest(t *testing.T) {
	f, err := NewForest(2, stumps())
	if err != nil {
		t.Fatal(err)
	}
	x := asked()
	p, margins := make([]float64, 4), make([]float64, 4)
	if err := f.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	if err := f.Margins(margins, x); err != nil {
		t.Fatal(err)
	}
	mean := (0.2*0.75 + 0.9*0.25 + 0.6*0.5 + 0.4*0.5) / 2
	for i, want := range []float64{0.4, 0.65, 0.3, 0.65} {
		if math.Abs(p[i]-want) > 1e-12 || math.Abs(margins[i]-math.Log(want/(1-want))) > 1e-12 {
			t.Errorf("row %d: %v with margin %v, want %v", i, p[i], margins[i], want)
		}
		shares, one := make([]float64, 2), []float64{0, 0, 0, 0}
		one[i] = 1
		base, err := f.Shares(shares, x, one)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(base-math.Log(mean/(1-mean))) > 1e-12 || math.Abs(base+shares[0]+shares[1]-margins[i]) > 1e-12 {
			t.Errorf("row %d: base %v and shares %v of margin %v", i, base, shares, margins[i])
		}
		first := []float64{0.2, 0.9, 0.2, 0.9}[i]/2 - (0.2*0.75+0.9*0.25)/2
		if slope := (margins[i] - base) / (want - mean); math.Abs(shares[0]-slope*first) > 1e-12 {
			t.Errorf("row %d: share %v, want %v", i, shares[0], slope*first)
		}
	}
}

func TestForestIsChecked(t *testing.T) {
	if _, err := NewForest(2, nil); err == nil {
		t.Error("no trees: no error")
	}
	for _, v := range []float64{0, 1, -0.5, math.NaN()} {
		trees := stumps()
		trees[1][2].Value = v
		if _, err := NewForest(2, trees); err == nil {
			t.Errorf("a leaf of %v: no error", v)
		}
	}
	sum := New(2, 0.5)
	if err := sum.Add(stumps()[0]); err != nil {
		t.Fatal(err)
	}
	b, _ := sum.AppendBinary(nil)
	if _, err := DecodeForest(b); err == nil {
		t.Error("an ensemble with a base is taken for a forest")
	}
}

// FuzzDecodeForest: whatever decodes forecasts probabilities and comes back as it was.
func FuzzDecodeForest(f *testing.F) {
	forest, err := NewForest(2, stumps())
	if err != nil {
		f.Fatal(err)
	}
	b, _ := forest.AppendBinary(nil)
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeForest(b)
		if err != nil {
			return
		}
		p := make([]float64, 4)
		if err := m.Predict(p, asked()); err != nil {
			return
		}
		for _, v := range p {
			if !(v > 0 && v < 1) {
				t.Fatalf("a probability of %v", v)
			}
		}
		if _, err := m.Shares(make([]float64, 2), asked(), p); err != nil {
			t.Fatal(err)
		}
	})
}
