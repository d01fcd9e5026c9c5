//go:build long

package train

import "testing"

// TestSampledRowsLong: of a million subjects the hazards are fitted within six
// times the processor time and twice the memory of a plain classifier.
func TestSampledRowsLong(t *testing.T) {
	classifier, sampled := sampledRows(t, 1_000_000, 100_000, 50, mostRows(1_000_000)/1_000_000)
	if ratio := sampled.processor.Seconds() / classifier.processor.Seconds(); ratio > 6 {
		t.Errorf("%.1f times the processor time of a plain classifier", ratio)
	}
	if ratio := float64(sampled.heap) / float64(classifier.heap); ratio > 2 {
		t.Errorf("%.2f times the memory of a plain classifier", ratio)
	}
}
