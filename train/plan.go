// Package train learns a bundle from a table of leads: it reads the outcome
// contract, validates forward in time, blends the candidates, judges the
// recipe on a hold-out through the bytes it will be shipped in, and fits it
// again on everything.
package train

import (
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// Plan is the configuration of a training run. The zero value of a field means
// that it is inferred or left at its default.
type Plan struct {
	Roles       datasets.Roles           // what is not named is guessed
	Kinds       map[string]datasets.Kind // kinds that override inference
	Missing     []string                 // further texts that stand for "nothing"
	Dates       string                   // order of ambiguous dates: "dmy" or "mdy"
	Zone        string                   // of stamps without one
	Contract    datasets.Contract
	AsOf        int64           // pretend today is this moment (microseconds); NoTime: the data's end
	Horizons    []int           // days; nil: 30, 90, 180
	MainHorizon int             // days; 0: 90, or the longest of Horizons below it
	Rates       []datasets.Rate // what amounts are converted with; nil: amounts of several currencies are not used
	Junk        []string        // conditions as datasets.Where takes them; rows for which one holds are no leads
	Exclude     []string        // columns not to use
	Changes     []string        // columns whose values change over a lead's life
	Keep        []string        // columns to use although the fill-rate test would withhold them
	Split       map[string]bool // a given split: true for the hold-out, by the values of SplitColumn; nil: forward in time
	SplitColumn string
	RandomSplit bool    // hold out at random, which is optimistic
	NoRefit     bool    // ship the judged bundle
	Model       string  // champion: "" or "blend", "base", or the name of a candidate
	Search      *Search // for settings of boosting; nil: the default ones
	Seed        uint64

	alone bool // without the candidates that are only compared
}

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
	if p.Search != nil && p.Model != "blend" && p.Model != "gbm" {
		return fmt.Errorf("train: a search is for settings of boosting, which --model %s does not use", p.Model)
	}
	return nil
}
