package leak

import (
	"cmp"
	"math"
	"slices"
)

// gap is how often something holds of closed leads and of open ones of equal age.
type gap struct {
	closed, closedHave int
	open, openHave     int
	difference, sigmas float64 // of the rates at equal age; of the test of Mantel and Haenszel
}

const (
	gapPoints = 0.20  // least difference of rates that is worth a word
	gapSigmas = 3.891 // two-sided p below 1e-4
	ageBands  = 20
)

// beyond reports whether the rates differ by more than chance and 20 points.
func (g gap) beyond() bool {
	return math.Abs(g.difference) > gapPoints && math.Abs(g.sigmas) > gapSigmas
}

// commonAges gives the bands of equal age that hold both closed and open leads.
func commonAges(closed []bool, bands [][]int) (common [][]int) {
	for _, band := range bands {
		if slices.ContainsFunc(band, func(r int) bool { return closed[r] != closed[band[0]] }) {
			common = append(common, band)
		}
	}
	return common
}

// bandsOf sorts leads into bands of equal age. Leads without an age are a band
// of their own.
func bandsOf(age []float64) [][]int {
	rows := make([]int, len(age))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Or(cmp.Compare(age[a], age[b]), a-b) })
	var bands [][]int
	for from := 0; from < len(rows); {
		to := min(from+max(len(rows)/ageBands, 1), len(rows))
		for to < len(rows) && cmp.Compare(age[rows[to]], age[rows[to-1]]) == 0 {
			to++
		}
		if unknown := func(r int) bool { return math.IsNaN(age[r]) }; unknown(rows[from]) { // NaN sorts first
			for to = from; to < len(rows) && unknown(rows[to]); to++ {
			}
		}
		bands = append(bands, rows[from:to])
		from = to
	}
	return bands
}

// gapOf compares closed with open leads of equal age, within bands of age, by
// the test of Mantel and Haenszel (1959).
func gapOf(bands [][]int, closed []bool, has func(row int) bool) gap {
	var g gap
	var excess, variance, difference, weight float64
	for _, band := range bands {
		var n, have [2]float64 // open, closed
		for _, r := range band {
			k := 0
			if closed[r] {
				k = 1
			}
			n[k]++
			if has(r) {
				have[k]++
			}
		}
		all, full := n[0]+n[1], have[0]+have[1]
		excess += have[1] - n[1]*full/all
		variance += n[0] * n[1] * full * (all - full) / (all * all * (all - 1))
		w := n[0] * n[1] / all
		weight += w
		difference += float64(w * (have[1]/n[1] - have[0]/n[0]))
		g.closed += int(n[1])
		g.closedHave += int(have[1])
		g.open += int(n[0])
		g.openHave += int(have[0])
	}
	g.difference = difference / weight
	if variance > 0 {
		g.sigmas = excess / math.Sqrt(variance)
	}
	return g
}

// selected reports whether a gap is one of leads and not of their fields: what
// was known at creation may well be commoner on leads that close soon, but then
// it is as common in a cohort that has closed as in one that is open still.
// What is written at closing grows with the share of a cohort that is closed,
// by the gap; this slope is well below half of it where the field is honest.
func (g gap) selected(bands [][]int, closed []bool, has func(row int) bool) bool {
	var n, mx, my, xx, xy, yy float64
	for _, band := range bands {
		w, x, y := float64(len(band)), 0.0, 0.0
		for _, r := range band {
			if closed[r] {
				x += 1 / w
			}
			if has(r) {
				y += 1 / w
			}
		}
		n, mx, my = n+w, mx+float64(w*x), my+float64(w*y)
		xx, xy, yy = xx+float64(w*x*x), xy+float64(w*x*y), yy+float64(w*y*y)
	}
	mx, my = mx/n, my/n
	xx, xy, yy = xx/n-float64(mx*mx), xy/n-float64(mx*my), yy/n-float64(my*my)
	if len(bands) < 5 || xx <= 0 {
		return false
	}
	slope := xy / xx
	se := math.Sqrt(max(yy-float64(slope*xy), my*(1-my)/n*float64(len(bands))) / xx / float64(len(bands)-2))
	if g.difference < 0 {
		slope = -slope
	}
	return slope+se < math.Abs(g.difference)/2
}
