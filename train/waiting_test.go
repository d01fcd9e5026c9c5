package train_test

import (
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// TestWaiting: a horizon that the data do not support is named with its reason
// and a day; a month before that day the data do not support it yet, a month
// after it they do.
func TestWaiting(t *testing.T) {
	table := smallCompany(1800, 31).table(nil, nil)
	p := smallPlan()
	p.Model, p.Horizons, p.MainHorizon = "linear", []int{30, 200}, 30
	learnt := func(at time.Time) *bundle.Bundle {
		p.AsOf = datasets.Micros(at)
		return openBundle(t, run(t, table, p).Shipped)
	}
	b := learnt(day(150))
	if w := b.Manifest.Waiting; len(w) != 1 || w[0].Days != 200 || !strings.Contains(w[0].Reason, " were still open after that long (50 are needed)") {
		t.Fatalf("waiting for %+v", w)
	}
	from, err := time.Parse(time.DateOnly, b.Manifest.Waiting[0].From)
	if err != nil || from.Before(day(220)) || from.After(day(550)) {
		t.Fatalf("expected from %v on", from)
	}
	leads, err := b.Read(table.Gather([]int{0}), p.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	leads.AsOf[0] = leads.Leads.Column("created_at").Times[0]
	s, err := b.Score(t.Context(), leads, 0)
	if err != nil || s[0].WinBy[1] != nil || !strings.HasSuffix(s[0].Warnings[0], "; a model trained about "+from.Format(time.DateOnly)+" can be expected to reach further") {
		t.Errorf("%+v, %v", s, err)
	}
	if w := learnt(from.AddDate(0, 0, -30)).Manifest.Waiting; len(w) == 0 {
		t.Errorf("a month before %v it is supported", from)
	}
	if w := learnt(from.AddDate(0, 0, 30)).Manifest.Waiting; len(w) > 0 {
		t.Errorf("a month after %v it is not supported: %+v", from, w)
	}
}

// TestWaitingBehindSilence: nobody is open for longer than silence lasts.
func TestWaitingBehindSilence(t *testing.T) {
	p := smallPlan()
	p.Contract.SilentAfter, p.Horizons, p.MainHorizon = 60, []int{30, 90}, 90
	if got := complaint(t, smallCompany(600, 32).table(nil, nil), p); !strings.Contains(got, "the main horizon of 90 days is not supported: leads count as lost after 60 days of silence, so none is open for longer; up to ") {
		t.Error(got)
	}
}
