package bundle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Score is the forecast of one lead. A nil pointer means that the number is
// not available; Warnings then says why.
type Score struct {
	ID            string   // the lead's own id, "" where the bundle knows no id column
	Win           *float64 // probability of being won within the main horizon
	WinLow        *float64 // 95 % interval of Win, set by Intervals only
	WinHigh       *float64
	Lost          *float64     // probability of being lost within it
	Open          *float64     // probability of being still open at it
	WinBy         []*float64   // probability of being won, one a horizon of Manifest.Horizons
	Cycle         [3]*float64  // days from creation to won (10 %, 50 %, 90 %), given won within support and the days already open
	ExpectedValue *float64     // Win × amount
	Grade         string       // A, B, C or D by the bundle's absolute cut-offs
	Reasons       []Reason     // strongest first
	Base          *float64     // the main probability that reasons count from: of the typical lead of equal age; nil without reasons
	BaseDays      *float64     // the median cycle length that effects in days count from; nil unless every reason was asked for
	Warnings      []string     // in plain words, without personal values
	Curve         models.Curve // the whole forecast, its clock starting at the lead's age; empty without times, and of junk
	Old           bool         // the lead has been open for longer than any that training saw
	Err           error        // why this lead could not be scored; everything else is then empty
}

// Reason is the part of one column in the distance of a score from the mean.
type Reason struct {
	Column string   // as the user's table names it
	Effect float64  // in probability at the main horizon
	Days   *float64 // in days of the median cycle length; nil where there is none
	Like   int      // leads of the training data with a value like this that were followed to the main horizon; 0: not counted
	Won    int      // of these, won within it
}

// Read types raw leads by the bundle's schema. The as-of of a lead is that of
// an as_of column where there is one, else asOf. Whatever was odd about a lead
// is a note with its row; what concerns the whole table is a note with row −1.
func (b *Bundle) Read(raw *datasets.Table, asOf int64) (features.Snapshot, error) {
	moments := raw.Column(asOfColumn)
	if moments != nil && b.Manifest.Schema.Field(asOfColumn) == nil {
		raw = raw.Drop(asOfColumn)
	} else {
		moments = nil
	}
	leads, notes := b.reader.Apply(raw)
	s := features.Snapshot{Leads: leads, AsOf: make([]int64, raw.Rows), Notes: slices.DeleteFunc(notes, b.beside)}
	var err error
	if s.Junk, _, err = datasets.Junk(raw, b.Manifest.Junk); err != nil {
		return s, err
	}
	for i := range s.AsOf {
		s.AsOf[i] = asOf
	}
	if moments == nil {
		return s, nil
	}
	for i := range s.AsOf {
		t, ok := moment(moments, i)
		if ok {
			s.AsOf[i] = t
		} else if !moments.Missing(i) {
			s.AsOf[i] = datasets.NoTime
			s.Notes = append(s.Notes, datasets.Note{Column: asOfColumn, Row: i, Message: "is not a date"})
		}
	}
	return s, nil
}

// beside reports whether a note is about a column that no forecast looks at:
// the outcome, or one that was left out of training.
func (b *Bundle) beside(n datasets.Note) bool {
	return b.Manifest.Schema.Field(n.Column) != nil && !b.looksAt[n.Column]
}

// asOfColumn is the column that gives each lead an as-of of its own.
const asOfColumn = "as_of"

func moment(c *datasets.Column, i int) (int64, bool) {
	if c.Times != nil {
		return c.Times[i], c.Times[i] != datasets.NoTime
	}
	if c.Nums != nil {
		return 0, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, c.Texts.At(i)); err == nil {
			return datasets.Micros(t), true
		}
	}
	return 0, false
}

// block is the number of leads that are scored at a time.
const block = 512

// Score forecasts every lead of the snapshot, in order, with up to reasons
// reasons each, or Every. A lead that cannot be scored has its own Err.
func (b *Bundle) Score(ctx context.Context, s features.Snapshot, reasons int) ([]Score, error) {
	f, err := b.forecast(s)
	if err != nil {
		return nil, err
	}
	scores := make([]Score, s.Leads.Rows)
	blocks := (len(scores) + block - 1) / block
	work := func(k int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return f.score(scores, k*block, min((k+1)*block, len(scores)), reasons)
	}
	if blocks == 1 {
		return scores, work(0)
	}
	var next atomic.Int64
	workers := make([]error, min(blocks, runtime.GOMAXPROCS(0)))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < blocks && workers[w] == nil; k = int(next.Add(1)) - 1 {
				workers[w] = work(k)
			}
		})
	}
	wg.Wait()
	return scores, errors.Join(workers...)
}

