package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// roleNames lists for each role the headers that CRMs give such a column, as
// words joined by "_". The groups are tried in order, and only the first that
// the table has counts.
var (
	idNames = [][]string{{"lead_id", "leadid"}, {"id"}, {"prospect_id", "mql_id", "opportunity_id", "deal_id", "record_id", "lead_record_id"},
		{"lead_number", "lead_no", "lead_nr", "leadnummer", "opportunity_number", "deal_number"}, {"customer_id", "contact_id", "client_id", "person_id", "user_id"}}
	createdNames = [][]string{{"created_at", "created", "created_date", "create_date", "createdate", "createddate", "created_on", "creation_date", "date_created", "lead_created_at", "lead_created_date", "lead_created",
		"created_time", "date_entered", "add_time", "erstellt_am", "erstelldatum", "erstellt", "angelegt_am"},
		{"first_contact_date", "first_contact_at", "engage_date", "opened_at", "open_date", "opened_date", "inquiry_date", "lead_date"}}
	closedNames = [][]string{{"closed_at", "closed", "closed_date", "close_date", "closedate", "closeddate", "closed_on", "date_closed", "closing_date",
		"close_time", "actual_close_date", "geschlossen_am", "abschlussdatum", "abgeschlossen_am"},
		{"won_date", "won_at", "converted_at", "converted_date", "conversion_date", "outcome_date", "outcome_at"}}
	outcomeNames = [][]string{{"outcome", "lead_outcome", "deal_outcome", "opportunity_outcome", "opportunity_result", "deal_result", "result", "final_outcome", "ergebnis"},
		{"status", "lead_status", "deal_status", "opportunity_status", "leadstatus"}, {"stage", "deal_stage", "dealstage", "stage_name", "opportunity_stage", "lead_stage", "sales_stage", "pipeline_stage", "phase"},
		{"converted", "is_converted", "is_won", "won", "closed_won", "hs_is_closed_won", "conversion", "churn", "churned", "is_churn", "is_churned", "response", "responded", "subscribed",
			"target", "label", "y", "is_canceled", "is_cancelled", "canceled", "cancelled", "purchased", "bought", "exited", "attrition", "is_customer", "signed_up", "enrolled", "gewonnen"}}
	outcomeRanks  = []int{6, 4, 4, 5} // how much such a name speaks for a column
	amountNames   = [][]string{{"amount", "deal_amount", "opportunity_amount", "opportunity_amount_usd", "amount_usd"}, {"deal_value", "opportunity_value", "contract_value", "lead_value", "value"}, {"angebotswert", "auftragswert", "betrag", "umsatz"}}
	currencyNames = [][]string{{"currency", "currency_code", "currency_iso_code"}, {"amount_currency", "deal_currency", "deal_currency_code", "opportunity_currency"}}
	accountNames  = [][]string{{"account_id"}, {"account", "account_name"}, {"company_id", "organization_id", "organisation_id"}, {"company", "company_name", "organization", "organisation", "firma", "unternehmen"}}
	ownerNames    = [][]string{{"owner_id", "lead_owner_id", "owner_rep_id", "hubspot_owner_id"}, {"owner", "lead_owner", "owner_name", "opportunity_owner", "deal_owner", "assigned_to", "assignee", "sales_agent", "sales_rep", "sales_owner", "betreuer", "zuständig"}}
	campaignNames = [][]string{{"campaign_id"}, {"campaign", "campaign_name", "utm_campaign", "primary_campaign", "primary_campaign_source", "kampagne"}}
)

// GuessRoles finds the columns that have a part of their own by their headers
// and contents. It names only what is unambiguous: where two columns would do
// there is a note and no role. The table may be raw or typed. Durations and
// orders are never guessed.
func GuessRoles(t *Table) (Roles, []Note) {
	g := guesser{table: t}
	var r Roles
	g.find(&r.ID, "the id", idNames, g.names)
	if r.ID == "" && !g.refused {
		g.onlyID(&r.ID)
	}
	g.find(&r.Created, "the creation time", createdNames, g.times)
	if r.Created == "" && !g.refused {
		g.noTimes()
	}
	if r.Created != "" {
		g.find(&r.Closed, "the closing time", closedNames, g.times)
	}
	if all := outcomes(t); len(all) > 0 {
		r.Outcome = all[0].column.Name
		by := "by its values"
		if all[0].named {
			by = "by its name"
		}
		g.notes = append(g.notes, Note{r.Outcome, -1, "is taken for the outcome, " + by})
	}
	g.find(&r.Amount, "the amount", amountNames, g.numbers)
	g.find(&r.Currency, "the currency of the amount", currencyNames, g.currencies)
	g.find(&r.Account, "the account", accountNames, g.filled)
	g.find(&r.Owner, "the owner", ownerNames, g.filled)
	g.find(&r.Campaign, "the campaign", campaignNames, g.named)
	return r, g.notes
}

