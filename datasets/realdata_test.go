//go:build realdata

package datasets_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/csv"
)

func realTable(t *testing.T, file string) *datasets.Table {
	t.Helper()
	root := os.Getenv("LEADCAST_DATA")
	if root == "" {
		t.Fatal("LEADCAST_DATA does not name the folder of the real data sets")
	}
	src, err := csv.Open([]string{filepath.Join(root, file)}, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := datasets.ReadAll(t.Context(), src, "leads")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Each set is read as a person would read it. Columns that are not named are
// numbers.
func TestRealSchemas(t *testing.T) {
	tests := []struct {
		file  string
		kinds map[datasets.Kind]string // '|' between names
		roles datasets.Roles
	}{
		{"xeducation_leads/Leads.csv.gz", map[datasets.Kind]string{
			datasets.ID: "Prospect ID|Lead Number",
			datasets.Bool: "Do Not Email|Do Not Call|Search|Magazine|Newspaper Article|X Education Forums|Newspaper|Digital Advertisement|Through Recommendations|Receive More Updates About Our Courses|" +
				"Update me on Supply Chain Content|Get updates on DM Content|I agree to pay the amount through cheque|A free copy of Mastering The Interview",
			datasets.Category: "Lead Origin|Lead Source|Converted|Last Activity|Country|Specialization|How did you hear about X Education|What is your current occupation|What matters most to you in choosing a course|" +
				"Tags|Lead Quality|Lead Profile|City|Asymmetrique Activity Index|Asymmetrique Profile Index|Last Notable Activity",
		}, datasets.Roles{ID: "Prospect ID", Outcome: "Converted"}},
		{"uci_bank_additional/bank-additional-full.csv.gz", map[datasets.Kind]string{
			datasets.Bool:     "y",
			datasets.Category: "y|job|marital|education|default|housing|loan|contact|month|day_of_week|poutcome",
		}, datasets.Roles{Outcome: "y"}},
		{"ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "Opportunity Number",
			datasets.Category: "Supplies Subgroup|Supplies Group|Region|Route To Market|Opportunity Result|Competitor Type|Deal Size Category",
		}, datasets.Roles{ID: "Opportunity Number", Outcome: "Opportunity Result", Amount: "Opportunity Amount USD"}},
		{"crm_maven/sales_pipeline.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "opportunity_id",
			datasets.Category: "sales_agent|product|account|deal_stage",
			datasets.Time:     "engage_date|close_date",
		}, datasets.Roles{ID: "opportunity_id", Created: "engage_date", Closed: "close_date", Outcome: "deal_stage", Account: "account", Owner: "sales_agent"}},
		{"crm_maven/accounts.csv.gz", map[datasets.Kind]string{datasets.Category: "account|sector|office_location|subsidiary_of"}, datasets.Roles{Account: "account"}},
		{"crm_maven/products.csv.gz", map[datasets.Kind]string{datasets.Category: "product|series"}, datasets.Roles{}},
		{"crm_maven/sales_teams.csv.gz", map[datasets.Kind]string{datasets.Category: "sales_agent|manager|regional_office"}, datasets.Roles{Owner: "sales_agent"}},
		{"olist_funnel/olist_marketing_qualified_leads_dataset.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "mql_id",
			datasets.Time:     "first_contact_date",
			datasets.Category: "landing_page_id|origin",
		}, datasets.Roles{ID: "mql_id", Created: "first_contact_date"}},
		{"olist_funnel/olist_closed_deals_dataset.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "mql_id|seller_id",
			datasets.Time:     "won_date",
			datasets.Bool:     "has_company|has_gtin",
			datasets.Category: "sdr_id|sr_id|business_segment|lead_type|lead_behaviour_profile|business_type|average_stock",
		}, datasets.Roles{ID: "mql_id"}},
		{"hotel_bookings/hotel_bookings.csv.gz", map[datasets.Kind]string{
			datasets.Time: "reservation_status_date",
			datasets.Category: "is_canceled|hotel|arrival_date_month|meal|country|market_segment|distribution_channel|reserved_room_type|assigned_room_type|deposit_type|agent|company|" +
				"customer_type|reservation_status",
		}, datasets.Roles{Outcome: "is_canceled"}},
		{"av_insurance_leads/train_Df64byy.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "ID",
			datasets.Bool:     "Is_Spouse",
			datasets.Category: "Response|City_Code|Region_Code|Accomodation_Type|Reco_Insurance_Type|Health Indicator|Holding_Policy_Duration|Holding_Policy_Type|Reco_Policy_Cat",
		}, datasets.Roles{ID: "ID", Outcome: "Response"}},
		{"telco_churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz", map[datasets.Kind]string{
			datasets.ID:   "customerID",
			datasets.Bool: "Partner|Dependents|PhoneService|PaperlessBilling",
			datasets.Category: "Churn|gender|MultipleLines|InternetService|OnlineSecurity|OnlineBackup|DeviceProtection|TechSupport|StreamingTV|StreamingMovies|Contract|" +
				"PaymentMethod",
		}, datasets.Roles{ID: "customerID", Outcome: "Churn"}},
		{"ifood_campaign/marketing_campaign.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "ID",
			datasets.Time:     "Dt_Customer",
			datasets.Category: "Response|Education|Marital_Status",
		}, datasets.Roles{ID: "ID", Outcome: "Response"}},
		{"hr_job_change/aug_train.csv.gz", map[datasets.Kind]string{
			datasets.ID: "enrollee_id",
			datasets.Category: "target|city|gender|relevent_experience|enrolled_university|education_level|major_discipline|experience|company_size|" +
				"company_type|last_new_job",
		}, datasets.Roles{ID: "enrollee_id", Outcome: "target"}},
		{"leadforge_b2b_share/public/leads.csv.gz", map[datasets.Kind]string{
			datasets.ID:       "lead_id",
			datasets.Time:     "lead_created_at",
			datasets.Category: "contact_id|account_id|lead_source|first_touch_channel|owner_rep_id",
		}, datasets.Roles{ID: "lead_id", Created: "lead_created_at", Account: "account_id", Owner: "owner_rep_id"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			table := realTable(t, tt.file)
			roles, _ := datasets.GuessRoles(table)
			if diff := cmp.Diff(tt.roles, roles); diff != "" {
				t.Error(diff)
			}
			s, _, err := datasets.Infer(table, datasets.Hints{Roles: roles})
			if err != nil {
				t.Fatal(err)
			}
			kinds := map[string]string{}
			for kind, names := range tt.kinds {
				for name := range strings.SplitSeq(names, "|") {
					kinds[name] = kind.String()
				}
			}
			want := map[string]string{}
			for _, name := range table.Names() {
				want[name] = "number"
				if kind, ok := kinds[name]; ok {
					want[name] = kind
				}
			}
			got := map[string]string{}
			for _, f := range s.Fields {
				got[f.Name] = f.Kind.String()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for name := range kinds {
				if !slices.Contains(table.Names(), name) {
					t.Errorf("there is no column %q", name)
				}
			}
			if _, notes, err := s.Apply(table); err != nil || len(notes) > 0 {
				t.Errorf("applied to its own table: %v, %d notes", err, len(notes))
			}
		})
	}
}

