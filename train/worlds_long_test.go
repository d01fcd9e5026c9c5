//go:build long

package train_test

import "testing"

// TestWorldsLong is the full form: six companies of 4,000 leads in each world.
func TestWorldsLong(t *testing.T) { worldsOf(t, 6, 4000, 0) }

// TestFewWinsLong is the full form: two hundred companies of some forty wins.
func TestFewWinsLong(t *testing.T) { fewWins(t, 200) }

// TestIntervalsLong: in companies of few leads and of more, the 95 % intervals
// of segments hold the truth in 90 to 98 %.
func TestIntervalsLong(t *testing.T) {
	for _, leads := range []int{600, 2500} {
		var c coverage
		for seed := range uint64(5) {
			c.of(learn(t, leads, 500+seed))
		}
		t.Logf("%d leads: %v", leads, c)
		if held := c.share(); held < 0.90 || held > 0.98 {
			t.Errorf("%d leads: intervals of segments hold the truth in %.3f", leads, held)
		}
	}
}
