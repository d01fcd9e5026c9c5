package censored

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
)

// Pairs counts pairs of subjects of which one is known to have had its event
// while the other was at risk, each pair times the weights of both.
type Pairs struct {
	Concordant float64 // the first to have its event had the higher risk
	Discordant float64
	TiedRisk   float64 // both had the same risk
	TiedTime   float64 // both events at the same time, other risks
	TiedBoth   float64 // the same time and risk
	Variance   float64 // of C, by the infinitesimal jackknife (as R's concordance)
}

// C is the concordance: the chance that of two subjects the one with the higher
// risk has its event first, ties in risk counting half.
func (p Pairs) C() float64 {
	return (p.Concordant + p.TiedRisk/2) / (p.Concordant + p.Discordant + p.TiedRisk)
}

// Concordance compares risks with the order of events (Harrell and others 1982,
// JAMA 247:2543), within strata if given (numbers from 0). Entry and Weight of y
// count: only who entered before an event is compared with it. A pair counts as
// weight of the earlier event's time; nil means 1. It takes n·log n steps.
func Concordance(y models.Target, risk []float64, strata []int, weight func(t float64) float64) Pairs {
	rows := [][]int{make([]int, 0, len(risk))}
	for i := range risk {
		s := 0
		if strata != nil {
			s = strata[i]
		}
		for s >= len(rows) {
			rows = append(rows, nil)
		}
		rows[s] = append(rows[s], i)
	}
	c := &comparison{y: y, time: weight, pairs: make([]float64, len(risk)), net: make([]float64, len(risk))}
	for _, r := range rows {
		c.stratum(r, risk)
	}
	p := c.Pairs
	all := p.Concordant + p.Discordant + p.TiedRisk
	somers := (p.Concordant - p.Discordant) / all
	for i := range risk {
		d := c.w(i) * (c.net[i] - somers*c.pairs[i]) / all / 2
		p.Variance += d * d
	}
	return p
}

// Uno is the concordance of events before tau, each weighted by 1/G² (Uno and
// others 2011, Statistics in Medicine 30:1105), which does not depend on how
// long subjects happened to be followed. An infinite tau takes all events.
func Uno(g *Censoring, y models.Target, risk []float64, tau float64) float64 {
	return Concordance(y, risk, nil, func(t float64) float64 {
		if t >= tau {
			return 0
		}
		return g.Weight(t) * g.Weight(t)
	}).C()
}

// comparison sums over pairs, and for each subject over the pairs it is in: what
// they weigh, and that with the sign of concordance.
type comparison struct {
	Pairs
	y          models.Target
	time       func(float64) float64
	pairs, net []float64
}

func (c *comparison) w(i int) float64 {
	if c.y.Weight == nil {
		return 1
	}
	return c.y.Weight[i]
}

func (c *comparison) at(t float64) float64 {
	if c.time == nil {
		return 1
	}
	return c.time(t)
}

func (c *comparison) stratum(rows []int, risk []float64) {
	levels := make([]float64, 0, len(rows))
	for _, i := range rows {
		levels = append(levels, risk[i])
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	rank := map[int]int{}
	for _, i := range rows {
		rank[i], _ = slices.BinarySearch(levels, risk[i])
	}
	exits, entries := sorted(rows, c.y.Exit), []int(nil)
	if c.y.Entry != nil {
		entries = sorted(rows, c.y.Entry)
	}
	c.asEvents(exits, entries, rank, newTree(len(levels)))
	c.asOthers(exits, entries, rank, newTree(len(levels)))
}

func sorted(rows []int, by []float64) []int {
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(by[a], by[b]), cmp.Compare(a, b)) })
	return order
}

// asEvents goes back in time and compares each event with those at risk then.
func (c *comparison) asEvents(exits, entries []int, rank map[int]int, there *tree) {
	next := len(entries) - 1
	for end := len(exits); end > 0; {
		t, from := c.y.Exit[exits[end-1]], end
		for ; from > 0 && c.y.Exit[exits[from-1]] == t; from-- {
			if i := exits[from-1]; c.y.Cause[i] == 0 {
				there.add(rank[i], c.w(i))
			}
		}
		for ; next >= 0 && c.y.Entry[entries[next]] >= t; next-- {
			there.add(rank[entries[next]], -c.w(entries[next]))
		}
		f := c.at(t)
		tied := map[int]float64{}
		all := 0.0
		for _, i := range exits[from:end] {
			if c.y.Cause[i] == 0 {
				continue
			}
			below, same, above := there.around(rank[i])
			w := c.w(i) * f
			c.Concordant += w * below
			c.Discordant += w * above
			c.TiedRisk += w * same
			c.net[i] += f * (below - above)
			c.pairs[i] += f * (below + same + above)
			c.TiedBoth += w * tied[rank[i]]
			c.TiedTime += w * (all - tied[rank[i]])
			tied[rank[i]] += c.w(i)
			all += c.w(i)
		}
		for _, i := range exits[from:end] {
			if c.y.Cause[i] != 0 {
				there.add(rank[i], c.w(i))
			}
		}
		end = from
	}
}

// asOthers goes forward and compares each subject with the events that it was
// at risk at.
func (c *comparison) asOthers(exits, entries []int, rank map[int]int, events *tree) {
	compare := func(i int, sign float64) {
		below, same, above := events.around(rank[i])
		c.net[i] += sign * (above - below)
		c.pairs[i] += sign * (below + same + above)
	}
	next := 0
	for from := 0; from < len(exits); {
		t, end := c.y.Exit[exits[from]], from
		for ; next < len(entries) && c.y.Entry[entries[next]] < t; next++ {
			compare(entries[next], -1)
		}
		for ; end < len(exits) && c.y.Exit[exits[end]] == t; end++ {
			if c.y.Cause[exits[end]] != 0 {
				compare(exits[end], 1)
			}
		}
		for _, i := range exits[from:end] {
			if c.y.Cause[i] != 0 {
				events.add(rank[i], c.w(i)*c.at(t))
			}
		}
		for _, i := range exits[from:end] {
			if c.y.Cause[i] == 0 {
				compare(i, 1)
			}
		}
		from = end
	}
}

// tree is Fenwick's (1994): sums over ranges of ranks in log n steps.
type tree struct {
	sum   []float64
	total float64
}

func newTree(n int) *tree { return &tree{sum: make([]float64, n+1)} }

func (t *tree) add(rank int, w float64) {
	t.total += w
	for k := rank + 1; k < len(t.sum); k += k & -k {
		t.sum[k] += w
	}
}

// upTo is the sum over the first n ranks.
func (t *tree) upTo(n int) (sum float64) {
	for ; n > 0; n -= n & -n {
		sum += t.sum[n]
	}
	return sum
}

// around is what lies below, at and above a rank.
func (t *tree) around(rank int) (below, same, above float64) {
	below = t.upTo(rank)
	upTo := t.upTo(rank + 1)
	return below, upTo - below, math.Max(0, t.total-upTo)
}
