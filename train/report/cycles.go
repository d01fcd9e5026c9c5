package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// Cycles is how long it takes to win a lead that is won, by group.
type Cycles struct {
	WithinDays float64 `json:"within_days"` // of leads won within so many days of creation
	All        Cycle   `json:"all"`
	Segment    string  `json:"segment"` // column of Segments, "" where there is none
	Segments   []Cycle `json:"segments"`
	Cohorts    []Cycle `json:"cohorts"` // by quarter of creation
	Open       []Wait  `json:"open"`    // by the days that a lead has been open
}

// Wait is the cycle length of the leads that are still open after some days and
// won later, within the same number of days of creation.
type Wait struct {
	Days float64 `json:"open_days"`
	Won  int     `json:"won"` // of those watched until now
	P10  float64 `json:"p10_days"`
	P50  float64 `json:"p50_days"`
	P90  float64 `json:"p90_days"`
}

// Cycle is the cycle length of a group in days from creation to won.
type Cycle struct {
	Group    string   `json:"group"`
	Leads    int      `json:"leads"`
	Won      int      `json:"won"`
	P10      *float64 `json:"p10_days"` // nil with fewer than 5 wins, or where leads were not watched from their creation
	P50      *float64 `json:"p50_days"`
	P90      *float64 `json:"p90_days"`
	Mean     *float64 `json:"mean_days"`
	SoFar    *float64 `json:"mean_so_far_days"` // of the group's wins until now: what a plain mean says
	Bias     *float64 `json:"bias_days"`        // by how much that differs from Mean
	Followed float64  `json:"followed_days"`    // beyond this day the group is taken to go on as all leads do
}

const (
	fewestWins  = 5
	mostGroups  = 10
	stillAtRisk = 10 // leads that make a group's own rates
)

// NewCycles is the cycle lengths of leads by a column of theirs, or without one
// by what Report chooses; errors are about the leads (*datasets.Error).
func NewCycles(in Input, by string) (*Cycles, error) {
	if !in.Bundle.Manifest.Timed {
		return nil, &datasets.Error{Message: "the model was trained without times, so nothing is known of how long a win takes"}
	}
	c, err := read(in)
	if err != nil {
		return nil, err
	}
	r := &Report{missing: map[string]string{}}
	if by == "" {
		r.Segment, c.groups = c.segments(r)
	} else {
		col := in.Leads.Column(by)
		if col == nil {
			return nil, &datasets.Error{Column: by, Message: "is not in the file"}
		}
		r.Segment, c.groups = by, grouped(col.Gather(c.out.Rows), c.all)
		if len(c.groups) == 0 {
			return nil, &datasets.Error{Column: by, Message: fmt.Sprintf("has no value that %d leads share", fewest)}
		}
	}
	if err := c.cycles(r); err != nil {
		return nil, err
	}
	if r.Cycles == nil {
		return nil, &datasets.Error{Message: "too few wins to tell how long a win takes"}
	}
	return r.Cycles, nil
}

// cycles compares segments and quarters of creation on the wins within one
// common number of days. A group that has not been watched for so long goes on
// at the rates of all leads, so that young groups do not look fast.
func (c *company) cycles(r *Report) error {
	within := c.b.Reach().Ahead
	all, err := c.incidence(c.all)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	within = min(within, all.followed(stillAtRisk))
	if !(within > 0) {
		r.missing["cycles"] = "Not available: too few wins to tell how long a win takes."
		return nil
	}
	r.Cycles = &Cycles{WithinDays: within}
	r.Cycles.All = c.cycle("all leads", c.all, all, all, within)
	r.Cycles.Open = c.waits(all, within)
	add := func(to *[]Cycle, group string, rows []int) error {
		a, err := c.incidence(rows)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		*to = append(*to, c.cycle(group, rows, a, all, within))
		return nil
	}
	r.Cycles.Segment = r.Segment
	for _, g := range c.groups {
		if err := add(&r.Cycles.Segments, g.value, g.rows); err != nil {
			return err
		}
	}
	for _, g := range c.cohorts() {
		if err := add(&r.Cycles.Cohorts, g.value, g.rows); err != nil {
			return err
		}
	}
	return nil
}

// cycle reads the quantiles off the group's incidence of being won.
func (c *company) cycle(group string, rows []int, own, all incidence, within float64) Cycle {
	g := Cycle{Group: group, Leads: len(rows), Followed: min(within, own.followed(stillAtRisk))}
	fromStart, soFar, won := 0, 0.0, 0
	for _, r := range rows {
		if c.out.State[r] == datasets.Won {
			soFar, won = soFar+c.out.Days[r], won+1
			if c.out.Days[r] <= within {
				g.Won++
			}
		}
		if c.out.Entry[r] < 1 {
			fromStart++
		}
	}
	if g.Won < fewestWins || fromStart < stillAtRisk {
		return g
	}
	ownWon, ownOpen, _ := own.at(g.Followed)
	allWon, allOpen, _ := all.at(g.Followed)
	by := func(t float64) float64 {
		if t <= g.Followed || allOpen == 0 {
			w, _, _ := own.at(min(t, g.Followed))
			return w
		}
		w, _, _ := all.at(t)
		return ownWon + ownOpen*(w-allWon)/allOpen
	}
	var days []float64
	for _, t := range own.Time {
		if t <= g.Followed {
			days = append(days, t)
		}
	}
	for _, t := range all.Time {
		if t > g.Followed && t <= within {
			days = append(days, t)
		}
	}
	total := by(within)
	quantile := func(p float64) *float64 {
		for _, t := range days {
			if by(t) >= p*total {
				return &t
			}
		}
		return nil
	}
	g.P10, g.P50, g.P90 = quantile(0.1), quantile(0.5), quantile(0.9)
	mean, before := 0.0, 0.0
	for _, t := range days {
		mean, before = mean+t*(by(t)-before)/total, by(t)
	}
	soFar /= float64(won)
	bias := soFar - mean
	g.Mean, g.SoFar, g.Bias = &mean, &soFar, &bias
	return g
}

