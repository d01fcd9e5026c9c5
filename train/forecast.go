package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

// Outlook is what leads that are open now are expected to bring, by calendar
// period. Leads that are yet to come are not in it.
type Outlook struct {
	Bundle  string   `json:"bundle"`
	AsOf    string   `json:"as_of"`
	Leads   int      `json:"leads"`  // open leads that were forecast
	Refits  int      `json:"refits"` // bundles behind the intervals; 0: these hold only what would vary if the forecasts were exactly right
	Periods []Period `json:"periods"`
	Total   Period   `json:"total"`
	Notes   []string `json:"notes"`
}

// Period is the half-open span of days [From, To).
type Period struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Leads   int    `json:"leads"` // for which the data support a forecast up to To
	Wins    Range  `json:"wins"`
	Revenue *Range `json:"revenue"` // nil without an amount role
}

// Range is an expectation with its central 80 % and 95 % prediction intervals.
type Range struct {
	Expected float64 `json:"expected"`
	Low80    float64 `json:"low_80"`
	High80   float64 `json:"high_80"`
	Low95    float64 `json:"low_95"`
	High95   float64 `json:"high_95"`
}

// Forecast adds up what the open leads of a snapshot will bring from asOf on,
// by "week", "month" or "quarter", as far ahead as the bundle's longest
// horizon. others are refits of the bundle (see Refits) that its own
// uncertainty is read off; nil leaves it out. The number of wins of
// independent leads is Poisson-binomial; it is drawn, with the revenue.
func Forecast(ctx context.Context, b *bundle.Bundle, s features.Snapshot, asOf int64, by string, others []*bundle.Bundle) (*Outlook, error) {
	if !b.Manifest.Timed {
		return nil, &datasets.Error{Message: "the model was trained without times, so it cannot say when leads are won"}
	}
	ends, err := periodEnds(asOf, by, b.Manifest.Horizons[len(b.Manifest.Horizons)-1])
	if err != nil {
		return nil, err
	}
	o := &Outlook{Bundle: b.ID(), AsOf: day(asOf), Refits: len(others), Notes: []string{}}
	own, err := expect(ctx, b, s, asOf, ends)
	if err != nil {
		return nil, err
	}
	o.Leads = own.leads
	if own.left > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("leads that cannot be forecast (junk, created later, unreadable): %d", own.left))
	}
	if own.meant > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("leads without an amount, for which the mean of won leads counts: %d", own.meant))
	}
	if n := own.supported[len(ends)-1]; n < own.leads {
		o.Notes = append(o.Notes, fmt.Sprintf("leads open for so long that the data do not reach to the last period: %d; what they may bring beyond is not in the sums", own.leads-n))
	}
	drawn := newDrawn(len(ends))
	if len(others) == 0 {
		o.Notes = append(o.Notes, "the intervals leave out how unsure the model itself is: give the leads that it was trained on with --history")
		drawn.from(own, b.Manifest.Seed, 0, atLeast)
	}
	for r, other := range others {
		w, err := expect(ctx, other, s, asOf, ends)
		if err != nil {
			return nil, err
		}
		drawn.from(w, b.Manifest.Seed, uint64(r), (atLeast+len(others)-1)/len(others))
	}
	begin := asOf
	for j, end := range ends {
		p := Period{From: day(begin), To: day(end), Leads: own.supported[j], Wins: rangeOf(own.wins[j], drawn.wins[j])}
		if own.revenue != nil {
			r := rangeOf(own.revenue[j], drawn.revenue[j])
			p.Revenue = &r
		}
		o.Periods = append(o.Periods, p)
		begin = end
	}
	o.Total = o.total(own, drawn)
	return o, nil
}

// total adds the periods up, draw by draw.
func (o *Outlook) total(own *expectation, drawn *drawn) Period {
	n := len(o.Periods)
	t := Period{From: o.Periods[0].From, To: o.Periods[n-1].To, Leads: o.Periods[n-1].Leads, Wins: rangeOf(sum(own.wins), rowSums(drawn.wins))}
	if own.revenue != nil {
		r := rangeOf(sum(own.revenue), rowSums(drawn.revenue))
		t.Revenue = &r
	}
	return t
}

// atLeast is the number of draws behind an interval, at least.
const atLeast = 2000

