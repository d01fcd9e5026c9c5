package personas

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// What each lead has to do with the share is what the infinitesimal jackknife
// of the estimator says, with ties and late entry too.
func TestInfluencesAreThoseOfTheJackknife(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	s := &sample{out: &datasets.Outcomes{}, timed: true, horizon: 60}
	y := models.Target{}
	var rows []int
	for i := range 400 {
		exit, entry := math.Ceil(80*r.ExpFloat64()), 0.0
		if i%5 == 0 && exit > 3 {
			entry = 2
		}
		state := datasets.State(r.IntN(3))
		s.out.State, s.out.Days, s.out.Entry = append(s.out.State, state), append(s.out.Days, exit), append(s.out.Entry, entry)
		s.group = append(s.group, uint64(i))
		y.Exit, y.Entry, y.Cause = append(y.Exit, exit), append(y.Entry, entry), append(y.Cause, uint8(state))
		rows = append(rows, i)
	}
	f := s.follow(rows)
	a, err := survival.AalenJohansen(y, 2)
	if err != nil || f == nil {
		t.Fatal(err)
	}
	at := -1
	for k, time := range a.Time {
		if time <= s.horizon {
			at = k
		}
	}
	sum, squares := 0.0, 0.0
	for _, v := range f.influence {
		sum, squares = sum+v, squares+v*v
	}
	if want := a.Jackknife(y)[1][at]; math.Abs(math.Sqrt(squares)-want) > 1e-10*want || math.Abs(sum) > 1e-12 || f.share != a.F[0][at] {
		t.Errorf("standard error %v, want %v; sum %v; share %v, want %v", math.Sqrt(squares), want, sum, f.share, a.F[0][at])
	}
}