// outcomes are read from real tables, and counted as INDEX.md counts them.
func TestRealOutcomes(t *testing.T) {
	date := func(year int, month time.Month, day int) int64 {
		return datasets.Micros(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	}
	maven := realTable(t, "crm_maven/sales_pipeline.csv.gz")
	for file, key := range map[string]string{"accounts": "account", "products": "product", "sales_teams": "sales_agent"} {
		var err error
		if maven, _, err = datasets.Join(maven, realTable(t, "crm_maven/"+file+".csv.gz"), key); err != nil {
			t.Fatal(err)
		}
	}
	olist, notes, err := datasets.Join(realTable(t, "olist_funnel/olist_marketing_qualified_leads_dataset.csv.gz"), realTable(t, "olist_funnel/olist_closed_deals_dataset.csv.gz"), "mql_id")
	if err != nil {
		t.Fatal(err)
	}
	if want := "842 of 8000 rows found a match, 842 of the 842 joined rows were used"; notes[0].Message != want {
		t.Errorf("join: %s, want %s", notes[0].Message, want)
	}
	tests := []struct {
		name     string
		table    *datasets.Table
		contract datasets.Contract
		roles    datasets.Roles
		counts   [3]int // open, won, lost
	}{
		{"maven", maven, datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}}, datasets.Roles{Created: "engage_date", Closed: "close_date", Outcome: "deal_stage"}, [3]int{1589, 4238, 2473}},
		{"olist", olist, datasets.Contract{WonPresent: true, ObservedAt: date(2017, 12, 5)}, datasets.Roles{ID: "mql_id", Created: "first_contact_date", Outcome: "won_date", Closed: "won_date"}, [3]int{7158, 842, 0}},
		{"ibm", realTable(t, "ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz"), datasets.Contract{Won: []string{"won"}, Lost: []string{"loss"}}, datasets.Roles{Outcome: "Opportunity Result", Duration: "Total Days Identified Through Closing"}, [3]int{0, 17627, 60398}},
		{"x education", realTable(t, "xeducation_leads/Leads.csv.gz"), datasets.Contract{Won: []string{"1"}, OtherLost: true}, datasets.Roles{Outcome: "Converted"}, [3]int{0, 3561, 5679}},
	}
	for _, tt := range tests {
		s, _, err := datasets.Infer(tt.table, datasets.Hints{Roles: tt.roles})
		if err != nil {
			t.Fatal(tt.name, err)
		}
		typed, _, err := s.Apply(tt.table)
		if err != nil {
			t.Fatal(tt.name, err)
		}
		o, notes, err := tt.contract.Read(typed, tt.roles, datasets.NoTime)
		if err != nil {
			t.Fatal(tt.name, err)
		}
		var counts [3]int
		for _, state := range o.State {
			counts[state]++
		}
		if counts != tt.counts {
			t.Errorf("%s: open, won, lost are %v, want %v", tt.name, counts, tt.counts)
		}
		for _, n := range notes {
			t.Log(tt.name, n.Message)
		}
		t.Log(tt.name, "ends", datasets.FormatTime(o.End))
	}
}