// periodEnds are the ends of the calendar periods from asOf until days later;
// the first and the last may be parts of one.
func periodEnds(asOf int64, by string, days int) ([]int64, error) {
	last := asOf + int64(days)*datasets.MicrosPerDay
	at := time.UnixMicro(asOf).UTC()
	next := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	var step func(time.Time) time.Time
	switch by {
	case "week":
		next = next.AddDate(0, 0, 7-(int(at.Weekday())+6)%7)
		step = func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	case "month":
		next = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		step = func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
	case "quarter":
		next = time.Date(at.Year(), (at.Month()-1)/3*3+4, 1, 0, 0, 0, 0, time.UTC)
		step = func(t time.Time) time.Time { return t.AddDate(0, 3, 0) }
	default:
		return nil, fmt.Errorf("train: periods are a week, a month or a quarter, not %q", by)
	}
	var ends []int64
	for ; datasets.Micros(next) < last; next = step(next) {
		ends = append(ends, datasets.Micros(next))
	}
	return append(ends, last), nil
}

// expectation is what a bundle expects of some leads, period by period.
type expectation struct {
	leads, left, meant int         // forecast; not forecast; without an amount of their own
	chance             [][]float64 // a row a lead: of being won in each period, 0 where not supported
	amount             []float64   // one a lead; nil without an amount role
	supported          []int       // leads
	wins, revenue      []float64   // their sums
}

func expect(ctx context.Context, b *bundle.Bundle, s features.Snapshot, asOf int64, ends []int64) (*expectation, error) {
	scores, err := b.Score(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	e := &expectation{supported: make([]int, len(ends)), wins: make([]float64, len(ends))}
	if b.Manifest.Schema.Roles.Amount != "" {
		e.revenue = make([]float64, len(ends))
	}
	amounts := s.Leads.Column(b.Manifest.Schema.Roles.Amount)
	var at [causes]float64
	for i, score := range scores {
		if score.Err != nil || score.Curve.Rates == nil {
			e.left++
			continue
		}
		e.leads++
		amount := b.Manifest.MeanAmount
		if amounts != nil && amounts.Nums != nil && !math.IsNaN(amounts.Nums[i]) {
			amount = amounts.Nums[i]
		} else if e.revenue != nil {
			e.meant++
		}
		chance, before := make([]float64, len(ends)), 0.0
		longest := b.Reach().Longest(score.Curve.From)
		for j, end := range ends {
			ahead := datasets.Days(asOf, end)
			if ahead > longest+1e-9 {
				break
			}
			score.Curve.At(at[:], ahead)
			chance[j], before = max(at[0]-before, 0), at[0]
			e.supported[j]++
			e.wins[j] += chance[j]
			if e.revenue != nil {
				e.revenue[j] += chance[j] * amount
			}
		}
		e.chance, e.amount = append(e.chance, chance), append(e.amount, amount)
	}
	if e.leads == 0 {
		return nil, &datasets.Error{Message: "no open lead is left to forecast"}
	}
	return e, nil
}

// drawn are draws of what will be won, a row a period.
type drawn struct{ wins, revenue [][]float64 }

func newDrawn(periods int) *drawn {
	return &drawn{make([][]float64, periods), make([][]float64, periods)}
}

// from adds n draws of what the leads of an expectation bring.
func (d *drawn) from(e *expectation, seed, stream uint64, n int) {
	r := rand.New(rand.NewPCG(seed, 7919+stream))
	for range n {
		wins, revenue := make([]float64, len(e.wins)), make([]float64, len(e.wins))
		e.draw(r, wins, revenue)
		for j := range wins {
			d.wins[j] = append(d.wins[j], wins[j])
			d.revenue[j] = append(d.revenue[j], revenue[j])
		}
	}
}

// draw draws for each lead in which period it is won, if in any.
func (e *expectation) draw(r *rand.Rand, wins, revenue []float64) {
	for i, chance := range e.chance {
		u := r.Float64()
		for j, p := range chance {
			if u -= p; u < 0 {
				wins[j]++
				revenue[j] += e.amount[i]
				break
			}
		}
	}
}

// rangeOf reads the intervals off draws, moved so that their mean is what the
// bundle itself expects.
func rangeOf(expected float64, drawn []float64) Range {
	x := slices.Clone(drawn)
	scale := 1.0
	if m := mean(x); m > 0 {
		scale = expected / m
	}
	slices.Sort(x)
	at := func(p float64) float64 { return scale * x[min(int(p*float64(len(x))), len(x)-1)] }
	return Range{Expected: expected, Low80: at(0.1), High80: at(0.9), Low95: at(0.025), High95: at(0.975)}
}

func sum(x []float64) float64 { return mean(x) * math.Max(1, float64(len(x))) }

// rowSums adds the rows up.
func rowSums(rows [][]float64) []float64 {
	s := make([]float64, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			s[i] += v
		}
	}
	return s
}
