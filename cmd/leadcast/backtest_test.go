package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/train"
)

// fairs writes leads of 400 days, of which those of fairs are won more often.
func fairs(t *testing.T, name string, leads int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	var text strings.Builder
	text.WriteString("lead_id,created_at,status,closed_at,source\n")
	start := time.Date(2016, 1, 4, 0, 0, 0, 0, time.UTC)
	for i := range leads {
		source := []string{"web", "fair"}[r.IntN(2)]
		created := start.AddDate(0, 0, r.IntN(400))
		closed, status, closing := created.AddDate(0, 0, 1+int(20*r.ExpFloat64())), "Open", ""
		if closed.Before(start.AddDate(0, 0, 400)) {
			status, closing = "Lost", closed.Format(time.DateOnly)
			if r.Float64() < map[string]float64{"web": 0.2, "fair": 0.6}[source] {
				status = "Won"
			}
		}
		fmt.Fprintf(&text, "L%d,%s,%s,%s,%s\n", i, created.Format(time.DateOnly), status, closing, source)
	}
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The flags of train in leadcast.yaml hold, but for where to write; the page,
// the numbers and the words say the same; models are used again.
func TestBacktest(t *testing.T) {
	t.Chdir(t.TempDir())
	fairs(t, "leads.csv", 700)
	yaml := "outcome: status\nwon: Won\nlost: Lost\ntrain:\n  files: leads.csv\n  id: lead_id\n  horizons: 30d\n  out: model.leadcast\n  model: linear\nbacktest:\n  origins: 2\n"
	if err := os.WriteFile("leadcast.yaml", []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	first := must(t, "backtest", "--capacity", "20")
	for _, want := range []string{"first in, first out", "open = lost", "What if we had used it? Working 20 leads a week", "Written: backtest.html; the models are in backtest.models\n"} {
		if !strings.Contains(first.stdout, want) {
			t.Errorf("printed no %q:\n%s", want, first.stdout)
		}
	}
	page, err := os.ReadFile("backtest.html")
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(page)), "</html>") {
		t.Errorf("no page (%v)", err)
	}
	models, err := filepath.Glob("backtest.models/*.leadcast")
	if err != nil || len(models) != 5 {
		t.Fatalf("models %v (%v)", models, err)
	}
	must(t, "inspect", models[0])
	for _, m := range models { // what is used again is not written again
		if err := os.Chmod(m, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	before := infos(t, models)
	out := must(t, "backtest", "--capacity", "20", "--json").stdout
	if !reflect.DeepEqual(before, infos(t, models)) {
		t.Error("models were trained again")
	}
	if again, err := os.ReadFile("backtest.html"); err != nil || string(again) != string(page) {
		t.Error("the second page differs from the first")
	}
	var b map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, key := range []string{"from", "to", "main_horizon", "training", "resampled", "origins", "pooled", "promised", "optimism", "verdict", "notes"} {
		if b[key] == nil {
			t.Errorf("no %q in the numbers", key)
		}
	}
	var pooled struct {
		Forecasts train.Forecasts `json:"forecasts"`
	}
	if err := json.Unmarshal(b["pooled"], &pooled); err != nil {
		t.Fatal(err)
	}
	f := pooled.Forecasts
	if f.Capacity.Week != 20 || len(f.Capacity.Orders) != 4 || len(f.Horizons) != 1 || f.Horizons[0].Days != 30 || !(f.Horizons[0].OE.Low < 1 && f.Horizons[0].OE.High > 1) {
		t.Errorf("%+v", f)
	}
	if _, err := os.Stat("model.leadcast"); err == nil {
		t.Error("the page was written over a model")
	}
}

func infos(t *testing.T, files []string) (list []time.Time) {
	t.Helper()
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info.ModTime())
	}
	return list
}

// What cannot be replayed is said in one sentence, with the exit code of whose
// fault it is.
func TestBacktestRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	fairs(t, "leads.csv", 60)
	known := []string{"backtest", "leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost"}
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"--window", "rolling"}, exitUsage, "--window wants expanding or rolling:DAYS"},
		{[]string{"--window", "rolling:soon"}, exitUsage, "--window wants a number of days"},
		{[]string{"--capacity", "0"}, exitUsage, "--capacity wants"},
		{[]string{"--capacity", "110%"}, exitUsage, "--capacity wants"},
		{[]string{"--origins", "0"}, exitUsage, "--origins wants"},
		{[]string{"--embargo", "-1"}, exitUsage, "--embargo wants"},
		{[]string{"-o", "leads.csv"}, exitUsage, "would write over what is read"},
		{[]string{"--order-by", "created_at"}, exitData, "has no dates of creation and closing: name their columns with --created and --closed"},
		{nil, exitData, "there is no past day to replay from"},
	} {
		a := leadcast(t, "", append(known, c.args...)...)
		if a.code != c.code || !strings.Contains(a.stderr, c.said) || strings.Count(a.stderr, "\n") != 1 {
			t.Errorf("%v: exit %d: %s", c.args, a.code, a.stderr)
		}
	}
	if a := leadcast(t, "", "backtest"); a.code != exitUsage {
		t.Errorf("without a file: exit %d: %s", a.code, a.stderr)
	}
}
