package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// periods are leads that are won in each month with a chance of their size, and
// of which many are last seen open before the third.
func periods(n int, seed uint64) *rows {
	r := &rows{names: []string{"lead_id", "size", "months", "state"}}
	source := rand.New(rand.NewPCG(seed, 2))
	for i := range n {
		size := []string{"small", "large"}[i%2]
		month, last, state := 0, 1+source.IntN(5), "open"
		for month < last && state == "open" {
			if month++; source.Float64() < wonAMonth[size] {
				state = "won"
			}
		}
		r.cells = append(r.cells, []string{"L" + strconv.Itoa(i), size, strconv.Itoa(month), state})
	}
	return r
}

var wonAMonth = map[string]float64{"small": 0.2, "large": 0.5}

// Durations in whole periods, in each of which many of those still open are won:
// the forecasts are the true shares, which they would not be if what happens in a
// period counted as time at risk to its end. And so does evaluate find: leads
// that were lost from sight early do not make the rest look like all.
func TestDurationsInWholePeriods(t *testing.T) {
	r := periods(3000, 1)
	p := train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Outcome: "state", Duration: "months"},
		Contract: datasets.Contract{Won: []string{"won"}},
		AsOf:     datasets.NoTime, Horizons: []int{1, 2, 3}, MainHorizon: 3, NoRefit: true, Seed: 1,
	}
	table := r.table(nil, nil)
	b := openBundle(t, run(t, table, p).Shipped)
	for i, s := range scored(t, b, table)[:2] {
		for k, p := range s.WinBy {
			want := 1 - math.Pow(1-wonAMonth[r.at(i, "size")], float64(k+1))
			if p == nil {
				t.Fatalf("no forecast for month %d", k+1)
			}
			if math.Abs(*p-want) > 0.04 {
				t.Errorf("%s, won by month %d: %.3f, truly %.2f", r.at(i, "size"), k+1, *p, want)
			}
		}
	}
	e, err := train.Evaluate(context.Background(), b, periods(20_000, 3).table(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	last := e.Horizons[len(e.Horizons)-1]
	if math.Abs(last.OE.Value-1) > 0.05 || !(last.OE.Low < last.OE.Value && last.OE.Value < last.OE.High && last.OE.SE < 0.02) {
		t.Errorf("by month %d: observed ÷ expected %+v", last.Days, last.OE)
	}
}
