package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Contradiction is something in the data that cannot be, or hardly.
type Contradiction struct {
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
	Count   int    `json:"count"` // rows; 0 where it is in the message
}

// Personal is a kind of personal data and where it stands.
type Personal struct {
	Kind    string   `json:"kind"`
	Columns []string `json:"columns"`
}

// personal lists the columns that tell of persons, never their values.
func (a *auditor) personal() {
	at := map[string]int{}
	add := func(kind, column string) {
		k, ok := at[kind]
		if !ok {
			k = len(a.Personal)
			at[kind] = k
			a.Personal = append(a.Personal, Personal{Kind: kind})
		}
		a.Personal[k].Columns = append(a.Personal[k].Columns, column)
	}
	for _, c := range a.leads.Columns {
		switch kind := features.Personal(c); {
		case kind != "":
			add(kind, c.Name)
		case c.Kind == datasets.Text && mentions(c) > 0:
			add("texts in which e-mail addresses stand", c.Name)
		}
	}
	slices.SortStableFunc(a.Personal, func(x, y Personal) int { return cmp.Compare(x.Kind, y.Kind) })
}

// mentions counts texts with an e-mail address in them.
func mentions(c *datasets.Column) (n int) {
	for i := range c.Len() {
		for word := range strings.FieldsSeq(c.Texts.At(i)) {
			if mail(strings.Trim(word, ".,;:<>()[]\"'")) != "" {
				n++
				break
			}
		}
	}
	return n
}

// contradictions collects what cannot be, or hardly.
func (a *auditor) contradictions() {
	odd := func(column string, count int, format string, args ...any) {
		if count > 0 {
			a.Contradictions = append(a.Contradictions, Contradiction{column, fmt.Sprintf(format, args...), count})
		}
	}
	if a.out != nil {
		if _, notes, err := a.known.Contract.Read(a.known.Table, a.known.Roles, a.proposal.Plan.AsOf); err == nil {
			for _, n := range notes {
				if !strings.HasPrefix(n.Message, "neither won nor lost") {
					a.Contradictions = append(a.Contradictions, Contradiction{Column: n.Column, Message: n.Message})
				}
			}
		}
		a.closings(odd)
	}
	for _, c := range a.leads.Columns {
		switch {
		case c.Times != nil:
			old := 0
			for _, t := range c.Times {
				if t != datasets.NoTime && t < datasets.Micros(time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)) {
					old++
				}
			}
			odd(c.Name, old, "times before 1970, which stand for nothing in most programs")
		case c.Kind == datasets.Number:
			if value, n := sentinel(c.Nums); n > 0 {
				odd(c.Name, n, "the number %s stands far from all others, as one does that means nothing is known; if so, say missing: ['%s']", rough(value), rough(value))
			}
		case c.Kind == datasets.Category:
			if n, pairs := spellings(c); pairs > 0 {
				odd(c.Name, n, "%d values that differ from another only in capitals or blanks count as different ones; leads with one of them", pairs)
			}
		}
	}
	if c := a.leads.Column(a.roles().Amount); c != nil && c.Nums != nil {
		below := 0
		for _, v := range c.Nums {
			if v < 0 {
				below++
			}
		}
		odd(c.Name, below, "amounts below zero")
	}
}

// closings finds days on which leads were closed in bulk, and leads entered
// only when they were closed.
func (a *auditor) closings(odd func(string, int, string, ...any)) {
	if !a.dated {
		return
	}
	days, all, sameDay := map[int64]int{}, 0, 0
	for i, at := range a.out.Closed {
		if at == datasets.NoTime {
			continue
		}
		all++
		days[at/datasets.MicrosPerDay]++
		if a.out.Days[i] < 1 && at/datasets.MicrosPerDay == a.out.Created[i]/datasets.MicrosPerDay {
			sameDay++
		}
	}
	var most int64
	for d, n := range days {
		if n > days[most] || n == days[most] && d < most {
			most = d
		}
	}
	closed := a.known.Roles.Closed
	if n := days[most]; len(days) >= 30 && 20*n >= all && n >= 10*all/len(days) {
		odd(closed, n, "leads closed on one day, %s, ten times the usual: a clean-up, and no closing?", time.UnixMicro(most*datasets.MicrosPerDay).UTC().Format(time.DateOnly))
	}
	if 5*sameDay >= all && all > 0 {
		odd(closed, sameDay, "leads closed on the day they were created, of %d: were they entered only then?", all)
	}
}

// sentinel finds a number such as 999 or −1 that stands for nothing: no other
// is near it, and a hundredth of the values or more are it.
func sentinel(values []float64) (value float64, count int) {
	for _, code := range []float64{-1, -9, -99, -999, -9999, 999, 9999, 99999, 999999} {
		n, all, nearest := 0, 0, math.Inf(1)
		positive := 0
		for _, v := range values {
			switch {
			case math.IsNaN(v):
				continue
			case v == code:
				n++
			default:
				nearest = min(nearest, math.Abs(v-code))
				if v >= 0 {
					positive++
				}
			}
			all++
		}
		far := nearest > math.Abs(code)/2 && code > 0 || code < 0 && positive == all-n
		if 100*n >= all && far && n < all {
			return code, n
		}
	}
	return 0, 0
}

// spellings counts the rows whose value another one equals but for capitals and blanks.
func spellings(c *datasets.Column) (rows, values int) {
	counts := map[string]int{}
	for i := range c.Len() {
		if s := c.Texts.At(i); s != "" {
			counts[s]++
		}
	}
	plain := map[string][]string{}
	for s := range counts {
		k := strings.ToLower(strings.Join(strings.Fields(s), " "))
		plain[k] = append(plain[k], s)
	}
	for _, same := range plain {
		if len(same) > 1 {
			values += len(same)
			for _, s := range same {
				rows += counts[s]
			}
		}
	}
	return rows, values
}
