package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// Typical is one lead at a place of the ranking, described without saying
// which one it is.
type Typical struct {
	Place  string   `json:"place"` // "a strong lead"
	Rank   float64  `json:"rank"`  // share of leads with a lower chance
	Age    float64  `json:"age_days"`
	Win    float64  `json:"p_win"`
	Fields []string `json:"fields"` // what moves it most, in words
	Curve  []moment `json:"curve"`
}

// moment is what a forecast says of a day; the three add to one.
type moment struct {
	Days float64 `json:"days"` // from now on
	Won  float64 `json:"won"`
	Lost float64 `json:"lost"`
	Open float64 `json:"open"`
}

var places = []struct {
	name string
	rank float64
}{{"A strong lead", 0.9}, {"A middling lead", 0.5}, {"A weak lead", 0.1}}

// typical chooses a strong, a middling and a weak lead among the open ones, or
// among the latest where none is open.
func (c *company) typical(ctx context.Context, r *Report, scores []bundle.Score) error {
	rows, asOf := c.open, c.today
	if len(scores) == 0 {
		rows, asOf = c.latest(2000), c.creation
		var err error
		if scores, err = c.b.Score(ctx, c.snapshot(rows, asOf), 0); err != nil {
			return err
		}
	}
	var order []int
	for i := range scores {
		if scores[i].Win != nil {
			order = append(order, i)
		}
	}
	if len(order) < 10 {
		r.missing["typical"] = fmt.Sprintf("Not available: fewer than 10 leads have a forecast %d days ahead.", c.m.MainHorizon)
		return nil
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(*scores[i].Win, *scores[j].Win) })
	for _, p := range places {
		i := order[int(p.rank*float64(len(order)-1))]
		row := rows[i]
		one, err := c.b.Score(ctx, c.snapshot([]int{row}, asOf), 4)
		if err != nil {
			return err
		}
		s := &one[0]
		t := Typical{Place: p.name, Rank: p.rank, Win: *s.Win, Age: s.Curve.From}
		for _, reason := range s.Reasons {
			if math.Abs(reason.Effect) < unseen || reason.Column == ageReason && t.Age < 1 {
				continue
			}
			t.Fields = append(t.Fields, c.because(reason, row, t.Age))
		}
		until := c.b.Reach().Longest(t.Age)
		var at [2]float64
		for k := range 61 {
			m := moment{Days: until * float64(k) / 60}
			m.Open = s.Curve.At(at[:], m.Days)
			m.Won, m.Lost = at[0], at[1]
			t.Curve = append(t.Curve, m)
		}
		r.Typical = append(r.Typical, t)
	}
	return nil
}

// because says a reason without a value that could be a person's.
func (c *company) because(reason bundle.Reason, row int, age float64) string {
	name := plain(reason.Column)
	value := c.valueOf(reason.Column, row)
	switch {
	case reason.Column == ageReason:
		name = "Open for " + plural(int(age), "day", "days")
	case value == "empty":
		name += " is empty"
	case value != "":
		name += ": " + value
	}
	return name + " (" + points(reason.Effect) + ")"
}

// ageReason is the name that a bundle gives to the part of a lead's age.
const ageReason = "(days open)"

// latest are the last leads by creation, at most n.
func (c *company) latest(n int) []int {
	rows := c.byCreation()
	return rows[max(0, len(rows)-n):]
}

// byCreation are all leads, the earliest first; in the order of the file where
// there are no dates.
func (c *company) byCreation() []int {
	rows := slices.Clone(c.all)
	if c.out.End != datasets.NoTime {
		slices.SortStableFunc(rows, func(i, j int) int { return cmp.Compare(c.out.Created[i], c.out.Created[j]) })
	}
	return rows
}

// sample are at most n leads, evenly spread over time.
func (c *company) sample(n int) []int {
	rows := c.byCreation()
	if len(rows) <= n {
		return rows
	}
	for i := range n {
		rows[i] = rows[i*len(rows)/n]
	}
	return rows[:n]
}
