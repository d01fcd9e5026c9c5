package bundle_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// spoilt draws some leads of a company, a few cells of which are missing,
// unheard-of or broken.
func spoilt(t *rapid.T, leads *datasets.Table) *datasets.Table {
	n := rapid.IntRange(1, 30).Draw(t, "leads")
	rows := make([]int, n)
	for i := range rows {
		rows[i] = rapid.IntRange(0, leads.Rows-1).Draw(t, "row")
	}
	table := leads.Gather(rows)
	cells := []string{"", "never seen", "-5", "1e300", "NaN", "0", "=1+1", "ä\x00b", "2022-05-05"}
	for range rapid.IntRange(0, 8).Draw(t, "spoils") {
		c := table.Columns[rapid.IntRange(0, len(table.Columns)-1).Draw(t, "column")]
		row, cell := rapid.IntRange(0, n-1).Draw(t, "where"), rapid.SampledFrom(cells).Draw(t, "cell")
		texts := datasets.Strings{Offsets: []int64{0}}
		for i := range n {
			if i == row {
				texts.Append(cell)
			} else {
				texts.Append(c.Texts.At(i))
			}
		}
		c.Texts = texts
	}
	return table
}

// companies are all of those that the tests train.
func companies() []company { return []company{timed(), small(), unlost(), untimed()} }

// TestBatchIsOneByOne scores leads together and each alone: the same bits.
func TestBatchIsOneByOne(t *testing.T) {
	all := companies()
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(all).Draw(r, "company")
		table := spoilt(r, c.leads)
		together := c.score(t, table, 4)
		for i := range table.Rows {
			alone := c.score(t, table.Gather([]int{i}), 4)
			if !reflect.DeepEqual(alone[0], together[i]) {
				r.Fatalf("lead %d alone\n%+v\nand with others\n%+v", i, alone[0], together[i])
			}
		}
	})
}

// TestBlocks scores more leads than fit into a block, in another order.
func TestBlocks(t *testing.T) {
	c := timed()
	rows := make([]int, c.leads.Rows)
	for i := range rows {
		rows[i] = (i*7 + 3) % len(rows)
	}
	scores, again := c.score(t, c.leads, 0), c.score(t, c.leads.Gather(rows), 0)
	for i, r := range rows {
		if !reflect.DeepEqual(scores[r], again[i]) {
			t.Fatalf("lead %d scores otherwise in another place", r)
		}
	}
	if none := c.score(t, c.leads.Gather(nil), 3); len(none) != 0 {
		t.Errorf("%d scores of no leads", len(none))
	}
}

// TestOneMakesOne: won, lost and open add to one, at every time and age, and
// nothing is negative.
func TestOneMakesOne(t *testing.T) {
	all := []company{timed(), small()}
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(all).Draw(r, "company")
		for _, s := range c.score(t, spoilt(r, c.leads), 0) {
			if s.Err != nil {
				continue
			}
			if s.Win != nil {
				if sum := *s.Win + *s.Lost + *s.Open; math.Abs(sum-1) > 1e-12 {
					r.Fatalf("at the main horizon they add to %v", sum)
				}
			}
			days := rapid.Float64Range(0, 5000).Draw(r, "days")
			var at [2]float64
			open := s.Curve.At(at[:], days)
			if sum := at[0] + at[1] + open; math.Abs(sum-1) > 1e-12 || at[0] < 0 || at[1] < 0 || open < 0 {
				r.Fatalf("after %v days: won %v, lost %v, open %v", days, at[0], at[1], open)
			}
			for k := 1; k < len(s.WinBy); k++ {
				if s.WinBy[k-1] != nil && s.WinBy[k] != nil && *s.WinBy[k] < *s.WinBy[k-1] {
					r.Fatal("a longer horizon has a smaller probability")
				}
			}
			if q := s.Cycle; q[0] != nil && (*q[0] > *q[1] || *q[1] > *q[2]) {
				r.Fatalf("cycle quantiles %v %v %v", *q[0], *q[1], *q[2])
			}
		}
	})
}

