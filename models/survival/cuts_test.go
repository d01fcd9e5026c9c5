package survival

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
)

func TestCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, most := rapid.IntRange(1, 400).Draw(t, "n"), rapid.IntRange(2, 16).Draw(t, "most")
		whole := rapid.Bool().Draw(t, "whole days")
		exit, cause := make([]float64, n), make([]uint8, n)
		for i := range exit {
			exit[i] = rapid.Float64Range(0, 300).Draw(t, "exit")
			if whole {
				exit[i] = math.Floor(exit[i])
			}
			cause[i] = rapid.Uint8Range(0, 2).Draw(t, "cause")
		}
		horizons := []float64{90, 30, 90, 180}
		cuts := Cuts(models.Target{Exit: exit, Cause: cause}, horizons, most)
		if len(cuts) > max(most-1, 3)+mostTail || !slices.IsSorted(cuts) || len(slices.Compact(slices.Clone(cuts))) != len(cuts) {
			t.Fatalf("cuts %v", cuts)
		}
		for _, h := range horizons {
			if (h < slices.Max(exit)) != slices.Contains(cuts, h) {
				t.Fatalf("horizon %v is kept or left out wrongly: %v up to %v", h, cuts, slices.Max(exit))
			}
		}
		var events []float64
		for i, c := range cause {
			if c > 0 {
				events = append(events, exit[i])
			}
		}
		slices.Sort(events)
		for k, c := range cuts {
			before := math.Inf(-1)
			if k > 0 {
				before = cuts[k-1]
			}
			if !slices.Contains(horizons, c) && countIn(events, before, c) < 10 {
				t.Fatalf("%d events in (%v, %v]", countIn(events, before, c), before, c)
			}
		}
	})
}

// Where rates change the axis is cut, and where they do not only at horizons:
// of 100 draws with constant rates at most five have another cut but in the tail.
func TestCutsWhereRatesChange(t *testing.T) {
	draw := func(r *rand.Rand, rates func(age float64) (won, lost, until float64)) (y models.Target) {
		for range 3000 {
			age, cause := 0.0, uint8(0)
			for age < 400 && cause == 0 {
				won, lost, until := rates(age)
				next := age + r.ExpFloat64()/(won+lost)
				if age = min(next, until); next < until {
					cause = 1
					if r.Float64() > won/(won+lost) {
						cause = 2
					}
				}
			}
			y.Exit, y.Cause = append(y.Exit, age), append(y.Cause, cause)
		}
		return y
	}
	r := rand.New(rand.NewPCG(4, 4))
	changing := draw(r, func(age float64) (won, lost, until float64) {
		switch {
		case age < 20:
			return 0.002, 0.004, 20
		case age < 60:
			return 0.012, 0.004, 60
		case age < 200:
			return 0.002, 0.004, 200
		}
		return 0.002, 0.001, 400
	})
	cuts := Cuts(changing, []float64{90}, 14)
	for _, at := range []float64{20, 60, 200} {
		if !slices.ContainsFunc(cuts, func(c float64) bool { return math.Abs(c/at-1) < 0.2 }) {
			t.Errorf("no cut near %v: %v", at, cuts)
		}
	}
	if len(cuts) > 7 || !slices.Contains(cuts, 90) {
		t.Errorf("cuts %v where rates change at 20, 60 and 200", cuts)
	}
	more := 0
	for range 100 {
		if cuts := Cuts(draw(r, func(float64) (won, lost, until float64) { return 0.004, 0.006, 400 }), []float64{30, 90}, 14); cuts[0] != 30 || cuts[1] != 90 {
			more++
		}
	}
	if more > 5 {
		t.Errorf("%d of 100 draws of constant rates are cut beside the horizons", more)
	}
	if last := cuts[len(cuts)-1]; last < 250 {
		t.Errorf("the tail of events up to 400 is not cut: %v", cuts)
	}
	if cuts := Cuts(models.Target{}, []float64{30}, 14); len(cuts) != 0 {
		t.Errorf("cuts %v of no subjects", cuts)
	}
}

// A subject that enters late, and a weight of two, count as they would by hand.
func TestCutsCountTimeAtRisk(t *testing.T) {
	y := models.Target{Entry: []float64{0, 12, 5}, Exit: []float64{25, 18, 5}, Cause: []uint8{1, 0, 2}, Weight: []float64{2, 1, 1}}
	cells, events := cellsOf([]float64{10, 20}, y)
	want := []ageCell{{[]float64{0, 1}, 20 + leastExposure}, {[]float64{0, 0}, 26}, {[]float64{2, 0}, 10}}
	if !reflect.DeepEqual(cells, want) || events != 3 {
		t.Errorf("%v, %v events", cells, events)
	}
}

// brute answers what Support answers, from the subjects themselves.
func brute(y models.Target, from float64) float64 {
	best := 0.0
	for _, end := range y.Exit {
		atRisk, wins := 0, 0
		for i := range y.Exit {
			if y.Exit[i] > end && (y.Entry == nil || y.Entry[i] <= end) {
				atRisk++
			}
			if y.Cause[i] == 1 && y.Exit[i] > from+(end-from)/2 && y.Exit[i] <= end {
				wins++
			}
		}
		if atRisk >= 50 && wins >= 10 {
			best = max(best, end-from)
		}
	}
	return best
}

func TestSupport(t *testing.T) {
	x, y := plain.draw(21, 500)
	for i := range y.Exit {
		y.Exit[i] = math.Ceil(y.Exit[i])
	}
	s := NewSupport(y)
	for _, from := range []float64{0, 5, 30, 60, 100, 150, 1000} {
		if got, want := s.Horizon(from), max(0, brute(y, from)); got != want {
			t.Errorf("from %v: %v, want %v", from, got, want)
		}
	}
	if s.Horizon(0) == 0 || s.Horizon(1000) != 0 {
		t.Error("the longest horizons are not told apart")
	}
	y.Entry = nil
	if got, want := NewSupport(y).Horizon(0), brute(y, 0); got != want {
		t.Errorf("without entry: %v, want %v", got, want)
	}
	_, many := plain.draw(22, 3000)
	big := NewSupport(many)
	if n := len(big.Age); n > gridSize || n < gridSize/2 {
		t.Errorf("a grid of %d ages", n)
	}
	if got, want := big.Horizon(10), brute(many, 10); got > want || got < 0.94*want {
		t.Errorf("on a grid %v, exactly %v", got, want)
	}
	b, err := json.Marshal(s)
	var back Support
	if err != nil || json.Unmarshal(b, &back) != nil || !slices.Equal(back.Wins, s.Wins) || !slices.Equal(back.AtRisk, s.AtRisk) {
		t.Errorf("%s (%v)", b, err)
	}
	if empty := NewSupport(models.Target{}); empty.Horizon(0) != 0 || x.Rows != 500 {
		t.Error("no subjects support something")
	}
}
