package features

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

func TestInfer(t *testing.T) {
	const n = 60
	various := func(format string) []string {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprintf(format, i)
		}
		return values
	}
	persons := make([]string, n)
	for i := range persons {
		persons[i] = []string{"Anna", "Peter", "Zorblax", "Maria"}[i%4] + fmt.Sprintf(" Smith%d", i)
	}
	numbers, dials, times, none := make([]float64, n), make([]float64, n), make([]int64, n), make([]int64, n)
	for i := range n {
		numbers[i], dials[i], times[i], none[i] = float64(i), 491511234567+float64(i), int64(i)*datasets.MicrosPerDay, datasets.NoTime
	}
	number := func(name string, values []float64) *datasets.Column { return numColumn(name, values...) }
	str := func(name string, kind datasets.Kind, values []string) *datasets.Column {
		return textColumn(name, kind, values...)
	}
	const K, T, I = datasets.Category, datasets.Text, datasets.ID
	tests := []struct {
		column     *datasets.Column
		kind, note string // of the spec entry; in the note
	}{
		{str("lead_id", I, various("%d")), "", ""}, // roles first: no note
		{str("status", K, repeat(n/2, "Won", "Lost")), "", ""},
		{timeColumn("closed_at", times...), "", ""},
		{str("account", I, various("acc %d")), "", ""},
		{str("left_out", K, repeat(n/2, "a", "b")), "", ""},
		{timeColumn("created_at", times...), "created", ""},
		{number("value", numbers), "number", ""},
		{str("owner", T, persons), "category", ""},
		{str("campaign", I, various("Spring %d")), "category", ""},
		{number("size", numbers), "number", ""},
		{number("all seven", make([]float64, n)), "", "one value only"},
		{timeColumn("never", none...), "", ""},
		{timeColumn("last seen", times...), "date", ""},
		{str("industry", K, repeat(n/2, "a", "b")), "category", ""},
		{str("interests", datasets.Multi, repeat(n/2, "a;b", "b")), "multi", ""},
		{str("remarks", T, various("met them at stand %d")), "text", ""},
		{str("Job Title", T, various("manager %d")), "title", ""},
		{str("position", K, repeat(n/2, "manager", "clerk")), "title", ""},
		{str("greeting", K, various("hello to all of %d")), "category", ""}, // no hundred of them
		{str("token", I, various("x%d")), "", "id"},
		{str("anything", T, various("p%d@acme.com")), "email", "domain"},
		{str("E-Mail", I, various("hidden-%d")), "email", "domain"},
		{str("Do Not Email", K, repeat(n/2, "Yes", "No")), "category", ""},
		{str("reach", T, various("+49 151 23456%02d")), "phone", "digits"},
		{number("Mobile Phone", dials), "phone", "digits"},
		{number("phone calls", dials), "number", ""},
		{number("mobile", numbers), "number", ""},
		{str("contact", K, repeat(n/2, "cellular", "telephone")), "category", ""},
		{str("FirstName", K, repeat(n/2, "Ann", "Bob")), "", "names of persons"},
		{str("Name", T, various("who %d")), "", "names of persons"},
		{str("primary_contact_name", T, various("who %d")), "", "names of persons"},
		{str("Company Name", T, various("Works %d")), "text", ""},
		{str("who", T, persons), "", "names of persons: not used"},
		{str("first_name", T, append(persons[1:], "")), "given", "names of persons: used only through whether it is filled"},
		{str("last name", T, append(repeat(n-1, ""), "Smith")), "given", "whether it is filled"},
		{str("Company", T, persons), "text", ""},
		{str("where", T, various("%d Main St")), "", "addresses"},
		{str("wo", T, various("Hauptstraße %d")), "", "addresses"},
		{str("billing_street", T, various("somewhere %d")), "", "addresses"},
		{str("billing address city", K, repeat(n/2, "Rome", "Oslo")), "category", ""},
		{str("machine", T, various("10.0.0.%d")), "", "addresses"},
		{str("passport", I, various("C%d")), "", "identify"},
		{str("landing", T, various("https://acme.io/%d")), "url", ""},
		{str("booked", T, various("2024-01-%02d")), "text", ""},
	}
	leads := &datasets.Table{Rows: n}
	for _, test := range tests {
		leads.Columns = append(leads.Columns, test.column)
	}
	schema := &datasets.Schema{Roles: datasets.Roles{ID: "lead_id", Account: "account", Created: "created_at", Outcome: "status", Closed: "closed_at",
		Amount: "value", Owner: "owner", Campaign: "campaign", Order: "rows"}}
	spec, notes := Infer(leads, schema, []string{"left_out"})
	kinds, told := map[string]string{}, map[string]string{}
	for _, c := range spec.Columns {
		kinds[c.Column] = c.Kind
	}
	for _, note := range notes {
		told[note.Column] += note.Message
	}
	for _, test := range tests {
		name := test.column.Name
		if kinds[name] != test.kind {
			t.Errorf("%q is used as %q, want %q", name, kinds[name], test.kind)
		}
		if (told[name] == "") != (test.note == "") || !strings.Contains(told[name], test.note) {
			t.Errorf("%q: note %q, want %q", name, told[name], test.note)
		}
	}
	mustFit(t, spec, Snapshot{Leads: leads})
}

func TestConstant(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   bool
	}{{nil, true}, {[]string{""}, true}, {[]string{"a"}, false}, {repeat(3, "a"), true}, {[]string{"a", ""}, false}, {[]string{"", "a"}, false}, {[]string{"a", "a", "b"}, false}} {
		if got := constant(textColumn("c", datasets.Category, test.values...)) != ""; got != test.want {
			t.Errorf("%q: %v, want %v", test.values, got, test.want)
		}
	}
}
