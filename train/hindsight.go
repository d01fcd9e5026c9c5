package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric"
)

// evidence is the forecasts of one origin, or of several, with what came.
type evidence struct {
	count      int
	horizons   []*sample
	open, seen []bool // of the forecasts at the main horizon: open at the origin; of an account that the model had seen
	mine, base []float64
	lives      []int // group of each of these
	desk       desk
}

func (e *evidence) add(o *evidence) {
	if e.horizons == nil {
		for range o.horizons {
			e.horizons = append(e.horizons, &sample{})
		}
	}
	for k, s := range o.horizons {
		e.horizons[k].add(s)
	}
	e.count += o.count
	e.open, e.seen = append(e.open, o.open...), append(e.seen, o.seen...)
	e.mine, e.base, e.lives = append(e.mine, o.mine...), append(e.base, o.base...), append(e.lives, o.lives...)
	e.desk.add(&o.desk)
}

// forecasts sums the evidence up.
func (e *evidence) forecasts(horizons []int) Forecasts {
	f := Forecasts{Count: e.count, Capacity: e.desk.capacity(), Horizons: []Figures{}}
	for k, days := range horizons {
		f.Horizons = append(f.Horizons, e.horizons[k].figures(days))
	}
	if len(e.mine) > 0 {
		d := metric.MeanDifference(e.mine, e.base, nil, e.lives, draws, 1, 0.95)
		f.LogLik = &d
	}
	return f
}

// compare puts the forecasts of all origins beside what came.
func (r *replaying) compare(ctx context.Context, origins []int64, trained map[one]model) (*Backtest, error) {
	b := &Backtest{From: day(origins[0]), To: day(r.today.out.End), MainHorizon: r.plan.MainHorizon, Training: r.training(), Resampled: "leads", Money: r.plan.Roles.Amount, Optimism: []Judged{}}
	if r.accounts != nil {
		b.Resampled = "accounts"
	}
	var all, promised evidence
	for i, at := range origins {
		r.progress("comparing the forecasts of "+day(at), i, len(origins))
		o, e, err := r.origin(ctx, at, trained)
		if err != nil {
			return nil, err
		}
		if b.Origins = append(b.Origins, o); e != nil {
			all.add(e)
		}
		if at == r.promising(origins) && e != nil {
			promised = *e
		}
	}
	if all.count == 0 {
		return nil, &datasets.Error{Message: "no origin could be replayed; of " + b.Origins[len(b.Origins)-1].Date + ": " + b.Origins[len(b.Origins)-1].Withheld}
	}
	main := slices.Index(r.plan.Horizons, r.plan.MainHorizon)
	b.Pooled.Forecasts = all.forecasts(r.plan.Horizons)
	b.Pooled.Open, b.Pooled.New = all.horizons[main].only(all.open).figures(r.plan.MainHorizon), all.horizons[main].only(inverse(all.open)).figures(r.plan.MainHorizon)
	if r.accounts != nil {
		fresh := all.horizons[main].only(inverse(all.seen))
		share := 1 - float64(len(fresh.y))/max(1, float64(len(all.seen)))
		if b.Pooled.SeenAccounts = &share; len(fresh.y) > 0 {
			figures := fresh.figures(r.plan.MainHorizon)
			b.Pooled.NewAccounts = &figures
		}
	}
	if err := r.optimism(b, &promised, r.promising(origins), trained); err != nil {
		return nil, err
	}
	b.Notes = r.told(b)
	b.Verdict = b.verdict()
	return b, nil
}

func inverse(list []bool) []bool {
	not := make([]bool, len(list))
	for i, v := range list {
		not[i] = !v
	}
	return not
}