// TestReasonsAddUp: all reasons together are the distance from the base, in
// probability and in days.
func TestReasonsAddUp(t *testing.T) {
	all := companies()
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(all).Draw(r, "company")
		table := spoilt(r, c.leads)
		snapshot := c.read(t, table)
		created := snapshot.Leads.Column("created_at")
		for i, s := range c.score(t, table, bundle.Every) {
			if s.Win == nil {
				if s.Reasons != nil {
					r.Fatal("reasons for no probability")
				}
				continue
			}
			age := 0.0
			if created != nil && !created.Missing(i) {
				age = datasets.Days(created.Times[i], asOf)
			}
			sum, days := 0.0, 0.0
			for k, reason := range s.Reasons {
				sum += reason.Effect
				if (reason.Days != nil) != (s.BaseDays != nil) {
					r.Fatalf("%s: effects in days %v, base %v", reason.Column, reason.Days, s.BaseDays)
				}
				if reason.Days != nil {
					days += *reason.Days
				}
				if reason.Won > reason.Like || reason.Like < 0 {
					r.Fatalf("%s: %d like this, %d won", reason.Column, reason.Like, reason.Won)
				}
				if k > 0 && math.Abs(reason.Effect) > math.Abs(s.Reasons[k-1].Effect) {
					r.Fatal("a stronger reason comes later")
				}
				if reason.Column[0] != '(' && table.Column(reason.Column) == nil {
					r.Fatalf("a reason of column %q, which the user's table does not have", reason.Column)
				}
			}
			if math.Abs(*s.Base+sum-*s.Win) > 1e-9 {
				r.Fatalf("reasons add to %v from %v to %v (age %v)", sum, *s.Base, *s.Win, age)
			}
			if s.BaseDays != nil && math.Abs(*s.BaseDays+days-*s.Cycle[1]) > 1e-9*(1+*s.Cycle[1]) {
				r.Fatalf("reasons add to %v days from %v to %v (age %v)", days, *s.BaseDays, *s.Cycle[1], age)
			}
		}
	})
}

// TestReasonsFewer: fewer reasons are the first of the more.
func TestReasonsFewer(t *testing.T) {
	c := timed()
	leads := c.leads.Gather(seq(30))
	most, three, none := c.score(t, leads, 1000), c.score(t, leads, 3), c.score(t, leads, 0)
	for i := range most {
		if len(three[i].Reasons) > 3 || !slices.Equal(three[i].Reasons, most[i].Reasons[:len(three[i].Reasons)]) {
			t.Errorf("lead %d: %v are not the first of %v", i, three[i].Reasons, most[i].Reasons)
		}
		if none[i].Reasons != nil {
			t.Errorf("lead %d: %v though none were asked for", i, none[i].Reasons)
		}
	}
}

// TestAges looks at what the distance between creation and as-of does.
func TestAges(t *testing.T) {
	c := timed()
	day := func(n int) string { return start.AddDate(0, 0, n).Format(time.RFC3339) }
	cases := []struct {
		name, created string
		scored, old   bool
		says          string
	}{
		{"young", day(590), true, false, ""},
		{"old", day(-4000), true, true, "created_at: open for longer than the "},
		{"older than training saw", day(10), true, true, "was --as-of forgotten?"},
		{"missing", "", true, false, "created_at: is missing: taken as created at as_of"},
		{"tomorrow", day(601), false, false, "created_at: the lead was created after as_of"},
		{"just now", day(600), true, false, ""},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			s := c.score(t, one("L1", k.created, "Open", "", "1000", "web", "3", "basic"), 3)[0]
			said := strings.Join(s.Warnings, "; ")
			if s.Err != nil {
				said = s.Err.Error()
				if s.Win != nil || s.WinBy != nil || s.Grade != "" || s.Reasons != nil || s.ExpectedValue != nil {
					t.Errorf("an error and numbers: %+v", s)
				}
			}
			if (s.Err == nil) != k.scored || s.Old != k.old || !strings.Contains(said, k.says) {
				t.Errorf("scored %v, old %v, %q", s.Err == nil, s.Old, said)
			}
			if k.says == "" && strings.Contains(said, "created_at") {
				t.Errorf("needless words: %q", said)
			}
			if s.ID != "L1" {
				t.Errorf("id %q", s.ID)
			}
		})
	}
}

