package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train/bundle"
)

// Entry is a line of the leaderboard: how a model did on rows that it was not
// fitted to, forward in time where the data have a time.
type Entry struct {
	Model    string  `json:"model"`
	Score    float64 `json:"score"`     // mean log-likelihood a lead
	Gain     float64 `json:"gain"`      // over the base rates
	GainLow  float64 `json:"gain_low"`  // 95 % interval, resampling leads or accounts
	GainHigh float64 `json:"gain_high"` //
	AUC      float64 `json:"auc"`       // of who was won
	Weight   float64 `json:"weight"`    // in the champion
	Champion bool    `json:"champion"`
}

// Report is what `leadcast train` prints.
type Report struct {
	Bundle      string           `json:"bundle,omitempty"`   // id of the shipped bundle
	Manifest    *bundle.Manifest `json:"manifest,omitempty"` // of the shipped bundle
	Split       string           `json:"split"`
	Leaderboard []Entry          `json:"leaderboard"`
	Judged      Evaluation       `json:"judged"`
	Classifiers []Classifier     `json:"at_main_horizon,omitempty"` // on a table with times, next to the champion
	Searched    *Searched        `json:"search,omitempty"`
	Contract    []Reading        `json:"contract_readings,omitempty"` // where the contract has a rule that could be otherwise
	Columns     []Column         `json:"columns"`
	Notes       []string         `json:"notes"`
	Counts      map[string]int   `json:"counts"` // leads, won, lost, open

	reading int // how many of the notes are about how the file was read
}

// Column is a column that the model reads.
type Column struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// draws is the number of bootstrap resamples behind an interval.
const draws = 1000

// entry compares a model with the base rates.
func (t *trainer) entry(name string, v *validation, margins, floor []float64) Entry {
	score := t.scores(v.oof.y, margins)
	group, index := make([]int, len(score)), map[uint64]int{}
	for i, r := range v.oof.rows {
		g := t.groups[r]
		k, ok := index[g]
		if !ok {
			k = len(index)
			index[g] = k
		}
		group[i] = k
	}
	d := metric.MeanDifference(score, floor, nil, group, draws, t.plan.Seed, 0.95)
	e := Entry{Model: name, Score: mean(score), Gain: d.Value, GainLow: d.Low, GainHigh: d.High}
	won, p := t.ranking(v, margins)
	e.AUC = metric.AUC(won, p, nil)
	return e
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / math.Max(1, float64(len(x)))
}

// crown marks the champion and its weights on the leaderboard.
func (t *trainer) crown(v *validation) {
	for i := range v.board {
		e := &v.board[i]
		e.Champion = e.Model == t.plan.Model
		for j, c := range v.names {
			if e.Model == c.name {
				e.Weight = v.blend.Weight[0][j]
			}
		}
	}
}

// report gathers what was learned, but for what the shipped bundle says itself.
func (t *trainer) report(v *validation, sp *split, e *Evaluation) *Report {
	r := &Report{Split: sp.words, Leaderboard: v.board, Judged: *e, Searched: t.searched, Counts: map[string]int{"leads": t.leads.Rows}}
	for _, s := range t.out.State {
		r.Counts[s.String()]++
	}
	for _, c := range t.readings {
		r.Contract = append(r.Contract, c.Reading)
	}
	for _, n := range t.notes {
		r.Notes = append(r.Notes, noteText(n))
	}
	r.reading = t.reading
	if slices.ContainsFunc(e.Horizons, func(h AtHorizon) bool { return h.AUC.Value > suspicious }) {
		r.Notes = append(r.Notes, "the forecasts are too good to be true: some column seems to be filled in with the outcome; find it, and leave it out with --exclude")
	}
	return r
}

// ReportOf is the report that a bundle carries. A judged bundle carries none:
// its report has no leaderboard, and Judged is empty.
func ReportOf(b *bundle.Bundle) (*Report, error) {
	r := &Report{}
	if b.Report != nil {
		if err := json.Unmarshal(b.Report, r); err != nil {
			return nil, fmt.Errorf("train: the report in the bundle: %w", err)
		}
	}
	r.describe(b)
	return r, nil
}

// describe adds what the shipped bundle says itself.
func (r *Report) describe(b *bundle.Bundle) {
	r.Bundle, r.Manifest, r.Columns = b.ID(), &b.Manifest, nil
	for _, o := range b.Outputs() {
		r.Columns = append(r.Columns, Column{o.Name, o.Kind})
	}
}

// carried is the report as the bundle carries it: without notes on how the file
// was read, which tell of the places of rows and of rows that are no leads.
func (r *Report) carried() ([]byte, error) {
	c := *r
	c.Notes = r.Notes[r.reading:]
	b, err := json.Marshal(finite(reflect.ValueOf(c)))
	if err != nil {
		return nil, fmt.Errorf("train: the report: %w", err)
	}
	return b, nil
}

// suspicious is an AUC that no forecast of people reaches.
const suspicious = 0.98

func noteText(n datasets.Note) string {
	if n.Column == "" {
		return n.Message
	}
	return n.Column + ": " + n.Message
}

// openBytes opens a bundle that lies in memory.
func openBytes(b []byte) (*bundle.Bundle, error) {
	return bundle.Open(bytes.NewReader(b), int64(len(b)))
}
