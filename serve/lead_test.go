package serve

import (
	"context"
	"fmt"
	"html"
	"math"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/train/bundle"
)

// oracle is a fake whose forecasts hold together: Win is read off the curve, and
// reasons know their counts.
type oracle struct {
	fake
	days float64 // of the last supported horizon
}

func (f *oracle) Score(ctx context.Context, s features.Snapshot, reasons int) ([]bundle.Score, error) {
	scores, err := f.fake.Score(ctx, s, reasons)
	for i := range scores {
		c := &scores[i]
		rate := 0.01 * (*c.Win + 0.1)
		c.Curve = models.Curve{Cuts: []float64{20}, Rates: [][]float64{{rate, rate / 2}, {0.01, 0.001}}}
		for k, h := range []float64{30, 90} {
			var at [2]float64
			open := c.Curve.At(at[:], h)
			won := at[0]
			if c.WinBy[k] = &won; h > f.days {
				c.WinBy[k] = nil
			}
			c.Win, c.Lost, c.Open = &won, &at[1], &open
		}
		for j := range c.Reasons {
			days := 4.0 - 9*float64(j)
			c.Reasons[j].Like, c.Reasons[j].Won, c.Reasons[j].Days = 41*j, 9*j, &days
		}
	}
	return scores, err
}

// The pages of the leads are chained in the order of the filtered queue, and
// lead back to the screen that they stand on.
func TestLeadPagesFollowTheQueue(t *testing.T) {
	s := desk(t, 200, nil)
	f, _ := s.board.filter(addressed("/?is.source=Partner&sort=oldest"))
	rows := s.board.find(&f).rows
	if len(rows) < 2*boardScreen {
		t.Fatalf("only %d rows", len(rows))
	}
	next := regexp.MustCompile(`<a href="([^"]*)" rel="next">`)
	at := rows[0].address(&f)
	for i, r := range rows {
		page := ask(s, "GET", at, "").Body.String()
		if !strings.Contains(page, `<h1 class="id">`+r.ID+"<") || !strings.Contains(page, fmt.Sprintf("%d of %d", i+1, len(rows))) {
			t.Fatalf("%s is not lead %d, %s", at, i, r.ID)
		}
		back := html.UnescapeString(regexp.MustCompile(`class="back" href="([^"]*)"`).FindStringSubmatch(page)[1])
		path, fragment, _ := strings.Cut(back, "#")
		if screen := ask(s, "GET", path, "").Body.String(); !strings.Contains(screen, `id="`+fragment+`" href`) || !strings.Contains(screen, ">"+r.ID+"<") {
			t.Fatalf("%s does not show %s", back, r.ID)
		}
		m := next.FindStringSubmatch(page)
		if (m == nil) != (i == len(rows)-1) {
			t.Fatalf("lead %d: next is %v", i, m)
		}
		if m != nil {
			at = html.UnescapeString(m[1])
		}
	}
}

