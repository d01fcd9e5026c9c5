package lift

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// The sides of a comparison.
const (
	arm = iota
	other
	neither
)

// sides are the leads of an arm and of what it is compared with, walked
// through by age.
type sides struct {
	leads   []lead // of either side, by exit; all are at risk for a while
	side    []int  // of each lead
	late    []int  // leads that enter after creation, by age of entry
	horizon float64
	open    [2]float64 // share of open leads, by side
	alone   bool       // there is no other side: every month counts as it is
	single  bool       // there is one month: where a side has nobody left, the other goes on by itself

	atRisk  [2][]float64 // by month, at the age that the walk has reached
	overlap float64      // Σ of the months' weights
	sum     [2][]float64 // by month: the residuals' compensator so far
	spent   []float64    // of each lead: the compensator while it was at risk
}

// add takes a lead in; leads come by exit, and order is called after the last.
func (s *sides) add(l lead, side int) {
	if l.enter >= l.exit {
		return
	}
	if l.enter >= 0 {
		s.late = append(s.late, len(s.leads))
	}
	s.leads, s.side = append(s.leads, l), append(s.side, side)
}

func (s *sides) order() {
	slices.SortStableFunc(s.late, func(a, b int) int { return cmp.Compare(s.leads[a].enter, s.leads[b].enter) })
}

// weight is what a month counts for at this age: Mantel and Haenszel's.
func (s *sides) weight(month int) float64 {
	a, b := s.atRisk[arm][month], s.atRisk[other][month]
	switch {
	case s.alone:
		return a
	case s.single && a+b > 0 && (a == 0 || b == 0):
		return 1
	case a == 0 || b == 0:
		return 0
	}
	return a * b / (a + b)
}

// move lets by leads of a side enter (1) or leave (−1).
func (s *sides) move(side, month int, by float64) {
	s.overlap -= s.weight(month)
	s.atRisk[side][month] += by
	s.overlap += s.weight(month)
	if s.overlap < 0.25 {
		s.overlap = 0 // but for rounding: one lead against one weighs a half
	}
}

// walk calls visit with the leads that leave at each age up to the horizon,
// while they are still at risk; visit says how often somebody was won or lost.
func (s *sides) walk(months int, visit func(from, to int)) {
	for k := range s.atRisk {
		s.atRisk[k], s.sum[k] = make([]float64, months), make([]float64, months)
	}
	s.overlap, s.spent = 0, make([]float64, len(s.leads))
	for i, l := range s.leads {
		if l.enter < 0 {
			s.move(s.side[i], l.month, 1)
		}
	}
	next, from := 0, 0
	for from < len(s.leads) && s.leads[from].exit <= s.horizon {
		age, to, decided := s.leads[from].exit, from, false
		for ; to < len(s.leads) && s.leads[to].exit == age; to++ {
			decided = decided || s.leads[to].state != datasets.Open
		}
		for ; next < len(s.late) && s.leads[s.late[next]].enter < age; next++ {
			i := s.late[next]
			s.move(s.side[i], s.leads[i].month, 1)
			s.spent[i] = -s.sum[s.side[i]][s.leads[i].month]
		}
		if decided {
			visit(from, to)
		}
		for ; from < to; from++ {
			s.move(s.side[from], s.leads[from].month, -1)
			s.spent[from] += s.sum[s.side[from]][s.leads[from].month]
		}
	}
	for ; next < len(s.late); next++ { // too late for the horizon
		i := s.late[next]
		s.spent[i] = -s.sum[s.side[i]][s.leads[i].month]
	}
	for ; from < len(s.leads); from++ {
		s.spent[from] += s.sum[s.side[from]][s.leads[from].month]
	}
}

// rates are the averaged probabilities of being won and of being lost at one age.
type rates struct{ won, lost float64 }

func (r *rates) add(state datasets.State, by float64) {
	switch state {
	case datasets.Won:
		r.won += by
	case datasets.Lost:
		r.lost += by
	}
}

// incidence is the product integral of rates: the probability of being won by
// the horizon, and for each age how much it moves with its rates.
func incidence(at []rates) (won float64, slope []rates) {
	open, before := 1.0, make([]float64, len(at))
	after := make([]float64, len(at))
	for k, r := range at {
		before[k] = open
		won += open * r.won
		open = math.Max(0, open*(1-r.won-r.lost))
		after[k] = won
	}
	slope = make([]rates, len(at))
	for k, r := range at {
		lose := 0.0
		if left := 1 - r.won - r.lost; left > 1e-12 {
			lose = (won - after[k]) / left
		}
		slope[k] = rates{won: before[k] - lose, lost: -lose}
	}
	return won, slope
}

