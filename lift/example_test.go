package lift_test

import (
	"fmt"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
)

// Of 100 leads of each of two fairs half or a tenth were won after 20 days; a
// third fair is too young.
func ExampleCompare() {
	const start, day = 1_514_764_800_000_000, datasets.MicrosPerDay // 2018-01-01
	d := lift.Data{End: start + 120*day}
	add := func(arm string, created int64, exit float64, state datasets.State) {
		d.Arm, d.Created = append(d.Arm, arm), append(d.Created, start+created*day)
		d.Exit, d.State = append(d.Exit, exit), append(d.State, state)
	}
	for i := range 100 {
		for arm, wins := range map[string]int{"Spring fair": 50, "Book fair": 10} {
			if i < wins {
				add(arm, 5, 20, datasets.Won)
			} else {
				add(arm, 5, 115, datasets.Open)
			}
		}
	}
	for range 80 {
		add("Summer fair", 100, 20, datasets.Open)
	}
	r, err := lift.Compare(d, lift.Options{Horizon: 60, Control: "Book fair"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range r.Arms {
		if a.Ripe {
			fmt.Printf("%s: %.0f %% (%.0f–%.0f %%)\n", a.Name, 100**a.PWin, 100*a.CI[0], 100*a.CI[1])
		} else {
			fmt.Printf("%s: not yet, ask again on %s\n", a.Name, *a.AskAgain)
		}
	}
	for _, c := range r.Comparisons {
		fmt.Printf("%s beside %s: %+.0f points (%+.0f … %+.0f)\n", c.Arm, c.Control, 100**c.Difference, 100*c.CI[0], 100*c.CI[1])
	}
	// Output:
	// Book fair: 10 % (5–18 %)
	// Spring fair: 50 % (41–60 %)
	// Summer fair: not yet, ask again on 2018-06-10
	// Spring fair beside Book fair: +40 points (+27 … +52)
}
