package report

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
)

// In a company whose rates never changed, the share won within 90 days is
// known; counting open leads as lost shows young leads as worse, and the
// report says that they are not.
func TestCountingAgainstTheTruth(t *testing.T) {
	r, _ := told()
	truth := 0.0
	for _, source := range sources {
		for visits := range 12 {
			w, l := rates(source, visits)
			truth += w / (w + l) * (1 - math.Exp(-90*(w+l))) / float64(12*len(sources))
		}
	}
	if len(r.Counting) != 3 {
		t.Fatalf("%+v", r.Counting)
	}
	for _, n := range r.Counting {
		se := (n.CI[1] - n.CI[0]) / 3.92
		if math.Abs(n.Censored-truth) > 3*se {
			t.Errorf("%s: %.3f with a standard error of %.3f, and the truth is %.3f", n.Group, n.Censored, se, truth)
		}
	}
	old, young := r.Counting[1], r.Counting[2]
	if !(young.OpenAsLost < 0.9*old.OpenAsLost) {
		t.Errorf("open as lost: %.3f young, %.3f old: the data show nothing to warn of", young.OpenAsLost, old.OpenAsLost)
	}
	if s := r.Lesson(); !strings.Contains(s, "worse than those before") || !strings.Contains(s, "no difference beyond chance") {
		t.Error(s)
	}
	if old.Leads+young.Leads != r.Counting[0].Leads {
		t.Error("old and young are not all leads")
	}
}

