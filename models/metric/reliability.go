package metric

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Bin is one bin of a reliability diagram.
type Bin struct {
	N         int     `json:"n"`         // rows
	Weight    float64 `json:"weight"`    // their weight
	Observed  float64 `json:"observed"`  // weighted mean outcome
	Predicted float64 `json:"predicted"` // weighted mean forecast
}

// Reliability is a binned comparison of forecasts with outcomes; empty bins are left out.
type Reliability []Bin

// EqualWidth bins the forecasts at 1/k, 2/k, …; a forecast of 1 falls in the last bin.
func EqualWidth(y, p, w []float64, k int) Reliability {
	return bin(y, p, w, k, func(_ int, p float64) int { return max(0, min(int(p*float64(k)), k-1)) })
}

// EqualMass bins the rows by the rank of their forecast into k bins of equal counts.
func EqualMass(y, p, w []float64, k int) Reliability {
	return bin(y, p, w, k, func(rank int, _ float64) int { return rank * k / len(p) })
}

func bin(y, p, w []float64, k int, place func(rank int, p float64) int) Reliability {
	check(len(y), len(p))
	checkWeight(y, w)
	bins := make(Reliability, k)
	for rank, i := range order(p) {
		b := &bins[place(rank, p[i])]
		v := weightOf(w, i)
		b.N++
		b.Weight += v
		b.Observed += v * y[i]
		b.Predicted += v * p[i]
	}
	kept := bins[:0]
	for _, b := range bins {
		if b.N > 0 {
			b.Observed /= b.Weight
			b.Predicted /= b.Weight
			kept = append(kept, b)
		}
	}
	return kept
}

// Errors gives the calibration errors of the bins: the weighted mean (ECE), the
// largest (MCE) and the root mean square of |observed − predicted|.
func (r Reliability) Errors() (ece, mce, rms float64) {
	total := 0.0
	for _, b := range r {
		gap := math.Abs(b.Observed - b.Predicted)
		ece += b.Weight * gap
		mce = max(mce, gap)
		rms += b.Weight * gap * gap
		total += b.Weight
	}
	return ece / total, mce, math.Sqrt(rms / total)
}

// ECE is the expected calibration error in k bins of equal counts.
func ECE(y, p, w []float64, k int) float64 {
	ece, _, _ := EqualMass(y, p, w, k).Errors()
	return ece
}

// HosmerLemeshow is the chi-squared statistic of the bins (Hosmer and Lemeshow
// 1980) and its p value with len(r)−2 degrees of freedom. Rows must be unweighted.
func (r Reliability) HosmerLemeshow() (chi2, p float64) {
	for _, b := range r {
		d := b.Observed - b.Predicted
		chi2 += b.Weight * d * d / (b.Predicted * (1 - b.Predicted))
	}
	return chi2, distuv.ChiSquared{K: float64(len(r) - 2)}.Survival(chi2)
}

// Murphy is the decomposition of the Brier score (Murphy 1973):
// Brier = Reliability − Resolution + Uncertainty + Within − Covariance, where
// the last two vanish if all forecasts of a group are equal (Stephenson, Coelho
// and Jolliffe 2008).
type Murphy struct {
	Reliability float64 // weighted mean of (forecast − outcome)² of the groups; smaller is better
	Resolution  float64 // variance of the groups' outcomes; larger is better
	Uncertainty float64 // variance of the outcome
	Within      float64 // variance of the forecasts within groups
	Covariance  float64 // twice the covariance of forecast and outcome within groups
}

// Decompose splits the Brier score by the distinct forecasts, or, with k > 0,
// by k bins of equal width.
func Decompose(y, p, w []float64, k int) Murphy {
	check(len(y), len(p))
	checkWeight(y, w)
	group := func(p float64) float64 { return p }
	if k > 0 {
		group = func(p float64) float64 { return max(0, min(math.Floor(p*float64(k)), float64(k-1))) }
	}
	key := make([]float64, len(p))
	mean, total := 0.0, 0.0
	for i := range p {
		key[i] = group(p[i])
		mean += weightOf(w, i) * y[i]
		total += weightOf(w, i)
	}
	mean /= total
	m := Murphy{Uncertainty: mean * (1 - mean)}
	ties(order(key), key, func(run []int) {
		var v, obs, pred float64
		for _, i := range run {
			v += weightOf(w, i)
			obs += weightOf(w, i) * y[i]
			pred += weightOf(w, i) * p[i]
		}
		if v == 0 {
			return
		}
		obs /= v
		pred /= v
		m.Reliability += v / total * (pred - obs) * (pred - obs)
		m.Resolution += v / total * (obs - mean) * (obs - mean)
		for _, i := range run {
			share := weightOf(w, i) / total
			m.Within += share * (p[i] - pred) * (p[i] - pred)
			m.Covariance += 2 * share * (p[i] - pred) * (y[i] - obs)
		}
	})
	return m
}
