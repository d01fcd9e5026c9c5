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
		{[]string{"id~A|D"}, []string{"a", "d"}},
		{[]string{"day ~ 2018-0", "id!=b"}, []string{"a"}},
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
		"id":   `the condition "id" is not a column, one of != >= <= = ~ > <, and a value`,
		"id~":  `column "id": the condition "id~" looks for an empty text, which every cell contains`,
		"ID=a": `column "ID": the condition "ID=a" names no column of the file`,
	} {
		if _, err := Where(table, []string{condition}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A column's name may hold an operator, and a value may.
func TestWhereSplits(t *testing.T) {
	table := rawTable(rawColumn("size > 5", "x=y", "z"), rawColumn("id", " a ", "b"))
	for condition, want := range map[string]string{"size > 5=x=y": "x=y", "size > 5 != x=y": "z", "id=a": "x=y"} {
		got, err := Where(table, []string{condition})
		if err != nil || got.Rows != 1 || texts(got.Columns[0])[0] != want {
			t.Errorf("%s: %v, %v", condition, got, err)
		}
	}
}

func TestJunk(t *testing.T) {
	table := rawTable(rawColumn("email", "a@TEST.com", "b@x.com", "", "q@test.com"), rawColumn("name", "Ann", "test", "test", "test"))
	by, missing, err := Junk(table, []string{"email~@test.com", "name=test|asdf", "phone=0"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"email", "name", "name", "email"}, by); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"phone"}, missing); diff != "" {
		t.Error(diff)
	}
	if by, _, err := Junk(table, []string{"name=nobody"}); by != nil || err != nil {
		t.Errorf("%v, %v", by, err)
	}
	if _, _, err := Junk(table, []string{"name"}); err == nil {
		t.Error("a filter without an operator is taken")
	}
}

func FuzzJunk(f *testing.F) {
	f.Add("email~@test.com", "email", "a@test.com")
	f.Add("a<=b=c", "a<", "1")
	f.Fuzz(func(t *testing.T, condition, name, cell string) {
		by, missing, err := Junk(rawTable(rawColumn(name, cell)), []string{condition})
		if err != nil && (by != nil || missing != nil) {
			t.Error("an error and a result")
		}
	})
}
