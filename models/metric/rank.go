package metric

import (
	"math"
	"slices"
)

// AUC is the area under the ROC curve: the chance that a row with outcome 1
// scores above one with outcome 0, ties counting half.
func AUC(y, score, w []float64) float64 {
	check(len(y), len(score))
	checkWeight(y, w)
	area, below, above := 0.0, 0.0, 0.0
	ties(order(score), score, func(run []int) {
		neg, pos := 0.0, 0.0
		for _, i := range run {
			v := weightOf(w, i)
			pos += v * y[i]
			neg += v * (1 - y[i])
		}
		area += pos * (below + neg/2)
		below += neg
		above += pos
	})
	return area / (below * above)
}

// DeLong gives the AUC of each score on the same rows and the covariance of
// these AUCs (DeLong, DeLong and Clarke-Pearson 1988), from midranks in
// O(n log n) (Sun and Xu 2014). NaN with fewer than two rows of either outcome.
func DeLong(y []float64, scores ...[]float64) (auc []float64, cov [][]float64) {
	structural := make([][]float64, len(scores)) // of each row: the share of the other class that it is on the right side of
	pos, neg := 0.0, 0.0
	for _, v := range y {
		pos += v
		neg += 1 - v
	}
	auc = make([]float64, len(scores))
	for k, s := range scores {
		check(len(y), len(s))
		v := make([]float64, len(y))
		below, above := 0.0, pos
		ties(order(s), s, func(run []int) {
			p := 0.0
			for _, i := range run {
				p += y[i]
			}
			n := float64(len(run)) - p
			above -= p
			for _, i := range run {
				if y[i] == 1 {
					v[i] = (below + n/2) / neg
					auc[k] += v[i] / pos
				} else {
					v[i] = (above + p/2) / pos
				}
			}
			below += n
		})
		structural[k] = v
	}
	cov = make([][]float64, len(scores))
	for a := range cov {
		cov[a] = make([]float64, len(scores))
		for b := range cov[a] {
			sum1, sum0 := 0.0, 0.0
			for i := range y {
				d := (structural[a][i] - auc[a]) * (structural[b][i] - auc[b])
				sum1 += d * y[i]
				sum0 += d * (1 - y[i])
			}
			cov[a][b] = sum1/(pos*(pos-1)) + sum0/(neg*(neg-1))
		}
	}
	return auc, cov
}

// AUCInterval is the AUC with DeLong's standard error and normal interval of
// the given level (0.95), cut to [0, 1].
func AUCInterval(y, score []float64, level float64) Estimate {
	auc, cov := DeLong(y, score)
	e := normal(auc[0], math.Sqrt(cov[0][0]), level)
	e.Low, e.High = max(e.Low, 0), min(e.High, 1)
	return e
}

// AUCDifference is the AUC of a less that of b on the same rows, with DeLong's
// paired standard error, interval and two-sided p value.
func AUCDifference(y, a, b []float64, level float64) Estimate {
	auc, cov := DeLong(y, a, b)
	return normal(auc[0]-auc[1], math.Sqrt(max(cov[0][0]+cov[1][1]-2*cov[0][1], 0)), level)
}

// AveragePrecision is Σ (recall_k − recall_{k−1})·precision_k over the distinct
// scores from the highest (as scikit-learn's average_precision_score).
func AveragePrecision(y, score, w []float64) float64 {
	check(len(y), len(score))
	checkWeight(y, w)
	rows := order(score)
	slices.Reverse(rows)
	sum, hits, taken := 0.0, 0.0, 0.0
	ties(rows, score, func(run []int) {
		pos := 0.0
		for _, i := range run {
			pos += weightOf(w, i) * y[i]
			taken += weightOf(w, i)
		}
		hits += pos
		sum += pos * hits / taken
	})
	return sum / hits
}

// KS is the largest distance between the score distributions of the two
// outcomes (Kolmogorov–Smirnov), and the score at which it is first reached.
func KS(y, score, w []float64) (distance, at float64) {
	check(len(y), len(score))
	checkWeight(y, w)
	rows := order(score)
	pos, neg := 0.0, 0.0
	for _, i := range rows {
		pos += weightOf(w, i) * y[i]
		neg += weightOf(w, i) * (1 - y[i])
	}
	p, n := 0.0, 0.0
	ties(rows, score, func(run []int) {
		for _, i := range run {
			p += weightOf(w, i) * y[i]
			n += weightOf(w, i) * (1 - y[i])
		}
		if d := math.Abs(p/pos - n/neg); d > distance {
			distance, at = d, score[run[0]]
		}
	})
	return distance, at
}

// Part is one slice of a gain table: rows ranked from the highest score.
type Part struct {
	N        int     // rows in the slice
	Weight   float64 // their weight
	Events   float64 // weighted outcomes of 1, ties shared in proportion
	Rate     float64 // Events / Weight
	Lift     float64 // Rate / overall rate
	CumRate  float64 // rate of this slice and all above
	CumLift  float64 // CumRate / overall rate
	CumGain  float64 // share of all events in this slice and all above
	MinScore float64 // lowest score in the slice
}

// Gain is the gain and lift table in k slices of equal counts, highest scores
// first. A run of equal scores that is cut by a slice's border gives each side
// its share, so the table does not depend on the order of rows.
func Gain(y, score, w []float64, k int) []Part {
	check(len(y), len(score))
	checkWeight(y, w)
	negated := make([]float64, len(score))
	for i, s := range score {
		negated[i] = -s
	}
	rows := order(negated)
	expected := make([]float64, len(y))
	ties(rows, score, func(run []int) {
		pos, total := 0.0, 0.0
		for _, i := range run {
			pos += weightOf(w, i) * y[i]
			total += weightOf(w, i)
		}
		for _, i := range run {
			expected[i] = pos / total
		}
	})
	parts := make([]Part, k)
	events, total := 0.0, 0.0
	for rank, i := range rows {
		p := &parts[rank*k/len(rows)]
		v := weightOf(w, i)
		p.N++
		p.Weight += v
		p.Events += v * expected[i]
		p.MinScore = score[i]
		total += v
		events += v * expected[i]
	}
	overall, cumEvents, cumWeight := events/total, 0.0, 0.0
	for i := range parts {
		p := &parts[i]
		cumEvents += p.Events
		cumWeight += p.Weight
		p.Rate = p.Events / p.Weight
		p.Lift = p.Rate / overall
		p.CumRate = cumEvents / cumWeight
		p.CumLift = p.CumRate / overall
		p.CumGain = cumEvents / events
	}
	return parts
}
