package survival

import (
	"slices"

	"github.com/leadcast/leadcast/models"
)

// Support says how far ahead a table of subjects can be trusted to forecast:
// how many were at risk, and how many wins (cause 1) there were, by age. It is
// plain data of bounded size, to be kept with a model.
type Support struct {
	Age    []float64 `json:"age"`     // a rising grid of ages
	AtRisk []int     `json:"at_risk"` // number still at risk after that age, up to the next
	Wins   []int     `json:"wins"`    // number of wins up to that age
}

// What a forecast needs at its horizon.
const (
	leastAtRisk = 50
	leastWins   = 10
	gridSize    = 512
)

// NewSupport counts the subjects of y (Exit, Cause, Entry). Where they left at
// more than 512 ages, the grid is a selection of these.
func NewSupport(y models.Target) Support {
	exits, entries := slices.Clone(y.Exit), slices.Clone(y.Entry)
	var wins []float64
	for i, c := range y.Cause {
		if c == 1 {
			wins = append(wins, y.Exit[i])
		}
	}
	slices.Sort(exits)
	slices.Sort(entries)
	slices.Sort(wins)
	var s Support
	distinct := make([]float64, len(exits))
	for i, t := range exits {
		distinct[i] = coarse(t)
	}
	distinct = slices.Compact(distinct)
	step := (len(distinct) + gridSize - 1) / gridSize
	for k := step - 1; step > 0 && k < len(distinct); k += step {
		s.Age = append(s.Age, distinct[k])
	}
	for k, age := range s.Age {
		entered := len(exits)
		if entries != nil {
			entered = above(entries, age)
		}
		left := above(exits, age)
		if k+1 < len(s.Age) {
			left, _ = slices.BinarySearch(exits, s.Age[k+1])
		}
		s.AtRisk = append(s.AtRisk, max(0, entered-left))
		s.Wins = append(s.Wins, above(wins, age))
	}
	return s
}

// Horizon is the longest time ahead that a forecast for a subject of age from
// can rest on: at least 50 subjects still at risk then, and at least 10 wins in
// its second half. It is 0 where there is none.
func (s Support) Horizon(from float64) float64 {
	for k := len(s.Age) - 1; k >= 0 && s.Age[k] > from; k-- {
		middle := from + float64((s.Age[k]-from)/2)
		if s.AtRisk[k] >= leastAtRisk && s.Wins[k]-s.winsBy(middle) >= leastWins {
			return s.Age[k] - from
		}
	}
	return 0
}

// winsBy is the number of wins up to the last grid point that is at most age.
func (s Support) winsBy(age float64) int {
	if k := above(s.Age, age); k > 0 {
		return s.Wins[k-1]
	}
	return 0
}
