package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// The rates a day of being won and of being lost, and of events, in the two
// moods of a lead of a livelyCompany, and how often it goes from one to the other.
var (
	moodWon  = [2]float64{0.002, 0.02}
	moodLost = [2]float64{0.006, 0.003}
	moodActs = [2]float64{0.03, 0.3}
)

const moodSwing = 1.0 / 40

// lively is a company whose leads have a mood that comes and goes.
type lively struct {
	leads, acts, moods *rows
	truth              map[string][2]float64 // of the open ones: probabilities of being won within 30 and 90 days
}

func livelyCompany(n int, seed uint64) *lively {
	r := rand.New(rand.NewPCG(seed, 2))
	c := &lively{truth: map[string][2]float64{}, leads: smallCompany(n, seed), acts: &rows{names: []string{"lead_id", "kind", "happened_at", "known_at"}},
		moods: &rows{names: []string{"lead_id", "field", "old", "new", "happened_at", "known_at"}}}
	names := []string{"quiet", "keen"}
	written := func(at time.Time) string { return at.Format(time.RFC3339) }
	future := [2][2]float64{moodFuture(0), moodFuture(1)}
	for i, cells := range c.leads.cells {
		id := cells[0]
		now := start.Add(time.Duration(r.IntN(600*24)) * time.Hour)
		mood := r.IntN(2)
		cells[1], cells[2], cells[3] = written(now), "Open", ""
		c.moods.cells = append(c.moods.cells, []string{id, "mood", "", names[mood], written(now), written(now)})
		for cells[2] == "Open" {
			sum := moodWon[mood] + moodLost[mood] + moodActs[mood] + moodSwing
			if now = now.Add(time.Duration(r.ExpFloat64() / sum * 24 * float64(time.Hour))); datasets.Micros(now) >= end {
				c.truth[id] = future[mood]
				break
			}
			known := now.Add(time.Duration(r.IntN(2)*r.IntN(48)) * time.Hour)
			switch u := r.Float64() * sum; {
			case u < moodWon[mood]:
				cells[2], cells[3] = "Won", written(now)
			case u < moodWon[mood]+moodLost[mood]:
				cells[2], cells[3] = "Lost", written(now)
			case u < moodWon[mood]+moodLost[mood]+moodSwing:
				c.moods.cells = append(c.moods.cells, []string{id, "mood", names[mood], names[1-mood], written(now), written(known)})
				mood = 1 - mood
			default:
				c.acts.cells = append(c.acts.cells, []string{id, []string{"mail", "call"}[r.IntN(2)], written(now), written(known)})
			}
		}
		c.leads.cells[i] = cells
	}
	return c
}

// moodFuture is the probability of being won within 30 and 90 days, in steps of
// a hundredth of a day.
func moodFuture(mood int) (won [2]float64) {
	var open [2]float64
	open[mood] = 1
	sum, step := 0.0, 0.01
	for k := range 9000 {
		if k == 3000 {
			won[0] = sum
		}
		next := open
		for m := range 2 {
			sum += open[m] * moodWon[m] * step
			next[m] -= open[m] * (moodWon[m] + moodLost[m] + moodSwing) * step
			next[1-m] += open[m] * moodSwing * step
		}
		open = next
	}
	won[1] = sum
	return won
}

// plan is the plan with some of the company's tables.
func (c *lively) plan(t testing.TB, acts, moods *datasets.Table) train.Plan {
	t.Helper()
	p := smallPlan()
	p.Events = map[string]*datasets.Table{"acts": acts, "moods": moods}
	for _, name := range []string{"acts", "moods"} {
		raw := p.Events[name]
		if raw == nil {
			delete(p.Events, name)
			continue
		}
		e, _, err := datasets.FindEvents(name, raw, name == "moods", nil, datasets.Hints{})
		if err != nil {
			t.Fatal(err)
		}
		p.Tables = append(p.Tables, *e)
	}
	return p
}

