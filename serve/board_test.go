package serve

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
)

// leads makes a raw table of n leads; each lead's chance is its score.
func leads(n int) *datasets.Table {
	columns := map[string][]string{}
	for i := range n {
		columns["lead_id"] = append(columns["lead_id"], fmt.Sprintf("L-%04d", i))
		columns["score"] = append(columns["score"], fmt.Sprint((i*37)%101))
		columns["source"] = append(columns["source"], []string{"Webinar", "Partner", "Web form"}[i%3])
		columns["email"] = append(columns["email"], fmt.Sprintf("person%d@secret.example", i))
		columns["status"] = append(columns["status"], "Open")
		columns["created_at"] = append(columns["created_at"], today.AddDate(0, 0, -i%40*3-1).Format(time.DateOnly))
		columns["rep"] = append(columns["rep"], fmt.Sprintf("U%d", i%7))
	}
	return table(columns, "lead_id", "score", "source", "email", "status", "created_at", "rep")
}

func table(columns map[string][]string, names ...string) *datasets.Table {
	t := &datasets.Table{Rows: len(columns[names[0]])}
	for _, name := range names {
		t.Columns = append(t.Columns, &datasets.Column{Name: name, Texts: datasets.MakeStrings(columns[name]...)})
	}
	return t
}

var (
	idPattern  = regexp.MustCompile(`<b class="id">([^<]*)</b>`)
	winPattern = regexp.MustCompile(`data-win="([^"]*)"`)
)

func found(pattern *regexp.Regexp, page string) (texts []string) {
	for _, m := range pattern.FindAllStringSubmatch(page, -1) {
		texts = append(texts, m[1])
	}
	return texts
}

func TestPageShowsThePromisingFirst(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Leads = leads(60) })
	var wins []float64
	seen := map[string]bool{}
	for screen := 1; screen <= 3; screen++ {
		page := ask(s, "GET", fmt.Sprintf("/?page=%d", screen), "").Body.String()
		for _, id := range found(idPattern, page) {
			seen[id] = true
		}
		for _, text := range found(winPattern, page) {
			var p float64
			fmt.Sscan(text, &p)
			wins = append(wins, p)
		}
		if strings.Contains(page, "secret.example") {
			t.Errorf("a personal value is shown")
		}
		for _, want := range []string{"1 April 2026", "90 days", "Source is ", "&#43;3.0", "Email <b>−1.0</b>", "0123456789ab", "60 days", "of 60"} {
			if !strings.Contains(page, want) {
				t.Errorf("screen %d lacks %q", screen, want)
			}
		}
	}
	if len(wins) != 60 || len(seen) != 60 || !slices.IsSortedFunc(wins, func(a, b float64) int { return cmp.Compare(b, a) }) {
		t.Errorf("%d rows, %d leads, chances %v", len(wins), len(seen), wins)
	}
}

func TestPageSearchesAndFilters(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Leads = leads(60) })
	for query, want := range map[string]int{"q=l-0007": 1, "q=PARTNER": 20, "q=+web+form+": 20, "q=secret": 0, "q=%3Cscript%3E": 0, "grade=A&q=partner": -1,
		"page=99": 10, "page=-1": 25, "page=x": 25, "sort=value": 25, "sort=;drop": 25, "grade=Z": 0} {
		w := ask(s, "GET", "/?"+query, "")
		n := len(found(idPattern, w.Body.String()))
		if w.Code != 200 || want >= 0 && n != want || want < 0 && (n == 0 || n >= 20) {
			t.Errorf("%s: %d, %d rows, want %d", query, w.Code, n, want)
		}
		if strings.Count(w.Body.String(), "<script") != 1 {
			t.Errorf("%s: the query became markup", query)
		}
	}
}

func TestPageWithoutLeadsExplains(t *testing.T) {
	page := ask(server(t, &fake{}, nil), "GET", "/", "").Body.String()
	for _, want := range []string{"curl -s http://127.0.0.1/v1/score", "&#34;lead_id&#34;:&#34;…&#34;", "&#34;created_at&#34;:&#34;2026-04-01&#34;", "opted_in"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	if strings.Contains(page, "status") {
		t.Errorf("the outcome is asked for")
	}
	none := server(t, &fake{}, func(o *Options) { o.Leads = leads(0); o.Leads.Columns = nil })
	if w := ask(none, "GET", "/", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "No open lead") {
		t.Errorf("no leads: %d %s", w.Code, w.Body)
	}
}

func TestPageOfAnUntimedModel(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) {
		o.Leads = leads(3)
		o.Manifest.Timed, o.Manifest.MainHorizon, o.Manifest.Horizons, o.Manifest.AsOf, o.Manifest.Judged = false, 0, nil, "", nil
	})
	page := ask(s, "GET", "/", "").Body.String()
	if strings.Contains(page, "within") || strings.Contains(page, "Typical cycle</th>") || len(found(idPattern, page)) != 3 {
		t.Errorf("%s", page)
	}
	if got := ask(s, "POST", "/v1/score", `{"leads":[{}],"reasons":0}`).Body.String(); !strings.Contains(got, `"horizon_days":null`) || !strings.Contains(got, `"p_win_by":{}`) {
		t.Errorf("%s", got)
	}
}
