package scorecard

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/models/matrix"
)

// Cuts parts weighted numbers into at most n bins of about equal weight: bin k
// holds what is above cut k−1 and not above cut k. A cut is none of the
// numbers but one of few digits near the middle of two; numbers that are not
// finite are not looked at, and nil weights are one each.
func Cuts(values, weights []float64, n int) []float64 {
	type point struct{ v, w float64 }
	var points []point
	whole := 0.0
	for i, v := range values {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if v-v == 0 && w > 0 {
			points = append(points, point{v, w})
			whole += w
		}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.v, b.v), cmp.Compare(a.w, b.w)) })
	var cuts []float64
	below, bins := 0.0, 1
	for i := 0; i+1 < len(points); i++ {
		below += points[i].w
		a, b := points[i].v, points[i+1].v
		if a == b || below < whole*float64(bins)/float64(n) {
			continue
		}
		for below >= whole*float64(bins)/float64(n) {
			bins++
		}
		if c := between(a, b); bins <= n && (len(cuts) == 0 || c > cuts[len(cuts)-1]) {
			cuts = append(cuts, c)
		}
	}
	return cuts
}

// between gives the number of fewest digits near the middle of a and b, which
// is neither of them: a model must not hold a row's own number.
func between(a, b float64) float64 {
	middle := float64(a/2) + float64(b/2)
	for digits := range 16 {
		if v, err := strconv.ParseFloat(strconv.FormatFloat(middle, 'e', digits, 64), 64); err == nil && a < v && v < b {
			return v
		}
	}
	return middle
}

// numberBins counts a column of numbers in the bins of cuts; a bin with less
// weight than least joins the one below it.
func numberBins(c *matrix.Column, rows []row, cuts []float64, least float64) Column {
	for {
		t := Column{Name: c.Name, Cuts: cuts, Cells: make([]Cell, len(cuts)+2)}
		t.count(c, rows)
		small := slices.IndexFunc(t.Cells[:len(cuts)+1], func(b Cell) bool { return b.Leads < least })
		if small < 0 || len(cuts) == 0 {
			return t
		}
		cuts = slices.Delete(slices.Clone(cuts), max(small-1, 0), max(small-1, 0)+1)
	}
}

// levelBins gives each level of a category with enough weight a bin of its
// own, and all others one together, which also holds levels that turn up later.
func levelBins(c *matrix.Column, rows []row, least float64) Column {
	weight := make([]float64, c.Levels)
	for _, r := range rows {
		if k := c.Code(r.at); k >= 0 && int(k) < c.Levels {
			weight[k] += r.w
		}
	}
	t := Column{Name: c.Name, Category: true, Bin: make([]int, c.Levels)}
	rest := 0
	for _, w := range weight {
		if w >= least {
			rest++
		}
	}
	own := 0
	for k, w := range weight {
		t.Bin[k] = rest
		if w >= least {
			t.Bin[k] = own
			own++
		}
	}
	t.Cells = make([]Cell, rest+2)
	t.count(c, rows)
	return t
}

// count fills the cells of a column.
func (t *Column) count(c *matrix.Column, rows []row) {
	for _, r := range rows {
		b := &t.Cells[t.Cell(c, r.at)]
		b.Leads += r.w
		b.Won += float64(r.w * r.y)
	}
}
