package exchange

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/survival"
)

// boosted is a booster of ours over numbers and categories with holes, alone
// in a stack; many gives the category column so many levels.
func boosted(t testing.TB, many int) (*survival.Stack, *matrix.Matrix, []Column) {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 9))
	x := &matrix.Matrix{Rows: 600, Columns: []matrix.Column{{Name: "a b", Nums: make([]float64, 600)}, {Name: "c", Codes: make([]int32, 600), Levels: many}}}
	y := models.Target{Y: make([]float64, 600)}
	for i := range y.Y {
		v, code := r.NormFloat64(), int32(r.IntN(many+1))-1
		if r.IntN(5) == 0 {
			v = math.NaN()
		}
		x.Columns[0].Nums[i], x.Columns[1].Codes[i] = v, code
		margin := float64((code+1)%3) - 1
		if v == v {
			margin += v
		}
		if r.Float64() < portable.Sigmoid(margin) {
			y.Y[i] = 1
		}
	}
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds = 20
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	s, err := survival.NewStack(survival.Chance(2, 0.1), survival.Blend{Offset: []float64{0.2}, Weight: [][]float64{{0.7}}}, m.(models.Additive))
	if err != nil {
		t.Fatal(err)
	}
	return s, x, []Column{{Name: "a b", Origin: "a b", Kind: "number"}, {Name: "c", Origin: "c", Kind: "category", Codes: many, Levels: make([]string, many-1)}}
}

// What is written and read again forecasts the same; LightGBM 4.7.0 was seen to
// read it likewise.
func TestTextAndBack(t *testing.T) {
	s, x, columns := boosted(t, 5)
	var b bytes.Buffer
	alone, err := LightGBMText(&b, s, columns)
	if err != nil || !alone {
		t.Fatal(alone, err)
	}
	f, err := LightGBM(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Bind([]bool{false, true}, []Input{{Column: 0}, {Column: 1}})
	if err != nil {
		t.Fatal(err)
	}
	got, want := make([]float64, x.Rows), make([]float64, x.Rows)
	if m.Predict(got, x) != nil || s.Predict(want, x) != nil {
		t.Fatal("no predictions")
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1e-14 {
			t.Fatalf("row %d: %v after text, %v before", i, got[i], want[i])
		}
	}
	if f.Features[0].Name != "a_b" || !f.Features[1].Category {
		t.Errorf("features %+v", f.Features)
	}
}

func TestTextNamesStatistics(t *testing.T) {
	s, _, columns := boosted(t, 80)
	var b bytes.Buffer
	if _, err := LightGBMText(&b, s, columns); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "feature_names=a_b c rate_of_c count_of_c\n") {
		t.Error(b.String()[:300])
	}
}

func TestTextRefuses(t *testing.T) {
	s, err := survival.NewStack(survival.Chance(1, 0), survival.Blend{Offset: []float64{0}, Weight: [][]float64{{}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LightGBMText(&bytes.Buffer{}, s, nil); err == nil || !strings.Contains(err.Error(), "no boosted trees") {
		t.Errorf("%v", err)
	}
}
