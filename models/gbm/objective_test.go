package gbm

import (
	"context"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
)

// law writes an objective once more, for complex margins, so that derivatives
// can be taken by complex step (Squire and Trapp 1998): the gradient is that of
// the loss, and the curvature that of the slope.
type law struct {
	objective Objective
	loss      func(z complex128, y, exposure float64) complex128
	slope     func(z complex128, y, exposure float64) complex128
	times     float64 // what the curvature is multiplied by
	straight  bool    // beyond ±largestRate
	exposed   bool
	outcomes  func(r *rand.Rand) float64
}

func rate(z complex128, y, exposure float64) complex128 {
	return complex(exposure, 0)*cmplx.Exp(z) - complex(y, 0)*z
}

func rateSlope(z complex128, y, exposure float64) complex128 {
	return complex(exposure, 0)*cmplx.Exp(z) - complex(y, 0)
}

// chance is log(1+e^z) − yz, whose derivative is read off the side that does
// not overflow.
func chance(z complex128, y, _ float64) complex128 {
	if real(z) > 0 {
		return complex(1-y, 0)*z + log1p(cmplx.Exp(-z))
	}
	return log1p(cmplx.Exp(z)) - complex(y, 0)*z
}

func chanceSlope(z complex128, y, _ float64) complex128 {
	if real(z) > 0 {
		e := cmplx.Exp(-z)
		return complex(1-y, 0) - e/(1+e)
	}
	e := cmplx.Exp(z)
	return e/(1+e) - complex(y, 0)
}

func log1p(w complex128) complex128 {
	if cmplx.Abs(w) < 1e-8 {
		return w - w*w/2
	}
	return cmplx.Log(1 + w)
}

const power, delta = 1.3, 1.5

var analytic = []law{
	{objective: Logistic{}, loss: chance, slope: chanceSlope, outcomes: soft3},
	{objective: Softmax{4}, loss: chance, slope: chanceSlope, times: 4.0 / 3, outcomes: yesNo},
	{objective: Poisson{}, straight: true, exposed: true, loss: rate, slope: rateSlope, outcomes: func(r *rand.Rand) float64 { return float64(r.IntN(4)) }},
	{objective: Cox{}, straight: true, exposed: true, loss: rate, slope: rateSlope, outcomes: yesNo},
	{
		objective: Gamma{}, straight: true, outcomes: func(r *rand.Rand) float64 { return r.ExpFloat64() + 1e-3 },
		loss:  func(z complex128, y, _ float64) complex128 { return complex(y, 0)*cmplx.Exp(-z) + z },
		slope: func(z complex128, y, _ float64) complex128 { return 1 - complex(y, 0)*cmplx.Exp(-z) },
	},
	{
		objective: Tweedie{power}, straight: true, outcomes: func(r *rand.Rand) float64 { return float64(r.IntN(2)) * r.ExpFloat64() },
		loss: func(z complex128, y, _ float64) complex128 {
			return complex(1/(2-power), 0)*cmplx.Exp((2-power)*z) + complex(y/(power-1), 0)*cmplx.Exp((1-power)*z)
		},
		slope: func(z complex128, y, _ float64) complex128 {
			return cmplx.Exp((2-power)*z) - complex(y, 0)*cmplx.Exp((1-power)*z)
		},
	},
	{
		objective: Squared{}, outcomes: (*rand.Rand).NormFloat64,
		loss:  func(z complex128, y, _ float64) complex128 { return (z - complex(y, 0)) * (z - complex(y, 0)) / 2 },
		slope: func(z complex128, y, _ float64) complex128 { return z - complex(y, 0) },
	},
}

func yesNo(r *rand.Rand) float64 { return float64(r.IntN(2)) }

// soft3 draws labels, some of them soft.
func soft3(r *rand.Rand) float64 { return []float64{0, 0.3, 1}[r.IntN(3)] }

