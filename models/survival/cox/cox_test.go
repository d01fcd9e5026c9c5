package cox_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/cox"
)

// draw gives subjects with two columns; hazards follow the first.
func draw(t *rapid.T, days bool) (*matrix.Matrix, models.Target, cox.Regression) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.IntRange(30, 80).Draw(t, "n")
	rows, y := make([][]float64, n), models.Target{}
	late, weighted, strata := rapid.Bool().Draw(t, "late"), rapid.Bool().Draw(t, "weighted"), rapid.IntRange(1, 3).Draw(t, "strata")
	reg := cox.Regression{Ties: cox.Ties(rapid.IntRange(0, 1).Draw(t, "ties"))}
	for i := range rows {
		rows[i] = []float64{r.NormFloat64(), r.NormFloat64()*3 + 5}
		entry, time := 0.0, r.ExpFloat64()*10*math.Exp(-0.5*rows[i][0])
		if late {
			entry = r.Float64() * 5
			y.Entry = append(y.Entry, entry)
		}
		if days {
			time = math.Ceil(time)
		}
		y.Exit, y.Cause = append(y.Exit, entry+time), append(y.Cause, uint8(r.IntN(3)))
		if weighted {
			y.Weight = append(y.Weight, float64(1+r.IntN(3)))
		}
		if strata > 1 {
			reg.Strata = append(reg.Strata, r.IntN(strata))
		}
	}
	return matrix.New(rows), y, reg
}

func fit(t *rapid.T, r cox.Regression, x *matrix.Matrix, y models.Target) *cox.Fit {
	f, err := r.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same(t *rapid.T, what string, a, b []float64, within float64) {
	for j := range a {
		if !(math.Abs(a[j]-b[j]) <= within*(1+math.Abs(a[j]))) {
			t.Fatalf("%s: %v and %v", what, a, b)
		}
	}
}

// Neither the unit of time, nor the order of rows, nor the origin and unit of a
// column change what is said of the others.
func TestInvariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, r := draw(t, rapid.Bool().Draw(t, "days"))
		f := fit(t, r, x, y)

		slower := y
		slower.Exit, slower.Entry = nil, nil
		for i := range y.Exit {
			slower.Exit = append(slower.Exit, 8*y.Exit[i])
			if y.Entry != nil {
				slower.Entry = append(slower.Entry, 8*y.Entry[i])
			}
		}
		same(t, "another unit of time", f.Coef, fit(t, r, x, slower).Coef, 0)

		order := rand.New(rand.NewPCG(3, 4)).Perm(len(y.Exit))
		var shuffled models.Target
		index, strata := make([]int32, len(order)), []int(nil)
		for i, o := range order {
			index[i] = int32(o)
			shuffled.Exit, shuffled.Cause = append(shuffled.Exit, y.Exit[o]), append(shuffled.Cause, y.Cause[o])
			if y.Entry != nil {
				shuffled.Entry = append(shuffled.Entry, y.Entry[o])
			}
			if y.Weight != nil {
				shuffled.Weight = append(shuffled.Weight, y.Weight[o])
			}
			if r.Strata != nil {
				strata = append(strata, r.Strata[o])
			}
		}
		s := r
		s.Strata = strata
		g := fit(t, s, x.Gather(index), shuffled)
		same(t, "another order", f.Coef, g.Coef, 1e-9)
		same(t, "another order's SE", f.SE(), g.SE(), 1e-9)

		moved := make([]float64, x.Rows)
		for i := range moved {
			moved[i] = 100 - 4*x.Columns[1].Nums[i]
		}
		g = fit(t, r, &matrix.Matrix{Rows: x.Rows, Columns: []matrix.Column{x.Columns[0], {Name: "moved", Nums: moved}}}, y)
		same(t, "another unit of a column", f.Coef, []float64{g.Coef[0], -4 * g.Coef[1]}, 1e-8)
	})
}

// With Breslow's ties, whole weights are repeated rows; a robust error takes
// the copies as one cluster.
func TestWeightsAreRepetitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, r := draw(t, true)
		for i := range y.Exit {
			y.Weight = append(y.Weight[:i], float64(1+i%3))
		}
		r.Ties = cox.Breslow
		var often models.Target
		var index []int32
		var strata, cluster []int
		for i, w := range y.Weight {
			for range int(w) {
				index, cluster = append(index, int32(i)), append(cluster, i)
				often.Exit, often.Cause = append(often.Exit, y.Exit[i]), append(often.Cause, y.Cause[i])
				if y.Entry != nil {
					often.Entry = append(often.Entry, y.Entry[i])
				}
				if r.Strata != nil {
					strata = append(strata, r.Strata[i])
				}
			}
		}
		f := fit(t, r, x, y)
		r.Strata = strata
		g := fit(t, r, x.Gather(index), often)
		same(t, "coefficients", f.Coef, g.Coef, 1e-8)
		same(t, "SE", f.SE(), g.SE(), 1e-8)
		same(t, "robust SE", f.Robust(nil).SE(), g.Robust(cluster).SE(), 1e-8)
	})
}

