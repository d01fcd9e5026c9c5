package lift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/leadcast/leadcast/datasets"
)

// NoArm is the name of the arm of leads that have none.
const NoArm = "(none)"

// Data is the leads to compare, one entry a lead in every slice. The order of
// the leads has no meaning.
type Data struct {
	Arm     []string
	Created []int64          // microseconds since 1970 UTC; nil: no dates are known
	Entry   []float64        // age in days from which a lead was watched; nil: from creation
	Exit    []float64        // age in days at which it was won or lost, or last seen open; nil: no times at all
	State   []datasets.State // at Exit
	Account []string         // leads of one account are not independent; nil or "": a lead by itself
	End     int64            // the moment until which was watched; without dates of no meaning
	Notes   []string         // what was assumed; the first of Result.Notes
}

// FromTable takes the leads of a typed table, of which o says by contract what
// became, with the values of a column as their arms. Where there are no times
// at all, what the contract takes for lost although it may be open is open.
// Errors are *datasets.Error: no such column, or no lead.
func FromTable(t *datasets.Table, o *datasets.Outcomes, roles datasets.Roles, contract datasets.Contract, arm string) (Data, error) {
	c := t.Column(arm)
	switch {
	case c == nil:
		e := &datasets.Error{Column: arm, Message: "there is no such column"}
		if like := t.Like(arm); like != "" {
			e.Message += fmt.Sprintf("; did you mean %q?", like)
		}
		return Data{}, e
	case len(o.Rows) == 0:
		return Data{}, &datasets.Error{Message: "no row is a lead whose outcome can be seen"}
	}
	d := Data{Created: o.Created, Entry: o.Entry, Exit: o.Days, State: o.State, End: o.End}
	if o.End == datasets.NoTime {
		d.Created = nil
		if roles.Duration == "" {
			d.Entry, d.Exit = nil, nil
			d.final(t.Column(roles.Outcome), o.Rows, contract)
		}
	}
	account := t.Column(roles.Account)
	if roles.Account == arm {
		account = nil // arms are accounts: each is one, and nothing is known of how they differ
	}
	for _, row := range o.Rows {
		d.Arm = append(d.Arm, cmp.Or(level(c, row), NoArm))
		if account != nil {
			d.Account = append(d.Account, level(account, row))
		}
	}
	return d, nil
}

// final says how the outcomes of leads without times are to be read. Nothing
// is lost only because it is not won: losses must be told from open leads.
func (d *Data) final(outcome *datasets.Column, rows []int, c datasets.Contract) {
	if !c.OtherLost {
		return
	}
	other := map[string]bool{}
	for i, row := range rows {
		if d.State[i] == datasets.Lost {
			other[level(outcome, row)] = true
		}
	}
	switch {
	case c.WonPresent:
		d.Notes = []string{fmt.Sprintf("where %q is empty a lead may be lost or still open, and without times nothing tells which: all those count as open", outcome.Name)}
	case len(other) > 1 || slices.ContainsFunc(slices.Collect(maps.Keys(other)), unfinished):
		d.Notes = []string{fmt.Sprintf("nothing says which values of %q mean lost and which still open: all that do not mean won count as open until --lost names those that mean lost", outcome.Name)}
	default:
		for value := range other {
			d.Notes = []string{fmt.Sprintf("the one value of %q that does not mean won, %q, is taken to mean lost for good, so no lead is open", outcome.Name, value)}
		}
		return
	}
	d.State = slices.Clone(d.State)
	for i, s := range d.State {
		if s == datasets.Lost {
			d.State[i] = datasets.Open
		}
	}
}

// unfinished says that a value's words are those of a lead that is still open.
func unfinished(value string) bool {
	words := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"open", "new", "pending", "progress", "working", "active", "negotiation", "contacted"}, w)
	})
}

// level is a value of a typed column as text, "" where it is missing.
func level(c *datasets.Column, row int) string {
	switch {
	case c.Missing(row):
		return ""
	case c.Kind == datasets.Number:
		return strconv.FormatFloat(c.Nums[row], 'f', -1, 64)
	case c.Kind == datasets.Bool:
		return strconv.FormatBool(c.Nums[row] != 0)
	case c.Kind == datasets.Time:
		return datasets.FormatTime(c.Times[row])
	}
	return strings.TrimSpace(c.Texts.At(row))
}

// lead is one lead in the package's own terms.
type lead struct {
	arm, month, account int // indices
	created             int64
	enter               float64 // at risk at ages above; −1: from creation on, its instant included
	exit                float64
	watch               float64 // age to which it was, or (where dates say so) would have been, watched
	state               datasets.State
}

// leads orders the leads by what they are, so that neither the order of rows
// nor the names of arms touch a sum: by exit, then by all else.
func (d Data) leads() (all []lead, arms []string) {
	arms = slices.Compact(slices.Sorted(slices.Values(d.Arm)))
	index := make(map[string]int, len(arms))
	for i, a := range arms {
		index[a] = i
	}
	order, account := make([]int, len(d.Arm)), func(i int) string {
		if d.Account == nil {
			return ""
		}
		return d.Account[i]
	}
	months := map[int]int{}
	for i := range d.Arm {
		order[i] = i
		l := lead{arm: index[d.Arm[i]], enter: -1, state: d.State[i]}
		if d.Exit != nil {
			l.exit, l.watch = d.Exit[i], d.Exit[i]
		} else if l.state == datasets.Open {
			l.enter = 0 // of no age, and so never at risk
		}
		if d.Entry != nil && d.Entry[i] > 0 {
			l.enter = d.Entry[i]
		}
		if d.Created != nil {
			l.created = d.Created[i]
			if l.state != datasets.Open {
				l.watch = datasets.Days(l.created, d.End)
			}
			at := time.UnixMicro(l.created).UTC()
			l.month = at.Year()*12 + int(at.Month())
		}
		months[l.month] = 0
		all = append(all, l)
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &all[i], &all[j]
		return cmp.Or(cmp.Compare(a.exit, b.exit), cmp.Compare(a.created, b.created), cmp.Compare(a.enter, b.enter),
			cmp.Compare(a.state, b.state), strings.Compare(account(i), account(j)), cmp.Compare(a.arm, b.arm))
	})
	next := 0
	for _, m := range slices.Sorted(maps.Keys(months)) {
		months[m] = next
		next++
	}
	sorted, accounts := make([]lead, len(all)), map[string]int{}
	next = 0
	for k, i := range order {
		l := all[i]
		l.month = months[l.month]
		name := account(i)
		at, known := accounts[name]
		if !known || name == "" {
			at = next
			next++
			accounts[name] = at
		}
		l.account = at
		sorted[k] = l
	}
	return sorted, arms
}
