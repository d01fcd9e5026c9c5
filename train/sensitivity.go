package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/survival"
)

// Reading is what follows from one way of reading the outcome contract, where
// it has a rule that somebody chose: after how long silence counts as lost, and
// what a lead is that was closed and is open again. Its figures are those of
// all leads (Aalen and Johansen 1978), before any column is looked at.
type Reading struct {
	Rule     string   `json:"rule"` // in words; the first of a report is the declared one
	Won      int      `json:"won"`
	Lost     int      `json:"lost"`
	Open     int      `json:"open"`
	WinRate  float64  `json:"win_rate"`        // share won within the main horizon of creation
	Cycle    *float64 `json:"cycle_p50_days"`  // half of the wins that come as far ahead as the data reach have come by then; nil: there are none
	Expected float64  `json:"expected_wins"`   // of the open leads within the main horizon, given their ages, as far as the data reach
	Refit    *Refit   `json:"refit,omitempty"` // only where it was asked for
}

// Refit is how the recipe forecasts when it is trained on a reading.
type Refit struct {
	Withheld string  `json:"withheld,omitempty"` // why it could not be trained
	AUC      float64 `json:"auc"`                // on its hold-out at the main horizon; 0: not judged
	OE       float64 `json:"observed_expected"`  // likewise
	Open     int     `json:"open"`               // open leads with a forecast
	Expected float64 `json:"expected_wins"`      // of these within the main horizon
}

// counted is a reading with the rules that it follows.
type counted struct {
	Reading
	silentAfter float64
	again       reopened
}

// reopened is what a lead counts as that is open although it was closed before.
type reopened uint8

// The readings of a reopened lead.
const (
	openAgain reopened = iota
	lostThen
	leftOut
)

