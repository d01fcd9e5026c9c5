package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// interval is a figure with its 90 % interval.
type interval struct{ mean, low, high float64 }

// String gives "1.23 ( 1.10 –  1.38)".
func (i interval) String() string {
	return fmt.Sprintf("%6.2f (%5.2f – %5.2f)", i.mean, i.low, i.high)
}

// exactly is a figure that does not vary.
func exactly(v float64) interval { return interval{v, v, v} }

// ratio is the geometric mean of ours ÷ theirs over the pairs, with the 90 %
// interval of Student's t on the logarithms.
func ratio(ours, theirs []figures, of func(figures) float64) interval {
	logs := make([]float64, len(ours))
	mean, spread := 0.0, 0.0
	for i := range logs {
		logs[i] = math.Log(max(of(ours[i]), 1e-3) / max(of(theirs[i]), 1e-3))
		mean += logs[i] / float64(len(logs))
	}
	for _, l := range logs {
		spread += (l - mean) * (l - mean)
	}
	n := float64(len(logs))
	half := 0.0
	if n > 1 {
		half = t90[min(len(logs)-1, len(t90)-1)] * math.Sqrt(spread/(n-1)/n)
	}
	return interval{math.Exp(mean), math.Exp(mean - half), math.Exp(mean + half)}
}

func wallOf(f figures) float64 { return f.Wall }
func cpuOf(f figures) float64  { return f.CPU }

// t90 are the two-sided 90 % points of Student's t by degrees of freedom.
var t90 = []float64{0, 6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812}

// bars are what a bench has missed: a figure whose interval lies wholly past its bar.
type bars []string

// most asks that a figure be at most so much.
func (b *bars) most(what string, i interval, bar float64) {
	if !(i.low <= bar) {
		*b = append(*b, fmt.Sprintf("%s is %.4g (%.4g – %.4g), want at most %g", what, i.mean, i.low, i.high, bar))
	}
}

// least asks that a figure be at least so much.
func (b *bars) least(what string, i interval, bar float64) {
	if !(i.high >= bar) {
		*b = append(*b, fmt.Sprintf("%s is %.4g (%.4g – %.4g), want at least %g", what, i.mean, i.low, i.high, bar))
	}
}

// err is nil where every bar is met, or no surer missed than met.
func (b bars) err() error {
	if len(b) == 0 {
		return nil
	}
	return errors.New("bars missed: " + strings.Join(b, "; "))
}
