// Package train learns a bundle from a table of leads: it reads the outcome
// contract, validates forward in time, blends the candidates, judges the
// recipe on a hold-out through the bytes it will be shipped in, and fits it
// again on everything.
package train

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// Plan is the configuration of a training run. The zero value of a field means
// that it is inferred or left at its default. A bundle keeps it as it was asked
// for, but for what its manifest says anyway and for a given split, which
// names leads.
type Plan struct {
	Roles       datasets.Roles           `json:"roles"`             // what is not named is guessed
	Kinds       map[string]datasets.Kind `json:"kinds,omitempty"`   // kinds that override inference
	Missing     []string                 `json:"missing,omitempty"` // further texts that stand for "nothing"
	Dates       string                   `json:"dates,omitempty"`   // order of ambiguous dates: "dmy" or "mdy"
	Zone        string                   `json:"zone,omitempty"`    // of stamps without one
	Contract    datasets.Contract        `json:"contract"`
	AsOf        int64                    `json:"-"`                 // pretend today is this moment (microseconds); NoTime: the data's end
	Horizons    []int                    `json:"-"`                 // days; nil: 30, 90, 180
	MainHorizon int                      `json:"-"`                 // days; 0: 90, or the longest of Horizons below it
	Rates       []datasets.Rate          `json:"-"`                 // what amounts are converted with; nil: amounts of several currencies are not used
	Junk        []string                 `json:"-"`                 // conditions as datasets.Where takes them; rows for which one holds are no leads
	Exclude     []string                 `json:"exclude,omitempty"` // columns not to use
	Changes     []string                 `json:"changes,omitempty"` // columns whose values change over a lead's life
	Keep        []string                 `json:"keep,omitempty"`    // columns to use although the fill-rate test would withhold them
	Split       map[string]bool          `json:"-"`                 // a given split: true for the hold-out, by the values of SplitColumn; nil: forward in time
	SplitColumn string                   `json:"split_column,omitempty"`
	RandomSplit bool                     `json:"random_split,omitempty"` // hold out at random, which is optimistic
	NoRefit     bool                     `json:"-"`                      // ship the judged bundle
	Model       string                   `json:"model,omitempty"`        // champion: "" or "blend", "base", or the name of a candidate
	Search      *Search                  `json:"-"`                      // for settings of boosting; nil: the default ones
	Seed        uint64                   `json:"-"`
	Reading     []string                 `json:"reading,omitempty"` // what else shaped the table before training saw it, by name: Verify can only remind of it

	ScorecardBins string        `json:"scorecard_bins,omitempty"` // how a scorecard cuts numbers, of binnings; "": quantile
	GolearnLimit  time.Duration `json:"golearn_limit,omitempty"`  // a fit of golearn's that takes longer is given up; 0: 60 s

	Sensitivity bool `json:"sensitivity,omitempty"` // train the recipe on other readings of the contract too: see Reading

	alone    bool     // without what is only compared
	reopened reopened // what leads that were opened again count as
}

// binnings are the values that Plan.ScorecardBins takes: bins of equal weight,
// bins that differ by ChiMerge, and golearn's ChiMerge.
var binnings = []string{"quantile", "chimerge", golearnBins}

const golearnBins = "golearn-chimerge"

// choices are the values that Plan.Model takes.
func choices() []string {
	list := []string{"blend", "base"}
	for _, c := range candidates {
		list = append(list, c.name)
	}
	return list
}

// Check fills defaults in and refuses what cannot be.
func (p *Plan) Check() error {
	if p.Roles.Outcome == "" {
		return &datasets.Error{Message: "no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE"}
	}
	if len(p.Horizons) == 0 {
		p.Horizons = []int{30, 90, 180}
		if p.MainHorizon > 0 {
			p.Horizons = append(p.Horizons, p.MainHorizon)
		}
	}
	slices.Sort(p.Horizons)
	p.Horizons = slices.Compact(p.Horizons)
	if p.Horizons[0] < 1 || p.Horizons[len(p.Horizons)-1] > 3650 {
		return fmt.Errorf("train: horizons are from 1 to 3650 days")
	}
	if p.MainHorizon == 0 {
		p.MainHorizon = p.Horizons[0]
		for _, h := range p.Horizons {
			if h <= 90 {
				p.MainHorizon = h
			}
		}
	}
	if !slices.Contains(p.Horizons, p.MainHorizon) {
		return fmt.Errorf("train: the main horizon of %d days is not among the horizons %v", p.MainHorizon, p.Horizons)
	}
	if p.Model == "" {
		p.Model = "blend"
	}
	if !slices.Contains(choices(), p.Model) {
		return fmt.Errorf("train: there is no model %q; there are %v", p.Model, choices())
	}
	if p.ScorecardBins == "" {
		p.ScorecardBins = binnings[0]
	}
	if !slices.Contains(binnings, p.ScorecardBins) {
		return fmt.Errorf("train: there are no scorecard bins %q; there are %v", p.ScorecardBins, binnings)
	}
	if p.GolearnLimit < 0 {
		return fmt.Errorf("train: the limit for golearn must not be negative")
	}
	if p.Search != nil && p.Model != "blend" && p.Model != "gbm" {
		return fmt.Errorf("train: a search is for settings of boosting, which --model %s does not use", p.Model)
	}
	return nil
}

// keptPlan is a plan as a bundle carries it.
type keptPlan struct {
	Plan
	AsOf   string `json:"as_of,omitempty"`  // RFC 3339; "" for the data's end
	Trials *int   `json:"search,omitempty"` // of a search: those that came to their end, whatever ended it
}

// carried is the plan as the bundle carries it, without what are defaults.
func (p Plan) carried(found *Searched) (json.RawMessage, error) {
	k := keptPlan{Plan: p, AsOf: datasets.FormatTime(p.AsOf)}
	if found != nil {
		k.Trials = &found.Trials
	}
	if k.Model == "blend" {
		k.Model = ""
	}
	if k.ScorecardBins == binnings[0] {
		k.ScorecardBins = ""
	}
	if k.GolearnLimit == time.Minute {
		k.GolearnLimit = 0
	}
	b, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("train: the plan: %w", err)
	}
	return b, nil
}

// PlanOf is the plan that a bundle was trained by, but for a given split. The
// error is a *datasets.Error where the bundle keeps none.
func PlanOf(b *bundle.Bundle) (Plan, error) {
	m, k := &b.Manifest, keptPlan{}
	if m.Plan == nil {
		return Plan{}, &datasets.Error{Message: "the model does not say how it was trained: it was imported, or trained by an older Leadcast"}
	}
	err := json.Unmarshal(m.Plan, &k)
	p := k.Plan
	p.AsOf = datasets.NoTime
	if err == nil && k.AsOf != "" {
		var at time.Time
		at, err = time.Parse(time.RFC3339Nano, k.AsOf)
		p.AsOf = datasets.Micros(at)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("train: the plan in the bundle: %w", err)
	}
	if k.Trials != nil {
		p.Search = &Search{Trials: *k.Trials}
	}
	p.Horizons, p.MainHorizon, p.Rates, p.Junk, p.Seed = slices.Clone(m.Horizons), m.MainHorizon, m.Schema.Rates, m.Junk, m.Seed
	return p, nil
}
