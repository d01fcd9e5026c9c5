package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// flatCompany generates a yes/no table without times.
func flatCompany(n int, seed uint64) *rows {
	r := rand.New(rand.NewPCG(seed, 2))
	c := &rows{names: []string{"lead_id", "converted", "visits", "source"}}
	for i := range n {
		visits, y := r.IntN(10), "no"
		if r.Float64() < 1/(1+math.Exp(3-0.4*float64(visits))) {
			y = "yes"
		}
		c.cells = append(c.cells, []string{strconv.Itoa(1000 + i), y, strconv.Itoa(visits), []string{"web", "fair", "call"}[r.IntN(3)]})
	}
	return c
}

func flatPlan() train.Plan {
	return train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Outcome: "converted"},
		Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, AsOf: datasets.NoTime, Seed: 1,
	}
}

// scores forecasts a table as of the end of the generated histories.
func scores(t *testing.T, b *bundle.Bundle, table *datasets.Table) []bundle.Score {
	t.Helper()
	s, err := b.Read(table, end)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func said(r *train.Result, words string) bool {
	return slices.ContainsFunc(r.Report.Notes, func(n string) bool { return strings.Contains(n, words) })
}

// TestNoLosses: only wins are recorded.
func TestNoLosses(t *testing.T) {
	c := smallCompany(800, 11)
	for _, cells := range c.cells {
		if cells[2] == "Lost" {
			cells[2], cells[3] = "Open", ""
		}
	}
	p := smallPlan()
	p.Contract.Lost = nil
	r := run(t, c.table(nil, nil), p)
	b := openBundle(t, r.Shipped)
	if b.Manifest.Losses || b.Manifest.LostLeads != 0 || r.Report.Counts["lost"] != 0 {
		t.Errorf("losses: %v, %d, %v", b.Manifest.Losses, b.Manifest.LostLeads, r.Report.Counts)
	}
	for _, s := range scores(t, b, c.table(upTo(100), nil)) {
		if s.Win != nil && (s.Lost != nil || math.Abs(*s.Win+*s.Open-1) > 1e-12) {
			t.Fatalf("won %v, lost %v, open %v", *s.Win, s.Lost, *s.Open)
		}
	}
}

// TestDurations: days from creation to closing instead of dates.
func TestDurations(t *testing.T) {
	c := smallCompany(800, 12)
	c.add("days", func(i int) string {
		created, _ := time.Parse(time.RFC3339, c.at(i, "created_at"))
		closed, err := time.Parse(time.RFC3339, c.at(i, "closed_at"))
		if err != nil {
			closed = day(600)
		}
		return strconv.FormatFloat(closed.Sub(created).Hours()/24, 'f', 3, 64)
	})
	table := c.table(nil, nil).Drop("created_at", "closed_at")
	p := smallPlan()
	p.Roles.Created, p.Roles.Closed, p.Roles.Duration, p.AsOf = "", "", "days", datasets.NoTime
	r := run(t, table, p)
	b := openBundle(t, r.Shipped)
	if !b.Manifest.Timed || b.Manifest.AsOf != "" || !strings.Contains(r.Report.Split, "optimistic") {
		t.Errorf("timed %v, as-of %q, split %q", b.Manifest.Timed, b.Manifest.AsOf, r.Report.Split)
	}
	if slices.ContainsFunc(r.Report.Columns, func(c train.Column) bool { return strings.HasPrefix(c.Name, "days") }) {
		t.Error("the duration is read as a feature")
	}
	for _, s := range scores(t, b, table.Gather(upTo(50))) {
		if s.Err != nil || s.Win == nil || s.Lost == nil {
			t.Fatalf("%+v", s)
		}
	}
}

// TestOrders: time is only an order.
func TestOrders(t *testing.T) {
	c := flatCompany(600, 13)
	c.add("seq", func(i int) string { return strconv.Itoa(i) })
	r := rand.New(rand.NewPCG(1, 1))
	byColumn := flatPlan()
	byColumn.Roles.Order = "seq"
	a := run(t, c.table(nil, nil), byColumn)
	if again := run(t, c.table(r.Perm(600), nil), byColumn); again.Report.Bundle != a.Report.Bundle {
		t.Error("ordered by a column, the order of the rows matters")
	}
	byRows := flatPlan()
	byRows.Roles.Order = "rows"
	byRows.Exclude = []string{"seq"}
	b := run(t, c.table(nil, nil), byRows)
	if turned := run(t, c.table(r.Perm(600), nil), byRows); string(turned.Judged) == string(b.Judged) {
		t.Error("ordered by rows, the order of the rows does not matter")
	}
	for name, x := range map[string]*train.Result{`the last 20 % of the leads by "seq"`: a, "the last 20 % of the leads by the order of the file": b} {
		if x.Report.Split != name || x.Report.Judged.Leads != 120 {
			t.Errorf("%q: split %q, %d held out", name, x.Report.Split, x.Report.Judged.Leads)
		}
	}
	// both see the same leads in the same order
	sa, sb := openBundle(t, a.Judged).Manifest.Sections, openBundle(t, b.Judged).Manifest.Sections
	if sa[1].SHA256 != sb[1].SHA256 {
		t.Error("the same order given by rows and by a column gives two models")
	}
	if slices.ContainsFunc(a.Report.Columns, func(c train.Column) bool { return c.Name == "seq" }) {
		t.Error("the order is read as a feature")
	}
}

// TestWonWherePresent: won is where the joined column is filled at all.
func TestWonWherePresent(t *testing.T) {
	c := flatCompany(600, 14)
	c.set("converted", func(i int, old string) string {
		if old == "yes" {
			return "D-" + strconv.Itoa(i)
		}
		return ""
	})
	p := flatPlan()
	p.Contract = datasets.Contract{WonPresent: true}
	r := run(t, c.table(nil, nil), p)
	won := 0
	for _, cells := range c.cells {
		if cells[1] != "" {
			won++
		}
	}
	if r.Report.Counts["won"] != won || r.Report.Counts["leads"] != 600 {
		t.Errorf("%v, %d won", r.Report.Counts, won)
	}
	if slices.ContainsFunc(r.Report.Columns, func(c train.Column) bool { return c.Name == "converted" }) {
		t.Error("the outcome is read as a feature")
	}
}

// TestSilence: open for longer than the limit counts as lost on that day.
func TestSilence(t *testing.T) {
	c := smallCompany(900, 15)
	p := smallPlan()
	p.Contract.SilentAfter = 120
	r := run(t, c.table(nil, nil), p)
	lost, open := 0, 0
	for _, cells := range c.cells {
		created, _ := time.Parse(time.RFC3339, cells[1])
		closed, err := time.Parse(time.RFC3339, cells[3])
		quiet := created.AddDate(0, 0, 120)
		switch {
		case err == nil && !closed.After(quiet):
			if cells[2] == "Lost" {
				lost++
			}
		case quiet.Before(day(600)):
			lost++
		default:
			if err != nil {
				open++
			}
		}
	}
	if got := r.Report.Counts; got["lost"] != lost || got["open"] != open {
		t.Errorf("%v, want %d lost, %d open", got, lost, open)
	}
	if !said(r, "leads open for more than 120 days, taken as lost on that day") {
		t.Errorf("notes %q", r.Report.Notes)
	}
}

// TestDelayedEntry: outcomes before the recording began are not there, and
// leads created earlier count only from then on.
func TestDelayedEntry(t *testing.T) {
	full := smallCompany(1500, 16)
	from := day(200)
	kept := &rows{names: full.names}
	for _, cells := range full.cells {
		closed, err := time.Parse(time.RFC3339, cells[3])
		if err != nil || !closed.Before(from) {
			kept.cells = append(kept.cells, cells)
		}
	}
	p := smallPlan()
	late := p
	late.Contract.ObservedAt = datasets.Micros(from)
	rate := func(table *datasets.Table, p train.Plan) float64 {
		var at [2]float64
		openBundle(t, run(t, table, p).Shipped).BaseCurve(0).At(at[:], 90)
		return at[0]
	}
	whole, told, untold := rate(full.table(nil, nil), p), rate(kept.table(nil, nil), late), rate(kept.table(nil, nil), p)
	if math.Abs(told-whole) > 0.03 {
		t.Errorf("90-day rate of everything %.3f, of what was observed late %.3f", whole, told)
	}
	if math.Abs(untold-whole) <= math.Abs(told-whole) {
		t.Errorf("delayed entry made no difference: everything %.3f, told %.3f, untold %.3f", whole, told, untold)
	}
}

// TestGivenSplit: the hold-out is exactly the leads that were named.
func TestGivenSplit(t *testing.T) {
	c := flatCompany(600, 17)
	p := flatPlan()
	p.Model = "gbm" // a blend may be withdrawn on the hold-out, a model that was asked for is not
	p.SplitColumn, p.Split = "lead_id", map[string]bool{}
	for i, cells := range c.cells {
		if i%10 != 9 { // every tenth lead is in neither part
			p.Split[cells[0]] = i%3 == 0
		}
	}
	test := 0
	for _, held := range p.Split {
		if held {
			test++
		}
	}
	r := run(t, c.table(nil, nil), p)
	if r.Report.Split != "the split that was given" || r.Report.Judged.Leads != test {
		t.Errorf("split %q, %d judged of %d", r.Report.Split, r.Report.Judged.Leads, test)
	}
	if m := openBundle(t, r.Judged).Manifest; m.Leads != len(p.Split)-test {
		t.Errorf("fitted on %d of %d", m.Leads, len(p.Split)-test)
	}
	// what is not fitted does not matter: turn the outcomes of the others
	for i, cells := range c.cells {
		if held, named := p.Split[cells[0]]; held || !named {
			c.cells[i][1] = map[string]string{"yes": "no", "no": "yes"}[cells[1]]
		}
	}
	if turned := run(t, c.table(nil, nil), p); string(turned.Judged) != string(r.Judged) {
		t.Error("the judged bundle depends on the outcomes that were held out")
	}
}

// TestRandomSplit happens on request only, and is labelled.
func TestRandomSplit(t *testing.T) {
	c := smallCompany(900, 6)
	p := smallPlan()
	p.RandomSplit = true
	r := run(t, c.table(nil, nil), p)
	if !strings.Contains(r.Report.Split, "at random by lead (optimistic") || !said(r, "optimistic") {
		t.Errorf("split %q, notes %q", r.Report.Split, r.Report.Notes)
	}
	if forward := run(t, c.table(nil, nil), smallPlan()); !strings.HasPrefix(forward.Report.Split, "forward in time") {
		t.Errorf("split %q", forward.Report.Split)
	}
	p.Roles.Account = "account"
	c.add("account", func(i int) string { return "A" + strconv.Itoa(i%200) })
	if r := run(t, c.table(nil, nil), p); !strings.Contains(r.Report.Split, "by account") {
		t.Errorf("split %q", r.Report.Split)
	}
}

// TestValidationByAccount: what is only known of an account by its own earlier
// leads must not look like a gain in validation.
func TestValidationByAccount(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	good := make([]bool, 60)
	for i := range good {
		good[i] = r.IntN(2) == 0
	}
	c := &rows{names: []string{"lead_id", "converted", "number", "account", "branch", "visits"}}
	for i := range 3000 {
		a := r.IntN(len(good))
		won := "no"
		if chance := map[bool]float64{true: 0.45, false: 0.05}[good[a]]; r.Float64() < chance {
			won = "yes"
		}
		c.cells = append(c.cells, []string{"L" + strconv.Itoa(i), won, strconv.Itoa(i), "A" + strconv.Itoa(a), "B" + strconv.Itoa(a), strconv.Itoa(r.IntN(9))})
	}
	gain := func(account string, exclude ...string) float64 {
		result := run(t, c.table(nil, nil), train.Plan{
			Roles: datasets.Roles{ID: "lead_id", Outcome: "converted", Order: "number", Account: account}, Contract: datasets.Contract{Won: []string{"yes"}},
			AsOf: datasets.NoTime, Exclude: exclude, Kinds: map[string]datasets.Kind{"branch": datasets.Category}, NoRefit: true, Seed: 1,
		})
		for _, e := range result.Report.Leaderboard {
			if e.Model == "gbm" {
				return e.Gain
			}
		}
		t.Fatal("gbm is not on the leaderboard")
		return 0
	}
	if apart, together := gain("account"), gain("", "account"); together < 0.08 || apart > 0.01 {
		t.Errorf("the branch of an account gains %.3f where its leads are kept apart, %.3f where they are not", apart, together)
	}
}

// TestComplaints are the sentences for data that nothing can be learned from.
func TestComplaints(t *testing.T) {
	only := func(c *rows, keep func(cells []string) bool) *rows {
		c.cells = slices.DeleteFunc(c.cells, func(cells []string) bool { return !keep(cells) })
		return c
	}
	named := smallPlan()
	named.Roles.ID = "Lead-ID"
	far := smallPlan()
	far.Horizons, far.MainHorizon = []int{30, 2000}, 2000
	early := smallPlan()
	early.AsOf = datasets.Micros(day(-10))
	nobody := smallPlan()
	nobody.Contract.Won = []string{"Signed"}
	none := smallPlan()
	none.Exclude = []string{"value", "source", "visits", "created_at"}
	silentOutcome := smallPlan()
	silentOutcome.Roles.Outcome = ""
	cases := []struct {
		name  string
		table *datasets.Table
		plan  train.Plan
		says  string
	}{
		{"no rows", only(smallCompany(10, 1), func([]string) bool { return false }).table(nil, nil), smallPlan(), "the file has a header but no rows"},
		{"no outcome", smallCompany(50, 1).table(nil, nil), silentOutcome, "no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE"},
		{"a column by another spelling", smallCompany(50, 1).table(nil, nil), named, `column "Lead-ID": there is no such column; did you mean "lead_id"?`},
		{"nobody is won", only(smallCompany(400, 1), func(cells []string) bool { return cells[2] != "Won" }).table(nil, nil), smallPlan(), `column "status": the declared value "Won" never occurs; there are `},
		{"a value that never occurs", smallCompany(50, 1).table(nil, nil), nobody, `the declared value "Signed" never occurs`},
		{"all open", only(smallCompany(400, 1), func(cells []string) bool { return cells[2] == "Open" }).table(nil, nil), smallPlan(), `the declared value "Won" never occurs`},
		{"too few won", only(smallCompany(300, 1), func() func(cells []string) bool {
			won := 0
			return func(cells []string) bool {
				if cells[2] == "Won" {
					won++
				}
				return cells[2] != "Won" || won <= 6
			}
		}()).table(nil, nil), smallPlan(), ", of which 6 are won, "},
		{"too few won without times", flatCompany(20, 1).table(nil, nil), flatPlan(), "too few won leads: "},
		{"everybody is won", only(flatCompany(400, 1), func(cells []string) bool { return cells[1] == "yes" }).table(nil, nil), flatPlan(), `column "converted": every lead with an outcome is won: there is nothing to tell apart`},
		{"a horizon out of reach", smallCompany(900, 6).table(nil, nil), far, "0 were still open after that long (50 are needed) and 0 were won in its second half (10 are needed); up to "},
		{"an as-of before everything", smallCompany(300, 1).table(nil, nil), early, "all leads were created at or after the as-of"},
		{"nothing to learn from", smallCompany(300, 1).table(nil, nil), none, "no column is left to learn from"},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			if got := complaint(t, k.table, k.plan); !strings.Contains(got, k.says) {
				t.Errorf("%s\nwant …%s…", got, k.says)
			}
		})
	}
}

