package survival

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// constructed gives the true log-rates of plain's subjects, wrong by a factor
// of the spread around the base and by an offset.
func constructed(base *BaseRates, x *matrix.Matrix, stretch, offset float64) []float64 {
	var margins []float64
	for _, v := range x.Columns[0].Nums {
		for i, b := range base.margins {
			c := plain.curve(v > 0, 0)
			truth := math.Log(c.Rates[i/3][i%3])
			margins = append(margins, b+stretch*(truth-b)+offset)
		}
	}
	return margins
}

func trial(t *testing.T, n int) (*BaseRates, *matrix.Matrix, models.Target, *Rows) {
	t.Helper()
	x, y := plain.draw(11, n)
	r, err := Expand(plain.cuts, y, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fit[*BaseRates](t, Baseline{Cuts: plain.cuts, Causes: 2}, x, y), x, y, r
}

// A candidate that is twice too sure of itself gets half the weight, and what
// it forecasts too much is taken back.
func TestStackingCalibrates(t *testing.T) {
	base, x, _, r := trial(t, 20000)
	blend, err := Stacking{Base: base, Prior: []float64{1}}.Fit(r, [][]float64{constructed(base, x, 2, 0.7)})
	if err != nil {
		t.Fatal(err)
	}
	for c, w := range blend.Weight {
		spread := []float64{0.5, 0.5}[c]
		if c == 0 && math.Abs(w[0]-spread) > 0.05 {
			t.Errorf("cause %d: weight %v", c+1, w)
		}
		for k := range 3 {
			if got := blend.Offset[c*3+k] + 0.7*w[0]; math.Abs(got) > 0.1 {
				t.Errorf("cause %d, interval %d: offset %v with weight %v", c+1, k, blend.Offset[c*3+k], w)
			}
		}
	}
}

// A candidate that knows nothing is left out, unless it must not be.
func TestStackingLeavesOutNoise(t *testing.T) {
	base, x, _, r := trial(t, 20000)
	rnd := rand.New(rand.NewPCG(5, 5))
	noise := constructed(base, x, 0, 0)
	for i := range noise {
		noise[i] += rnd.NormFloat64()
	}
	margins := [][]float64{constructed(base, x, 1, 0), noise}
	s := Stacking{Base: base, Prior: []float64{0.5, 0.5}}
	blend, err := s.Fit(r, margins)
	if err != nil {
		t.Fatal(err)
	}
	s.Best = 2
	kept, err := s.Fit(r, margins)
	if err != nil {
		t.Fatal(err)
	}
	if w := blend.Weight[0]; math.Abs(w[0]-1) > 0.1 || w[1] > 0.05 || w[1] < 0 {
		t.Errorf("weights %v", w)
	}
	if w := kept.Weight[0]; w[1] != leastBest {
		t.Errorf("the best ranker keeps %v", w)
	}
}

// With nothing to learn from, the blend is what it was thought to be; with
// priors of zero that is the base rates.
func TestStackingFewEvents(t *testing.T) {
	base, x, y, _ := trial(t, 2000)
	few := models.Target{Exit: y.Exit[:3], Entry: y.Entry[:3], Cause: []uint8{0, 0, 1}}
	few.Exit[2] = few.Entry[2] + 1
	r, err := Expand(plain.cuts, few, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	blend, err := Stacking{Base: base, Prior: []float64{0.3}}.Fit(r, [][]float64{constructed(base, x, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if w := blend.Weight[0][0]; math.Abs(w-0.3) > 0.15 {
		t.Errorf("weight %v after one event", w)
	}
	if w := blend.Weight[1][0]; w != 0.3 || slices.Max(blend.Offset[3:]) != 0 {
		t.Errorf("weight %v and offsets %v without an event", w, blend.Offset[3:])
	}
	zero := Blend{Offset: make([]float64, 6), Weight: [][]float64{{0}, {0}}}
	s, err := NewStack(base, zero, base)
	if err != nil {
		t.Fatal(err)
	}
	a, b := make([]float64, 6), make([]float64, 6)
	one := x.Gather([]int32{0})
	if s.Predict(a, one) != nil || base.Predict(b, one) != nil || !slices.Equal(a, b) {
		t.Errorf("without weights %v, base rates %v", a, b)
	}
}

// The fit is where the gradient is zero, or points out of the allowed range.
func TestStackingIsAtTheMinimum(t *testing.T) {
	base, x, _, r := trial(t, 3000)
	margins := [][]float64{constructed(base, x, 1.5, 0.2), constructed(base, x, -1, 0)}
	s := Stacking{Base: base, Prior: []float64{0.5, 0.5}, Groups: []int{0, 1, 1}}
	for cause := range 2 {
		f := s.problem(r, margins, cause)
		theta := f.start()
		if !f.minimise(theta) {
			t.Fatal("no minimum")
		}
		p := len(theta)
		gradient, hessian := make([]float64, p), make([]float64, p*p)
		f.value(theta, gradient, hessian)
		for i, g := range gradient {
			if math.Abs(g) > 1e-5 && !(theta[i] == f.least(i) && g > 0) {
				t.Errorf("cause %d: parameter %d is %v with slope %v", cause+1, i, theta[i], g)
			}
			// The slope itself, by differences.
			const h = 1e-5
			up, down := slices.Clone(theta), slices.Clone(theta)
			up[i] += h
			down[i] -= h
			if d := (f.value(up, nil, nil) - f.value(down, nil, nil)) / (2 * h); math.Abs(d-g) > 1e-4*(1+math.Abs(g)) {
				t.Errorf("cause %d: slope %d is %v, by differences %v", cause+1, i, g, d)
			}
		}
	}
}

// A plain probability is blended on the log-odds.
func TestStackingOfAProbability(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	n := 20000
	y, margins := make([]float64, n), make([]float64, n)
	for i := range y {
		m := rnd.NormFloat64() - 1
		if rnd.Float64() < 1/(1+math.Exp(-m)) {
			y[i] = 1
		}
		margins[i] = 2*m + 1 // too sure, and too high
	}
	x := &matrix.Matrix{Rows: n}
	base := fit[*BaseRates](t, Baseline{}, x, models.Target{Y: y})
	margins[3] = math.NaN() // never forecast: left out
	blend, err := Stacking{Base: base, Prior: []float64{0.5}}.Fit(Flat(y, nil), [][]float64{margins})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []float64{-3, -1, 1} {
		b := base.margins[0]
		if got := b + blend.Offset[0] + blend.Weight[0][0]*(2*m+1-b); math.Abs(got-m) > 0.1 {
			t.Errorf("log-odds %v, want %v", got, m)
		}
	}
}

func TestNewStackRefuses(t *testing.T) {
	base, _, _, _ := trial(t, 300)
	for name, b := range map[string]Blend{
		"few offsets": {Offset: make([]float64, 5), Weight: [][]float64{{1}, {1}}},
		"few causes":  {Offset: make([]float64, 6), Weight: [][]float64{{1}}},
		"few weights": {Offset: make([]float64, 6), Weight: [][]float64{{1}, {}}},
		"negative":    {Offset: make([]float64, 6), Weight: [][]float64{{1}, {-1}}},
		"no number":   {Offset: make([]float64, 6), Weight: [][]float64{{1}, {math.NaN()}}},
	} {
		if _, err := NewStack(base, b, base); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
