package features

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

const oneDay = datasets.MicrosPerDay

// happening is a row of a table of events.
type happening struct {
	lead, id, kind   string
	happened, known  int64
	amount           float64
	field, old, new_ string
}

func eventTable(rows []happening) *datasets.Table {
	lead, id, kind := textColumn("lead_id", datasets.ID), textColumn("id", datasets.ID), textColumn("kind", datasets.Category)
	happened, known, amount := timeColumn("happened_at"), timeColumn("known_at"), numColumn("amount")
	for _, r := range rows {
		lead.Texts.Append(r.lead)
		id.Texts.Append(r.id)
		kind.Texts.Append(r.kind)
		happened.Times, known.Times, amount.Nums = append(happened.Times, r.happened), append(known.Times, r.known), append(amount.Nums, r.amount)
	}
	return &datasets.Table{Rows: len(rows), Columns: []*datasets.Column{lead, id, kind, happened, known, amount}}
}

func historyTable(rows []happening) *datasets.Table {
	lead, field, old, value := textColumn("lead_id", datasets.ID), textColumn("field", datasets.Category), textColumn("old", datasets.Raw), textColumn("new", datasets.Raw)
	happened, known := timeColumn("happened_at"), timeColumn("known_at")
	for _, r := range rows {
		lead.Texts.Append(r.lead)
		field.Texts.Append(r.field)
		old.Texts.Append(r.old)
		value.Texts.Append(r.new_)
		happened.Times, known.Times = append(happened.Times, r.happened), append(known.Times, r.known)
	}
	return &datasets.Table{Rows: len(rows), Columns: []*datasets.Column{lead, field, old, value, happened, known}}
}

// lifetimes are leads, their events and the changes of two fields, drawn at random.
type lifetimes struct {
	leads   []string
	created []int64
	events  []happening
	changes []happening // in the order in which they happened
	start   map[string][2]string
}

var lifeFields = []datasets.Field{{Name: "stage", Kind: datasets.Category}, {Name: "budget", Kind: datasets.Number}}

func draw(seed uint64, leads, events int) *lifetimes {
	r := rand.New(rand.NewPCG(seed, 11))
	l := &lifetimes{start: map[string][2]string{}}
	stages := []string{"new", "talking", "offer", "stalled"}
	for i := range leads {
		l.leads = append(l.leads, fmt.Sprintf("L%04d", i))
		l.created = append(l.created, stamp("2021-03-01T09:00")+int64(r.IntN(300))*oneDay)
		l.start[l.leads[i]] = [2]string{stages[r.IntN(4)], fmt.Sprint(r.IntN(9))}
	}
	for range events {
		i := r.IntN(leads)
		at := l.created[i] + int64(r.IntN(200*86400))*1_000_000
		h := happening{lead: l.leads[i], kind: []string{"mail", "call", "meeting", ""}[r.IntN(4)], happened: at, known: at + int64(r.IntN(4*86400)*r.IntN(2))*1_000_000, amount: float64(r.IntN(1000)) / 8}
		if r.IntN(3) == 0 {
			h.id = fmt.Sprint("E", r.IntN(events/2))
		}
		if r.IntN(10) == 0 {
			h.amount = math.NaN()
		}
		l.events = append(l.events, h)
	}
	for i, id := range l.leads {
		value := l.start[id]
		for at := l.created[i]; len(l.changes) < 1<<20; {
			if at += int64(r.IntN(60*86400)) * 1_000_000; at > l.created[i]+200*oneDay {
				break
			}
			f := r.IntN(2)
			next := []string{stages[r.IntN(4)], fmt.Sprint(r.IntN(9))}[f]
			l.changes = append(l.changes, happening{lead: id, field: lifeFields[f].Name, old: value[f], new_: next, happened: at, known: at + int64(r.IntN(5*86400)*r.IntN(2))*1_000_000})
			value[f] = next
		}
	}
	return l
}

// record is what the CRM shows today after some changes.
func (l *lifetimes) record(changes []happening) *datasets.Table {
	now := map[string][2]string{}
	for id, v := range l.start {
		now[id] = v
	}
	for _, c := range changes {
		v := now[c.lead]
		v[slices.IndexFunc(lifeFields, func(f datasets.Field) bool { return f.Name == c.field })] = c.new_
		now[c.lead] = v
	}
	stage, budget := textColumn("stage", datasets.Category), numColumn("budget")
	for _, id := range l.leads {
		stage.Texts.Append(now[id][0])
		var x float64
		fmt.Sscan(now[id][1], &x)
		budget.Nums = append(budget.Nums, x)
	}
	return table(textColumn("key", datasets.ID, l.leads...), stage, budget)
}

