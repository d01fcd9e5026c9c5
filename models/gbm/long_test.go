//go:build long

package gbm

import "testing"

func TestRareEventsLong(t *testing.T) { rare(t, 2_000_000, 100) }
