package cox

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Clock is a function of time along which coefficients might drift.
type Clock int

// The clocks of R's cox.zph: the share that events leave behind them (1 less
// Kaplan and Meier's estimate just before), ranks, time itself and its logarithm.
const (
	KaplanMeier Clock = iota
	Rank
	Identity
	Log
)

// Test is a chi-square test.
type Test struct {
	ChiSquare float64
	DF        int
	P         float64
}

func newTest(chi float64, df int) Test {
	return Test{chi, df, mathext.GammaIncRegComp(float64(df)/2, chi/2)}
}

// Proportional tests whether coefficients stay the same over time: the score
// test of adding x·g(time) for each column, and for all of them together
// (Grambsch, Therneau 1994, Biometrika 81:515; as R's cox.zph from version 3).
func (f *Fit) Proportional(clock Clock) (columns []Test, all Test) {
	g := f.clock(clock)
	p := len(f.Coef)
	// The second block's score and the three blocks of information.
	one := make([]float64, len(g))
	twice := make([]float64, len(g))
	for k := range g {
		one[k], twice[k] = 1, g[k]*g[k]
	}
	_, plain := f.derivatives(nil)
	score, cross := f.derivatives(g)
	_, both := f.derivatives(twice)
	test := func(which []int) Test {
		n := p + len(which)
		m, u := make([][]float64, n), make([]float64, n)
		for a := range n {
			m[a] = make([]float64, n)
			for b := range n {
				switch {
				case a < p && b < p:
					m[a][b] = plain[a*p+b]
				case a < p:
					m[a][b] = cross[a*p+which[b-p]]
				case b < p:
					m[a][b] = cross[which[a-p]*p+b]
				default:
					m[a][b] = both[which[a-p]*p+which[b-p]]
				}
			}
			if a >= p {
				u[a] = score[which[a-p]]
			}
		}
		return newTest(quadratic(m, u), len(which))
	}
	every := make([]int, p)
	for j := range p {
		every[j] = j
		columns = append(columns, test([]int{j}))
	}
	return columns, test(every)
}

// clock gives its value at each step, less the mean over events.
func (f *Fit) clock(clock Clock) []float64 {
	g := make([]float64, len(f.time))
	var at []float64
	for _, i := range f.events {
		at = append(at, f.exit[i])
	}
	slices.Sort(at)
	gone := f.gone(at)
	exits := slices.Clone(f.exit)
	slices.Sort(exits)
	mean := 0.0
	for k, t := range f.time {
		if f.ties[k] == 0 {
			continue
		}
		switch first := upTo(at, math.Nextafter(t, math.Inf(-1))); clock {
		case KaplanMeier:
			g[k] = gone[first]
		case Rank:
			g[k] = float64(upTo(exits, math.Nextafter(t, math.Inf(-1)))+1+upTo(exits, t)) / 2
		case Identity:
			g[k] = t
		case Log:
			g[k] = math.Log(t)
		}
		mean += g[k] * f.ties[k] / float64(len(f.events))
	}
	for k := range g {
		if f.ties[k] > 0 {
			g[k] -= mean
		}
	}
	return g
}

// gone is, for each of the sorted times of events, 1 less Kaplan and Meier's
// estimate just before; strata and weights are not looked at.
func (k *risk) gone(events []float64) []float64 {
	exits, entries := slices.Clone(k.exit), slices.Clone(k.entry)
	slices.Sort(exits)
	slices.Sort(entries)
	gone, left := make([]float64, len(events)), 1.0
	for i := 0; i < len(events); {
		t, d := events[i], 0
		for ; i+d < len(events) && events[i+d] == t; d++ {
			gone[i+d] = 1 - left
		}
		before := math.Nextafter(t, math.Inf(-1))
		atRisk := len(exits) - upTo(exits, before)
		if entries != nil {
			atRisk -= len(entries) - upTo(entries, before)
		}
		left *= 1 - float64(d)/float64(atRisk)
		i += d
	}
	return gone
}
