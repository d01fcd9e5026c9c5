package metric

import (
	"sort"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/portable"
)

// CensoredLogLik is the right-censored log-likelihood of each row on a common
// grid of times: a proper score that needs no weights, because a row that is
// still open adds only the probability of that (Schmid and others 2011; the
// discrete-time likelihood of competing risks, Tutz and Schmid 2016, ch. 8).
//
// Row i was open at entry[i], was last seen at exit[i], and cause[i] says how it
// ended (0: still open). Of an event, the score is the log of the probability,
// given open at entry, of that cause in the interval (grid[k−1], grid[k]] that
// exit lies in; of an open row, the log of the probability of being open at
// exit. Follow-up ends at the last time of the grid: a row seen beyond it counts
// as open there. So candidates are comparable whatever their own cuts, and
// differences can be resampled by row or group. Forecast returns the curve of a
// row, whose From must be its entry. Probabilities are held above 1e−12; a cause
// that a curve has no rate for counts as that.
func CensoredLogLik(grid []float64, forecast func(row int) models.Curve, entry, exit []float64, cause []uint8) []float64 {
	check(len(entry), len(exit), len(cause))
	score := make([]float64, len(exit))
	if len(grid) == 0 {
		return score
	}
	end := grid[len(grid)-1]
	var before, after []float64
	for i := range score {
		if entry[i] >= end {
			continue
		}
		c := forecast(i)
		if cause[i] == 0 || exit[i] > end {
			score[i] = logFloor(c.Open(min(exit[i], end) - entry[i]))
			continue
		}
		k := int(cause[i]) - 1
		if k >= len(c.Rates) {
			score[i] = logFloor(0)
			continue
		}
		at, lo := sort.SearchFloat64s(grid, exit[i]), 0.0
		if at > 0 {
			lo = grid[at-1]
		}
		before, after = sized(before, len(c.Rates)), sized(after, len(c.Rates))
		c.At(before, max(lo-entry[i], 0))
		c.At(after, grid[at]-entry[i])
		score[i] = logFloor(after[k] - before[k])
	}
	return score
}

func sized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

func logFloor(p float64) float64 { return portable.Log(max(p, 1e-12)) }
