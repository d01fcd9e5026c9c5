package survival

import (
	"math"
	"slices"
)

// Cuts chooses at most most−1 points that cut the age axis into intervals: the
// horizons that lie within the follow-up, and quantiles of the ages at which
// something happened (of all causes), wherever enough events remain on both
// sides. Horizons are always kept, even if they alone exceed most, and up to
// five points may follow in a long tail. The points rise and are above zero.
func Cuts(exit []float64, cause []uint8, horizons []float64, most int) []float64 {
	var events []float64
	last := 0.0
	for i, t := range exit {
		last = max(last, t)
		if cause[i] > 0 {
			events = append(events, t)
		}
	}
	slices.Sort(events)
	var cuts []float64
	for _, h := range horizons {
		if h > 0 && h < last {
			cuts = append(cuts, h)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	least := max(10, len(events)/(4*max(most, 1)))
	parts := most - len(cuts)
	for j := 1; j < parts; j++ {
		if len(cuts) >= most-1 {
			break
		}
		cuts = insertCut(cuts, events, events[j*len(events)/parts:], least)
	}
	return tail(cuts, events)
}

// tail goes on behind the last cut in steps of half its age while enough
// events remain behind: few subjects have an event there, but most of the time
// at risk may lie there, and rates that fall with age must not be averaged over it.
func tail(cuts, events []float64) []float64 {
	for n := 0; len(cuts) > 0 && n < mostTail; n++ {
		next := 1.5 * cuts[len(cuts)-1]
		if countIn(events, next, math.Inf(1)) < leastTail || countIn(events, cuts[len(cuts)-1], next) < leastTail {
			break
		}
		cuts = append(cuts, next)
	}
	return cuts
}

const (
	mostTail  = 5
	leastTail = 20
)

// coarse keeps three significant digits of an age: the age at which one subject
// left is that subject's own and must not stand in a model.
func coarse(age float64) float64 {
	if !(age > 0) || math.IsInf(age, 0) {
		return age
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(age)))
	return math.Floor(age*scale) / scale
}

// insertCut adds the first of rest as a cut if at least least events lie
// between it and each neighbouring cut.
func insertCut(cuts, events, rest []float64, least int) []float64 {
	if len(rest) == 0 || !(rest[0] > 0) {
		return cuts
	}
	cut := coarse(rest[0])
	at, taken := slices.BinarySearch(cuts, cut)
	if taken {
		return cuts
	}
	before, after := math.Inf(-1), math.Inf(1)
	if at > 0 {
		before = cuts[at-1]
	}
	if at < len(cuts) {
		after = cuts[at]
	}
	if countIn(events, before, cut) < least || countIn(events, cut, after) < least {
		return cuts
	}
	return slices.Insert(cuts, at, cut)
}

// countIn is the number of sorted values in (from, to].
func countIn(sorted []float64, from, to float64) int {
	return above(sorted, to) - above(sorted, from)
}

// above is the index of the first sorted value above t, the number of values
// that are at most t.
func above(sorted []float64, t float64) int {
	lo, hi := 0, len(sorted)
	for lo < hi {
		if mid := (lo + hi) / 2; sorted[mid] <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// interval is the index of the interval (cuts[k−1], cuts[k]] in which something
// happened at age t: an event on a cut belongs to the interval that ends there.
func interval(cuts []float64, t float64) int {
	k, _ := slices.BinarySearch(cuts, t)
	return k
}
