package personas

import (
	"math"
	"sort"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// followed is some leads as far as they were watched: the share won within the
// horizon, and what each of them has to do with it.
type followed struct {
	rows      []int
	share     float64
	was       float64             // the share before it was scaled
	influence []float64           // of each row on the share; they add up to 0
	incidence *survival.Incidence // nil without times
	horizon   float64
}

// follow estimates the share of some leads that is won within the horizon, by
// Aalen and Johansen: open leads count for as long as they were watched.
// Without times it is the share of those with an outcome. Nil where too few
// were watched that long.
func (s *sample) follow(rows []int) *followed {
	f := &followed{rows: rows, influence: make([]float64, len(rows)), horizon: s.horizon}
	if !s.timed {
		n := float64(len(rows))
		for _, i := range rows {
			if s.out.State[i] == datasets.Won {
				f.share += 1 / n
			}
		}
		for k, i := range rows {
			if f.influence[k] = -f.share / n; s.out.State[i] == datasets.Won {
				f.influence[k] += 1 / n
			}
		}
		f.was = f.share
		return f
	}
	y := models.Target{}
	late := false
	for _, i := range rows {
		late = late || s.out.Entry[i] > 0
		y.Exit, y.Entry, y.Cause = append(y.Exit, s.out.Days[i]), append(y.Entry, s.out.Entry[i]), append(y.Cause, uint8(s.out.State[i]))
	}
	if !late {
		y.Entry = nil
	}
	a, err := survival.AalenJohansen(y, 2)
	if err != nil {
		return nil
	}
	f.incidence = a
	last := sort.Search(len(a.Time), func(k int) bool { return a.Time[k] > s.horizon })
	if last == 0 || last == len(a.Time) && a.Open[last-1] > 0.05 || a.AtRisk[last-1] < 5 && a.Open[last-1] > 0.05 {
		return nil
	}
	f.share = a.F[0][last-1]
	f.was = f.share
	f.influences(y, last)
	return f
}

// influences are the derivatives of the share by the weight of each lead: a
// product limit moves with a win by what is left open, and with any event by
// what would still have been won after it.
func (f *followed) influences(y models.Target, last int) {
	a := f.incidence
	won, gone, spent := make([]float64, last), make([]float64, last), make([]float64, last+1)
	open, before := 1.0, 0.0
	for k := range last {
		if n := a.AtRisk[k]; n > 0 && open > 0 {
			wins, all := (a.F[0][k]-before)/open, (open-a.Open[k])/open
			won[k] = open / n
			if all < 1 {
				gone[k] = (f.share - a.F[0][k]) / (n * (1 - all))
			}
			spent[k+1] = spent[k] + float64(won[k]*wins) - float64(gone[k]*all)
		} else {
			spent[k+1] = spent[k]
		}
		open, before = a.Open[k], a.F[0][k]
	}
	until := func(t float64) int { return sort.Search(last, func(k int) bool { return a.Time[k] > t }) } // times up to t
	for i, exit := range y.Exit {
		from := 0
		if y.Entry != nil {
			from = until(y.Entry[i])
		}
		to := until(exit)
		if f.influence[i] = -(spent[to] - spent[min(from, to)]); y.Cause[i] != 0 && to > 0 && a.Time[to-1] == exit {
			f.influence[i] -= gone[to-1]
			if y.Cause[i] == uint8(datasets.Won) {
				f.influence[i] += won[to-1]
			}
		}
	}
}

// scaled is the share in another unit.
func (f *followed) scaled(by float64) *followed {
	g := &followed{rows: f.rows, share: f.share * by, was: f.was, influence: make([]float64, len(f.influence))}
	for k, v := range f.influence {
		g.influence[k] = v * by
	}
	return g
}

// variance is that of the difference of two shares, or of one where the other
// is nil: leads of one account count together.
func (s *sample) variance(a, b *followed) float64 {
	sums := map[uint64]float64{}
	var order []uint64 // sums are added in one order, so that they have the same bits each time
	add := func(f *followed, sign float64) {
		if f == nil {
			return
		}
		for k, i := range f.rows {
			g := s.group[i]
			if _, ok := sums[g]; !ok {
				order = append(order, g)
			}
			sums[g] += sign * f.influence[k]
		}
	}
	add(a, 1)
	add(b, -1)
	v := 0.0
	for _, g := range order {
		v += sums[g] * sums[g]
	}
	n := float64(len(order))
	return v * n / max(1, n-1)
}

// estimate is the share with its interval, on the scale of log(−log) so that
// it stays between 0 and 1.
func (f *followed) estimate(s *sample) Estimate {
	se := math.Sqrt(s.variance(f, nil))
	switch unseen := math.Pow(0.025, 1/float64(max(len(f.rows), 1))); { // no lead of so many differs, with this chance
	case f.share <= 0:
		return Estimate{0, 0, 1 - unseen}
	case f.share >= 1:
		return Estimate{1, unseen, 1}
	}
	half := 1.96 * se / (f.share * math.Abs(math.Log(f.share)))
	return Estimate{f.share, math.Pow(f.share, math.Exp(half)), math.Pow(f.share, math.Exp(-half))}
}

// days is when half of the wins within the horizon had come; nil without
// times or wins. The interval is where the share reaches that half by its own.
func (f *followed) days() *Days {
	if f.incidence == nil || f.share <= 0 {
		return nil
	}
	a, half := f.incidence, f.share/2
	d := &Days{Median: f.horizon, Low: f.horizon, High: f.horizon}
	for k := len(a.Time) - 1; k >= 0; k-- {
		if a.Time[k] > f.horizon {
			continue
		}
		se := 1.96 * math.Sqrt(a.Variance[0][k])
		if a.F[0][k] >= half {
			d.Median = a.Time[k]
		}
		if a.F[0][k]+se >= half {
			d.Low = a.Time[k]
		}
		if a.F[0][k]-se >= half {
			d.High = a.Time[k]
		}
	}
	return d
}