// TestPlanRefuses what cannot be, before any data are read.
func TestPlanRefuses(t *testing.T) {
	for name, change := range map[string]func(p *train.Plan){
		"a horizon of 0 days":      func(p *train.Plan) { p.Horizons = []int{0, 30} },
		"a horizon of 20 years":    func(p *train.Plan) { p.Horizons = []int{7300} },
		"a main horizon elsewhere": func(p *train.Plan) { p.Horizons, p.MainHorizon = []int{30}, 60 },
		"an unknown model":         func(p *train.Plan) { p.Model = "oracle" },
	} {
		p := smallPlan()
		if change(&p); p.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	p := smallPlan()
	p.Horizons = []int{180, 30, 30, 60}
	if err := p.Check(); err != nil || !slices.Equal(p.Horizons, []int{30, 60, 180}) || p.MainHorizon != 60 || p.Model != "blend" {
		t.Errorf("horizons %v, main %d, model %q, %v", p.Horizons, p.MainHorizon, p.Model, err)
	}
}

// TestModels: each model can be asked for, and base rates are the same for everybody.
func TestModels(t *testing.T) {
	c := smallCompany(700, 5)
	for _, name := range []string{"blend", "gbm", "linear", "base"} {
		p := smallPlan()
		p.Model = name
		r := run(t, c.table(nil, nil), p)
		crowned := 0
		for _, e := range r.Report.Leaderboard {
			if e.Champion {
				crowned++
				if e.Model != name {
					t.Errorf("asked for %s, champion %s", name, e.Model)
				}
			}
		}
		if crowned != 1 {
			t.Errorf("%s: %d champions of %v", name, crowned, r.Report.Leaderboard)
		}
		different := map[float64]bool{}
		for _, s := range scores(t, openBundle(t, r.Shipped), c.table(upTo(60), nil)) {
			if s.Win != nil {
				var at [2]float64
				young := s.Curve
				young.From = 0
				young.At(at[:], 90)
				different[at[0]] = true
			}
		}
		if (len(different) == 1) != (name == "base") {
			t.Errorf("%s: %d different forecasts", name, len(different))
		}
	}
}
