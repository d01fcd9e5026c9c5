//go:build realdata

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLiftRealData compares the arms of two real sets and looks for facts that
// plain counting shows too.
func TestLiftRealData(t *testing.T) {
	data := os.Getenv("LEADCAST_DATA")
	if data == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	in := func(parts ...string) string { return filepath.Join(append([]string{data}, parts...)...) }
	olist := must(t, "lift", in("olist_funnel", "olist_marketing_qualified_leads_dataset.csv.gz"), "--join", in("olist_funnel", "olist_closed_deals_dataset.csv.gz")+":mql_id",
		"--won-if", "won_date:present", "--id", "mql_id", "--created", "first_contact_date", "--closed", "won_date", "--observed-from", "2017-12-01", "--arm", "origin").stdout
	for _, want := range []string{"8000 leads, 11 values of origin, 11 of them ripe", "organic_search", "< 0.001 worse", "< 0.001 better"} {
		if !strings.Contains(strings.Join(strings.Fields(olist), " "), want) {
			t.Errorf("no %q in\n%s", want, olist)
		}
	}
	if strings.Contains(olist, "won ÷ closed ") {
		t.Errorf("losses are not recorded:\n%s", olist)
	}
	maven := must(t, "lift", in("crm_maven", "sales_pipeline.csv.gz"), "--where", "deal_stage!=Prospecting", "--outcome", "deal_stage", "--won", "Won", "--lost", "Lost",
		"--id", "opportunity_id", "--created", "engage_date", "--closed", "close_date", "--arm", "product").stdout
	if !strings.Contains(maven, "8300 leads, 7 values of product, 7 of them ripe") || strings.Count(maven, "no difference that stands out") != 7 {
		t.Errorf("the products of this made-up company sell alike:\n%s", maven)
	}
}
