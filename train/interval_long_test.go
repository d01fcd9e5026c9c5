//go:build long

package train_test

import (
	"testing"
)

// TestIntervalsLong measures the coverage of intervals for segments.
func TestIntervalsLong(t *testing.T) {
	for _, leads := range []int{600, 2500} {
		var c coverage
		for seed := range uint64(5) {
			c.of(learn(t, leads, 500+seed))
		}
		t.Logf("%d leads: %v", leads, c)
	}
}
