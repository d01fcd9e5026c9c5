package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// others is where the models of other programs lie, with what they predict.
func others(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "models", "exchange", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const importSchema = `id: lead_id
outcome: status
won: [Won]
lost: [Lost]
grades: [0.6, 0.4, 0.2]
columns:
  - column: visits
  - column: budget
    missing: [n/a]
  - column: source
    kind: category
  - column: days since contact
`

// TestImported goes the way of a team that has a model: import, score,
// explain, evaluate, inspect, serve.
func TestImported(t *testing.T) {
	for _, c := range []struct {
		program, model string
		tolerance      float64
	}{{"lightgbm", "categories.txt", 1e-12}, {"xgboost", "categories.json", 1e-6}, {"xgboost", "categories.ubj", 1e-6}} {
		t.Run(c.model, func(t *testing.T) {
			file, leads := others(t, c.model), others(t, "leads.csv")
			t.Chdir(t.TempDir())
			write(t, "schema.yaml", importSchema)
			if a := must(t, "import", c.program, file, "--schema", "schema.yaml", "-o", "m.leadcast"); !strings.Contains(a.stdout, "Written: m.leadcast") {
				t.Errorf("import prints\n%s", a.stdout)
			}
			must(t, "score", "m.leadcast", leads, "-o", "scores.csv", "--reasons", "10")
			text, err := os.ReadFile("scores.csv")
			if err != nil {
				t.Fatal(err)
			}
			given, err := os.ReadFile(leads)
			if err != nil {
				t.Fatal(err)
			}
			_, scores := cells(t, string(text))
			_, rows := cells(t, string(given))
			for i, s := range scores {
				got, _ := strconv.ParseFloat(s["p_win"], 64)
				want, _ := strconv.ParseFloat(rows[i][c.program], 64)
				if math.Abs(got-want) > c.tolerance || want == 0 || s["lead_id"] != rows[i]["lead_id"] || s["grade"] == "" || s["p_lost"] != "" {
					t.Fatalf("row %d: %v, and %s itself predicts %v", i, s, c.program, want)
				}
				if strings.Contains(s["reasons"], "(days open)") {
					t.Fatalf("row %d has the reasons %s", i, s["reasons"])
				}
			}
			must(t, "import", c.program, file, "--like", "m.leadcast", "-o", "like.leadcast")
			for i, row := range strings.Split(must(t, "score", "like.leadcast", leads).stdout, "\n")[1:len(scores)] {
				if !strings.HasPrefix(row, scores[i]["lead_id"]+","+scores[i]["p_win"]+",") {
					t.Fatalf("by the columns of the other model: %s, by the schema %v", row, scores[i])
				}
			}
			checkImported(t, leads, scores)
			serveImported(t, rows, scores)
		})
	}
}

// checkImported explains, evaluates and inspects.
func checkImported(t *testing.T, leads string, scores []map[string]string) {
	t.Helper()
	var e struct {
		Win   float64 `json:"p_win"`
		Base  float64 `json:"p_base"`
		Parts []struct {
			Effect float64 `json:"effect"`
		} `json:"reasons"`
	}
	text := must(t, "explain", "m.leadcast", leads, "--id", scores[3]["lead_id"], "--json").stdout
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	sum := e.Base
	for _, p := range e.Parts {
		sum += p.Effect
	}
	if len(e.Parts) == 0 || math.Abs(sum-e.Win) > 1e-9 {
		t.Errorf("reasons and base add to %v: %s", sum, text)
	}
	var figures struct{ Leads int }
	if err := json.Unmarshal([]byte(must(t, "evaluate", "m.leadcast", leads, "--json").stdout), &figures); err != nil || figures.Leads != len(scores) {
		t.Errorf("evaluate counts %d leads (%v)", figures.Leads, err)
	}
	if text := must(t, "inspect", "m.leadcast").stdout; !strings.Contains(text, "imported: 6 trees") || !strings.Contains(text, "A from 0.6") {
		t.Errorf("inspect prints\n%s", text)
	}
}

// serveImported posts the leads to a server of the imported model.
func serveImported(t *testing.T, rows, scores []map[string]string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	p := &program{args: []string{"serve", "m.leadcast", "--addr", "127.0.0.1:0", "--quiet"}, stdout: in, stderr: io.Discard, now: today.Local}
	done := make(chan int)
	go func() { done <- p.run(ctx) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out)
	a := post(t, strings.Fields(line)[1], "2017-07-01", rows)
	for i, s := range a.Scores {
		if s.ID != scores[i]["lead_id"] || cell(s.Win) != scores[i]["p_win"] || s.Grade != scores[i]["grade"] || s.Lost != nil || len(s.Reasons) == 0 {
			t.Fatalf("%+v over HTTP, %v in the file", s, scores[i])
		}
	}
	if len(a.Scores) != len(scores) {
		t.Errorf("%d scores for %d leads", len(a.Scores), len(scores))
	}
	stop()
	if code := <-done; code != exitOK {
		t.Errorf("the server ends with %d", code)
	}
}

func TestImportRefuses(t *testing.T) {
	text, classes, tree := others(t, "categories.txt"), others(t, "classes.txt"), others(t, "counts.json")
	t.Chdir(t.TempDir())
	write(t, "few.yaml", "columns: [{column: visits}]\n")
	write(t, "odd.yaml", "colums: []\n")
	write(t, "kind.yaml", strings.Replace(importSchema, "kind: category", "kind: text", 1))
	write(t, "grades.yaml", "grades: [0.1, 0.2, 0.3]\n")
	write(t, "twice.yaml", strings.Replace(importSchema, "column: budget", "column: visits", 1))
	write(t, "role.yaml", "id: budget\n")
	whole, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "ordered.txt", strings.Replace(string(whole), "pandas_categorical:[", `pandas_categorical:[["low", "high"],`, 1))
	write(t, "cut.txt", "tree\nversion=v4\n")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"lightgbm", exitUsage, "leadcast import lightgbm wants one model of LightGBM; `leadcast import lightgbm --help` shows examples"},
		{"lightgbm nix.txt", exitUsage, `there is no file "nix.txt"`},
		{"lightgbm cut.txt", exitData, "cut.txt:2: the file ends before the line \"end of trees\": it is not whole"},
		{"xgboost cut.txt", exitData, "is neither JSON nor UBJSON"},
		{"lightgbm " + classes, exitData, "gives no probability of being won"},
		{"xgboost " + tree, exitData, "gives no probability of being won"},
		{"lightgbm ordered.txt", exitData, "trained on 2 columns of categories of pandas, and the file does not say which they are"},
		{"lightgbm " + text + " --schema few.yaml", exitData, "the schema has 1 columns and the model 4 features; it must name a column for each, in this order: visits, budget, source, days_since_contact"},
		{"lightgbm " + text + " --schema odd.yaml", exitUsage, `unknown field "colums"`},
		{"lightgbm " + text + " --schema kind.yaml", exitData, `column "source": kind "text" is neither number nor category`},
		{"lightgbm " + text + " --schema grades.yaml", exitData, "grades wants three falling probabilities"},
		{"lightgbm " + text + " --schema twice.yaml", exitData, "stands in the spec twice"},
		{"lightgbm " + text + " --schema role.yaml", exitData, `column "budget"`},
		{"lightgbm " + text + " --schema few.yaml --like few.yaml", exitUsage, "--schema and --like say the same thing"},
		{"lightgbm " + text + " -o few.yaml/x", exitUsage, "there is no folder"},
	} {
		a := leadcast(t, "", append([]string{"import"}, strings.Fields(c.args)...)...)
		if a.code != c.code || !strings.Contains(a.stderr, c.says) {
			t.Errorf("import %s: exit %d and %q, want %d and %q", c.args, a.code, a.stderr, c.code, c.says)
		}
	}
}
