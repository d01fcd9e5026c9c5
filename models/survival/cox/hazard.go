package cox

import (
	"math"
	"slices"
)

// Baseline is the cumulative hazard of a stratum at x = 0 and offset 0, which
// steps up to hazard[k] at time[k]: Breslow's estimator, with Efron's ties his
// (Therneau, Grambsch 2000, 10.2).
func (f *Fit) Baseline(stratum int) (time, hazard []float64) {
	from, to := f.base[stratum]+1, f.base[stratum+1]
	shift := 0.0
	for j, b := range f.Coef {
		shift -= float64(b * f.mean[j])
	}
	for _, h := range f.cumulative[from:to] {
		hazard = append(hazard, float64(h*math.Exp(shift)))
	}
	return slices.Clone(f.time[from:to]), hazard
}

// Forecast is the cumulative hazard by time t of one at risk from the beginning
// with columns x in a stratum, and its standard error, which includes that of
// the coefficients (Tsiatis 1981, Annals of Statistics 9:93; Link 1984). The
// probability of nothing having happened is exp(−hazard), of which se is the
// standard error on the log scale, so survival.LogLog.Interval gives its limits.
// Of one known to have got to a later time, it is the difference of two hazards.
func (f *Fit) Forecast(x []float64, stratum int, offset, t float64) (hazard, se float64) {
	if len(x) != len(f.Coef) {
		panic("cox: a row of another number of columns")
	}
	at := f.base[stratum] + int32(upTo(f.time[f.base[stratum]+1:f.base[stratum+1]], t))
	eta := offset
	for j, b := range f.Coef {
		eta += float64(b * (x[j] - f.mean[j]))
	}
	variance, gradient := f.spent[at], make([]float64, len(x))
	for j := range x {
		gradient[j] = (x[j]-f.mean[j])*f.cumulative[at] - f.drift[j][at]
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
