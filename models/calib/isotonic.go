package calib

import (
	"cmp"
	"slices"
)

// Isotonic is the rising step-free map of least squared error (pool adjacent
// violators; Ayer and others 1955, Zadrozny and Elkan 2002): equal forecasts are
// pooled first, blocks are joined by straight lines, the ends are level.
func Isotonic(p, y, w []float64) (Map, error) {
	checkLengths(p, y, w)
	rows := make([]int, 0, len(p))
	for i := range p {
		if finite(p[i], y[i]) && (w == nil || w[i] > 0) {
			rows = append(rows, i)
		}
	}
	if len(rows) == 0 {
		return Map{}, errTooFew
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	type block struct{ from, to, sum, mass float64 }
	var blocks []block
	for k := 0; k < len(rows); {
		b := block{from: p[rows[k]], to: p[rows[k]]}
		for ; k < len(rows) && p[rows[k]] == b.from; k++ {
			weight := 1.0
			if w != nil {
				weight = w[rows[k]]
			}
			b.sum += float64(weight * y[rows[k]])
			b.mass += weight
		}
		for n := len(blocks); n > 0 && blocks[n-1].sum*b.mass >= b.sum*blocks[n-1].mass; n-- {
			last := blocks[n-1]
			b = block{last.from, b.to, last.sum + b.sum, last.mass + b.mass}
			blocks = blocks[:n-1]
		}
		blocks = append(blocks, b)
	}
	m := Map{form: byKnots}
	level := 0.0
	for _, b := range blocks {
		level = max(level, b.sum/b.mass) // rising in spite of rounding
		m.x, m.y = append(m.x, b.from), append(m.y, level)
		if b.to > b.from {
			m.x, m.y = append(m.x, b.to), append(m.y, level)
		}
	}
	return m, nil
}
