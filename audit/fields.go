package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/features/leak"
)

// Field is what is known of a column.
type Field struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Role    string  `json:"role,omitempty"`
	Filled  float64 `json:"filled"`       // share of the leads
	Early   float64 `json:"filled_early"` // of the first third of them in time; NaN (null) where nobody knows
	Late    float64 `json:"filled_late"`  // and of the last
	Drift   float64 `json:"drift"`        // share of the values that would have to change for the last third to look like the first; NaN (null) where nobody knows
	Reach   string  `json:"reach"`        // exact, creation-time only, or not reconstructible
	Use     string  `json:"use"`          // what training would do with it
	Used    bool    `json:"used"`
	Warning string  `json:"warning,omitempty"` // what is odd about it, in a few words
	drifts  bool
	worked  bool // it changes while a lead is worked, so a history would give it back
}

// How far a field can be put back to what was known at a past moment.
const (
	exact         = "exact"
	creationOnly  = "creation-time only"
	unrecoverable = "not reconstructible"
)

// parts are the roles in words.
var parts = map[string]string{"id": "the lead's id", "account": "the account", "created": "the time of creation", "outcome": "the outcome", "closed": "the time of closing",
	"duration": "the days to closing", "amount": "the amount", "currency": "the currency", "campaign": "the campaign", "owner": "the owner"}

// What is worth a word.
const (
	scarce       = 0.5  // share of leads on which a field is filled
	driftPoints  = 0.15 // share of values that changed
	fillPoints   = 0.20 // change of the share filled
	mostDrifting = 20   // levels that drift is measured by; the rest is one
)

// fields describes every column.
func (a *auditor) fields(history []leak.Edit) {
	kept := map[string]bool{}
	for _, e := range history {
		kept[e.Column] = true
	}
	used, notes := a.uses()
	roles := map[string]string{}
	if a.known != nil {
		r := a.known.Roles
		for role, name := range map[string]string{"id": r.ID, "account": r.Account, "created": r.Created, "outcome": r.Outcome, "closed": r.Closed, "duration": r.Duration, "order": r.Order, "amount": r.Amount, "currency": r.Currency, "campaign": r.Campaign, "owner": r.Owner} {
			if name != "" && (roles[name] == "" || role != "order") {
				roles[name] = role
			}
		}
	}
	early, late := a.thirds()
	for _, c := range a.leads.Columns {
		f := Field{Name: c.Name, Kind: c.Kind.String(), Role: roles[c.Name], Early: math.NaN(), Late: math.NaN(), Drift: math.NaN(), Use: "used", Used: used[c.Name], Reach: creationOnly}
		f.Filled = filled(c, nil)
		if early != nil {
			f.Early, f.Late = filled(c, early), filled(c, late)
			f.Drift, f.drifts = drift(c, early, late)
		}
		found := slices.IndexFunc(a.found, func(l leak.Finding) bool { return l.Column == c.Name })
		suspect, sure := datasets.Suspect(c.Name, a.roles())
		switch {
		case kept[c.Name]:
			f.Reach = exact
		case slices.Contains([]string{"id", "created", "outcome", "closed", "duration", "order"}, f.Role):
			f.Reach = ""
		case found >= 0 && a.found[found].Sure, suspect != "" && (sure || found >= 0):
			f.Reach = unrecoverable
			f.worked = !sure && suspect != "" || found >= 0 && slices.Contains([]leak.Mechanism{leak.Vanishing, leak.EditedAfter}, a.found[found].Mechanism)
		}
		switch {
		case f.Used:
		case notes[c.Name] != "":
			f.Use = notes[c.Name]
		case f.Role != "" && f.Role != "order":
			f.Use = parts[f.Role]
		default:
			f.Use = "left out"
		}
		f.Warning = f.warn()
		a.Fields = append(a.Fields, f)
	}
}

func (a *auditor) roles() datasets.Roles {
	if a.known == nil {
		return datasets.Roles{}
	}
	return a.known.Roles
}

// uses says which columns training would read, and why not the others.
func (a *auditor) uses() (used map[string]bool, notes map[string]string) {
	used, notes = map[string]bool{}, map[string]string{}
	var exclude []string
	if a.proposal != nil {
		for _, g := range a.proposal.Settings {
			if g.Key == "exclude" && g.Taken {
				exclude = append(exclude, g.Values...)
				notes[g.Values[0]] = "left out: it may tell the outcome"
			}
		}
	}
	for _, l := range a.found {
		if l.Sure {
			exclude = append(exclude, l.Column)
			notes[l.Column] = "left out: it tells the outcome"
		}
	}
	spec, more := features.Infer(a.leads, &datasets.Schema{Roles: a.roles()}, exclude)
	for _, c := range spec.Columns {
		used[c.Column] = true
	}
	for _, n := range more {
		if !used[n.Column] && notes[n.Column] == "" {
			notes[n.Column] = strings.TrimSuffix(n.Message, ": not used")
		}
	}
	return used, notes
}

