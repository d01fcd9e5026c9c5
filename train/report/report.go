// Package report makes the page that a head of sales reads: what a model says
// of the open leads, how true and how useful it was on leads that it had not
// seen, and what the company's own history says once open leads are not taken
// for lost. New computes everything, as numbers with stable JSON keys; Write
// puts them into one HTML file that needs nothing else, Plots gives the same
// figures for slides.
package report

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/lift"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// Input is what a report is made of.
type Input struct {
	Bundle   *bundle.Bundle
	Leads    *datasets.Table // raw: the export that the bundle was trained on, or a later one
	AsOf     int64           // the "today" of the report; NoTime: the end of the leads, and no earlier than training's
	Training *train.Report   // nil: what the bundle carries
	Version  string          // of the program, for the last section; may be empty
}

// Report is everything that the page says, as numbers.
type Report struct {
	Model       string             `json:"model"` // id of the bundle
	Timed       bool               `json:"timed"`
	AsOf        string             `json:"as_of,omitempty"` // RFC 3339; empty without dates
	HorizonDays int                `json:"horizon_days"`    // the main one, 0 without times
	Leads       Counts             `json:"leads"`
	Expected    *Expected          `json:"expected,omitempty"` // of open leads; nil where nobody knows how old they are
	Warnings    []string           `json:"warnings"`
	Withheld    []bundle.Withheld  `json:"withheld"`
	Notes       []string           `json:"notes"`
	Immature    []month            `json:"immature_months"`
	Counting    []Counting         `json:"counting"`
	Typical     []Typical          `json:"typical"`
	Split       string             `json:"split"`
	Leaderboard []train.Entry      `json:"leaderboard"`
	Classifiers []train.Classifier `json:"at_main_horizon,omitempty"`
	Judged      train.Evaluation   `json:"judged"`
	Contract    []train.Reading    `json:"contract_readings,omitempty"` // where the outcome contract has a rule that could be otherwise
	Influence   []Influence        `json:"influence"`
	Together    []Together         `json:"together"` // the strongest pairs that stand out, at most five
	Cycles      *Cycles            `json:"cycles,omitempty"`
	Segment     string             `json:"segment"`             // column that leads are grouped by, "" where none is fit
	Campaigns   *lift.Result       `json:"campaigns,omitempty"` // segments as arms
	missing     map[string]string  // why a section is empty, by its name
	manifest    *bundle.Manifest
	columns     int // that the model reads
	version     string
	untimed     string // why what needs times is not available
}

// Counts are numbers of leads.
type Counts struct {
	Total int `json:"total"`
	Won   int `json:"won"`
	Lost  int `json:"lost"`
	Open  int `json:"open"`
}

// Expected is what is to be expected of the open leads within the main horizon.
type Expected struct {
	Leads   int      `json:"leads"`   // open leads with a forecast
	Without int      `json:"without"` // and without one, being open for longer than the data support
	Wins    float64  `json:"wins"`
	Spread  float64  `json:"spread"` // standard deviation of the wins by chance alone
	Value   *float64 `json:"value"`  // expected sum of amounts; nil where there are none
}

// month is a month of creation of which not all leads were followed to the
// main horizon.
type month struct {
	Month    string `json:"month"`
	Leads    int    `json:"leads"`
	Followed int    `json:"followed"` // created at least the main horizon before the end
}

// company is the leads that count, with what became of them.
type company struct {
	b     *bundle.Bundle
	m     *bundle.Manifest
	leads *datasets.Table // typed
	out   *datasets.Outcomes
	all   []int // 0, 1, …
	open  []int

	groups []level // of the segment
}

