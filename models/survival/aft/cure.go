package aft

import (
	"context"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/newton"
)

// Cure says what is fitted where some never come to the event: a logistic
// regression of being susceptible to it, and an accelerated failure time model
// of those who are (Farewell 1982, Biometrics 38:1041). As Promotion it is the
// promotion time model (Yakovlev and Tsodikov 1996; Chen, Ibrahim, Sinha 1999,
// JASA 94:909) instead, S(t) = exp(−e^{zβ}F(t)), of which exp(−e^{zβ}) are cured.
type Cure struct {
	Distribution Distribution
	Cause        uint8     // the cause that is the event, others end the time at risk; 0 means any
	Upper        []float64 // as in Regression
	Promotion    bool
}

// CureFit is a fitted cure model. Both parts' coefficients begin with their
// intercept; Covariance has incidence, latency, then the log scale (none for
// Exponential).
type CureFit struct {
	Incidence, Latency []float64
	Scale              float64
	Covariance         [][]float64 // inverse of the observed information
	LogLik             float64
	Steps              int // of Newton's method
	cure               Cure
}

// Fit maximises the likelihood by Newton's method, the columns of incidence
// telling who is susceptible and those of latency when it happens to them.
// Errors are as in Regression.Fit; the follow-up must be long enough to tell a
// late event from none (Maller, Zhou 1996).
func (c Cure) Fit(ctx context.Context, incidence, latency *matrix.Matrix, y models.Target) (*CureFit, error) {
	p, err := Regression{Distribution: c.Distribution, Cause: c.Cause, Upper: c.Upper}.layOut(latency, y)
	if err != nil {
		return nil, err
	}
	if incidence.Rows != len(p.rows) {
		panic("aft: matrices differ in length")
	}
	z, _, err := design(incidence)
	if err != nil {
		return nil, err
	}
	m := &mixture{problem: p, incidence: z, promotion: c.Promotion}
	theta, jacobian := m.start()
	f := &CureFit{cure: c}
	who, whoBack := standard(z)
	when, whenBack := standard(p.columns)
	search, likely := *p, *m
	search.columns = when
	likely.problem, likely.incidence = &search, who
	top, err := newton.Maximise(ctx, theta, likely.likelihood)
	if err != nil {
		return nil, noMaximum(err)
	}
	transform(top, 0, whoBack)
	transform(top, len(z), whenBack)
	theta, f.LogLik, f.Covariance, f.Steps = top.At, top.Value-jacobian, top.Covariance, top.Steps
	f.Incidence, f.Latency = theta[:len(z)], theta[len(z):len(z)+len(p.columns)]
	f.Scale = p.scale(theta[len(z):], 0)
	return f, nil
}

// mixture is a problem with the columns of incidence before the others.
type mixture struct {
	*problem
	incidence [][]float64
	promotion bool
}

// start is in the middle of the events, with a few more susceptible than seen;
// the Jacobian is that of the densities of T.
func (m *mixture) start() (theta []float64, jacobian float64) {
	var n, events, sum, square float64
	for _, r := range m.rows {
		n += r.weight
		if math.IsInf(r.high, 1) {
			continue
		}
		if r.low == r.high {
			jacobian += r.weight * r.low
		}
		events, sum, square = events+r.weight, sum+r.weight*r.high, square+r.weight*r.high*r.high
	}
	theta = make([]float64, len(m.incidence)+len(m.columns)+m.scales())
	share := (events + 0.1*n) / (1.2 * n)
	theta[0] = math.Log(share / (1 - share))
	theta[len(m.incidence)] = sum / events
	if m.scales() > 0 {
		deviation := math.Sqrt(max(square/events-sum/events*sum/events, 0.01))
		theta[len(theta)-1] = math.Log(deviation)
	}
	return theta, jacobian
}

// joint is a row's part as a function of its a = zβ, η and s.
type joint struct {
	term
	a, aa, aEta, aS float64
}

// through is g(a + t): t's part where g, of value, slope and bend, is of their sum.
func through(g curve, t term) joint {
	return joint{
		term: term{
			value: g.value, eta: g.slope * t.eta, s: g.slope * t.s,
			etaEta: g.slope*t.etaEta + g.bend*t.eta*t.eta,
			etaS:   g.slope*t.etaS + g.bend*t.eta*t.s,
			sS:     g.slope*t.sS + g.bend*t.s*t.s,
		},
		a: g.slope, aa: g.bend, aEta: g.bend * t.eta, aS: g.bend * t.s,
	}
}

// open is the log of the probability that nothing has happened by z.
func (m *mixture) open(a, z, scale float64) joint {
	if math.IsInf(z, -1) {
		return joint{}
	}
	if m.promotion {
		t := m.between(math.Inf(-1), z, scale) // log F
		v := -math.Exp(a + t.value)
		return through(curve{v, v, v}, t)
	}
	// log(1 − π + πS), whose slope by log S is the chance p of being susceptible still.
	t := m.problem.open(z, scale)
	v, pi, p := softplus(a+t.value)-softplus(a), sigmoid(a), sigmoid(a+t.value)
	j := through(curve{v, p, p * (1 - p)}, t)
	j.a -= pi
	j.aa -= pi * (1 - pi)
	return j
}

