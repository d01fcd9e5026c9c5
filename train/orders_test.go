package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models/calib"
)

// A week of one lead a day: the list is worked from its top, leads that are not
// there yet or gone are passed over, and a win counts where it came after.
func TestWork(t *testing.T) {
	inf := math.Inf(1)
	q := &queue{days: 7,
		from: []float64{-5, -3, 0.5, 2, -1, 6.5}, to: []float64{3, inf, 4, 2.5, 0.5, 6.9},
		won: []bool{true, false, true, true, true, true}}
	q.ranks = [][][]int32{{{3, 2, 1, 0, 4, 5}}, {{4, 0, 1, 2, 3, 5}}}
	if wins := q.reachable(); !slices.Equal(wins, []int{0, 2, 3, 4}) {
		t.Errorf("reachable %v", wins)
	}
	// day 0: 1 (2 and 3 are not there); day 1: 2; day 2: 3; day 3: 0
	if got := q.work(0, 7); !slices.Equal(got, []bool{true, false, true, true, false, false}) {
		t.Errorf("first order reaches %v", got)
	}
	// day 0: 4; day 1: 0; day 2: 1; day 3: 2; 3 is gone by then
	if got := q.work(1, 7); !slices.Equal(got, []bool{true, false, true, false, true, false}) {
		t.Errorf("second order reaches %v", got)
	}
	if got := q.work(1, 1); slices.Contains(got, true) {
		t.Errorf("one lead a week, on its last day, reaches %v", got)
	}
	if got := q.work(0, 14); !slices.Equal(got, []bool{true, false, true, true, false, false}) {
		t.Errorf("two a day reach %v", got)
	}
}

// The slope is that of package calib, and its interval holds what a forecast
// that is twice as sure as it may be has coming to it: a half.
func TestSlope(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	s := &sample{}
	for i := range 3000 {
		z := 1.5 * r.NormFloat64()
		y := 0.0
		if r.Float64() < 1/(1+math.Exp(-z)) {
			y = 1
		}
		s.y, s.p, s.base, s.group = append(s.y, y), append(s.p, 1/(1+math.Exp(-2*z))), append(s.base, 0.5), append(s.group, uint64(i/2))
	}
	f := s.figures(90)
	want, err := calib.Logistic(s.p, s.y, nil)
	if err != nil || math.Abs(f.Slope.Value-want.A) > 1e-6 {
		t.Errorf("slope %v, calib has %v (%v)", f.Slope.Value, want.A, err)
	}
	if !(f.Slope.Low < 0.5 && 0.5 < f.Slope.High) || !(f.Slope.SE > 0.01 && f.Slope.SE < 0.04) || !(f.Slope.P < 0.05) {
		t.Errorf("slope %+v", f.Slope)
	}
	few := (&sample{s.y[:12], s.p[:12], s.base[:12], s.group[:12]}).figures(90)
	if few.Withheld == "" || few.Count != 12 {
		t.Errorf("twelve forecasts: %+v", few)
	}
}
