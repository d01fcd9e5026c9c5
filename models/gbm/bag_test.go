package gbm

import (
	"context"
	"math"
	"slices"
	"testing"
)

// A bag's margins are the mean of its boosters', also where statistics stand
// in for categories, and its first booster is the one without a bag.
func TestBagIsTheMean(t *testing.T) {
	x, y := crowded(4000, 3)
	b := few(Logistic{})
	b.Rounds, b.Pairs = 20, 2
	fit := func(size int) ([]float64, *Model) {
		m, err := Bag{Booster: b, Size: size}.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		margins := make([]float64, x.Rows)
		if err := m.(*Model).Margins(margins, x); err != nil {
			t.Fatal(err)
		}
		return margins, m.(*Model)
	}
	alone, one := fit(1)
	if !slices.Equal(encode(t, one), encode(t, mustFit(t, b, x, y))) {
		t.Error("a bag of one is not its booster")
	}
	both, bag := fit(2)
	second := b
	second.Seed = hash(b.Seed, drawBag, 1)
	other := mustFit(t, second, x, y)
	if bag.Trees() != one.Trees()+other.Trees() || len(bag.statistics) == 0 {
		t.Errorf("%d trees and %d statistics", bag.Trees(), len(bag.statistics))
	}
	if len(bag.statistics) >= len(one.statistics)+len(other.statistics) {
		t.Error("a statistic that both use is kept twice")
	}
	margins := make([]float64, x.Rows)
	if err := other.Margins(margins, x); err != nil {
		t.Fatal(err)
	}
	for i := range both {
		if want := (alone[i] + margins[i]) / 2; math.Abs(both[i]-want) > 1e-9 {
			t.Fatalf("row %d: %v, want %v", i, both[i], want)
		}
	}
	m, err := Decode(encode(t, bag))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(predict(t, m.(*Model), x), predict(t, bag, x)) {
		t.Error("a bag that is read is another")
	}
}
