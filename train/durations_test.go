package train_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// Durations in whole periods, in each of which many of those still open are won:
// the forecasts are the true shares, which they would not be if what happens in a
// period counted as time at risk to its end.
func TestDurationsInWholePeriods(t *testing.T) {
	chance := map[string]float64{"small": 0.2, "large": 0.5}
	r := &rows{names: []string{"lead_id", "size", "months", "state"}}
	source := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		size := []string{"small", "large"}[i%2]
		month, last, state := 0, 1+source.IntN(5), "open"
		for month < last && state == "open" {
			if month++; source.Float64() < chance[size] {
				state = "won"
			}
		}
		r.cells = append(r.cells, []string{"L" + strconv.Itoa(i), size, strconv.Itoa(month), state})
	}
	p := train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Outcome: "state", Duration: "months"},
		Contract: datasets.Contract{Won: []string{"won"}},
		AsOf:     datasets.NoTime, Horizons: []int{1, 2, 3}, MainHorizon: 3, NoRefit: true, Seed: 1,
	}
	table := r.table(nil, nil)
	for i, s := range scored(t, openBundle(t, run(t, table, p).Shipped), table)[:2] {
		for k, p := range s.WinBy {
			want := 1 - math.Pow(1-chance[r.at(i, "size")], float64(k+1))
			if p == nil {
				t.Fatalf("no forecast for month %d", k+1)
			}
			if math.Abs(*p-want) > 0.04 {
				t.Errorf("%s, won by month %d: %.3f, truly %.2f", r.at(i, "size"), k+1, *p, want)
			}
		}
	}
}
