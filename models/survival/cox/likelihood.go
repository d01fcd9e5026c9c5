package cox

import (
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/portable"
)

// likelihood is the partial likelihood at one vector of coefficients.
//
// Let S0, S1 be the sums of weight × relative risk and of that × x over those
// at risk at a step, D0, D1 the same over its d events, and φ = S0 − aD0 the
// risk set of one of the tied events: a = 0 for all of them as Breslow has it,
// a = 0, 1/d, … (d−1)/d as Efron has it. Everything follows from a few sums over
// the tied events, each times their mean weight: hazard Σ 1/φ, own Σ (1−a)/φ (the
// hazard that the events themselves meet), and square, cross, double = Σ 1/φ²,
// Σ a/φ², Σ a²/φ².
type likelihood struct {
	*risk
	coef                               []float64
	value                              float64
	relative                           []float64   // exp(xβ + offset) of each row, x centred
	weighted                           []float64   // the same times the row's weight
	hazard, own, square, cross, double []float64   // one a step
	sum                                []float64   // S0
	first                              [][]float64 // of each column, S1 less what tied events take off it
	tied                               [][]float64 // D1; nil without ties or with Breslow's
	cumulative                         []float64   // hazard up to and with each step
}

// at computes the likelihood; nothing of x but the relative risks.
func (k *risk) at(coef []float64, ties Ties) *likelihood {
	n, steps := len(k.to), len(k.time)
	l := &likelihood{risk: k, coef: coef, relative: make([]float64, n), sum: make([]float64, steps)}
	striped(n, func(_, lo, hi int) {
		eta := l.relative[lo:hi]
		if k.offset != nil {
			copy(eta, k.offset[lo:hi])
		}
		for start := 0; start < len(eta); start += 4 * block {
			part := eta[start:min(len(eta), start+4*block)]
			for j, b := range coef {
				if b == 0 {
					continue
				}
				m, c := k.mean[j], k.columns[j][lo+start:][:len(part)]
				for i, x := range c {
					part[i] += float64(b * (x - m))
				}
			}
		}
	})
	for _, i := range k.events {
		l.value += float64(k.w(int(i)) * l.relative[i])
	}
	striped(n, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			l.relative[i] = portable.Exp(l.relative[i])
		}
	})
	l.weighted = l.relative
	if k.weight != nil {
		l.weighted = make([]float64, n)
		for i, r := range l.relative {
			l.weighted[i] = float64(k.weight[i] * r)
		}
	}
	for i, r := range l.weighted {
		l.sum[k.to[i]] += r
		if k.entry != nil {
			l.sum[k.from[i]] -= r
		}
	}
	k.suffix(l.sum)
	tied := make([]float64, steps)
	if ties == Efron {
		for _, i := range k.events {
			tied[k.to[i]] += l.weighted[i]
		}
	}
	l.jumps(tied)
	l.cumulative = k.prefix(append([]float64(nil), l.hazard...))
	return l
}

// jumps fills in what happens at each step.
func (l *likelihood) jumps(tied []float64) {
	steps := len(l.time)
	all := make([]float64, 5*steps)
	l.hazard, l.own, l.square, l.cross, l.double = all[:steps], all[steps:][:steps], all[2*steps:][:steps], all[3*steps:][:steps], all[4*steps:]
	for k, d := range l.ties {
		if l.deaths[k] == 0 {
			continue
		}
		if tied[k] == 0 || d == 1 {
			l.value -= float64(l.deaths[k] * portable.Log(l.sum[k]))
			l.hazard[k] = l.deaths[k] / l.sum[k]
			l.own[k], l.square[k] = l.hazard[k], l.hazard[k]/l.sum[k]
			continue
		}
		each, product := l.deaths[k]/d, 1.0
		for e := 0.0; e < d; e++ {
			a := e / d
			phi := l.sum[k] - float64(a*tied[k])
			// One logarithm for as many events as a product can hold.
			if product *= phi; product > 1e100 || product < 1e-100 || e == d-1 {
				l.value -= float64(each * portable.Log(product))
				product = 1
			}
			h := each / phi
			l.hazard[k] += h
			l.own[k] += float64((1 - a) * h)
			h /= phi
			l.square[k] += h
			l.cross[k] += float64(a * h)
			l.double[k] += float64(a * float64(a*h))
		}
	}
}