// readContract compares the ways of reading the contract, the declared one first;
// none where the contract has no rule that could be otherwise.
func (s *study) readContract(typed *datasets.Table) ([]counted, error) {
	d := s.plan.Contract.SilentAfter
	declared := "as declared: reopened leads are open"
	if d > 0 {
		declared = fmt.Sprintf("as declared: silent after %g days", d)
	}
	list := []counted{{Reading{Rule: declared}, d, openAgain}}
	if d > 0 {
		for _, other := range []float64{d / 2, 2 * d} {
			list = append(list, counted{Reading{Rule: fmt.Sprintf("silent after %g days", other)}, other, openAgain})
		}
	}
	if n := s.reopened(typed, s.out); n > 0 {
		list = append(list, counted{Reading{Rule: fmt.Sprintf("%d reopened leads as lost when they were closed", n)}, d, lostThen},
			counted{Reading{Rule: fmt.Sprintf("%d reopened leads left out", n)}, d, leftOut})
	}
	if !s.timed || len(list) == 1 {
		return nil, nil
	}
	for i := range list {
		c := s.plan.Contract
		c.SilentAfter = list[i].silentAfter
		out, _, err := c.Read(typed, s.plan.Roles, s.plan.AsOf)
		if err != nil {
			return nil, err
		}
		if err := list[i].count(s.recounted(typed, out, list[i].again), float64(s.plan.MainHorizon)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// closedBefore is when a lead was closed that what became of it does not know
// of: it was opened again. false where it was not.
func (s *study) closedBefore(typed *datasets.Table, out *datasets.Outcomes, i int) (at int64, was bool) {
	c := typed.Column(s.plan.Roles.Closed)
	if c == nil || c.Times == nil || s.plan.Roles.Duration != "" || c.Times[out.Rows[i]] == datasets.NoTime {
		return 0, false
	}
	end := out.End
	if out.State[i] != datasets.Open {
		end = out.Closed[i]
	}
	at = max(c.Times[out.Rows[i]], out.Created[i])
	return at, at < end
}

// reopened counts the leads that were opened again.
func (s *study) reopened(typed *datasets.Table, out *datasets.Outcomes) (n int) {
	for i := range out.Rows {
		if _, was := s.closedBefore(typed, out, i); was {
			n++
		}
	}
	return n
}

// recounted is the outcomes with reopened leads counted otherwise.
func (s *study) recounted(typed *datasets.Table, out *datasets.Outcomes, as reopened) *datasets.Outcomes {
	if as == openAgain {
		return out
	}
	o := &datasets.Outcomes{End: out.End}
	for i, row := range out.Rows {
		state, closed, days := out.State[i], out.Closed[i], out.Days[i]
		if at, was := s.closedBefore(typed, out, i); was {
			state, closed, days = datasets.Lost, at, datasets.Days(out.Created[i], at)
			if as == leftOut || days < out.Entry[i] { // or closed before outcomes were recorded
				continue
			}
		}
		o.Rows, o.State, o.Created, o.Closed = append(o.Rows, row), append(o.State, state), append(o.Created, out.Created[i]), append(o.Closed, closed)
		o.Days, o.Entry = append(o.Days, days), append(o.Entry, out.Entry[i])
	}
	return o
}

// count fills in the figures of all leads.
func (r *counted) count(out *datasets.Outcomes, horizon float64) error {
	y := models.Target{Entry: make([]float64, len(out.Days)), Exit: out.Days, Cause: make([]uint8, len(out.Days))}
	for i, state := range out.State {
		y.Entry[i], y.Cause[i] = min(out.Entry[i], out.Days[i]), uint8(state)
		switch state {
		case datasets.Won:
			r.Won++
		case datasets.Lost:
			r.Lost++
		default:
			r.Open++
		}
	}
	a, err := survival.AalenJohansen(y, causes)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	at := func(t float64) (won, open float64) {
		if k := sort.Search(len(a.Time), func(k int) bool { return a.Time[k] > t }); k > 0 {
			return a.F[0][k-1], a.Open[k-1]
		}
		return 0, 1
	}
	reach := 0.0
	for k, n := range a.AtRisk {
		if n >= leastAtRisk {
			reach = a.Time[k]
		}
	}
	r.WinRate, _ = at(min(horizon, reach))
	if all, _ := at(reach); all > 0 {
		days := a.Time[sort.Search(len(a.Time), func(k int) bool { return a.F[0][k] >= all/2 })]
		r.Cycle = &days
	}
	for i, state := range out.State {
		age := out.Days[i]
		before, open := at(age)
		if later, _ := at(min(age+horizon, reach)); state == datasets.Open && open > 0 && later > before {
			r.Expected += (later - before) / open
		}
	}
	return nil
}

// leastAtRisk is the number of leads at risk from which on figures of all
// leads reach to an age.
const leastAtRisk = 50

// refit is how a recipe that was fitted before the hold-out forecasts, on it
// and the leads that are open now.
func (t *trainer) refit(ctx context.Context, f *found) (*Refit, error) {
	r := &Refit{}
	for _, h := range f.evaluation.Horizons {
		if h.Days == t.plan.MainHorizon {
			r.AUC, r.OE = h.AUC.Value, h.OE.Value
		}
	}
	if !t.dated {
		return r, nil
	}
	var open []int
	for i, state := range t.out.State {
		if state == datasets.Open {
			open = append(open, i)
		}
	}
	now := features.Snapshot{Leads: t.leads.Gather(open), AsOf: slices.Repeat([]int64{t.out.End}, len(open))}
	scores, err := f.judged.Score(ctx, now, 0)
	if err != nil {
		return nil, err
	}
	for _, s := range scores {
		if s.Win != nil {
			r.Open++
			r.Expected += *s.Win
		}
	}
	return r, nil
}

// retrain trains the recipe on every reading but the declared one.
func (t *trainer) retrain(ctx context.Context, raw *datasets.Table) error {
	for i := range t.readings {
		c := &t.readings[i]
		if i == 0 {
			continue
		}
		t.progress("training again: "+c.Rule, t.done, t.total)
		p := t.asked
		p.alone, p.Search, p.Contract.SilentAfter, p.reopened = true, nil, c.silentAfter, c.again
		s, err := prepare(raw, p)
		if err != nil {
			return err
		}
		o := &trainer{study: s, settings: t.settings, progress: func(string, int, int) {}}
		f, err := o.recipe(ctx)
		var data *datasets.Error
		if errors.As(err, &data) {
			c.Refit = &Refit{Withheld: data.Message}
			continue
		}
		if err != nil {
			return err
		}
		if c.Refit, err = o.refit(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
