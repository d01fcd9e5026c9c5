package train

import (
	"math"

	"github.com/leadcast/leadcast/train/bundle"
)

// Step is one step on the way from the base rates over hazards with a penalty
// to boosting: whether validation trusted it, and what it lacks.
type Step struct {
	Model  string  `json:"model"`  // base, linear, gbm, or blend: all of what is sure of these
	Weight float64 `json:"weight"` // in the forecast; of the blend, how much of its distance from the base rates is kept
	InUse  bool    `json:"in_use"`
	More   *int    `json:"more_wins"` // about so many would make it count; nil where it counts or wins are not what it lacks
	Why    string  `json:"why"`
}

// Steps says how far the wins of a bundle carry. Validation trusts a gain over
// the base rates of more than a standard error (see sureness), and noise falls
// with the root of the wins: a gain g ± se at n wins is told from noise at n·(se/g)². Where
// nothing was gained, the old rule of ten wins a column stands in (Peduzzi and
// others 1996). A bundle without a report of its training has no steps.
func Steps(b *bundle.Bundle) ([]Step, error) {
	r, err := ReportOf(b)
	if err != nil || b.Report == nil {
		return nil, err
	}
	wins, columns := float64(b.Manifest.Wins), map[string]bool{}
	for _, o := range b.Outputs() {
		columns[o.Origin] = true
	}
	ruled := int(max(10*float64(len(columns))-wins, wins/2, 10))
	steps := []Step{{Model: "base", Weight: 1, InUse: true, Why: "the average course of all leads"}}
	if len(r.Leaderboard) == 0 {
		more := max(3*leastWins-b.Manifest.Wins, 5)
		return append(steps, Step{Model: "linear", More: &more, Why: "too few wins to compare models on what came later"}), nil
	}
	for _, name := range []string{"linear", "gbm", "blend"} {
		for _, e := range r.Leaderboard {
			if e.Model == name {
				steps = append(steps, e.step(wins, ruled))
			}
		}
	}
	return steps, nil
}

// sure is the trust at which a step counts as taken.
const sure = 0.9

func (e Entry) step(wins float64, ruled int) Step {
	s := Step{Model: e.Model, Weight: e.Weight, InUse: e.Weight > leastWeight}
	noise := (e.GainHigh - e.GainLow) / (2 * 1.96)
	told := wins * (noise / e.Gain) * (noise / e.Gain)
	switch {
	case e.Model == "blend":
		if s.Weight, s.InUse = sureness(e), sureness(e) > 0; s.Weight >= sure {
			s.Why = "validation is sure of it"
			return s
		}
		told /= 1 - sure // where sureness is that high
		s.Why = "drawn to the base rates by what may be noise; with so many more it would hardly be"
	case s.InUse:
		s.Why = "in the forecast"
		return s
	case told <= wins && e.Gain > 0:
		s.Why = "better than the base rates, but others say the same better: more wins are not what it lacks"
		return s
	default:
		s.Why = "its gain over the base rates may be noise; if it stays as large, so many more tell"
	}
	more := ruled
	if e.Gain > 0 && told-wins < 1e6 {
		more = int(math.Ceil(told - wins))
	} else {
		s.Why = "no gain over the base rates yet; ten wins a column are a rule of thumb"
	}
	s.More = &more
	return s
}
