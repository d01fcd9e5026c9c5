package aft_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival/aft"
)

// draw gives subjects with two columns, some last seen open.
func draw(t *rapid.T) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := rapid.IntRange(100, 160).Draw(t, "n") // fewer may have a likelihood without a maximum
	rows, y := make([][]float64, n), models.Target{}
	late := rapid.Bool().Draw(t, "late")
	for i := range rows {
		rows[i] = []float64{r.NormFloat64(), float64(r.IntN(2))}
		entry := 0.0
		if late {
			entry = 0.1 * r.Float64()
			y.Entry = append(y.Entry, entry)
		}
		y.Exit = append(y.Exit, entry+0.01+r.ExpFloat64()*math.Exp(0.5*rows[i][0]))
		y.Cause = append(y.Cause, uint8(min(1, r.IntN(3))))
		y.Weight = append(y.Weight, float64(1+r.IntN(3)))
	}
	return matrix.New(rows), y
}

func fit(t *rapid.T, r aft.Regression, x *matrix.Matrix, y models.Target) *aft.Fit {
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

// A slower clock moves the intercept by the log of its unit and nothing else;
// whole weights are repeated rows, in any order; a narrow interval is the time
// itself; quantiles and survival are each other's inverse.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := draw(t)
		r := aft.Regression{Distribution: aft.Distribution(rapid.IntRange(0, 3).Draw(t, "shape"))}
		f := fit(t, r, x, y)

		slower := models.Target{Cause: y.Cause, Weight: y.Weight}
		var often models.Target
		var index []int32
		narrow, upper := y, make([]float64, len(y.Exit))
		narrow.Exit = nil
		for i := len(y.Exit) - 1; i >= 0; i-- {
			for range int(y.Weight[i]) {
				index, often.Exit, often.Cause = append(index, int32(i)), append(often.Exit, y.Exit[i]), append(often.Cause, y.Cause[i])
				if y.Entry != nil {
					often.Entry = append(often.Entry, y.Entry[i])
				}
			}
		}
		for i, exit := range y.Exit {
			slower.Exit = append(slower.Exit, 7*exit)
			if y.Entry != nil {
				slower.Entry = append(slower.Entry, 7*y.Entry[i])
			}
			upper[i] = exit
			if y.Cause[i] != 0 {
				upper[i] = exit * (1 + 1e-5)
			}
			narrow.Exit = append(narrow.Exit, exit)
		}
		s := fit(t, r, x, slower)
		same(t, "a slower clock", append([]float64{f.Coef[0] + math.Log(7)}, append(f.Coef[1:], f.Scale...)...), append(s.Coef, s.Scale...), 1e-8)
		same(t, "its SE", f.SE(), s.SE(), 1e-7)
		o := fit(t, r, x.Gather(index), often)
		same(t, "repeated rows", append(f.Coef, f.LogLik), append(o.Coef, o.LogLik), 1e-8)
		r.Upper = upper
		same(t, "a narrow interval", f.Coef, fit(t, r, x, narrow).Coef, 1e-4)

		large := make([]float64, x.Rows)
		for i, v := range x.Columns[0].Nums {
			large[i] = 1.7e9 + 1e7*v
		}
		l := fit(t, aft.Regression{Distribution: r.Distribution}, &matrix.Matrix{Rows: x.Rows, Columns: []matrix.Column{{Name: "large", Nums: large}, x.Columns[1]}}, y)
		same(t, "a column of large numbers", f.Coef[1:], []float64{1e7 * l.Coef[1], l.Coef[2]}, 1e-6)
		same(t, "its SE", f.SE()[1:2], []float64{1e7 * l.SE()[1]}, 1e-6)

		row := []float64{0.3, 1}
		p := rapid.Float64Range(0.01, 0.99).Draw(t, "p")
		q, _ := f.Quantile(p, row, 0)
		if math.Abs(f.Survival(q, row, 0)-(1-p)) > 1e-9 {
			t.Fatalf("S of the quantile %v is %v", p, f.Survival(q, row, 0))
		}
	})
}

