package lift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// NoArm is the name of the arm of leads that have none.
const NoArm = "(none)"

// Data is the leads to compare, one entry a lead in every slice. The order of
// the leads has no meaning.
type Data struct {
	Arm     []string
	Created []int64          // microseconds since 1970 UTC
	Entry   []float64        // age in days from which a lead was watched; nil: from creation
	Exit    []float64        // age in days at which it was won or lost, or last seen open
	State   []datasets.State // at Exit
	Account []string         // leads of one account are not independent; nil or "": a lead by itself
	End     int64            // the moment until which was watched
}

// FromTable takes the leads of a typed table, of which o says what became,
// with the values of a column as their arms. Errors are *datasets.Error: no
// such column, no lead, or no times of creation.
func FromTable(t *datasets.Table, o *datasets.Outcomes, roles datasets.Roles, arm string) (Data, error) {
	c := t.Column(arm)
	switch {
	case c == nil:
		e := &datasets.Error{Column: arm, Message: "there is no such column"}
		if like := t.Like(arm); like != "" {
			e.Message += fmt.Sprintf("; did you mean %q?", like)
		}
		return Data{}, e
	case o.End == datasets.NoTime:
		return Data{}, &datasets.Error{Message: "arms are compared within months of creation: name the columns of creation and closing (--created, --closed)"}
	case len(o.Rows) == 0:
		return Data{}, &datasets.Error{Message: "no row is a lead whose outcome can be seen"}
	}
	d := Data{Created: o.Created, Entry: o.Entry, Exit: o.Days, State: o.State, End: o.End}
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
	watch               float64 // age to which it was, or would have been, watched
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
		l := lead{arm: index[d.Arm[i]], created: d.Created[i], enter: -1, exit: d.Exit[i], watch: d.Exit[i], state: d.State[i]}
		if d.Entry != nil && d.Entry[i] > 0 {
			l.enter = d.Entry[i]
		}
		if l.state != datasets.Open {
			l.watch = datasets.Days(l.created, d.End)
		}
		at := time.UnixMicro(l.created).UTC()
		l.month = at.Year()*12 + int(at.Month())
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