// origin compares the forecasts of one origin.
func (r *replaying) origin(ctx context.Context, at int64, trained map[one]model) (Origin, *evidence, error) {
	o := Origin{Date: day(at)}
	m := trained[one{at, forecasting}]
	if m.Bundle == nil {
		o.Withheld = m.why
		return o, nil, nil
	}
	o.Bundle, o.Recipe, o.Leads, o.Wins = m.ID(), m.Manifest.Recipe, m.Manifest.Leads, m.Manifest.Wins
	l, err := readLater(m.Bundle, r.raw, r.plan.Events, r.today.out.End)
	if err != nil {
		return o, nil, err
	}
	until := at + int64(r.plan.MainHorizon)*int64(datasets.MicrosPerDay)
	l.rows = slices.DeleteFunc(l.rows, func(row int) bool { return l.out.Created[row] >= until })
	f, err := follow(ctx, m.Bundle, l.moment(), l.out, l.rows, at)
	var data *datasets.Error
	if errors.As(err, &data) {
		o.Withheld = fmt.Sprintf("no lead was open on %s, and none was created in the %d days after", o.Date, r.plan.MainHorizon)
		return o, nil, nil
	}
	if err != nil {
		return o, nil, err
	}
	for _, row := range f.rows {
		if f.out.Created[row] < at {
			o.Open++
		} else {
			o.New++
		}
	}
	e, err := r.evidence(ctx, at, l, f, trained[one{at, openIsLost}])
	if err == nil {
		o.Forecasts = e.forecasts(r.plan.Horizons)
	}
	return o, e, err
}

// evidence puts the forecasts of an origin beside what came.
func (r *replaying) evidence(ctx context.Context, at int64, l *later, f *followed, flat model) (*evidence, error) {
	e := &evidence{count: len(f.rows)}
	id, group, seen := make([]uint64, len(f.rows)), make([]uint64, len(f.rows)), make([]bool, len(f.rows))
	known := r.seen(at)
	account := l.leads.Column(r.plan.Roles.Account)
	for i, row := range f.rows {
		place := l.out.Rows[row]
		id[i] = r.ids[place]
		group[i], seen[i] = id[i], true
		if account != nil && !account.Missing(row) {
			group[i], seen[i] = r.accounts[place], known[r.accounts[place]]
		}
	}
	for k, days := range r.plan.Horizons {
		leads, y, p, base := f.at(k)
		e.horizons = append(e.horizons, &sample{y, p, base, pick(group, leads)})
		if days == r.plan.MainHorizon {
			e.seen = pick(seen, leads)
			for _, i := range leads {
				e.open = append(e.open, f.out.Created[f.rows[i]] < at)
			}
		}
	}
	var life lives
	var curves, bases []models.Curve
	for i := range f.rows {
		if f.scores[i].Err == nil && life.add(f, i) {
			curves, bases = append(curves, f.scores[i].Curve), append(bases, f.b.BaseCurve(life.entry[len(curves)]))
			e.lives = append(e.lives, int(group[i]))
		}
	}
	if len(curves) > 0 {
		e.mine, e.base = life.scores(f.b.Cuts(), curves), life.scores(f.b.Cuts(), bases)
	}
	said, err := r.said(ctx, flat, l, f.rows)
	if err != nil {
		return nil, err
	}
	q := newQueue(f, at, amounts(l.leads.Column(r.plan.Roles.Amount), f.rows), id, group, said)
	week := r.Capacity
	if week == 0 {
		week = max(1, r.Share*float64(q.open))
	}
	e.desk = *q.desk(week)
	return e, nil
}

