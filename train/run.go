package train

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/train/bundle"
)

// Progress is told what a training run is at; done of total steps are behind it.
type Progress func(stage string, done, total int)

// Result is what a training run gives.
type Result struct {
	Shipped []byte // the bundle to be used
	Judged  []byte // the bundle that was judged on the hold-out
	Report  *Report
}

// trainer is a study with what training has decided so far.
type trainer struct {
	*study
	cuts     []float64
	leaves   int       // of a tree
	late     bool      // a model was left out for want of time
	settings *Settings // of boosting, where a search found better ones than the default
	searched *Searched
	draws    int // of models nearly as likely, which intervals are read off
	progress Progress
	done     int
	total    int
}

// Run learns from the raw table by the plan. Errors of type *datasets.Error are
// about the data.
func Run(ctx context.Context, raw *datasets.Table, p Plan, progress Progress) (*Result, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	progress("reading the outcome contract", 0, 1)
	s, err := prepare(raw, p)
	if err != nil {
		return nil, err
	}
	t := &trainer{study: s, progress: progress}
	f, err := t.recipe(ctx)
	if err != nil {
		return nil, err
	}
	if p.Sensitivity && len(s.readings) > 0 {
		if s.readings[0].Refit, err = t.refit(ctx, f); err != nil {
			return nil, err
		}
		if err := t.retrain(ctx, raw); err != nil {
			return nil, err
		}
	}
	result := &Result{Judged: f.judged.bytes}
	report := t.report(f.validation, f.split, f.evaluation)
	if err := t.classifiers(ctx, f.judged, f.split, f.validation, report); err != nil {
		return nil, err
	}
	sixDigits(reflect.ValueOf(report).Elem())
	judgement := report.Judged.judgement(f.judged.id, f.split)
	if result.Shipped, err = t.ship(ctx, f.judged, f.validation, judgement, report); err != nil {
		return nil, err
	}
	shipped, err := openBytes(result.Shipped)
	if err != nil {
		return nil, err
	}
	report.describe(shipped)
	result.Report = report
	return result, nil
}

// found is what training has found before it ships: the recipe, and the bundle
// that shows on the hold-out what the recipe is worth.
type found struct {
	*split
	*validation
	judged     *built
	evaluation *Evaluation
}

// recipe finds what to fit by validation, fits it on what was known before the
// hold-out, and judges it there.
func (t *trainer) recipe(ctx context.Context) (*found, error) {
	if err := t.suited(); err != nil {
		return nil, err
	}
	everything := t.everything()
	if err := t.supported(ctx, &everything); err != nil {
		return nil, err
	}
	sp, err := t.split()
	if err != nil {
		return nil, err
	}
	t.total = len(treeSizes) + len(t.contenders())*(len(sp.folds)+2) + len(sp.levels) + 2 + len(t.beside())
	v, err := t.validate(ctx, sp)
	if err != nil {
		return nil, err
	}
	f := &found{split: sp, validation: v}
	if err := t.try(ctx, f); err != nil {
		return nil, err
	}
	if f.evaluation.worse() && t.plan.Model == "blend" && v.best >= 0 {
		t.notef("", "on the hold-out the blend (%s) did worse than the base rates, although it had not in validation: the forecast is kept close to the base rates", v.recipe())
		v.shrink(v.best, 0)
		clear(v.blend.Offset)
		err = t.try(ctx, f)
	}
	return f, err
}

// try fits the recipe on what was known before the hold-out, and judges it there.
func (t *trainer) try(ctx context.Context, f *found) (err error) {
	if f.judged, err = t.judged(ctx, f.split, f.validation); err != nil {
		return err
	}
	t.step("judging on the hold-out")
	f.evaluation, err = t.judge(ctx, f.judged, f.split)
	return err
}

// everything is all leads with all that was seen of them.
func (s *study) everything() subjects { return s.window(math.Inf(-1), math.Inf(1), nil) }

// step tells that another step of the work begins.
func (t *trainer) step(stage string) {
	t.done++
	t.progress(stage, min(t.done, t.total), t.total)
}

// ship fits the recipe on everything, or carries the judged bundle over.
func (t *trainer) ship(ctx context.Context, judged *built, v *validation, j *bundle.Judgement, r *Report) ([]byte, error) {
	if t.plan.NoRefit {
		return judged.bytes, nil
	}
	t.step("fitting the recipe on everything")
	v.encoded = encoded{} // its memory is needed
	e, err := t.encode(ctx, everyRow[int](t.leads.Rows), math.Inf(1))
	if err != nil {
		return nil, err
	}
	shipped, err := t.build(ctx, fold{fit: t.everything()}, e, v, j, r)
	if err != nil {
		return nil, err
	}
	return shipped.bytes, nil
}