func (l *lifetimes) snapshot(t testing.TB, events, changes []happening, asOf []int64) Snapshot {
	t.Helper()
	s := Snapshot{Leads: l.record(changes), AsOf: asOf, Creation: l.created}
	h := Histories{Key: "key", Fields: lifeFields, Begins: datasets.NoTime}
	tables, pasts, err := h.Rollback(s.Leads, l.created, historyTable(changes))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pasts {
		if p.Class != Exact || p.Changed == 0 {
			t.Fatalf("%+v", p)
		}
	}
	s.Events = tables
	s.Events["acts"] = eventTable(events)
	return s
}

func lifeSpec() Spec {
	stage, budget := HistoryOf("stage"), HistoryOf("budget")
	return Spec{Columns: []ColumnSpec{{Column: "acts", Kind: "events", Key: "key"}, {Column: "stage", Kind: "category", Key: "key", History: stage},
		{Column: "stage", Kind: "stages", Key: "key", History: stage}, {Column: "budget", Kind: "number", Key: "key", History: budget}}}
}

func (l *lifetimes) moments(r *rand.Rand) []int64 {
	asOf := make([]int64, len(l.leads))
	for i := range asOf {
		asOf[i] = l.created[i] + int64(r.IntN(200*86400))*1_000_000
	}
	return asOf
}

