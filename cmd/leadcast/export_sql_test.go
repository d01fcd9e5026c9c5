//go:build fixtures || postgres

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// flatLeads writes flat.csv, a yes/no table with all that SQL has words for:
// numbers and answers with holes, few categories and many, names.
func flatLeads(t *testing.T, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	var b strings.Builder
	b.WriteString("lead_id,converted,visits,budget,\"lead \"\"source\"\"\",partner,demo,first_name\n")
	for i := range n {
		visits, budget, demo, name := strconv.Itoa(r.IntN(12)), fmt.Sprintf("%.2f", math.Exp(8+r.NormFloat64())), r.IntN(3), "Ann"
		source, partner := []string{"Web", "Fair", "Reader's own", ""}[r.IntN(4)], r.IntN(90)
		if r.IntN(8) == 0 {
			budget = ""
		}
		if r.IntN(6) == 0 {
			visits = ""
		}
		if r.IntN(3) == 0 {
			name = ""
		}
		v, _ := strconv.Atoi(visits)
		margin := -2 + 0.3*float64(v) + float64(partner%7)/3 - float64(demo)/2
		if source == "Fair" {
			margin++
		}
		y := "no"
		if r.Float64() < 1/(1+math.Exp(-margin)) {
			y = "yes"
		}
		fmt.Fprintf(&b, "L%d,%s,%s,%s,%s,P%02d,%s,%s\n", i, y, visits, budget, source, partner, []string{"", "yes", "no"}[demo], name)
	}
	write(t, "flat.csv", b.String())
}

// models in SQL: trained on the table, and imported.
func sqlModels(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"xgboost": others(t, "categories.json"), "lightgbm": others(t, "categories.txt"), "forest": others(t, "forest.txt")}
	leads, err := os.ReadFile(others(t, "leads.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "leads.csv", string(leads))
	write(t, "schema.yaml", "id: lead_id\n")
	write(t, "like.yaml", importSchema)
	write(t, "forest.yaml", "id: lead_id\ncolumns: [{column: visits}, {column: budget}, {column: days since contact}]\n")
	must(t, "import", "xgboost", files["xgboost"], "--schema", "schema.yaml", "-o", "xgboost.leadcast")
	must(t, "import", "lightgbm", files["lightgbm"], "--schema", "like.yaml", "-o", "lightgbm.leadcast")
	must(t, "import", "lightgbm", files["forest"], "--schema", "forest.yaml", "-o", "forest.leadcast")
	flatLeads(t, 4000)
	must(t, "train", "flat.csv", "--id", "lead_id", "--outcome", "converted", "--won", "yes", "-o", "trained.leadcast")
	return map[string]string{"trained": "flat.csv", "xgboost": "leads.csv", "lightgbm": "leads.csv", "forest": "leads.csv"}
}

// compareSQL holds what a database says ("id,p" a line) against our scores.
func compareSQL(t *testing.T, model, leads, output string) {
	t.Helper()
	_, scores := cells(t, must(t, "score", model, leads, "--reasons", "0").stdout)
	said := map[string]float64{}
	for line := range strings.Lines(output) {
		id, p, _ := strings.Cut(strings.TrimSpace(line), ",")
		v, err := strconv.ParseFloat(p, 64)
		if err != nil {
			t.Fatalf("the database says %q", line)
		}
		said[id] = v
	}
	worst := 0.0
	for _, s := range scores {
		want, err := strconv.ParseFloat(s["p_win"], 64)
		if got, ok := said[s["lead_id"]]; !ok || err != nil || !(math.Abs(got-want) <= 1e-9) {
			t.Fatalf("%s: lead %s is %v in the database and %v by score", model, s["lead_id"], got, want)
		} else {
			worst = max(worst, math.Abs(got-want))
		}
	}
	if len(scores) != len(said) || len(scores) == 0 {
		t.Errorf("%d leads in the database, %d scores", len(said), len(scores))
	}
	t.Logf("%s: %d leads, at most %.1e apart", model, len(scores), worst)
}

// kinds of the columns that are no text, of both tables.
var columnKinds = map[string]string{"visits": "DOUBLE PRECISION", "budget": "DOUBLE PRECISION", "days since contact": "DOUBLE PRECISION", "demo": "BOOLEAN"}