// forecast is a snapshot on its way to scores.
type forecast struct {
	*Bundle
	snapshot features.Snapshot
	x        *matrix.Matrix
	age      []float64 // days from creation to as-of; nil without times
	old      []bool
	warnings [][]string
	errs     []error
	amount   *datasets.Column
	id       *datasets.Column
}

// forecast encodes the snapshot. Fields are those of creation, so leads are
// encoded as of their creation; what happened since is their age.
func (b *Bundle) forecast(s features.Snapshot) (*forecast, error) {
	n := s.Leads.Rows
	f := &forecast{Bundle: b, snapshot: s, warnings: make([][]string, n), errs: make([]error, n)}
	roles := b.Manifest.Schema.Roles
	f.amount, f.id = s.Leads.Column(roles.Amount), s.Leads.Column(roles.ID)
	var created []int64
	if c := s.Leads.Column(roles.Created); c != nil {
		created = c.Times
	}
	x, notes, err := b.encoder.Encode(b.atCreation(s, created))
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	f.x = x
	for _, list := range [][]datasets.Note{s.Notes, notes} {
		for _, note := range list {
			if note.Row >= 0 {
				f.warn(note.Row, note.Column, note.Message)
			}
		}
	}
	if b.Manifest.Timed {
		f.ages(created)
	}
	return f, nil
}

// atCreation is what was known of the leads when they were created; one
// without creation time is taken as created at its as-of.
func (b *Bundle) atCreation(s features.Snapshot, created []int64) features.Snapshot {
	known := features.Snapshot{Leads: s.Leads, Events: s.Events, AsOf: created}
	if !b.Manifest.Timed || !slices.Contains(created, datasets.NoTime) {
		return known
	}
	known.AsOf = slices.Clone(created)
	for i, t := range created {
		if t == datasets.NoTime {
			known.AsOf[i] = s.AsOf[i]
		}
	}
	known.Leads = &datasets.Table{Rows: s.Leads.Rows, Columns: slices.Clone(s.Leads.Columns), Place: s.Leads.Place}
	for j, c := range known.Leads.Columns {
		if c.Name == b.Manifest.Schema.Roles.Created {
			known.Leads.Columns[j] = &datasets.Column{Name: c.Name, Kind: c.Kind, Times: known.AsOf}
		}
	}
	return known
}

func (f *forecast) warn(row int, column, message string) {
	if column != "" {
		message = column + ": " + message
	}
	f.warnings[row] = append(f.warnings[row], message)
}

// ages finds how long each lead has been open.
func (f *forecast) ages(created []int64) {
	f.age, f.old = make([]float64, f.x.Rows), make([]bool, f.x.Rows)
	role := f.Manifest.Schema.Roles.Created
	for i := range f.age {
		asOf := f.snapshot.AsOf[i]
		switch {
		case role == "": // a table of durations: leads are scored at creation
		case asOf == datasets.NoTime:
			f.errs[i] = errors.New("as_of: is not a date")
		case created == nil || created[i] == datasets.NoTime:
			f.warn(i, role, "is missing: taken as created at as_of")
		case created[i] > asOf:
			f.errs[i] = fmt.Errorf("%s: the lead was created after as_of", role)
		default:
			f.age[i] = datasets.Days(created[i], asOf)
			if f.old[i] = f.age[i] > f.reach.Seen; f.old[i] {
				f.warn(i, role, fmt.Sprintf("open for longer than the %.0f days that training saw: was --as-of forgotten?", f.reach.Seen))
			}
		}
	}
}

// score fills scores[from:to].
func (f *forecast) score(scores []Score, from, to, reasons int) error {
	x, outputs := f.x, f.model.Outputs()
	if to-from < x.Rows {
		rows := make([]int32, to-from)
		for i := range rows {
			rows[i] = int32(from + i)
		}
		x = x.Gather(rows)
	}
	margins := make([]float64, x.Rows*outputs)
	if err := f.model.Margins(margins, x); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	for i := range x.Rows {
		row := from + i
		s := &scores[row]
		s.Warnings = f.warnings[row]
		if f.id != nil {
			s.ID = cell(f.id, row)
		}
		if f.snapshot.Junk != nil && f.snapshot.Junk[row] != "" {
			s.WinBy = make([]*float64, len(f.Manifest.Horizons))
			s.Warnings = []string{"junk by the filter on " + f.snapshot.Junk[row] + ": not forecast"}
			continue
		}
		if s.Err = f.errs[row]; s.Err != nil {
			continue
		}
		m := margins[i*outputs:][:outputs]
		if f.Manifest.Timed {
			s.Old = f.old[row]
			f.curve(s, row, m)
		} else {
			s.Win = number(portable.Sigmoid(m[0]))
		}
		f.value(s, row)
		if reasons != 0 && s.Win != nil {
			if err := f.explain(s, row, m, reasons); err != nil {
				return fmt.Errorf("bundle: %w", err)
			}
		}
	}
	return nil
}