type guesser struct {
	table   *Table
	notes   []Note
	refused bool // the last role had several columns that would do
}

// find sets role to the one column of the first group that fits.
func (g *guesser) find(role *string, what string, groups [][]string, fits func(c *Column) bool) {
	g.refused = false
	for _, group := range groups {
		var found []string
		for _, c := range g.table.Columns {
			if slices.Contains(group, strings.Join(headerWords(c.Name), "_")) && fits(c) {
				found = append(found, c.Name)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			*role = found[0]
			g.notes = append(g.notes, Note{found[0], -1, "is taken for " + what + ", by its name"})
		default:
			g.refused = true
			g.notes = append(g.notes, Note{"", -1, fmt.Sprintf("%s could be %s: none is taken, say which", what, strings.Join(quoted(found), " or "))})
		}
		return
	}
}

// noTimes tells of columns that are named like the creation time and hold none.
func (g *guesser) noTimes() {
	for _, c := range g.table.Columns {
		if slices.Contains(slices.Concat(createdNames...), strings.Join(headerWords(c.Name), "_")) {
			g.notes = append(g.notes, Note{c.Name, -1, "is named like the creation time, but its cells are no dates: if they are, in a form of their own, say --created"})
		}
	}
}

// onlyID takes the one column whose header ends in id and whose values are distinct.
func (g *guesser) onlyID(role *string) {
	var found []string
	for _, c := range g.table.Columns {
		if endsIn(c.Name, []string{"id", "uuid", "guid"}) && g.names(c) {
			found = append(found, c.Name)
		}
	}
	if len(found) == 1 {
		*role = found[0]
		g.notes = append(g.notes, Note{found[0], -1, "is taken for the id: its values are distinct"})
	}
}

func quoted(names []string) []string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return q
}

// share is the part of the filled cells, of the first 2,000 of them, for which
// is holds; 0 where none is filled.
func share(c *Column, is func(s string) bool) float64 {
	filled, good := 0, 0
	for i := 0; i < c.Len() && filled < 2000; i++ {
		s := trim(c.word(i))
		if s == "" || slices.Contains(missingTokens, s) || slices.Contains(unclearTokens, s) {
			continue
		}
		filled++
		if is(s) {
			good++
		}
	}
	return float64(good) / float64(max(filled, 1))
}

func isNumber(s string) bool {
	_, point := parseNumber(s, '.')
	_, comma := parseNumber(s, ',')
	return point || comma
}

// filled: at least half of the rows have a value.
func (g *guesser) filled(c *Column) bool {
	empty := 0
	for i := range c.Len() {
		if s := trim(c.word(i)); s == "" || slices.Contains(missingTokens, s) {
			empty++
		}
	}
	return 2*empty <= c.Len() && c.Len() > 0
}

// names: nearly every row has a value, and of its own.
func (g *guesser) names(c *Column) bool {
	if c.Kind == Time || c.Kind == Bool {
		return false
	}
	seen := make(map[string]struct{}, c.Len())
	for i := range c.Len() {
		if s := trim(c.word(i)); s != "" {
			seen[s] = struct{}{}
		}
	}
	return 100*len(seen) >= 95*c.Len() && c.Len() > 0
}

func (g *guesser) times(c *Column) bool {
	return c.Kind == Time || c.Kind >= Raw && c.Kind != Number && share(c, func(s string) bool { _, ok := dateShape(s); return ok }) >= 0.9
}

func (g *guesser) numbers(c *Column) bool { return c.Kind == Number || share(c, isNumber) >= 0.9 }

// few: between two and fifty different values.
func (g *guesser) few(c *Column) bool {
	if c.Kind == Time {
		return false
	}
	seen := map[string]struct{}{}
	for i := 0; i < c.Len() && len(seen) <= 50; i++ {
		seen[trim(c.word(i))] = struct{}{}
	}
	return len(seen) >= 2 && len(seen) <= 50
}

// currencies: nearly every filled cell is a code of three letters.
func (g *guesser) currencies(c *Column) bool {
	return share(c, func(s string) bool {
		return len(s) == 3 && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}) >= 0.9
}

// named: filled, and not a count of something.
func (g *guesser) named(c *Column) bool {
	return g.filled(c) && (endsIn(c.Name, []string{"id"}) || share(c, isNumber) < 0.5)
}