// openDays are the ages that Waits are given for.
var openDays = []float64{0, 14, 30, 60, 90, 180, 365}

// waits reads the quantiles of the wins that come after some days off the
// incidence of all leads: what is known of a lead that has been open so long.
func (c *company) waits(all incidence, within float64) (list []Wait) {
	last, _, _ := all.at(within)
	for _, age := range openDays {
		w, began, after := Wait{Days: age}, 0.0, age
		if age == 0 {
			after = -1 // wins of the very day count too
		}
		for _, r := range c.all {
			if c.out.State[r] == datasets.Won && c.out.Days[r] > after && c.out.Days[r] <= within {
				w.Won++
			}
		}
		if w.Won < leastWaits {
			break
		}
		if age > 0 {
			began, _, _ = all.at(age)
		}
		quantile := func(p float64) float64 {
			for k, t := range all.Time {
				if t > after && all.F[0][k] >= began+p*(last-began) {
					return t
				}
			}
			return within
		}
		w.P10, w.P50, w.P90 = quantile(0.1), quantile(0.5), quantile(0.9)
		list = append(list, w)
	}
	return list
}

// leastWaits is the number of wins behind a Wait, at least.
const leastWaits = 20

// telling are words of columns that sellers ask for first.
var telling = []string{"source", "channel", "origin", "campaign", "segment", "product", "industry", "region", "country"}

// segments groups the leads by the campaign, or else by a column that sellers
// ask for, or else by the category that matters most; only by one that the
// model reads, for others may have been filled in at closing.
func (c *company) segments(r *Report) (column string, groups []level) {
	fits := func(name string) bool {
		col := c.leads.Column(name)
		if col == nil || col.Kind != datasets.Category || !c.shows(name) {
			return false
		}
		shared, others := levels(col, c.all, fewest)
		return len(shared) > 1 && len(shared) <= 60 && 2*len(others) < len(c.all)
	}
	if name := c.m.Schema.Roles.Campaign; name != "" && fits(name) {
		column = name
	}
	for _, word := range telling {
		for _, o := range c.b.Outputs() {
			if column == "" && strings.Contains(strings.ToLower(o.Origin), word) && fits(o.Origin) {
				column = o.Origin
			}
		}
	}
	for _, f := range r.Influence {
		if column == "" && fits(f.Column) {
			column = f.Column
		}
	}
	if column == "" {
		return "", nil
	}
	return column, grouped(c.leads.Column(column), c.all)
}

// grouped are the most frequent values of a column of categories, and all others.
func grouped(column *datasets.Column, rows []int) []level {
	shared, others := levels(column, rows, fewest)
	for len(shared) > mostGroups {
		last := shared[len(shared)-1]
		shared, others = shared[:len(shared)-1], append(others, last.rows...)
	}
	for i := range shared {
		shared[i].value = named(shared[i].value)
	}
	if len(others) > 0 {
		shared = append(shared, level{"all others", others})
	}
	return shared
}

// cohorts groups the leads by the quarter of creation; quarters of few leads
// join the next, and those long ago stand together.
func (c *company) cohorts() []level {
	if c.out.End == datasets.NoTime {
		return nil
	}
	var list []level
	last := ""
	for _, i := range c.byCreation() {
		t := time.UnixMicro(c.out.Created[i]).UTC()
		name := fmt.Sprintf("Q%d %d", (int(t.Month())+2)/3, t.Year())
		switch n := len(list) - 1; {
		case name == last:
		case n >= 0 && len(list[n].rows) < fewest:
			first, _ := ends(list[n].value)
			list[n].value = first + dash + name
		default:
			list = append(list, level{value: name})
		}
		last = name
		list[len(list)-1].rows = append(list[len(list)-1].rows, i)
	}
	if n := len(list); n > 1 && len(list[n-1].rows) < fewest {
		first, _ := ends(list[n-2].value)
		_, until := ends(list[n-1].value)
		list[n-2] = level{first + dash + until, slices.Concat(list[n-2].rows, list[n-1].rows)}
		list = list[:n-1]
	}
	for len(list) > mostGroups {
		_, until := ends(list[1].value)
		list[1] = level{"until " + until, slices.Concat(list[0].rows, list[1].rows)}
		list = list[1:]
	}
	return list
}

// ends are the first and the last quarter of a group's name.
func ends(name string) (first, last string) {
	first, last, both := strings.Cut(name, dash)
	if !both {
		last = first
	}
	return first, last
}

const dash = " – "

// borrowed tells whether a quantile lies where the group goes on as all leads.
func (g Cycle) borrowed() bool {
	return g.P90 != nil && *g.P90 > math.Nextafter(g.Followed, math.Inf(1))
}
