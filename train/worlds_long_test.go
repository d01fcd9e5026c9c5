//go:build long

package train_test

import "testing"

// TestWorldsLong is the full form: six companies of 4,000 leads in each world.
func TestWorldsLong(t *testing.T) { worldsOf(t, 6, 4000, 0.35) }
