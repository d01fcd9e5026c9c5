package aft

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Derivatives are those of the value, by central differences, for every kind of
// row, shape and model.
func TestDerivatives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &mixture{problem: &problem{Distribution: Distribution(rapid.IntRange(0, 3).Draw(t, "shape"))}, promotion: rapid.Bool().Draw(t, "promotion")}
		low := rapid.Float64Range(-1.5, 1.5).Draw(t, "low")
		high := low + rapid.SampledFrom([]float64{0, 0.4, 1, math.Inf(1)}).Draw(t, "width")
		if high > low && rapid.Bool().Draw(t, "left") {
			low = math.Inf(-1)
			high = min(high, 2)
		}
		cured := rapid.Bool().Draw(t, "cured")
		at := [3]float64{rapid.Float64Range(-1, 1).Draw(t, "a"), rapid.Float64Range(-1, 1).Draw(t, "eta"), rapid.Float64Range(-0.5, 0.5).Draw(t, "s")}
		part := func(v [3]float64) (j joint) {
			scale := math.Exp(v[2])
			z := func(log float64) float64 { return (log - v[1]) / scale }
			switch {
			case !cured:
				j.term = m.term(row{low: low, high: high, entry: math.Inf(-1)}, v[1], scale)
			case math.IsInf(high, 1):
				j = m.open(v[0], z(low), scale)
			default:
				j = m.happened(v[0], z(low), z(high), scale)
			}
			return j
		}
		first := func(j joint) [3]float64 { return [3]float64{j.a, j.eta, j.s} }
		j := part(at)
		second := [3][3]float64{{j.aa, j.aEta, j.aS}, {j.aEta, j.etaEta, j.etaS}, {j.aS, j.etaS, j.sS}}
		const h = 1e-5
		for k := range at {
			up, down := at, at
			up[k] += h
			down[k] -= h
			a, b := part(up), part(down)
			if d := (a.value - b.value) / (2 * h); math.Abs(d-first(j)[k]) > 1e-6*(1+math.Abs(d)) {
				t.Fatalf("slope %d is %v, by differences %v", k, first(j)[k], d)
			}
			for l := range at {
				if d := (first(a)[l] - first(b)[l]) / (2 * h); math.Abs(d-second[k][l]) > 1e-6*(1+math.Abs(d)) {
					t.Fatalf("bend %d %d is %v, by differences %v", k, l, second[k][l], d)
				}
			}
		}
	})
}

// Far out in the tail the normal's logarithms go on smoothly.
func TestNormalTail(t *testing.T) {
	for _, z := range []float64{25 - 1e-9, 25 + 1e-9, 60, 1e5} {
		c := LogNormal.survival(z)
		// Mills' ratio lies between 1/z − 1/z³ and 1/z.
		h := -c.slope
		if !(h > z) || !(h < z/(1-1/(z*z))*(1+1e-9)) || !(c.bend < 0) {
			t.Errorf("at %v: log S %v, slope %v, bend %v", z, c.value, c.slope, c.bend)
		}
	}
	if a, b := LogNormal.survival(25-1e-9), LogNormal.survival(25+1e-9); math.Abs(a.value-b.value) > 1e-6 {
		t.Errorf("a step from %v to %v", a.value, b.value)
	}
}
