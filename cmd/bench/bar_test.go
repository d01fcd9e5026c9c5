package main

import (
	"math"
	"strings"
	"testing"
)

// A bar is missed only when the whole interval lies past it.
func TestBars(t *testing.T) {
	ours, theirs := []figures{{Wall: 1}, {Wall: 2}, {Wall: 4}}, []figures{{Wall: 2}, {Wall: 2}, {Wall: 2}}
	i := ratio(ours, theirs, wallOf)
	// Logarithms −log 2, 0 and log 2: mean 0, standard error log 2/√3, and t of two degrees 2.92.
	if half := math.Exp(2.920 * math.Ln2 / math.Sqrt(3)); math.Abs(i.mean-1) > 1e-12 || math.Abs(i.high-half) > 1e-12 || math.Abs(i.low*half-1) > 1e-12 {
		t.Fatalf("%v", i)
	}
	var none, missed bars
	none.most("wall", i, 0.8)
	none.least("speed", i, 1.5)
	none.least("AUC", exactly(-0.0009), -0.001)
	if err := none.err(); err != nil {
		t.Error(err)
	}
	missed.most("wall", i, 0.3)
	missed.least("speed", i, 3.3)
	missed.most("nothing", exactly(math.NaN()), 1)
	missed.least("nothing", exactly(math.NaN()), 1)
	if err := missed.err(); err == nil || strings.Count(err.Error(), "want") != 4 {
		t.Error(err)
	}
}
