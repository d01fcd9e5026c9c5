package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"github.com/leadcast/leadcast/train/bundle"
)

// TestIntervals: every forecast lies within its interval, more data make the
// mean of many surer than one, and columns and scores say the same.
func TestIntervals(t *testing.T) {
	for name, c := range map[string]company{"timed": timed(), "untimed": untimed()} {
		s, err := c.b.Read(c.leads, asOf)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := c.b.Score(context.Background(), s, 0)
		if err != nil {
			t.Fatal(err)
		}
		likely, err := c.b.Likely(context.Background(), s, scores)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.b.Intervals(context.Background(), s, scores); err != nil {
			t.Fatal(err)
		}
		columns := bundle.IntervalColumns(scores)
		mean, means, width, n := 0.0, make([]float64, len(c.b.Spread)), 0.0, 0.0
		for i, score := range scores {
			if score.Win == nil {
				if score.WinLow != nil || !math.IsNaN(columns[0].Nums[i]) {
					t.Fatalf("%s: lead %d has an interval and no forecast", name, i)
				}
				continue
			}
			p, low, high := *score.Win, *score.WinLow, *score.WinHigh
			if !(0 < low && low < p && p < high && high < 1) || columns[0].Nums[i] != low || columns[1].Nums[i] != high {
				t.Fatalf("%s: lead %d: %v < %v < %v, written %v, %v", name, i, low, p, high, columns[0].Nums[i], columns[1].Nums[i])
			}
			mean, width, n = mean+p, width+high-low, n+1
			for k, v := range likely[i] {
				means[k] += v
			}
		}
		for k := range means {
			means[k] /= n
		}
		if low, high := bundle.Interval(mean/n, means); !(low < mean/n && mean/n < high) || high-low > 0.7*width/n {
			t.Errorf("%s: the mean of all leads, %.4f, has the interval %.4f to %.4f; a single one is %.4f wide", name, mean/n, low, high, width/n)
		}
	}
}

// TestNoSpread: a bundle of an older time has no intervals, and says so.
func TestNoSpread(t *testing.T) {
	b, err := openFile(untimed().file)
	if err != nil {
		t.Fatal(err)
	}
	b.Spread = nil
	var file bytes.Buffer
	if _, err := bundle.Write(&file, b); err != nil {
		t.Fatal(err)
	}
	if b, err = openFile(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	s, err := b.Read(untimed().leads, asOf)
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]bundle.Score, s.Leads.Rows)
	if err := b.Intervals(context.Background(), s, scores); !errors.Is(err, bundle.ErrNoSpread) {
		t.Errorf("error %v", err)
	}
}

// TestInterval is the textbook's: with many draws of a normal on the log-odds,
// 1.96 standard deviations; with three, Student's 4.30 of two degrees of freedom.
func TestInterval(t *testing.T) {
	odds := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	var many []float64
	for i := range 4000 {
		many = append(many, odds(-2+0.3*math.Sqrt2*math.Erfinv(2*(float64(i)+0.5)/4000-1)))
	}
	low, high := bundle.Interval(odds(-1), many)
	if math.Abs(low-odds(-1-0.588)) > 1e-3 || math.Abs(high-odds(-1+0.588)) > 1e-3 {
		t.Errorf("%.4f to %.4f", low, high)
	}
	low, _ = bundle.Interval(0.5, []float64{odds(-1), 0.5, odds(1)})
	if got := -math.Log(low / (1 - low)); math.Abs(got-4.30) > 0.5 {
		t.Errorf("three draws of unit spread: %.2f", got)
	}
}
