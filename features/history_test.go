package features

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// The value of a field at a moment is that of the last change known by then, or
// what the lead began with.
func TestFieldsAreRolledBack(t *testing.T) {
	l := draw(7, 300, 10)
	r := rand.New(rand.NewPCG(8, 8))
	first := l.moments(r)
	e := mustFit(t, lifeSpec(), l.snapshot(t, l.events, l.changes, first))
	began := 0
	for range 20 {
		asOf := l.moments(r)
		m, _ := mustEncode(t, e, l.snapshot(t, l.events, l.changes, asOf))
		for i, id := range l.leads {
			want, changes, entered := l.start[id][0], 0, l.created[i]-1
			for _, h := range l.changes {
				if h.lead == id && h.field == "stage" && h.known < asOf[i] && h.happened < asOf[i] {
					want, entered = h.new_, h.happened
					changes++
				}
			}
			if changes == 0 {
				began++
			}
			for k := range m.Columns {
				c := &m.Columns[k]
				switch c.Name {
				case "stage":
					if got := e.Levels(k)[int(c.Value(i))]; got != want {
						t.Fatalf("%s is in stage %s, want %s", id, got, want)
					}
				case "stage days unchanged":
					if got := c.Value(i); got != datasets.Days(entered, asOf[i]) {
						t.Fatalf("%s has not changed for %v days, want %v", id, got, datasets.Days(entered, asOf[i]))
					}
				case "stage changes":
					if got := c.Value(i); got != float64(changes) {
						t.Fatalf("%s has changed %v times, want %v", id, got, changes)
					}
				}
			}
		}
	}
	if began < 100 {
		t.Errorf("only %d leads were as they began", began)
	}
}

// Days by stage add up to the time since the history of the lead begins.
func TestStageDurationsAddUp(t *testing.T) {
	l := draw(9, 60, 10)
	r := rand.New(rand.NewPCG(10, 10))
	asOf := l.moments(r)
	s := l.snapshot(t, l.events, l.changes, asOf)
	m, _ := mustEncode(t, mustFit(t, lifeSpec(), s), s)
	for i := range l.leads {
		sum := 0.0
		for k := range m.Columns {
			if strings.HasPrefix(m.Columns[k].Name, "stage = ") {
				sum += m.Columns[k].Value(i)
			}
		}
		if want := datasets.Days(l.created[i]-1, asOf[i]); sum < want-1e-6 || sum > want+1e-6 {
			t.Errorf("lead %d: %v days in stages, want %v", i, sum, want)
		}
	}
}

// A history that does not lead to today's record, or whose rows do not follow
// from one another, makes the field unrecoverable.
func TestBrokenHistories(t *testing.T) {
	l := draw(11, 60, 10)
	h := Histories{Key: "key", Fields: lifeFields, Begins: datasets.NoTime}
	class := func(leads *datasets.Table, history *datasets.Table) Class {
		_, pasts, err := h.Rollback(leads, l.created, history)
		if err != nil {
			t.Fatal(err)
		}
		return pasts[0].Class
	}
	rows := historyTable(l.changes)
	if got := class(l.record(l.changes), rows); got != Exact {
		t.Errorf("a sound history is %s", got)
	}
	if got := class(l.record(nil), rows); got != Unrecoverable {
		t.Errorf("a history that does not end at today's record is %s", got)
	}
	var gaps []happening
	for k, c := range l.changes {
		if k%3 > 0 {
			gaps = append(gaps, c)
		}
	}
	if got := class(l.record(gaps), historyTable(gaps)); got != Unrecoverable {
		t.Errorf("a history with gaps is %s", got)
	}
	if got := class(l.record(nil).Drop("stage"), rows); got != Exact {
		t.Errorf("the history of a field that the leads do not have is %s", got)
	}
}

// What a lead began with before the history begins is not known earlier.
func TestHistoriesBegin(t *testing.T) {
	leads := table(textColumn("key", datasets.ID, "a", "a", "b"), textColumn("stage", datasets.Category, "new", "new", "new"))
	h := Histories{Key: "key", Fields: lifeFields[:1], Begins: 10 * oneDay}
	tables, _, err := h.Rollback(leads.Gather([]int{0, 2}), []int64{oneDay, 20 * oneDay}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := Snapshot{Leads: leads, Events: tables, AsOf: []int64{9 * oneDay, 11 * oneDay, 20 * oneDay}}
	m, _ := mustEncode(t, mustFit(t, Spec{Columns: []ColumnSpec{{Column: "stage", Kind: "category", Key: "key", History: HistoryOf("stage")}}}, s), s)
	if got := outputsOf(m, 0) + "; " + outputsOf(m, 1) + "; " + outputsOf(m, 2); got != "stage -; stage #0; stage #0" {
		t.Error(got)
	}
}
