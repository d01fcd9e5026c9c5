package leak_test

import (
	"fmt"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features/leak"
)

// Half of the leads are closed; a reason stands on these alone.
func ExampleFind() {
	var reason datasets.Strings
	o := &datasets.Outcomes{End: datasets.NoTime}
	for i := range 400 {
		state, why := datasets.Open, ""
		if i%2 == 0 {
			state, why = datasets.Lost, "price"
		}
		reason.Append(why)
		o.State, o.Created, o.Closed = append(o.State, state), append(o.Created, datasets.NoTime), append(o.Closed, datasets.NoTime)
		o.Days = append(o.Days, float64(i/20))
	}
	leads := &datasets.Table{Rows: 400, Columns: []*datasets.Column{{Name: "lost_reason", Kind: datasets.Category, Texts: reason}}}
	found, _ := leak.Find(leak.Record{Leads: leads, Outcomes: o})
	for _, l := range found {
		fmt.Printf("%s, %s: %s\n", l.Column, l.Mechanism, l.Why)
	}
	// Output:
	// lost_reason, filled in around closing: filled on 200 of 200 closed leads, on 0 of 200 open ones of the same age: it seems to be filled in at closing
}