// Whatever was known at or after a lead's as-of is deleted or made absurd, or
// more is added: its features stay the same to the bit.
func TestTheFutureIsNotSeen(t *testing.T) {
	l := draw(1, 60, 1500)
	r := rand.New(rand.NewPCG(2, 2))
	first := make([]int64, len(l.leads))
	for i := range first {
		first[i] = l.created[i] + 150*oneDay
	}
	e := mustFit(t, lifeSpec(), l.snapshot(t, l.events, l.changes, first))
	poisoned, deleted := 0, 0
	for range 1000 {
		asOf := l.moments(r)
		at := map[string]int64{}
		for i, id := range l.leads {
			at[id] = asOf[i]
		}
		want, _ := mustEncode(t, e, l.snapshot(t, l.events, l.changes, asOf))
		var events, changes []happening
		last := map[[2]string]string{}
		for _, h := range l.events {
			if T := at[h.lead]; h.known >= T {
				if r.IntN(2) == 0 {
					deleted++
					continue
				}
				poisoned++
				h = absurd(r, h, T, l.events[r.IntN(len(l.events))].id)
			}
			events = append(events, h)
		}
		for k := range 50 {
			i := r.IntN(len(l.leads))
			events = append(events, absurd(r, happening{lead: l.leads[i]}, asOf[i], l.events[k].id))
		}
		for _, h := range l.changes { // the record follows from the history, as in the CRM
			if h.known >= at[h.lead] {
				if r.IntN(2) == 0 {
					deleted++
					continue
				}
				poisoned++
				h.known += int64(r.IntN(1000)) * oneDay
				h.new_ = []string{"offer", "won", "", "new"}[r.IntN(4)]
				if h.field == "budget" {
					h.new_ = fmt.Sprint(r.IntN(1 << 40))
				}
			}
			key := [2]string{h.lead, h.field}
			if old, ok := last[key]; ok {
				h.old = old
			} else {
				h.old = l.start[h.lead][slices.IndexFunc(lifeFields, func(f datasets.Field) bool { return f.Name == h.field })]
			}
			last[key] = h.new_
			changes = append(changes, h)
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		got, _ := mustEncode(t, e, l.snapshot(t, events, changes, asOf))
		for i := range l.leads {
			same(t, want, i, got, i)
		}
	}
	if poisoned < 100_000 || deleted < 100_000 {
		t.Errorf("%d rows poisoned and %d deleted", poisoned, deleted)
	}
}

// absurd makes an event known at or after T say anything at all.
func absurd(r *rand.Rand, h happening, T int64, id string) happening {
	h.known = T + r.Int64N(1<<40)*r.Int64N(2)
	h.happened = []int64{h.happened, T - r.Int64N(100*oneDay), T, T + r.Int64N(oneDay), datasets.NoTime}[r.IntN(5)]
	h.kind = []string{"won", "call", ""}[r.IntN(3)]
	h.amount = []float64{math.Inf(1), -1e300, math.NaN(), 7}[r.IntN(4)]
	if h.id = id; h.happened == datasets.NoTime && h.id == "" {
		h.id = "E1"
	}
	return h
}

// The events' columns are those that one gets by going through all rows, again
// for every lead and number.
func TestEventsAgainstTheirDefinitions(t *testing.T) {
	l := draw(3, 40, 900)
	r := rand.New(rand.NewPCG(4, 4))
	asOf := l.moments(r)
	s := l.snapshot(t, l.events, l.changes, asOf)
	late := slices.Clone(l.created)
	for i := range late {
		late[i] += 150 * oneDay
	}
	m, _ := mustEncode(t, mustFit(t, lifeSpec(), l.snapshot(t, l.events, l.changes, late)), s)
	checked := 0
	for i, id := range l.leads {
		var seen []happening
		for _, h := range l.events {
			replaced := slices.ContainsFunc(l.events, func(o happening) bool {
				return h.id != "" && o.id == h.id && o.lead == h.lead && o.known > h.known && o.known < asOf[i]
			})
			if h.lead == id && h.known < asOf[i] && h.happened < asOf[i] && !replaced {
				seen = append(seen, h)
			}
		}
		slices.SortFunc(seen, func(a, b happening) int { return int(a.happened/1000 - b.happened/1000) })
		count := func(days int64, kind string) (n int) {
			for _, h := range seen {
				if h.happened >= asOf[i]-days*oneDay && (kind == "" || h.kind == kind) {
					n++
				}
			}
			return n
		}
		sum := func(days int64) (x float64) {
			for _, h := range seen {
				if h.happened >= asOf[i]-days*oneDay && h.amount == h.amount {
					x += h.amount
				}
			}
			return x
		}
		want := map[string]float64{"acts count": float64(len(seen)), "acts in 7 days": float64(count(7, "")), "acts in 30 days": float64(count(30, "")),
			"acts in 90 days": float64(count(90, "")), "acts trend": float64(2*count(30, "") - count(60, "")), "acts = call count": float64(count(9999, "call")),
			"acts = mail in 30 days": float64(count(30, "mail")), "acts sum in 30 days": sum(30), "acts sum in 90 days": sum(90)}
		if n := len(seen); n > 1 {
			want["acts sum"] = sum(9999)
			want["acts days since last"] = datasets.Days(seen[n-1].happened, asOf[i])
			want["acts days since first"] = datasets.Days(seen[0].happened, asOf[i])
			want["acts days between"] = datasets.Days(seen[0].happened, seen[n-1].happened) / float64(n-1)
		}
		for k := range m.Columns {
			if x, ok := want[m.Columns[k].Name]; ok {
				if checked++; m.Columns[k].Value(i) != x {
					t.Errorf("%s, %s: %v, want %v", id, m.Columns[k].Name, m.Columns[k].Value(i), x)
				}
			}
		}
	}
	if checked < 400 {
		t.Errorf("only %d cells were checked", checked)
	}
}

// The order of rows in a table, and the other leads of a call, are of no consequence.
func TestEventsOneByOneAndInAnyOrder(t *testing.T) {
	l := draw(5, 50, 1200)
	r := rand.New(rand.NewPCG(6, 6))
	s := l.snapshot(t, l.events, l.changes, l.moments(r))
	late := s
	late.AsOf = slices.Clone(l.created)
	for i := range late.AsOf {
		late.AsOf[i] += 150 * oneDay
	}
	e := mustFit(t, lifeSpec(), late)
	again, err := Decode(mustBytes(t, e))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := mustEncode(t, e, s)
	mixed := s
	mixed.Events = map[string]*datasets.Table{}
	for name, t := range s.Events {
		mixed.Events[name] = t.Gather(r.Perm(t.Rows))
	}
	for i := range l.leads {
		one := gather(mixed, i)
		one.Creation = l.created[i : i+1]
		got, _ := mustEncode(t, again, one)
		same(t, want, i, got, 0)
	}
}

func TestEventsByHand(t *testing.T) {
	at := func(day int64) int64 { return day * oneDay }
	past := Snapshot{Leads: table(textColumn("lead", datasets.ID, repeat(20, "a")...)), AsOf: slices.Repeat([]int64{at(1)}, 20)}
	for i := range 20 {
		past.Leads.Columns[0] = textColumn("lead", datasets.ID)
		for k := range i + 1 {
			past.Leads.Columns[0].Texts.Append(fmt.Sprint("past", k))
		}
	}
	mails := func(rows ...happening) map[string]*datasets.Table {
		return map[string]*datasets.Table{"mails": eventTable(rows).Drop("id", "amount")}
	}
	var opened []happening
	for i := range 20 {
		opened = append(opened, happening{lead: fmt.Sprint("past", i), kind: "open", happened: 0, known: 0})
	}
	past.Events = mails(opened...)
	e := mustFit(t, Spec{Columns: []ColumnSpec{{Column: "mails", Kind: "events", Key: "lead"}}}, past)

	now := Snapshot{Leads: table(textColumn("lead", datasets.ID, "a", "a", "b", "c")), AsOf: []int64{at(10), at(3), at(10), datasets.NoTime}} // one lead at two moments
	now.Events = mails(happening{lead: "a", kind: "open", happened: at(1), known: at(1)}, happening{lead: "a", kind: "click", happened: at(2), known: at(5)},
		happening{lead: "a", kind: "open", happened: at(3), known: at(3)}, happening{lead: "b", kind: "click", happened: at(10), known: at(10)},
		happening{lead: "c", kind: "open", happened: at(1), known: at(1)}, happening{lead: "stranger", kind: "open", happened: at(1), known: at(1)},
		happening{lead: "a", kind: "open", happened: datasets.NoTime, known: at(1)})
	m, _ := mustEncode(t, e, now)
	for i, want := range []string{
		"mails count 3, mails in 7 days 1, mails in 30 days 3, mails in 90 days 3, mails trend 3, mails days since last 7, mails days since first 9, mails days between 1, mails kinds 2, mails first kind #0, mails last kind #0, mails = open count 2, mails = open in 30 days 2, mails = open days since last 7",
		"mails count 1, mails in 7 days 1, mails in 30 days 1, mails in 90 days 1, mails trend 1, mails days since last 2, mails days since first 2, mails days between -, mails kinds 1, mails first kind #0, mails last kind #0, mails = open count 1, mails = open in 30 days 1, mails = open days since last 2",
		"mails count 0, mails in 7 days 0, mails in 30 days 0, mails in 90 days 0, mails trend 0, mails days since last -, mails days since first -, mails days between -, mails kinds 0, mails first kind -, mails last kind -, mails = open count 0, mails = open in 30 days 0, mails = open days since last -",
		"mails count -, mails in 7 days -, mails in 30 days -, mails in 90 days -, mails trend -, mails days since last -, mails days since first -, mails days between -, mails kinds -, mails first kind -, mails last kind -, mails = open count -, mails = open in 30 days -, mails = open days since last -",
	} {
		if got := outputsOf(m, i); got != want {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, want)
		}
	}
	_, notes := mustEncode(t, e, Snapshot{Leads: table(textColumn("lead", datasets.ID, "a")), AsOf: []int64{at(1)}})
	if len(notes) != 1 {
		t.Errorf("without a table of events: notes %v", notes)
	}
}

