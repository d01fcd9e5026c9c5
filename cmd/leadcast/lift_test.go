package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// campaignsFile writes leads of two sources that ran all year, one that is
// young and one that is small, and moves into their folder.
func campaignsFile(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	b.WriteString("lead_id,created_at,status,closed_at,source\n")
	n := 0
	add := func(source string, leads, from, to, wonOf int) {
		for i := range leads {
			n++
			created := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, from+(to-from)*i/leads)
			closed, status := created.AddDate(0, 0, 10+i%40), "Lost"
			if i%wonOf == 0 {
				status = "Won"
			}
			if closed.Year() > 2017 {
				fmt.Fprintf(&b, "%d,%s,Open,,%s\n", n, created.Format(time.DateOnly), source)
			} else {
				fmt.Fprintf(&b, "%d,%s,%s,%s,%s\n", n, created.Format(time.DateOnly), status, closed.Format(time.DateOnly), source)
			}
		}
	}
	add("Web", 600, 0, 365, 10)
	add("Partner", 400, 0, 365, 3)
	add("Podcast", 200, 320, 365, 5)
	add("Fax", 12, 0, 365, 5)
	add("", 40, 0, 300, 5)
	write(t, "leads.csv", b.String())
	write(t, "costs.csv", "source,cost\nWeb,6000\nPartner,1000\nPartner,1000\n")
	write(t, "unknown.csv", "source,cost\nWeb,6000\nTV,1\n")
	write(t, "words.csv", "source,cost\nWeb,6000\nPartner,1000\nFax,much\nPodcast,1\n")
}

