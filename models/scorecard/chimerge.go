package scorecard

import (
	"errors"
	"math"
	"slices"
)

// ChiMerge gives at most bins−1 cut points of finite numbers with their
// outcomes (0 or 1), none of them one of the numbers (Kerber 1992, AAAI 123):
// of about a hundred fine bins the two neighbours whose outcomes differ least
// are joined until all differ at the level of 95 % and there are few enough. It
// is a Scorecard's Cut. Where pairs differ equally the first is joined, so the
// order of the rows does not matter.
func ChiMerge(values, outcomes []float64, bins int) ([]float64, error) {
	if len(values) != len(outcomes) {
		panic("scorecard: values and outcomes differ in length")
	}
	if bins < 1 || slices.ContainsFunc(values, func(v float64) bool { return v-v != 0 }) {
		return nil, errors.New("scorecard: ChiMerge needs finite numbers and one bin or more")
	}
	const fine, differ = 100, 3.841 // χ² of one degree of freedom
	cuts := Cuts(values, nil, fine)
	cells := make([]Cell, len(cuts)+1)
	for i, v := range values {
		k, _ := slices.BinarySearch(cuts, v)
		cells[k].Leads++
		cells[k].Won += outcomes[i]
	}
	for len(cuts) > 0 {
		least, at := math.Inf(1), 0
		for k := range cuts {
			if x := chiSquare(cells[k], cells[k+1]); x < least {
				least, at = x, k
			}
		}
		if least >= differ && len(cells) <= bins {
			break
		}
		cells[at].Leads, cells[at].Won = cells[at].Leads+cells[at+1].Leads, cells[at].Won+cells[at+1].Won
		cells, cuts = slices.Delete(cells, at+1, at+2), slices.Delete(cuts, at, at+1)
	}
	return cuts, nil
}

// chiSquare is Pearson's statistic of two bins' outcomes, where fewer than half
// a lead expected counts as half a lead.
func chiSquare(a, b Cell) float64 {
	all, sum := a.Leads+b.Leads, 0.0
	for _, c := range []Cell{a, b} {
		for _, of := range [][2]float64{{c.Won, a.Won + b.Won}, {c.Leads - c.Won, all - a.Won - b.Won}} {
			expected := float64(of[1]*c.Leads) / all
			off := of[0] - expected
			sum += float64(off*off) / max(expected, 0.5)
		}
	}
	return sum
}
