package datasets

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuessRoles(t *testing.T) {
	dates := []string{"2018-01-01", "2018-02-01", "2018-03-01"}
	tests := []struct {
		name    string
		columns []*Column
		want    Roles
		notes   string
	}{
		{"a CRM export",
			[]*Column{rawColumn("Lead ID", "1", "2", "3"), rawColumn("createdAt", dates...), rawColumn("closed_at", dates...), rawColumn("Status", "Won", "Lost", "Won"), rawColumn("Amount", "5", "6", "7"),
				rawColumn("Company", "A", "B", "A"), rawColumn("Lead Owner", "x", "y", "x"), rawColumn("utm_campaign", "p", "q", "p")},
			Roles{ID: "Lead ID", Created: "createdAt", Closed: "closed_at", Outcome: "Status", Amount: "Amount", Account: "Company", Owner: "Lead Owner", Campaign: "utm_campaign"},
			"is taken for the id, by its name; is taken for the creation time, by its name; is taken for the closing time, by its name; is taken for the outcome, by its name; is taken for the amount, by its name; is taken for the account, by its name; is taken for the owner, by its name; is taken for the campaign, by its name"},
		{"the better group counts", []*Column{rawColumn("Lead Number", "1", "2", "3"), rawColumn("Prospect ID", "a", "b", "c")}, Roles{ID: "Prospect ID"}, "is taken for the id, by its name"},
		{"two would do", []*Column{rawColumn("account", "A", "B", "A"), rawColumn("Account Name", "A", "B", "A")}, Roles{}, `the account could be "account" or "Account Name": none is taken, say which`},
		{"a repeated id is none", []*Column{rawColumn("id", "1", "1", "1")}, Roles{}, ""},
		{"the only id", []*Column{rawColumn("enrollee_id", "1", "2", "3")}, Roles{ID: "enrollee_id"}, "is taken for the id: its values are distinct"},
		{"two ids", []*Column{rawColumn("x_id", "1", "2", "3"), rawColumn("y_id", "1", "2", "3")}, Roles{}, ""},
		{"a campaign that counts", []*Column{rawColumn("campaign", "1", "2", "1")}, Roles{}, ""},
		{"a campaign by number", []*Column{rawColumn("campaign_id", "916", "936", "916")}, Roles{Campaign: "campaign_id"}, "is taken for the campaign, by its name"},
		{"created is no time", []*Column{rawColumn("created", "yes", "no", "yes")}, Roles{}, "is named like the creation time, but its cells are no dates: if they are, in a form of their own, say --created"},
		{"closing without creation", []*Column{rawColumn("Close Date", dates...)}, Roles{}, ""},
		{"a constant status", []*Column{rawColumn("status", "Won", "Won", "Won")}, Roles{}, ""},
		{"an account that is mostly missing", []*Column{rawColumn("company", "NULL", "NULL", "5")}, Roles{}, ""},
		{"an amount in words", []*Column{rawColumn("amount", "much", "little", "much")}, Roles{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, notes := GuessRoles(rawTable(tt.columns...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if said(notes) != tt.notes {
				t.Errorf("notes %s\n want %s", said(notes), tt.notes)
			}
		})
	}
}

// Typed tables, as Parquet has them, are guessed by their kinds.
func TestGuessRolesTyped(t *testing.T) {
	got, _ := GuessRoles(&Table{Rows: 2, Columns: []*Column{
		{Name: "id", Kind: Number, Nums: []float64{1, 2}},
		{Name: "created_at", Kind: Time, Times: []int64{1, 2}},
		{Name: "closed_at", Kind: Number, Nums: []float64{1, 2}},
		{Name: "status", Kind: Bool, Nums: []float64{0, 1}},
		{Name: "amount", Kind: Number, Nums: []float64{0, 1}},
	}})
	if diff := cmp.Diff(Roles{ID: "id", Created: "created_at", Outcome: "status", Amount: "amount"}, got); diff != "" {
		t.Error(diff)
	}
}
