package features_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// leads are forty leads of two industries with a size and a wish list.
func leads() *datasets.Table {
	return &datasets.Table{Rows: 40, Columns: []*datasets.Column{
		{Name: "industry", Kind: datasets.Category, Texts: datasets.MakeStrings(slices.Repeat([]string{"Retail", "Banking"}, 20)...)},
		{Name: "employees", Kind: datasets.Number, Nums: slices.Repeat([]float64{12, 340, math.NaN(), 75}, 10)},
		{Name: "interests", Kind: datasets.Multi, Texts: datasets.MakeStrings(slices.Repeat([]string{"api; sso", "api"}, 20)...)},
		{Name: "email", Kind: datasets.Text, Texts: datasets.MakeStrings(slices.Repeat([]string{"jo@acme.com", "info@gmail.com"}, 20)...)},
	}}
}

func fit() *features.Encoder {
	table := leads()
	spec, _ := features.Infer(table, &datasets.Schema{}, nil)
	encoder, err := features.Fit(context.Background(), spec, func(yield func(features.Snapshot, error) bool) {
		yield(features.Snapshot{Leads: table}, nil)
	})
	if err != nil {
		panic(err)
	}
	return encoder
}

func ExampleInfer() {
	spec, notes := features.Infer(leads(), &datasets.Schema{}, []string{"employees"})
	for _, c := range spec.Columns {
		fmt.Println(c.Column, "as", c.Kind)
	}
	for _, n := range notes {
		fmt.Println(n.Column, n.Message)
	}
	// Output:
	// industry as category
	// interests as multi
	// email as email
	// email holds e-mail addresses: used only through the kind of domain, the top-level domain and the form of the part before the @
}

func ExampleEncoder_Encode() {
	live := features.Snapshot{
		Leads: &datasets.Table{Rows: 1, Columns: []*datasets.Column{
			{Name: "industry", Kind: datasets.Category, Texts: datasets.MakeStrings("Mining")},
			{Name: "employees", Kind: datasets.Number, Nums: []float64{88}},
			{Name: "interests", Kind: datasets.Multi, Texts: datasets.MakeStrings("sso")},
		}},
		AsOf: []int64{datasets.Micros(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))},
	}
	m, notes, err := fit().Encode(live)
	if err != nil {
		panic(err)
	}
	for i := range m.Columns {
		fmt.Println(m.Columns[i].Name, m.Columns[i].Value(0))
	}
	for _, n := range notes {
		fmt.Println(n.Column, n.Row, n.Message)
	}
	// Output:
	// industry 2
	// employees 88
	// interests count 1
	// interests = api 0
	// interests = sso 1
	// email domain kind NaN
	// email top-level domain NaN
	// email local part NaN
	// industry 0 a value that was unknown or rare in training, treated as other
	// email -1 the column is absent, treated as missing
}

func ExampleDecode() {
	bytes, err := fit().AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	encoder, err := features.Decode(bytes)
	if err != nil {
		panic(err)
	}
	for _, o := range encoder.Outputs()[:3] {
		fmt.Printf("%s (%s, from %s, %d levels)\n", o.Name, o.Kind, o.Origin, o.Levels)
	}
	// Output:
	// industry (category, from industry, 3 levels)
	// employees (number, from employees, 0 levels)
	// interests count (multi, from interests, 0 levels)
}