func TestLift(t *testing.T) {
	campaignsFile(t)
	line := strings.Fields("lift leads.csv --arm source --outcome status --won Won --horizon 60d --costs costs.csv")
	out := must(t, line...).stdout
	for _, want := range []string{
		"1252 leads, 5 values of source, 3 of them ripe; today is taken to be 2018-01-01",
		"not yet  ask again on 2018-01-22", // the 30th was created on 2017-11-23, 60 days before
		"not yet            too few leads",
		"(none)",
		"Side by side with the rest, created in the same months",
		"no difference that stands out",
		"better", "worse",
		"cost per win",
		"Differences are observational",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	var r struct {
		Horizon int `json:"horizon_days"`
		Arms    []struct {
			Arm      string
			Leads    int
			Ripe     bool
			PWin     *float64 `json:"p_win"`
			AskAgain *string  `json:"ask_again"`
			Cost     *float64 `json:"cost_per_win"`
		}
		Comparisons []struct {
			Arm, Control string
			Difference   float64
			CI           [2]float64
			P            float64 `json:"p_value"`
		}
	}
	text := must(t, append(line, "--json", "--control", "Web")...).stdout
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if r.Horizon != 60 || len(r.Arms) != 5 || r.Arms[0].Arm != "Web" || *r.Arms[1].Cost < 14 || *r.Arms[1].Cost > 16 {
		t.Errorf("%s", text)
	}
	if young := r.Arms[2]; young.Ripe || young.PWin != nil || *young.AskAgain != "2018-01-22" || r.Arms[4].AskAgain != nil {
		t.Errorf("%s", text)
	}
	if c := r.Comparisons; len(c) != 2 || c[0].Arm != "Partner" || c[0].Control != "Web" || c[0].CI[0] < 0.1 || c[0].P > 0.001 {
		t.Errorf("%s", text)
	}
	if again := must(t, append(line, "--json", "--control", "Web")...).stdout; again != text {
		t.Error("a second run says something else")
	}
}

// Roles and outcomes come from a model where the line does not name them.
func TestLiftFromModel(t *testing.T) {
	campaignsFile(t)
	must(t, strings.Fields("train leads.csv --outcome status --won Won --horizons 30d -o model.leadcast")...)
	spoken := must(t, strings.Fields("lift leads.csv --arm source --horizon 60d --outcome status --won Won --lost Lost --json")...).stdout
	taken := must(t, strings.Fields("lift leads.csv --arm source --horizon 60d --like model.leadcast --json")...).stdout
	_, spoken, _ = strings.Cut(spoken, `"arms"`)
	_, taken, _ = strings.Cut(taken, `"arms"`)
	cut := func(s string) string { s, _, _ = strings.Cut(s, `"notes"`); return s }
	if cut(spoken) != cut(taken) || len(taken) < 100 {
		t.Errorf("%s\n%s", spoken, taken)
	}
}

func TestWrongLifts(t *testing.T) {
	campaignsFile(t)
	const line = "lift leads.csv --arm source --outcome status --won Won "
	for _, w := range []struct {
		line string
		code int
		says string
	}{
		{"lift", 2, "leadcast lift wants the file of leads; `leadcast lift --help` shows examples"},
		{"lift leads.csv --outcome status --won Won", 2, "say which column's values are to be compared: --arm COLUMN"},
		{"lift leads.csv --arm source", 2, "no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE"},
		{"lift leads.csv --arm sources --outcome status --won Won", 3, `column "sources": there is no such column`},
		{"lift leads.csv --arm Source --outcome status --won Won", 3, `column "Source": there is no such column; did you mean "source"?`},
		{line + "--horizon soon", 2, `--horizon wants a number of days such as 90d, not "soon"`},
		{line + "--control TV", 3, `the control "TV" is none of the arms: (none), Fax, Partner, Podcast, Web`},
		{line + "--costs nix.csv", 2, `there is no file "nix.csv"`},
		{line + "--costs unknown.csv", 3, `unknown.csv:3: column "source": no lead has this arm`},
		{line + "--costs words.csv", 3, `words.csv:4: column "cost": wants what the arm cost, a number such as 1250.50`},
		{line + "--costs leads.csv", 3, `leads.csv:2: the table of costs has no column of costs: name one "cost"`},
		{line + "--like leads.csv", 3, "leads.csv: not a Leadcast bundle; `leadcast train` writes one"},
		{line + "--duration lead_id --where lead_id<0", 3, "no row is left by --where"},
	} {
		a := leadcast(t, "", strings.Fields(w.line)...)
		if a.code != w.code || a.stderr != "leadcast: "+w.says+"\n" || a.stdout != "" {
			t.Errorf("leadcast %s\n got exit %d, %s%s\nwant exit %d, %s", w.line, a.code, a.stderr, a.stdout, w.code, w.says)
		}
	}
}

// Files without dates: durations, no times at all, and open leads that nobody
// could follow. Keys of the JSON stay, null where nothing is known.
func TestLiftWithoutDates(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	b.WriteString("status,answer,days,source,seller\n")
	for i := range 600 {
		status, answer, days := "Lost", "no", 10+i%40
		switch {
		case i%5 == 0:
			status, answer = "Won", "yes"
		case i%3 == 0:
			status = "Working"
		}
		fmt.Fprintf(&b, "%s,%s,%d,%s,%s\n", status, answer, days, []string{"Web", "Fair"}[i%2], []string{"Ann", "Ben", "Cem"}[i%3])
	}
	write(t, "leads.csv", b.String())
	for _, c := range []struct {
		line        string
		says        []string
		never       []string
		null, known []string
	}{
		{"--outcome status --won Won --lost Lost --duration days --horizon 30d",
			[]string{"600 leads, 2 values of source, 2 of them ripe\n", "there are durations but no dates", "Won within 30 days of creation", "Side by side with the rest (intervals"},
			[]string{"today is taken", "same months", "months of its own"},
			[]string{"as_of", "ask_again"}, []string{"horizon_days", "p_win", "cycle_p50_days", "p_value"}},
		{"--outcome answer --won yes",
			[]string{"2 of them ripe\n", `the one value of "answer" that does not mean won, "no", is taken to mean lost`, "there are no times", "Won, of the leads whose outcome is known", "Side by side with the rest (intervals"},
			[]string{"today is taken", "same months", "won ÷ all", "half", "within"},
			[]string{"as_of", "ask_again", "horizon_days", "cycle_p50_days"}, []string{"p_win", "ci", "p_value"}},
		{"--outcome status --won Won --lost Lost",
			[]string{"0 of them ripe\n", "open leads cannot be followed without times", "not yet  too many are open", "won ÷ all", "Do not judge those that are not ripe by won ÷ all or won ÷ closed"},
			[]string{"Side by side", "not yet  too few leads"},
			[]string{"p_win", "ci", "ask_again", "horizon_days", "as_of"}, []string{"naive_of_all"}},
	} {
		line := strings.Fields("lift leads.csv --arm source " + c.line)
		out, text := must(t, line...).stdout, must(t, append(line, "--json")...).stdout
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", c.line, want, out)
			}
		}
		for _, never := range c.never {
			if strings.Contains(strings.ReplaceAll(out, "months of creation to compare within", ""), never) {
				t.Errorf("%s: %q in\n%s", c.line, never, out)
			}
		}
		for _, key := range c.null {
			if strings.Count(text, `"`+key+`": null`) < 1 || strings.Contains(strings.ReplaceAll(text, `"`+key+`": null`, ""), `"`+key+`"`) {
				t.Errorf("%s: %s is not null in\n%s", c.line, key, text)
			}
		}
		for _, key := range c.known {
			if !strings.Contains(text, `"`+key+`": `) || strings.Contains(text, `"`+key+`": null`) {
				t.Errorf("%s: no %s in\n%s", c.line, key, text)
			}
		}
	}
}

// Hundreds of values: the fifty largest are printed, and how many more there are.
func TestLiftManyArms(t *testing.T) {
	campaignsFile(t)
	text, err := os.ReadFile(filepath.Join(".", "leads.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if i == 0 {
			line += ",keyword"
		} else {
			line += fmt.Sprintf(",word %d", i%400)
		}
		b.WriteString(line + "\n")
	}
	write(t, "words.csv", b.String())
	out := must(t, strings.Fields("lift words.csv --arm keyword --outcome status --won Won")...).stdout
	if !strings.Contains(out, "and 350 smaller ones; --json lists them all") || strings.Count(out, "too few leads") != 50 || strings.Contains(out, "Side by side") {
		t.Error(out)
	}
}