func TestLessons(t *testing.T) {
	n := func(group string, naive, honest, half float64) Counting {
		return Counting{Group: group, OpenAsLost: naive, Censored: honest, CI: [2]float64{honest - half, honest + half}}
	}
	for _, c := range []struct {
		young Counting
		want  string
	}{
		{n("Created since May 2024", 0.05, 0.20, 0.01), "50 % worse than those before. The opposite is true: on equal terms they are 100 % better."},
		{n("Created since May 2024", 0.05, 0.08, 0.005), "Most of that comes from how they were watched: on equal terms they are 20 % worse."},
		{n("Created since May 2024", 0.05, 0.055, 0.005), "On equal terms they are 45 % worse."},
		{n("Created since May 2024", 0.05, 0.095, 0.03), "no difference beyond chance"},
		{n("Created since May 2024", 0.099, 0.101, 0.03), "does no harm: leads created since May 2024 look like those before"},
	} {
		r := &Report{Counting: []Counting{{}, n("Created before May 2024", 0.10, 0.10, 0.005), c.young}}
		if got := r.Lesson(); !strings.Contains(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// Young cohorts are not faster in a company where nothing changed, though
// their mean over the wins so far is.
func TestYoungCohortsAreNotFast(t *testing.T) {
	leads, _ := trained()
	r, _ := told()
	if r.Cycles.Segment != "source" {
		t.Errorf("segments by %q", r.Cycles.Segment)
	}
	whole := 0
	var medians []float64
	for _, g := range r.Cycles.Cohorts {
		whole += g.Leads
		if g.P50 != nil {
			medians = append(medians, *g.P50)
			if !(*g.P10 <= *g.P50 && *g.P50 <= *g.P90) {
				t.Errorf("%+v: quantiles out of order", g)
			}
		}
	}
	if whole != leads.Rows || len(medians) < 6 {
		t.Fatalf("%d leads, %d medians", whole, len(medians))
	}
	first, last := medians[0], medians[len(medians)-1]
	if last < 0.6*first {
		t.Errorf("median cycle of the last cohort %.0f days, of the first %.0f: young looks fast", last, first)
	}
	var young Cycle
	for _, g := range r.Cycles.Cohorts {
		if g.Mean != nil {
			young = g
		}
	}
	if old := r.Cycles.Cohorts[0]; *young.SoFar > 0.7**old.SoFar || *young.Mean < 0.7**old.Mean || *young.Bias != *young.SoFar-*young.Mean {
		t.Errorf("mean of the wins so far %.0f days in the last cohort, %.0f in the first; once all are watched %.0f and %.0f", *young.SoFar, *old.SoFar, *young.Mean, *old.Mean)
	}
}

// A lead that has been open for longer is won later, and of a company that was
// watched to the end the figures are those of counting.
func TestCyclesOfLeadsLongOpen(t *testing.T) {
	r, _ := told()
	waits := r.Cycles.Open
	if len(waits) < 4 || waits[0].P50 != *r.Cycles.All.P50 || waits[0].Won != r.Cycles.All.Won {
		t.Fatalf("%+v beside %+v", waits, r.Cycles.All)
	}
	for i, w := range waits {
		if !(w.Days <= w.P10 && w.P10 <= w.P50 && w.P50 <= w.P90 && w.P90 <= r.Cycles.WithinDays) || i > 0 && (w.P50 < waits[i-1].P50 || w.Won > waits[i-1].Won) {
			t.Errorf("%+v after %+v", w, waits[max(i-1, 0)])
		}
	}
	c := &company{out: &datasets.Outcomes{End: datasets.NoTime}}
	for i := range 400 {
		state, days := datasets.Won, float64(1+i%100)
		if i%2 == 0 {
			state, days = datasets.Lost, 150
		}
		c.all = append(c.all, i)
		c.out.State, c.out.Days, c.out.Entry = append(c.out.State, state), append(c.out.Days, days), append(c.out.Entry, 0)
	}
	all, err := c.incidence(c.all)
	if err != nil {
		t.Fatal(err)
	}
	g := c.cycle("all", c.all, all, all, 100)
	if math.Abs(*g.Bias) > 1e-9 || math.Abs(*g.Mean-51) > 1e-9 { // 2, 4, … 100
		t.Errorf("mean %v, so far %v, wanted 51", *g.Mean, *g.SoFar)
	}
	for _, w := range c.waits(all, 100) {
		if want := w.Days + 0.5*(100-w.Days); math.Abs(w.P50-want) > 2 {
			t.Errorf("open for %.0f days: half by day %.0f, want %.0f", w.Days, w.P50, want)
		}
	}
}

func TestCohortsOfFewLeadsStandTogether(t *testing.T) {
	c := &company{out: &datasets.Outcomes{}}
	add := func(n int, year, quarter int) {
		for range n {
			c.all = append(c.all, len(c.all))
			c.out.Created = append(c.out.Created, datasets.Micros(start.AddDate(year, 3*(quarter-1), 0)))
		}
	}
	add(5, 0, 1)
	add(30, 0, 2)
	add(25, 0, 3)
	add(12, 0, 4)
	var names []string
	n := 0
	for _, g := range c.cohorts() {
		names, n = append(names, g.value), n+len(g.rows)
	}
	if want := []string{"Q1 2022 – Q2 2022", "Q3 2022 – Q4 2022"}; !slices.Equal(names, want) || n != 72 {
		t.Errorf("%q with %d leads, want %q", names, n, want)
	}
	for year := 1; year < 5; year++ {
		for quarter := 1; quarter < 5; quarter++ {
			add(20, year, quarter)
		}
	}
	list := c.cohorts()
	if len(list) != mostGroups || list[0].value != "until Q3 2024" {
		t.Errorf("%d cohorts, the first %q", len(list), list[0].value)
	}
}

// Friends are won three times as fast and every visit helps: the model has
// seen it, and the report shows it.
func TestInfluenceShowsWhatWasPlanted(t *testing.T) {
	r, _ := told()
	columns := map[string]Influence{}
	for _, f := range r.Influence {
		columns[f.Column] = f
	}
	if visits := columns[mark]; len(visits.Points) < 8 || visits.Points[len(visits.Points)-1].Win < 1.8*visits.Points[0].Win {
		t.Errorf("visits: %+v", visits)
	}
	if source := columns["source"]; len(source.Points) != len(sources) || source.Points[0].Value != "friend" || source.Points[0].Win < 1.5*source.Points[1].Win {
		t.Errorf("source: %+v", source)
	}
	if r.Influence[0].Column != mark && r.Influence[0].Column != "source" {
		t.Errorf("%q matters most", r.Influence[0].Column)
	}
}

func TestTypicalLeadsAddToOne(t *testing.T) {
	r, _ := told()
	if len(r.Typical) != 3 || !(r.Typical[0].Win > r.Typical[1].Win && r.Typical[1].Win > r.Typical[2].Win) {
		t.Fatalf("%+v", r.Typical)
	}
	for _, lead := range r.Typical {
		before := 0.0
		for _, m := range lead.Curve {
			if math.Abs(m.Won+m.Lost+m.Open-1) > 1e-12 || m.Won < before {
				t.Errorf("%s on day %.0f: %+v", lead.Place, m.Days, m)
			}
			before = m.Won
		}
	}
}

// R: prop.test(1, 10, correct = FALSE), prop.test(81, 263, correct = FALSE).
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		won, n    int
		low, high float64
	}{{1, 10, 0.01787621, 0.40415}, {81, 263, 0.2552787, 0.3662029}} {
		low, high := wilson(float64(c.won)/float64(c.n), c.n)
		if math.Abs(low-c.low) > 2e-5 || math.Abs(high-c.high) > 2e-5 {
			t.Errorf("%d of %d: %.6f to %.6f", c.won, c.n, low, high)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		percent(0.41234): "41 %", percent(0.0412): "4.1 %", percent(0): "0 %", percent(0.0002): "<0.1 %", tenths(0.1249): "12.5 %",
		points(0.0412): "+4.1 points", points(-0.0412): "−4.1 points", points(0.00001): "±0 points", effect(0.00001): "below 0.1 points",
		whole(1234567): "1,234,567", whole(-1234): "-1,234", whole(999): "999",
		money(950): "950", money(12449): "12,400", money(1254000): "1.25M", money(3.2e9): "3.20bn",
		rough(43): "43", rough(1234): "1,200", rough(0.1234): "0.12", rough(-35.2): "−35", rough(987654): "990,000",
		plain("lead_source"): "Lead source", clean("a\x00b\tc"): "a�b c", longDay("2024-02-29"): "29 February 2024", monthName("2024-02"): "February 2024",
		enumerate([]string{"a", "b", "c"}): "a, b and c", plural(1, "day", "days"): "1 day",
	} {
		if strings.ReplaceAll(got, nbsp, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCleanTextsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		c := clean(s)
		if strings.ContainsFunc(c, func(r rune) bool { return r < ' ' || r == 0x7f }) || len([]rune(c)) > 61 || clean(c) != c && len([]rune(s)) < 60 {
			t.Fatalf("%q", c)
		}
		style := letters(11, "ink", false)
		if w := style.Width(fit(c, style, 100)); w > 100+style.Width("…") {
			t.Fatalf("%q is %v wide", c, w)
		}
	})
}
