// Package censored measures forecasts of when something happens on subjects of
// which many are last seen before it: how well risks rank them (Harrell's and
// Uno's concordance, the dynamic AUC) and how true probabilities are (the Brier
// score by time and over time), weighted by the inverse probability of having
// been followed long enough.
//
// A subject's entry of models.Target is its Exit and Cause (0: last seen open);
// Entry and Weight count where a figure says so. The reference programs are R's
// survival and riskRegression and Python's scikit-survival.
package censored

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
)

// Censoring is the probability G of still being followed, estimated with the
// roles of events and last sightings exchanged; at equal times events come
// first.
type Censoring struct {
	time, left []float64
	// At makes weights use G(t) in place of G(t−), the probability of being
	// followed until just before t. R takes the latter, which is what an event
	// at t needs to be seen (Graf and others 1999, Statistics in Medicine
	// 18:2529); scikit-survival the former.
	At bool
}

// NewCensoring estimates G from the subjects of y, best those that the model
// was fitted to.
func NewCensoring(y models.Target) *Censoring {
	order := byExit(y)
	g, c := 1.0, &Censoring{}
	for i := 0; i < len(order); {
		t, end, lost, events := y.Exit[order[i]], i, 0.0, 0.0
		for ; end < len(order) && y.Exit[order[end]] == t; end++ {
			if y.Cause[order[end]] == 0 {
				lost++
			} else {
				events++
			}
		}
		if lost > 0 {
			g *= 1 - lost/(float64(len(order)-i)-events)
			c.time, c.left = append(c.time, t), append(c.left, g)
		}
		i = end
	}
	return c
}

func byExit(y models.Target) []int {
	order := make([]int, len(y.Exit))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(y.Exit[a], y.Exit[b]), cmp.Compare(a, b)) })
	return order
}

// Followed is G(t).
func (c *Censoring) Followed(t float64) float64 {
	at, found := slices.BinarySearch(c.time, t)
	if found {
		at++
	}
	if at == 0 {
		return 1
	}
	return c.left[at-1]
}

// Weight of an event at t: 1/G(t−), or 1/G(t) if At; 0 where nobody is followed
// so long.
func (c *Censoring) Weight(t float64) float64 {
	if !c.At {
		t = math.Nextafter(t, math.Inf(-1))
	}
	if g := c.Followed(t); g > 0 {
		return 1 / g
	}
	return 0
}

// Brier is the weighted mean square of what happened by t less its forecast
// probability p. A subject counts as 1 if the cause (0: any) ended its time by
// t, as 0 if another did or it was still open beyond t, and not at all if it was
// last seen before (Graf and others 1999; with causes, Gerds and Schumacher
// 2006, Biometrical Journal 48:1029). The standard error is that of a G
// estimated from these subjects. NaN without rows.
func Brier(g *Censoring, y models.Target, cause uint8, p []float64, t float64) (score, se float64) {
	open := 0.0
	if followed := g.Followed(t); followed > 0 {
		open = 1 / followed
	}
	parts := make([]float64, len(p))
	for i, forecast := range p {
		switch {
		case y.Exit[i] > t:
			parts[i] = open * forecast * forecast
		case y.Cause[i] != 0 && (cause == 0 || y.Cause[i] == cause):
			parts[i] = g.Weight(y.Exit[i]) * (1 - forecast) * (1 - forecast)
		case y.Cause[i] != 0:
			parts[i] = g.Weight(y.Exit[i]) * forecast * forecast
		}
		score += parts[i] / float64(len(p))
	}
	influence := make([]float64, len(p))
	for i, part := range parts {
		influence[i] = part - score
	}
	return score, spread(influence, y, parts, t)
}

