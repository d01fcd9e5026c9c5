// Package audit looks at raw leads before anything is learnt from them: how
// much there is and how much of it can be judged yet, what is missing, drifts,
// contradicts itself or stands twice, what tells the outcome instead of
// forecasting it, and what should be settled first.
package audit

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features/leak"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/train"
)

// Input is what an audit looks at.
type Input struct {
	Leads    *datasets.Table // raw, joined as training will join them
	History  *datasets.Table // raw: changes of fields (lead_id, field, old, new, happened_at); nil: none is kept
	Proposal *train.Proposal // what training would be told; nil where no column says what became of a lead …
	Problem  string          // … and why
}

// Audit is everything that is said of the data. No part of it holds a value
// of a lead that fewer than 20 share.
type Audit struct {
	Files          []string         `json:"files"` // that were read, for whoever shows the audit
	First          []Point          `json:"first"` // the three or four things that matter most
	Leads          Counts           `json:"leads"`
	Rows           int              `json:"rows"`            // of the file, leads or not
	From           string           `json:"from,omitempty"`  // day of the first creation
	Today          string           `json:"today,omitempty"` // the day that training takes for today
	MainHorizon    int              `json:"main_horizon_days,omitempty"`
	Cohorts        []Cohort         `json:"cohorts"`
	CohortsBy      string           `json:"cohorts_by,omitempty"` // month, quarter, or tenth
	Fields         []Field          `json:"fields"`
	Leaks          []Leak           `json:"leaks"`
	History        string           `json:"history"` // how far fields can be put back
	Contradictions []Contradiction  `json:"contradictions"`
	Duplicates     Duplicates       `json:"duplicates"`
	Overall        *Share           `json:"overall,omitempty"` // won, of all leads
	Segments       []Segment        `json:"segments"`
	Horizons       []Horizon        `json:"horizons"`
	Personal       []Personal       `json:"personal"`
	Problem        string           `json:"problem,omitempty"` // why training would stop
	Unsure         []datasets.Guess `json:"unsure"`            // questions that are left to a person
	Settings       string           `json:"leadcast_yaml"`     // what should be settled, as leadcast.yaml
	proposal       *train.Proposal
}

// Point is one of the things that matter most, and what to do about it.
type Point struct {
	Title   string `json:"title"`
	Text    string `json:"text"`
	Section string `json:"section"` // of the page
	weight  float64
}

// Counts are numbers of leads.
type Counts struct {
	Total int `json:"total"`
	Won   int `json:"won"`
	Lost  int `json:"lost"`
	Open  int `json:"open"`
}

// Share is how many of some leads were won within the main horizon, or ever
// where there are no times, with a 95 % interval.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Cohort is the leads of a time.
type Cohort struct {
	Name     string `json:"name"`
	Counts   Counts `json:"leads"`
	Followed int    `json:"followed"`        // leads created at least the main horizon before today
	Ripe     bool   `json:"ripe"`            // nine in ten were followed
	Share    *Share `json:"share,omitempty"` // nil where it cannot be judged
}

// Leak is a column that seems to tell the outcome.
type Leak struct {
	Column    string         `json:"column"`
	Mechanism leak.Mechanism `json:"mechanism"`
	Sure      bool           `json:"sure"`
	Why       string         `json:"why"`
	Count     int            `json:"count"` // leads that show it
	Places    []string       `json:"places"`
	AUC       float64        `json:"auc"`        // NaN (null) where nobody knows
	Honest    float64        `json:"auc_honest"` // by what it held when the leads were created
}

// auditor is an audit in the making.
type auditor struct {
	*Audit
	in    Input
	known *train.Leads    // nil without outcomes
	leads *datasets.Table // typed: the leads that count, or all rows

	out          *datasets.Outcomes
	timed, dated bool
	position     []float64 // of each lead in time, or in the file; nil without outcomes
	guessed      bool      // nothing says what came first: position is that in the file
	found        []leak.Finding
}

// New looks at the leads. Errors are of type *datasets.Error: the table cannot
// be read at all.
func New(in Input) (*Audit, error) {
	a := &auditor{Audit: &Audit{Rows: in.Leads.Rows, Problem: in.Problem, Cohorts: []Cohort{}, Fields: []Field{}, Leaks: []Leak{}, Contradictions: []Contradiction{}, Segments: []Segment{}, Horizons: []Horizon{}, Personal: []Personal{}, Unsure: []datasets.Guess{}}, in: in}
	a.proposal = in.Proposal
	if err := a.read(); err != nil {
		return nil, err
	}
	history := a.edits()
	if a.out != nil {
		a.counts()
		a.leaks(history)
		a.cohorts()
		a.horizons()
	}
	a.fields(history)
	if a.out != nil {
		a.segments()
	}
	a.personal()
	a.contradictions()
	a.duplicates()
	a.unsure()
	a.first()
	return a.Audit, nil
}

