package lift_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// campaign is an arm of a simulated company.
type campaign struct {
	name        string
	leads       int
	first, last float64                   // days of the year in which its leads are created
	wins        func(day float64) float64 // probability of being won in the end
}

func always(p float64) func(float64) float64 { return func(float64) float64 { return p } }

// simulate draws leads and looks at them on a day. Those that will be won are
// so after 77 days on average, log-normal, 66 % of them within 80 days; the
// others are lost early or very late (Weibull).
func simulate(seed uint64, look float64, campaigns ...campaign) lift.Data {
	r := rand.New(rand.NewPCG(seed, 7))
	const origin = 16436 * datasets.MicrosPerDay // 2015-01-01
	at := func(day float64) int64 { return origin + int64(day*datasets.MicrosPerDay) }
	d := lift.Data{End: at(look)}
	for _, c := range campaigns {
		for k := range c.leads {
			day := c.first + (c.last-c.first)*(float64(k)+r.Float64())/float64(c.leads)
			state, days := datasets.Lost, 0.0
			if r.Float64() < c.wins(day) {
				state, days = datasets.Won, 77*math.Exp(0.7*r.NormFloat64()-0.245)
			} else {
				days = 140 * math.Pow(r.ExpFloat64(), 1/0.45)
			}
			created := at(day)
			if seen := datasets.Days(created, d.End); days >= seen {
				state, days = datasets.Open, seen
			}
			d.Arm, d.Created = append(d.Arm, c.name), append(d.Created, created)
			d.Exit, d.State = append(d.Exit, days), append(d.State, state)
		}
	}
	return d
}

func compare(t *testing.T, d lift.Data, o lift.Options) *lift.Result {
	t.Helper()
	r, err := lift.Compare(d, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