// happened is the log of the density of an event, or of its probability within
// an interval.
func (m *mixture) happened(a, low, high, scale float64) joint {
	if m.promotion && low != high {
		return m.interval(a, low, high, scale)
	}
	t := m.event(low, scale)
	if m.promotion {
		j := m.open(a, low, scale)
		j.plus(1, joint{term: t, a: 1})
		j.value += a
		return j
	}
	if low != high {
		t = m.between(low, high, scale)
	}
	pi := sigmoid(a)
	return joint{term: term{t.value - softplus(-a), t.eta, t.s, t.etaEta, t.etaS, t.sS}, a: 1 - pi, aa: -pi * (1 - pi)}
}

// interval is log(S(low) − S(high)) of the promotion time model: that of S(low)
// and of 1 − exp(−e^a (F(high) − F(low))).
func (m *mixture) interval(a, low, high, scale float64) joint {
	t := m.between(low, high, scale)
	d := math.Exp(a + t.value)
	slope := d / math.Expm1(d)
	j := through(curve{math.Log(-math.Expm1(-d)), slope, slope * (1 - d - slope)}, t)
	j.plus(1, m.open(a, low, scale))
	return j
}

// plus adds n times another part.
func (j *joint) plus(n float64, o joint) {
	j.value += n * o.value
	j.a += n * o.a
	j.eta += n * o.eta
	j.s += n * o.s
	j.aa += n * o.aa
	j.aEta += n * o.aEta
	j.aS += n * o.aS
	j.etaEta += n * o.etaEta
	j.etaS += n * o.etaS
	j.sS += n * o.sS
}

// softplus is log(1 + e^x).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// likelihood of log T, with its gradient and information as newton takes them.
func (m *mixture) likelihood(theta, g, h []float64) (value float64) {
	q, p, n := len(m.incidence), len(m.columns), len(theta)
	v := make([]float64, q+p)
	scale := m.scale(theta[q:], 0)
	for i, r := range m.rows {
		a := 0.0
		for j, c := range m.incidence {
			v[j] = c[i]
			a += theta[j] * c[i]
		}
		for j, c := range m.columns {
			v[q+j] = c[i]
		}
		eta := m.linear(theta[q:], i)
		z := func(log float64) float64 { return (log - eta) / scale }
		var t joint
		if math.IsInf(r.high, 1) {
			t = m.open(a, z(r.low), scale)
		} else {
			t = m.happened(a, z(r.low), z(r.high), scale)
		}
		t.plus(-1, m.open(a, z(r.entry), scale))
		value += r.weight * t.value
		for j := range v {
			first, second, cross := t.eta, t.etaEta, t.aEta
			if j < q {
				first = t.a
			}
			g[j] += r.weight * first * v[j]
			for l := range j + 1 {
				d := second
				if j < q {
					d = t.aa
				} else if l < q {
					d = cross
				}
				h[j*n+l] -= r.weight * d * v[j] * v[l]
			}
		}
		if m.scales() == 0 {
			continue
		}
		s := n - 1
		g[s] += r.weight * t.s
		h[s*n+s] -= r.weight * t.sS
		for l := range v {
			d := t.etaS
			if l < q {
				d = t.aS
			}
			h[s*n+l] -= r.weight * d * v[l]
		}
	}
	return value
}

// SE are the standard errors, in the order of Covariance.
func (f *CureFit) SE() (se []float64) {
	for j := range f.Covariance {
		se = append(se, math.Sqrt(f.Covariance[j][j]))
	}
	return se
}

func linear(coef, x []float64) float64 {
	if len(x)+1 != len(coef) {
		panic("aft: a row of another number of columns")
	}
	sum := coef[0]
	for j, v := range x {
		sum += coef[j+1] * v
	}
	return sum
}

// Susceptible is the probability that it ever happens to one whose columns of
// incidence are z.
func (f *CureFit) Susceptible(z []float64) float64 {
	a := linear(f.Incidence, z)
	if f.cure.Promotion {
		return -math.Expm1(-math.Exp(a))
	}
	return sigmoid(a)
}

// Survival is the probability that it has not happened by t to one with columns
// z of incidence and x of latency, susceptible or not.
func (f *CureFit) Survival(t float64, z, x []float64) float64 {
	late := f.Uncured(t, x)
	if f.cure.Promotion {
		return math.Exp(-math.Exp(linear(f.Incidence, z)) * (1 - late))
	}
	pi := f.Susceptible(z)
	return 1 - pi + pi*late
}

// Uncured is the latency's own curve: of the mixture, the probability that it
// has not happened by t to one who is susceptible.
func (f *CureFit) Uncured(t float64, x []float64) float64 {
	return math.Exp(f.cure.Distribution.survival((math.Log(t) - linear(f.Latency, x)) / f.Scale).value)
}

// StillSusceptible is the probability that it will yet happen to one to whom it
// has not by t.
func (f *CureFit) StillSusceptible(t float64, z, x []float64) float64 {
	return 1 - (1-f.Susceptible(z))/f.Survival(t, z, x)
}
