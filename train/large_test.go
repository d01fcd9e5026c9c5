package train

import (
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// flatStudy is a study of n leads without times, one of 20 won, three an account.
func flatStudy(n int) *study {
	s := &study{leads: &datasets.Table{Rows: n}, out: &datasets.Outcomes{End: datasets.NoTime}, plan: Plan{Seed: 1}}
	for i := range n {
		state := datasets.Lost
		if i%20 == 0 {
			state = datasets.Won
		}
		s.out.State = append(s.out.State, state)
		s.keys, s.groups = append(s.keys, uint64(i)*0x9e3779b97f4a7c15), append(s.groups, uint64(i/3))
		s.position = append(s.position, float64(i))
	}
	s.plan.Roles.Order = "rows"
	return s
}

func TestLargeSplit(t *testing.T) {
	small, err := flatStudy(100_000).split()
	if err != nil || small.stop != nil || len(small.folds[0].fit.rows) < 30_000/2 {
		t.Fatalf("a table of 100,000 leads was sampled: %v, %v", small.stop, err)
	}
	s := flatStudy(400_000)
	sp, err := s.split()
	if err != nil || sp.stop == nil {
		t.Fatalf("a table of 400,000 leads was not sampled: %v", err)
	}
	side := map[int]string{}
	for _, r := range sp.stop.fit.rows {
		side[r] = "fit"
	}
	for _, r := range sp.stop.test.rows {
		if side[r] != "" {
			t.Fatalf("lead %d both fits and stops", r)
		}
		side[r] = "stop"
	}
	if len(side) != len(sp.train.rows) {
		t.Errorf("%d leads fit or stop, of %d before the hold-out", len(side), len(sp.train.rows))
	}
	for _, r := range sp.held.rows {
		if side[r] != "" {
			t.Fatalf("lead %d of the hold-out is fitted", r)
		}
	}
	if n := len(sp.stop.test.rows); n == 0 || n > watchedLeads*11/10 {
		t.Errorf("%d leads tell when to stop", n)
	}
	all := map[int]bool{}
	for _, f := range sp.folds {
		tested := map[int]bool{}
		for _, r := range f.test.rows {
			all[r], tested[r] = true, true
		}
		for _, r := range f.fit.rows {
			if all[r] = true; tested[r] {
				t.Fatalf("lead %d is fitted and tested", r)
			}
		}
	}
	if n := len(all); n < sampledLeads*9/10 || n > sampledLeads*11/10 {
		t.Errorf("%d leads in the sample, want about %d", n, sampledLeads)
	}
}
