//go:build long

package train_test

import (
	"math"
	"testing"
)

// TestTruthLong is the full comparison: ten companies of 20,000 leads.
func TestTruthLong(t *testing.T) { truthOf(t, 10, 20000, 0.02, 0.85) }

// TestTruthLarge is one company of 200,000 leads.
func TestTruthLarge(t *testing.T) {
	c := learn(t, 200000, 11)
	f := c.against()
	t.Logf("200,000 leads: expected ÷ true %.3f, gap closed %.3f", f.ratio, f.gap)
	for k, r := range f.ratio {
		if math.Abs(r-1) > 0.03 {
			t.Errorf("expected ÷ true at %d days is %.3f", horizons[k], r)
		}
	}
}
