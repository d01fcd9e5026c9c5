package report

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// personal are words in the names of columns that may say who a person is,
// a customer or a colleague.
var personal = []string{"name", "mail", "phone", "mobile", "contact", "owner", "address", "street", "birth", "url", "website", "note", "comment", "person", "account",
	"company", "message", "description", "text", "subject", "manager", "agent", "seller", "representative", "sales_rep", "salesrep", "sales rep", "user", "assign", "advis", "employee", "_by", " by"}

// derived are the features that tell of persons, or of what they wrote.
var derived = []string{"email", "phone", "text", "url"}

// fewest is the number of leads that must share a value before it is named.
const fewest = 20

// shows tells whether the values of a column may be named: it must be one of a
// limited set or a number, and nobody's name. The campaign may always. Numbers
// are rounded before they are shown, so of them only telephones are kept back.
func (c *company) shows(column string) bool {
	f, roles := c.m.Schema.Field(column), c.m.Schema.Roles
	switch {
	case f == nil || slices.Contains([]string{roles.ID, roles.Account, roles.Owner, roles.Outcome, roles.Closed}, column):
		return false
	case f.Kind != datasets.Category && f.Kind != datasets.Bool && f.Kind != datasets.Number:
		return false
	case column == roles.Campaign:
		return true
	}
	for _, o := range c.b.Outputs() {
		if o.Origin == column && slices.Contains(derived, o.Kind) {
			return false
		}
	}
	if f.Kind == datasets.Number {
		return true
	}
	low := strings.ToLower(column)
	return !slices.ContainsFunc(personal, func(word string) bool { return strings.Contains(low, word) })
}

// level is a value of a column of words with the rows that have it; "" is
// where it is empty.
type level struct {
	value string
	rows  []int
}

// levels are the values of a column that enough leads share, most frequent
// first, and the rows of all others.
func levels(c *datasets.Column, rows []int, least int) (list []level, others []int) {
	at := map[string]int{}
	for _, r := range rows {
		v := c.Texts.At(r)
		k, ok := at[v]
		if !ok {
			v = strings.Clone(v)
			k = len(list)
			at[v] = k
			list = append(list, level{value: v})
		}
		list[k].rows = append(list[k].rows, r)
	}
	slices.SortFunc(list, func(a, b level) int {
		if len(a.rows) != len(b.rows) {
			return len(b.rows) - len(a.rows)
		}
		return strings.Compare(a.value, b.value)
	})
	few := slices.IndexFunc(list, func(l level) bool { return len(l.rows) < least })
	if few < 0 {
		return list, nil
	}
	for _, l := range list[few:] {
		others = append(others, l.rows...)
	}
	return list[:few], others
}

// valueOf is a value that may be shown, in words; "" where it may not.
func (c *company) valueOf(column string, row int) string {
	if !c.shows(column) {
		return ""
	}
	col := c.leads.Column(column)
	if col.Missing(row) {
		return "empty"
	}
	switch col.Kind {
	case datasets.Bool:
		return yesNo(col.Nums[row])
	case datasets.Number:
		return rough(col.Nums[row])
	}
	v, same := col.Texts.At(row), 0
	for i := range c.leads.Rows {
		if col.Texts.At(i) == v {
			same++
		}
	}
	if same < fewest {
		return "a rare one"
	}
	return clean(v)
}
