package survival

import (
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
)

// Rows is the person-period table: one row for each subject and interval of
// age in which it was at risk. All slices have one entry a row except Weight,
// which is nil when every row stands for itself.
type Rows struct {
	Subject  []int32   // row of the subject in its own table
	Interval []uint8   // index of the interval
	Exposure []float64 // time at risk within the interval
	Cause    []uint8   // 0 nothing happened, else the cause that ended the time at risk
	Weight   []float64 // the subject's weight, times the sampling ratio where nothing happened
}

// maxIntervals is what Rows.Interval can hold.
const maxIntervals = 256

// leastExposure stands in for no time at risk at all, as of a subject that
// enters and leaves in the same instant: the score of a Poisson model stays
// what it would be at zero, and the logarithm stays finite.
const leastExposure = 1e-9

// Expand splits the time at risk of each subject of y (Entry, Exit, Cause,
// Weight, Keys; a nil Entry means from 0) at the cuts. With a limit above zero,
// a table of more than limit rows is thinned to about that many: rows in which
// nothing happened are sampled 1 : r by a hash of (seed, key, interval) and
// stand for r, and every row with an event is kept (as in the case-cohort
// design: Prentice 1986, Biometrika 73:1); r is such that at least as many are
// left as events. Errors: times or weights out of range, by row; too many cuts.
func Expand(cuts []float64, y models.Target, limit int, seed uint64) (*Rows, error) {
	if len(cuts) >= maxIntervals {
		return nil, fmt.Errorf("survival: %d intervals are more than %d", len(cuts)+1, maxIntervals)
	}
	total, events := 0, 0
	for i, exit := range y.Exit {
		entry := entryOf(y, i)
		if !(entry >= 0) || !(exit >= entry) || math.IsInf(exit, 0) {
			return nil, fmt.Errorf("survival: row %d: the time at risk must begin at 0 or later and not end before it begins", i)
		}
		if y.Weight != nil && (!(y.Weight[i] >= 0) || math.IsInf(y.Weight[i], 0)) {
			return nil, fmt.Errorf("survival: row %d: a weight must be a number that is not negative", i)
		}
		first, last := span(cuts, entry, exit)
		total += last - first + 1
		if y.Cause[i] > 0 {
			events++
		}
	}
	ratio := 1
	if limit > 0 && total > limit {
		quiet := max(limit-events, events, 1)
		ratio = (total - events + quiet - 1) / quiet
	}
	r := newRows(events+(total-events)/ratio+total/64, y.Weight != nil || ratio > 1)
	for i := range y.Exit {
		r.split(cuts, y, i, ratio, seed)
	}
	return r, nil
}

// Flat is the table of a plain yes/no outcome: one row a subject with an
// exposure of one, cause 1 where y is above zero. A nil weight means one each.
func Flat(y, weight []float64) *Rows {
	r := newRows(len(y), weight != nil)
	for i, v := range y {
		cause := uint8(0)
		if v > 0 {
			cause = 1
		}
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		r.add(i, 0, 1, cause, w)
	}
	return r
}

func newRows(n int, weighted bool) *Rows {
	r := &Rows{
		Subject:  make([]int32, 0, n),
		Interval: make([]uint8, 0, n),
		Exposure: make([]float64, 0, n),
		Cause:    make([]uint8, 0, n),
	}
	if weighted {
		r.Weight = make([]float64, 0, n)
	}
	return r
}

func (r *Rows) add(subject, k int, exposure float64, cause uint8, weight float64) {
	r.Subject = append(r.Subject, int32(subject))
	r.Interval = append(r.Interval, uint8(k))
	r.Exposure = append(r.Exposure, exposure)
	r.Cause = append(r.Cause, cause)
	if r.Weight != nil {
		r.Weight = append(r.Weight, weight)
	}
}

// split appends the rows of subject i.
func (r *Rows) split(cuts []float64, y models.Target, i, ratio int, seed uint64) {
	entry, exit := entryOf(y, i), y.Exit[i]
	weight := 1.0
	if y.Weight != nil {
		weight = y.Weight[i]
	}
	first, last := span(cuts, entry, exit)
	at := entry
	for k := first; k <= last; k++ {
		end := exit
		if k < last {
			end = cuts[k]
		}
		exposure := max(end-at, leastExposure)
		at = end
		switch {
		case k == last && y.Cause[i] > 0:
			r.add(i, k, exposure, y.Cause[i], weight)
		case ratio == 1:
			r.add(i, k, exposure, 0, weight)
		case rowKey(seed, keyOf(y, i), k)%uint64(ratio) == 0:
			r.add(i, k, exposure, 0, float64(weight*float64(ratio)))
		}
	}
}

// span is the first and the last interval that a subject is at risk in.
func span(cuts []float64, entry, exit float64) (first, last int) {
	first = above(cuts, entry)
	return first, max(first, interval(cuts, exit))
}

func entryOf(y models.Target, i int) float64 {
	if y.Entry == nil {
		return 0
	}
	return y.Entry[i]
}

func keyOf(y models.Target, i int) uint64 {
	if y.Keys == nil {
		return uint64(i)
	}
	return y.Keys[i]
}

// rowKey mixes its arguments into a key (the finaliser of splitmix64: Steele,
// Lea, Flood 2014), twice so that neighbouring keys and intervals do not meet.
func rowKey(seed, key uint64, k int) uint64 {
	return mix(mix(seed^key) + uint64(k))
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