// The mean is the area under S.
func TestMean(t *testing.T) {
	x, y := matrix.New([][]float64{{0}, {1}, {0}, {1}, {0}, {1}, {1}, {0}}), models.Target{
		Exit: []float64{3, 4, 3.5, 5, 2.5, 4.5, 4.2, 3.2}, Cause: []uint8{1, 1, 1, 1, 1, 1, 0, 1}}
	for _, d := range []aft.Distribution{aft.Weibull, aft.Exponential, aft.LogNormal, aft.LogLogistic} {
		f, err := aft.Regression{Distribution: d}.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		area, step := 0.0, 1e-3
		for u := step / 2; u < 200; u += step {
			area += step * f.Survival(u, []float64{1}, 0)
		}
		if mean := f.Mean([]float64{1}, 0); math.Abs(area/mean-1) > 1e-4 {
			t.Errorf("distribution %d: the mean is %v, the area %v", d, mean, area)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	good := [][]float64{{1}, {0}, {1}, {2}}
	y := models.Target{Exit: []float64{1, 2, 3, 4}, Cause: []uint8{1, 1, 0, 1}}
	for name, c := range map[string]struct {
		rows [][]float64
		y    models.Target
	}{
		"no events":       {good, models.Target{Exit: y.Exit, Cause: make([]uint8, 4)}},
		"no number":       {[][]float64{{1}, {math.NaN()}, {1}, {2}}, y},
		"a constant":      {[][]float64{{1}, {1}, {1}, {1}}, y},
		"an event at 0":   {good, models.Target{Exit: []float64{0, 2, 3, 4}, Cause: y.Cause}},
		"ends too early":  {good, models.Target{Exit: y.Exit, Entry: []float64{2, 0, 0, 0}, Cause: y.Cause}},
		"negative weight": {good, models.Target{Exit: y.Exit, Weight: []float64{1, 1, 1, -1}, Cause: y.Cause}},
	} {
		if _, err := (aft.Regression{}).Fit(context.Background(), matrix.New(c.rows), c.y); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// With a slower clock only the latency's intercept moves; repeated rows are
// weights; nobody comes back to life; late followers who are still open are
// mostly cured.
func TestCure(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	n := 600
	rows, y, often, slower := make([][]float64, n), models.Target{}, models.Target{}, models.Target{}
	var index []int32
	for i := range rows {
		rows[i] = []float64{r.NormFloat64()}
		time := math.Inf(1)
		if r.Float64() < 1/(1+math.Exp(-0.7*rows[i][0])) {
			time = math.Exp(2 + 0.5*r.NormFloat64())
		}
		lost := 60 * r.Float64()
		y.Exit, y.Cause, y.Weight = append(y.Exit, min(time, lost)), append(y.Cause, 0), append(y.Weight, float64(1+i%2))
		if time <= lost {
			y.Cause[i] = 1
		}
		slower.Exit = append(slower.Exit, 7*y.Exit[i])
		for range 1 + i%2 {
			index, often.Exit, often.Cause = append(index, int32(i)), append(often.Exit, y.Exit[i]), append(often.Cause, y.Cause[i])
		}
	}
	slower.Cause, slower.Weight = y.Cause, y.Weight
	x := matrix.New(rows)
	for _, c := range []aft.Cure{{Distribution: aft.LogNormal}, {Distribution: aft.Weibull}, {Distribution: aft.Exponential}, {Distribution: aft.LogLogistic, Promotion: true}} {
		fit := func(x *matrix.Matrix, y models.Target) *aft.CureFit {
			f, err := c.Fit(context.Background(), x, &matrix.Matrix{Rows: x.Rows}, y)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		f, g, h := fit(x, y), fit(x.Gather(index), often), fit(x, slower)
		for j, b := range f.Incidence {
			if math.Abs(b-g.Incidence[j]) > 1e-8 || math.Abs(b-h.Incidence[j]) > 1e-8 || math.Abs(f.Latency[0]+math.Log(7)-h.Latency[0]) > 1e-8 {
				t.Errorf("%+v: %v, repeated %v, slower %v", c, f, g, h)
			}
		}
		before := 1.0
		for u := 1.0; u < 200; u++ {
			s := f.Survival(u, []float64{0.5}, nil)
			still := f.StillSusceptible(u, []float64{0.5}, nil)
			if s > before || s < 1-f.Susceptible([]float64{0.5})-1e-12 || still < -1e-12 || still > f.Susceptible([]float64{0.5}) {
				t.Fatalf("%+v: S(%v) = %v after %v, %v still susceptible", c, u, s, before, still)
			}
			before = s
		}
		if c.Distribution == aft.LogNormal && (math.Abs(f.Incidence[1]-0.7) > 3*f.SE()[1] || math.Abs(f.Latency[0]-2) > 4*f.SE()[2]) {
			t.Errorf("%v ± %v is not what was drawn", f, f.SE())
		}
	}
}
