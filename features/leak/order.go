package leak

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/datasets"
)

// How closely a column must keep an order to be taken for one.
const (
	sameOrder   = 0.98 // rank correlation
	likeOrder   = 0.70
	leadsOrder  = 50
	counterSpan = 3 // a counter's numbers span at most so many times their count
)

// counted finds numbers that count until closing: among won leads and among
// lost ones alike, created at the same time, they go with the days it took.
func (f *finder) counted(c *datasets.Column) *Finding {
	if c.Kind != datasets.Number || !f.timed {
		return nil
	}
	weakest := 1.0
	for _, state := range []datasets.State{datasets.Won, datasets.Lost} {
		var rows []int
		for i, s := range f.Outcomes.State {
			if s == state && !math.IsNaN(c.Nums[i]) && !math.IsNaN(f.Outcomes.Days[i]) {
				rows = append(rows, i)
			}
		}
		if len(rows) < leadsOrder && state == datasets.Lost && !f.losses {
			continue
		}
		if len(rows) < leadsOrder {
			return nil
		}
		weakest = min(weakest, math.Abs(f.along(c, rows)))
	}
	shows := func(r int) bool { return f.closed[r] && !math.IsNaN(c.Nums[r]) }
	switch {
	case weakest > sameOrder:
		return f.found(Copy, true, fmt.Sprintf("it has the order of the days to closing, among won and lost leads alike (rank correlation %.2f): it seems to be counted until closing", weakest), shows)
	case weakest > likeOrder:
		return f.found(Vanishing, false, fmt.Sprintf("it goes with the days to closing, among won and lost leads alike (rank correlation %.2f): does it go on while a lead is open?", weakest), shows)
	}
	return nil
}

// along is the mean rank correlation of a column with the days to closing
// within twenty bands of creation, weighted by their leads.
func (f *finder) along(c *datasets.Column, rows []int) float64 {
	rows = slices.Clone(rows)
	if f.dated {
		slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(f.Outcomes.Created[a], f.Outcomes.Created[b]) })
	}
	bands := min(ageBands, max(1, len(rows)/leadsOrder))
	sum := 0.0
	for b := range bands {
		band := rows[b*len(rows)/bands : (b+1)*len(rows)/bands]
		var x, y []float64
		for _, i := range band {
			x, y = append(x, c.Nums[i]), append(y, f.Outcomes.Days[i])
		}
		if r := correlation(ranks(x), ranks(y)); !math.IsNaN(r) {
			sum += float64(r * float64(len(band)))
		}
	}
	return sum / float64(len(rows))
}

// numbered finds identifiers whose numbers were given in the order in which
// leads were closed, and counters by which the order of creation is known.
func (f *finder) numbered(c *datasets.Column) *Finding {
	numbers, different := serials(c)
	var rows []int
	for _, i := range f.decided {
		if !math.IsNaN(numbers[i]) && (!f.dated || f.closed[i] && f.Outcomes.Closed[i] != datasets.NoTime) {
			rows = append(rows, i)
		}
	}
	if len(rows) < leadsOrder || !different {
		return nil
	}
	has := func(r int) bool { return !math.IsNaN(numbers[r]) }
	if !f.dated {
		if auc := f.alone(c); c.Kind == datasets.Number && dense(numbers) && auc > 0.6 {
			return f.found(TimeCode, false, fmt.Sprintf("its numbers are those of a counter, and yet they tell of the outcome (AUC %.2f): they stand for when a lead came, or for how the file was put together", auc), has)
		}
		return nil
	}
	var id, created, closed []float64
	for _, i := range rows {
		id, created, closed = append(id, numbers[i]), append(created, float64(f.Outcomes.Created[i])), append(closed, float64(f.Outcomes.Closed[i]))
	}
	id, created, closed = ranks(id), ranks(created), ranks(closed)
	withCreated, withClosed, both := correlation(id, created), correlation(id, closed), correlation(created, closed)
	partial := (withClosed - float64(withCreated*both)) / math.Sqrt((1-float64(withCreated*withCreated))*(1-float64(both*both)))
	switch {
	case withClosed > 0.9 && partial > 0.9:
		return f.found(TimeCode, true, fmt.Sprintf("its numbers were given in the order in which leads were closed and not in that of their creation (rank correlation %.2f on %d leads)", withClosed, len(rows)), has)
	case c.Kind == datasets.Number && math.Abs(withCreated) > sameOrder:
		return f.found(TimeCode, false, fmt.Sprintf("its numbers were given in the order of creation (rank correlation %.2f): they stand for the calendar, which a model would learn by heart", withCreated), has)
	}
	return nil
}

// serials are the last digits in each value of a column, as numbers; different
// says that nearly every value has its own.
func serials(c *datasets.Column) (numbers []float64, different bool) {
	numbers = make([]float64, c.Len())
	seen, filled := map[float64]bool{}, 0
	for i := range numbers {
		numbers[i] = math.NaN()
		switch {
		case c.Kind == datasets.Number:
			if v := c.Nums[i]; v == math.Trunc(v) {
				numbers[i] = v
			}
		case c.Nums == nil && c.Times == nil:
			s := c.Texts.At(i)
			to := len(s)
			for to > 0 && (s[to-1] < '0' || s[to-1] > '9') {
				to--
			}
			from := to
			for from > 0 && s[from-1] >= '0' && s[from-1] <= '9' && to-from < 15 {
				from--
			}
			if v, err := strconv.ParseFloat(s[from:to], 64); err == nil {
				numbers[i] = v
			}
		}
		if !c.Missing(i) {
			if filled++; !math.IsNaN(numbers[i]) {
				seen[numbers[i]] = true
			}
		}
	}
	return numbers, 100*len(seen) >= 95*filled && filled > 0
}

// dense: whole numbers without wide gaps, as a counter gives them.
func dense(numbers []float64) bool {
	low, high, n := math.Inf(1), math.Inf(-1), 0.0
	for _, v := range numbers {
		if !math.IsNaN(v) {
			low, high, n = min(low, v), max(high, v), n+1
		}
	}
	return n > 0 && high-low < counterSpan*n
}

// ranks are the midranks of values.
func ranks(x []float64) []float64 {
	rows := make([]int, len(x))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && x[rows[to]] == x[rows[from]] {
			to++
		}
		for _, i := range rows[from:to] {
			r[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return r
}

// correlation is Pearson's; NaN where one side is constant.
func correlation(x, y []float64) float64 {
	n := float64(len(x))
	mx, my := 0.0, 0.0
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		xy += float64((x[i] - mx) * (y[i] - my))
		xx += float64((x[i] - mx) * (x[i] - mx))
		yy += float64((y[i] - my) * (y[i] - my))
	}
	return xy / math.Sqrt(xx*yy)
}
