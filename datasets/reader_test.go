package datasets

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var leadSchema = &Schema{Fields: []Field{
	{Name: "amount", Kind: Number, Decimal: ",", Unit: "€", Missing: []string{"-"}},
	{Name: "born", Kind: Time, Layout: layoutDMY},
	{Name: "called", Kind: Bool},
	{Name: "id", Kind: ID},
	{Name: "source", Kind: Category, Missing: []string{"Select"}},
}}

func TestApply(t *testing.T) {
	raw := rawTable(
		rawColumn("source", " Web ", "Select", "", "Phone"),
		rawColumn("amount", "1.200,50", "-", "€7", "$7"),
		rawColumn("born", "1/2/1999", "1999-02-01", "Feb 1, 1999", "1999"),
		rawColumn("called", "Yes", "0", "maybe", ""),
		rawColumn("new", "1", "2", "3", "4"))
	got, notes, err := leadSchema.Apply(raw)
	if err != nil {
		t.Fatal(err)
	}
	feb := int64(917827200) * 1e6
	nan := math.NaN()
	want := []*Column{
		{Name: "amount", Kind: Number, Nums: []float64{1200.5, nan, 7, nan}},
		{Name: "born", Kind: Time, Times: []int64{feb, feb, feb, NoTime}},
		{Name: "called", Kind: Bool, Nums: []float64{1, 0, nan, nan}},
		{Name: "id", Kind: ID, Texts: MakeStrings("", "", "", "")},
		{Name: "source", Kind: Category, Texts: MakeStrings("Web", "", "", "Phone")},
	}
	if diff := cmp.Diff(want, got.Columns, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	wantNotes := []Note{
		{"new", -1, "is not known to the model; left out"},
		{"amount", 3, "cannot be read as number; taken as missing"},
		{"born", 3, "cannot be read as time; taken as missing"},
		{"called", 2, "cannot be read as bool; taken as missing"},
		{"id", -1, "is not given; taken as missing"},
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Error(diff)
	}
	if got.At(2) != "leads.csv:4" {
		t.Errorf("row 2 stands at %s", got.At(2))
	}
}

// Typed columns pass where kinds agree, and go by their text where they do not.
func TestApplyTyped(t *testing.T) {
	s := &Schema{Fields: []Field{{Name: "n", Kind: Number}, {Name: "b", Kind: Bool}, {Name: "c", Kind: Category}, {Name: "d", Kind: Category}, {Name: "t", Kind: Time, Layout: layoutUnix}, {Name: "u", Kind: Time, Layout: layoutISO}}}
	table := &Table{Rows: 2, Columns: []*Column{
		{Name: "n", Kind: Bool, Nums: []float64{1, math.NaN()}},
		{Name: "b", Kind: Number, Nums: []float64{1, 2}},
		{Name: "c", Kind: Number, Nums: []float64{17, math.NaN()}},
		{Name: "d", Kind: Bool, Nums: []float64{1, math.NaN()}},
		{Name: "t", Kind: Number, Nums: []float64{1.5e9, math.NaN()}},
		{Name: "u", Kind: Time, Times: []int64{5, NoTime}},
	}}
	got, notes, err := s.Apply(table)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Column{
		{Name: "n", Kind: Number, Nums: []float64{1, math.NaN()}},
		{Name: "b", Kind: Bool, Nums: []float64{1, math.NaN()}},
		{Name: "c", Kind: Category, Texts: MakeStrings("17", "")},
		{Name: "d", Kind: Category, Texts: MakeStrings("true", "")},
		{Name: "t", Kind: Time, Times: []int64{1.5e15, NoTime}},
		{Name: "u", Kind: Time, Times: []int64{5, NoTime}},
	}
	if diff := cmp.Diff(want, got.Columns, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Note{{"b", 1, "cannot be read as bool; taken as missing"}}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		schema Schema
		want   string
	}{
		{Schema{Zone: "Mars"}, `time zone "Mars" is not known; give a name such as Europe/Berlin`},
		{Schema{Fields: []Field{{Name: "x", Kind: Text}, {Name: "x", Kind: Text}}}, `column "x": the schema has two fields of this name`},
		{Schema{Fields: []Field{{Name: "x"}}}, `column "x": the schema does not say its kind`},
		{Schema{Fields: []Field{{Name: "x", Kind: Time, Layout: "ymd"}}}, `column "x": its layout is none of 2006-01-02, 2/1/2006, 1/2/2006, 2 Jan 2006, Jan 2006, 20060102, unix, unixmilli`},
		{Schema{Fields: []Field{{Name: "x", Kind: 99}}}, `column "x": the schema does not say its kind`},
	}
	for _, tt := range tests {
		if _, err := tt.schema.Compile(); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// A lead that is read alone is read as it is among others: training and
// serving see the same.
func TestApplyOneAsAll(t *testing.T) {
	reader, err := leadSchema.Compile()
	if err != nil {
		t.Fatal(err)
	}
	cell := rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "-", "Select", "Web", " Web", "1,5", "1.200,50", "€7", "12%", "yes", "No", "maybe", "1/2/1999", "31/2/1999", "2018-01-02T10:00:00+02:00"}),
		rapid.StringN(0, 8, 24))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		var columns []*Column
		for _, name := range []string{"id", "source", "amount", "born", "called"} {
			columns = append(columns, rawColumn(name, rapid.SliceOfN(cell, n, n).Draw(t, name)...))
		}
		all := rawTable(columns...)
		together, notes := reader.Apply(all)
		for row := range n {
			alone, own := reader.Apply(all.Gather([]int{row}))
			if diff := cmp.Diff(together.Gather([]int{row}).Columns, alone.Columns, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
			var among []Note
			for _, note := range notes {
				if note.Row == row {
					among = append(among, Note{note.Column, 0, note.Message})
				}
			}
			if diff := cmp.Diff(among, own, cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func BenchmarkApplyOneLead(b *testing.B) {
	wide := wideTable(2000)
	wide.Columns = wide.Columns[:20]
	s, _, err := Infer(wide, Hints{})
	if err != nil {
		b.Fatal(err)
	}
	reader, err := s.Compile()
	if err != nil {
		b.Fatal(err)
	}
	lead := wide.Gather([]int{1})
	lead.Place = nil
	b.ReportAllocs()
	for b.Loop() {
		if out, notes := reader.Apply(lead); out.Rows != 1 || len(notes) > 0 {
			b.Fatal(notes)
		}
	}
}
