//go:build realdata

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLiftWithoutDatesRealData goes from init's own leadcast.yaml to a
// comparison on the six sets without dates. Shares are counts of the raw files:
// on IBM all leads are closed within the horizon.
func TestLiftWithoutDatesRealData(t *testing.T) {
	data := os.Getenv("LEADCAST_DATA")
	if data == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	for _, c := range []struct {
		file, arm, value string
		leads            int
		p                float64
		timed            bool
	}{
		{"telco_churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz", "Contract", "Month-to-month", 3875, 1655. / 3875, false},
		{"xeducation_leads/Leads.csv.gz", "Lead Source", "Reference", 534, 490. / 534, false},
		{"av_insurance_leads/train_Df64byy.csv.gz", "Accomodation_Type", "Owned", 27951, 6763. / 27951, false},
		{"uci_bank_additional/bank-additional-full.csv.gz", "poutcome", "success", 1373, 894. / 1373, false},
		{"hotel_bookings/hotel_bookings.csv.gz", "market_segment", "Groups", 19811, 12097. / 19811, false},
		{"ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz", "Route To Market", "Telecoverage", 619, 40. / 619, true},
	} {
		t.Run(filepath.Dir(c.file), func(t *testing.T) {
			file := filepath.Join(data, c.file)
			t.Chdir(t.TempDir())
			must(t, "init", file)
			line := []string{"lift", file, "--arm", c.arm}
			out := must(t, line...).stdout
			if strings.Contains(out, "today is") || !strings.Contains(out, "Side by side") || c.timed != strings.Contains(out, "durations but no dates") {
				t.Error(out)
			}
			var r struct {
				Horizon *int `json:"horizon_days"`
				Arms    []struct {
					Arm   string
					Leads int
					PWin  *float64 `json:"p_win"`
				}
			}
			if err := json.Unmarshal([]byte(must(t, append(line, "--json")...).stdout), &r); err != nil {
				t.Fatal(err)
			}
			found := false
			for _, a := range r.Arms {
				if a.Arm == c.value {
					found = a.Leads == c.leads && a.PWin != nil && math.Abs(*a.PWin-c.p) < 1e-9
				}
			}
			if !found || (r.Horizon != nil) != c.timed {
				t.Errorf("%s:\n%s", c.value, out)
			}
		})
	}
}

// TestChainWithoutDatesRealData goes the whole way of a new user on a set
// without dates: no step needs what the set does not have.
func TestChainWithoutDatesRealData(t *testing.T) {
	data := os.Getenv("LEADCAST_DATA")
	if data == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data sets")
	}
	file := filepath.Join(data, "telco_churn", "WA_Fn-UseC_-Telco-Customer-Churn.csv.gz")
	t.Chdir(t.TempDir())
	must(t, "init", file)
	must(t, "train")
	must(t, "report", "model.leadcast", file)
	page, err := os.ReadFile("report.html")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "There are no times: the probability is the share of won among the leads whose outcome is known") || strings.Contains(string(page), "Won within 0") {
		t.Error("the report does not compare the values of a column")
	}
	must(t, "explain", "model.leadcast", file, "--id", "7590-VHVEG")
	if out := must(t, "lift", file, "--arm", "Contract", "--like", "model.leadcast").stdout; !strings.Contains(out, "3 of them ripe") {
		t.Error(out)
	}
}

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
