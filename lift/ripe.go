package lift

import (
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// What makes an arm ripe.
const (
	fewestWatched = 30  // leads watched at every age up to the horizon
	leastFollowed = 0.1 // share of the cohort watched to the horizon
	leastKnown    = 0.9 // share of known outcomes where there are no times: what open leads hide is not left to chance
)

// followUp is how far some leads have been watched.
type followUp struct {
	cohort   float64 // leads that can tell something of the time up to the horizon
	followed float64 // of these, watched to the horizon, whatever became of them before
	watched  float64 // the fewest watched at any age up to the horizon
	least    float64 // share of the cohort that must be followed
}

// follow counts the follow-up of some leads, by what is known of their times.
func (c *comparing) follow(leads []lead) followUp {
	switch {
	case !c.timed:
		return known(leads)
	case !c.dated:
		return expected(leads, c.horizon)
	}
	return follow(leads, c.horizon)
}

// known counts the outcomes that are known, where there are no times.
func known(leads []lead) followUp {
	f := followUp{cohort: float64(len(leads)), least: leastKnown}
	for _, l := range leads {
		if l.state != datasets.Open {
			f.followed++
		}
	}
	f.watched = f.followed
	return f
}

// expected estimates the follow-up of leads without dates, which come by exit:
// nobody knows how long a lead that was won or lost would have been watched,
// so it counts as watched on with the probability of those at risk with it,
// the reverse Kaplan–Meier estimate (Schemper, Smith 1996, Controlled Clinical
// Trials 17:343).
func expected(leads []lead, horizon float64) followUp {
	var enter []float64
	leads = slices.DeleteFunc(slices.Clone(leads), func(l lead) bool { return l.enter >= min(l.exit, horizon) })
	for _, l := range leads {
		enter = append(enter, l.enter)
	}
	slices.Sort(enter)
	atRisk, closed, next := 0.0, 0.0, 0
	let := func(age float64) { // those enter who do so before an age
		for ; next < len(enter) && enter[next] < age; next++ {
			atRisk++
		}
	}
	let(0)
	f := followUp{least: leastFollowed, cohort: float64(len(enter)), watched: atRisk}
	for from := 0; from < len(leads) && leads[from].exit < horizon; {
		age, done, gone := leads[from].exit, 0.0, 0.0
		for ; from < len(leads) && leads[from].exit == age; from++ {
			if leads[from].state == datasets.Open {
				gone++
			} else {
				done++
			}
		}
		let(age)
		atRisk, closed = atRisk-done, closed+done
		if gone > 0 {
			atRisk, closed = atRisk-gone, closed*(1-gone/atRisk)
			f.watched = math.Min(f.watched, atRisk+closed)
		}
	}
	let(horizon)
	f.followed = atRisk + closed
	f.watched = math.Min(f.watched, f.followed)
	return f
}

// follow counts the follow-up of leads with dates. A lead that was won or lost
// counts as watched until the data end: had nothing happened it would have
// been at risk.
func follow(leads []lead, horizon float64) followUp {
	f := followUp{least: leastFollowed}
	var enter, watch []float64
	for _, l := range leads {
		if l.enter >= horizon {
			continue
		}
		f.cohort++
		if l.watch >= horizon {
			f.followed++
		} else {
			watch = append(watch, l.watch)
		}
		enter = append(enter, l.enter)
	}
	slices.Sort(enter)
	slices.Sort(watch)
	entered := func(until float64) float64 {
		n, _ := slices.BinarySearchFunc(enter, until, func(e, u float64) int {
			if e <= u {
				return -1
			}
			return 1
		})
		return float64(n)
	}
	f.watched = entered(0)
	for gone, until := range watch { // just after: gone + 1 are not watched any more
		f.watched = min(f.watched, entered(until)-float64(gone+1))
	}
	return f
}

// enough says that a curve up to the horizon rests on enough leads.
func (f followUp) enough() bool { return f.watched >= fewestWatched && f.followed >= fewestWatched }

// ripe says that an arm may be compared.
func (f followUp) ripe() bool {
	return f.enough() && f.followed >= f.least*f.cohort
}

// share is the part of the cohort that was followed to the horizon.
func (f followUp) share() float64 { return f.followed / math.Max(1, f.cohort) }

// askAgain is the first day after end, as an as-of, by which the leads that
// there are will be ripe; ok is false where only further leads can make them so.
func askAgain(leads []lead, horizon float64, end int64) (day string, ok bool) {
	var days []int64
	later := slices.Clone(leads)
	for _, l := range leads {
		if told := l.created + int64(horizon*datasets.MicrosPerDay); told > end {
			days = append(days, (told+datasets.MicrosPerDay-1)/datasets.MicrosPerDay)
		}
	}
	slices.Sort(days)
	days = slices.Compact(days)
	k, ok := slices.BinarySearchFunc(days, true, func(day int64, _ bool) int {
		for i, l := range leads {
			later[i].watch = math.Max(l.watch, datasets.Days(l.created, day*datasets.MicrosPerDay))
		}
		if follow(later, horizon).ripe() {
			return 0
		}
		return -1
	})
	// BinarySearchFunc finds the leftmost that is ripe: days only help.
	if !ok {
		return "", false
	}
	return time.UnixMicro(days[k] * datasets.MicrosPerDay).UTC().Format(time.DateOnly), true
}
