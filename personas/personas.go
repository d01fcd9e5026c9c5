// Package personas finds readable segments of leads, one to three conditions
// on their fields, of which far more or far fewer are won than of the others.
// They are looked for on one half of the accounts and tested on the other, so
// that what is told was not chosen by the same leads that prove it.
package personas

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/features/leak"
)

// Input is the leads that segments are found of.
type Input struct {
	Leads    *datasets.Table    // typed
	Outcomes *datasets.Outcomes // of rows of Leads
	Roles    datasets.Roles
	Horizon  int      // days within which a win counts; not used where there are no times
	Exclude  []string // columns not to use
	Keep     []string // columns to use although they seem to tell the outcome
}

// Result is the segments that were confirmed, those of most wins first.
type Result struct {
	Leads    int       `json:"leads"`
	Horizon  int       `json:"horizon_days"` // 0 without times
	Tried    int       `json:"tried"`        // segments that were looked at on the first half
	Tested   int       `json:"tested"`       // of these, tested on the second
	Overall  Estimate  `json:"overall"`      // won, of all leads
	Typical  *Days     `json:"days,omitempty"`
	Personas []Persona `json:"personas"`
}

// Persona is a segment. All but Leads and Won is of the half that confirmed it.
type Persona struct {
	Conditions []string  `json:"conditions"`
	Leads      int       `json:"leads"` // of both halves
	Won        int       `json:"won"`
	Confirmed  int       `json:"confirmed_on"` // leads of the half that confirmed it
	Share      Estimate  `json:"share"`        // won within the horizon
	Others     Estimate  `json:"others"`       // the same of all other leads
	Times      Estimate  `json:"times"`        // how many times as often as the others
	Days       *Days     `json:"days,omitempty"`
	Value      *Estimate `json:"value,omitempty"` // mean amount of those won; nil without amounts
	P          float64   `json:"p"`               // adjusted for all that were tested (Holm)
}

// Estimate is a figure with its 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Days is how long wins took: half of those within the horizon came by Median.
type Days struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

const (
	level       = 0.05 // chance that anything is told where there is nothing
	fewestLeads = 30   // of a segment, in either half
	leastShare  = 0.01 // and of all leads
	mostTested  = 10
	deepest     = 3
	beamWidth   = 12
	worthZ      = 3.0  // on the first half, for a segment to be tested
	alike       = 0.5  // share of two segments' leads in common from which one is enough
	shareOfWord = 1.25 // a segment differs by that factor, or it is not worth a word
)

// Find looks for segments. Errors are of type *datasets.Error: too few leads.
func Find(in Input) (*Result, error) {
	s := newSample(in)
	if len(s.group) < 4*fewestLeads {
		return nil, &datasets.Error{Message: fmt.Sprintf("%d leads are too few for segments that can be confirmed", len(s.group))}
	}
	first, second := s.halves()
	all := append(slices.Clone(first), second...)
	slices.Sort(all)
	r := &Result{Leads: len(s.group), Personas: []Persona{}}
	if s.timed {
		r.Horizon = in.Horizon
	}
	whole, confirming := s.follow(all), s.follow(second)
	if whole == nil || confirming == nil {
		return nil, &datasets.Error{Message: fmt.Sprintf("too few leads were followed for %d days", in.Horizon)}
	}
	r.Overall, r.Typical = whole.estimate(s), whole.days()
	found, tried := s.search(in, first)
	r.Tried = tried
	for _, c := range found {
		if p := s.confirm(c, all, confirming); p != nil {
			r.Personas = append(r.Personas, *p)
		}
	}
	r.Tested = len(r.Personas)
	r.Personas = holm(r.Personas)
	slices.SortStableFunc(r.Personas, func(x, y Persona) int { return cmp.Compare(y.Times.Value, x.Times.Value) })
	return r, nil
}

// holm keeps the segments that hold at the level together (Holm 1979,
// Scandinavian Journal of Statistics 6:65).
func holm(list []Persona) []Persona {
	slices.SortStableFunc(list, func(x, y Persona) int { return cmp.Compare(x.P, y.P) })
	kept, highest := []Persona{}, 0.0
	for k, p := range list {
		highest = max(highest, min(1, p.P*float64(len(list)-k)))
		if p.P = highest; p.P <= level {
			kept = append(kept, p)
		}
	}
	return kept
}

// sample is the leads that count.
type sample struct {
	leads   *datasets.Table
	out     *datasets.Outcomes
	amount  *datasets.Column
	group   []uint64 // account of each, or the lead itself
	horizon float64
	timed   bool
	columns []*datasets.Column // that may make conditions
}

func newSample(in Input) *sample {
	s := &sample{out: in.Outcomes, horizon: float64(in.Horizon)}
	rows := make([]int, 0, len(in.Outcomes.Rows))
	for i := range in.Outcomes.Rows {
		s.timed = s.timed || !math.IsNaN(in.Outcomes.Days[i])
	}
	for i := range in.Outcomes.Rows {
		if s.timed && in.Outcomes.Days[i] >= 0 || !s.timed && in.Outcomes.State[i] != datasets.Open {
			rows = append(rows, i)
		}
	}
	o := in.Outcomes
	s.out = &datasets.Outcomes{End: o.End}
	places := make([]int, len(rows))
	for k, i := range rows {
		places[k] = o.Rows[i]
		s.out.Rows = append(s.out.Rows, k)
		s.out.State, s.out.Created, s.out.Closed = append(s.out.State, o.State[i]), append(s.out.Created, o.Created[i]), append(s.out.Closed, o.Closed[i])
		s.out.Days, s.out.Entry = append(s.out.Days, o.Days[i]), append(s.out.Entry, min(o.Entry[i], o.Days[i]))
	}
	s.leads = in.Leads.Gather(places)
	if c := s.leads.Column(in.Roles.Amount); c != nil && c.Nums != nil {
		s.amount = c
	}
	s.group = groups(s.leads, in.Roles)
	exclude := slices.Clone(in.Exclude)
	found, _ := leak.Find(leak.Record{Leads: s.leads.Drop(exclude...), Outcomes: s.out, Roles: in.Roles})
	for _, l := range found {
		if l.Sure && !slices.Contains(in.Keep, l.Column) {
			exclude = append(exclude, l.Column)
		}
	}
	spec, _ := features.Infer(s.leads, &datasets.Schema{Roles: in.Roles}, exclude)
	for _, used := range spec.Columns {
		c := s.leads.Column(used.Column)
		if c.Name != in.Roles.Owner && c.Name != in.Roles.Created && features.Personal(c) == "" && c.Kind != datasets.Time {
			s.columns = append(s.columns, c)
		}
	}
	return s
}

