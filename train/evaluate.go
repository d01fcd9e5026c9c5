package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/calib"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/metric/censored"
	"github.com/leadcast/leadcast/train/bundle"
)

// Evaluation is how a bundle did on leads with known outcomes.
type Evaluation struct {
	Bundle   string           `json:"bundle"`
	Leads    int              `json:"leads"`
	From     string           `json:"from,omitempty"` // forecasts look from here on, or from creation where that is later
	To       string           `json:"to,omitempty"`   // and are followed until here
	Horizons []AtHorizon      `json:"horizons"`
	LogLik   *metric.Estimate `json:"log_lik_gain,omitempty"` // right-censored log-likelihood of won/lost/open a lead, over the base rates
	Notes    []string         `json:"notes,omitempty"`

	Calibration []Calibration `json:"calibration,omitempty"` // by horizon, and at the main one by age and by segment

	// Judged only, and where there is an account role: the leads of accounts
	// that no training lead has, and how the bundle did on them at the main
	// horizon; nil where none, or no two outcomes, were followed that long.
	NewAccountLeads *int       `json:"new_account_leads,omitempty"`
	NewAccounts     *AtHorizon `json:"new_accounts,omitempty"`
}

// AtHorizon is an evaluation of the probability of being won within a horizon,
// on the leads that were followed that long. Horizon 0 stands for "ever", of a
// table without times.
type AtHorizon struct {
	Days     int             `json:"days"`
	Leads    int             `json:"leads"`
	Won      int             `json:"won"`
	AUC      metric.Estimate `json:"auc"` // DeLong's interval
	AP       float64         `json:"average_precision"`
	LogLoss  float64         `json:"log_loss"`
	BaseLoss float64         `json:"base_log_loss"` // of the base rates
	Gain     metric.Estimate `json:"log_loss_gain"` // base less model, resampling leads
	Brier    float64         `json:"brier"`
	ECE      float64         `json:"ece"` // 15 bins of equal mass
	OE       metric.Estimate `json:"observed_expected"`
	Slope    float64         `json:"calibration_slope"` // of a logistic recalibration; 1 is right, below is over-confident
	Top      float64         `json:"gain_top_10"`       // share of the wins among the 10 % scored highest

	Reliability metric.Reliability `json:"reliability,omitempty"` // at most 10 bins of equal mass
	Gains       []float64          `json:"gains,omitempty"`       // shares of the wins among the 5 %, 10 %, … 100 % scored highest
}

