// Package leak finds columns that tell an outcome instead of forecasting it,
// by how they come to tell it: filled in around closing, edited after it,
// copied from the outcome. A strong column is no leak by being strong.
package leak

import (
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Mechanism is how a column comes to tell the outcome.
type Mechanism string

// The mechanisms.
const (
	FilledAtClosing Mechanism = "filled in around closing"
	EditedAfter     Mechanism = "edited after closing"
	Vanishing       Mechanism = "not there yet when the lead was created"
	Proxy           Mechanism = "follows the outcome"
	TimeCode        Mechanism = "an identifier that encodes time"
	Copy            Mechanism = "a copy of the outcome"
)

// Finding is a column that seems to tell the outcome. One is sure where
// nothing else explains what the rows show.
type Finding struct {
	Column    string
	Mechanism Mechanism
	Sure      bool
	Why       string  // a sentence with its counts, without a value of a lead that few share
	Count     int     // leads that show it
	Rows      []int   // the first of them, at most three
	AUC       float64 // of won against other closed leads by the column alone, on halves that did not set it; NaN where there are too few
	Honest    float64 // the same by what the column held when the leads were created; NaN where nobody knows
}

// Edit is one entry of a field history: at At (microseconds) the column of the
// lead in a row changed from Old to New.
type Edit struct {
	Row      int
	Column   string
	Old, New string
	At       int64
}

// Record is what Find looks at.
type Record struct {
	Leads    *datasets.Table    // typed
	Outcomes *datasets.Outcomes // entry i is about row i of Leads; its Rows are not read
	Roles    datasets.Roles
	Edits    []Edit // nil where the CRM kept no history
}

// finder is a record with what every mechanism asks.
type finder struct {
	Record
	won, closed []bool
	decided     []int // leads that can be compared by won: the closed ones where losses are recorded
	few         []int // of these, those by which the strength of a column is measured
	losses      bool
	dated       bool // creation and closing are moments
	timed       bool // there are at least durations
	age         []float64
	cohorts     [][]int // all leads by age
	bands       [][]int // those with closed and open leads
	edits       map[string][]Edit

	seen     *datasets.Column // the last one whose values were listed
	levels   *levels
	measured *datasets.Column // the last one whose strength was
	strength float64
}

// Find looks at every column that is no role of the outcome, in the order of
// the table, and gives the surest finding of each. A note says where closed
// leads cannot be compared with open ones.
func Find(r Record) ([]Finding, []datasets.Note) {
	f := newFinder(r)
	var notes []datasets.Note
	if f.timed && len(f.bands) == 0 {
		notes = append(notes, datasets.Note{Row: -1, Message: "columns written only at closing cannot be found by their fill rates: there are no open and closed leads of the same age; exclude such columns by name"})
	}
	var list []Finding
	for _, c := range r.Leads.Columns {
		if x := f.look(c); x != nil {
			list = append(list, *x)
		}
	}
	return list, notes
}

func newFinder(r Record) *finder {
	o := r.Outcomes
	n := len(o.State)
	f := &finder{Record: r, won: make([]bool, n), closed: make([]bool, n), age: make([]float64, n), edits: map[string][]Edit{}}
	f.losses = slices.Contains(o.State, datasets.Lost)
	for i, s := range o.State {
		f.won[i], f.closed[i] = s == datasets.Won, s != datasets.Open
		f.dated = f.dated || o.Created[i] != datasets.NoTime
		f.timed = f.timed || !math.IsNaN(o.Days[i])
		if f.closed[i] || !f.losses {
			f.decided = append(f.decided, i)
		}
		if f.age[i] = o.Days[i]; o.End != datasets.NoTime {
			f.age[i] = datasets.Days(o.Created[i], o.End) // closed leads included, so that cohorts of equal age are compared
		}
	}
	f.few = spread(f.decided, mostMeasured)
	if f.timed {
		f.cohorts = bandsOf(f.age)
		f.bands = commonAges(f.closed, f.cohorts)
	}
	for _, e := range r.Edits {
		f.edits[e.Column] = append(f.edits[e.Column], e)
	}
	return f
}

// look asks each mechanism about a column: the first sure one answers, else
// the first that has something to say.
func (f *finder) look(c *datasets.Column) *Finding {
	r := f.Roles
	if slices.Contains([]string{r.ID, r.Created, r.Outcome, r.Closed, r.Duration, r.Order}, c.Name) {
		return nil
	}
	ask := []func(*datasets.Column) *Finding{f.fillGap, f.edited, f.stamped, f.onlyClosed, f.counted, f.numbered, f.filledOnly, f.named, f.told, f.pure}
	switch {
	case c.Name == r.Amount: // what a deal is worth may well tell much; only a copy is too much
		ask = []func(*datasets.Column) *Finding{f.fillGap, f.edited, f.counted, f.copied}
	case slices.Contains([]string{r.Account, r.Owner, r.Campaign, r.Currency}, c.Name), features.Personal(c) != "":
		ask = ask[:2]
	}
	var best *Finding
	for _, mechanism := range ask {
		if x := mechanism(c); x != nil && (best == nil || x.Sure) {
			if best = x; x.Sure {
				break
			}
		}
	}
	if best == nil {
		return nil
	}
	best.Column = c.Name
	if best.AUC == 0 {
		best.AUC = f.alone(c)
	}
	if best.Honest == 0 {
		best.Honest = math.NaN()
	}
	return best
}

// rows gives the leads of which something holds, at most three, and their number.
func (f *finder) rows(holds func(row int) bool) (first []int, count int) {
	for i := range f.won {
		if holds(i) {
			if count++; len(first) < 3 {
				first = append(first, i)
			}
		}
	}
	return first, count
}

// found makes a finding of the leads that show it.
func (f *finder) found(m Mechanism, sure bool, why string, shows func(row int) bool) *Finding {
	x := &Finding{Mechanism: m, Sure: sure, Why: why}
	x.Rows, x.Count = f.rows(shows)
	return x
}
