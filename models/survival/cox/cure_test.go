package cox_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/cox"
)

// deals of which some are never won: x moves both whether and when.
func deals(n int, r *rand.Rand) (*matrix.Matrix, models.Target) {
	x := matrix.Column{Name: "x", Nums: make([]float64, n)}
	var y models.Target
	for i := range n {
		x.Nums[i] = r.NormFloat64()
		at, cause := math.Inf(1), uint8(1)
		if r.Float64() < 1/(1+math.Exp(-0.3-0.9*x.Nums[i])) {
			at = 20 * math.Pow(r.ExpFloat64()*math.Exp(0.5*x.Nums[i]), 1/1.5) // log hazard ratio −0.5
		}
		if seen := 60 + 140*r.Float64(); at > seen {
			at, cause = seen, 0
		}
		y.Exit, y.Cause = append(y.Exit, at), append(y.Cause, cause)
	}
	return &matrix.Matrix{Rows: n, Columns: []matrix.Column{x}}, y
}

// Over samples of known truth the estimates are right on average.
func TestCureOfKnownTruth(t *testing.T) {
	const samples = 30
	r := rand.New(rand.NewPCG(7, 8))
	want := []float64{0.3, 0.9, -0.5}
	sum, square := make([]float64, 3), make([]float64, 3)
	for range samples {
		x, y := deals(600, r)
		f, err := cox.Cure{}.Fit(context.Background(), x, x, y)
		if err != nil {
			t.Fatal(err)
		}
		for j, b := range []float64{f.Incidence[0], f.Incidence[1], f.Latency[0]} {
			sum[j] += b / samples
			square[j] += b * b / samples
		}
	}
	for j, w := range want {
		se := math.Sqrt((square[j] - sum[j]*sum[j]) / samples)
		if math.Abs(sum[j]-w) > 4*se+0.02 {
			t.Errorf("coefficient %d is %.3f ± %.3f on average, truly %.1f", j, sum[j], se, w)
		}
	}
}

// Weights count as repeated rows; late entry is refused.
func TestCureWeights(t *testing.T) {
	x, y := deals(80, rand.New(rand.NewPCG(1, 1)))
	twice := y
	twice.Weight = make([]float64, len(y.Exit))
	rows := make([]int32, 0, 120)
	for i := range y.Exit {
		twice.Weight[i] = float64(1 + i%2)
		for range 1 + i%2 {
			rows = append(rows, int32(i))
		}
	}
	var repeated models.Target
	for _, i := range rows {
		repeated.Exit, repeated.Cause = append(repeated.Exit, y.Exit[i]), append(repeated.Cause, y.Cause[i])
	}
	a, err := cox.Cure{}.Fit(context.Background(), x, x, twice)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cox.Cure{}.Fit(context.Background(), x.Gather(rows), x.Gather(rows), repeated)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(a.Incidence[1]-b.Incidence[1]) > 1e-6 || math.Abs(a.Latency[0]-b.Latency[0]) > 1e-6 {
		t.Errorf("weighted %v %v, repeated %v %v", a.Incidence, a.Latency, b.Incidence, b.Latency)
	}
	y.Entry = make([]float64, len(y.Exit))
	y.Entry[3] = y.Exit[3] / 2
	if _, err := (cox.Cure{}).Fit(context.Background(), x, x, y); err == nil {
		t.Error("late entry is taken")
	}
}

func ExampleCure() {
	x, y := deals(400, rand.New(rand.NewPCG(1, 2)))
	f, _ := cox.Cure{}.Fit(context.Background(), x, x, y)
	fmt.Printf("ever won at x = 0: %.2f, at x = 1: %.2f\n", f.Susceptible([]float64{0}), f.Susceptible([]float64{1}))
	fmt.Printf("those who are, within 30 days: %.2f and %.2f\n", 1-f.OpenIfSusceptible([]float64{0}, 30), 1-f.OpenIfSusceptible([]float64{1}, 30))
	// Output:
	// ever won at x = 0: 0.59, at x = 1: 0.77
	// those who are, within 30 days: 0.80 and 0.67
}

// The lasso's path, from the column that enters first.
func ExampleRegression_Path() {
	r := rand.New(rand.NewPCG(3, 4))
	x := &matrix.Matrix{Rows: 300, Columns: []matrix.Column{{Name: "size"}, {Name: "noise"}}}
	var y models.Target
	for range x.Rows {
		size := r.NormFloat64()
		x.Columns[0].Nums, x.Columns[1].Nums = append(x.Columns[0].Nums, size), append(x.Columns[1].Nums, r.NormFloat64())
		at := r.ExpFloat64() * 30 / math.Exp(0.7*size)
		y.Exit, y.Cause = append(y.Exit, min(at, 60)), append(y.Cause, map[bool]uint8{at < 60: 1}[true])
	}
	path, _ := cox.Regression{}.Path(context.Background(), x, y, cox.Net{Alpha: 1, Lambda: []float64{0.4, 0.2, 0.05}})
	for k, lambda := range path.Lambda {
		fmt.Printf("λ %.2f: size %.2f, noise %.2f\n", lambda, path.Coef[k][0], path.Coef[k][1])
	}
	// Output:
	// λ 0.40: size 0.08, noise 0.00
	// λ 0.20: size 0.37, noise 0.00
	// λ 0.05: size 0.60, noise 0.00
}