// supported ends training where the main horizon cannot be supported.
func (t *trainer) supported(ctx context.Context, w *subjects) error {
	if !t.timed {
		return nil
	}
	longest := math.Floor(t.support(w).Horizon(0))
	if longest >= float64(t.plan.MainHorizon) {
		return nil
	}
	lacking, err := t.lacking(ctx, w, t.plan.MainHorizon)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("the main horizon of %d days is not supported: %s", lacking.Days, lacking.Reason)
	wait := ""
	if lacking.From != "" {
		wait = " until about " + lacking.From
	}
	if longest >= 1 {
		message += fmt.Sprintf("; up to %.0f days are supported: choose a shorter one with --main-horizon, or wait%s", longest, wait)
	} else {
		message += "; no other is supported either: wait" + cmp.Or(wait, " until there are more")
	}
	return &datasets.Error{Message: message}
}

func (t *trainer) support(w *subjects) *survival.Support {
	s := survival.NewSupport(w.once().y)
	return &s
}

// built is a bundle as it was written and opened again.
type built struct {
	*bundle.Bundle
	id    string
	bytes []byte
}

// judged fits the recipe on what was known before the hold-out.
func (t *trainer) judged(ctx context.Context, sp *split, v *validation) (*built, error) {
	t.draws = drawnModels
	f := fold{fit: sp.train}
	if sp.stop != nil {
		f = *sp.stop
	}
	return t.build(ctx, f, v.encoded, v, nil, nil)
}

// build fits the recipe on the subjects of a fold, which stops by those that it
// tests if there are any, writes the bundle and opens it. The judgement and the
// report are those of the shipped bundle.
func (t *trainer) build(ctx context.Context, f fold, e encoded, v *validation, j *bundle.Judgement, r *Report) (*built, error) {
	w, x := f.fit, e.x
	model, drawn, err := t.stack(ctx, x, &f, v)
	if err != nil {
		return nil, err
	}
	m, err := t.manifest(&w, v, j)
	if err != nil {
		return nil, err
	}
	var support *survival.Support
	if t.timed {
		support = t.support(&w)
		if m.Waiting, err = t.waiting(ctx, &w, bundle.NewReach(*support, t.cuts)); err != nil {
			return nil, err
		}
	}
	if m.Grades, err = t.grades(model, x.Gather(spread(w.once().index(), mostGraded))); err != nil {
		return nil, err
	}
	made := bundle.New(m, e.encoder, model, support)
	made.Spread = drawn
	if made.Center, err = center(model, x.Gather(spread(w.index(), mostGraded))); err != nil {
		return nil, err
	}
	followed := w
	if t.timed {
		followed = t.followed(w.once().rows, math.Inf(-1), float64(w.until))
	}
	made.Tally = bundle.NewTally(x.Gather(followed.index()), followed.y.Y)
	if r != nil {
		if made.Report, err = r.carried(); err != nil {
			return nil, err
		}
	}
	var file bytes.Buffer
	id, err := bundle.Write(&file, made)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return nil, err
	}
	return &built{b, id, file.Bytes()}, nil
}

// encoded is all leads as of their creation, and their landmarks, by an encoder
// fitted on some leads.
type encoded struct {
	encoder *features.Encoder
	x       *matrix.Matrix
}

// encode fits an encoder on what was known of some rows by a cut, and gives all
// of them by it.
func (t *trainer) encode(ctx context.Context, rows []int, until cut) (e encoded, err error) {
	if e.encoder, err = t.encoder(ctx, rows, until); err != nil {
		return e, err
	}
	e.x, _, err = e.encoder.Encode(t.moments())
	return e, err
}

// stack fits every candidate that the blend gives a weight, and blends them.
// Where the fold has rows to test, they tell boosting when to stop. What is
// drawn is drawn of the linear model, whatever its weight.
func (t *trainer) stack(ctx context.Context, all *matrix.Matrix, f *fold, v *validation) (stack *survival.Stack, drawn []models.Additive, err error) {
	x, y := all.Gather(f.fit.index()), f.fit.y
	base, err := t.baseline(ctx, x, y)
	if err != nil {
		return nil, nil, err
	}
	var components []models.Additive
	weights := make([][]float64, len(v.blend.Weight))
	for j, c := range v.names {
		t.step("fitting " + c.name)
		spreads := c.spreads && t.draws > 0
		if v.unused(j) && !spreads {
			continue
		}
		m, err := t.component(ctx, c, all, f, &v.tuned[j])
		if err != nil {
			return nil, nil, err
		}
		if spreads {
			drawn = spreadOf(m)
		}
		if v.unused(j) {
			continue
		}
		components = append(components, m)
		for c := range weights {
			weights[c] = append(weights[c], v.blend.Weight[c][j])
		}
	}
	blend := survival.Blend{Offset: v.blend.Offset, Weight: weights}
	if stack, err = survival.NewStack(base, blend, components...); err != nil || len(components) == 0 {
		return stack, drawn, err
	}
	if blend.Offset, err = t.level(stack, x, y, v.blend.Offset); err != nil {
		return nil, nil, err
	}
	stack, err = survival.NewStack(base, blend, components...)
	return stack, drawn, err
}

