package aft

import "math"

// term is one row's part of the log-likelihood as a function of its η and
// s = log scale, with the derivatives: first by η and s, second by ηη, ηs, ss.
type term struct {
	value, eta, s, etaEta, etaS, sS float64
}

// add takes a function of z = (log t − η)/scale into account, n times.
func (a *term) add(n float64, c curve, z, scale float64) {
	a.value += n * c.value
	a.eta -= n * c.slope / scale
	a.s -= n * c.slope * z
	a.etaEta += n * c.bend / (scale * scale)
	a.etaS += n * (c.bend*z + c.slope) / scale
	a.sS += n * z * (c.bend*z + c.slope)
}

// event is log f(t), without the −log t of the change of variable.
func (d Distribution) event(z, scale float64) (a term) {
	a.add(1, d.density(z), z, scale)
	a.value -= math.Log(scale)
	a.s--
	return a
}

// open is log S(t).
func (d Distribution) open(z, scale float64) (a term) {
	a.add(1, d.survival(z), z, scale)
	return a
}

// narrow is the width below which an interval is taken for its middle: a
// difference of survivals would lose too many digits.
const narrow = 1e-4

// between is log(S(a) − S(b)); a may be −Inf.
func (d Distribution) between(a, b, scale float64) (t term) {
	if w := b - a; w < narrow {
		f := d.density((a + b) / 2)
		t = d.event((a+b)/2, scale)
		t.value += math.Log(w*scale) + math.Log1p(w*w/24*(f.slope*f.slope+f.bend))
		return t
	}
	var ga, gaa float64
	low := curve{}
	if !math.IsInf(a, -1) {
		low = d.survival(a)
	}
	high := d.survival(b)
	t.value = low.value + math.Log(-math.Expm1(high.value-low.value))
	f := d.density(b)
	gb := math.Exp(f.value - t.value)
	gbb := gb*f.slope - gb*gb
	if !math.IsInf(a, -1) {
		f := d.density(a)
		ga = -math.Exp(f.value - t.value)
		gaa = ga*f.slope - ga*ga
	} else {
		a = 0 // times nothing
	}
	gab := -ga * gb
	t.eta = -(ga + gb) / scale
	t.s = -(a*ga + b*gb)
	t.etaEta = (gaa + 2*gab + gbb) / (scale * scale)
	t.etaS = (a*(gaa+gab) + b*(gab+gbb) + ga + gb) / scale
	t.sS = a*a*gaa + 2*a*b*gab + b*b*gbb + a*ga + b*gb
	return t
}
