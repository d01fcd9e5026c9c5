package features

import (
	"math"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// TestGiven encodes whether a name is there, by an encoder that holds none.
func TestGiven(t *testing.T) {
	names := append(repeat(100, "Anna Kowalski"), "", "Béla Tarr")
	leads := Snapshot{Leads: table(textColumn("contact name", datasets.Text, names...))}
	spec, _ := Infer(leads.Leads, &datasets.Schema{}, nil)
	e := mustFit(t, spec, leads)
	if b := string(mustBytes(t, e)); strings.Contains(b, "Anna") || strings.Contains(b, "Tarr") {
		t.Errorf("a name is in %s", b)
	}
	decoded, err := Decode(mustBytes(t, e))
	if err != nil {
		t.Fatal(err)
	}
	now := Snapshot{Leads: table(textColumn("contact name", datasets.Text, "Anna Kowalski", "", "nobody before"))}
	for _, e := range []*Encoder{e, decoded} {
		m, notes := mustEncode(t, e, now)
		for i, want := range []string{"1", "0", "1"} {
			if got := outputsOf(m, i); got != "contact name is given "+want {
				t.Errorf("row %d: %s, want %s", i, got, want)
			}
		}
		if len(notes) > 0 {
			t.Errorf("notes %v", notes)
		}
	}
}

// TestGivenOfEveryKind asks of numbers, answers and times whether they are there.
func TestGivenOfEveryKind(t *testing.T) {
	nan := math.NaN()
	columns := []*datasets.Column{numColumn("n", nan, 0), {Name: "b", Kind: datasets.Bool, Nums: []float64{nan, 1}}, timeColumn("t", datasets.NoTime, 0), textColumn("c", datasets.Multi, "", "x")}
	for _, c := range columns {
		s := Snapshot{Leads: table(c)}
		m, _ := mustEncode(t, mustFit(t, Spec{Columns: []ColumnSpec{{Column: c.Name, Kind: "given"}}}, s), s)
		if got := outputsOf(m, 0) + ", " + outputsOf(m, 1); got != c.Name+" is given 0, "+c.Name+" is given 1" {
			t.Error(got)
		}
	}
}