func (f *forecast) ageOf(row int) float64 {
	if f.age == nil {
		return 0
	}
	return f.age[row]
}

// curve reads everything that has to do with time off the lead's curve.
func (f *forecast) curve(s *Score, row int, margins []float64) {
	m, age := &f.Manifest, f.age[row]
	c := f.rates.Curve(ratesOf(margins), age)
	s.Curve = c
	var at [causes]float64
	longest := f.reach.Longest(age)
	s.WinBy = make([]*float64, len(m.Horizons))
	for i, h := range m.Horizons {
		if float64(h) > longest {
			s.Warnings = append(s.Warnings, fmt.Sprintf("p_win_%dd: at this age the data support at most %.0f days ahead%s", h, longest, f.later(h, age)))
			continue
		}
		open := c.At(at[:], float64(h))
		s.WinBy[i] = number(at[0])
		if h == m.MainHorizon {
			s.Win = number(at[0])
			s.Open = number(open)
			if m.Losses {
				s.Lost = number(at[1])
			}
		}
	}
	if winsWithin(f.support, age, age+longest) < leastCycleWins {
		return
	}
	for i, p := range [...]float64{0.1, 0.5, 0.9} {
		if t, ok := c.Quantile(0, p, longest); ok {
			s.Cycle[i] = number(age + t)
		}
	}
}

// later says when a model may give a horizon that this one cannot, for a lead
// of some age: where new leads lack it, too, the day that training expects,
// else no earlier than leads have been followed for what is lacking. Nothing is
// said of a lead that is older than all.
func (b *Bundle) later(days int, age float64) string {
	for _, w := range b.Manifest.Waiting {
		if w.Days == days && w.From != "" {
			return "; a model trained about " + w.From + " can be expected to reach further"
		}
	}
	if b.until == datasets.NoTime || float64(days) > b.reach.Ahead || age > b.reach.Seen {
		return ""
	}
	lacking := float64(days) + min(age, b.reach.Tail) - b.reach.Oldest // all leads in the tail share one rate
	from := b.until + int64(math.Ceil(lacking))*int64(datasets.MicrosPerDay)
	return "; a model trained from " + datasets.FormatTime(from)[:len(time.DateOnly)] + " on may reach further"
}

// leastCycleWins is the number of wins below which a cycle length is not given.
const leastCycleWins = 10

// value gives grade and expected value.
func (f *forecast) value(s *Score, row int) {
	m := &f.Manifest
	if s.Win == nil {
		return
	}
	s.Grade = "D"
	for i, least := range m.Grades {
		if *s.Win >= least {
			s.Grade = string(rune('A' + i))
			break
		}
	}
	if m.Schema.Roles.Amount == "" {
		return
	}
	amount := math.NaN()
	if f.amount != nil && f.amount.Nums != nil {
		amount = f.amount.Nums[row]
	}
	if math.IsNaN(amount) {
		if amount = m.MeanAmount; !(amount > 0) {
			return
		}
		s.Warnings = append(s.Warnings, m.Schema.Roles.Amount+": is missing: expected value uses the mean of won leads")
	}
	s.ExpectedValue = number(*s.Win * amount)
}

func number(v float64) *float64 { return &v }

// cell writes a value as text: ids may have been read as numbers.
func cell(c *datasets.Column, i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Nums != nil:
		return strconv.FormatFloat(c.Nums[i], 'f', -1, 64)
	case c.Times != nil:
		return datasets.FormatTime(c.Times[i])
	}
	return strings.Clone(c.Texts.At(i))
}

// BaseCurve is the forecast of the average lead that has been open for age
// days, what evaluations compare forecasts with; for a table without times see
// BaseWin.
func (b *Bundle) BaseCurve(age float64) models.Curve {
	return b.rates.Curve(ratesOf(b.model.BaseRates.BaseMargins()), age)
}

// BaseWin is the share of won leads that a table without times was trained on.
func (b *Bundle) BaseWin() float64 { return portable.Sigmoid(b.model.BaseRates.BaseMargins()[0]) }