// gap is the share of the distance in log score from the mean of the truth to
// the truth that the forecasts of open leads close, at 30 and at 90 days.
func (c *lively) gap(t testing.TB, p train.Plan) (gap [2]float64) {
	t.Helper()
	b := openBundle(t.(*testing.T), run(t, c.leads.table(nil, nil), p).Shipped)
	s, err := b.Read(c.leads.table(nil, nil), end)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Attach(&s, p.Events); err != nil {
		t.Fatal(err)
	}
	scores, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	for h := range gap {
		var truths, said []float64
		mean := 0.0
		for _, score := range scores {
			if truth, open := c.truth[score.ID]; open && score.WinBy[h] != nil {
				truths, said = append(truths, truth[h]), append(said, *score.WinBy[h])
				mean += truth[h]
			}
		}
		mean /= float64(len(truths))
		var best, ours, base float64
		for i, q := range truths {
			score := func(p float64) float64 { return q*math.Log(p) + (1-q)*math.Log(1-p) }
			best, ours, base = best+score(q), ours+score(said[i]), base+score(mean)
		}
		gap[h] = (ours - base) / (best - base)
	}
	return gap
}

// Where what happens to a lead tells how it will go on, forecasts of open leads
// come close to the truth with events, closer with the history that says it
// all, and not without.
func TestEventsAndHistoriesPay(t *testing.T) {
	c := livelyCompany(2500, 3)
	gap := func(acts, moods *datasets.Table) [2]float64 {
		p := c.plan(t, acts, moods)
		p.Model = "gbm"
		return c.gap(t, p)
	}
	plain, events, history := gap(nil, nil), gap(c.acts.table(nil, nil), nil), gap(nil, c.moods.table(nil, nil))
	t.Logf("of the gap at 30 and 90 days: %.2f without, %.2f with events, %.2f with the history", plain, events, history)
	for h := range 2 {
		if events[h] < plain[h]+[]float64{0.15, 0.05}[h] || history[h] < plain[h]+0.5 {
			t.Errorf("at %d: %.2f without, %.2f with events, %.2f with the history", h, plain[h], events[h], history[h])
		}
	}
}

// The bundle is the same for any order of the rows of events and histories, and
// whatever they say that was only known after today.
func TestBundlesOfEvents(t *testing.T) {
	c := livelyCompany(700, 4)
	p := c.plan(t, c.acts.table(nil, nil), c.moods.table(nil, nil))
	p.Model, p.NoRefit = "linear", true
	first := openBundle(t, run(t, c.leads.table(nil, nil), p).Shipped)
	r := rand.New(rand.NewPCG(5, 5))
	late := written(end + datasets.MicrosPerDay)
	for i := range 50 {
		c.acts.cells = append(c.acts.cells, []string{"L" + strconv.Itoa(i+1), "won", late, late})
		c.acts.cells = append(c.acts.cells, []string{"L" + strconv.Itoa(i+1), "won", written(end - int64(i)*datasets.MicrosPerDay), late})
	}
	q := c.plan(t, c.acts.table(r.Perm(len(c.acts.cells)), nil), c.moods.table(r.Perm(len(c.moods.cells)), nil))
	q.Model, q.NoRefit = p.Model, true
	if again := openBundle(t, run(t, c.leads.table(nil, nil), q).Shipped); again.ID() != first.ID() {
		t.Error("the order of rows, or what is only known later, changes the bundle")
	}
	kept, err := train.PlanOf(first)
	if err != nil || len(kept.Tables) != 2 || kept.Events != nil {
		t.Errorf("the bundle keeps the plan %+v, %v", kept.Tables, err)
	}
	if _, err := train.Verify(t.Context(), first, c.leads.table(nil, nil), nil, nil); err == nil || !strings.Contains(err.Error(), "give it again") {
		t.Errorf("verified without its events: %v", err)
	}
}

func written(micros int64) string { return datasets.FormatTime(micros) }

// A field whose history does not lead to today's record is left out, and so is
// one that changes and has none.
func TestFieldsWithoutAPast(t *testing.T) {
	c := livelyCompany(700, 6)
	c.leads.add("mood", func(int) string { return "keen" })
	c.leads.add("score", func(i int) string { return strconv.Itoa(i % 90) })
	p := c.plan(t, nil, c.moods.table(nil, nil))
	p.Model, p.NoRefit, p.Changes = "linear", true, []string{"score"}
	why := map[string]string{}
	for _, w := range openBundle(t, run(t, c.leads.table(nil, nil), p).Shipped).Manifest.Withheld {
		why[w.Column] = w.Reason
	}
	if !strings.Contains(why["mood"], "its history does not fit") || !strings.Contains(why["score"], "declared as changing") {
		t.Errorf("withheld: %v", why)
	}
	p.Roles.ID = ""
	p.Exclude = []string{"lead_id"}
	if got := complaint(t, c.leads.table(nil, nil), p); !strings.Contains(got, "need leads with an id") {
		t.Error(got)
	}
}
