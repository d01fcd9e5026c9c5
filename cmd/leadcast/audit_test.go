package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The first lines say what matters most, and the page and the numbers say the same.
func TestAudit(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "datasets", "generate", "crm", "--leads", "1500", "--seed", "5", "-o", "demo")
	files := []string{filepath.Join("demo", "leads.csv"), filepath.Join("demo", "history.csv"), filepath.Join("demo", "accounts.csv")}
	said := must(t, append([]string{"audit", "-o", "audit.html"}, files...)...).stdout
	lines := strings.Split(said, "\n")
	if !strings.HasPrefix(lines[0], "leads.csv: 1,500 leads: ") || !strings.HasPrefix(lines[1], "  1. 3 fields tell the outcome instead of forecasting it. Training leaves out close_reason, contract_no and discount_pct") {
		t.Errorf("it begins with\n%s", strings.Join(lines[:3], "\n"))
	}
	if !strings.Contains(said, "The history gives owner at any past moment") || !strings.Contains(said, "e-mail addresses: email") {
		t.Error(said)
	}
	page, err := os.ReadFile("audit.html")
	if err != nil || !strings.Contains(string(page), "3 fields tell the outcome") || !strings.Contains(string(page), "main-horizon: ") {
		t.Errorf("the page lacks its beginning or its settings: %v", err)
	}
	var a struct {
		Files []string
		First []struct{ Title, Section string }
		Leads struct{ Total, Won, Lost, Open int }
		Leaks []struct {
			Column, Mechanism string
			Sure              bool
			AUC               float64
			Honest            *float64 `json:"auc_honest"`
		}
		Duplicates struct{ Groups int }
		YAML       string `json:"leadcast_yaml"`
	}
	if err := json.Unmarshal([]byte(must(t, append([]string{"audit", "--json"}, files...)...).stdout), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Files) != 1 || len(a.First) != 4 || a.Leads.Total != 1500 || len(a.Leaks) != 3 || !a.Leaks[0].Sure || a.Leaks[0].Honest != nil || a.Duplicates.Groups == 0 || !strings.Contains(a.YAML, "outcome: status") {
		t.Errorf("%+v", a)
	}
}

func TestAuditRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("leads.csv", []byte("id,name,plan\n1,Ann,a\n2,Bob,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"audit", "wants the file of leads", exitUsage},
		{"audit leads.csv -o leads.csv", "would write over what is read", exitUsage},
		{"audit nothing.csv", "there is no file", exitUsage},
		{"audit leads.csv --outcome stage", "there is no such column", exitData},
	} {
		if a := leadcast(t, "", strings.Fields(c.args)...); a.code != c.code || !strings.Contains(a.stderr, c.want) {
			t.Errorf("%s: %d, %s", c.args, a.code, a.stderr)
		}
	}
	if a := must(t, "audit", "leads.csv"); !strings.Contains(a.stdout, "1. As it is, nothing can be learnt from this. No column says") {
		t.Error(a.stdout)
	}
}
