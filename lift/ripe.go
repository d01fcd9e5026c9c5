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
)

// followUp is how far some leads have been watched.
type followUp struct {
	cohort   int // leads that can tell something of the time up to the horizon
	followed int // of these, watched to the horizon, whatever became of them before
	watched  int // the fewest watched at any age up to the horizon
}

// follow counts the follow-up of some leads. A lead that was won or lost
// counts as watched until the data end: had nothing happened it would have
// been at risk.
func follow(leads []lead, horizon float64) followUp {
	var f followUp
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
	entered := func(until float64) int {
		n, _ := slices.BinarySearchFunc(enter, until, func(e, u float64) int {
			if e <= u {
				return -1
			}
			return 1
		})
		return n
	}
	f.watched = entered(0)
	for gone, until := range watch { // just after: gone + 1 are not watched any more
		f.watched = min(f.watched, entered(until)-gone-1)
	}
	return f
}

// enough says that a curve up to the horizon rests on enough leads.
func (f followUp) enough() bool { return f.watched >= fewestWatched && f.followed >= fewestWatched }

// ripe says that an arm may be compared.
func (f followUp) ripe() bool {
	return f.enough() && float64(f.followed) >= leastFollowed*float64(f.cohort)
}

// share is the part of the cohort that was followed to the horizon.
func (f followUp) share() float64 { return float64(f.followed) / math.Max(1, float64(f.cohort)) }

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
