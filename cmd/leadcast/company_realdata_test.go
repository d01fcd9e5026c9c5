//go:build realdata

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets/crm"
)

// Samples of real CRMs and their replicas are mapped as they lie there.
func TestRealCRMs(t *testing.T) {
	dir := os.Getenv("LEADCAST_DATA")
	if dir == "" {
		t.Fatal("LEADCAST_DATA names the folder of the data")
	}
	for _, c := range []struct {
		folder, crm, name string
		flags, tables     []string
		leads             int
		columns           []string
		blocks            map[string]int // rows of histories and events
	}{
		{"dbt_salesforce", "salesforce", "salesforce/opportunity", nil,
			[]string{"opportunity=sf_opportunity_data", "lead=sf_lead_data", "account=sf_account_data", "contact=sf_contact_data", "opportunity versions=sf_opportunity_history_data", "task=sf_task_data", "event=sf_event_data"},
			8, []string{"lead_id", "created_at", "status", "closed_at", "amount", "account_id", "owner_id", "campaign_id", "lead_source"}, map[string]int{"opportunity_versions": 146, "task": 0, "event": 0}},
		{"dbt_hubspot", "hubspot", "hubspot/deal", nil,
			[]string{"deal=deal_data", "company=company_data", "deal pipeline stage=deal_pipeline_stage_data", "deal company=deal_company_data", "deal contact=deal_contact_data", "deal stage=deal_stage_data",
				"deal property history=deal_property_history_data", "contact property history=contact_property_history_data", "engagement meeting=engagement_meeting_data", "email event=email_event_data"},
			44, []string{"lead_id", "created_at", "status", "closed_at", "amount", "account_id", "owner_id", "dealname"}, map[string]int{"deal_property_history": 0, "deal_stage": 0}},
		{"dbt_hubspot", "hubspot/contact", "hubspot/contact", nil, []string{"contact=contact_data"}, 22, []string{"lead_id", "created_at", "account_id", "email", "annualrevenue"}, map[string]int{"contact_property_history": 0}},
		{"dbt_attribution_playbook", "sessions", "sessions/customer", []string{"--max-errors", "60"}, []string{"session=sessions", "customer conversion=customer_conversions"},
			37, []string{"lead_id", "created_at", "status", "closed_at", "amount", "campaign_id", "utm_medium"}, map[string]int{"session": 57}},
		{"salesforce_portfolio", "salesforce", "salesforce/opportunity", nil, []string{"opportunity=Opportunities", "lead=Leads", "account=Accounts", "customer interaction=Customer_Interactions"},
			12, []string{"lead_id", "status", "closed_at", "amount", "account_id", "account_Industry"}, map[string]int{"customer_interaction": 30}},
	} {
		folder := filepath.Join(dir, c.folder)
		var drawn draftJSON
		a := must(t, append([]string{"init", folder, "--crm", c.crm, "-o", "-", "--json"}, c.flags...)...)
		if err := json.Unmarshal([]byte(a.stdout), &drawn); err != nil {
			t.Fatal(err)
		}
		for _, g := range drawn.Settings {
			if g.Key == "crm" && !slices.Equal(g.Values, []string{c.name}) {
				t.Errorf("%s: %v", c.folder, g.Values)
			}
		}
		in := input{crm: c.crm, maxErrors: map[bool]int{true: 60}[c.flags != nil]}
		company, leads, err := in.company(t.Context(), &program{}, []string{folder})
		if err != nil {
			t.Fatal(err)
		}
		if leads.Rows != c.leads {
			t.Errorf("%s: %d leads, not %d", c.folder, leads.Rows, c.leads)
		}
		for _, name := range c.columns {
			if leads.Column(name) == nil {
				t.Errorf("%s: no %s among %v", c.folder, name, leads.Names())
			}
		}
		for _, want := range c.tables {
			part, table, _ := strings.Cut(want, "=")
			if !slices.Contains(company.Matches(), crm.Match{Part: part, Table: table}) {
				t.Errorf("%s: %s is not found: %v", c.folder, want, company.Matches())
			}
		}
		got := map[string]int{}
		for b, err := range company.Blocks(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got[b.Name] += b.Rows
		}
		for name, rows := range c.blocks {
			if n, there := got[name]; !there || n != rows {
				t.Errorf("%s: %d rows of %s, not %d: %v", c.folder, n, name, rows, got)
			}
		}
	}
}