// TestMissingCreation is the forecast of a lead created at as-of.
func TestMissingCreation(t *testing.T) {
	c := timed()
	now := start.AddDate(0, 0, 600).Format(time.RFC3339)
	a := c.score(t, one("L1", now, "Open", "", "1000", "web", "3", "basic"), 0)[0]
	b := c.score(t, one("L1", "", "Open", "", "1000", "web", "3", "basic"), 0)[0]
	d := c.score(t, one("L1", now, "Open", "", "1000", "web", "3", "basic").Drop("created_at"), 0)[0]
	if *a.Win != *b.Win || *a.Win != *d.Win {
		t.Errorf("created at as-of %v, creation missing %v, column missing %v", *a.Win, *b.Win, *d.Win)
	}
}

// TestOwnAsOf: an as_of column is each lead's own moment.
func TestOwnAsOf(t *testing.T) {
	c := timed()
	leads := c.leads.Gather(seq(60))
	at := make([]string, leads.Rows)
	var want []bundle.Score
	created := c.read(t, leads).Leads.Column("created_at")
	for i := range at {
		moment := created.Times[i] + int64(i)*datasets.MicrosPerDay
		at[i] = datasets.FormatTime(moment)
		s, err := c.b.Read(leads.Gather([]int{i}), moment)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := c.b.Score(context.Background(), s, 2)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, scores[0])
	}
	own := &datasets.Table{Rows: leads.Rows, Columns: append(slices.Clone(leads.Columns), &datasets.Column{Name: "as_of", Texts: datasets.MakeStrings(at...)})}
	got := c.score(t, own, 2)
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("lead %d by its own as_of\n%+v\nby that of the call\n%+v", i, got[i], want[i])
		}
	}
	for cell, scored := range map[string]bool{"": true, "soon": false, "2024-01-01": true, "2024-01-01 10:30:00": true, "2024-01-01T10:30:00+02:00": true, "NaN": false} {
		leads := c.leads.Gather([]int{0})
		leads.Columns = append(leads.Columns, &datasets.Column{Name: "as_of", Texts: datasets.MakeStrings(cell)})
		s := c.score(t, leads, 0)[0]
		if (s.Err == nil) != scored {
			t.Errorf("as_of %q: %v", cell, s.Err)
		}
		if !scored && strings.Contains(s.Err.Error(), cell) {
			t.Errorf("the error repeats the value: %v", s.Err)
		}
	}
}

// TestUnsupported: what the data do not support is empty and says so.
func TestUnsupported(t *testing.T) {
	c := timed()
	s := c.score(t, one("L1", start.AddDate(0, 0, 599).Format(time.RFC3339), "Open", "", "1000", "web", "3", "basic"), 0)[0]
	if s.WinBy[0] == nil || s.WinBy[1] == nil || s.WinBy[3] != nil {
		t.Errorf("p_win by %v: %v", c.b.Manifest.Horizons, s.WinBy)
	}
	if !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.HasPrefix(w, "p_win_1500d: at this age the data support at most ") }) {
		t.Errorf("warnings %q", s.Warnings)
	}
	if *s.WinBy[1] != *s.Win {
		t.Errorf("p_win is %v, at the main horizon %v", *s.Win, *s.WinBy[1])
	}
	reach := c.b.Reach()
	for age := 0.0; age < 2000; age += 7 {
		if longest := reach.Longest(age); longest < 0 || longest > reach.Ahead {
			t.Fatalf("at age %v up to %v days are supported, at creation %v", age, longest, reach.Ahead)
		}
	}
}

// TestNoLosses: where losses are not recorded, nothing is said about them.
func TestNoLosses(t *testing.T) {
	c := unlost()
	if c.b.Manifest.Losses {
		t.Fatal("the manifest claims losses")
	}
	scores := c.score(t, c.leads.Gather(seq(200)), 0)
	for _, s := range scores {
		if s.Lost != nil {
			t.Fatalf("p_lost is %v", *s.Lost)
		}
		if s.Win != nil && math.Abs(*s.Win+*s.Open-1) > 1e-12 {
			t.Fatalf("won %v, open %v", *s.Win, *s.Open)
		}
	}
	if lost := c.b.Table(scores).Column("p_lost"); lost == nil || !lost.Missing(0) {
		t.Error("the column p_lost is not there and empty")
	}
}