// said is what the model that takes open leads for lost says of some leads; nil
// where there is none.
func (r *replaying) said(ctx context.Context, flat model, l *later, rows []int) ([]float64, error) {
	if flat.Bundle == nil {
		return nil, nil
	}
	places := pick(l.out.Rows, rows)
	s, err := flat.Read(r.raw.Gather(places), datasets.NoTime)
	if err != nil {
		return nil, err
	}
	scores, err := flat.Score(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	said := make([]float64, len(scores))
	for i, s := range scores {
		if s.Win != nil {
			said[i] = *s.Win
		}
	}
	return said, nil
}

// seen are the accounts of the leads that training at an origin looked at.
func (r *replaying) seen(origin int64) map[uint64]bool {
	accounts := map[uint64]bool{}
	from, until := r.known(origin)
	for i, a := range r.accounts {
		if at := float64(r.created[i]); at >= from && at < until {
			accounts[a] = true
		}
	}
	return accounts
}

// amounts are those of some rows, 0 where they are not known.
func amounts(c *datasets.Column, rows []int) []float64 {
	list := make([]float64, len(rows))
	for i, row := range rows {
		if c != nil && c.Nums != nil && c.Nums[row] > 0 {
			list[i] = c.Nums[row]
		}
	}
	return list
}

// promising is the origin whose promises are compared with what came: the last
// one whose new leads were all followed for the main horizon, else the last.
func (r *replaying) promising(origins []int64) int64 {
	latest := r.today.out.End - 2*int64(r.plan.MainHorizon)*int64(datasets.MicrosPerDay)
	for _, at := range slices.Backward(origins) {
		if at <= latest {
			return at
		}
	}
	return origins[len(origins)-1]
}

// atRandom is a hold-out that can be compared with the new leads of an origin.
const atRandom = "a hold-out drawn at random, each lead at its creation"

// optimism is what was promised at an origin, beside what came.
func (r *replaying) optimism(b *Backtest, came *evidence, at int64, trained map[one]model) error {
	b.Promised = day(at)
	main := slices.Index(r.plan.Horizons, r.plan.MainHorizon)
	promise := func(of purpose, by string) error {
		m := trained[one{at, of}]
		if m.Bundle == nil {
			b.Notes = append(b.Notes, fmt.Sprintf("%s, %s: %s", day(at), of, m.why))
			return nil
		}
		report, err := ReportOf(m.Bundle)
		if err != nil {
			return err
		}
		for _, h := range report.Judged.Horizons {
			if h.Days == r.plan.MainHorizon {
				b.Optimism = append(b.Optimism, Judged{by, "promise", h.Leads, h.Won, h.AUC, h.OE, h.Gain})
			}
		}
		return nil
	}
	reality := func(s *sample, by string) {
		if f := s.figures(r.plan.MainHorizon); f.Withheld == "" {
			b.Optimism = append(b.Optimism, Judged{by, "reality", f.Count, f.Won, f.AUC, f.OE, f.Gain})
		} else {
			b.Notes = append(b.Notes, fmt.Sprintf("%s, %s: %s", day(at), by, f.Withheld))
		}
	}
	drawn := atRandom
	if at := r.plan.Contract.ObservedAt; at > r.today.out.Created[0] {
		drawn = "a hold-out drawn at random, from " + day(at) + " on or creation where it is later: older leads than those that came"
	}
	if err := promise(randomly, drawn); err != nil {
		return err
	}
	if came.horizons != nil {
		reality(came.horizons[main].only(inverse(came.open)), "the leads that were created then, each at its creation")
	}
	if err := promise(forecasting, "train's own hold-out, forward in time"); err != nil {
		return err
	}
	if came.horizons != nil {
		reality(came.horizons[main], "the leads that were open then or created after")
	}
	return nil
}

// training says what the models learned from.
func (r *replaying) training() string {
	words := "all leads created before the origin, with what was known of them then"
	if r.Window > 0 {
		words = fmt.Sprintf("leads created in the %d days before the origin, with what was known of them then", r.Window)
	}
	if r.Embargo > 0 {
		words += fmt.Sprintf(" less %d days of embargo", r.Embargo)
	}
	return words
}

// told are the notes that a reader should know of.
func (r *replaying) told(b *Backtest) []string {
	notes := b.Notes
	for _, n := range r.today.notes[min(r.today.reading, len(r.today.notes)):] {
		notes = append(notes, noteText(n))
	}
	for _, w := range r.today.withheld {
		notes = append(notes, fmt.Sprintf("%s: left out at every origin, as training today leaves it out: %s", w.Column, w.Reason))
	}
	return notes
}