// read types the leads and, where a column tells, finds out what became of them.
func (a *auditor) read() error {
	if p := a.in.Proposal; p != nil {
		a.Problem = p.Problem
		read, err := train.Read(a.in.Leads, p.Plan)
		if err == nil {
			a.known, a.leads, a.out = read, read.Table.Gather(read.Outcomes.Rows), read.Outcomes
			a.MainHorizon = p.Plan.MainHorizon
			for i := range a.out.State {
				a.dated = a.dated || a.out.Created[i] != datasets.NoTime
				a.timed = a.timed || !math.IsNaN(a.out.Days[i])
			}
			if !a.timed {
				a.MainHorizon = 0
			} else if a.MainHorizon == 0 {
				a.MainHorizon = 90
			}
			a.position = a.positions()
			return nil
		}
		if a.Problem == "" {
			a.Problem = err.Error()
		}
	}
	schema, _, err := datasets.Infer(a.in.Leads, datasets.Hints{Dates: "dmy"})
	if err != nil {
		return err
	}
	a.leads, _, err = schema.Apply(a.in.Leads)
	return err
}

// positions places every lead in time.
func (a *auditor) positions() []float64 {
	n := len(a.out.State)
	position := make([]float64, n)
	order := a.leads.Column(a.known.Roles.Order)
	for i := range position {
		switch {
		case a.dated:
			position[i] = float64(a.out.Created[i])
		case a.known.Roles.Order == "rows":
			position[i] = float64(a.out.Rows[i])
		case order != nil && order.Nums != nil:
			position[i] = order.Nums[i]
		case order != nil && order.Times != nil:
			position[i] = float64(order.Times[i])
		default: // the order of the file, which may be one in time
			position[i], a.guessed = float64(a.out.Rows[i]), true
		}
	}
	return position
}

func (a *auditor) counts() {
	all := make([]int, len(a.out.State))
	for i := range all {
		all[i] = i
	}
	a.Leads = a.count(all)
	a.Overall = a.share(all)
	if a.dated {
		a.From = datasets.FormatTime(slices.Min(a.out.Created))[:len(time.DateOnly)]
		a.Today = datasets.FormatTime(a.out.End)[:len(time.DateOnly)]
	}
}

func (a *auditor) count(rows []int) (c Counts) {
	for _, i := range rows {
		c.Total++
		switch a.out.State[i] {
		case datasets.Won:
			c.Won++
		case datasets.Lost:
			c.Lost++
		default:
			c.Open++
		}
	}
	return c
}

// fewestJudged is the number of leads below which nothing is said of a group.
const fewestJudged = 20

// share is the leads won within the main horizon, by Aalen and Johansen's
// estimator: open ones count for as long as they were watched. Without times it
// is that of the leads with an outcome, with Wilson's interval. Nil where too
// few were watched that long.
func (a *auditor) share(rows []int) *Share {
	if !a.timed {
		c := a.count(rows)
		if n := c.Won + c.Lost; n >= fewestJudged {
			return wilson(c.Won, n)
		}
		return nil
	}
	y := models.Target{}
	late, early := false, 0
	for _, r := range rows {
		if a.out.Days[r] >= 0 {
			entry := min(a.out.Entry[r], a.out.Days[r])
			if late = late || entry > 0; entry <= 1 {
				early++
			}
			y.Exit, y.Entry, y.Cause = append(y.Exit, a.out.Days[r]), append(y.Entry, entry), append(y.Cause, uint8(a.out.State[r]))
		}
	}
	if !late {
		y.Entry = nil
	}
	if early < fewestJudged { // outcomes of the first days were not recorded
		return nil
	}
	f, err := survival.AalenJohansen(y, 2)
	if err != nil {
		return nil
	}
	horizon := float64(a.MainHorizon)
	k := sort.Search(len(f.Time), func(k int) bool { return f.Time[k] > horizon }) - 1
	if k < 0 {
		return &Share{}
	}
	if k == len(f.Time)-1 && f.Open[k] > 0.05 { // nobody was watched that long
		return nil
	}
	v, se := f.F[0][k], math.Sqrt(f.Variance[0][k])
	return &Share{v, max(0, v-1.96*se), min(1, v+1.96*se)}
}

func wilson(won, n int) *Share {
	const z = 1.96
	p, m := float64(won)/float64(n), float64(n)
	middle, half := (p+z*z/(2*m))/(1+z*z/m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))/(1+z*z/m)
	return &Share{p, max(0, middle-half), min(1, middle+half)}
}

// leaks looks for columns that tell the outcome, those included that the
// proposal leaves out.
func (a *auditor) leaks(history []leak.Edit) {
	a.found, _ = leak.Find(leak.Record{Leads: a.leads, Outcomes: a.out, Roles: a.known.Roles, Edits: history})
	for _, l := range a.found {
		x := Leak{Column: l.Column, Mechanism: l.Mechanism, Sure: l.Sure, Why: l.Why, Count: l.Count, AUC: l.AUC, Honest: l.Honest}
		for _, r := range l.Rows {
			x.Places = append(x.Places, a.leads.At(r))
		}
		a.Leaks = append(a.Leaks, x)
	}
	slices.SortStableFunc(a.Leaks, func(x, y Leak) int {
		if x.Sure != y.Sure {
			return map[bool]int{true: -1, false: 1}[x.Sure]
		}
		return 0
	})
}

// unsure keeps the guesses that a person should look at.
func (a *auditor) unsure() {
	if a.proposal == nil {
		return
	}
	for _, g := range a.proposal.Settings {
		if !g.Sure {
			a.Unsure = append(a.Unsure, g)
		}
	}
}