// A correction counts from when it was known, and a row without a time takes
// an event back.
func TestCorrections(t *testing.T) {
	at := func(day int64) int64 { return day * oneDay }
	events := eventTable([]happening{{lead: "a", id: "1", happened: at(1), known: at(1), amount: 10}, {lead: "a", id: "1", happened: at(2), known: at(6), amount: 70},
		{lead: "a", id: "2", happened: at(3), known: at(3), amount: 5}, {lead: "a", id: "2", happened: datasets.NoTime, known: at(8), amount: math.NaN()}})
	s := Snapshot{Leads: table(textColumn("key", datasets.ID, repeat(6, "a")...)), AsOf: []int64{at(1), at(2), at(4), at(6), at(7), at(9)}, Events: map[string]*datasets.Table{"acts": events}}
	m, _ := mustEncode(t, mustFit(t, Spec{Columns: []ColumnSpec{{Column: "acts", Kind: "events", Key: "key"}}}, s), s)
	for i, want := range [][2]float64{{0, math.NaN()}, {1, 10}, {2, 15}, {2, 15}, {2, 75}, {1, 70}} {
		for k := range m.Columns {
			var x float64
			switch m.Columns[k].Name {
			case "acts count":
				x = want[0]
			case "acts sum":
				x = want[1]
			default:
				continue
			}
			if got := m.Columns[k].Value(i); got != x && (got == got || x == x) {
				t.Errorf("row %d, %s: %v, want %v", i, m.Columns[k].Name, got, x)
			}
		}
	}
}

func eventSpec() ColumnSpec { return ColumnSpec{Column: "activities", Kind: "events", Key: "id"} }

// history400 is what happened to the first 400 leads of world.
func history400() map[string]*datasets.Table {
	var rows []happening
	for k := range 3000 {
		at := stamp("2021-01-01T00:00") + int64(k*k%1000)*oneDay
		rows = append(rows, happening{lead: fmt.Sprintf("L%05d", k*7%400), kind: []string{"mail", "call", "meeting", ""}[k%4], happened: at, known: at})
	}
	return map[string]*datasets.Table{"activities": eventTable(rows).Drop("id", "amount")}
}
