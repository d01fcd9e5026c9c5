package finegray_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/cox"
	"github.com/leadcast/leadcast/models/survival/finegray"
)

// Deals won (1), lost (2) or still open, by days; inbound ones close faster.
func Example() {
	y := models.Target{
		Exit:  []float64{5, 12, 20, 31, 44, 50, 8, 15, 22, 33, 41, 60},
		Cause: []uint8{1, 1, 2, 1, 0, 1, 2, 2, 1, 2, 0, 2},
	}
	inbound := matrix.Column{Name: "inbound", Nums: []float64{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0}}
	f, _ := finegray.Regression{Cause: 1}.Fit(context.Background(), &matrix.Matrix{Rows: 12, Columns: []matrix.Column{inbound}}, y)
	fmt.Printf("β %.2f ± %.2f\n", f.Coef[0], f.SE()[0])
	fmt.Printf("won within 30 days: inbound %.2f, others %.2f\n", f.Incidence([]float64{1}, 30), f.Incidence([]float64{0}, 30))
	// Output:
	// β 1.66 ± 1.05
	// won within 30 days: inbound 0.39, others 0.09
}

// draw gives subjects with two columns and causes up to most.
func draw(t *rapid.T, most int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.IntRange(40, 90).Draw(t, "n")
	days := rapid.Bool().Draw(t, "days")
	rows, y := make([][]float64, n), models.Target{}
	for i := range rows {
		rows[i] = []float64{r.NormFloat64(), r.Float64()}
		time := r.ExpFloat64() * 10 * math.Exp(-0.3*rows[i][0])
		if days {
			time = math.Ceil(time)
		}
		y.Exit, y.Cause = append(y.Exit, time), append(y.Cause, uint8(r.IntN(most+1)))
	}
	return matrix.New(rows), y
}

func fit(t *rapid.T, x *matrix.Matrix, y models.Target) *finegray.Fit {
	f, err := finegray.Regression{Cause: 1}.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same(t *rapid.T, what string, a, b []float64) {
	for j := range a {
		if !(math.Abs(a[j]-b[j]) <= 1e-8*(1+math.Abs(a[j]))) {
			t.Fatalf("%s: %v and %v", what, a, b)
		}
	}
}

// Where no cause competes it is Cox's regression with robust errors.
func TestWithoutCompetitionItIsCox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := draw(t, 1)
		f := fit(t, x, y)
		c, err := cox.Regression{Ties: cox.Breslow}.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "coefficients", append(f.Coef, f.LogLik, f.Null), append(c.Coef, c.LogLik, c.Null))
		same(t, "SE", f.SE(), c.Robust(nil).SE())
		h, _ := c.Forecast([]float64{1, 1}, 0, 0, 10)
		same(t, "forecast", []float64{f.Incidence([]float64{1, 1}, 10)}, []float64{-math.Expm1(-h)})
	})
}

// Neither the unit of time nor the order of rows matter; where nobody is
// censored, those whom another cause took just never leave.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := draw(t, 2)
		f := fit(t, x, y)
		var slower models.Target
		var index []int32
		for i := len(y.Exit) - 1; i >= 0; i-- {
			index, slower.Exit, slower.Cause = append(index, int32(i)), append(slower.Exit, 8*y.Exit[i]), append(slower.Cause, y.Cause[i])
		}
		g := fit(t, x.Gather(index), slower)
		same(t, "order and unit", append(f.Coef, f.SE()...), append(g.Coef, g.SE()...))

		for i, c := range y.Cause {
			y.Cause[i] = max(c, 1)
		}
		stays := models.Target{Cause: y.Cause}
		for i, exit := range y.Exit {
			if y.Cause[i] != 1 {
				exit = 1e6
			}
			stays.Exit = append(stays.Exit, exit)
		}
		c, err := cox.Regression{Ties: cox.Breslow, Cause: 1}.Fit(context.Background(), x, stays)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "nobody censored", fit(t, x, y).Coef, c.Coef)
	})
}

func TestFitRefuses(t *testing.T) {
	x := matrix.New([][]float64{{1}, {0}, {2}})
	for name, y := range map[string]models.Target{
		"no events":     {Exit: []float64{1, 2, 3}, Cause: []uint8{0, 2, 2}},
		"no number":     {Exit: []float64{1, math.NaN(), 3}, Cause: []uint8{1, 1, 1}},
		"delayed entry": {Entry: make([]float64, 3), Exit: []float64{1, 2, 3}, Cause: []uint8{1, 1, 1}},
		"separation":    {Exit: []float64{2, 3, 1}, Cause: []uint8{1, 1, 1}},
	} {
		if _, err := (finegray.Regression{Cause: 1}).Fit(context.Background(), x, y); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