// warn says what is odd about a field that is used.
func (f *Field) warn() string {
	var words []string
	if !f.Used {
		return ""
	}
	if f.Filled < scarce {
		words = append(words, "mostly empty")
	}
	switch change := f.Late - f.Early; {
	case change > fillPoints:
		words = append(words, "filled oftener than it used to be")
	case change < -fillPoints:
		words = append(words, "filled more seldom than it used to be")
	case f.drifts:
		words = append(words, "its values have changed")
	}
	return strings.Join(words, "; ")
}

// thirds are the first and the last third of the leads in time.
func (a *auditor) thirds() (early, late []int) {
	if len(a.position) < 3*fewestJudged {
		return nil, nil
	}
	rows := make([]int, len(a.position))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(x, y int) int { return cmp.Compare(a.position[x], a.position[y]) })
	return rows[:len(rows)/3], rows[len(rows)-len(rows)/3:]
}

// filled is the share of some rows, nil for all, on which a column has a value.
func filled(c *datasets.Column, rows []int) float64 {
	n, of := 0, c.Len()
	if rows != nil {
		of = len(rows)
	}
	for k := range of {
		i := k
		if rows != nil {
			i = rows[k]
		}
		if !c.Missing(i) {
			n++
		}
	}
	return float64(n) / float64(max(of, 1))
}

// drift is the total variation distance of the values of a column between two
// sets of rows, its commonest twenty values or its tenths apart; it is one
// worth a word where it is far beyond what chance makes. NaN for times, ids
// and words of people.
func drift(c *datasets.Column, early, late []int) (distance float64, worth bool) {
	var name func(i int) string
	switch c.Kind {
	case datasets.Number, datasets.Bool:
		var known []float64
		for _, v := range c.Nums {
			if !math.IsNaN(v) {
				known = append(known, v)
			}
		}
		slices.Sort(known)
		var cuts []float64
		for k := 1; k < 10 && len(known) > 0; k++ {
			cuts = append(cuts, known[k*len(known)/10])
		}
		name = func(i int) string {
			at, _ := slices.BinarySearch(cuts, math.Nextafter(c.Nums[i], math.Inf(1)))
			return fmt.Sprint(at)
		}
	case datasets.Category, datasets.Multi:
		name = func(i int) string { return c.Texts.At(i) }
	default:
		return math.NaN(), false
	}
	var n [2]float64
	counts := map[string]*[2]float64{}
	for side, rows := range [][]int{early, late} {
		for _, i := range rows {
			if c.Missing(i) {
				continue
			}
			k := name(i)
			if counts[k] == nil {
				counts[k] = new([2]float64)
			}
			counts[k][side]++
			n[side]++
		}
	}
	if n[0] < fewestJudged || n[1] < fewestJudged {
		return math.NaN(), false
	}
	pairs := make([][2]float64, 0, len(counts))
	for _, p := range counts {
		pairs = append(pairs, *p)
	}
	slices.SortFunc(pairs, func(x, y [2]float64) int { return cmp.Or(cmp.Compare(y[0]+y[1], x[0]+x[1]), cmp.Compare(x[0], y[0])) })
	rest := [2]float64{}
	for _, p := range pairs[min(len(pairs), mostDrifting):] {
		rest[0], rest[1] = rest[0]+p[0], rest[1]+p[1]
	}
	noise := 0.0
	for _, p := range append(pairs[:min(len(pairs), mostDrifting)], rest) {
		distance += math.Abs(p[0]/n[0]-p[1]/n[1]) / 2
		share := (p[0] + p[1]) / (n[0] + n[1])
		noise += math.Sqrt(share*(1-share)*(1/n[0]+1/n[1])) * 0.4 // half the mean of |z|
	}
	return distance, distance > driftPoints+2*noise
}

// edits reads the history of fields.
func (a *auditor) edits() []leak.Edit {
	h := a.in.History
	key := a.roles().ID
	if h == nil || key == "" || a.leads.Column(key) == nil {
		return nil
	}
	schema, _, err := datasets.Infer(h, datasets.Hints{Kinds: map[string]datasets.Kind{"lead_id": datasets.ID, "field": datasets.Category, "old": datasets.Text, "new": datasets.Text}})
	if err != nil {
		return nil
	}
	t, _, err := schema.Apply(h)
	if err != nil {
		return nil
	}
	lead, field, before, after, at := t.Column("lead_id"), t.Column("field"), t.Column("old"), t.Column("new"), t.Column("happened_at")
	if lead == nil || field == nil || before == nil || after == nil || at == nil || at.Kind != datasets.Time {
		return nil
	}
	ids, row := a.leads.Column(key), map[string]int{}
	if ids.Nums != nil || ids.Times != nil {
		return nil
	}
	for i := range a.leads.Rows {
		row[ids.Texts.At(i)] = i
	}
	var list []leak.Edit
	for k := range t.Rows {
		if i, ok := row[lead.Texts.At(k)]; ok && !at.Missing(k) && a.leads.Column(field.Texts.At(k)) != nil {
			list = append(list, leak.Edit{Row: i, Column: field.Texts.At(k), Old: before.Texts.At(k), New: after.Texts.At(k), At: at.Times[k]})
		}
	}
	return list
}
