package report

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// replayed is a back-test of a company with hostile names, and its page.
var replayed = sync.OnceValues(func() (*train.Backtest, string) {
	p := train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at", Amount: "value", Account: "source"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		Horizons: []int{30, 60}, MainHorizon: 60, Model: "linear", Junk: []string{"source=" + script}, AsOf: datasets.Micros(start.AddDate(0, 0, lasts)), Seed: 1,
	}
	b, err := train.Replay{Origins: 3}.Run(context.Background(), history(1500, 5), p, nil)
	if err != nil {
		panic(err)
	}
	b.Origins[0] = train.Origin{Date: b.Origins[0].Date, Withheld: "too few won leads in " + script}
	return b, backtestPage(b)
})

func backtestPage(b *train.Backtest) string {
	var page strings.Builder
	if err := WriteBacktest(&page, b, "1.2.3"); err != nil {
		panic(err)
	}
	return page.String()
}

// The page says what the back-test found, carries nothing active, and is the
// same again.
func TestBacktestPage(t *testing.T) {
	b, page := replayed()
	at := 0
	for _, name := range []string{"headline", "reliability", "time", "capacity", "optimism", "method"} {
		k := strings.Index(page[at:], `<section id="`+name+`">`)
		if k < 0 {
			t.Fatalf("no section %q after the one before", name)
		}
		at += k
	}
	for _, want := range []string{"Can I trust the numbers?", "First in, first out", "Open = lost", "What came: ", "replayed from 2 past days", "Withheld: too few won leads in &lt;script&gt;", "Leadcast 1.2.3", "resampling accounts"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, s := range b.Verdict {
		if !strings.Contains(page, strings.NewReplacer("+", "&#43;", "'", "&#39;").Replace(s.Answer)) {
			t.Errorf("the page does not say %q", s.Answer)
		}
	}
	for _, never := range []string{"NaN", "&lt;nil&gt;", "%!", "ZgotmplZ", "Inf", "<script", "<img", "http://", "https://", "\u202e", "\x1b"} {
		if strings.Contains(page, never) {
			t.Errorf("the page says %q", never)
		}
	}
	if n := len(regexp.MustCompile(`<svg[^>]*role="img"`).FindAllString(page, -1)); n != 5 {
		t.Errorf("%d figures", n)
	}
	if backtestPage(b) != page {
		t.Error("the second page differs from the first")
	}
}

// Where nothing can be told the page says so, and draws nothing.
func TestBacktestPageOfFewWins(t *testing.T) {
	b, _ := replayed()
	few := *b
	why := "3 of the 80 forecasts were won"
	few.Pooled = train.Pooled{Forecasts: train.Forecasts{Count: 80, Horizons: []train.Figures{{Days: 60, Withheld: why}}, Capacity: &train.Capacity{Withheld: "3 wins could have been reached"}},
		Open: train.Figures{Withheld: why}, New: train.Figures{Withheld: why}}
	few.Origins, few.Optimism = []train.Origin{{Date: "2023-01-01", Forecasts: few.Pooled.Forecasts}}, nil
	page := backtestPage(&few)
	for _, want := range []string{"Withheld: " + why, "Withheld: 3 wins could have been reached", "Not available: too little was known"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "<figure>") || strings.Contains(page, "NaN") {
		t.Error("figures of nothing")
	}
}
