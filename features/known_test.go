package features_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

func ExampleMake() {
	e, err := features.Make([]features.Known{{Column: "visits"}, {Column: "source", Levels: []string{"Web", "Fair"}}})
	if err != nil {
		panic(err)
	}
	m, notes, err := e.Encode(features.Snapshot{Leads: &datasets.Table{Rows: 4, Columns: []*datasets.Column{
		{Name: "visits", Kind: datasets.Number, Nums: []float64{3, math.NaN(), 1, 0}},
		{Name: "source", Kind: datasets.Category, Texts: datasets.MakeStrings("Web", "Fair", "", "Post")},
	}}})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Columns[0].Nums, m.Columns[1].Codes, e.Levels(1), len(notes))
	// Output: [3 NaN 1 0] [1 0 -1 2] [Fair Web] 1
}

func TestMadeIsDecoded(t *testing.T) {
	e, err := features.Make([]features.Known{{Column: "a"}, {Column: "b", Levels: []string{"y", "x"}}, {Column: "c", Levels: []string{}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := features.Decode(b)
	if err != nil || !slices.Equal(d.Outputs(), e.Outputs()) || !slices.Equal(d.Levels(1), []string{"x", "y"}) || d.Levels(0) != nil {
		t.Errorf("outputs %v after decoding, %v before (%v)", d.Outputs(), e.Outputs(), err)
	}
}

func TestMakeRefuses(t *testing.T) {
	for want, columns := range map[string][]features.Known{
		"twice":        {{Column: "a"}, {Column: "a"}},
		"no name":      {{}},
		`level "x"`:    {{Column: "a", Levels: []string{"x", "x"}}},
		`level " x"`:   {{Column: "a", Levels: []string{" x"}}},
		"more than 65": {{Column: "a", Levels: make([]string, 1<<17)}},
	} {
		for i := range columns[0].Levels {
			if len(columns[0].Levels) > 2 {
				columns[0].Levels[i] = fmt.Sprintf("%07d", i)
			}
		}
		if _, err := features.Make(columns); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