// component fits a candidate as it was tuned, or tunes it by the rows that the
// fold tests.
func (t *trainer) component(ctx context.Context, c candidate, all *matrix.Matrix, f *fold, tuned **tuning) (models.Additive, error) {
	if len(f.test.rows) == 0 {
		y := f.fit.y
		y.Groups = t.groupsOf(f.fit.rows)
		m, _, err := t.fit(ctx, c, all.Gather(f.fit.index()), y, *tuned)
		return m, err
	}
	index, y := f.together()
	y.Groups = t.groupsOf(concat(f.fit.rows, f.test.rows))
	m, chosen, err := t.fit(ctx, c, all.Gather(index), y, nil)
	if err != nil {
		return nil, err
	}
	*tuned = settle([]*tuning{chosen}, []float64{1})
	return m, nil
}

// level moves the offsets of each cause so that, but for what validation
// found, the events forecast for the rows that were fitted are those that
// happened or, without times, those that the components forecast: a blend of
// logarithms lies below the mean of what it blends.
func (t *trainer) level(stack *survival.Stack, x *matrix.Matrix, y models.Target, offset []float64) ([]float64, error) {
	few := spread(everyRow[int32](x.Rows), mostLevelled)
	x, y = x.Gather(few), gather(y, few)
	margins := make([]float64, x.Rows*stack.Outputs())
	if err := stack.Margins(margins, x); err != nil {
		return nil, err
	}
	out, n := stack.Outputs(), t.intervals()
	for i := range margins {
		margins[i] -= offset[i%out]
	}
	rows := survival.Flat(y.Y, nil)
	if t.timed {
		var err error
		if rows, err = survival.Expand(t.cuts, y, 0, 0); err != nil {
			return nil, err
		}
	}
	moved := append([]float64(nil), offset...)
	for c := range out / n {
		events := 0.0
		for _, cause := range rows.Cause {
			if cause == uint8(c+1) {
				events++
			}
		}
		if !t.timed {
			var err error
			if events, err = meant(stack, x); err != nil {
				return nil, err
			}
		}
		shift := t.shift(rows, margins, out, c*n, events)
		for k := range n {
			moved[c*n+k] += shift
		}
	}
	return moved, nil
}

// meant is how many of the rows the components expect to be won, by their
// weights. It stands in for those that were won: the tables of categories hold
// the outcomes of the very rows, so their forecasts are off in a way that
// comparing them with the outcomes would carry over to other leads.
func meant(stack *survival.Stack, x *matrix.Matrix) (float64, error) {
	base := stack.BaseRates.BaseMargins()[0]
	sum, rest, weights := 0.0, 1.0, 0.0
	p := make([]float64, x.Rows)
	for j, c := range stack.Components() {
		if err := c.Margins(p, x); err != nil {
			return 0, err
		}
		w := stack.Blend().Weight[0][j]
		for _, m := range p {
			sum += float64(w * portable.Sigmoid(m))
		}
		rest, weights = rest-w, weights+w
	}
	if rest = max(rest, 0); rest > 0 {
		sum += float64(rest * float64(x.Rows) * portable.Sigmoid(base))
	}
	return sum / (weights + rest), nil
}

// shift is what the margins of a cause lack to forecast so many events.
func (t *trainer) shift(rows *survival.Rows, margins []float64, out, from int, events float64) float64 {
	shift := 0.0
	for range 20 {
		expected, slope := 0.0, 0.0
		for i, subject := range rows.Subject {
			m := margins[int(subject)*out+from+int(rows.Interval[i])] + shift
			p := portable.Sigmoid(m)
			s := p * (1 - p)
			if t.timed {
				p = rows.Exposure[i] * portable.Exp(m)
				s = p
			}
			expected += p
			slope += s
		}
		if events == 0 || !(slope > 0) {
			return 0
		}
		step := (events - expected) / slope
		if shift += step; math.Abs(step) < 1e-9 {
			break
		}
	}
	return min(max(shift, -1), 1)
}

// mostLevelled is the number of leads that the level is matched on.
const mostLevelled = 40000

