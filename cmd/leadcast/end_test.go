package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// contract is the columns of scores, in order.
var contract = []string{"lead_id", "p_win", "p_lost", "p_open", "horizon_days", "p_win_30d", "p_win_90d", "p_win_180d",
	"cycle_p10_days", "cycle_p50_days", "cycle_p90_days", "expected_value", "grade", "reasons", "warnings"}

// program under test, as a process in a folder of its own.
type built struct {
	t           *testing.T
	binary, dir string
}

func build(t *testing.T) built {
	b := built{t, filepath.Join(t.TempDir(), "leadcast"), t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", b.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return b
}

func (b built) command(args ...string) *exec.Cmd {
	c := exec.Command(b.binary, args...)
	c.Dir = b.dir
	return c
}

func (b built) run(args ...string) string {
	b.t.Helper()
	var errs bytes.Buffer
	c := b.command(args...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		b.t.Fatalf("leadcast %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

func (b built) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// cells reads CSV as one map a row.
func cells(t *testing.T, text string) (header []string, rows []map[string]string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = c[i]
		}
		rows = append(rows, row)
	}
	return records[0], rows
}

// TestEndToEnd goes the way of a new user: generate, train, evaluate, score,
// inspect, serve, POST.
func TestEndToEnd(t *testing.T) {
	b := build(t)
	b.run("datasets", "generate", "crm", "--leads", "3000", "--seed", "7", "-o", "demo")
	asOf := strings.TrimSpace(b.read("demo/truth/asof.txt"))
	report := b.run("train", "demo/leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost", "--as-of", asOf)
	for _, want := range []string{"3000 leads: ", "roles: id = lead_id, created = created_at", "Leaderboard", "observed ÷ expected", "Written: model.leadcast"} {
		if !strings.Contains(report, want) {
			t.Errorf("train does not print %q:\n%s", want, report)
		}
	}

	b.later(asOf)
	evaluation := b.run("evaluate", "model.leadcast", "later.csv")
	if !strings.Contains(evaluation, "leads, forecast from "+asOf[:10]) || !strings.Contains(evaluation, "90 days") {
		t.Errorf("evaluate prints\n%s", evaluation)
	}

	b.run("score", "model.leadcast", "demo/leads.csv", "--only", "open", "--as-of", asOf, "-o", "scores.csv")
	_, leads := cells(t, b.read("demo/leads.csv"))
	open := slices.DeleteFunc(leads, func(l map[string]string) bool { return l["status"] != "Open" })
	header, scores := cells(t, b.read("scores.csv"))
	if !slices.Equal(header, contract) {
		t.Errorf("columns %v\nwant    %v", header, contract)
	}
	checkScores(t, open, scores)
	b.formats(asOf, scores)

	b.intervals(asOf, scores)
	b.cycles()
	b.explain(asOf, open[0], scores[0])
	model := b.inspect()
	b.serve(asOf, model, open, scores)
}

// intervals hold those of forecasts against the forecasts.
func (b built) intervals(asOf string, scores []map[string]string) {
	b.t.Helper()
	header, rows := cells(b.t, b.run("score", "model.leadcast", "demo/leads.csv", "--only", "open", "--as-of", asOf, "--reasons", "0", "--intervals"))
	if !slices.Equal(header, append(slices.Clone(contract), "p_win_low", "p_win_high")) {
		b.t.Errorf("columns %v", header)
	}
	for i, r := range rows {
		low, _ := strconv.ParseFloat(r["p_win_low"], 64)
		p, _ := strconv.ParseFloat(r["p_win"], 64)
		high, _ := strconv.ParseFloat(r["p_win_high"], 64)
		if r["p_win"] != scores[i]["p_win"] || (r["p_win"] == "") != (r["p_win_low"] == "") || r["p_win"] != "" && !(0 < low && low < p && p < high && high < 1) {
			b.t.Fatalf("%s: %s within %s and %s", r["lead_id"], r["p_win"], r["p_win_low"], r["p_win_high"])
		}
	}
}

// cycles looks at the cycle lengths by a column.
func (b built) cycles() {
	b.t.Helper()
	var got struct {
		All      struct{ Won int }
		Segment  string
		Segments []struct{ Leads int }
		Open     []struct {
			P50 float64 `json:"p50_days"`
		}
	}
	if err := json.Unmarshal([]byte(b.run("cycles", "model.leadcast", "demo/leads.csv", "--by", "industry", "--json")), &got); err != nil {
		b.t.Fatal(err)
	}
	leads := 0
	for _, s := range got.Segments {
		leads += s.Leads
	}
	if got.Segment != "industry" || leads != 3000 || got.All.Won < 300 || len(got.Open) < 3 || got.Open[2].P50 <= got.Open[0].P50 {
		b.t.Errorf("cycles: %+v", got)
	}
	if text := b.run("cycles", "model.leadcast", "demo/leads.csv"); !strings.Contains(text, "By source") || !strings.Contains(text, "mean so far") {
		b.t.Errorf("cycles prints\n%s", text)
	}
}

// later writes later.csv: the leads with what became of those that were open.
func (b built) later(asOf string) {
	b.t.Helper()
	header, leads := cells(b.t, b.read("demo/leads.csv"))
	_, outcomes := cells(b.t, b.read("demo/truth/outcomes.csv"))
	known := map[string]map[string]string{}
	for _, o := range outcomes {
		known[o["lead_id"]] = o
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.Write(header)
	for _, l := range leads {
		if o := known[l["lead_id"]]; o != nil && l["status"] == "Open" {
			l["status"], l["closed_at"] = o["status"], o["closed_at"]
		}
		record := make([]string, len(header))
		for i, name := range header {
			record[i] = l[name]
		}
		w.Write(record)
	}
	w.Flush()
	write(b.t, filepath.Join(b.dir, "later.csv"), text.String())
}

func checkScores(t *testing.T, leads, scores []map[string]string) {
	t.Helper()
	if len(scores) != len(leads) {
		t.Fatalf("%d scores for %d leads", len(scores), len(leads))
	}
	for i, s := range scores {
		if s["lead_id"] != leads[i]["lead_id"] {
			t.Fatalf("row %d is about %s, not %s", i, s["lead_id"], leads[i]["lead_id"])
		}
		if s["horizon_days"] != "90" || s["p_win"] != s["p_win_90d"] {
			t.Errorf("%s: horizon %s, p_win %s, p_win_90d %s", s["lead_id"], s["horizon_days"], s["p_win"], s["p_win_90d"])
		}
		if s["p_win"] == "" {
			if s["warnings"] == "" {
				t.Errorf("%s: no forecast and no warning", s["lead_id"])
			}
			continue
		}
		if sum := number(t, s["p_win"]) + number(t, s["p_lost"]) + number(t, s["p_open"]); math.Abs(sum-1) > 1e-12 {
			t.Errorf("%s: won, lost and open add up to %v", s["lead_id"], sum)
		}
		if w30, w90 := number(t, s["p_win_30d"]), number(t, s["p_win_90d"]); w30 > w90 {
			t.Errorf("%s: won within 30 days %v, within 90 %v", s["lead_id"], w30, w90)
		}
		if !strings.Contains("ABCD", s["grade"]) || s["grade"] == "" {
			t.Errorf("%s: grade %q", s["lead_id"], s["grade"])
		}
		if value := leads[i]["value"]; value != "" && math.Abs(number(t, s["expected_value"])-number(t, s["p_win"])*number(t, value)) > 1e-9*number(t, value) {
			t.Errorf("%s: expected value %s of p_win %s and value %s", s["lead_id"], s["expected_value"], s["p_win"], value)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// formats scores in the other ways and compares with the first.
func (b built) formats(asOf string, scores []map[string]string) {
	t := b.t
	t.Helper()
	lines := strings.Split(strings.TrimSpace(b.run("score", "model.leadcast", "demo/leads.csv", "--only", "open", "--as-of", asOf, "--json")), "\n")
	b.run("score", "model.leadcast", "demo/leads.csv", "--only", "open", "--as-of", asOf, "-o", "scores.jsonl")
	if b.read("scores.jsonl") != strings.Join(lines, "\n")+"\n" {
		t.Error("--json and .jsonl differ")
	}
	if len(lines) != len(scores) {
		t.Fatalf("%d lines for %d scores", len(lines), len(scores))
	}
	for i, line := range lines {
		var s map[string]any
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		if len(s) != len(contract) || s["lead_id"] != scores[i]["lead_id"] || cell(s["p_win"]) != scores[i]["p_win"] {
			t.Fatalf("%s\nis not %v", line, scores[i])
		}
	}
	c := b.command("score", "model.leadcast", "-", "--only", "open", "--as-of", asOf, "--with-input", "-o", "-")
	c.Stdin = strings.NewReader(b.read("demo/leads.csv"))
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	first, _ := cells(t, b.read("demo/leads.csv"))
	header, rows := cells(t, string(out))
	if !slices.Equal(header, append(first, contract[1:]...)) {
		t.Errorf("--with-input gives the columns %v", header)
	}
	for i, r := range rows {
		if r["lead_id"] != scores[i]["lead_id"] || r["p_win"] != scores[i]["p_win"] {
			t.Fatalf("--with-input: row %d is about %s", i, r["lead_id"])
		}
	}
	b.run("score", "model.leadcast", "demo/leads.csv", "--only", "open", "--as-of", asOf, "-o", "scores.parquet", "--with-input")
	b.run("score", "model.leadcast", "scores.parquet", "--as-of", asOf, "-o", "again.csv")
	if b.read("again.csv") != b.read("scores.csv") {
		t.Error("leads read back from Parquet are scored differently")
	}
}

// cell writes a JSON number as the CSV has it.
func cell(v any) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(v.(float64), 'g', -1, 64)
}

// explain holds the parts of a forecast against the whole.
func (b built) explain(asOf string, lead, score map[string]string) {
	t := b.t
	t.Helper()
	var x struct {
		Win     float64 `json:"p_win"`
		Base    float64 `json:"p_base"`
		Reasons []struct {
			Effect float64
			Like   int `json:"like_this"`
			Won    int
		}
	}
	if err := json.Unmarshal([]byte(b.run("explain", "model.leadcast", "demo/leads.csv", "--id", lead["lead_id"], "--as-of", asOf, "--json")), &x); err != nil {
		t.Fatal(err)
	}
	sum, counted := x.Base, 0
	for _, r := range x.Reasons {
		sum += r.Effect
		counted += r.Like
	}
	if cell(x.Win) != score["p_win"] || math.Abs(sum-x.Win) > 1e-9 || counted == 0 {
		t.Errorf("explained %v by parts that add to %v (%d leads like this); the score is %s", x.Win, sum, counted, score["p_win"])
	}
	text := b.run("explain", "model.leadcast", "demo/leads.csv", "--id", lead["lead_id"], "--as-of", asOf)
	for _, column := range []string{"email", "first_name", "last_name", "phone", "message"} {
		if v := lead[column]; v != "" && strings.Contains(text, v) {
			t.Errorf("explain shows the %s:\n%s", column, text)
		}
	}
	if !strings.Contains(text, lead["source"]) || !strings.Contains(text, "together") {
		t.Errorf("explain prints\n%s", text)
	}
}

// inspect gives the model's id.
func (b built) inspect() string {
	b.t.Helper()
	if text := b.run("inspect", "model.leadcast"); !strings.Contains(text, "support: ") || !strings.Contains(text, "SHA-256") {
		b.t.Errorf("inspect prints\n%s", text)
	}
	var m struct {
		ID       string
		Manifest struct{ Horizons []int }
	}
	if err := json.Unmarshal([]byte(b.run("inspect", "model.leadcast", "--json")), &m); err != nil {
		b.t.Fatal(err)
	}
	if !slices.Equal(m.Manifest.Horizons, []int{30, 90, 180}) {
		b.t.Errorf("horizons %v", m.Manifest.Horizons)
	}
	return m.ID
}

// serve starts the server, posts all open leads, and stops it.
func (b built) serve(asOf, model string, leads, scores []map[string]string) {
	t := b.t
	t.Helper()
	c := b.command("serve", "model.leadcast", "--addr", "127.0.0.1:0", "--leads", "demo/leads.csv", "--as-of", asOf, "--quiet")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Fields(line)[1]
	if line != fmt.Sprintf("serving %s (model %s); Ctrl-C stops\n", address, model[:12]) {
		t.Errorf("serve prints %s", line)
	}
	for start := 0; start < len(leads); start += 400 {
		end := min(start+400, len(leads))
		compare(t, post(t, address, asOf, leads[start:end]), model, scores[start:end])
	}
	page := get(t, address+"/")
	if !strings.Contains(page, "<table") {
		t.Error("the page has no table of leads")
	}
	second, err := b.command("serve", "model.leadcast", "--addr", strings.TrimPrefix(address, "http://")).CombinedOutput()
	if want := "leadcast: " + strings.TrimPrefix(address, "http://") + " is in use by another program: choose another with --addr\n"; string(second) != want || err == nil {
		t.Errorf("a second server says %s (%v), want %s", second, err, want)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("SIGTERM ends serve with %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, r.StatusCode, err)
	}
	return string(text)
}

// answered is what POST /v1/score answers.
type answered struct {
	Model   string `json:"model"`
	Horizon int    `json:"horizon_days"`
	Scores  []struct {
		ID      string                    `json:"id"`
		Win     any                       `json:"p_win"`
		Lost    any                       `json:"p_lost"`
		Open    any                       `json:"p_open"`
		WinBy   map[string]any            `json:"p_win_by"`
		Cycle   map[string]any            `json:"cycle_days"`
		Value   any                       `json:"expected_value"`
		Grade   string                    `json:"grade"`
		Reasons []struct{ Column string } `json:"reasons"`
	} `json:"scores"`
}

func post(t *testing.T, address, asOf string, leads []map[string]string) (a answered) {
	t.Helper()
	bare := make([]map[string]string, len(leads))
	for i, l := range leads {
		bare[i] = map[string]string{}
		for name, v := range l {
			if name != "status" && name != "closed_at" {
				bare[i][name] = v
			}
		}
	}
	body, err := json.Marshal(map[string]any{"leads": bare, "as_of": asOf, "reasons": 3})
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: time.Minute}
	r, err := client.Post(address+"/v1/score", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v: %s", r.StatusCode, err, text)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// compare holds an answer against the rows of the file: the same to the bit.
func compare(t *testing.T, a answered, model string, scores []map[string]string) {
	t.Helper()
	if a.Model != model || a.Horizon != 90 || len(a.Scores) != len(scores) {
		t.Fatalf("model %s, horizon %d, %d scores", a.Model, a.Horizon, len(a.Scores))
	}
	for i, s := range a.Scores {
		got := []string{s.ID, cell(s.Win), cell(s.Lost), cell(s.Open), "90", cell(s.WinBy["30d"]), cell(s.WinBy["90d"]), cell(s.WinBy["180d"]),
			cell(s.Cycle["p10"]), cell(s.Cycle["p50"]), cell(s.Cycle["p90"]), cell(s.Value), s.Grade}
		for k, v := range got {
			if !same(v, scores[i][contract[k]]) {
				t.Fatalf("%s: %s is %s over HTTP and %s in the file", s.ID, contract[k], v, scores[i][contract[k]])
			}
		}
		var columns []string
		for _, r := range s.Reasons {
			columns = append(columns, r.Column)
		}
		for k, reason := range strings.Split(scores[i]["reasons"], "; ") {
			if len(columns) <= k || !strings.HasPrefix(reason, columns[k]+" ") {
				t.Fatalf("%s: reasons %v over HTTP and %s in the file", s.ID, columns, scores[i]["reasons"])
			}
		}
	}
}

// same compares texts, and numbers by their bits.
func same(a, b string) bool {
	if a == b {
		return true
	}
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && math.Float64bits(x) == math.Float64bits(y)
}

// Ctrl-C during training leaves no file and says so.
func TestInterruptedTraining(t *testing.T) {
	b := build(t)
	b.run("datasets", "generate", "crm", "--leads", "20000", "-o", "demo")
	c := b.command("train", "demo/leads.csv", "--outcome", "status", "--won", "Won", "--lost", "Lost", "-o", "model.leadcast")
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond) // well into the fitting, which takes far longer
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitStopped || errs.String() != "leadcast: stopped; nothing was written\n" {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if took := time.Since(stopped); took > 5*time.Second {
		t.Errorf("stopped only after %v", took)
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "*model*"))
	hidden, err2 := filepath.Glob(filepath.Join(b.dir, ".*"))
	if err != nil || err2 != nil || len(files)+len(hidden) > 0 {
		t.Errorf("left behind: %v %v", files, hidden)
	}
}
