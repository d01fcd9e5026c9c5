package train

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/portable"
)

// Figures is how probabilities of being won within some days did on the
// forecasts that were followed that long, with 95 % intervals that resample
// accounts, or leads, with all their forecasts.
type Figures struct {
	Days      int             `json:"days"`
	Count     int             `json:"count"` // forecasts that were followed that long
	Won       int             `json:"won"`
	Withheld  string          `json:"withheld,omitempty"` // why there are no figures
	OE        metric.Estimate `json:"observed_expected"`
	Slope     metric.Estimate `json:"calibration_slope"` // of a logistic recalibration; 1 is right, below is over-confident
	AUC       metric.Estimate `json:"auc"`
	Gain      metric.Estimate `json:"log_loss_gain"` // over the base rates known at the origin
	Top       metric.Estimate `json:"gain_top_10"`   // share of the wins among the 10 % scored highest
	LogLoss   float64         `json:"log_loss"`
	BaseLoss  float64         `json:"base_log_loss"`
	Predicted float64         `json:"mean_forecast"`

	Reliability metric.Reliability `json:"reliability,omitempty"` // 10 bins of equal mass
}

// sample is probabilities and what came, with the account or lead of each.
type sample struct {
	y, p, base []float64
	group      []uint64
}

func (s *sample) add(o *sample) {
	s.y, s.p, s.base, s.group = append(s.y, o.y...), append(s.p, o.p...), append(s.base, o.base...), append(s.group, o.group...)
}

// only is the part for which keep holds.
func (s *sample) only(keep []bool) *sample {
	part := &sample{}
	for i, k := range keep {
		if k {
			part.add(&sample{s.y[i : i+1], s.p[i : i+1], s.base[i : i+1], s.group[i : i+1]})
		}
	}
	return part
}

// resamples is the number of bootstrap resamples behind the interval of a
// figure that has to be computed anew for each.
const resamples = 300

// figures compares probabilities of being won within some days with what came.
func (s *sample) figures(days int) Figures {
	f := Figures{Days: days, Count: len(s.y)}
	for _, y := range s.y {
		f.Won += int(y)
	}
	if f.Won < leastWins || f.Count-f.Won < leastWins {
		f.Withheld = fmt.Sprintf("%d of the %d forecasts that were followed for %d days were won; to judge by, %d won and %d not are needed", f.Won, f.Count, days, leastWins, leastWins)
		return f
	}
	s = s.ranked()
	f.LogLoss, f.BaseLoss, f.Predicted = mean(losses(s.y, s.p)), mean(losses(s.y, s.base)), mean(s.p)
	f.Reliability = metric.EqualMass(s.y, s.p, nil, 10)
	group, groups := numbered(s.group)
	line := newRecalibration(s)
	full := s.measure(line.slope)
	slopes := line.byGroup(s, group, groups)
	all := make([][]float64, len(full))
	source := rand.New(rand.NewPCG(1, 0x666967))
	times := make([]int, groups)
	drawn := &sample{}
	for range resamples {
		clear(times)
		for range groups {
			times[source.IntN(groups)]++
		}
		drawn.y, drawn.p, drawn.base = drawn.y[:0], drawn.p[:0], drawn.base[:0]
		for i, g := range group {
			for range times[g] {
				drawn.y, drawn.p, drawn.base = append(drawn.y, s.y[i]), append(drawn.p, s.p[i]), append(drawn.base, s.base[i])
			}
		}
		for k, v := range drawn.measure(slopes(times)) {
			all[k] = append(all[k], v)
		}
	}
	for k, e := range []*metric.Estimate{&f.OE, &f.Slope, &f.AUC, &f.Gain, &f.Top} {
		*e = interval(full[k], all[k], [...]float64{1, 1, 0.5, 0, 0.1}[k])
	}
	return f
}

// measure gives the ratio of observed to expected, the slope as it is, the AUC,
// the gain in log loss and the share of the wins in the best tenth.
func (s *sample) measure(slope float64) [5]float64 {
	won, expected, gain := 0.0, 0.0, 0.0
	for i, y := range s.y {
		won, expected = won+y, expected+s.p[i]
	}
	mine, floor := losses(s.y, s.p), losses(s.y, s.base)
	for i := range mine {
		gain += (floor[i] - mine[i]) / float64(len(mine))
	}
	return [5]float64{won / expected, slope, metric.AUC(s.y, s.p, nil), gain, metric.Gain(s.y, s.p, nil, 10)[0].CumGain}
}

