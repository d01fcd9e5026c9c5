//go:build long

package gbm

import "testing"

func TestRareEventsOfTwoMillion(t *testing.T) { rare(t, 2_000_000, 100) }