// spread is the standard error of a mean whose terms have an influence on it,
// joined by what each adds through the weights of the parts: the integral of
// the parts still to come, over those at risk, by its censoring martingale.
func spread(influence []float64, y models.Target, parts []float64, t float64) float64 {
	order := byExit(y)
	after := 0.0 // sum of parts that weigh more if somebody is lost now
	for _, part := range parts {
		after += part
	}
	met, square := 0.0, 0.0
	for i := 0; i < len(order); {
		now, end, lost := y.Exit[order[i]], i, 0.0
		for ; end < len(order) && y.Exit[order[end]] == now; end++ {
			if now <= t {
				after -= parts[order[end]]
			}
			if y.Cause[order[end]] == 0 {
				lost++
			}
		}
		each := 0.0
		if now <= t {
			each = after / float64(len(order)-i)
		}
		met += each * lost / float64(len(order)-i)
		for ; i < end; i++ {
			v := influence[order[i]] - met
			if y.Cause[order[i]] == 0 {
				v += each
			}
			square += v * v
		}
	}
	n := float64(len(order))
	return math.Sqrt(square / n / (n - 1))
}

// Integrated is the mean of a score over the time from the first to the last of
// the times, by the trapezium rule.
func Integrated(times, scores []float64) float64 {
	area := 0.0
	for k := 1; k < len(times); k++ {
		area += (times[k] - times[k-1]) * (scores[k] + scores[k-1]) / 2
	}
	return area / (times[len(times)-1] - times[0])
}

// AUC is the chance that a subject to which the cause (0: any) happened by t had
// a higher risk than one to which it had not, whether still open beyond t or
// ended by another, ties counting half (Uno and others 2007, JASA 102:527), with
// its standard error (Blanche, Dartigues, Jacqmin-Gadda 2013, Statistics in
// Medicine 32:5381, whose second definition this is), that of a G estimated from
// these subjects. NaN where there is none of either.
func AUC(g *Censoring, y models.Target, cause uint8, risk []float64, t float64) (auc, se float64) {
	n := len(risk)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(risk[a], risk[b]), cmp.Compare(a, b)) })
	weight, right := make([]float64, n), make([]float64, n) // what each weighs, and how much of the other side it is right about
	hit := func(i int) bool { return y.Exit[i] <= t && y.Cause[i] != 0 && (cause == 0 || y.Cause[i] == cause) }
	cases, controls := 0.0, 0.0
	for i := range risk {
		switch {
		case y.Exit[i] > t:
			weight[i] = 1 / g.Followed(t)
		case y.Cause[i] != 0:
			weight[i] = g.Weight(y.Exit[i])
		}
		if hit(i) {
			cases += weight[i]
		} else {
			controls += weight[i]
		}
	}
	below, above := 0.0, cases
	for i := 0; i < n; {
		end, same, others := i, 0.0, 0.0
		for ; end < n && risk[order[end]] == risk[order[i]]; end++ {
			if j := order[end]; hit(j) {
				same += weight[j]
			} else {
				others += weight[j]
			}
		}
		above -= same
		for ; i < end; i++ {
			if j := order[i]; hit(j) {
				right[j] = (below + others/2) / controls
				auc += weight[j] * right[j] / cases
			} else {
				right[j] = (above + same/2) / cases
			}
		}
		below += others
	}
	parts := make([]float64, n)
	for i := range risk {
		parts[i] = float64(n) * weight[i] * (right[i] - auc) / controls
		if hit(i) {
			parts[i] *= controls / cases
		}
	}
	return auc, spread(parts, y, parts, t)
}

// MeanAUC is the mean of AUCs at rising times, each weighted by the share of
// events since the time before, by Kaplan and Meier's estimate from y.
func MeanAUC(y models.Target, times, aucs []float64) float64 {
	order, s := byExit(y), 1.0
	mean, before, k := 0.0, 1.0, 0
	for i := 0; k < len(times); {
		if i == len(order) || y.Exit[order[i]] > times[k] {
			mean += aucs[k] * (before - s)
			before = s
			k++
			continue
		}
		t, atRisk, events := y.Exit[order[i]], float64(len(order)-i), 0.0
		for ; i < len(order) && y.Exit[order[i]] == t; i++ {
			if y.Cause[order[i]] != 0 {
				events++
			}
		}
		s *= 1 - events/atRisk
	}
	return mean / (1 - s)
}
