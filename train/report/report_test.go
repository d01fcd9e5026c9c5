package report

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

var sectionNames = []string{"headline", "data", "open", "typical", "leaderboard", "reliability", "influence", "cycles", "campaigns", "method"}

func TestPageHasEverySectionInOrder(t *testing.T) {
	_, page := told()
	_, b := trained()
	at := 0
	for _, name := range sectionNames {
		k := strings.Index(page[at:], `<section id="`+name+`">`)
		if k < 0 {
			t.Fatalf("no section %q after the one before", name)
		}
		at += k
	}
	for _, want := range []string{"Of 100 wins, ", "For every 100 wins forecast, ", "The forecasts are of how leads were worked until now.", "An open lead is not a lost lead",
		"ask again on 5 November 2023", "−2.1 points", b.ID()[:12], b.Manifest.Judged.Bundle[:12], "--as-of 2023-08-2"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, never := range []string{"NaN", "&lt;nil&gt;", "%!", "ZgotmplZ", "Inf"} {
		if strings.Contains(page, never) {
			t.Errorf("the page says %q", never)
		}
	}
	r, _ := told()
	bare := *r
	bare.Campaigns = nil
	var without strings.Builder
	if err := bare.Write(&without); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(without.String(), "leadcast lift LEADS --arm") {
		t.Error("without campaigns the page does not say how to get them")
	}
}

// Whatever a CRM holds is text on the page: no tag, no attribute and no
// address out of it, and no control character.
func TestTextsNeverBecomeMarkup(t *testing.T) {
	_, page := told()
	if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") || !strings.Contains(page, "&lt;b onmouseover") {
		t.Fatal("the hostile texts are not on the page at all, so nothing is tested")
	}
	allowed := strings.Fields("html head meta link title style body header svg rect path circle strong main section h1 h2 h3 p div span b small ul li nav a details summary table thead tbody tr th td figure figcaption i g text dl dt dd code")
	for _, m := range regexp.MustCompile(`<\s*([a-zA-Z!][a-zA-Z0-9]*)([^>]*)>`).FindAllStringSubmatch(page, -1) {
		if m[1] != "!DOCTYPE" && !slices.Contains(allowed, m[1]) {
			t.Errorf("an element %q", m[0])
		}
		if names := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(m[2], ""); regexp.MustCompile(`\bon\w+\s*=|'`).MatchString(names) || strings.Contains(m[2], "javascript:") {
			t.Errorf("an active attribute: %q", m[0])
		}
	}
	if n := strings.Count(page, "http"); n != 0 {
		t.Errorf("%d addresses on a page that needs no network", n)
	}
	if strings.ContainsAny(page, "\a\x1b\u202e") {
		t.Error("a control character of a CRM text is on the page")
	}
}

func TestNobodyIsShown(t *testing.T) {
	r, page := told()
	numbers, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var files bytes.Buffer
	for _, p := range r.Plots() {
		if err := p.SVG(&files); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range append([]string{"secret", "@mailbox", "L7000", "L7123"}, managers...) {
		for where, text := range map[string]string{"page": page, "numbers": string(numbers), "plots": files.String()} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the %s", secret, where)
			}
		}
	}
	if !slices.ContainsFunc(r.Influence, func(f Influence) bool { return f.Column == "email" && f.Points == nil }) {
		t.Errorf("the e-mail column should be counted and not shown: %+v", r.Influence)
	}
}

func TestSameBytesAtAnyNumberOfThreads(t *testing.T) {
	leads, b := trained()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	in := Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime}
	r, one := write(in)
	runtime.GOMAXPROCS(4)
	again, four := write(in)
	if one != four {
		t.Error("the page differs between 1 and 4 threads")
	}
	other := again.Plots()
	for i, p := range r.Plots()[:4] {
		var x, y bytes.Buffer
		if err := errors.Join(p.PNG(&x), other[i].PNG(&y)); err != nil || !bytes.Equal(x.Bytes(), y.Bytes()) {
			t.Errorf("%s.png differs (%v)", p.Name, err)
		}
	}
}

func TestPlotsAreFilesForSlides(t *testing.T) {
	r, _ := told()
	seen := map[string]bool{}
	for _, p := range r.Plots() {
		if seen[p.Name] || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(p.Name) {
			t.Errorf("%q is not a name for a file of its own", p.Name)
		}
		seen[p.Name] = true
		var svg, picture bytes.Buffer
		if err := errors.Join(p.SVG(&svg), p.PNG(&picture)); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(&svg)
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s.svg: %v", p.Name, err)
				break
			}
		}
		if m, err := png.DecodeConfig(&picture); err != nil || m.Width < 1200 || m.Height < 400 {
			t.Errorf("%s.png: %+v, %v", p.Name, m, err)
		}
	}
	for _, want := range []string{"counting-1", "typical-strong", "typical-middling", "typical-weak", "reliability-90d", "gain", "lift", "influence", "dependence-1", "cycle-by-segment", "cycle-by-quarter", "campaigns"} {
		if !seen[want] {
			t.Errorf("no plot %q: %v", want, seen)
		}
	}
}