// groups is the identity of each lead's account, of the lead where it has none,
// and of all its cells where it has no id.
func groups(t *datasets.Table, r datasets.Roles) []uint64 {
	ids := make([]uint64, t.Rows)
	h := fnv.New64a()
	account, id := t.Column(r.Account), t.Column(r.ID)
	for i := range ids {
		h.Reset()
		switch {
		case account != nil && !account.Missing(i):
			fmt.Fprint(h, "a", value(account, i))
		case id != nil && !id.Missing(i):
			fmt.Fprint(h, "i", value(id, i))
		default:
			for _, c := range t.Columns {
				fmt.Fprint(h, value(c, i), "\x00")
			}
		}
		ids[i] = h.Sum64()
	}
	return ids
}

func value(c *datasets.Column, i int) any {
	switch {
	case c.Missing(i):
		return ""
	case c.Nums != nil:
		return c.Nums[i]
	case c.Times != nil:
		return c.Times[i]
	}
	return c.Texts.At(i)
}

// halves draws the leads by account: an account is in one half.
func (s *sample) halves() (first, second []int) {
	for i, g := range s.group {
		g ^= g >> 33 // so that the last bit depends on all
		g *= 0xff51afd7ed558ccd
		g ^= g >> 33
		if g&1 == 0 {
			first = append(first, i)
		} else {
			second = append(second, i)
		}
	}
	return first, second
}

// score is how far what the leads of a segment add to the share of all leads
// is from what the others add, over its standard error as it is where there is
// no difference: it holds for segments of few wins too.
func (s *sample) score(whole *followed, c candidate) float64 {
	n, inside := float64(len(whole.rows)), 0.0
	for _, i := range whole.rows {
		if c.holds(i) {
			inside++
		}
	}
	g := &followed{rows: whole.rows, influence: make([]float64, len(whole.rows))}
	gap := 0.0
	for k, i := range whole.rows {
		w := -n / (n - inside)
		if c.holds(i) {
			w = n / inside
		}
		g.influence[k] = w * whole.influence[k]
		gap += g.influence[k]
	}
	if v := s.variance(g, nil); v > 0 {
		return gap / math.Sqrt(v)
	}
	return 0
}

// confirm estimates a segment on the second half; nil where that is too small.
func (s *sample) confirm(c candidate, all []int, whole *followed) *Persona {
	p, second := &Persona{}, whole.rows
	for _, k := range c.conditions {
		p.Conditions = append(p.Conditions, k.text)
	}
	for _, i := range all {
		if c.holds(i) {
			if p.Leads++; s.out.State[i] == datasets.Won {
				p.Won++
			}
		}
	}
	var in, others []int
	for _, i := range second {
		if c.holds(i) {
			in = append(in, i)
		} else {
			others = append(others, i)
		}
	}
	if len(in) < fewestLeads || len(others) < fewestLeads {
		return nil
	}
	a, b := s.follow(in), s.follow(others)
	if a == nil || b == nil {
		return nil
	}
	p.Confirmed = len(in)
	p.Share, p.Others, p.Days = a.estimate(s), b.estimate(s), a.days()
	p.Times = ratio(a, b, s)
	p.P = 1 // the other way round on the second half, or nothing to see
	if z := s.score(whole, c); z*c.z > 0 {
		p.P = math.Erfc(math.Abs(z)/math.Sqrt2) / 2
	}
	p.Value = s.value(in)
	return p
}

// ratio is how many times as often one side is won, by the logarithm.
func ratio(a, b *followed, s *sample) Estimate {
	if a.share <= 0 || b.share <= 0 {
		return Estimate{a.share / b.share, 0, math.Inf(1)}
	}
	a, b = a.scaled(1/a.share), b.scaled(1/b.share)
	se := math.Sqrt(s.variance(a, b))
	r := math.Exp(math.Log(a.was) - math.Log(b.was))
	return Estimate{r, r * math.Exp(-1.96*se), r * math.Exp(1.96*se)}
}

// value is the mean amount of the leads won, with its interval; nil where
// there are fewer than ten amounts.
func (s *sample) value(rows []int) *Estimate {
	if s.amount == nil {
		return nil
	}
	n, sum, squares := 0.0, 0.0, 0.0
	for _, i := range rows {
		if v := s.amount.Nums[i]; s.out.State[i] == datasets.Won && !math.IsNaN(v) {
			n, sum, squares = n+1, sum+v, squares+v*v
		}
	}
	if n < 10 {
		return nil
	}
	mean := sum / n
	se := math.Sqrt(max(0, squares/n-mean*mean) / (n - 1))
	return &Estimate{mean, mean - 1.96*se, mean + 1.96*se}
}