// Evaluate forecasts leads that the bundle has not seen, each at its creation
// or at the end of the data that the bundle was trained on, whichever is later,
// and follows them to the file's end.
func Evaluate(ctx context.Context, b *bundle.Bundle, raw *datasets.Table) (*Evaluation, error) {
	l, err := readLater(b, raw, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	e, _, err := evaluate(ctx, b, l.leads, l.out, l.rows, dataEnd(b))
	if err != nil {
		return nil, err
	}
	e.Notes = l.notes
	return e, nil
}

// later is a file of leads as a bundle reads it, with what became of them.
type later struct {
	leads *datasets.Table
	out   *datasets.Outcomes
	rows  []int // that are not junk by the bundle
	notes []string
}

// readLater reads what had become of the leads by the as-of.
func readLater(b *bundle.Bundle, raw *datasets.Table, asOf int64) (*later, error) {
	s, err := b.Read(raw, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	out, notes, err := b.Manifest.Contract.Read(s.Leads, b.Manifest.Schema.Roles, asOf)
	if err != nil {
		return nil, err
	}
	l := &later{leads: s.Leads.Gather(out.Rows), out: out}
	for i, r := range out.Rows {
		if s.Junk == nil || s.Junk[r] == "" {
			l.rows = append(l.rows, i)
		}
	}
	for _, n := range append(s.Notes, notes...) {
		if n.Row < 0 {
			l.notes = append(l.notes, noteText(n))
		}
	}
	if junk := len(out.Rows) - len(l.rows); junk > 0 {
		l.notes = append(l.notes, fmt.Sprintf("leads that are junk by the model's filters, left out: %d", junk))
	}
	return l, nil
}

// dataEnd is the end of the data that a bundle was trained on, NoTime where
// they have no dates.
func dataEnd(b *bundle.Bundle) int64 {
	if t, err := time.Parse(time.RFC3339Nano, b.Manifest.AsOf); err == nil {
		return datasets.Micros(t)
	}
	return datasets.NoTime
}

// judge scores the hold-out through the judged bundle's own bytes.
func (t *trainer) judge(ctx context.Context, b *built, sp *split) (*Evaluation, error) {
	from := int64(datasets.NoTime)
	if t.dated && !math.IsInf(sp.cut, 0) {
		from = int64(sp.cut)
	}
	e, f, err := evaluate(ctx, b.Bundle, t.leads, t.out, sp.held.rows, from)
	if err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	e.Bundle = b.id
	t.judgeNewAccounts(e, f, sp)
	return e, nil
}

// judgeNewAccounts judges at the main horizon the hold-out leads whose account
// is that of no training lead.
func (t *trainer) judgeNewAccounts(e *Evaluation, f *followed, sp *split) {
	account := t.leads.Column(t.plan.Roles.Account)
	if account == nil {
		return
	}
	known := make(map[uint64]bool, len(sp.train.rows))
	for _, r := range sp.train.rows {
		known[t.groups[r]] = true
	}
	fresh := f.only(func(i int) bool { r := f.rows[i]; return !account.Missing(r) && !known[t.groups[r]] })
	n := len(fresh.rows)
	e.NewAccountLeads = &n
	if h, ok := fresh.main(); ok {
		e.NewAccounts = &h
	}
}

// evaluate forecasts the rows as of max(created, from) and compares.
func evaluate(ctx context.Context, b *bundle.Bundle, leads *datasets.Table, out *datasets.Outcomes, rows []int, from int64) (*Evaluation, *followed, error) {
	f, err := follow(ctx, b, leads, out, rows, from)
	if err != nil {
		return nil, nil, err
	}
	e := &Evaluation{Bundle: b.ID(), Leads: len(f.rows)}
	if !b.Manifest.Timed {
		if h, ok := f.flat(); ok {
			e.Horizons = append(e.Horizons, h)
		}
		e.Calibration = f.calibrated()
		return e, f, nil
	}
	if from != datasets.NoTime {
		e.From, e.To = day(from), day(out.End)
	}
	for i := range b.Manifest.Horizons {
		if h, ok := f.horizon(i); ok {
			e.Horizons = append(e.Horizons, h)
		}
	}
	e.LogLik, e.Calibration = f.logLik(), f.calibrated()
	return e, f, nil
}

// follow forecasts the rows as of max(created, from).
func follow(ctx context.Context, b *bundle.Bundle, leads *datasets.Table, out *datasets.Outcomes, rows []int, from int64) (*followed, error) {
	var use []int
	for _, r := range rows {
		if b.Manifest.Timed && out.State[r] != datasets.Open && from != datasets.NoTime && out.Closed[r] != datasets.NoTime && out.Closed[r] < from {
			continue // over before the forecast looks
		}
		if !b.Manifest.Timed && out.State[r] == datasets.Open {
			continue
		}
		use = append(use, r)
	}
	if len(use) == 0 {
		return nil, &datasets.Error{Message: "no lead is left to evaluate: all were closed before the model's data ended, have no outcome, or are junk"}
	}
	landmark := features.Snapshot{Leads: leads.Gather(use), AsOf: make([]int64, len(use))}
	for i, r := range use {
		landmark.AsOf[i] = max(out.Created[r], from)
		if out.Created[r] != datasets.NoTime { // from when on its outcome would have been recorded
			landmark.AsOf[i] = max(landmark.AsOf[i], out.Created[r]+int64(math.Round(out.Entry[r]*datasets.MicrosPerDay)))
		}
	}
	scores, err := b.Score(ctx, landmark, 0)
	if err != nil {
		return nil, err
	}
	return &followed{b: b, leads: leads, out: out, rows: use, asOf: landmark.AsOf, scores: scores}, nil
}

// followed is scores with what became of the leads.
type followed struct {
	b      *bundle.Bundle
	leads  *datasets.Table // rows are of it
	out    *datasets.Outcomes
	rows   []int
	asOf   []int64
	scores []bundle.Score
}

// only is the part of the leads for which keep holds.
func (f *followed) only(keep func(i int) bool) *followed {
	part := &followed{b: f.b, leads: f.leads, out: f.out}
	for i := range f.rows {
		if keep(i) {
			part.rows, part.asOf, part.scores = append(part.rows, f.rows[i]), append(part.asOf, f.asOf[i]), append(part.scores, f.scores[i])
		}
	}
	return part
}

// main compares at the main horizon.
func (f *followed) main() (AtHorizon, bool) {
	if !f.b.Manifest.Timed {
		return f.flat()
	}
	return f.horizon(slices.Index(f.b.Manifest.Horizons, f.b.Manifest.MainHorizon))
}

// within says whether lead i was won within some days of its forecast; ok is
// false where it was not followed that long.
func (f *followed) within(i, days int) (won float64, ok bool) {
	_, left, reach, state := f.age(i)
	if state == datasets.Won && left <= float64(days) {
		won = 1
	}
	return won, reach >= float64(days)
}

// age is how long lead i had been open when it was forecast, left how long it
// was followed from then, and closed whether that ended with its closing.
func (f *followed) age(i int) (age, left, reach float64, state datasets.State) {
	r := f.rows[i]
	state = f.out.State[r]
	if f.out.Created[r] == datasets.NoTime {
		left = f.out.Days[r]
		reach = left
		if state != datasets.Open {
			reach = math.Inf(1)
		}
		return 0, left, reach, state
	}
	age = datasets.Days(f.out.Created[r], f.asOf[i])
	reach = datasets.Days(f.asOf[i], f.out.End)
	left = reach
	if state != datasets.Open {
		left = datasets.Days(f.asOf[i], f.out.Closed[r])
	}
	return age, left, reach, state
}

// dated reports whether leads have dates. Without, nobody knows of a closed lead
// how long it would have been followed: of open leads only those seen for a
// horizon count, but of closed ones all.
func (f *followed) dated() bool { return f.out.End != datasets.NoTime }

// horizon compares at one horizon the leads that were followed that long. Where
// there are no dates, they weigh by the inverse chance of having been seen.
func (f *followed) horizon(k int) (AtHorizon, bool) {
	days := f.b.Manifest.Horizons[k]
	leads, y, p, base := f.at(k)
	if f.dated() {
		return compare(days, y, p, base, nil)
	}
	var all models.Target
	var forecast []float64
	for i, s := range f.scores {
		if s.Err == nil && s.WinBy[k] != nil {
			_, left, _, state := f.age(i)
			all.Exit, all.Cause = append(all.Exit, left), append(all.Cause, uint8(state))
			forecast = append(forecast, *s.WinBy[k])
		}
	}
	g := censored.NewCensoring(all)
	w := make([]float64, len(leads))
	for j, i := range leads {
		switch _, left, _, state := f.age(i); {
		case left > float64(days):
			w[j] = 1 / g.Followed(float64(days))
		case state != datasets.Open:
			w[j] = g.Weight(left)
		}
	}
	h, ok := compare(days, y, p, base, w)
	if ok {
		auc, se := censored.AUC(g, all, uint8(datasets.Won), forecast, float64(days))
		h.AUC = metric.Estimate{Value: auc, SE: se, Low: max(0, auc-float64(1.96*se)), High: min(1, auc+float64(1.96*se)), P: h.AUC.P}
		h.OE = censored.ObservedExpected(g, all, uint8(datasets.Won), forecast, float64(days), 0.95)
	}
	return h, ok
}

// at is, of the leads that were followed for a horizon, which they are, whether
// they were won within it, and the forecasts of the bundle and its base rates.
func (f *followed) at(k int) (leads []int, y, p, base []float64) {
	days := f.b.Manifest.Horizons[k]
	var at [causes]float64
	for i := range f.rows {
		won, ok := f.within(i, days)
		if !ok || f.scores[i].Err != nil || f.scores[i].WinBy[k] == nil {
			continue
		}
		leads, y, p = append(leads, i), append(y, won), append(p, *f.scores[i].WinBy[k])
		age, _, _, _ := f.age(i)
		f.b.BaseCurve(age).At(at[:], float64(days))
		base = append(base, at[0])
	}
	return leads, y, p, base
}

func (f *followed) flat() (AtHorizon, bool) {
	_, y, p, base := f.ever()
	return compare(0, y, p, base, nil)
}

// ever is what at is, of a table without times.
func (f *followed) ever() (leads []int, y, p, base []float64) {
	for i, r := range f.rows {
		if f.scores[i].Win == nil {
			continue
		}
		won := 0.0
		if f.out.State[r] == datasets.Won {
			won = 1
		}
		leads, y, p, base = append(leads, i), append(y, won), append(p, *f.scores[i].Win), append(base, f.b.BaseWin())
	}
	return leads, y, p, base
}

// logLik is the gain in right-censored log-likelihood over the base rates.
func (f *followed) logLik() *metric.Estimate {
	var life lives
	var curves, bases []models.Curve
	for i := range f.rows {
		if f.scores[i].Err != nil || !life.add(f, i) {
			continue
		}
		curves, bases = append(curves, f.scores[i].Curve), append(bases, f.b.BaseCurve(life.entry[len(curves)]))
	}
	if len(curves) == 0 {
		return nil
	}
	d := life.gain(f.b.Cuts(), curves, bases, nil)
	return &d
}

// lives are the parts of leads' lives that forecasts are compared on.
type lives struct {
	entry, exit []float64
	cause       []uint8
}

// add adds lead i from its forecast on; false where nothing was seen of it.
func (l *lives) add(f *followed, i int) bool {
	age, left, _, state := f.age(i)
	if !(left >= 0) {
		return false
	}
	l.entry, l.exit, l.cause = append(l.entry, age), append(l.exit, age+left), append(l.cause, uint8(state))
	return true
}

// gain compares curves for the lives, a mean difference a lead with its
// interval; cuts are the ages in between of which the course does not count.
func (l *lives) gain(cuts []float64, mine, theirs []models.Curve, groups []int) metric.Estimate {
	return metric.MeanDifference(l.scores(cuts, mine), l.scores(cuts, theirs), nil, groups, draws, 1, 0.95)
}

// scores are the log-likelihoods of the lives under some curves.
func (l *lives) scores(cuts []float64, of []models.Curve) []float64 {
	grid := append(slices.Clone(cuts), cuts[len(cuts)-1]+365)
	return metric.CensoredLogLik(grid, func(i int) models.Curve { return of[i] }, l.entry, l.exit, l.cause)
}

// compare measures probabilities against outcomes, by weights unless w is nil;
// false without both kinds of outcome. The intervals of AUC and O/E are those
// without weights.
func compare(days int, y, p, base, w []float64) (AtHorizon, bool) {
	h := AtHorizon{Days: days, Leads: len(y)}
	expected := 0.0
	for i, v := range y {
		h.Won += int(v)
		expected += p[i]
	}
	if h.Won == 0 || h.Won == len(y) {
		return h, false
	}
	h.AUC = metric.AUCInterval(y, p, 0.95)
	h.AP = metric.AveragePrecision(y, p, w)
	h.LogLoss, h.BaseLoss = metric.LogLoss(y, p, w), metric.LogLoss(y, base, w)
	h.Gain = metric.MeanDifference(losses(y, base), losses(y, p), w, nil, draws, 1, 0.95)
	h.Brier = metric.Brier(y, p, w)
	h.ECE = metric.ECE(y, p, w, 15)
	h.OE = metric.ObservedExpected(float64(h.Won), expected, 0.95)
	if line, err := calib.Logistic(p, y, w); err == nil {
		h.Slope = line.A
	}
	h.Reliability = metric.EqualMass(y, p, w, 10)
	for _, part := range metric.Gain(y, p, w, 20) {
		h.Gains = append(h.Gains, part.CumGain)
	}
	if len(h.Gains) > 1 {
		h.Top = h.Gains[1]
	}
	return h, true
}

func losses(y, p []float64) []float64 {
	loss := make([]float64, len(y))
	for i := range y {
		q := min(max(p[i], 1e-15), 1-1e-15)
		loss[i] = -(float64(y[i]*math.Log(q)) + float64((1-y[i])*math.Log(1-q)))
	}
	return loss
}

// worse reports whether the forecasts did worse than the base rates beyond noise.
func (e *Evaluation) worse() bool {
	if e.LogLik != nil {
		return e.LogLik.High < 0
	}
	return len(e.Horizons) == 1 && e.Horizons[0].Gain.High < 0
}

// judgement is the short form that the shipped bundle carries.
func (e *Evaluation) judgement(id string, sp *split) *bundle.Judgement {
	j := &bundle.Judgement{Bundle: id, Split: sp.words, From: sp.from, To: sp.to, Leads: e.Leads, Metrics: map[string]float64{}}
	for _, h := range e.Horizons {
		suffix := ""
		if h.Days > 0 {
			suffix = fmt.Sprintf("_%dd", h.Days)
		}
		j.Wins = max(j.Wins, h.Won)
		j.Metrics["auc"+suffix] = h.AUC.Value
		j.Metrics["log_loss"+suffix] = h.LogLoss
		j.Metrics["base_log_loss"+suffix] = h.BaseLoss
		j.Metrics["brier"+suffix] = h.Brier
		j.Metrics["ece"+suffix] = h.ECE
		j.Metrics["observed_expected"+suffix] = h.OE.Value
	}
	if e.LogLik != nil {
		j.Metrics["log_lik_gain"] = e.LogLik.Value
	}
	return j
}