// TestFlat: a table without times has a probability and nothing about time.
func TestFlat(t *testing.T) {
	c := untimed()
	scores := c.score(t, c.leads.Gather(seq(50)), 3)
	for _, s := range scores {
		if s.Err != nil || s.Win == nil || !(*s.Win > 0 && *s.Win < 1) || !strings.Contains("ABCD", s.Grade) || s.Grade == "" || len(s.Reasons) == 0 {
			t.Fatalf("%+v", s)
		}
		if s.Lost != nil || s.Open != nil || s.WinBy != nil || s.Cycle != [3]*float64{} || s.ExpectedValue != nil || s.Curve.Rates != nil || s.Old {
			t.Fatalf("something about time: %+v", s)
		}
	}
	table := c.b.Table(scores)
	filled := []string{"lead_id", "p_win", "grade", "reasons"}
	for _, col := range table.Columns {
		if col.Name == "warnings" {
			continue
		}
		if got, want := !col.Missing(0), slices.Contains(filled, col.Name); got != want {
			t.Errorf("column %q is filled: %v", col.Name, got)
		}
	}
	if c.b.Cuts() != nil || c.b.Reach() != (bundle.Reach{}) {
		t.Errorf("cuts %v, reach %v", c.b.Cuts(), c.b.Reach())
	}
}

// TestExpectedValue is the probability times the amount, or the mean of won
// leads with a warning.
func TestExpectedValue(t *testing.T) {
	c := timed()
	day := start.AddDate(0, 0, 595).Format(time.RFC3339)
	s := c.score(t, one("L1", day, "Open", "", "1000", "web", "3", "basic"), 0)[0]
	if *s.ExpectedValue != *s.Win*1000 {
		t.Errorf("expected value %v of %v × 1000", *s.ExpectedValue, *s.Win)
	}
	s = c.score(t, one("L1", day, "Open", "", "", "web", "3", "basic"), 0)[0]
	if c.b.Manifest.MeanAmount <= 0 || *s.ExpectedValue != *s.Win*c.b.Manifest.MeanAmount {
		t.Errorf("expected value %v of %v × %v", *s.ExpectedValue, *s.Win, c.b.Manifest.MeanAmount)
	}
	if !slices.Contains(s.Warnings, "value: is missing: expected value uses the mean of won leads") {
		t.Errorf("warnings %q", s.Warnings)
	}
}

// TestGrades are absolute: the cut-offs of the manifest, whoever else is scored.
func TestGrades(t *testing.T) {
	c := timed()
	g := c.b.Manifest.Grades
	if !(g[0] >= g[1] && g[1] >= g[2]) {
		t.Errorf("cut-offs %v", g)
	}
	seen := map[string]int{}
	for _, s := range c.score(t, c.leads, 0) {
		if s.Win == nil {
			if s.Grade != "" {
				t.Fatalf("grade %q without a probability", s.Grade)
			}
			continue
		}
		want := "D"
		for i := 2; i >= 0; i-- {
			if *s.Win >= g[i] {
				want = string("ABC"[i])
			}
		}
		if s.Grade != want {
			t.Fatalf("grade %s for %v with %v", s.Grade, *s.Win, g)
		}
		seen[want]++
	}
	if len(seen) < 3 {
		t.Errorf("grades given: %v", seen)
	}
}

// TestTableColumns are named and ordered as documented, one row a lead.
func TestTableColumns(t *testing.T) {
	want := map[string]string{
		"timed":   "lead_id p_win p_lost p_open horizon_days p_win_30d p_win_90d p_win_180d p_win_1500d cycle_p10_days cycle_p50_days cycle_p90_days expected_value grade reasons warnings",
		"small":   "lead_id p_win p_lost p_open horizon_days p_win_30d p_win_90d p_win_180d cycle_p10_days cycle_p50_days cycle_p90_days expected_value grade reasons warnings",
		"untimed": "lead_id p_win p_lost p_open horizon_days p_win_30d p_win_90d p_win_180d cycle_p10_days cycle_p50_days cycle_p90_days grade reasons warnings",
	}
	for name, c := range map[string]company{"timed": timed(), "small": small(), "untimed": untimed()} {
		leads := c.leads.Gather([]int{5, 3, 4})
		table := c.b.Table(c.score(t, leads, 3))
		if got := strings.Join(table.Names(), " "); got != want[name] {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want[name])
		}
		if table.Rows != 3 {
			t.Errorf("%s: %d rows", name, table.Rows)
		}
		for _, col := range table.Columns {
			if col.Len() != 3 {
				t.Errorf("%s: column %q has %d values", name, col.Name, col.Len())
			}
		}
		for i := range 3 {
			if got := table.Column("lead_id").Texts.At(i); got != leads.Column("lead_id").Texts.At(i) {
				t.Errorf("%s: row %d is lead %s", name, i, got)
			}
		}
		if empty := c.b.Table(nil); strings.Join(empty.Names(), " ") != want[name] || empty.Rows != 0 {
			t.Errorf("%s: a table of no leads has columns %v", name, empty.Names())
		}
	}
	table := timed().b.Table(timed().score(t, one("L1", "2099-01-01T00:00:00Z", "Open", "", "1", "web", "3", "basic"), 3))
	for _, col := range table.Columns {
		if want := !slices.Contains([]string{"lead_id", "horizon_days", "warnings"}, col.Name); col.Missing(0) != want {
			t.Errorf("a lead that cannot be scored: column %q is missing: %v", col.Name, col.Missing(0))
		}
	}
}

