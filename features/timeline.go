package features

import (
	"cmp"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
)

// The columns of a table of Snapshot.Events. Every table has leadColumn (text)
// and happenedColumn (times); the others are optional.
const (
	leadColumn     = "lead_id"     // the key of the lead, as the leads have it
	happenedColumn = "happened_at" // when it took place; missing: the row takes back the event of its id
	knownColumn    = "known_at"    // when the CRM learned of it; missing: when it happened
	kindColumn     = "kind"        // what sort of event
	amountColumn   = "amount"      // a number that comes with it
	idColumn       = "id"          // of the event: a row known later replaces the earlier one
	valueColumn    = "new"         // of a history: the field's value from then on
)

// timeline is a table of events brought together with the rows of a view: the
// events of each lead lie together, in the order in which they happened.
//
// Each has a span of knowledge [known, until): it is seen from T where it
// happened before T, was known before T, and no row known before T replaced it.
type timeline struct {
	group                  []int32 // of each row of the view: its lead, −1 where there are no events of it
	start                  []int   // the events of lead g are start[g] … start[g+1]−1
	happened, known, until []int64
	place                  []int32 // of each event: its row in the table
	table                  *datasets.Table
}

const never = math.MaxInt64

// timeline brings a table of events and the leads together; where it cannot,
// problem says why. Every table is brought together once a view.
func (v *view) timeline(name, key string) (l *timeline, problem string) {
	if l = v.lines[name]; l != nil {
		return l, ""
	}
	t := v.Events[name]
	if t == nil {
		return nil, "the table of events is absent"
	}
	keys, ids := t.Column(leadColumn), v.Leads.Column(key)
	happened, known := t.Column(happenedColumn), t.Column(knownColumn)
	if known == nil {
		known = happened
	}
	if happened == nil || happened.Kind != datasets.Time || known.Kind != datasets.Time {
		return nil, "a table of events needs times: happened_at, and known_at where the CRM learned of them later"
	}
	if !isText(keys) || !isText(ids) {
		return nil, "events need the key of the lead as text, in their own table and in that of the leads"
	}
	l = &timeline{table: t}
	of := l.join(ids, keys)
	l.order(of, happened.Times, known.Times)
	if v.lines == nil {
		v.lines = map[string]*timeline{}
	}
	v.lines[name] = l
	return l, ""
}

func isText(c *datasets.Column) bool {
	return c != nil && c.Kind != datasets.Number && c.Kind != datasets.Bool && c.Kind != datasets.Time
}

// join gives each row of the view and each event the number of its lead; −1 for
// events of strangers.
func (l *timeline) join(ids, keys *datasets.Column) (of []int32) {
	number := make(map[string]int32, ids.Len())
	l.group = make([]int32, ids.Len())
	for i := range l.group {
		id := ids.Texts.At(i)
		if i > 0 && id == ids.Texts.At(i-1) {
			l.group[i] = l.group[i-1]
			continue
		}
		g, ok := number[id]
		if !ok {
			g = int32(len(number))
			number[id] = g
		}
		l.group[i] = g
	}
	l.start = make([]int, len(number)+1)
	of = make([]int32, keys.Len())
	for k := range of {
		id := keys.Texts.At(k)
		if k > 0 && id == keys.Texts.At(k-1) {
			of[k] = of[k-1]
		} else if g, ok := number[id]; ok && id != "" {
			of[k] = g
		} else {
			of[k] = -1
		}
	}
	return of
}

// order lays the events out by lead, and those of a lead by when they happened.
func (l *timeline) order(of []int32, happened, known []int64) {
	for _, g := range of {
		if g >= 0 {
			l.start[g+1]++
		}
	}
	for g := range len(l.start) - 1 {
		l.start[g+1] += l.start[g]
	}
	n := l.start[len(l.start)-1]
	l.place = make([]int32, n)
	next := slices.Clone(l.start)
	for k, g := range of {
		if g >= 0 {
			l.place[next[g]] = int32(k)
			next[g]++
		}
	}
	knew := func(k int32) int64 {
		if known[k] == datasets.NoTime {
			return happened[k]
		}
		return known[k]
	}
	until := l.versions(knew)
	l.happened, l.known, l.until = make([]int64, n), make([]int64, n), make([]int64, n)
	for g := range len(l.start) - 1 {
		rows := l.place[l.start[g]:l.start[g+1]]
		sorted := func(a, b int32) int {
			return cmp.Or(cmp.Compare(happened[a], happened[b]), cmp.Compare(knew(a), knew(b)), l.content(a, b))
		}
		if !slices.IsSortedFunc(rows, sorted) {
			slices.SortFunc(rows, sorted)
		}
		for p := l.start[g]; p < l.start[g+1]; p++ {
			k := l.place[p]
			l.happened[p], l.known[p], l.until[p] = happened[k], knew(k), never
			if until != nil {
				l.until[p] = until[k]
			}
		}
	}
}

// versions finds out when each row was replaced by a later one of the same id;
// nil where events have no ids.
func (l *timeline) versions(knew func(k int32) int64) []int64 {
	ids := l.table.Column(idColumn)
	if !isText(ids) {
		return nil
	}
	until := make([]int64, l.table.Rows)
	for g := range len(l.start) - 1 {
		rows := slices.Clone(l.place[l.start[g]:l.start[g+1]])
		slices.SortFunc(rows, func(a, b int32) int {
			return cmp.Or(cmp.Compare(ids.Texts.At(int(a)), ids.Texts.At(int(b))), cmp.Compare(knew(a), knew(b)), l.content(a, b))
		})
		for i, k := range rows {
			until[k] = never
			if i+1 < len(rows) && !ids.Missing(int(k)) && ids.Texts.At(int(k)) == ids.Texts.At(int(rows[i+1])) {
				until[k] = knew(rows[i+1])
			}
		}
	}
	return until
}

// content orders two rows of the table by what they say, so that the order in
// the table does not matter.
func (l *timeline) content(a, b int32) int {
	for _, name := range [...]string{kindColumn, amountColumn, idColumn, valueColumn} {
		c := l.table.Column(name)
		order := 0
		switch {
		case c == nil:
		case c.Nums != nil:
			order = cmp.Compare(c.Nums[a], c.Nums[b])
		case c.Times != nil:
			order = cmp.Compare(c.Times[a], c.Times[b])
		default:
			order = cmp.Compare(c.Texts.At(int(a)), c.Texts.At(int(b)))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// seen visits the events that are seen from T by row i of the view, in the order
// in which they happened.
func (l *timeline) seen(i int, T int64, visit func(p int)) {
	g := l.group[i]
	for p := l.start[g]; p < l.start[g+1] && l.happened[p] < T; p++ {
		if l.known[p] < T && l.until[p] >= T && l.happened[p] != datasets.NoTime {
			visit(p)
		}
	}
}

// last is the place in the table of the last event seen from T, −1 for none.
func (l *timeline) last(i int, T int64) int {
	g := l.group[i]
	from := l.start[g]
	for p := l.start[g+1] - 1; p >= from; p-- {
		if l.happened[p] < T && l.known[p] < T && l.until[p] >= T && l.happened[p] != datasets.NoTime {
			return int(l.place[p])
		}
	}
	return -1
}
