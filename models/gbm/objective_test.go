package gbm

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// complexLoss writes the losses once more, for complex margins, so that their
// derivatives can be taken by complex step (Squire and Trapp 1998).
var complexLoss = map[Objective]func(z complex128, y, exposure float64) complex128{
	Logistic{}: func(z complex128, y, _ float64) complex128 {
		// log(1+e^z), whose derivative is read off the side that does not overflow
		if real(z) > 0 {
			return complex(1-y, 0)*z + log1p(cmplx.Exp(-z))
		}
		return log1p(cmplx.Exp(z)) - complex(y, 0)*z
	},
	Poisson{}: func(z complex128, y, exposure float64) complex128 {
		c := complex(math.Max(-80, math.Min(80, real(z))), imag(z))
		if real(c) != real(z) { // a straight line from there on
			edge := complex(real(c), 0)
			mu := complex(exposure, 0) * cmplx.Exp(edge)
			return mu + mu*(z-edge) - complex(y, 0)*z
		}
		return complex(exposure, 0)*cmplx.Exp(z) - complex(y, 0)*z
	},
}

func log1p(w complex128) complex128 {
	if cmplx.Abs(w) < 1e-8 {
		return w - w*w/2
	}
	return cmplx.Log(1 + w)
}

func TestGradients(t *testing.T) {
	for _, o := range objectives {
		loss, ok := complexLoss[o]
		if !ok {
			t.Fatalf("%s has no complex loss to test against", o.Name())
		}
		r := rand.New(rand.NewPCG(1, 2))
		const step = 1e-4
		for k := range 1000 {
			margin := 20 * r.NormFloat64()
			switch k % 10 {
			case 0:
				margin = 700 * (2*r.Float64() - 1)
			case 1:
				margin = []float64{-700, -80, 0, 80, 700}[k/10%5]
			}
			y, exposure := float64(r.IntN(2)), 0.1+r.Float64()
			g, h := o.Gradient(margin, y, exposure)
			want := imag(loss(complex(margin, step), y, exposure)) / step
			if math.Abs(g-want) > 1e-6*math.Abs(want)+1e-300 {
				t.Fatalf("%s: gradient %v at %v, want %v", o.Name(), g, margin, want)
			}
			if !(h > 0) {
				t.Fatalf("%s: curvature %v at %v", o.Name(), h, margin)
			}
			if math.Abs(margin) < 30 {
				a, _ := o.Gradient(margin+step, y, exposure)
				b, _ := o.Gradient(margin-step, y, exposure)
				// Differences of gradients lose digits where these are near y.
				if d := (a - b) / (2 * step); math.Abs(h-d) > 1e-6*math.Abs(d)+1e-11 {
					t.Fatalf("%s: curvature %v at %v, want %v", o.Name(), h, margin, d)
				}
				up, down := o.Loss(margin+step, y, exposure), o.Loss(margin-step, y, exposure)
				if d := (up - down) / (2 * step); math.Abs(g-d) > 1e-6*math.Abs(d)+1e-8*math.Max(1, math.Abs(up)) {
					t.Fatalf("%s: loss rises by %v at %v, the gradient is %v", o.Name(), d, margin, g)
				}
			}
			if p := o.Link(margin); math.IsNaN(p) || math.IsInf(p, 0) || p < 0 {
				t.Fatalf("%s: %v is linked to %v", o.Name(), margin, p)
			}
		}
	}
}

func TestBaseIsBest(t *testing.T) {
	for _, o := range objectives {
		base := o.Base(30, 120)
		if p := o.Link(base); math.Abs(p-0.25) > 1e-12 {
			t.Errorf("%s: base is linked to %v, want 0.25", o.Name(), p)
		}
		g1, _ := o.Gradient(base, 1, 1)
		g0, _ := o.Gradient(base, 0, 1)
		if sum := 30*g1 + 90*g0; math.Abs(sum) > 1e-9 {
			t.Errorf("%s: the gradients at the base add up to %v", o.Name(), sum)
		}
	}
}