// ranked is the sample from the lowest probability to the highest, which makes
// ranking its resamples cheap.
func (s *sample) ranked() *sample {
	rows := everyRow[int](len(s.y))
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(s.p[a], s.p[b]) })
	return &sample{pick(s.y, rows), pick(s.p, rows), pick(s.base, rows), pick(s.group, rows)}
}

// numbered gives groups numbers in the order in which they come.
func numbered(groups []uint64) (number []int, count int) {
	known := map[uint64]int{}
	number = make([]int, len(groups))
	for i, g := range groups {
		k, ok := known[g]
		if !ok {
			k = len(known)
			known[g] = k
		}
		number[i] = k
	}
	return number, len(known)
}

// interval is a figure with the standard error, the 95 % percentile interval
// and the two-sided p value of its resamples; undefined ones do not count.
func interval(value float64, resampled []float64, null float64) metric.Estimate {
	v := slices.DeleteFunc(slices.Clone(resampled), func(x float64) bool { return math.IsNaN(x) })
	if len(v) < 2 {
		nan := math.NaN()
		return metric.Estimate{Value: value, SE: nan, Low: nan, High: nan, P: nan}
	}
	slices.Sort(v)
	centre, variance, below, above := mean(v), 0.0, 1.0, 1.0
	for _, x := range v {
		variance += (x - centre) * (x - centre) / float64(len(v)-1)
		if x <= null {
			below++
		}
		if x >= null {
			above++
		}
	}
	at := func(p float64) float64 { return v[int(math.Round(p*float64(len(v)-1)))] }
	return metric.Estimate{Value: value, SE: math.Sqrt(variance), Low: at(0.025), High: at(0.975), P: min(1, 2*min(below, above)/float64(len(v)+1))}
}

// recalibration is the logistic regression of outcomes on the log odds of their
// probabilities (Cox 1958), by Newton's method.
type recalibration struct {
	slope, level float64
}

func newRecalibration(s *sample) *recalibration {
	r := &recalibration{slope: 1}
	for range 25 {
		var sum [5]float64
		for i := range s.y {
			r.add(&sum, s.y[i], s.p[i])
		}
		slope, level := r.step(sum)
		moved := math.Abs(slope-r.slope) + math.Abs(level-r.level)
		if r.slope, r.level = slope, level; !(moved > 1e-9) {
			break
		}
	}
	return r
}

// add adds a row's part of the gradient and of the information.
func (r *recalibration) add(sum *[5]float64, y, p float64) {
	p = min(max(p, 1e-12), 1-1e-12)
	z := math.Log(p / (1 - p))
	q := portable.Sigmoid(float64(r.slope*z) + r.level)
	h := q * (1 - q)
	for k, v := range [5]float64{float64((y - q) * z), y - q, float64(h * z * z), float64(h * z), h} {
		sum[k] += v
	}
}

// step is where a step of Newton's method from here leads.
func (r *recalibration) step(sum [5]float64) (slope, level float64) {
	gz, g, zz, z, one := sum[0], sum[1], sum[2], sum[3], sum[4]
	det := float64(zz*one) - float64(z*z)
	if !(det > 0) {
		return math.NaN(), math.NaN()
	}
	return r.slope + (float64(one*gz)-float64(z*g))/det, r.level + (float64(zz*g)-float64(z*gz))/det
}

// byGroup gives the slope of a resample by one step from the slope of all
// (the one-step bootstrap), from sums over groups.
func (r *recalibration) byGroup(s *sample, group []int, groups int) func(times []int) float64 {
	sums := make([][5]float64, groups)
	for i, g := range group {
		r.add(&sums[g], s.y[i], s.p[i])
	}
	return func(times []int) float64 {
		var sum [5]float64
		for g, n := range times {
			for k, v := range sums[g] {
				sum[k] += float64(n) * v
			}
		}
		slope, _ := r.step(sum)
		return slope
	}
}
