package bundle_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/leadcast/leadcast/train/bundle"
)

// What a forecast costs, and what its reasons cost.
func BenchmarkScore(b *testing.B) {
	for name, c := range map[string]company{"timed": timed(), "untimed": untimed()} {
		for _, n := range []int{1, 500} {
			for _, reasons := range []int{0, 3, bundle.Every} {
				b.Run(fmt.Sprintf("%s/leads=%d/reasons=%d", name, n, reasons), func(b *testing.B) {
					s := c.read(b, c.leads.Gather(seq(n)))
					for b.Loop() {
						if _, err := c.b.Score(context.Background(), s, reasons); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/lead")
				})
			}
		}
	}
}
