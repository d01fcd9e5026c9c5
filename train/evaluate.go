package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/calib"
	"github.com/leadcast/leadcast/models/metric"
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
	s, err := b.Read(raw, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	out, notes, err := b.Manifest.Contract.Read(s.Leads, b.Manifest.Schema.Roles, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	from := int64(datasets.NoTime)
	if t, err := time.Parse(time.RFC3339Nano, b.Manifest.AsOf); err == nil {
		from = datasets.Micros(t)
	}
	e, err := evaluate(ctx, b, s.Leads.Gather(out.Rows), out, everyRow[int](len(out.Rows)), from)
	if err != nil {
		return nil, err
	}
	for _, n := range append(s.Notes, notes...) {
		if n.Row < 0 {
			e.Notes = append(e.Notes, noteText(n))
		}
	}
	return e, nil
}

// judge scores the hold-out through the judged bundle's own bytes.
func (t *trainer) judge(ctx context.Context, b *built, sp *split) (*Evaluation, error) {
	from := int64(datasets.NoTime)
	if t.dated && !math.IsInf(sp.cut, 0) {
		from = int64(sp.cut)
	}
	e, err := evaluate(ctx, b.Bundle, t.leads, t.out, sp.held.rows, from)
	if err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	e.Bundle = b.id
	return e, nil
}

// evaluate forecasts the rows as of max(created, from) and compares.
func evaluate(ctx context.Context, b *bundle.Bundle, leads *datasets.Table, out *datasets.Outcomes, rows []int, from int64) (*Evaluation, error) {
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
		return nil, &datasets.Error{Message: "no lead is left to evaluate: all were closed before the model's data ended, or have no outcome"}
	}
	landmark := features.Snapshot{Leads: leads.Gather(use), AsOf: make([]int64, len(use))}
	for i, r := range use {
		landmark.AsOf[i] = max(out.Created[r], from)
	}
	scores, err := b.Score(ctx, landmark, 0)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Bundle: b.ID(), Leads: len(use)}
	f := followed{b: b, out: out, rows: use, asOf: landmark.AsOf, scores: scores}
	if !b.Manifest.Timed {
		if h, ok := f.flat(); ok {
			e.Horizons = append(e.Horizons, h)
		}
		return e, nil
	}
	if from != datasets.NoTime {
		e.From, e.To = day(from), day(out.End)
	}
	for i := range b.Manifest.Horizons {
		if h, ok := f.horizon(i); ok {
			e.Horizons = append(e.Horizons, h)
		}
	}
	e.LogLik = f.logLik()
	return e, nil
}

// followed is scores with what became of the leads.
type followed struct {
	b      *bundle.Bundle
	out    *datasets.Outcomes
	rows   []int
	asOf   []int64
	scores []bundle.Score
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

// horizon compares at one horizon the leads that were followed that long.
func (f *followed) horizon(k int) (AtHorizon, bool) {
	days := f.b.Manifest.Horizons[k]
	var y, p, base []float64
	var at [causes]float64
	for i := range f.rows {
		age, left, reach, state := f.age(i)
		if reach < float64(days) || f.scores[i].Err != nil || f.scores[i].WinBy[k] == nil {
			continue
		}
		won := 0.0
		if state == datasets.Won && left <= float64(days) {
			won = 1
		}
		y, p = append(y, won), append(p, *f.scores[i].WinBy[k])
		f.b.BaseCurve(age).At(at[:], float64(days))
		base = append(base, at[0])
	}
	return compare(days, y, p, base)
}

func (f *followed) flat() (AtHorizon, bool) {
	var y, p, base []float64
	for i, r := range f.rows {
		if f.scores[i].Win == nil {
			continue
		}
		won := 0.0
		if f.out.State[r] == datasets.Won {
			won = 1
		}
		y, p, base = append(y, won), append(p, *f.scores[i].Win), append(base, f.b.BaseWin())
	}
	return compare(0, y, p, base)
}

// logLik is the gain in right-censored log-likelihood over the base rates.
func (f *followed) logLik() *metric.Estimate {
	var entry, exit []float64
	var cause []uint8
	var curves, bases []models.Curve
	for i := range f.rows {
		age, left, _, state := f.age(i)
		if f.scores[i].Err != nil || !(left >= 0) {
			continue
		}
		entry, exit, cause = append(entry, age), append(exit, age+left), append(cause, uint8(state))
		curves, bases = append(curves, f.scores[i].Curve), append(bases, f.b.BaseCurve(age))
	}
	if len(entry) == 0 {
		return nil
	}
	grid := append(append([]float64(nil), f.b.Cuts()...), f.b.Cuts()[len(f.b.Cuts())-1]+365)
	mine := metric.CensoredLogLik(grid, func(i int) models.Curve { return curves[i] }, entry, exit, cause)
	theirs := metric.CensoredLogLik(grid, func(i int) models.Curve { return bases[i] }, entry, exit, cause)
	d := metric.MeanDifference(mine, theirs, nil, nil, draws, 1, 0.95)
	return &d
}

// compare measures probabilities against outcomes; false without both kinds of outcome.
func compare(days int, y, p, base []float64) (AtHorizon, bool) {
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
	h.AP = metric.AveragePrecision(y, p, nil)
	h.LogLoss, h.BaseLoss = metric.LogLoss(y, p, nil), metric.LogLoss(y, base, nil)
	h.Gain = metric.MeanDifference(losses(y, base), losses(y, p), nil, nil, draws, 1, 0.95)
	h.Brier = metric.Brier(y, p, nil)
	h.ECE = metric.ECE(y, p, nil, 15)
	h.OE = metric.ObservedExpected(float64(h.Won), expected, 0.95)
	if line, err := calib.Logistic(p, y, nil); err == nil {
		h.Slope = line.A
	}
	h.Reliability = metric.EqualMass(y, p, nil, 10)
	for _, part := range metric.Gain(y, p, nil, 20) {
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
		loss[i] = -(y[i]*math.Log(q) + (1-y[i])*math.Log(1-q))
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
