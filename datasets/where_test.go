package datasets

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhere(t *testing.T) {
	table := rawTable(rawColumn("id", "a", "b", "c", "d"), rawColumn("n", "9", "10", "", "x"), rawColumn("day", "2018-01-02", "2018-02-01", "2017-12-31", ""))
	table.Columns = append(table.Columns, &Column{Name: "paid", Kind: Bool, Nums: []float64{1, 0, 1, 0}}, &Column{Name: "at", Kind: Time, Times: []int64{0, NoTime, MicrosPerDay, 1}})
	for _, tt := range []struct {
		conditions []string
		want       []string
	}{
		{nil, []string{"a", "b", "c", "d"}},
		{[]string{"id=a|c"}, []string{"a", "c"}},
		{[]string{"id != a|c"}, []string{"b", "d"}},
		{[]string{"n>=9.0", "n<10"}, []string{"a"}},
		{[]string{"n="}, []string{"c"}},
		{[]string{"day>2018-01-01"}, []string{"a", "b"}},
		{[]string{"paid=true"}, []string{"a", "c"}},
		{[]string{"at=1970-01-02T00:00:00Z"}, []string{"c"}},
		{[]string{"id=z"}, nil},
	} {
		got, err := Where(table, tt.conditions)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, texts(got.Column("id"))); diff != "" {
			t.Errorf("%v: %s", tt.conditions, diff)
		}
	}
	for condition, want := range map[string]string{
		"id":   `the condition "id" has none of != >= <= = > <`,
		"ID=a": `column "ID": the condition "ID=a" names no column of the file`,
	} {
		if _, err := Where(table, []string{condition}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
