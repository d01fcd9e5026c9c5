package survival

import (
	"encoding/json"
	"math"
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
		cuts := Cuts(exit, cause, horizons, most)
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

// Where events go on long after the last cut, more cuts follow.
func TestCutsInTheTail(t *testing.T) {
	exit, cause := make([]float64, 4000), make([]uint8, 4000)
	for i := range exit {
		exit[i], cause[i] = float64(i%20), 1
		if i%10 == 0 {
			exit[i] = float64(i / 10 % 200)
		}
	}
	cuts := Cuts(exit, cause, nil, 6)
	if last := cuts[len(cuts)-1]; len(cuts) < 6 || last < 100 {
		t.Errorf("cuts %v of events up to 200", cuts)
	}
	for k := len(cuts) - 1; k > 0; k-- {
		if n := countIn(sorted(exit), cuts[k-1], cuts[k]); n < 10 {
			t.Errorf("%d events in (%v, %v]", n, cuts[k-1], cuts[k])
		}
	}
}

func sorted(v []float64) []float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v
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
