package audit

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// mostCohorts is how many cohorts a table of them may have.
const mostCohorts = 30

// cohorts counts the leads by month of creation, by quarter where that is too
// many, and by tenth of the order where there are no dates.
func (a *auditor) cohorts() {
	if a.position == nil {
		return
	}
	rows := make([]int, len(a.out.State))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(x, y int) int {
		if a.position[x] < a.position[y] {
			return -1
		} else if a.position[x] > a.position[y] {
			return 1
		}
		return 0
	})
	if !a.dated {
		a.CohortsBy = "tenth"
		if a.guessed {
			a.CohortsBy = "tenth of the file"
		}
		for k := range 10 {
			part := rows[k*len(rows)/10 : (k+1)*len(rows)/10]
			if len(part) > 0 {
				a.cohort(fmt.Sprintf("tenth %d", k+1), part)
			}
		}
		if !a.moved() && a.guessed { // the order of the file says nothing
			a.Cohorts, a.CohortsBy, a.position = []Cohort{}, "", nil
		}
		return
	}
	for _, by := range []string{"month", "quarter", "year"} {
		a.Cohorts, a.CohortsBy = []Cohort{}, by
		for from := 0; from < len(rows); {
			name, to := period(a.out.Created[rows[from]], by), from
			for to < len(rows) && period(a.out.Created[rows[to]], by) == name {
				to++
			}
			a.cohort(name, rows[from:to])
			from = to
		}
		if len(a.Cohorts) <= mostCohorts {
			return
		}
	}
}

func period(micros int64, by string) string {
	t := time.UnixMicro(micros).UTC()
	switch by {
	case "month":
		return t.Format("2006-01")
	case "quarter":
		return fmt.Sprintf("%d Q%d", t.Year(), (t.Month()+2)/3)
	}
	return t.Format("2006")
}

func (a *auditor) cohort(name string, rows []int) {
	c := Cohort{Name: name, Counts: a.count(rows)}
	for _, i := range rows {
		if !a.dated || datasets.Days(a.out.Created[i], a.out.End) >= float64(a.MainHorizon) {
			c.Followed++
		}
	}
	c.Ripe = 10*c.Followed >= 9*len(rows)
	if 2*c.Followed >= len(rows) {
		c.Share = a.share(rows)
	}
	a.Cohorts = append(a.Cohorts, c)
}

// Horizon is what is known of winning within some days, and what is needed.
type Horizon struct {
	Days      int     `json:"days"` // 0: ever
	Followed  int     `json:"followed"`
	Wins      int     `json:"wins"`       // within it
	Supported bool    `json:"supported"`  // a forecast can rest on it: 50 leads at risk then, 10 wins in its second half
	ForTwenty int     `json:"for_twenty"` // wins still needed to know a sum of wins to ± 20 %
	ForTen    int     `json:"for_ten"`    // … to ± 10 %
	Months    float64 `json:"months"`     // until the first of these at the pace of the last year; NaN (null) where nobody knows
}

// Wins of which chance alone makes 1.96 standard deviations 20 and 10 %.
const (
	winsForTwenty = 96
	winsForTen    = 384
)

var ladder = []int{7, 14, 30, 60, 90, 180, 365}

// horizons says how many wins each horizon has, and how many it needs.
func (a *auditor) horizons() {
	days := []int{0}
	if a.timed {
		days = ladder
		if !slices.Contains(days, a.MainHorizon) {
			days = append(slices.Clone(days), a.MainHorizon)
			slices.Sort(days)
		}
	}
	for _, d := range days {
		h, late, atRisk, recent := Horizon{Days: d, Months: math.NaN()}, 0, 0, 0
		for i, state := range a.out.State {
			took := a.out.Days[i]
			if d == 0 {
				if state != datasets.Open {
					h.Followed++
				}
				if state == datasets.Won {
					h.Wins++
				}
				continue
			}
			if a.out.Entry[i] < float64(d) && took >= float64(d) {
				atRisk++
			}
			if took >= float64(d) || state != datasets.Open {
				h.Followed++
			}
			if state == datasets.Won && took <= float64(d) {
				h.Wins++
				if took > float64(d)/2 {
					late++
				}
				if a.dated && datasets.Days(a.out.Closed[i], a.out.End) <= 365 {
					recent++
				}
			}
		}
		h.Supported = d == 0 && h.Wins >= winsForTwenty || d > 0 && atRisk >= 50 && late >= 10
		h.ForTwenty, h.ForTen = max(0, winsForTwenty-h.Wins), max(0, winsForTen-h.Wins)
		if recent > 0 && h.ForTwenty > 0 {
			h.Months = float64(h.ForTwenty) / float64(recent) * 12
		} else if recent > 0 && h.ForTen > 0 {
			h.Months = float64(h.ForTen) / float64(recent) * 12
		}
		a.Horizons = append(a.Horizons, h)
	}
}
