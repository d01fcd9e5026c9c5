package survival

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
)

// riskSet counts, at each distinct time that somebody left, who was at risk
// (entered before and not left before) and who left why.
type riskSet struct {
	time, atRisk, censored []float64
	events                 [][]float64 // a row a cause, weighted
	ties                   [][]float64 // a row a cause, not weighted
}

// newRiskSet looks at some rows of y; nil means all. Rows that leave in the
// instant that they enter were never at risk and do not count.
func newRiskSet(y models.Target, causes int, rows []int) (*riskSet, error) {
	if rows == nil {
		rows = make([]int, len(y.Exit))
		for i := range rows {
			rows[i] = i
		}
	}
	for _, i := range rows {
		if entry := entryOf(y, i); entry != entry || !(y.Exit[i] >= entry) || math.IsInf(y.Exit[i], 0) {
			return nil, fmt.Errorf("survival: row %d: the time at risk must not end before it begins", i)
		}
		if y.Weight != nil && (!(y.Weight[i] >= 0) || math.IsInf(y.Weight[i], 0)) {
			return nil, fmt.Errorf("survival: row %d: a weight must be a number that is not negative", i)
		}
		if int(y.Cause[i]) > causes {
			return nil, fmt.Errorf("survival: row %d: cause %d is above %d", i, y.Cause[i], causes)
		}
	}
	if y.Entry != nil {
		rows = slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return y.Entry[i] == y.Exit[i] })
	}
	leave, enter := byTime(y.Exit, rows), byTime(y.Entry, rows)
	r := &riskSet{events: make([][]float64, causes), ties: make([][]float64, causes)}
	for n, i := range leave {
		if n == 0 || y.Exit[i] > r.time[len(r.time)-1] {
			r.time, r.censored = append(r.time, y.Exit[i]), append(r.censored, 0)
			for c := range causes {
				r.events[c], r.ties[c] = append(r.events[c], 0), append(r.ties[c], 0)
			}
		}
		last := len(r.time) - 1
		if c := int(y.Cause[i]); c == 0 {
			r.censored[last] += weightOf(y, i)
		} else {
			r.events[c-1][last] += weightOf(y, i)
			r.ties[c-1][last]++
		}
	}
	// Backwards, so that the last one at risk has exactly its own weight.
	r.atRisk = make([]float64, len(r.time))
	still, next := 0.0, len(enter)-1
	for k := len(r.time) - 1; k >= 0; k-- {
		still += r.censored[k]
		for c := range causes {
			still += r.events[c][k]
		}
		for ; next >= 0 && y.Entry[enter[next]] >= r.time[k]; next-- {
			still -= weightOf(y, enter[next])
		}
		r.atRisk[k] = still
	}
	return r, nil
}

// byTime sorts rows by a time, then by number; none where there is no time.
func byTime(time []float64, rows []int) []int {
	if time == nil {
		return nil
	}
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(i, j int) int { return cmp.Or(cmp.Compare(time[i], time[j]), cmp.Compare(i, j)) })
	return sorted
}

func weightOf(y models.Target, i int) float64 {
	if y.Weight == nil {
		return 1
	}
	return y.Weight[i]
}

// Survival is an estimate of the probability of nothing having happened by t,
// constant between its times. All slices have one entry a distinct exit time.
type Survival struct {
	Time     []float64 // rising
	AtRisk   []float64 // weight at risk just before
	Events   []float64 // weight of those something happened to
	Censored []float64 // weight of those last seen then
	S        []float64 // Kaplan and Meier's product-limit estimate just after
	LogSE    []float64 // standard error of log S (Greenwood); +Inf where S is 0
	ties     []float64 // number of events
}

// KaplanMeier estimates the survival of the subjects of y (Exit, Cause, and
// optionally Entry and Weight); any cause counts as an event (Kaplan, Meier
// 1958, JASA 53:457; Greenwood's variance; delayed entry as in R's survfit).
// Errors: no rows, times or weights out of range.
func KaplanMeier(y models.Target) (*Survival, error) {
	if len(y.Exit) == 0 {
		return nil, errors.New("survival: no rows")
	}
	r, err := newRiskSet(anyCause(y), 1, nil)
	if err != nil {
		return nil, err
	}
	s := &Survival{Time: r.time, AtRisk: r.atRisk, Events: r.events[0], Censored: r.censored, ties: r.ties[0]}
	left, variance := 1.0, 0.0
	for k, n := range r.atRisk {
		if d := s.Events[k]; d > 0 {
			rest := survivors(n, d)
			left *= rest / n
			variance += d / (n * rest)
		}
		s.S, s.LogSE = append(s.S, left), append(s.LogSE, math.Sqrt(variance))
	}
	return s, nil
}

// anyCause is y with all causes taken as one.
func anyCause(y models.Target) models.Target {
	cause := make([]uint8, len(y.Cause))
	for i, c := range y.Cause {
		cause[i] = min(c, 1)
	}
	y.Cause = cause
	return y
}

