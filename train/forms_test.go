package train_test

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// flatCompany generates a yes/no table without times.
func flatCompany(n int, seed uint64) *rows {
	r := rand.New(rand.NewPCG(seed, 2))
	c := &rows{names: []string{"lead_id", "converted", "visits", "source"}}
	for i := range n {
		visits, y := r.IntN(10), "no"
		if r.Float64() < 1/(1+math.Exp(3-0.4*float64(visits))) {
			y = "yes"
		}
		c.cells = append(c.cells, []string{strconv.Itoa(1000 + i), y, strconv.Itoa(visits), []string{"web", "fair", "call"}[r.IntN(3)]})
	}
	return c
}

func flatPlan() train.Plan {
	return train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Outcome: "converted"},
		Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, AsOf: datasets.NoTime, Seed: 1,
	}
}
