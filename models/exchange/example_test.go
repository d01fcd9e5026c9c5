package exchange_test

import (
	"fmt"
	"os"

	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/models/matrix"
)

// A model of LightGBM, and what it says of two leads.
func Example() {
	text, err := os.ReadFile("testdata/categories.txt")
	if err != nil {
		panic(err)
	}
	f, err := exchange.LightGBM(text)
	if err != nil {
		panic(err)
	}
	for _, feature := range f.Features {
		fmt.Printf("%s %q\n", feature.Name, feature.Levels)
	}
	x := matrix.New([][]float64{{3, 562.27, 0, 1.1}, {9, 2947.03, 3, 7.6}}) // the source by its number
	p := make([]float64, x.Rows)
	if err := f.Predict(p, x); err != nil {
		panic(err)
	}
	fmt.Printf("%s, %s: %.4f\n", f.Program, f.Objective, p)
	// Output:
	// visits []
	// budget []
	// source ["Call" "Fair" "Smith, Co" "Web"]
	// days_since_contact []
	// LightGBM, binary: [0.3488 0.5051]
}
