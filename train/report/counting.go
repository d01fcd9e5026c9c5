package report

import (
	"fmt"
	"math"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// Counting is the share of a group of leads that is won within the main
// horizon, counted in the three ways that people use.
type Counting struct {
	Group      string     `json:"group"`
	Leads      int        `json:"leads"`
	OpenAsLost float64    `json:"open_as_lost"` // won so far within the horizon ÷ all leads
	ClosedOnly *float64   `json:"closed_only"`  // … ÷ leads that are closed; nil where losses are not recorded
	Censored   float64    `json:"censored"`     // Aalen–Johansen
	CI         [2]float64 `json:"ci"`           // of Censored, at 95 %
	young      bool
}

// watched is the number of leads that must still be watched at the main
// horizon before a group is compared at it.
const watched = 20

// counting compares the three ways on all leads, and on those created lately
// with those created before.
func (c *company) counting(r *Report) error {
	add := func(group string, rows []int, young bool) error {
		n, err := c.count(rows)
		n.Group, n.young = group, young
		r.Counting = append(r.Counting, n)
		return err
	}
	if err := add("All leads", c.all, false); err != nil {
		return err
	}
	since, older, young := c.youngest()
	if young == nil {
		return nil
	}
	if err := add("Created before "+since, older, false); err != nil {
		return err
	}
	return add("Created since "+since, young, true)
}

// youngest splits the leads at the latest beginning of a quarter since which
// enough leads have been watched to the main horizon.
func (c *company) youngest() (since string, older, young []int) {
	if c.out.End == datasets.NoTime {
		return "", nil, nil
	}
	last := time.UnixMicro(c.out.End - 1).UTC()
	start := time.Date(last.Year(), (last.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	for range 40 {
		older, young = nil, nil
		enough := 0
		for _, i := range c.all {
			if c.out.Created[i] < datasets.Micros(start) {
				older = append(older, i)
				continue
			}
			young = append(young, i)
			if c.out.Days[i] >= float64(c.m.MainHorizon) {
				enough++
			}
		}
		if len(older) < watched {
			break
		}
		if enough >= watched && len(young) >= watched {
			return start.Format("January 2006"), older, young
		}
		start = start.AddDate(0, -3, 0)
	}
	return "", nil, nil
}

func (c *company) count(rows []int) (Counting, error) {
	n := Counting{Leads: len(rows)}
	h, won, closed, lost := float64(c.m.MainHorizon), 0.0, 0.0, 0
	for _, r := range rows {
		switch c.out.State[r] {
		case datasets.Won:
			if c.out.Days[r] <= h {
				won++
			}
			closed++
		case datasets.Lost:
			closed++
			lost++
		}
	}
	n.OpenAsLost = won / float64(len(rows))
	if lost > 0 {
		share := won / closed
		n.ClosedOnly = &share
	}
	a, err := c.incidence(rows)
	if err != nil {
		return n, fmt.Errorf("report: %w", err)
	}
	p, _, variance := a.at(h)
	n.Censored, n.CI = p, logit(p, math.Sqrt(variance))
	return n, nil
}

// logit is the 95 % interval of a probability, symmetric in log-odds.
func logit(p, se float64) [2]float64 {
	if !(p > 0 && p < 1) || !(se > 0) {
		return [2]float64{p, p}
	}
	x, d := math.Log(p/(1-p)), 1.96*se/(p*(1-p))
	return [2]float64{1 / (1 + math.Exp(d-x)), 1 / (1 + math.Exp(-d-x))}
}

// Lesson says what a reader of the naive table would wrongly conclude.
func (r *Report) Lesson() string {
	if len(r.Counting) == 0 {
		return ""
	}
	if n := r.Counting[0]; len(r.Counting) < 3 || r.Counting[1].OpenAsLost == 0 || r.Counting[1].Censored == 0 {
		return fmt.Sprintf("Counting open leads as lost gives %s, and looking at closed leads only gives %s; counting each lead for as long as it was watched gives %s.", tenths(n.OpenAsLost), maybe(n.ClosedOnly), tenths(n.Censored))
	}
	old, young := r.Counting[1], r.Counting[2]
	naive, honest := young.OpenAsLost/old.OpenAsLost-1, young.Censored/old.Censored-1
	since := young.Group[len("Created since "):]
	sentence := fmt.Sprintf("Who counts open leads as lost reads that leads created since %s are %s than those before.", since, relative(naive))
	se := func(n Counting) float64 { return (n.CI[1] - n.CI[0]) / (2 * 1.96) }
	alike := math.Abs(young.Censored-old.Censored) < 1.96*math.Hypot(se(young), se(old))
	switch {
	case alike && math.Abs(naive) < 0.03:
		return fmt.Sprintf("Here counting open leads as lost does no harm: leads created since %s look like those before, and on equal terms they are alike.", since)
	case alike:
		return sentence + " That comes from how they were watched and not from the leads: on equal terms there is no difference beyond chance."
	case (honest < 0) != (naive < 0):
		return sentence + fmt.Sprintf(" The opposite is true: on equal terms they are %s.", relative(honest))
	case math.Abs(naive) > 1.5*math.Abs(honest):
		return sentence + fmt.Sprintf(" Most of that comes from how they were watched: on equal terms they are %s.", relative(honest))
	}
	return sentence + fmt.Sprintf(" On equal terms they are %s.", relative(honest))
}

func relative(d float64) string {
	switch {
	case math.Abs(d) < 0.005:
		return "no better and no worse"
	case d < 0:
		return fmt.Sprintf("%.0f %% worse", -100*d)
	}
	return fmt.Sprintf("%.0f %% better", 100*d)
}

func maybe(p *float64) string {
	if p == nil {
		return "–"
	}
	return tenths(*p)
}