// gather is the target of some rows.
func gather(y models.Target, rows []int32) models.Target {
	g := models.Target{}
	for _, r := range rows {
		if y.Y != nil {
			g.Y = append(g.Y, y.Y[r])
		}
		if y.Exit != nil {
			g.Entry, g.Exit, g.Cause = append(g.Entry, y.Entry[r]), append(g.Exit, y.Exit[r]), append(g.Cause, y.Cause[r])
		}
		if y.Keys != nil {
			g.Keys = append(g.Keys, y.Keys[r])
		}
		if y.Valid != nil {
			g.Valid = append(g.Valid, y.Valid[r])
		}
		if y.Groups != nil {
			g.Groups = append(g.Groups, y.Groups[r])
		}
	}
	return g
}

func (t *trainer) baseline(ctx context.Context, x *matrix.Matrix, y models.Target) (*survival.BaseRates, error) {
	l := survival.Baseline{}
	if t.timed {
		l = survival.Baseline{Cuts: t.cuts, Causes: causes}
	}
	m, err := l.Fit(ctx, x, y)
	if err != nil {
		return nil, err
	}
	return m.(*survival.BaseRates), nil
}

// grades are the cut-offs that put about a seventh of the leads at creation
// into A, a quarter into B and a third into C.
func (t *trainer) grades(model *survival.Stack, x *matrix.Matrix) (cuts [3]float64, err error) {
	p := make([]float64, x.Rows)
	values := make([]float64, x.Rows*model.Outputs())
	if err := model.Predict(values, x); err != nil {
		return cuts, err
	}
	var at [causes]float64
	for i := range p {
		p[i] = values[i]
		if t.timed {
			model.Curve(values[i*model.Outputs():][:model.Outputs()], 0).At(at[:], float64(t.plan.MainHorizon))
			p[i] = at[0]
		}
	}
	slices.Sort(p)
	for i, share := range [3]float64{0.85, 0.6, 0.3} {
		cuts[i] = threeDigits(p[int(share*float64(len(p)))])
	}
	return cuts, nil
}

// center are the mean margins of some leads.
func center(model *survival.Stack, x *matrix.Matrix) ([]float64, error) {
	out := model.Outputs()
	margins, mean := make([]float64, x.Rows*out), make([]float64, out)
	if err := model.Margins(margins, x); err != nil {
		return nil, err
	}
	for i, m := range margins {
		if !math.IsInf(m, 0) {
			mean[i%out] += m / float64(x.Rows)
		}
	}
	return mean, nil
}

// mostGraded is the number of leads that the cut-offs of the grades and the
// typical lead are read off.
const mostGraded = 4000

// spread takes at most n rows, evenly spread over all of them.
func spread(rows []int32, n int) []int32 {
	if len(rows) <= n {
		return rows
	}
	few := make([]int32, n)
	for i := range few {
		few[i] = rows[i*len(rows)/n]
	}
	return few
}

// manifest describes a bundle fitted on the subjects.
func (t *trainer) manifest(w *subjects, v *validation, j *bundle.Judgement) (bundle.Manifest, error) {
	m := bundle.Manifest{
		Recipe: v.recipe(), Timed: t.timed, Losses: t.losses && t.timed, Horizons: t.plan.Horizons, MainHorizon: t.plan.MainHorizon,
		Leads: distinct(w.rows), Wins: w.wins(), Seed: t.plan.Seed, Schema: t.schema, Contract: t.plan.Contract, Junk: t.plan.Junk, Tables: t.plan.Tables, Histories: t.histories,
		Judged: j, Withheld: t.withheld, Data: t.prints(w.once()), Promise: t.promised(v),
	}
	found := t.searched
	if found != nil && found.Default && j == nil {
		found = nil // of no consequence: only the report tells of it
	}
	var err error
	if m.Plan, err = t.asked.carried(found); err != nil {
		return m, err
	}
	m.Schema.Roles = t.plan.Roles
	for _, c := range w.once().y.Cause {
		if c == uint8(datasets.Lost) {
			m.LostLeads++
		}
	}
	if t.dated {
		m.AsOf = datasets.FormatTime(w.until)
	}
	m.MeanAmount = t.meanAmount(w)
	return m, nil
}

func distinct[T cmp.Ordered](rows []T) int {
	return len(slices.Compact(slices.Sorted(slices.Values(rows))))
}

// meanAmount is the mean amount of the won leads, 0 where unknown.
func (t *trainer) meanAmount(w *subjects) float64 {
	c := t.leads.Column(t.plan.Roles.Amount)
	if c == nil || c.Nums == nil {
		return 0
	}
	w = w.once()
	sum, n := 0.0, 0
	for i, r := range w.rows {
		if w.won(i) && !math.IsNaN(c.Nums[r]) {
			sum += c.Nums[r]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return threeDigits(sum / float64(n))
}