// TestIDsComeBack as they were written, numbers included.
func TestIDsComeBack(t *testing.T) {
	c := untimed()
	ids := []string{"12345678901234567", "7", "0x", "", "007"}
	for _, id := range ids {
		leads := c.leads.Gather([]int{0})
		leads.Columns[0].Texts = datasets.MakeStrings(id)
		if got := c.score(t, leads, 0)[0].ID; got != id {
			t.Errorf("id %q comes back as %q", id, got)
		}
	}
}

// TestOutcomeIsNotRead: neither the outcome nor anything after creation moves a forecast.
func TestOutcomeIsNotRead(t *testing.T) {
	c := timed()
	day := start.AddDate(0, 0, 500)
	var first *float64
	for _, o := range [][2]string{{"Open", ""}, {"Won", day.AddDate(0, 0, 20).Format(time.RFC3339)}, {"Lost", day.Format(time.RFC3339)}, {"Nonsense", "never"}, {"", ""}} {
		s := c.score(t, one("L9", day.Format(time.RFC3339), o[0], o[1], "700", "call", "2", "team"), 0)[0]
		if first == nil {
			first = s.Win
		}
		if *s.Win != *first {
			t.Errorf("status %q: %v, else %v", o[0], *s.Win, *first)
		}
	}
}

// TestConcurrently scores with one bundle from many goroutines.
func TestConcurrently(t *testing.T) {
	for _, c := range []company{timed(), untimed()} {
		leads := c.leads.Gather(seq(600))
		want := c.score(t, leads, 2)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				part := leads.Gather(seq(600)[g*50 : g*50+100])
				s, err := c.b.Read(part, asOf)
				if err != nil {
					t.Error(err)
					return
				}
				scores, err := c.b.Score(context.Background(), s, 2)
				if err != nil || !reflect.DeepEqual(scores, want[g*50:g*50+100]) {
					t.Errorf("goroutine %d: other scores (%v)", g, err)
				}
				c.b.Table(scores)
			})
		}
		wg.Wait()
	}
}

// TestCancelled ends with the context's error.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, n := range []int{5, 1200} {
		if _, err := timed().b.Score(ctx, timed().read(t, timed().leads.Gather(seq(n))), 0); !errors.Is(err, context.Canceled) {
			t.Errorf("%d leads: %v", n, err)
		}
	}
}

// TestConditionalLaw: a forecast at an age is that at creation, given still open.
func TestConditionalLaw(t *testing.T) {
	c := timed()
	at := func(day int) bundle.Score {
		leads := one("L1", start.AddDate(0, 0, 400).Format(time.RFC3339), "Open", "", "1000", "web", "5", "basic")
		leads.Columns = append(leads.Columns, &datasets.Column{Name: "as_of", Texts: datasets.MakeStrings(start.AddDate(0, 0, day).Format(time.RFC3339))})
		return c.score(t, leads, 0)[0]
	}
	young := at(400)
	for _, age := range []int{10, 60, 150} {
		old := at(400 + age)
		var now, then, later [2]float64
		open := young.Curve.At(now[:], float64(age))
		young.Curve.At(later[:], float64(age+90))
		old.Curve.At(then[:], 90)
		if want := (later[0] - now[0]) / open; math.Abs(then[0]-want) > 1e-12 {
			t.Errorf("at age %s: %v, by the curve at creation %v", strconv.Itoa(age), then[0], want)
		}
	}
}
