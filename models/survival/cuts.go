package survival

import (
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/portable"
)

// Cuts chooses the points that cut the age axis into intervals of constant
// rates: every horizon that lies within the follow-up of y (Entry, Exit, Cause,
// Weight), and beside them those of a fine grid that the likelihood needs. From
// the grid the cut is taken away whose loss costs the log-likelihood of the
// rates least, again and again, until each that is left is worth more than half
// the logarithm of the number of events for each rate it adds (Schwarz 1978,
// Annals of Statistics 6:461) and at most most−1 are left, or horizons alone.
// Up to five more follow in a long tail. The points rise and are above zero.
func Cuts(y models.Target, horizons []float64, most int) []float64 {
	ages, cuts := grid(y, horizons)
	cells, events := cellsOf(cuts, y)
	for {
		weakest, least := -1, math.Inf(1)
		for k, cut := range cuts {
			if slices.Contains(horizons, cut) {
				continue
			}
			if loss := cells[k].likelihood() + cells[k+1].likelihood() - cells[k].with(cells[k+1]).likelihood(); loss < least {
				weakest, least = k, loss
			}
		}
		price := float64(len(cells[0].events)) * math.Log(events) / 2
		if weakest < 0 || least > price && len(cuts) < most {
			return tail(cuts, ages)
		}
		cells[weakest] = cells[weakest].with(cells[weakest+1])
		cells, cuts = slices.Delete(cells, weakest+1, weakest+2), slices.Delete(cuts, weakest, weakest+1)
	}
}

// fineGrid is the number of intervals that choosing begins with, about.
const fineGrid = 40

// ageCell is what happened in an interval of age: the events of each cause and
// the time at risk.
type ageCell struct {
	events   []float64
	exposure float64
}

// cellsOf counts the intervals between the cuts, and all events.
func cellsOf(cuts []float64, y models.Target) (cells []ageCell, events float64) {
	cells = make([]ageCell, len(cuts)+1)
	causes := 1
	for _, c := range y.Cause {
		causes = max(causes, int(c))
	}
	for k := range cells {
		cells[k].events = make([]float64, causes)
	}
	for i, exit := range y.Exit {
		at, weight := entryOf(y, i), 1.0
		if y.Weight != nil {
			weight = y.Weight[i]
		}
		first, last := span(cuts, at, exit)
		for k := first; k < last; k++ {
			cells[k].exposure += float64(weight * (cuts[k] - at))
			at = cuts[k]
		}
		cells[last].exposure += float64(weight * max(exit-at, leastExposure))
		if c := y.Cause[i]; c > 0 {
			cells[last].events[c-1] += weight
			events += weight
		}
	}
	return cells, events
}

func (c ageCell) with(next ageCell) ageCell {
	both := ageCell{slices.Clone(c.events), c.exposure + next.exposure}
	for i, d := range next.events {
		both.events[i] += d
	}
	return both
}

// likelihood is the greatest log-likelihood of constant rates, but for what
// does not depend on how intervals are joined.
func (c ageCell) likelihood() float64 {
	sum := 0.0
	for _, d := range c.events {
		if d > 0 {
			sum += float64(d * portable.Log(d/c.exposure))
		}
	}
	return sum
}

// grid is the ages at which something happened (of all causes), sorted, and
// about 40 cuts: the horizons that lie within the follow-up, and quantiles of
// these ages wherever enough of them remain on both sides.
func grid(y models.Target, horizons []float64) (events, cuts []float64) {
	last := 0.0
	for i, t := range y.Exit {
		last = max(last, t)
		if y.Cause[i] > 0 {
			events = append(events, t)
		}
	}
	slices.Sort(events)
	for _, h := range horizons {
		if h > 0 && h < last {
			cuts = append(cuts, h)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	least := max(10, len(events)/(4*fineGrid))
	parts := fineGrid - len(cuts)
	for j := 1; j < parts && len(cuts) < fineGrid-1; j++ {
		cuts = insertCut(cuts, events, events[j*len(events)/parts:], least)
	}
	return events, cuts
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