// Without ties Efron and Breslow say the same; martingale residuals sum to
// nothing, scores to zero; no penalty is a penalty of nothing.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, r := draw(t, false)
		r.Ties = cox.Efron
		f := fit(t, r, x, y)
		r.Ties = cox.Breslow
		b := fit(t, r, x, y)
		same(t, "ties", append(f.Coef, f.LogLik), append(b.Coef, b.LogLik), 1e-12)
		if f.Score < 0 || 2*(f.LogLik-f.Null) < 0 || f.Wald() < 0 {
			t.Fatal("a chi-square is negative")
		}
		res, sum := f.Residuals(), make([]float64, 3)
		for i, m := range res.Martingale {
			w := 1.0
			if y.Weight != nil {
				w = y.Weight[i]
			}
			sum[2] += w * m
			for j, s := range res.Score[i] {
				sum[j] += w * s
			}
		}
		same(t, "sums of residuals", sum, make([]float64, 3), 1e-7)
		path, err := r.Path(context.Background(), x, y, cox.Net{Alpha: 0.5, Lambda: []float64{1e6, 0}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "a path from nothing", path.Coef[0], make([]float64, 2), 0)
		same(t, "a path to no penalty", path.Coef[1], b.Coef, 1e-7)
		h, se := f.Forecast([]float64{0, 0}, 0, 0, y.Exit[0])
		times, base := f.Baseline(0)
		at := -1
		for k, time := range times {
			if time <= y.Exit[0] {
				at = k
			}
		}
		if at >= 0 && math.Abs(h-base[at]) > 1e-9*h || !(se >= 0) {
			t.Fatalf("hazard %v ± %v where the baseline is %v", h, se, base[at])
		}
	})
}

func TestFitRefuses(t *testing.T) {
	y := models.Target{Exit: []float64{1, 2, 3, 4, 5}, Cause: []uint8{1, 1, 0, 1, 1}}
	good := [][]float64{{1}, {0}, {1}, {2}, {1}}
	for name, c := range map[string]struct {
		rows [][]float64
		y    models.Target
	}{
		"no events":          {good, models.Target{Exit: y.Exit, Cause: make([]uint8, 5)}},
		"no number":          {[][]float64{{1}, {math.NaN()}, {1}, {2}, {1}}, y},
		"a constant":         {[][]float64{{1}, {1}, {1}, {1}, {1}}, y},
		"twice the same":     {[][]float64{{1, 2}, {0, 0}, {1, 2}, {2, 4}, {1, 2}}, y},
		"perfect separation": {[][]float64{{5}, {4}, {3}, {2}, {1}}, y},
		"ends too early":     {good, models.Target{Exit: y.Exit, Entry: []float64{2, 0, 0, 0, 0}, Cause: y.Cause}},
		"negative weight":    {good, models.Target{Exit: y.Exit, Weight: []float64{1, 1, 1, 1, -1}, Cause: y.Cause}},
	} {
		if _, err := (cox.Regression{}).Fit(context.Background(), matrix.New(c.rows), c.y); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// company gives n subjects with p columns and times in whole days.
func company(n, p int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(1, 2))
	x := &matrix.Matrix{Rows: n}
	eta := make([]float64, n)
	for j := range p {
		c := matrix.Column{Name: string(rune('a' + j)), Nums: make([]float64, n)}
		b := 0.4 * math.Cos(float64(j))
		for i := range c.Nums {
			c.Nums[i] = r.NormFloat64()
			eta[i] += b * c.Nums[i]
		}
		x.Columns = append(x.Columns, c)
	}
	y := models.Target{Exit: make([]float64, n), Cause: make([]uint8, n)}
	for i := range n {
		t, c := math.Ceil(r.ExpFloat64()*200*math.Exp(-eta[i])), math.Ceil(r.Float64()*730)
		y.Exit[i] = min(t, c)
		if t <= c {
			y.Cause[i] = 1
		}
	}
	return x, y
}

func BenchmarkFit(b *testing.B) {
	for name, n := range map[string]int{"100k": 100_000, "1M": 1_000_000} {
		x, y := company(n, 20)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, err := cox.Regression{}.Fit(context.Background(), x, y)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(f.Steps), "steps")
			}
		})
	}
}

// Sums are of fixed stripes: the same bits on any number of CPUs.
func TestSameBitsOnAnyCPUs(t *testing.T) {
	x, y := company(20_000, 3)
	for i := range y.Exit {
		y.Weight = append(y.Weight, 1+float64(i%7)/3)
	}
	var first *cox.Fit
	for _, cpus := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(cpus)
		f, err := cox.Regression{}.Fit(context.Background(), x, y)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = f
		}
		if !slices.Equal(f.Coef, first.Coef) || f.LogLik != first.LogLik || !slices.Equal(f.SE(), first.SE()) {
			t.Errorf("%d CPUs: %v, with one %v", cpus, f.Coef, first.Coef)
		}
	}
}
