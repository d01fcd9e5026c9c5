package features

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// FillGap is a column that is filled on closed leads far more often, or far
// less, than on open leads of the same age: it was probably written at
// closing, and would tell the outcome instead of forecasting it.
type FillGap struct {
	Column                   string
	Closed, ClosedFilled     int
	Open, OpenFilled         int
	Difference, Significance float64 // of the rates at equal age; of the Mantel–Haenszel test, in standard deviations
}

// Counts says in words how often the column is filled.
func (g FillGap) Counts() string {
	return fmt.Sprintf("filled on %d of %d closed leads, on %d of %d open ones of the same age", g.ClosedFilled, g.Closed, g.OpenFilled, g.Open)
}

const (
	gapPoints = 0.20  // least difference of rates that is worth a word
	gapSigmas = 3.891 // two-sided p below 1e-4
	ageBands  = 20
)

// FillRates compares how often each column is filled on closed and on open
// leads of equal age (days from creation to the end of the data), within
// bands of age by the test of Mantel and Haenszel (1959). It gives the columns
// whose rates differ beyond chance (p < 1e-4) and by more than 20 points, in
// the order of the table. Where open or closed leads are lacking, or have no
// age in common, nothing can be compared, which a note says.
func FillRates(t *datasets.Table, closed []bool, age []float64) ([]FillGap, []datasets.Note) {
	bands := commonAges(closed, age)
	if len(bands) == 0 {
		return nil, []datasets.Note{{Row: -1, Message: "columns written only at closing cannot be found by their fill rates: there are no open and closed leads of the same age; exclude such columns by name"}}
	}
	var gaps []FillGap
	for _, c := range t.Columns {
		g := fillGap(c, bands, closed)
		if math.Abs(g.Difference) > gapPoints && math.Abs(g.Significance) > gapSigmas {
			gaps = append(gaps, g)
		}
	}
	return gaps, nil
}

// commonAges sorts leads into bands of equal age and gives those bands that
// hold both closed and open leads. Leads without an age are a band of their own.
func commonAges(closed []bool, age []float64) [][]int {
	rows := make([]int, len(closed))
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
		band := rows[from:to]
		if slices.ContainsFunc(band, func(r int) bool { return closed[r] != closed[band[0]] }) {
			bands = append(bands, band)
		}
		from = to
	}
	return bands
}

func fillGap(c *datasets.Column, bands [][]int, closed []bool) FillGap {
	g := FillGap{Column: c.Name}
	var excess, variance, difference, weight float64
	for _, band := range bands {
		var n, filled [2]float64 // open, closed
		for _, r := range band {
			k := 0
			if closed[r] {
				k = 1
			}
			n[k]++
			if !c.Missing(r) {
				filled[k]++
			}
		}
		all, full := n[0]+n[1], filled[0]+filled[1]
		excess += filled[1] - n[1]*full/all
		variance += n[0] * n[1] * full * (all - full) / (all * all * (all - 1))
		w := n[0] * n[1] / all
		weight += w
		difference += float64(w * (filled[1]/n[1] - filled[0]/n[0]))
		g.Closed += int(n[1])
		g.ClosedFilled += int(filled[1])
		g.Open += int(n[0])
		g.OpenFilled += int(filled[0])
	}
	g.Difference = difference / weight
	if variance > 0 {
		g.Significance = excess / math.Sqrt(variance)
	}
	return g
}
