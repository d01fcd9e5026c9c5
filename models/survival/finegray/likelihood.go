package finegray

import "math"

// likelihood is the weighted partial likelihood at some coefficients.
type likelihood struct {
	*sample
	coef, relative     []float64
	value              float64
	score, information []float64
	sum                []float64   // S0 at each time of events
	mean               [][]float64 // S1/S0
	hazard, faded      []float64   // Σ d/S0 and Σ G d/S0 up to each; one entry more than times, 0 first
}

func (s *sample) at(coef []float64) *likelihood {
	p, steps := len(coef), len(s.time)
	l := &likelihood{sample: s, coef: coef, score: make([]float64, p), information: make([]float64, p*p),
		sum: make([]float64, steps), mean: make([][]float64, steps), hazard: make([]float64, steps+1), faded: make([]float64, steps+1)}
	for i, row := range s.x {
		eta := 0.0
		for j, b := range coef {
			eta += b * row[j]
		}
		l.relative = append(l.relative, math.Exp(eta))
		if s.event[i] {
			l.value += eta
		}
	}
	l.sums()
	for k, d := range s.deaths {
		l.value -= d * math.Log(l.sum[k])
		l.hazard[k+1] = l.hazard[k] + d/l.sum[k]
		l.faded[k+1] = l.faded[k] + s.after[k]*d/l.sum[k]
		for j := range p {
			for m := range p {
				l.information[j*p+m] -= d * l.mean[k][j] * l.mean[k][m]
			}
		}
	}
	for i, row := range s.x {
		e := l.relative[i] * l.met(i)
		for j, v := range row {
			l.score[j] -= e * v
			if s.event[i] {
				l.score[j] += v
			}
			for m, w := range row {
				l.information[j*p+m] += e * v * w
			}
		}
	}
	return l
}

// met is the subdistribution hazard that subject i met, with its weight.
func (l *likelihood) met(i int) float64 {
	at := l.place[i]
	if !l.other[i] {
		return l.hazard[at]
	}
	return l.hazard[at] + (l.faded[len(l.faded)-1]-l.faded[at])/l.censored[i]
}

// sums are S0 and the means of x over the risk sets: those not gone yet, and
// those whom another cause took before, faded.
func (l *likelihood) sums() {
	p := len(l.coef)
	gone, there := make([]float64, p+1), make([]float64, p+1)
	add := func(to []float64, i int, w float64) {
		to[p] += w * l.relative[i]
		for j, v := range l.x[i] {
			to[j] += w * l.relative[i] * v
		}
	}
	still := make([][]float64, len(l.time))
	next := len(l.exit) - 1
	for k := len(l.time) - 1; k >= 0; k-- {
		for ; next >= 0 && l.exit[next] >= l.time[k]; next-- {
			add(there, next, 1)
		}
		still[k] = append([]float64(nil), there...)
	}
	next = 0
	for k, t := range l.time {
		for ; next < len(l.exit) && l.exit[next] < t; next++ {
			if l.other[next] {
				add(gone, next, 1/l.censored[next])
			}
		}
		for j := range still[k] {
			still[k][j] += l.after[k] * gone[j]
		}
		l.sum[k] = still[k][p]
		l.mean[k] = still[k][:p]
		for j := range p {
			l.mean[k][j] /= l.sum[k]
		}
	}
}

// sandwich is Ω⁻¹ Σ (ηᵢ+ψᵢ)(ηᵢ+ψᵢ)ᵀ Ω⁻¹ (Fine, Gray 1999, (7) and (8)): η is a
// subject's part of the score, ψ what it adds through the estimate of the
// censoring.
func (l *likelihood) sandwich(inverse [][]float64) [][]float64 {
	p := len(l.coef)
	// Σ mean d/S0 and the same faded, up to each time.
	mean, faded := make([][]float64, len(l.time)+1), make([][]float64, len(l.time)+1)
	mean[0], faded[0] = make([]float64, p), make([]float64, p)
	for k, d := range l.deaths {
		mean[k+1], faded[k+1] = make([]float64, p), make([]float64, p)
		for j := range p {
			mean[k+1][j] = mean[k][j] + l.mean[k][j]*d/l.sum[k]
			faded[k+1][j] = faded[k][j] + l.after[k]*l.mean[k][j]*d/l.sum[k]
		}
	}
	last, psi := len(l.time), l.censoring(faded)
	covariance := make([][]float64, p)
	for j := range covariance {
		covariance[j] = make([]float64, p)
	}
	d := make([]float64, p)
	for i, row := range l.x {
		at, u := l.place[i], psi[i]
		for j, v := range row {
			past := mean[at][j]
			if l.other[i] {
				past += (faded[last][j] - faded[at][j]) / l.censored[i]
			}
			u[j] -= l.relative[i] * (v*l.met(i) - past)
			if l.event[i] {
				u[j] += v - l.mean[at-1][j]
			}
		}
		for j := range d {
			d[j] = 0
			for m, v := range u {
				d[j] += inverse[j][m] * v
			}
		}
		for j := range d {
			for m := range d {
				covariance[j][m] += d[j] * d[m]
			}
		}
	}
	return covariance
}

// censoring gives ψ: the integral of q/π by each subject's censoring martingale,
// where π counts those at risk at u, and q is what the weights at s ≥ u of those
// gone before u would lose to the score by one more censored at u.
func (l *likelihood) censoring(faded [][]float64) [][]float64 {
	p, n, last := len(l.coef), len(l.exit), len(l.time)
	psi := make([][]float64, n)
	met := make([]float64, p)            // Σ q/π dΛ of the censoring, up to the present time
	gone, sum := 0.0, make([]float64, p) // Σ relative/G and Σ relative/G x of those whom another cause took before
	for i := 0; i < n; {
		end, lost := i, 0.0
		for ; end < n && l.exit[end] == l.exit[i]; end++ {
			if !l.other[end] && !l.event[end] {
				lost++
			}
		}
		atRisk, at := float64(n-i), l.place[i]
		if at > 0 && l.time[at-1] == l.exit[i] {
			at--
		}
		q := make([]float64, p)
		for j := range q {
			q[j] = (sum[j]*(l.faded[last]-l.faded[at]) - gone*(faded[last][j]-faded[at][j])) / atRisk
			met[j] += q[j] * lost / atRisk
		}
		for ; i < end; i++ {
			psi[i] = make([]float64, p)
			for j := range q {
				if psi[i][j] = -met[j]; !l.other[i] && !l.event[i] {
					psi[i][j] += q[j]
				}
			}
			if l.other[i] {
				w := l.relative[i] / l.censored[i]
				gone += w
				for j, v := range l.x[i] {
					sum[j] += w * v
				}
			}
		}
	}
	return psi
}

// SE are the standard errors of the coefficients.
func (f *Fit) SE() (se []float64) {
	for j := range f.Covariance {
		se = append(se, math.Sqrt(f.Covariance[j][j]))
	}
	return se
}

// Incidence is the probability that the cause has happened by t to one with
// columns x.
func (f *Fit) Incidence(x []float64, t float64) float64 {
	if len(x) != len(f.Coef) {
		panic("finegray: a row of another number of columns")
	}
	eta, h := 0.0, 0.0
	for j, b := range f.Coef {
		eta += b * x[j]
	}
	for k := 0; k < len(f.Time) && f.Time[k] <= t; k++ {
		h += f.Jump[k]
	}
	return -math.Expm1(-h * math.Exp(eta))
}