func TestGradients(t *testing.T) {
	for _, l := range analytic {
		o, r := l.objective, rand.New(rand.NewPCG(1, 2))
		const step = 1e-100
		for k := range 1000 {
			margin, exposure := 20*r.NormFloat64(), 1.0
			switch k % 10 {
			case 0:
				margin = 700 * (2*r.Float64() - 1)
			case 1:
				margin = []float64{-700, -80, 0, 80, 700}[k/10%5]
			}
			if l.exposed {
				exposure = 0.1 + r.Float64()
			}
			y := l.outcomes(r)
			at := complex(margin, step)
			if l.straight {
				at = complex(clamp(margin), step)
			}
			g, h := o.Gradient(margin, y, exposure)
			near := func(what string, got, want, of float64) {
				t.Helper()
				if !(math.Abs(got-want) <= 1e-12*of+1e-300) {
					t.Fatalf("%s: %s %v at margin %v and y = %v, want %v", o.Name(), what, got, margin, y, want)
				}
			}
			of := math.Abs(g) + math.Abs(y) + 1
			near("gradient", g, imag(l.loss(at, y, exposure))/step, of)
			near("gradient", g, real(l.slope(at, y, exposure)), of)
			want := imag(l.slope(at, y, exposure)) / step
			if l.times > 0 {
				want *= l.times
			}
			near("curvature", h, want, want+2e-4) // at least the smallest curvature
			if !(h > 0) {
				t.Fatalf("%s: curvature %v at %v", o.Name(), h, margin)
			}
			// The loss, whose constant is free, by its differences.
			if math.Abs(margin) < 30 {
				up, down := o.Loss(margin+1e-4, y, exposure), o.Loss(margin-1e-4, y, exposure)
				if d := (up - down) / 2e-4; math.Abs(g-d) > 1e-6*math.Abs(d)+1e-8*math.Max(1, math.Abs(up)) {
					t.Fatalf("%s: loss rises by %v at %v, the gradient is %v", o.Name(), d, margin, g)
				}
			}
		}
	}
}

// all is one objective of each kind, checked against the list that bytes are
// read by.
func all(t *testing.T) []Objective {
	list := []Objective{Logistic{}, Poisson{}, Squared{}, Huber{Delta: delta}, Quantile{Level: 0.8}, Gamma{}, Tweedie{power}, Softmax{4}, Cox{2}}
	if n := len(objectives(1)); n != len(list) {
		t.Fatalf("%d objectives are tested, there are %d", len(list), n)
	}
	for _, o := range list {
		if named(o.Name()) != o {
			t.Fatalf("%s is read as %v", o.Name(), named(o.Name()))
		}
	}
	for _, name := range []string{"", "nobody", "huber", "huber -1", "huber NaN", "huber 01", "quantile 1", "tweedie 2", "softmax 1", "softmax 5000", "logistic 1", "cox 256"} {
		if o := named(name); o != nil {
			t.Errorf("%q is read as %v", name, o)
		}
	}
	return list
}

// TestSubgradients: every loss lies above the line through it that its gradient
// gives, which is what a subgradient is where there is no derivative, and the
// parabola with its curvature starts upwards.
func TestSubgradients(t *testing.T) {
	list := all(t)
	rapid.Check(t, func(t *rapid.T) {
		o := list[rapid.IntRange(0, len(list)-1).Draw(t, "objective")]
		y := float64(rapid.IntRange(0, 1).Draw(t, "y"))
		if o.Check(0.5, 1) == nil {
			y = rapid.Float64Range(0.01, 1).Draw(t, "any y")
		}
		if o == (Gamma{}) {
			y = max(y, 0.01)
		}
		margin, other := rapid.Float64Range(-20, 20).Draw(t, "margin"), rapid.Float64Range(-20, 20).Draw(t, "other")
		if rapid.Bool().Draw(t, "at a kink") {
			margin = y + rapid.SampledFrom([]float64{-delta, 0, delta}).Draw(t, "kink")
		}
		g, h := o.Gradient(margin, y, 1)
		here, there := o.Loss(margin, y, 1), o.Loss(other, y, 1)
		if there < here+g*(other-margin)-1e-9*(1+math.Abs(here)+math.Abs(there)+math.Abs(g*other)) {
			t.Fatalf("%s: y = %v: from %v at %v, slope %v, to %v at %v", o.Name(), y, here, margin, g, there, other)
		}
		if !(h > 0) {
			t.Fatalf("%s: curvature %v", o.Name(), h)
		}
		if huber, ok := o.(Huber); ok { // the parabola lies above the loss
			if d := other - margin; there > here+g*d+h*d*d/2+1e-9*(1+there) {
				t.Fatalf("%s: above its parabola", huber.Name())
			}
		}
		if p := o.Link(margin); p-p != 0 {
			t.Fatalf("%s: %v is linked to %v", o.Name(), margin, p)
		}
	})
}

