package censored

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric"
)

// ObservedExpected is the share of subjects to which the cause (0: any) has
// happened by t, as if all had been followed, over the mean of its forecast
// probabilities p. The share is Aalen and Johansen's estimate where g is from
// these subjects; the standard error is that of the difference of the two, so a
// forecast that tells subjects apart makes the interval narrower. The interval
// is normal on the logarithm. NaN without rows or events.
func ObservedExpected(g *Censoring, y models.Target, cause uint8, p []float64, t, level float64) metric.Estimate {
	n := float64(len(p))
	parts, influence := make([]float64, len(p)), make([]float64, len(p))
	observed, expected := 0.0, 0.0
	for i, forecast := range p {
		if y.Exit[i] <= t && y.Cause[i] != 0 && (cause == 0 || y.Cause[i] == cause) {
			parts[i] = g.Weight(y.Exit[i])
		}
		influence[i] = parts[i] - forecast
		observed += parts[i] / n
		expected += forecast / n
	}
	for i := range influence {
		influence[i] -= observed - expected
	}
	e := metric.Estimate{Value: observed / expected, SE: spread(influence, y, parts, t) / expected}
	half := distuv.UnitNormal.Quantile((1+level)/2) * e.SE / e.Value
	e.Low, e.High = e.Value*math.Exp(-half), e.Value*math.Exp(half)
	e.P = math.Erfc(math.Abs(math.Log(e.Value)) * e.Value / e.SE / math.Sqrt2)
	return e
}

// Distribution compares forecast distributions with what happened.
type Distribution struct {
	Share     []float64 // of the subjects in each bin of the probability of being still open, from 0; as many are expected in each
	ChiSquare float64
	DF        int
	P         float64 // of forecasts that are right
}

// DCalibration asks whether forecasts are right at all times together: open is
// the probability that each forecast gave to being still open when its subject's
// time ended, which is uniform over (0, 1) if forecasts are true. Of a subject
// that was last seen open it is only known to lie below, and counts there in
// proportion (Haider, Hoehn, Davis, Greiner 2020, JMLR 21:85). The chi-square
// takes the variance of these parts from the subjects, not Pearson's, which is
// too large where many were last seen open; so the test keeps its level.
func DCalibration(y models.Target, open []float64, bins int) Distribution {
	n, width := float64(len(open)), 1/float64(bins)
	d := Distribution{Share: make([]float64, bins)}
	rows, part := make([]float64, 0, len(open)*bins), make([]float64, bins)
	for i, s := range open {
		clear(part)
		at := min(int(s*float64(bins)), bins-1)
		switch {
		case y.Cause[i] != 0:
			part[at] = 1
		case s > 0:
			for k := range at {
				part[k] = width / s
			}
			part[at] = (s - width*float64(at)) / s
		default:
			part[0] = 1
		}
		for k, v := range part {
			d.Share[k] += v / n
			rows = append(rows, v-width)
		}
	}
	moments := mat.NewSymDense(bins, nil)
	moments.SymOuterK(1/n, mat.NewDense(len(open), bins, rows).T())
	var e mat.EigenSym
	if !e.Factorize(moments, true) {
		d.ChiSquare, d.P = math.NaN(), math.NaN()
		return d
	}
	var axes mat.Dense
	e.VectorsTo(&axes)
	values := e.Values(nil)
	for k, v := range values {
		if v < 1e-9*slices.Max(values) { // bins that hold nothing of their own, and the sum of all
			continue
		}
		along := 0.0
		for j, s := range d.Share {
			along += axes.At(j, k) * (s - width)
		}
		d.ChiSquare += n * along * along / v
		d.DF++
	}
	d.P = distuv.ChiSquared{K: float64(d.DF)}.Survival(d.ChiSquare)
	return d
}

// Landmark is what happened by t to the subjects that could be followed that
// long, whatever ended their time: follow is the time from each subject's
// landmark to the end of the data. Another cause by t counts as 0, so figures of
// plain outcomes (package metric) are of the chance of the cause with the others
// competing, and need no weights. It returns the rows and, for each, 1 if the
// cause ended it by t.
func Landmark(y models.Target, follow []float64, cause uint8, t float64) (rows []int, happened []float64) {
	for i, until := range follow {
		if until < t {
			continue
		}
		v := 0.0
		if y.Exit[i] <= t && y.Cause[i] != 0 && (cause == 0 || y.Cause[i] == cause) {
			v = 1
		}
		rows, happened = append(rows, i), append(happened, v)
	}
	return rows, happened
}
