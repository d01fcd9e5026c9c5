// Package metric measures forecasts: how well they rank (ROC-AUC, average
// precision, gain), how true they are (log loss, Brier score, calibration), and
// how sure such a figure is (DeLong, exact Poisson and bootstrap intervals).
//
// Outcomes y are 0 or 1, one a row beside its forecast; a nil weight means one
// each. Slices of unequal length panic; a figure that the rows do not define
// (the AUC of one class) is NaN.
package metric

import (
	"cmp"
	"math"
	"slices"
)

const badLength = "metric: slice lengths do not match"

func check(lengths ...int) {
	for _, n := range lengths[1:] {
		if n != lengths[0] {
			panic(badLength)
		}
	}
}

func weightOf(w []float64, i int) float64 {
	if w == nil {
		return 1
	}
	return w[i]
}

func checkWeight(y, w []float64) {
	if w != nil {
		check(len(y), len(w))
	}
}

// order gives the rows by rising score, ties in row order.
func order(score []float64) []int {
	rows := make([]int, len(score))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	return rows
}

// ties calls visit for each run rows[from:to] of equal score.
func ties(rows []int, score []float64, visit func(run []int)) {
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && score[rows[to]] == score[rows[from]] {
			to++
		}
		visit(rows[from:to])
		from = to
	}
}

// LogLoss is the weighted mean of −log of the probability given to what
// happened, in nats. Probabilities are kept 2.2e−16 away from 0 and 1.
func LogLoss(y, p, w []float64) float64 {
	return weightedMean(y, p, w, func(y, p float64) float64 {
		const eps = 0x1p-52
		p = min(max(p, eps), 1-eps)
		return -(float64(y*math.Log(p)) + float64((1-y)*math.Log1p(-p)))
	})
}

// Brier is the weighted mean of (p−y)².
func Brier(y, p, w []float64) float64 {
	return weightedMean(y, p, w, func(y, p float64) float64 { return (p - y) * (p - y) })
}

func weightedMean(y, p, w []float64, loss func(y, p float64) float64) float64 {
	check(len(y), len(p))
	checkWeight(y, w)
	sum, total := 0.0, 0.0
	for i := range y {
		v := weightOf(w, i)
		sum += v * loss(y[i], p[i])
		total += v
	}
	return sum / total
}

// Spiegelhalter is the z statistic of Spiegelhalter's (1986) test that the
// forecasts are calibrated: standard normal if they are.
func Spiegelhalter(y, p []float64) float64 {
	check(len(y), len(p))
	sum, variance := 0.0, 0.0
	for i := range y {
		sum += (y[i] - p[i]) * (1 - 2*p[i])
		variance += (1 - 2*p[i]) * (1 - 2*p[i]) * p[i] * (1 - p[i])
	}
	return sum / math.Sqrt(variance)
}
