package discrete_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/survival/discrete"
)

// Deals by the quarter in which they were won or last seen; referred ones go
// faster.
func Example() {
	y := models.Target{
		Exit:  []float64{1, 1, 1, 2, 2, 3, 1, 2, 2, 3, 3, 3},
		Cause: []uint8{1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0},
	}
	referred := matrix.Column{Name: "referred", Nums: []float64{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0}}
	f, _ := discrete.Regression{Link: discrete.Logit, Periods: 3}.Fit(context.Background(), &matrix.Matrix{Rows: 12, Columns: []matrix.Column{referred}}, y)
	for _, x := range []float64{0, 1} {
		_, s := f.Forecast([]float64{x})
		fmt.Printf("open after each quarter: %.2f\n", s)
	}
	// Output:
	// open after each quarter: [0.89 0.69 0.41]
	// open after each quarter: [0.61 0.23 0.05]
}

// Without columns either link is the life table; whole weights are repeated
// rows, in any order.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(60, 100).Draw(t, "n")
		link := discrete.Link(rapid.IntRange(0, 1).Draw(t, "link"))
		rows, y, often := make([][]float64, n), models.Target{}, models.Target{}
		var index []int32
		for i := range rows {
			rows[i] = []float64{r.NormFloat64()}
			entry := r.IntN(2)
			y.Entry, y.Exit = append(y.Entry, float64(entry)), append(y.Exit, float64(entry+1+r.IntN(3)))
			y.Cause, y.Weight = append(y.Cause, uint8(r.IntN(2))), append(y.Weight, float64(1+r.IntN(2)))
			if i < 8 { // something of everything in each period
				y.Entry[i], y.Exit[i], y.Cause[i] = 0, float64(1+i/2), uint8(i%2)
			}
		}
		for i := n - 1; i >= 0; i-- {
			for range int(y.Weight[i]) {
				index, often.Entry, often.Exit, often.Cause = append(index, int32(i)), append(often.Entry, y.Entry[i]), append(often.Exit, y.Exit[i]), append(often.Cause, y.Cause[i])
			}
		}
		x := matrix.New(rows)
		reg := discrete.Regression{Link: link, Periods: 3}
		f, err := reg.Fit(context.Background(), x, y)
		g, err2 := reg.Fit(context.Background(), x.Gather(index), often)
		bare, err3 := reg.Fit(context.Background(), &matrix.Matrix{Rows: n}, y)
		if err != nil || err2 != nil || err3 != nil {
			t.Fatal(err, err2, err3)
		}
		for j, se := range f.SE() {
			if math.Abs(se-g.SE()[j]) > 1e-8 || math.Abs(f.Coef[0]-g.Coef[0]) > 1e-8 {
				t.Fatalf("weighted %v, repeated %v", f, g)
			}
		}
		km, err := survival.KaplanMeier(y)
		if err != nil {
			t.Fatal(err)
		}
		_, s := bare.Forecast(nil)
		for k := range s {
			if want := km.S[km.Step(float64(k+1))]; math.Abs(s[k]-want) > 1e-9 {
				t.Fatalf("S is %v, by Kaplan and Meier %v", s[k], want)
			}
		}
	})
}

func TestFitRefuses(t *testing.T) {
	x := matrix.New([][]float64{{1}, {0}, {2}, {1}})
	for name, y := range map[string]models.Target{
		"half a period":           {Exit: []float64{1, 1.5, 2, 2}, Cause: []uint8{1, 0, 1, 0}},
		"a period without events": {Exit: []float64{1, 1, 2, 2}, Cause: []uint8{1, 0, 0, 0}},
		"entry after the end":     {Entry: []float64{1, 0, 0, 0}, Exit: []float64{1, 1, 2, 2}, Cause: []uint8{1, 0, 1, 0}},
		"negative weight":         {Exit: []float64{1, 1, 2, 2}, Cause: []uint8{1, 0, 1, 0}, Weight: []float64{1, 1, 1, -1}},
	} {
		if _, err := (discrete.Regression{Periods: 2}).Fit(context.Background(), x, y); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