// met is the hazard that each row met while it was at risk, before its
// relative risk: increments default to the hazard's own, weighted by g a step
// where given.
func (l *likelihood) met(g []float64) []float64 {
	steps := len(l.time)
	cumulative, less := l.cumulative, make([]float64, steps)
	for k := range less {
		less[k] = l.hazard[k] - l.own[k]
	}
	if g != nil {
		cumulative = make([]float64, steps)
		for k := range cumulative {
			cumulative[k] = float64(g[k] * l.hazard[k])
			less[k] *= g[k]
		}
		l.prefix(cumulative)
	}
	met := make([]float64, len(l.to))
	striped(len(met), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			met[i] = cumulative[l.to[i]] - cumulative[l.from[i]]
		}
	})
	for _, i := range l.events {
		met[i] -= less[l.to[i]]
	}
	return met
}

// moments sums x over the risk sets: S1, less what tied events take off it, in
// first, and D1 in tied.
func (l *likelihood) moments() {
	if l.first != nil {
		return
	}
	p, steps := len(l.columns), len(l.time)
	l.first = make([][]float64, p)
	if slices.ContainsFunc(l.cross, func(v float64) bool { return v != 0 }) {
		l.tied = make([][]float64, p)
	}
	parallel(p, func(j int) {
		s, c, m := make([]float64, steps), l.columns[j], l.mean[j]
		to := l.to[:len(c)]
		for i, r := range l.weighted[:len(c)] {
			s[to[i]] += float64(r * (c[i] - m))
		}
		if l.entry != nil {
			for i, k := range l.from {
				s[k] -= float64(l.weighted[i] * (c[i] - m))
			}
		}
		l.suffix(s)
		l.first[j] = s
		if l.tied == nil {
			return
		}
		d := make([]float64, steps)
		for _, i := range l.events {
			if k := l.to[i]; l.cross[k] != 0 {
				d[k] += float64(l.weighted[i] * (c[i] - m))
			}
		}
		for k, cross := range l.cross {
			if cross != 0 {
				s[k] -= float64(cross / l.square[k] * d[k])
			}
		}
		l.tied[j] = d
	})
}

// sums are S1 and D1 of a column at a step.
func (l *likelihood) sums(j int, k int32) (all, tied float64) {
	if l.tied == nil || l.square[k] == 0 {
		return l.first[j][k], 0
	}
	tied = l.tied[j][k]
	return l.first[j][k] + l.cross[k]/l.square[k]*tied, tied
}

// derivatives are the score and the information (minus the second derivative,
// p×p), each step's part times g where given: the rows' second moments weighted
// by the hazard that they met, less the squares of the risk sets' means. So the
// p² work is two plain sums of squares, in any order of rows.
func (l *likelihood) derivatives(g []float64) (score, information []float64) {
	p := len(l.columns)
	score, information = make([]float64, p), make([]float64, p*p)
	v := l.met(g)
	u := make([]float64, len(v))
	striped(len(v), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			v[i] *= l.weighted[i]
			u[i] = -v[i]
		}
	})
	for _, i := range l.events {
		happened := l.w(int(i))
		if g != nil {
			happened *= g[l.to[i]]
		}
		u[i] += happened
	}
	gram(information, 1, score, l.columns, l.mean, v, u)
	l.moments()
	weight, rest := make([]float64, len(l.time)), make([]float64, len(l.time))
	for k := range weight {
		if l.square[k] == 0 {
			continue
		}
		// [S1 D1] (square, −cross; −cross, double) [S1 D1]ᵀ by completing the square.
		weight[k], rest[k] = l.square[k], l.double[k]-float64(l.cross[k]*l.cross[k])/l.square[k]
		if g != nil {
			weight[k] *= g[k]
			rest[k] *= g[k]
		}
	}
	gram(information, -1, nil, l.first, nil, weight, nil)
	if l.tied != nil {
		gram(information, -1, nil, l.tied, nil, rest, nil)
	}
	return score, information
}

// ok reports whether the likelihood is a number.
func (l *likelihood) ok() bool { return !math.IsNaN(l.value) && !math.IsInf(l.value, 0) }
