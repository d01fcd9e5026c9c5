package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page, its plots and its numbers are written, whole, and say the same.
func TestReport(t *testing.T) {
	workFolder(t)
	out := must(t, "report", "model.leadcast", "leads.csv", "-o", "page.html", "--plots", "slides", "--json").stdout
	var r struct {
		Model   string         `json:"model"`
		AsOf    string         `json:"as_of"`
		Horizon int            `json:"horizon_days"`
		Leads   map[string]int `json:"leads"`
		Typical []any          `json:"typical"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if r.Horizon != 30 || !strings.HasPrefix(r.AsOf, "2017-05-23") || r.Leads["total"] != 100 || r.Leads["won"] != 60 || r.Leads["lost"] != 38 || r.Leads["open"] != 2 || r.Typical == nil {
		t.Errorf("%+v", r)
	}
	page, err := os.ReadFile("page.html")
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(page)), "</html>") || !strings.Contains(string(page), r.Model[:12]) {
		t.Errorf("page.html is not the report of model %s (%v)", r.Model[:12], err)
	}
	for _, ending := range []string{"svg", "png"} {
		if files, err := filepath.Glob("slides/*." + ending); err != nil || len(files) < 4 {
			t.Errorf("plots %v (%v)", files, err)
		}
	}
	if again := must(t, "report", "model.leadcast", "leads.csv", "-o", "page.html"); !strings.HasSuffix(again.stdout, "Written: page.html\n") {
		t.Errorf("printed %q", again.stdout)
	}
	if same, err := os.ReadFile("page.html"); err != nil || string(same) != string(page) {
		t.Error("the second page differs from the first")
	}
	if left, err := filepath.Glob(".page*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