// New makes a report. Errors are about the leads (*datasets.Error) or the
// context's.
func New(ctx context.Context, in Input) (*Report, error) {
	training := in.Training
	if training == nil {
		var err error
		if training, err = train.ReportOf(in.Bundle); err != nil {
			return nil, err
		}
	}
	c, err := read(in)
	if err != nil {
		return nil, err
	}
	m := c.m
	r := &Report{Model: in.Bundle.ID(), Timed: m.Timed, Split: training.Split, Leaderboard: training.Leaderboard, Classifiers: training.Classifiers, Judged: training.Judged, Contract: training.Contract,
		Withheld: m.Withheld, Notes: training.Notes, missing: map[string]string{}, manifest: m, version: in.Version}
	uses := map[string]bool{}
	for _, o := range in.Bundle.Outputs() {
		uses[o.Origin] = true
	}
	r.columns, r.Leads = len(uses), Counts{Total: len(c.all)}
	for _, s := range c.out.State {
		switch s {
		case datasets.Won:
			r.Leads.Won++
		case datasets.Lost:
			r.Leads.Lost++
		default:
			r.Leads.Open++
		}
	}
	if m.Timed {
		r.HorizonDays = m.MainHorizon
	} else {
		r.untimed = "Not available: the table has no dates, so nobody knows when a lead was won or how long it has been open. With a column of creation and one of closing it would be here."
	}
	if c.out.End != datasets.NoTime {
		r.AsOf = datasets.FormatTime(c.out.End)
	}
	if m.Timed && r.AsOf != "" {
		r.Immature = c.immature()
	}
	open, err := c.forecastOpen(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := c.influence(ctx, r); err != nil {
		return nil, err
	}
	r.Judged.Calibration = slices.DeleteFunc(slices.Clone(r.Judged.Calibration), func(g train.Calibration) bool { return g.By != "horizon" && g.By != "age" && !c.shows(g.By) })
	r.Segment, c.groups = c.segments(r)
	if m.Timed {
		if err := c.typical(ctx, r, open); err != nil {
			return nil, err
		}
		if err := c.counting(r); err != nil {
			return nil, err
		}
		if err := c.cycles(r); err != nil {
			return nil, err
		}
	}
	if err := c.campaigns(r); err != nil {
		return nil, err
	}
	r.Warnings = r.warnings()
	return r, nil
}

// read types the leads and finds out what became of them.
func read(in Input) (*company, error) {
	b := in.Bundle
	c := &company{b: b, m: &b.Manifest}
	if outcome := c.m.Schema.Roles.Outcome; in.Leads.Column(outcome) == nil {
		return nil, &datasets.Error{Column: outcome, Message: "is not in the file, and a report needs to know what became of the leads"}
	}
	s, err := b.Read(in.Leads, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	roles := c.m.Schema.Roles
	if c.out, _, err = c.m.Contract.Read(s.Leads, roles, in.AsOf); err != nil {
		return nil, err
	}
	if t, bad := time.Parse(time.RFC3339Nano, c.m.AsOf); bad == nil && in.AsOf == datasets.NoTime && c.out.End != datasets.NoTime && c.out.End < datasets.Micros(t) {
		// the same export, whose last event lies before the day it was drawn on
		if c.out, _, err = c.m.Contract.Read(s.Leads, roles, datasets.Micros(t)); err != nil {
			return nil, err
		}
	}
	if len(c.out.Rows) == 0 {
		return nil, &datasets.Error{Message: "no lead is left to report on"}
	}
	c.leads = s.Leads.Gather(c.out.Rows)
	for i, state := range c.out.State {
		c.all = append(c.all, i)
		if state == datasets.Open {
			c.open = append(c.open, i)
		}
	}
	return c, nil
}

// snapshot is some leads as of today, or each as of its creation.
func (c *company) snapshot(rows []int, asOf func(row int) int64) features.Snapshot {
	s := features.Snapshot{Leads: c.leads.Gather(rows), AsOf: make([]int64, len(rows))}
	for i, r := range rows {
		s.AsOf[i] = asOf(r)
	}
	return s
}

func (c *company) today(int) int64        { return c.out.End }
func (c *company) creation(row int) int64 { return c.out.Created[row] }

// forecastOpen fills Expected and gives the scores of the open leads; none
// where nobody knows how old they are.
func (c *company) forecastOpen(ctx context.Context, r *Report) ([]bundle.Score, error) {
	if c.m.Timed && c.out.End == datasets.NoTime || len(c.open) == 0 {
		return nil, nil
	}
	scores, err := c.b.Score(ctx, c.snapshot(c.open, c.today), 0)
	if err != nil {
		return nil, err
	}
	e, value, variance := &Expected{}, math.NaN(), 0.0
	for i := range scores {
		s := &scores[i]
		if s.Win == nil {
			e.Without++
			continue
		}
		e.Leads++
		e.Wins += *s.Win
		variance += *s.Win * (1 - *s.Win)
		if s.ExpectedValue != nil {
			if math.IsNaN(value) {
				value = 0
			}
			value += *s.ExpectedValue
		}
	}
	e.Spread = math.Sqrt(variance)
	if !math.IsNaN(value) {
		e.Value = &value
	}
	r.Expected = e
	return scores, nil
}

// immature lists the months of creation that were not yet followed to the main
// horizon, earliest first.
func (c *company) immature() []month {
	var list []month
	at := map[string]int{}
	for i, created := range c.out.Created {
		name := datasets.FormatTime(created)[:len("2006-01")]
		k, ok := at[name]
		if !ok {
			k = len(list)
			at[name] = k
			list = append(list, month{Month: name})
		}
		list[k].Leads++
		if datasets.Days(c.out.Created[i], c.out.End) >= float64(c.m.MainHorizon) {
			list[k].Followed++
		}
	}
	return sorted(list, func(m month) (string, bool) { return m.Month, m.Followed < m.Leads })
}

// fewWins is the number of wins below which a report says that they are few.
const fewWins = 100

// warnings says what a reader should know before believing a number.
func (r *Report) warnings() []string {
	var list []string
	if wins := r.manifest.Wins; wins < fewWins {
		list = append(list, fmt.Sprintf("Only %d wins were there to learn from. The forecasts stay close to the average, and every interval is wide; %d more wins would make them sharper.", wins, fewWins-wins))
	}
	if len(r.Judged.Horizons) == 0 && len(r.Leaderboard) > 0 {
		list = append(list, "No leads with both outcomes were followed long enough to judge the forecasts on.")
	}
	if e := r.Expected; e != nil && e.Without > 0 {
		list = append(list, fmt.Sprintf("%s of the open leads have been open for longer than the data can tell of; they have no forecast and are not in the expected wins.", whole(e.Without)))
	}
	if r.Timed && r.Leads.Lost == 0 {
		list = append(list, "Losses are not recorded: a lead is either won or still open, however long ago it was created.")
	}
	for _, w := range r.manifest.Waiting {
		until := ""
		if w.From != "" {
			until = " A model trained about " + longDay(w.From) + " can be expected to give it."
		}
		list = append(list, fmt.Sprintf("Nothing is said of %d days ahead for new leads: %s.%s", w.Days, w.Reason, until))
	}
	h := r.judgedAt()
	if h == nil {
		return list
	}
	if h.AUC.Low <= 0.5 || len(h.Gains) == 20 && h.Gains[3] < 0.2 {
		list = append(list, "On the leads it was judged on, the order of leads was no better than chance. Do not choose leads by it.")
	}
	if h.OE.Low > 1 || h.OE.High < 1 {
		more := "more"
		if h.OE.Value < 1 {
			more = "fewer"
		}
		list = append(list, fmt.Sprintf("On the leads it was judged on, %s wins came than were forecast (%.0f for every 100), beyond chance. Expect the same of the sums here.", more, 100*h.OE.Value))
	}
	return list
}

// main is the evaluation at the main horizon, nil where there is none.
func (r *Report) main() *train.AtHorizon {
	for i := range r.Judged.Horizons {
		if h := &r.Judged.Horizons[i]; h.Days == r.HorizonDays {
			return h
		}
	}
	return nil
}
