package cox

import (
	"math"
)

// Hazard is a step function: H[k] from Time[k] on, 0 before the first.
type Hazard struct {
	Time, H []float64
}

// Baseline is the cumulative hazard of a stratum at x = 0 and offset 0: Breslow's
// estimator, with Efron's ties his (Therneau, Grambsch 2000, 10.2).
func (f *Fit) Baseline(stratum int) Hazard {
	from, to := f.base[stratum]+1, f.base[stratum+1]
	h := Hazard{Time: f.time[from:to]}
	shift := 0.0
	for j, b := range f.Coef {
		shift -= float64(b * f.mean[j])
	}
	for _, c := range f.cumulative[from:to] {
		h.H = append(h.H, float64(c*math.Exp(shift)))
	}
	return h
}

// Forecast is the cumulative hazard by time t of one at risk from the beginning
// with columns x in a stratum, and its standard error, which includes that of
// the coefficients (Tsiatis 1981, Annals of Statistics 9:93; Link 1984). The
// probability of nothing having happened is exp(−hazard), of which se is the
// standard error on the log scale, so survival.LogLog.Interval gives its limits.
func (f *Fit) Forecast(x []float64, stratum int, offset, t float64) (hazard, se float64) {
	if len(x) != len(f.Coef) {
		panic("cox: a row of another number of columns")
	}
	f.moments()
	at := f.base[stratum] + int32(upTo(f.time[f.base[stratum]+1:f.base[stratum+1]], t))
	eta := offset
	for j, b := range f.Coef {
		eta += float64(b * (x[j] - f.mean[j]))
	}
	variance, gradient := 0.0, make([]float64, len(x))
	for k := f.base[stratum] + 1; k <= at; k++ {
		variance += f.square[k]
	}
	for j := range x {
		gradient[j] = float64((x[j] - f.mean[j]) * f.cumulative[at])
		for k := f.base[stratum] + 1; k <= at; k++ {
			gradient[j] -= float64(f.square[k] * f.first[j][k])
		}
	}
	for j, g := range gradient {
		for l, h := range gradient {
			variance += g * f.Covariance[j][l] * h
		}
	}
	relative := math.Exp(eta)
	return relative * f.cumulative[at], relative * math.Sqrt(variance)
}

// Incidence is the probability that each cause has happened by t to one with
// columns x, from a regression a cause of the same subjects and strata: within
// each step the causes go on at constant rates, so that the probabilities and
// that of being open add up to one exactly (Aalen and Johansen's estimator with
// matrix exponentials, as R's survfit of several coxph models).
func Incidence(x []float64, stratum int, t float64, causes ...*Fit) (incidence []float64, open float64) {
	incidence, open = make([]float64, len(causes)), 1
	next, relative := make([]int32, len(causes)), make([]float64, len(causes))
	for c, f := range causes {
		next[c] = f.base[stratum] + 1
		for j, b := range f.Coef {
			relative[c] += float64(b * (x[j] - f.mean[j]))
		}
		relative[c] = math.Exp(relative[c])
	}
	jump := make([]float64, len(causes))
	for {
		now := math.Inf(1)
		for c, f := range causes {
			if next[c] < f.base[stratum+1] {
				now = min(now, f.time[next[c]])
			}
		}
		if now > t || math.IsInf(now, 1) {
			return incidence, open
		}
		all := 0.0
		for c, f := range causes {
			jump[c] = 0
			if next[c] < f.base[stratum+1] && f.time[next[c]] == now {
				jump[c] = relative[c] * f.hazard[next[c]]
				next[c]++
			}
			all += jump[c]
		}
		if all == 0 {
			continue
		}
		leaves := -math.Expm1(-all)
		for c := range causes {
			incidence[c] += open * leaves * jump[c] / all
		}
		open -= open * leaves
	}
}