// TestBaseIsBest: at the base of 30 ones and 90 zeros – of amounts, 30 fours and
// 90 halves – gradients add up to nothing.
func TestBaseIsBest(t *testing.T) {
	for _, o := range all(t) {
		high, low := 1.0, 0.0
		if o == (Gamma{}) {
			high, low = 4, 0.5
		}
		base := o.Base(30*high+90*low, 120)
		want := (30*high + 90*low) / 120
		if p := o.Link(base); math.Abs(p-want) > 1e-12 {
			t.Errorf("%s: base is linked to %v, want %v", o.Name(), p, want)
		}
		if _, ok := o.(Quantile); ok {
			continue // starts at the quantile, which start sees to
		}
		g1, _ := o.Gradient(base, high, 1)
		g0, _ := o.Gradient(base, low, 1)
		if sum := 30*g1 + 90*g0; math.Abs(sum) > 1e-9 {
			t.Errorf("%s: the gradients at the base add up to %v", o.Name(), sum)
		}
	}
}

func TestQuantileOfWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "rows")
		d := &data{level: rapid.Float64Range(0.05, 0.95).Draw(t, "level"), weight: make([]float64, n), y: make([]float64, n)}
		if rapid.Bool().Draw(t, "round level") {
			d.level = math.Round(d.level*4) / 4
			d.level = min(max(d.level, 0.25), 0.75)
		}
		rows, loss := make([]int32, n), func(c float64) (sum float64) {
			for i := range n {
				sum += d.weight[i] * Quantile{Level: d.level}.Loss(c, d.y[i], 1)
			}
			return sum
		}
		repeated := &data{level: d.level}
		for i := range n {
			rows[i] = int32(i)
			d.y[i], d.weight[i] = float64(rapid.IntRange(-5, 5).Draw(t, "y")), float64(rapid.IntRange(1, 8).Draw(t, "weight"))
			for range int(d.weight[i]) {
				repeated.y = append(repeated.y, d.y[i])
			}
		}
		got := d.quantile(rows, make([]float64, n))
		for _, y := range d.y {
			if loss(y) < loss(got)-1e-9 {
				t.Fatalf("%v loses %v, %v loses %v", got, loss(got), y, loss(y))
			}
		}
		every := make([]int32, len(repeated.y))
		for i := range every {
			every[i] = int32(i)
		}
		if again := repeated.quantile(every, make([]float64, len(every))); again != got {
			t.Fatalf("%v by weight, %v by repetition", got, again)
		}
	})
}

// TestSoftmaxTogether: with the margins of all classes, gradients are those of
// the negative log-probability, by complex step.
func TestSoftmaxTogether(t *testing.T) {
	const classes, step = 5, 1e-100
	r := rand.New(rand.NewPCG(3, 3))
	o := Softmax{classes}
	for range 300 {
		fits, z := make([]*fit, classes), make([]complex128, classes)
		for k := range fits {
			z[k] = complex(5*r.NormFloat64(), 0)
			fits[k] = &fit{grower: &grower{binned: &binned{rows: 1}}, margins: []float64{real(z[k])}, seen: make([]float64, 1)}
		}
		against(fits)
		y := r.IntN(classes)
		for k, f := range fits {
			z[k] += complex(0, step)
			sum := complex(0, 0)
			for _, v := range z {
				sum += cmplx.Exp(v - z[y])
			}
			want := imag(cmplx.Log(sum)) / step
			z[k] = complex(real(z[k]), 0)
			is := 0.0
			if k == y {
				is = 1
			}
			if g, _ := o.Gradient(f.seen[0], is, 1); math.Abs(g-want) > 1e-13 {
				t.Fatalf("class %d of %d: gradient %v, want %v", k, y, g, want)
			}
			if l := o.Loss(f.seen[0], 1, 1); k == y && math.Abs(l-real(cmplx.Log(sum))) > 1e-12*(1+l) {
				t.Fatalf("loss %v, want %v", l, real(cmplx.Log(sum)))
			}
		}
	}
}