// The keys of --json are a promise.
func TestKeysAreStable(t *testing.T) {
	r, _ := told()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"model", "timed", "as_of", "horizon_days", "leads", "expected", "warnings", "withheld", "notes", "immature_months", "counting", "typical", "split", "leaderboard", "at_main_horizon", "judged", "influence", "together", "cycles", "segment", "campaigns"} {
		if top[key] == nil {
			t.Errorf("no %q", key)
		}
		delete(top, key)
	}
	for key := range top {
		t.Errorf("%q is not promised", key)
	}
	var c struct {
		Arms []map[string]any `json:"arms"`
	}
	if err := json.Unmarshal([]byte(`{"horizon_days":90,"arms":[{"arm":"a","leads":5,"p_win":0.1,"ci":[0.05,0.2],"ripe":true,"ask_again":null,"cycle_p50_days":40,"cost_per_win":null}],"comparisons":[]}`), &c); err != nil || len(c.Arms[0]) != 8 {
		t.Fatal(c, err)
	}
}

// What needs times says in one sentence that it is not there; the rest is.
func TestWithoutTimes(t *testing.T) {
	leads, b := flat()
	r, page := write(Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime})
	if n := strings.Count(page, "Not available: the table has no dates"); n != 3 {
		t.Errorf("%d sections say that there are no dates, not 3", n)
	}
	if r.AsOf != "" || r.Counting != nil || r.Typical != nil || r.Cycles != nil || r.Immature != nil {
		t.Error("something that needs times is there")
	}
	if len(r.Leaderboard) == 0 || len(r.Judged.Horizons) != 1 || len(r.Influence) == 0 || len(r.Influence[0].Points) == 0 {
		t.Error("leaderboard, judgement, influence and dependence need no times")
	}
	for _, want := range []string{"Of 100 wins", "What moves the chance", "Times better than chance"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "within 0 days") {
		t.Error("the page speaks of 0 days")
	}
}

func TestLeadsWithoutOutcomesAreRefused(t *testing.T) {
	leads, b := trained()
	_, err := New(context.Background(), Input{Bundle: b, Leads: leads.Drop("status"), AsOf: datasets.NoTime})
	var data *datasets.Error
	if !errors.As(err, &data) {
		t.Errorf("%v is not an error about the data", err)
	}
}

func TestWarnings(t *testing.T) {
	first, _ := told()
	r := new(Report)
	*r = *first
	poor := *r.main()
	poor.AUC.Low, poor.OE.Value, poor.OE.Low, poor.OE.High = 0.45, 0.7, 0.6, 0.8
	r.Judged.Horizons = slices.Clone(r.Judged.Horizons)
	*r.main() = poor
	few := *r.manifest
	few.Wins = 40
	r.manifest, r.Expected = &few, &Expected{Leads: 10, Without: 3}
	all := strings.Join(r.warnings(), "\n")
	for _, want := range []string{"Only 40 wins", "3 of the open leads", "no better than chance", "fewer wins came than were forecast (70 for every 100)"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning %q in\n%s", want, all)
		}
	}
}

// The sum of chances is what scoring the open leads one by one gives.
func TestExpectedWinsAreTheSumOfChances(t *testing.T) {
	leads, b := trained()
	r, _ := told()
	c, err := read(Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime})
	if err != nil {
		t.Fatal(err)
	}
	wins, value := 0.0, 0.0
	for _, row := range c.open {
		s, err := b.Score(context.Background(), c.snapshot([]int{row}, c.today), 0)
		if err != nil {
			t.Fatal(err)
		}
		if s[0].Win != nil {
			wins += *s[0].Win
			value += *s[0].ExpectedValue
		}
	}
	if math.Abs(wins-r.Expected.Wins) > 1e-9 || math.Abs(value-*r.Expected.Value) > 1e-6 || r.Expected.Leads+r.Expected.Without != len(c.open) {
		t.Errorf("expected %+v, one by one %v and %v of %d", r.Expected, wins, value, len(c.open))
	}
}

// A model that looks at no column, and one that carries no report, say so.
func TestWhatAModelLacksIsSaid(t *testing.T) {
	leads := history(600, 9)
	b := train1(leads, datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at"}, "base")
	bare := *b
	bare.Report = nil
	_, page := write(Input{Bundle: &bare, Leads: leads, AsOf: datasets.NoTime, Version: "1.2.3"})
	for _, want := range []string{"The model does not look at any column", "carries no report of its training", "was not judged", "no leads with both outcomes were followed long enough", "Leadcast 1.2.3"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
