package leak

import (
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// fillGap finds a column that is filled on closed leads far more often, or far
// less, than on open ones of the same age.
func (f *finder) fillGap(c *datasets.Column) *Finding {
	if len(f.bands) == 0 {
		return nil
	}
	has := func(r int) bool { return !c.Missing(r) }
	g := gapOf(f.bands, f.closed, has)
	if !g.beyond() {
		return nil
	}
	why := fmt.Sprintf("filled on %d of %d closed leads, on %d of %d open ones of the same age: ", g.closedHave, g.closed, g.openHave, g.open)
	sure := !g.selected(f.cohorts, f.closed, has)
	if sure {
		why += "it seems to be filled in at closing"
	} else {
		why += "older leads have it no oftener than young ones, so it may be that such leads close sooner"
	}
	return f.found(FilledAtClosing, sure, why, func(r int) bool { return f.closed[r] && c.Missing(r) == (g.difference < 0) })
}

// chance is how unlikely something must be to be taken for no chance.
const chance = 1e-6

// filledOnly finds a column that is filled on won leads alone, or never on one.
func (f *finder) filledOnly(c *datasets.Column) *Finding {
	filled, of, all := 0, 0, 0
	for _, i := range f.decided {
		if f.won[i] {
			all++
		}
		if !c.Missing(i) {
			filled++
			if f.won[i] {
				of++
			}
		}
	}
	base := float64(all) / float64(len(f.decided))
	shows := func(r int) bool { return !c.Missing(r) && (f.closed[r] || !f.losses) }
	switch {
	case filled < leastInLevel || filled == len(f.decided):
	case of == filled && float64(filled)*math.Log(base) < math.Log(chance):
		return f.found(FilledAtClosing, true, fmt.Sprintf("filled on %d leads, and all of them were won: it seems to be filled in at closing", filled), shows)
	case of == 0 && float64(filled)*math.Log(1-base) < math.Log(chance):
		return f.found(FilledAtClosing, false, fmt.Sprintf("filled on %d leads, and none of them was won: is it filled in at closing?", filled), shows)
	}
	return nil
}

// onlyClosed finds a value that closed leads have and open ones of the same
// age have not. Where such leads closed much faster than the others it may be
// that they are of a kind that closes at once, which is not sure to be a leak.
func (f *finder) onlyClosed(c *datasets.Column) *Finding {
	if len(f.bands) == 0 || c.Kind == datasets.Time || c.Kind == datasets.Text {
		return nil
	}
	l := f.levelsOf(c)
	for v, name := range l.names {
		if name == "" || l.leads[v] < leastInLevel {
			continue
		}
		has := func(r int) bool { return l.of[r] == int32(v) }
		g := gapOf(f.bands, f.closed, has)
		if g.openHave > g.open/200 || g.difference <= gapPoints || g.sigmas <= gapSigmas {
			continue
		}
		why := fmt.Sprintf("%s stands on %d of %d closed leads, on %d of %d open ones of the same age: it seems to be set at closing", quoteLevel(c, name), g.closedHave, g.closed, g.openHave, g.open)
		with, without := f.median(has), f.median(func(r int) bool { return !has(r) })
		sure := !(with < without/2) && !g.selected(f.cohorts, f.closed, has)
		return f.found(Proxy, sure, why, func(r int) bool { return f.closed[r] && has(r) })
	}
	return nil
}

// median is the middle of the days that some closed leads took; NaN of none.
func (f *finder) median(has func(row int) bool) float64 {
	var days []float64
	for i, closed := range f.closed {
		if closed && has(i) && !math.IsNaN(f.Outcomes.Days[i]) {
			days = append(days, f.Outcomes.Days[i])
		}
	}
	if len(days) == 0 {
		return math.NaN()
	}
	slices.Sort(days)
	return days[len(days)/2]
}

const fewestStamps = 20

// stamped finds times that were written when a lead was closed, or after.
// Leads that took less than three days say nothing. Times that lie behind the
// end of the data on some leads are plans, which may well lie behind closing.
func (f *finder) stamped(c *datasets.Column) *Finding {
	o := f.Outcomes
	if c.Kind != datasets.Time || !f.dated {
		return nil
	}
	const day = datasets.MicrosPerDay
	near, after := make([]bool, len(f.closed)), make([]bool, len(f.closed))
	all, nears, afters, plans := 0, 0, 0, 0
	for i, at := range c.Times {
		if at == datasets.NoTime {
			continue
		}
		if o.End != datasets.NoTime && at > o.End {
			plans++
		}
		if !f.closed[i] || o.Closed[i] == datasets.NoTime || o.Days[i] < 3 {
			continue
		}
		all++
		switch late := at - o.Closed[i]; {
		case late > day:
			after[i] = true
			afters++
		case late >= -day:
			near[i] = true
			nears++
		}
	}
	switch {
	case all < fewestStamps:
	case 2*nears >= all:
		return f.found(FilledAtClosing, true, fmt.Sprintf("within a day of closing on %d of %d closed leads: it seems to be written at closing", nears, all), func(r int) bool { return near[r] })
	case 5*afters >= all && 100*plans <= all:
		return f.found(EditedAfter, true, fmt.Sprintf("later than closing on %d of %d closed leads: it seems to be written after closing", afters, all), func(r int) bool { return after[r] })
	}
	return nil
}
