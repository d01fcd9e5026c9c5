//go:build realdata

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Columns of real files of which everybody knows that they tell the outcome
// are found by how they come to tell it; the strongest of those that everybody
// uses are not.
func TestAuditRealData(t *testing.T) {
	root := os.Getenv("LEADCAST_DATA")
	if root == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	for _, c := range []struct {
		file         string
		sure, unsure []string
		honest       []string
	}{
		{"uci_bank_additional/bank-additional-full.csv.gz", []string{"duration"}, nil, []string{"nr.employed", "euribor3m", "poutcome", "contact", "age"}},
		{"xeducation_leads/Leads.csv.gz", nil, []string{"Tags", "Lead Quality", "Last Notable Activity"}, []string{"Total Time Spent on Website", "Lead Source", "Lead Origin", "Do Not Email"}},
		{"telco_churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz", nil, nil, []string{"tenure", "Contract", "MonthlyCharges", "TotalCharges"}},
	} {
		var a struct {
			Leaks []struct {
				Column string
				Sure   bool
			}
		}
		if err := json.Unmarshal([]byte(must(t, "audit", "--json", filepath.Join(root, c.file)).stdout), &a); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, l := range a.Leaks {
			found[l.Column] = l.Sure
		}
		for _, column := range c.sure {
			if !found[column] {
				t.Errorf("%s: %s is not found for sure", c.file, column)
			}
		}
		for _, column := range c.unsure {
			if _, ok := found[column]; !ok {
				t.Errorf("%s: %s is not found", c.file, column)
			}
		}
		for _, column := range c.honest {
			if _, ok := found[column]; ok {
				t.Errorf("%s: %s is suspected", c.file, column)
			}
		}
	}
}
