package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/leadcast/leadcast/train/bundle"
)

// A file that is no bundle is refused before anything in it is parsed.
func ExampleOpen() {
	file := "lead_id,created_at,status\n1,2024-05-01,Open\n" + strings.Repeat("2,2024-05-02,Won\n", 9)
	_, err := bundle.Open(strings.NewReader(file), int64(len(file)))
	fmt.Println(errors.Is(err, bundle.ErrNotBundle))
	fmt.Println(err)
	// Output:
	// true
	// bundle: not a Leadcast bundle; `leadcast train` writes one
}

// What is written and opened again is the same bundle: its id is the hash of
// its manifest.
func ExampleWrite() {
	b := timed().b
	var file bytes.Buffer
	id, err := bundle.Write(&file, b)
	if err != nil {
		panic(err)
	}
	again, err := bundle.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	fmt.Println(again.ID() == id, again.ID() == b.ID())
	// Output: true true
}

// A lead is read by the bundle's schema and forecast as of a moment.
func ExampleBundle_Score() {
	b := timed().b
	created := start.AddDate(0, 0, 595).Format(time.RFC3339)
	leads := one("L7", created, "Open", "", "1200", "web", "11", "basic")
	snapshot, err := b.Read(leads, asOf)
	if err != nil {
		panic(err)
	}
	scores, err := b.Score(context.Background(), snapshot, 3)
	if err != nil {
		panic(err)
	}
	s := scores[0]
	fmt.Printf("won, lost and open add to %.6f\n", *s.Win+*s.Lost+*s.Open)
	fmt.Printf("expected value is probability times amount: %v\n", math.Abs(*s.ExpectedValue-1200**s.Win) < 1e-9)
	fmt.Printf("the strongest reason is %q\n", s.Reasons[0].Column)
	fmt.Println(s.Warnings[0][:33])
	// Output:
	// won, lost and open add to 1.000000
	// expected value is probability times amount: true
	// the strongest reason is "visits"
	// p_win_1500d: at this age the data
}

// Scores become a table whose columns are the same for every set of leads.
func ExampleBundle_Table() {
	c := untimed()
	table := c.b.Table(nil)
	for _, name := range table.Names() {
		fmt.Println(name)
	}
	// Output:
	// lead_id
	// p_win
	// p_lost
	// p_open
	// horizon_days
	// p_win_30d
	// p_win_90d
	// p_win_180d
	// cycle_p10_days
	// cycle_p50_days
	// cycle_p90_days
	// grade
	// reasons
	// warnings
}
