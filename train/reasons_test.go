package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/train/bundle"
)

// TestReasonsFindAnInteraction plants a chance that depends on whether two
// columns agree, which neither shows by itself, beside columns that mean
// nothing. By symmetry each of the two owns half of the distance.
func TestReasonsFindAnInteraction(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	c := &rows{names: []string{"lead_id", "converted", "region", "speaks", "noise", "more_noise"}}
	agrees := func(cells []string) bool { return (cells[2] == "north") == (cells[3] == "en") }
	chance := func(agree bool) float64 {
		if agree {
			return portable.Sigmoid(0.5)
		}
		return portable.Sigmoid(-2)
	}
	for i := range 8000 {
		cells := []string{strconv.Itoa(1000 + i), "no", []string{"north", "south"}[r.IntN(2)], []string{"en", "de"}[r.IntN(2)], strconv.Itoa(r.IntN(5)), strconv.Itoa(r.IntN(5))}
		if r.Float64() < chance(agrees(cells)) {
			cells[1] = "yes"
		}
		c.cells = append(c.cells, cells)
	}
	b := openBundle(t, run(t, c.table(nil, nil), flatPlan()).Shipped)
	table := c.table(upTo(400), nil)
	s, err := b.Read(table, end)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Score(context.Background(), s, bundle.Every)
	if err != nil {
		t.Fatal(err)
	}
	off := map[string]float64{}
	for i, s := range all {
		want := (chance(agrees(c.cells[i])) - *s.Base) / 2
		got := map[string]float64{}
		for _, reason := range s.Reasons {
			got[reason.Column] = reason.Effect
			if in := reason.Column == "region" || reason.Column == "speaks"; in && (reason.Like < 3500 || reason.Like > 4500) {
				t.Fatalf("%d of 8000 leads are like this in %s, which has two values", reason.Like, reason.Column)
			}
		}
		off["region"] += math.Abs(got["region"]-want) / 400
		off["speaks"] += math.Abs(got["speaks"]-want) / 400
		off["noise"] += math.Abs(got["noise"]) / 400
		off["more_noise"] += math.Abs(got["more_noise"]) / 400
	}
	t.Logf("mean distance from the truth: %v", off)
	for column, d := range off {
		if d > 0.03 {
			t.Errorf("%s: effects are %.3f off on average", column, d)
		}
	}
}
