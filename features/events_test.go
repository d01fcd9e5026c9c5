package features

import (
	"fmt"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"pgregory.net/rapid"
)

func eventSpec() ColumnSpec {
	return ColumnSpec{Column: "activities", Kind: "events", Key: "id", Type: "sort"}
}

// history400 is a history of the first 400 leads of world.
func history400() map[string]*datasets.Table {
	var ids, sorts []string
	var at []int64
	for k := range 3000 {
		ids = append(ids, fmt.Sprintf("L%05d", k*7%400))
		sorts = append(sorts, []string{"mail", "call", "meeting", ""}[k%4])
		at = append(at, stamp("2021-01-01T00:00")+int64(k*k%1000)*datasets.MicrosPerDay)
	}
	return map[string]*datasets.Table{"activities": table(textColumn("id", datasets.ID, ids...), textColumn("sort", datasets.Category, sorts...), timeColumn("known_at", at...))}
}

// Whatever is written into events and dates at or after as-of, the matrix
// stays the same to the bit.
func TestTheFutureIsNotSeen(t *testing.T) {
	past := world(400, 9)
	past.Events = history400()
	spec := worldSpec()
	spec.Columns = append(spec.Columns, eventSpec())
	e := mustFit(t, spec, past)
	want, _ := mustEncode(t, e, past)
	asOf := map[string]int64{}
	for i := range past.Leads.Rows {
		asOf[past.Leads.Column("id").Texts.At(i)] = past.AsOf[i]
	}
	counted := 0.0
	for i := range past.Leads.Rows {
		for k := range want.Columns {
			if want.Columns[k].Name == "activities count" {
				counted += want.Columns[k].Num(i)
			}
		}
	}
	if counted < 100 {
		t.Fatalf("only %v events lie before as-of", counted)
	}
	poisoned := 0
	rapid.Check(t, func(r *rapid.T) {
		absurd := rapid.Int64Range(0, 1<<60)
		history := past.Events["activities"]
		id, sort, at := history.Columns[0], textColumn("sort", datasets.Category), history.Columns[2].Gather(seq(history.Rows))
		for k := range history.Rows {
			limit, value := asOf[id.Texts.At(k)], history.Columns[1].Texts.At(k)
			if at.Times[k] >= limit {
				at.Times[k] = limit + absurd.Draw(r, "later")%(1<<40)
				value = "won"
				poisoned++
			}
			sort.Texts.Append(value)
		}
		s := past
		s.Leads = past.Leads.Gather(seq(past.Leads.Rows))
		seen := s.Leads.Column("last_seen").Times
		for i := range seen {
			if seen[i] >= s.AsOf[i] && seen[i] != datasets.NoTime && s.AsOf[i] != datasets.NoTime {
				seen[i] = s.AsOf[i] + absurd.Draw(r, "seen")%(1<<40)
			}
		}
		s.Events = map[string]*datasets.Table{"activities": table(id, sort, at)}
		got, _ := mustEncode(t, e, s)
		for i := range s.Leads.Rows {
			same(t, want, i, got, i)
		}
	})
	if poisoned == 0 {
		t.Error("nothing was poisoned")
	}
}

func seq(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func TestEventsByHand(t *testing.T) {
	day := int64(datasets.MicrosPerDay)
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = fmt.Sprint("past", i)
	}
	events := func(id []string, sort []string, at []int64) map[string]*datasets.Table {
		return map[string]*datasets.Table{"mails": table(textColumn("lead", datasets.ID, id...), textColumn("sort", datasets.Category, sort...), timeColumn("happened_at", at...))}
	}
	leads := func(id []string, asOf ...int64) Snapshot {
		return Snapshot{Leads: table(textColumn("lead", datasets.ID, id...)), AsOf: asOf}
	}
	at := make([]int64, 20)
	asOf := make([]int64, 20)
	for i := range asOf {
		asOf[i] = 1
	}
	past := leads(ids, asOf...)
	past.Events = events(ids, repeat(20, "open"), at)
	e := mustFit(t, Spec{Columns: []ColumnSpec{{Column: "mails", Kind: "events", Key: "lead", Type: "sort"}}}, past)

	now := leads([]string{"a", "a", "b", "c"}, 10*day, 3*day, 10*day, datasets.NoTime) // one lead at two moments
	now.Events = events([]string{"a", "a", "a", "b", "c", "stranger", "a"}, []string{"open", "click", "open", "click", "open", "open", "open"},
		[]int64{day, 2 * day, 3 * day, 10 * day, day, day, datasets.NoTime})
	m, _ := mustEncode(t, e, now)
	for i, want := range []string{
		"mails count 3, mails days since last 7, mails = open count 2",
		"mails count 2, mails days since last 1, mails = open count 1",
		"mails count 0, mails days since last -, mails = open count 0",
		"mails count 0, mails days since last -, mails = open count 0",
	} {
		if got := outputsOf(m, i); got != want {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, want)
		}
	}
	m, notes := mustEncode(t, e, leads([]string{"a"}, day))
	if got := outputsOf(m, 0); got != "mails count -, mails days since last -, mails = open count -" || len(notes) != 1 {
		t.Errorf("without a history: %s, notes %v", got, notes)
	}
}
