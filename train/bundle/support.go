package bundle

import (
	"slices"

	"github.com/leadcast/leadcast/models/survival"
)

// leastAtRisk is the number of leads that must have been at risk at an age for
// rates at it to be trusted.
const leastAtRisk = 50

// Reach is how far the training data let forecasts look.
type Reach struct {
	Ahead  float64 `json:"ahead_days"`  // longest horizon at creation: 50 leads at risk then, 10 wins in its second half
	Oldest float64 `json:"oldest_days"` // greatest age at which 50 leads were at risk
	Tail   float64 `json:"tail_days"`   // beyond this age all leads share one rate
	Seen   float64 `json:"seen_days"`   // greatest age of any lead
}

// sound reports whether ages rise and every age has its counts.
func sound(s *survival.Support) bool {
	if len(s.AtRisk) != len(s.Age) || len(s.Wins) != len(s.Age) {
		return false
	}
	for k := 1; k < len(s.Age); k++ {
		if s.Age[k] <= s.Age[k-1] || s.Wins[k] < s.Wins[k-1] {
			return false
		}
	}
	return true
}

// NewReach reads the reach off the support and the cut points of the ages.
func NewReach(s survival.Support, cuts []float64) Reach {
	r := Reach{Ahead: s.Horizon(0)}
	for k, age := range s.Age {
		r.Seen = max(r.Seen, age)
		if s.AtRisk[k] >= leastAtRisk {
			r.Oldest = age
		}
	}
	if len(cuts) > 0 {
		r.Tail = cuts[len(cuts)-1]
	}
	return r
}

// Longest is the longest horizon that is supported for a lead of some age:
// that of a new lead, as long as enough leads were followed to the age at its
// end. Leads in the tail share one rate, so for them its length counts.
func (r Reach) Longest(age float64) float64 {
	longest := r.Oldest - age
	if age >= r.Tail {
		longest = max(longest, r.Oldest-r.Tail)
	}
	return max(0, min(r.Ahead, longest))
}

// winsWithin is the number of training leads that were won at an age in (from, to].
func winsWithin(s *survival.Support, from, to float64) int {
	by := func(age float64) int {
		k, found := slices.BinarySearch(s.Age, age)
		if !found {
			k--
		}
		if k < 0 {
			return 0
		}
		return s.Wins[k]
	}
	return by(to) - by(from)
}
