package lift

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// designEffect is by how much leads of the same account raise the variance of
// an arm's curve.
func (c *comparing) designEffect(leads []lead) float64 {
	s := &sides{horizon: c.horizon, alone: true}
	for _, l := range leads {
		s.add(l, arm)
	}
	s.order()
	return s.measure(c.months, c.accounts).effect
}

// compare judges every ripe arm beside the control or the rest.
func (c *comparing) compare(r *Result) {
	control, ripe := -1, 0
	for i, name := range c.names {
		if c.ripe[i] {
			ripe++
		}
		if name == c.Control && c.Control != "" {
			control = i
		}
	}
	switch {
	case control >= 0 && !c.ripe[control]:
		r.Notes = append(r.Notes, fmt.Sprintf("the control %q is not ripe, so nothing can be compared with it yet", c.Control))
		return
	case ripe < 2:
		r.Notes = append(r.Notes, "fewer than two arms are ripe, so there is nothing to compare")
		return
	}
	var list []difference
	var at []int
	for _, a := range r.Arms {
		i, _ := slices.BinarySearch(c.names, a.Name)
		if !a.Ripe || i == control {
			continue
		}
		r.Comparisons = append(r.Comparisons, Comparison{Arm: a.Name, Control: cmp.Or(c.Control, Rest)})
		s, enough := c.beside(i, control)
		k := &r.Comparisons[len(r.Comparisons)-1]
		if !enough {
			k.Note = fmt.Sprintf("fewer than %d leads of each side were created in the same months and watched to the horizon", fewestWatched)
			continue
		}
		d := s.measure(c.months, c.accounts)
		if !c.timed {
			d.doubted(s.open)
		}
		if d.pooled <= 0 || d.won[arm]+d.lost[arm]+d.won[other]+d.lost[other] <= 0 {
			if k.Note = "nobody was won within the horizon on either side"; !c.timed {
				k.Note = "the known outcomes of both sides are all the same"
			}
			continue
		}
		k.Difference, k.PArm, k.PControl = new(d.p[arm]-d.p[other]), &d.p[arm], &d.p[other]
		list, at = append(list, d), append(at, len(r.Comparisons)-1)
	}
	if len(list) == 0 {
		return
	}
	critical, p := judge(list, c.Level, c.Seed)
	r.Critical = &critical
	for j, d := range list {
		k := &r.Comparisons[at[j]]
		low, high := d.within(critical)
		k.CI = &[2]float64{math.Max(-1, low-d.doubt[0]), math.Min(1, high+d.doubt[1])}
		k.P = new(p(d.z(math.Min(math.Max(*k.Difference, -d.doubt[1]), d.doubt[0]))))
	}
}

// beside gathers the leads of an arm and of the control (−1: of all other ripe
// arms), and says whether enough of them ran in the same months.
func (c *comparing) beside(i, control int) (s *sides, enough bool) {
	side := make([]int, len(c.names))
	for k := range side {
		switch {
		case k == i:
			side[k] = arm
		case k == control || control < 0 && c.ripe[k]:
			side[k] = other
		default:
			side[k] = neither
		}
	}
	s = &sides{horizon: c.horizon, single: c.months == 1}
	var followed [2][]bool
	var all, known [2]float64
	for k := range followed {
		followed[k] = make([]bool, c.months)
	}
	for _, l := range c.leads {
		k := side[l.arm]
		if k == neither {
			continue
		}
		s.add(l, k)
		followed[k][l.month] = followed[k][l.month] || l.watch >= c.horizon || !c.dated
		if all[k]++; l.state != datasets.Open {
			known[k]++
		}
	}
	s.order()
	for k := range all {
		s.open[k] = 1 - known[k]/all[k]
	}
	var shared [2][]lead
	for k, l := range s.leads {
		if followed[arm][l.month] && followed[other][l.month] {
			shared[s.side[k]] = append(shared[s.side[k]], l)
		}
	}
	return s, c.follow(shared[arm]).enough() && c.follow(shared[other]).enough()
}

// doubted notes how much lower and higher the difference of all leads may be
// than that of those whose outcome is known, where a share of either side is
// open: they may all be won, or none.
func (d *difference) doubted(open [2]float64) {
	d.doubt = [2]float64{open[arm]*d.p[arm] + open[other]*(1-d.p[other]), open[arm]*(1-d.p[arm]) + open[other]*d.p[other]}
}
