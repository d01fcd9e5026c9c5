package report

import (
	"sort"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// incidence is what had become of a group of leads t days after creation, by
// Aalen and Johansen's estimator: open leads count for as long as they were
// seen, and for no longer.
type incidence struct{ *survival.Incidence }

func (c *company) incidence(rows []int) (incidence, error) {
	y := models.Target{}
	late := false
	for _, r := range rows {
		if !(c.out.Days[r] >= 0) {
			continue
		}
		entry := min(c.out.Entry[r], c.out.Days[r])
		late = late || entry > 0
		y.Exit, y.Entry, y.Cause = append(y.Exit, c.out.Days[r]), append(y.Entry, entry), append(y.Cause, uint8(c.out.State[r]))
	}
	if !late {
		y.Entry = nil
	}
	a, err := survival.AalenJohansen(y, 2)
	return incidence{a}, err
}

// at is the share won and still open by day t, and the variance of the first.
func (a incidence) at(t float64) (won, open, variance float64) {
	k := sort.Search(len(a.Time), func(k int) bool { return a.Time[k] > t }) - 1
	if k < 0 {
		return 0, 1, 0
	}
	return a.F[0][k], a.Open[k], a.Variance[0][k]
}

// followed is the last day on which at least n leads were still being watched.
func (a incidence) followed(n float64) float64 {
	last := 0.0
	for k, t := range a.Time {
		if a.AtRisk[k] >= n {
			last = t
		}
	}
	return last
}
