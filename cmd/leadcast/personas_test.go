package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The sources of the generated company, which make much of a difference, are among its
// segments; none is told by who works the lead.
func TestPersonas(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "datasets", "generate", "crm", "--leads", "4000", "--seed", "7", "-o", "demo")
	must(t, "init", "demo/leads.csv")
	said := must(t, "personas", "--main-horizon", "60d").stdout
	if !strings.HasPrefix(said, "Of 4000 leads, ") || !strings.Contains(said, "source is ") || strings.Contains(said, "owner") {
		t.Error(said)
	}
	var r struct {
		Leads    int
		Horizon  int `json:"horizon_days"`
		Tested   int
		Personas []struct {
			Conditions []string
			P          float64
			Times      struct{ Value, Low, High float64 }
			Days       struct{ Median float64 }
		}
	}
	if err := json.Unmarshal([]byte(must(t, "personas", "demo/leads.csv", "--main-horizon", "60d", "--json").stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.Leads != 4000 || r.Horizon != 60 || len(r.Personas) < 2 || r.Tested < len(r.Personas) || r.Personas[0].P > 0.05 || r.Personas[0].Days.Median <= 0 {
		t.Errorf("%+v", r)
	}
	if a := leadcast(t, "", "personas", "nothing.csv", "--outcome", "x", "--won", "y"); a.code != exitUsage {
		t.Errorf("%d, %s", a.code, a.stderr)
	}
}
