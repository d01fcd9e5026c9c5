package bundle

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// TestWinSlopes holds the closed form against central differences.
func TestWinSlopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "cuts")
		cuts, at := make([]float64, n), 0.0
		for k := range cuts {
			at += rapid.Float64Range(0.5, 60).Draw(t, "step")
			cuts[k] = at
		}
		margins := make([]float64, 2*(n+1))
		for i := range margins {
			margins[i] = rapid.Float64Range(-14, 0).Draw(t, "margin")
		}
		if rapid.IntRange(0, 9).Draw(t, "never lost") == 0 {
			for i := n + 1; i < len(margins); i++ {
				margins[i] = math.Inf(-1)
			}
		}
		age, h := rapid.Float64Range(0, at+100).Draw(t, "age"), rapid.Float64Range(1, 400).Draw(t, "horizon")
		win := func(m []float64) float64 {
			rates := [][]float64{make([]float64, n+1), make([]float64, n+1)}
			for i, v := range m {
				rates[i/(n+1)][i%(n+1)] = math.Exp(v)
			}
			var dst [2]float64
			models.Curve{Cuts: cuts, Rates: rates, From: age}.At(dst[:], h)
			return dst[0]
		}
		slopes := make([]float64, len(margins))
		winSlopes(slopes, cuts, margins, age, h)
		for i := range margins {
			if math.IsInf(margins[i], -1) {
				if slopes[i] != 0 {
					t.Fatalf("slope %v by a rate of zero", slopes[i])
				}
				continue
			}
			const step = 1e-4
			up, down := append([]float64(nil), margins...), append([]float64(nil), margins...)
			up[i] += step
			down[i] -= step
			want := (win(up) - win(down)) / (2 * step)
			if math.Abs(slopes[i]-want) > 1e-7 {
				t.Fatalf("slope %d of %d: %v, by differences %v", i, len(margins), slopes[i], want)
			}
		}
	})
}

// TestMedianSlopes holds the implicit derivative against central differences.
func TestMedianSlopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 8).Draw(t, "cuts")
		cuts, at := make([]float64, n), 0.0
		for k := range cuts {
			at += rapid.Float64Range(5, 60).Draw(t, "step")
			cuts[k] = at
		}
		margins := make([]float64, 2*(n+1))
		for i := range margins {
			margins[i] = rapid.Float64Range(-9, -3).Draw(t, "margin")
		}
		rates := drawnRates{cuts: cuts}
		p := path{&forecast{Bundle: &Bundle{rates: rates, reach: Reach{Ahead: 400, Oldest: 1e6, Tail: 1e6}}}, nil, margins, rapid.Float64Range(0, at).Draw(t, "age")}
		median, ok := p.median(margins)
		if !ok {
			t.Fatal("no median")
		}
		slopes := make([]float64, len(margins))
		p.medianSlopes(slopes, margins)
		for i := range margins {
			const step = 1e-5
			up, down := append([]float64(nil), margins...), append([]float64(nil), margins...)
			up[i] += step
			down[i] -= step
			above, _ := p.median(up)
			below, _ := p.median(down)
			k, _ := slices.BinarySearch(cuts, median)
			l, _ := slices.BinarySearch(cuts, above)
			if m, _ := slices.BinarySearch(cuts, below); k != l || k != m {
				continue // it bends at a cut
			}
			if want := (above - below) / (2 * step); math.Abs(slopes[i]-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("slope %d of %d: %v, by differences %v", i, len(margins), slopes[i], want)
			}
		}
	})
}

// drawnRates are rates by their cuts alone.
type drawnRates struct {
	survival.Rates
	cuts []float64
}

func (d drawnRates) Cuts() []float64 { return d.cuts }
func (d drawnRates) Causes() int     { return causes }
func (d drawnRates) Curve(rates []float64, from float64) models.Curve {
	n := len(d.cuts) + 1
	return models.Curve{Cuts: d.cuts, Rates: [][]float64{rates[:n], rates[n:]}, From: from}
}

// TestReasonOrder: the strongest first, ties by name, zeros never.
func TestReasonOrder(t *testing.T) {
	list := []Reason{{Column: "b", Effect: 0.1}, {Column: "z", Effect: 0}, {Column: "c", Effect: -0.3}, {Column: "a", Effect: -0.1}, {Column: "d", Effect: 0.05}}
	got := strongest(list, 3)
	want := []Reason{{Column: "c", Effect: -0.3}, {Column: "a", Effect: -0.1}, {Column: "b", Effect: 0.1}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%v", got)
	}
	if s := (&Score{Reasons: got}).reasonText(); s != "c −0.300; a −0.100; b +0.100" {
		t.Errorf("%q", s)
	}
}
