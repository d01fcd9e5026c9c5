package metric

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a figure and how sure it is.
type Estimate struct {
	Value float64 `json:"value"`
	SE    float64 `json:"se"`  // standard error
	Low   float64 `json:"low"` // interval at the level asked for
	High  float64 `json:"high"`
	P     float64 `json:"p"` // two-sided p value of "the figure is zero" (for a ratio: is one)
}

// UnmarshalJSON reads a figure that is null, as JSON has it for what is not
// finite, as NaN.
func (e *Estimate) UnmarshalJSON(b []byte) error {
	type plain Estimate
	nan := math.NaN()
	*e = Estimate{nan, nan, nan, nan, nan}
	return json.Unmarshal(b, (*plain)(e))
}

// normal is the estimate with a normal interval.
func normal(value, se, level float64) Estimate {
	half := se * distuv.UnitNormal.Quantile((1+level)/2)
	p := 1.0
	if value != 0 {
		p = math.Erfc(math.Abs(value) / se / math.Sqrt2)
	}
	return Estimate{Value: value, SE: se, Low: value - half, High: value + half, P: p}
}

// ObservedExpected is the ratio of a count of events to the sum of their
// forecast probabilities, with the exact Poisson interval (Garwood 1936; Ulm
// 1990) and the two-sided exact p value of a ratio of one.
func ObservedExpected(observed, expected, level float64) Estimate {
	e := Estimate{Value: observed / expected, SE: math.Sqrt(observed) / expected}
	tail := (1 - level) / 2
	below := 0.0 // P(N < observed) under a mean of expected
	if observed > 0 {
		e.Low = distuv.ChiSquared{K: 2 * observed}.Quantile(tail) / 2 / expected
		below = distuv.ChiSquared{K: 2 * observed}.Survival(2 * expected)
	}
	e.High = distuv.ChiSquared{K: 2*observed + 2}.Quantile(1-tail) / 2 / expected
	upTo := distuv.ChiSquared{K: 2*observed + 2}.Survival(2 * expected) // P(N ≤ observed)
	e.P = min(1, 2*min(upTo, 1-below))
	return e
}

// MeanDifference is the weighted mean of a−b (two losses on the same rows) with
// a percentile bootstrap interval over draws resamples of whole groups: leads
// or accounts, never single rows of one. A nil group means that each row is its
// own; a nil w means one each. The same seed gives the same interval. Of more than
// 100,000 groups the interval is the normal one, which the bootstrap comes to. P is the
// two-sided bootstrap p value; the one-sided 95 % limits are those of level 0.90.
func MeanDifference(a, b, w []float64, group []int, draws int, seed uint64, level float64) Estimate {
	check(len(a), len(b))
	checkWeight(a, w)
	sums := map[int]int{} // position of each group, in order of first sight
	var diff, weight []float64
	for i := range a {
		g := i
		if group != nil {
			check(len(a), len(group))
			g = group[i]
		}
		k, seen := sums[g]
		if !seen {
			k = len(diff)
			sums[g] = k
			diff, weight = append(diff, 0), append(weight, 0)
		}
		diff[k] += weightOf(w, i) * (a[i] - b[i])
		weight[k] += weightOf(w, i)
	}
	value := total(diff) / total(weight)
	if len(diff) > mostResampled {
		return linearised(diff, weight, value, level)
	}
	source := rand.New(rand.NewPCG(seed, 0x6c656164))
	means := make([]float64, draws)
	for d := range means {
		sum, mass := 0.0, 0.0
		for range diff {
			k := source.IntN(len(diff))
			sum += diff[k]
			mass += weight[k]
		}
		means[d] = sum / mass
	}
	slices.Sort(means)
	mean := total(means) / float64(draws)
	variance, notAbove, notBelow := 0.0, 0.0, 0.0
	for _, m := range means {
		variance += (m - mean) * (m - mean) / float64(draws-1)
		if m <= 0 {
			notAbove++
		}
		if m >= 0 {
			notBelow++
		}
	}
	n := float64(draws)
	return Estimate{Value: value, SE: math.Sqrt(variance), Low: quantile(means, (1-level)/2), High: quantile(means, (1+level)/2),
		P: min(1, 2*(min(notAbove, notBelow)+1)/(n+1))}
}

// mostResampled is the number of groups up to which their means are resampled:
// those of more are normal, and known in closed form.
const mostResampled = 100_000

// linearised is a ratio of sums with its normal interval by the delta method.
func linearised(diff, weight []float64, value, level float64) Estimate {
	square := 0.0
	for k, d := range diff {
		rest := d - float64(value*weight[k])
		square += float64(rest * rest)
	}
	return normal(value, math.Sqrt(square)/total(weight), level)
}

func total(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum
}

// quantile interpolates linearly between order statistics (Hyndman and Fan's type 7).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	k := min(int(at), len(sorted)-2)
	if k < 0 {
		return sorted[0]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}
