package serve

import (
	"strings"
	"testing"

	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

const judgedReport = `{"split":"forward in time","counts":{"leads":20000},"leaderboard":[{"model":"blend","gain":0.1,"gain_low":0.05,"gain_high":0.15,"auc":0.82,"champion":true}],
	"judged":{"horizons":[{"days":30,"leads":4000,"won":100,"auc":{"value":0.7}},
	{"days":90,"leads":3839,"won":210,"auc":{"value":0.81,"low":0.78,"high":0.84},"observed_expected":{"value":0.99,"low":0.86,"high":1.13},"gain_top_10":0.52,
	 "reliability":[{"n":100,"observed":0.1,"predicted":0.2},{"n":100,"observed":0.4,"predicted":0.3}],"gains":[0.5,1]},
	{"days":180,"leads":10,"won":5,"auc":{"value":0.5}}]}}`

func TestModelCard(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) {
		o.Report, o.Reach = []byte(judgedReport), bundle.Reach{Ahead: 558, Oldest: 997}
		o.Outputs = []features.Output{{Name: "source", Origin: "source", Kind: "category"}, {Name: "source=2", Origin: "source", Kind: "target"}}
		o.Manifest.Grades, o.Manifest.Promise, o.Leads = [3]float64{0.75, 0.5, 0.25}, "the same predictions everywhere", leads(40)
		o.Manifest.Sections = []bundle.Section{{Name: "encoder", Length: 12345, SHA256: strings.Repeat("ab", 32)}}
	})
	page := ask(s, "GET", "/model", "").Body.String()
	for _, want := range []string{"20\u202f000", "81\u00a0%", "78\u00a0% to 84\u00a0%", "<b>99</b>", "86 to 113", "3\u202f839 leads that it had not seen", "52\u00a0% of the wins", "Forward in time.",
		`points="0.0,1000.0 500.0,500.0 1000.0,0.0 "`, `cx="40.00%" cy="80.00%"`, "75\u00a0% to 100\u00a0%", `href="/?grade=B"`, "558 days", "997 days", "<b>Source</b> category, target",
		"Close reason", "filled in only at closing", "the same predictions everywhere", strings.Repeat("ab", 32), (&fake{}).ID(), "how leads were worked", "chosen"} {
		if !strings.Contains(page, want) {
			t.Errorf("the card lacks %q", want)
		}
	}
	for name, report := range map[string]string{"none": "", "broken": "{", "other": `{"judged":5}`, "empty": "{}", "wild": `{"judged":{"horizons":[{"days":90,"gains":[1e300,-1e300],"reliability":[{"n":-1,"observed":1e300,"predicted":-5}]}]}}`} {
		s := server(t, &fake{}, func(o *Options) { o.Report = []byte(report) })
		w := ask(s, "GET", "/model", "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), "Judged on leads it had not seen") || strings.Contains(w.Body.String(), "NaN") {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func TestWilson(t *testing.T) {
	// Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263.
	low, high := wilson(81.0/263, 263)
	if low < 0.25525 || low > 0.25535 || high < 0.36615 || high > 0.36625 {
		t.Errorf("%v to %v", low, high)
	}
}