// partial is the negative partial log-likelihood for complex margins, straight
// from its definition.
func partial(z []complex128, y models.Target, cause uint8) (sum complex128) {
	for i, c := range y.Cause {
		if c != cause {
			continue
		}
		risk := complex(0, 0)
		for j := range z {
			if y.Entry[j] < y.Exit[i] && y.Exit[i] <= y.Exit[j] {
				risk += complex(y.Weight[j], 0) * cmplx.Exp(z[j])
			}
		}
		sum += complex(y.Weight[i], 0) * (cmplx.Log(risk) - z[i])
	}
	return sum
}

func TestCoxGradients(t *testing.T) {
	const n, step = 30, 1e-100
	r := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		y := models.Target{Weight: make([]float64, n), Entry: make([]float64, n), Exit: make([]float64, n), Cause: make([]uint8, n)}
		margins, z, rows := make([]float64, n), make([]complex128, n), make([]int32, n)
		for i := range n {
			rows[i] = int32(i)
			y.Weight[i], y.Entry[i], y.Cause[i] = float64(r.IntN(3)+1), float64(r.IntN(5)), uint8(r.IntN(3))
			y.Exit[i] = y.Entry[i] + 1 + float64(r.IntN(8)) // with ties
			margins[i] = 2 * r.NormFloat64()
			z[i] = complex(margins[i], 0)
		}
		y.Cause[0] = 2
		o := Cox{2}
		d := &data{objective: o, y: o.events(y), weight: y.Weight, keys: make([]uint64, n), fitted: rows}
		if err := o.start(d, y); err != nil {
			t.Fatal(err)
		}
		d.risk.expose(d.exposure, margins)
		if loss, want := d.risk.loss(margins), real(partial(z, y, 2)); math.Abs(loss-want) > 1e-10*(1+math.Abs(want)) {
			t.Fatalf("loss %v, want %v", loss, want)
		}
		for i := range n {
			g, h := o.Gradient(margins[i], d.y[i], d.exposure[i])
			z[i] = complex(margins[i], step)
			if want := imag(partial(z, y, 2)) / step; math.Abs(y.Weight[i]*g-want) > 1e-12*(1+math.Abs(want)) {
				t.Fatalf("row %d: gradient %v, want %v", i, y.Weight[i]*g, want)
			}
			// By complex step of second order (Lai and Crassidis 2008) the
			// curvature is a bit below ours: less where many share the risk.
			const wide = 1e-4
			z[i] = complex(margins[i], wide)
			exact := -2 * real(partial(z, y, 2)) / (wide * wide)
			z[i] = complex(margins[i], 0)
			exact += 2 * real(partial(z, y, 2)) / (wide * wide)
			if ours := y.Weight[i] * h; ours < exact-1e-4*(1+ours) {
				t.Fatalf("row %d: curvature %v is below %v", i, ours, exact)
			}
		}
	}
}

func TestRefusesOutcomes(t *testing.T) {
	x, y, _ := world(50, 2, 1)
	nan := math.NaN()
	for _, c := range []struct {
		objective Objective
		bad       float64
	}{
		{Squared{}, nan}, {Huber{Delta: 1}, math.Inf(1)}, {Quantile{Level: 0.5}, nan}, {Gamma{}, 0}, {Tweedie{1.5}, -1},
		{Softmax{2}, 2}, {Softmax{2}, 0.5}, {Softmax{3}, 1}, {Huber{}, 1}, {Quantile{Level: 1}, 1}, {Tweedie{2}, 1}, {Softmax{1}, 0},
	} {
		z := y
		z.Y = slices.Clone(y.Y)
		for i := range z.Y {
			z.Y[i] = float64(1 - i%2)
			if c.objective == (Gamma{}) {
				z.Y[i]++
			}
		}
		z.Y[7] = c.bad
		if _, err := few(c.objective).Fit(context.Background(), x, z); err == nil {
			t.Errorf("%s: outcome %v was taken", c.objective.Name(), c.bad)
		}
	}
	y.Exposure = make([]float64, x.Rows)
	for i := range y.Exposure {
		y.Exposure[i], y.Y[i] = 2, 1+float64(i%2)
	}
	for _, o := range []Objective{Squared{}, Gamma{}, Tweedie{1.5}, Softmax{3}} {
		if _, err := few(o).Fit(context.Background(), x, y); err == nil {
			t.Errorf("%s took an exposure", o.Name())
		}
	}
}