// Any id has an address that leads to it, also where several leads share one.
func TestEveryIDHasItsPage(t *testing.T) {
	ids := append(append([]string{}, hostile...), "twice", "twice", "", "a b", "a+b", "100%", "é", "\xff\xfe")
	source := make([]string, len(ids))
	for i := range source {
		source[i] = fmt.Sprint("mark", i)
	}
	s := server(t, &fake{}, func(o *Options) {
		o.Leads = table(map[string][]string{"lead_id": ids, "source": source}, "lead_id", "source")
	})
	seen := map[string]bool{}
	for page := 1; page <= 2; page++ {
		for _, link := range found(leadPattern, ask(s, "GET", fmt.Sprint("/?page=", page), "").Body.String()) {
			w := ask(s, "GET", html.UnescapeString(link), "")
			mark := regexp.MustCompile(`>(mark\d+)<`).FindStringSubmatch(w.Body.String())
			if w.Code != 200 || mark == nil || seen[mark[1]] {
				t.Fatalf("%s: %d %v", link, w.Code, mark)
			}
			seen[mark[1]] = true
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("%d of %d leads have a page", len(seen), len(ids))
	}
	for _, path := range []string{"/leads/", "/leads/none", "/leads/twice?nth=2", "/leads/twice?nth=-1", "/leads/a/b", "/leads/" + url.PathEscape("<b>")} {
		w := ask(s, "GET", path, "")
		if w.Code != 404 || !strings.Contains(w.Body.String(), "No open lead has this id") || !strings.Contains(w.Body.String(), `href="/"`) {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(server(t, &fake{}, nil), "GET", "/leads/x", ""); w.Code != 404 || !strings.Contains(w.Body.String(), "--leads") {
		t.Errorf("without leads: %d", w.Code)
	}
}

// A curve is drawn as far as it is supported; its numbers add to one.
func TestLeadPageDrawsWhatIsSupported(t *testing.T) {
	for days, want := range map[float64]string{90: "100.00%", 30: "33.33%"} {
		s := server(t, &oracle{days: days}, func(o *Options) { o.Leads = leads(3) })
		page := ask(s, "GET", "/leads/L-0001", "").Body.String()
		if got := regexp.MustCompile(`class="area open" width="([^"]*)"`).FindStringSubmatch(page); got == nil || got[1] != want {
			t.Errorf("supported for %v days: drawn %v, want %s", days, got, want)
		}
		if strings.Contains(page, "not supported at this age") != (days < 90) {
			t.Errorf("supported for %v days: what is not is not said", days)
		}
	}
	o := &oracle{days: 90}
	s := server(t, o, func(o *Options) { o.Leads = leads(3) })
	scores, _ := o.Score(t.Context(), features.Snapshot{Leads: leads(1)}, 0)
	for _, row := range s.outlooks(&scores[0]) {
		if sum := row.Won + row.Lost + row.Open; math.Abs(sum-1) > 1e-12 {
			t.Errorf("%d days: the sum is %v", row.Days, sum)
		}
	}
	s.reach = bundle.Reach{Ahead: 60, Oldest: 400, Tail: 400}
	if p := s.draw(&scores[0], []outlook{{Days: 30, Won: 0.1}, {Days: 90, Won: math.NaN()}}, 10); p.Known != "66.67%" || !p.Partly || !p.Marks[0].Known || p.Marks[1].Known {
		t.Errorf("supported for 60 of 90 days: %+v", p)
	}
	if p := s.draw(&scores[0], []outlook{{Days: 30, Won: math.NaN()}}, 500); p != nil {
		t.Errorf("nothing is supported: %+v", p)
	}
	// The outline stays in its box and ends where the numbers do.
	p := s.draw(&scores[0], s.outlooks(&scores[0]), math.NaN())
	var x, y float64
	for _, m := range regexp.MustCompile(`[ML]([0-9.]+),([0-9.]+)`).FindAllStringSubmatch(p.Won, -1) {
		fmt.Sscan(m[1], &x)
		fmt.Sscan(m[2], &y)
		if x > 1000 || y > 1000 {
			t.Errorf("the outline leaves its box at %v, %v", x, y)
		}
	}
	if end := fmt.Sprintf("L1000.0,%.1fL1000.0,1000Z", 1000*(1-*scores[0].Win)); !strings.HasSuffix(p.Won, end) {
		t.Errorf("the outline ends with %s, want %s", p.Won[len(p.Won)-30:], end)
	}
}

func TestLeadPageWithoutTimes(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) {
		o.Leads = leads(3)
		o.Manifest.Timed, o.Manifest.MainHorizon, o.Manifest.Horizons = false, 0, nil
	})
	page := ask(s, "GET", "/leads/L-0001", "").Body.String()
	if !strings.Contains(page, "had no times") || strings.Contains(page, "<path") || strings.Contains(page, "within") {
		t.Errorf("%s", page)
	}
}

// Reasons come with what they rest on; values of persons do not.
func TestLeadPageSaysWhy(t *testing.T) {
	s := server(t, &oracle{days: 90}, func(o *Options) {
		o.Leads = leads(3)
		o.Manifest.Withheld = []bundle.Withheld{{Column: "status", Reason: "x"}}
		o.Outputs = []features.Output{{Name: "score", Origin: "score", Kind: "number"}}
		o.Manifest.Schema.Fields = append(o.Manifest.Schema.Fields, datasets.Field{Name: "rep", Kind: datasets.Category})
	})
	page := ask(s, "GET", "/leads/L-0001", "").Body.String()
	for _, want := range []string{"41 like this, 9 won · 5 days sooner", "82 like this, 18 won · 14 days sooner", "4 days later", "Source is Partner", ">&#43;3.0<", ">−1.0<", "Score is 37",
		"not used: withheld from training", "not used by the model", "who somebody is: Email.", "Open 4 days, created 28 March 2026"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "secret.example") || strings.Contains(page, "0 like this") {
		t.Errorf("a personal value or an empty count is shown")
	}
	s = server(t, &fake{}, func(o *Options) { o.Leads = leads(3) })
	if page := ask(s, "GET", "/leads/L-0001", "").Body.String(); strings.Contains(page, "like this") || strings.Contains(page, "sooner") || strings.Contains(page, "not used by") {
		t.Errorf("counts, days or use are said without being known")
	}
}