// survivors is n − d, exactly 0 where only rounding keeps them apart.
func survivors(n, d float64) float64 {
	if n-d < 1e-12*n {
		return 0
	}
	return n - d
}

// SE is the standard error of S at step k; NaN where S is 0.
func (s *Survival) SE(k int) float64 { return s.S[k] * s.LogSE[k] }

// Step is the index of the last time that is at most t; −1 before the first.
func (s *Survival) Step(t float64) int { return above(s.Time, t) - 1 }

// NelsonAalen is the cumulative hazard and its standard error at each time,
// Σ d/n and Σ d/n² (Nelson 1969; Aalen 1978, Annals of Statistics 6:701). With
// spread, tied events are taken one after the other (Fleming, Harrington 1984).
func (s *Survival) NelsonAalen(spread bool) (hazard, se []float64) {
	h, v := 0.0, 0.0
	for k, n := range s.AtRisk {
		d, times := s.Events[k], 1.0
		if spread && s.ties[k] > 0 {
			times = s.ties[k]
		}
		for j := 0.0; j < times && d > 0; j++ {
			rest := n - j*d/times
			h += d / times / rest
			v += d / times / (rest * rest)
		}
		hazard, se = append(hazard, h), append(se, math.Sqrt(v))
	}
	return hazard, se
}

// Quantile is the time by which the share p is gone, with the limits where the
// pointwise bounds of S cross 1 − p (Brookmeyer, Crowley 1982); NaN where they
// do not get there. Where S stays at exactly 1 − p it is the middle of the
// flat piece, as for a plain median.
func (s *Survival) Quantile(p float64, scale Scale, level float64) (t, low, high float64) {
	lows, highs := make([]float64, len(s.S)), make([]float64, len(s.S))
	for k := range s.S {
		lows[k], highs[k] = scale.Interval(s.S[k], s.LogSE[k], level)
	}
	return s.crossing(s.S, 1-p), s.crossing(lows, 1-p), s.crossing(highs, 1-p)
}

func (s *Survival) crossing(curve []float64, at float64) float64 {
	const same = 1.5e-8 // rounding of the product, as R's quantile.survfit
	first := slices.IndexFunc(curve, func(v float64) bool { return v <= at+same })
	if first < 0 {
		return math.NaN()
	}
	if curve[first] < at-same {
		return s.Time[first]
	}
	for k := first + 1; k < len(curve); k++ {
		if curve[k] < at-same {
			return (s.Time[first] + s.Time[k]) / 2
		}
	}
	return (s.Time[first] + s.Time[len(s.Time)-1]) / 2
}

// Mean is the mean time until something happens or limit is reached, the area
// under S, and its standard error (Irwin 1949; Klein, Moeschberger 2003, 4.5).
func (s *Survival) Mean(limit float64) (mean, se float64) {
	area, variance := 0.0, 0.0
	end := min(s.Step(limit), len(s.S)-1)
	to := limit
	for k := end; k >= 0; k-- {
		area += s.S[k] * (to - s.Time[k])
		to = s.Time[k]
		if n, d := s.AtRisk[k], s.Events[k]; d > 0 && survivors(n, d) > 0 {
			variance += area * area * d / (n * (n - d))
		}
	}
	return area + to, math.Sqrt(variance)
}

// Scale is the transformation of a probability on which a confidence interval
// is symmetric.
type Scale int

// The scales of R's survfit. LogLog keeps its coverage best in small samples
// (Borgan, Liestøl 1990).
const (
	LogLog Scale = iota
	Log
	Plain
	Logit
	Arcsin
)

// Interval is the confidence interval at a level such as 0.95 of a probability
// p whose logarithm has the standard error se. It is NaN where the scale has
// no answer: at p = 0, and but for Log and Plain at p = 1.
func (c Scale) Interval(p, se, level float64) (low, high float64) {
	if p == 0 || p == 1 && c != Log && c != Plain {
		return math.NaN(), math.NaN()
	}
	wide := math.Sqrt2 * math.Erfinv(level) * se
	both := func(f func(by float64) float64) (float64, float64) { return f(-wide), f(wide) }
	switch c {
	case Log:
		return both(func(by float64) float64 { return min(1, p*math.Exp(by)) })
	case Plain:
		return both(func(by float64) float64 { return max(0, min(1, p+p*by)) })
	case Logit:
		return both(func(by float64) float64 { return 1 / (1 + math.Exp(-math.Log(p/(1-p))-by/(1-p))) })
	case Arcsin:
		return both(func(by float64) float64 {
			a := math.Asin(math.Sqrt(p)) + by/2*math.Sqrt(p/(1-p))
			return math.Pow(math.Sin(max(0, min(math.Pi/2, a))), 2)
		})
	}
	return both(func(by float64) float64 { return math.Exp(-math.Exp(math.Log(-math.Log(p)) + by/math.Log(p))) })
}
