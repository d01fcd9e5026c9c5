//go:build long

package features

import "testing"

// The size of a large company: minutes on two cores, and memory that does not
// depend on how many events there are.
func TestFiftyMillionEventsLong(t *testing.T) {
	c := mergeCost(t, 1_000_000, 50)
	t.Log(c)
	if c.wall.Minutes() > 5 || c.peak > 1<<30 {
		t.Error("too slow, or too large")
	}
}
