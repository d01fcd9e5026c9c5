package bundle_test

import (
	"context"
	"math"
	"testing"

	"github.com/leadcast/leadcast/train/bundle"
)

// TestPairsAddUpToReasons: what a column does alone, and half of what it does
// with each other, is its reason.
func TestPairsAddUpToReasons(t *testing.T) {
	for _, c := range companies() {
		leads := c.leads.Gather(seq(40))
		snapshot := c.read(t, leads)
		origins, each, err := c.b.PairsOfEach(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		n, seen := len(origins), 0
		for _, s := range c.score(t, leads, bundle.Every) {
			if s.Win == nil {
				continue
			}
			sums := map[string]float64{}
			for j, origin := range origins {
				for k, v := range each[seen][j*n:][:n] {
					sums[origin] += v
					if math.Abs(v-each[seen][k*n+j]) > 1e-12 {
						t.Fatalf("%s and %s are not symmetric", origin, origins[k])
					}
				}
			}
			seen++
			for _, r := range s.Reasons {
				if sum, is := sums[r.Column]; is && math.Abs(sum-r.Effect) > 1e-9 {
					t.Fatalf("pairs of %s add up to %v, its reason is %v", r.Column, sum, r.Effect)
				}
			}
		}
		if seen != len(each) {
			t.Fatalf("pairs of %d leads, probabilities of %d", len(each), seen)
		}
		list, err := c.b.Pairs(context.Background(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		columns := map[string]bool{}
		for _, origin := range origins {
			columns[origin] = true
		}
		if want := len(columns) * (len(columns) - 1) / 2; len(list) != want && seen > 0 {
			t.Errorf("%d pairs of %d columns", len(list), len(columns))
		}
		for _, p := range list {
			if !(p.Together >= 0) || p.Columns[0] >= p.Columns[1] || !columns[p.Columns[0]] || !columns[p.Columns[1]] {
				t.Errorf("%+v", p)
			}
		}
	}
}
