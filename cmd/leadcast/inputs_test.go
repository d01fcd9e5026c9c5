package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// history writes leads.csv into the working folder: the dirty files' tidy
// leads with a currency and an e-mail address.
func history(t *testing.T) (lines []string) {
	text, err := os.ReadFile(filepath.Join("testdata", "dirty", "timed.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	lines = strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := range lines {
		if i == 0 {
			lines[i] += ",amount,currency,email"
			continue
		}
		mail := "ann@company.example"
		if i%10 == 0 {
			mail = "x@test.com"
		}
		lines[i] += fmt.Sprintf(",%d,%s,%s", 100*i, []string{"EUR", "USD"}[i%2], mail)
	}
	write(t, "leads.csv", strings.Join(lines, "\n")+"\n")
	return lines
}

var onHistory = []string{"train", "leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost", "--horizons", "20d", "--model", "base"}

// Junk filters and rates go from the command line through the bundle to scores.
func TestJunkAndRates(t *testing.T) {
	history(t)
	write(t, "rates.csv", "currency,rate,from\nEUR,1,\nUSD,0.5,\nUSD,2,2016-12-01\n")
	report := must(t, append(onHistory, "--junk", "email~@TEST.com", "--rates", "rates.csv", "-o", "m")...).stdout
	for _, want := range []string{"90 leads: ", "email: leads that are junk by the filter, left out: 10", "currency = currency", "amounts are in EUR (3 rates)", "junk, not forecast: email~@TEST.com", "amount: is converted into EUR by the rate table"} {
		if !strings.Contains(report, want) {
			t.Errorf("train does not print %q:\n%s", want, report)
		}
	}
	if text := must(t, "inspect", "m").stdout; !strings.Contains(text, "junk, not forecast: email~@TEST.com") || !strings.Contains(text, "amounts are in EUR (3 rates)") {
		t.Errorf("inspect prints\n%s", text)
	}
	const lead = "%s,2017-05-20,Open,,Web,1000,%s,%s\n"
	write(t, "new.csv", "lead_id,created_at,status,closed_at,source,amount,currency,email\n"+
		fmt.Sprintf(lead, "a", "EUR", "b@c.example")+fmt.Sprintf(lead, "b", "USD", "b@c.example")+fmt.Sprintf(lead, "c", "XYZ", "b@c.example")+fmt.Sprintf(lead, "d", "EUR", "me@test.com"))
	_, rows := cells(t, must(t, "score", "m", "new.csv", "--only", "open", "--as-of", "2017-05-23").stdout)
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	if a, b := number(t, rows[0]["expected_value"]), number(t, rows[1]["expected_value"]); a <= 0 || b != 2*a {
		t.Errorf("in EUR %g, in USD %g", a, b)
	}
	if w := rows[2]["warnings"]; !strings.Contains(w, "currency: is not in the rate table; the amount is taken as missing") {
		t.Error(w)
	}
	if d := rows[3]; d["p_win"]+d["grade"]+d["expected_value"]+d["p_win_20d"] != "" || d["lead_id"] != "d" || d["warnings"] != "junk by the filter on email: not forecast" {
		t.Errorf("%v", d)
	}

	mixed := must(t, append(onHistory, "-o", "m")...).stdout
	if !strings.Contains(mixed, "amount: its amounts are in 2 currencies (EUR, USD), which are not added up: say with --rates FILE what each is worth to have them used") || strings.Contains(mixed, "amount = amount") {
		t.Error(mixed)
	}
	for text, want := range map[string]string{
		"currency,rate\nEUR,1\nUSD,\"0,5\"\n": `leadcast: rates.csv:3: column "rate": is not a rate: write it with a decimal point, such as 1.085`,
		"currency,rate\nEUR,2\nUSD,3\n":       "leadcast: rates.csv: one currency, and only one, has the rate 1: the one that all amounts are converted into",
		"code,worth\nEUR,2\n":                 "leadcast: rates.csv: a rate table has the columns currency and rate, and from where rates change; here are code, worth",
	} {
		write(t, "rates.csv", text)
		if a := leadcast(t, "", append(onHistory, "--rates", "rates.csv", "-o", "m2")...); a.code != exitData || strings.TrimSpace(a.stderr) != want {
			t.Errorf("exit %d: %swant %s", a.code, a.stderr, want)
		}
	}
	if a := leadcast(t, "", append(onHistory, "--junk", "email", "-o", "m2")...); a.code != exitUsage || !strings.Contains(a.stderr, "--junk wants COLUMN=VALUE") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}

// Standard input is JSON Lines where it begins with an object, packed or not,
// and gives the scores that the same leads give as CSV.
func TestObjectsOnStandardInput(t *testing.T) {
	lines := history(t)
	must(t, append(onHistory, "-o", "m")...)
	records, err := csv.NewReader(strings.NewReader(strings.Join(lines, "\n"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var objects, packed bytes.Buffer
	for _, r := range records[1:] {
		o := map[string]string{}
		for j, name := range records[0] {
			o[name] = r[j]
		}
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		objects.Write(append(line, '\n'))
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(objects.Bytes()); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	zst, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zipped := string(zst.EncodeAll(objects.Bytes(), nil))
	write(t, "leads.jsonl.zst", zipped)
	args := []string{"--as-of", "2017-05-23"}
	want := must(t, append([]string{"score", "m", "leads.csv"}, args...)...)
	for name, stdin := range map[string]string{"objects": objects.String(), "gzip": packed.String(), "zstd": zipped, "csv": strings.Join(lines, "\n")} {
		if a := leadcast(t, stdin, append([]string{"score", "m", "-"}, args...)...); a.code != exitOK || a.stdout != want.stdout {
			t.Errorf("%s: exit %d, %s%.300s", name, a.code, a.stderr, a.stdout)
		}
	}
	if a := must(t, append([]string{"score", "m", "leads.jsonl.zst"}, args...)...); a.stdout != want.stdout {
		t.Errorf("a file: %s", a.stdout)
	}
	if a := leadcast(t, `{"lead_id":"a","source":{"name":"Web"}}`, append([]string{"score", "m", "-"}, args...)...); a.code != exitData || !strings.HasPrefix(a.stderr, `leadcast: stdin:1: column "source": holds an object`) {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}

// Two models are compared on leads that came after both.
func TestCompareCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "datasets", "generate", "crm", "--leads", "2500", "--seed", "7", "-o", "demo")
	to := []string{"train", "demo/leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost", "--horizons", "30d,60d"}
	must(t, append(to, "--as-of", "2016-11-01", "--model", "base", "-o", "a")...)
	must(t, append(to, "--as-of", "2016-10-01", "--model", "linear", "--exclude", "message", "-o", "b")...)
	text := must(t, "compare", "a", "b", "demo/leads.csv").stdout
	for _, want := range []string{"a  ", "(base rates)", "forecast from 2016-11-01 or their creation", "gain of b", "observed ÷ expected", "Verdict", "b is better by "} {
		if !strings.Contains(text, want) {
			t.Errorf("compare does not print %q:\n%s", want, text)
		}
	}
	var c map[string]any
	if err := json.Unmarshal([]byte(must(t, "compare", "a", "b", "demo/leads.csv", "--json").stdout), &c); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "leads", "from", "to", "log_lik_gain", "horizons", "verdict"} {
		if c[key] == nil {
			t.Errorf("no key %q", key)
		}
	}
	for _, h := range c["horizons"].([]any) {
		for _, key := range []string{"days", "leads", "won", "auc", "log_loss", "brier", "observed_expected_a", "observed_expected_b"} {
			if h.(map[string]any)[key] == nil {
				t.Errorf("no key %q at a horizon", key)
			}
		}
	}
	must(t, append(slices.Replace(slices.Clone(to), 4, 8, "--won", "Lost", "--lost", "Won"), "--as-of", "2016-11-01", "--model", "base", "-o", "c")...)
	for line, want := range map[string]string{
		"compare a b":                  "leadcast compare wants two models and a file of leads",
		"compare a c demo/leads.csv":   "they differ in what counts as won, what counts as lost",
		"compare a nix demo/leads.csv": `there is no file "nix"`,
	} {
		if a := leadcast(t, "", strings.Fields(line)...); a.code == exitOK || a.code == exitFault || !strings.Contains(a.stderr, want) {
			t.Errorf("%s: exit %d, %s", line, a.code, a.stderr)
		}
	}
}
