package leak

import (
	"math"
	"testing"
)

// The statistic by hand: 2 bands with (closed 8 of 10, open 1 of 10) and
// (closed 6 of 10, open 3 of 20).
func TestFillGapByHand(t *testing.T) {
	var closed []bool
	var age, fill []float64
	add := func(isClosed bool, a float64, filled, all int) {
		for k := range all {
			x := math.NaN()
			if k < filled {
				x = 1
			}
			closed, age, fill = append(closed, isClosed), append(age, a), append(fill, x)
		}
	}
	add(true, 1, 8, 10)
	add(false, 1, 1, 10)
	add(true, 9, 6, 10)
	add(false, 9, 3, 20)
	g := gapOf(commonAges(closed, bandsOf(age)), closed, func(r int) bool { return !math.IsNaN(fill[r]) })
	// excess (8−4.5)+(6−3) = 6.5; variance 10·10·9·11/(20²·19) + 10·20·9·21/(30²·29) = 1.302632+1.448276
	// weights 5 and 20/3: (5·0.7 + 20/3·0.45)/(35/3) = 0.557143
	if want := (gap{closed: 20, closedHave: 14, open: 30, openHave: 4}); math.Abs(g.sigmas-6.5/math.Sqrt(1.302632+1.448276)) > 1e-5 || math.Abs(g.difference-0.557143) > 1e-6 ||
		g.closed != want.closed || g.closedHave != want.closedHave || g.open != want.open || g.openHave != want.openHave {
		t.Fatalf("%+v", g)
	}
}