// difference is an arm beside another.
type difference struct {
	p        [2]float64 // probability of being won, by side
	pooled   float64    // of both sides together, as if nothing differed
	residual []float64  // Σ by account of the arm's minus the other's, as scatter keeps them
	effect   float64    // by how much accounts with several leads raise the variance
	won      [2]float64 // variance under no difference that comes from rates of being won, by side
	lost     [2]float64 // from rates of being lost
	third    [2]float64 // third moment
	doubt    [2]float64 // how much lower and higher p[arm]−p[other] may be, whatever becomes of open leads; 0 where they were followed
}

// measure walks twice: for the rates, then for what each lead adds to the
// variance of the result.
func (s *sides) measure(months, accounts int) difference {
	var at [2][]rates
	var both []rates
	s.walk(months, func(from, to int) {
		var now [2]rates
		var together rates
		for i := from; i < to && s.overlap > 0; i++ {
			l, side := s.leads[i], s.side[i]
			if w := s.weight(l.month) / s.overlap; w > 0 {
				now[side].add(l.state, w/s.atRisk[side][l.month])
				together.add(l.state, w/(s.atRisk[arm][l.month]+s.atRisk[other][l.month]))
			}
		}
		at[arm], at[other], both = append(at[arm], now[arm]), append(at[other], now[other]), append(both, together)
	})
	var d difference
	for k := range at {
		d.p[k], _ = incidence(at[k])
	}
	var slope []rates
	d.pooled, slope = incidence(both)
	s.spread(&d, slope, months, accounts)
	return d
}

// spread finds variances and residuals. Rates are those of both sides of a
// month together: an arm without any win is no surer of its zero than the
// month makes it.
func (s *sides) spread(d *difference, slope []rates, months, accounts int) {
	own, decided := make([]float64, len(s.leads)), make([]rates, months)
	k := 0
	s.walk(months, func(from, to int) {
		g := slope[k]
		k++
		if s.overlap == 0 {
			return
		}
		for i := from; i < to; i++ {
			l := s.leads[i]
			w := s.weight(l.month)
			if l.state == datasets.Open || w == 0 {
				continue
			}
			decided[l.month].add(l.state, 1)
			score := g.won
			if l.state == datasets.Lost {
				score = g.lost
			}
			own[i] = score * w / s.overlap / s.atRisk[s.side[i]][l.month]
		}
		for i := from; i < to; i++ {
			if m := s.leads[i].month; decided[m] != (rates{}) {
				s.vary(d, g, decided[m], m)
				decided[m] = rates{}
			}
		}
	})
	for i := range own {
		if own[i] -= s.spent[i]; s.side[i] == other {
			own[i] = -own[i]
		}
	}
	d.scatter(s.leads, own, accounts)
}

// vary adds what the decisions of a month at one age say of the variance;
// g is how much the result moves with the rates.
func (s *sides) vary(d *difference, g, decided rates, month int) {
	n := s.atRisk[arm][month] + s.atRisk[other][month]
	won, lost := decided.won/n, decided.lost/n
	for side := range d.won {
		y := s.atRisk[side][month]
		if y == 0 {
			continue
		}
		c := s.weight(month) / s.overlap / y
		s.sum[side][month] += c * (g.won*won + g.lost*lost)
		d.won[side] += c * c * y * g.won * g.won * won * (1 - won)
		d.lost[side] += c * c * y * (g.lost*g.lost*lost*(1-lost) - 2*g.won*g.lost*won*lost)
		d.third[side] += c * c * c * y * (g.won*g.won*g.won*won + g.lost*g.lost*g.lost*lost)
	}
}

// scatter adds up residuals by account, raises the variance by the design
// effect of the accounts (never below 1), and keeps the sums for correlations
// with other comparisons: as they are, or of many accounts as random signed
// sums (Alon, Matias, Szegedy 1996), whose products are right on average.
func (d *difference) scatter(leads []lead, own []float64, accounts int) {
	sums, alone, together := make([]float64, accounts), 0.0, 0.0
	for i, l := range leads {
		sums[l.account] += own[i]
		alone += own[i] * own[i]
	}
	for _, v := range sums {
		together += v * v
	}
	d.effect = 1
	if alone > 0 {
		d.effect = math.Max(1, together/alone)
	}
	for k := range d.won {
		d.won[k], d.lost[k], d.third[k] = d.won[k]*d.effect, d.lost[k]*d.effect, d.third[k]*d.effect*d.effect
	}
	d.residual = sums
	if accounts <= sketch {
		return
	}
	d.residual = make([]float64, sketch)
	for a, v := range sums {
		hash := mix(uint64(a))
		if hash>>63 == 1 {
			v = -v
		}
		d.residual[hash%sketch] += v
	}
}

// sketch is the most sums that are kept of a comparison.
const sketch = 4096

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
