//go:build realdata

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// realSets are facts about the lines of docs/real-data.sh that no choice of
// model changes: how many leads were won, lost and open, the roles, and columns
// that must not be read.
var realSets = []struct {
	name  string
	lines []string // that the page must hold
	auc   float64  // that the last horizon must exceed: far less than it reaches
}{
	{"xeducation", []string{"9240 leads: 3561 won, 5679 lost, 0 open", "roles: id = Prospect ID, outcome = Converted, order = Lead Number", `  · City: read as missing: "Select" (2249)`}, 0.85},
	{"bank", []string{"41188 leads: 4640 won, 36548 lost, 0 open"}, 0.6},
	{"ibm", []string{"78025 leads: 17627 won, 60398 lost, 0 open"}, 0.6},
	{"maven", []string{"8300 leads: 4238 won, 2473 lost, 1589 open; today is taken to be 2018-01-01", "  · 8800 of 8800 rows found a match, 30 of the 35 joined rows were used",
		"  · sector: filled on 6711 of 6711 closed leads, on 501 of 1589 open ones of the same age: it seems to be filled in at closing; --keep overrides"}, 0.52},
	{"olist", []string{"8000 leads: 842 won, 0 lost, 7158 open; today is taken to be 2018-11-14", "won: any value; lost: not recorded", "  · 842 of 8000 rows found a match, 842 of the 842 joined rows were used"}, 0.6},
	{"hotel", []string{"119390 leads: 44224 won, 75166 lost, 0 open"}, 0.8},
	{"insurance", []string{"50882 leads: 12209 won, 38673 lost, 0 open", "won: 1; lost: every other value"}, 0.65},
	{"telco", []string{"7043 leads: 1869 won, 5174 lost, 0 open", "roles: id = customerID, outcome = Churn"}, 0.8},
}

// TestRealData runs every line of docs/real-data.sh from the raw file.
func TestRealData(t *testing.T) {
	if os.Getenv("LEADCAST_DATA") == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	b := build(t)
	script, err := filepath.Abs(filepath.Join("..", "..", "docs", "real-data.sh"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\nline["); n != len(realSets) {
		t.Errorf("the script has %d lines, the test knows %d", n, len(realSets))
	}
	for _, set := range realSets {
		t.Run(set.name, func(t *testing.T) {
			c := exec.Command("bash", script, set.name)
			c.Env = append(os.Environ(), "LEADCAST="+b.binary)
			out, err := c.CombinedOutput()
			page := string(out)
			if err != nil {
				t.Fatalf("%v: %s", err, page)
			}
			for _, want := range append(set.lines, "Leaderboard", "Written: "+set.name+".leadcast") {
				if !strings.Contains(page, "\n"+want) {
					t.Errorf("there is no line %q in\n%s", want, page)
				}
			}
			figures := judged.FindAllStringSubmatch(page, -1)
			if len(figures) == 0 {
				t.Fatalf("nothing is judged:\n%s", page)
			}
			if auc, err := strconv.ParseFloat(figures[len(figures)-1][1], 64); err != nil || auc < set.auc {
				t.Errorf("AUC %v, %v", auc, err)
			}
		})
	}
}

// judged is a line of metrics: horizon, leads, won, AUC and its interval.
var judged = regexp.MustCompile(`(?m)^ (?:\d+ days|ever) +\d+ +\d+ +(0\.\d+) \(0\.\d+–[01]\.\d+\) `)
