package features

import (
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// events sums up what happened to a lead and was known strictly before its
// as-of T: over all time and over half-open windows [T − days, T), together and
// by kind.
type events struct {
	Types   levels `json:"types"`
	Amounts bool   `json:"amounts,omitempty"` // events carry a number

	spec ColumnSpec
}

// windows are the lengths of the windows in days; the trend compares the events
// of the last trendDays with those of as many days before.
var windows = [...]int64{7, 30, 90}

const trendDays = 30

// mostEventKinds bounds the kinds of event that have columns of their own.
const mostEventKinds = 40

func (e *events) learn(v *view) {
	l, _ := v.timeline(e.spec.Column, e.spec.Key)
	if l == nil {
		return
	}
	e.Amounts = e.Amounts || l.amounts() != nil
	kinds := l.table.Column(kindColumn)
	if !isText(kinds) {
		return
	}
	seen := map[string]bool{}
	for i := range v.Leads.Rows {
		clear(seen)
		l.seen(i, v.moment(i), func(p int) {
			if kind := kinds.Texts.At(int(l.place[p])); !seen[kind] {
				seen[kind] = true
				e.Types.add(kind)
			}
		})
	}
}

// amounts are the numbers that come with the events of the table; nil for none.
func (l *timeline) amounts() []float64 {
	if c := l.table.Column(amountColumn); c != nil {
		return c.Nums
	}
	return nil
}

func (e *events) settle() { e.Types.settle(mostEventKinds) }

func (e *events) ready() error {
	if e.spec.Key == "" {
		return errors.New("events need the key of the lead")
	}
	return e.Types.ready(mostEventKinds)
}

// outputs are laid out in the order in which encode writes them.
func (e *events) outputs() []output {
	out := []output{{suffix: " count"}}
	for _, w := range windows {
		out = append(out, output{suffix: fmt.Sprintf(" in %d days", w)})
	}
	out = append(out, output{suffix: " trend"}, output{suffix: " days since last"}, output{suffix: " days since first"}, output{suffix: " days between"})
	if e.Amounts {
		out = append(out, output{suffix: " sum"}, output{suffix: " first amount"}, output{suffix: " last amount"})
		for _, w := range windows {
			out = append(out, output{suffix: fmt.Sprintf(" sum in %d days", w)})
		}
	}
	if len(e.Types.Kept) == 0 {
		return out
	}
	out = append(out, output{suffix: " kinds"}, output{suffix: " first kind", levels: e.Types.count()}, output{suffix: " last kind", levels: e.Types.count()})
	for _, kind := range e.Types.Kept {
		out = append(out, output{suffix: " = " + kind + " count"}, output{suffix: " = " + kind + " in 30 days"}, output{suffix: " = " + kind + " days since last"})
	}
	return out
}

// byKind is what is counted of the events of one kind.
type byKind struct {
	count, recent int
	last          int64
}

// tally is what is counted of the events of one lead.
type tally struct {
	count               int
	within              [len(windows)]int
	sums                [len(windows)]float64
	recent, before      int // in the last trendDays, and in those before
	first, last         int64
	sum                 float64
	firstSum, lastSum   float64
	firstKind, lastKind int32
	kinds               []byKind // the levels kept, and others
}

func (e *events) encode(dst []matrix.Column, v *view) {
	l, problem := v.timeline(e.spec.Column, e.spec.Key)
	if l == nil {
		v.warn(-1, problem+", treated as missing")
		fill(dst)
		return
	}
	codes := e.codes(l, v)
	amounts := l.amounts()
	if !e.Amounts {
		amounts = nil
	}
	t := tally{kinds: make([]byKind, e.Types.count())}
	for i := range v.Leads.Rows {
		T := v.moment(i)
		if T == datasets.NoTime {
			blankRow(dst, i)
			continue
		}
		t = tally{kinds: t.kinds, sum: math.NaN(), firstSum: math.NaN(), lastSum: math.NaN(), firstKind: -1, lastKind: -1}
		clear(t.kinds)
		l.seen(i, T, func(p int) {
			kind, amount := int32(-1), math.NaN()
			if codes != nil {
				kind = codes[l.place[p]]
			}
			if amounts != nil {
				amount = amounts[l.place[p]]
			}
			t.add(T, l.happened[p], kind, amount)
		})
		e.write(dst, i, T, &t)
	}
}

// codes are the kinds of the events by the levels kept.
func (e *events) codes(l *timeline, v *view) []int32 {
	kinds := l.table.Column(kindColumn)
	if len(e.Types.Kept) == 0 || kinds == nil {
		return nil
	}
	if !isText(kinds) {
		v.warn(-1, "the kind of event is no text, treated as missing")
		return nil
	}
	codes := make([]int32, kinds.Len())
	for k := range codes {
		codes[k] = e.Types.of(kinds.Texts.At(k))
	}
	return codes
}

// add counts an event; they come in the order in which they happened.
func (t *tally) add(T, at int64, kind int32, amount float64) {
	if t.count == 0 {
		t.first, t.firstKind = at, kind
	}
	t.count, t.last, t.lastKind = t.count+1, at, kind
	ago := T - at
	for w, days := range windows {
		if ago <= days*datasets.MicrosPerDay {
			t.within[w]++
		}
	}
	switch {
	case ago <= trendDays*datasets.MicrosPerDay:
		t.recent++
	case ago <= 2*trendDays*datasets.MicrosPerDay:
		t.before++
	}
	if kind >= 0 {
		k := &t.kinds[kind]
		k.count, k.last = k.count+1, at
		if ago <= trendDays*datasets.MicrosPerDay {
			k.recent++
		}
	}
	if !finite(amount) {
		return
	}
	if t.lastSum = amount; t.sum != t.sum {
		t.sum, t.firstSum = 0, amount
	}
	t.sum += amount
	for w, days := range windows {
		if ago <= days*datasets.MicrosPerDay {
			t.sums[w] += amount
		}
	}
}

// write fills the cells of one row.
func (e *events) write(dst []matrix.Column, row int, T int64, t *tally) {
	at := 0
	put := func(x float64) {
		dst[at].Nums[row] = x
		at++
	}
	since := func(n int, moment int64) {
		if n == 0 {
			put(math.NaN())
		} else {
			put(datasets.Days(moment, T))
		}
	}
	put(float64(t.count))
	for _, n := range t.within {
		put(float64(n))
	}
	put(float64(t.recent - t.before))
	since(t.count, t.last)
	since(t.count, t.first)
	if t.count > 1 {
		put(datasets.Days(t.first, t.last) / float64(t.count-1))
	} else {
		put(math.NaN())
	}
	if e.Amounts {
		put(t.sum)
		put(t.firstSum)
		put(t.lastSum)
		for _, s := range t.sums {
			put(s)
		}
	}
	if len(e.Types.Kept) == 0 {
		return
	}
	different := 0
	for _, k := range t.kinds {
		different += min(k.count, 1)
	}
	put(float64(different))
	dst[at].Codes[row], dst[at+1].Codes[row] = t.firstKind, t.lastKind
	at += 2
	for k := range e.Types.Kept {
		put(float64(t.kinds[k].count))
		put(float64(t.kinds[k].recent))
		since(t.kinds[k].count, t.kinds[k].last)
	}
}
