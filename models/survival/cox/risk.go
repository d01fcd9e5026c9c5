package cox

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// risk says which rows are at risk when. Steps are the distinct times of
// events, rising within a stratum, strata one after the other; each stratum
// begins with a step of its own at which nothing happens, so that whatever
// accumulates over steps starts from zero there. Row i is at risk at the steps
// from[i] < k ≤ to[i]: no rows need to be sorted.
type risk struct {
	columns  [][]float64
	names    []string
	mean     []float64 // weighted, of each column; taken off against cancellation
	weight   []float64 // nil: one each
	offset   []float64 // nil: none
	entry    []float64 // nil: from the beginning
	exit     []float64
	from, to []int32
	base     []int32   // first step of each stratum, and the end
	time     []float64 // of each step; −Inf where a stratum begins
	events   []int32   // rows with an event, as they come
	ties     []float64 // number of events at each step
	deaths   []float64 // their weight
	total    float64   // weight of all rows
}

func (r Regression) layOut(x *matrix.Matrix, y models.Target) (*risk, error) {
	n := len(y.Exit)
	for _, other := range []int{x.Rows, len(y.Cause), orLength(y.Entry, n), orLength(y.Weight, n), orLength(r.Strata, n), orLength(r.Offset, n)} {
		if other != n {
			panic("cox: matrix, target, strata or offset differ in length")
		}
	}
	if len(x.Columns) == 0 {
		return nil, errors.New("cox: no columns")
	}
	k := &risk{weight: y.Weight, offset: r.Offset, entry: y.Entry, exit: y.Exit, from: make([]int32, n), to: make([]int32, n)}
	strata := 1
	for i := range n {
		if err := r.check(y, i); err != nil {
			return nil, err
		}
		if r.Strata != nil {
			strata = max(strata, r.Strata[i]+1)
		}
		k.total += k.w(i)
	}
	if err := k.take(x); err != nil {
		return nil, err
	}
	r.steps(k, y, strata)
	if len(k.events) == 0 {
		return nil, errors.New("cox: no events")
	}
	return k, nil
}

func orLength[T any](v []T, n int) int {
	if v == nil {
		return n
	}
	return len(v)
}

// check is of one row's numbers.
func (r Regression) check(y models.Target, i int) error {
	switch entry := entryOf(y, i); {
	case !(y.Exit[i] >= entry) || math.IsInf(y.Exit[i], 0):
		return fmt.Errorf("cox: row %d: the time at risk must not end before it begins", i)
	case y.Weight != nil && (!(y.Weight[i] >= 0) || math.IsInf(y.Weight[i], 0)):
		return fmt.Errorf("cox: row %d: a weight must be a number that is not negative", i)
	case r.Offset != nil && !finite(r.Offset[i]):
		return fmt.Errorf("cox: row %d: the offset is not a number", i)
	case r.Strata != nil && r.Strata[i] < 0:
		return fmt.Errorf("cox: row %d: a stratum below 0", i)
	}
	return nil
}

// take keeps the columns' numbers, without a copy where they lie in order.
func (k *risk) take(x *matrix.Matrix) error {
	p := len(x.Columns)
	k.columns, k.names, k.mean = make([][]float64, p), make([]string, p), make([]float64, p)
	parallel(p, func(j int) {
		c := &x.Columns[j]
		k.names[j] = c.Name
		if c.Categorical() {
			return
		}
		v := c.Nums
		if c.Index != nil {
			v = make([]float64, x.Rows)
			for i := range v {
				v[i] = c.Num(i)
			}
		}
		k.columns[j] = v[:x.Rows]
		for i, a := range k.columns[j] {
			k.mean[j] += float64(k.w(i) * a)
		}
		k.mean[j] /= k.total
	})
	for j, c := range k.columns {
		if c == nil && x.Rows > 0 {
			return fmt.Errorf("cox: column %q holds categories: give one column of 0 and 1 for each but one", k.names[j])
		}
		if at := slices.IndexFunc(c, func(a float64) bool { return !finite(a) }); !finite(k.mean[j]) && at >= 0 {
			return fmt.Errorf("cox: row %d: column %q is not a number", at, k.names[j])
		}
	}
	return nil
}

// steps finds the times of events of each stratum, and each row's place among them.
func (r Regression) steps(k *risk, y models.Target, strata int) {
	of := func(i int) int {
		if r.Strata == nil {
			return 0
		}
		return r.Strata[i]
	}
	happened := func(i int) bool {
		return y.Cause[i] != 0 && (r.Cause == 0 || y.Cause[i] == r.Cause) && (y.Entry == nil || y.Entry[i] < y.Exit[i])
	}
	times := make([][]float64, strata)
	for i := range y.Exit {
		if happened(i) {
			times[of(i)] = append(times[of(i)], y.Exit[i])
		}
	}
	for s := range times {
		slices.Sort(times[s])
		times[s] = slices.Compact(times[s])
		k.base = append(k.base, int32(len(k.time)))
		k.time = append(append(k.time, math.Inf(-1)), times[s]...)
	}
	k.base = append(k.base, int32(len(k.time)))
	striped(len(y.Exit), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			s := of(i)
			k.from[i], k.to[i] = k.base[s], k.base[s]+int32(upTo(times[s], y.Exit[i]))
			if y.Entry != nil {
				k.from[i] = k.base[s] + int32(upTo(times[s], y.Entry[i]))
			}
		}
	})
	k.ties, k.deaths = make([]float64, len(k.time)), make([]float64, len(k.time))
	for i := range y.Exit {
		if happened(i) {
			k.events = append(k.events, int32(i))
			k.ties[k.to[i]]++
			k.deaths[k.to[i]] += k.w(i)
		}
	}
}

// upTo is the number of the sorted times that are at most t.
func upTo(times []float64, t float64) int {
	lo, hi := 0, len(times)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); times[m] <= t {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

func (k *risk) w(i int) float64 {
	if k.weight == nil {
		return 1
	}
	return k.weight[i]
}

// happened reports whether row i ends with an event; only for rows that are
// walked in order is k.events the better way.
func (k *risk) happened() []bool {
	is := make([]bool, len(k.to))
	for _, i := range k.events {
		is[i] = true
	}
	return is
}

// suffix turns what enters and leaves at each step into what is there, stratum
// by stratum from the last time to the first.
func (k *risk) suffix(v []float64) {
	for s := range len(k.base) - 1 {
		sum := 0.0
		for at := k.base[s+1] - 1; at > k.base[s]; at-- {
			sum += v[at]
			v[at] = sum
		}
		v[k.base[s]] = 0
	}
}

// prefix turns increments into cumulative sums, stratum by stratum.
func (k *risk) prefix(v []float64) []float64 {
	for s := range len(k.base) - 1 {
		v[k.base[s]] = 0
		for at := k.base[s] + 1; at < k.base[s+1]; at++ {
			v[at] += v[at-1]
		}
	}
	return v
}

func entryOf(y models.Target, i int) float64 {
	if y.Entry == nil {
		return 0
	}
	return y.Entry[i]
}

func finite(v float64) bool { return v-v == 0 }
