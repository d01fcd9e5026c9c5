package train_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// Training reads the outcome contract, judges the recipe on what came last and
// ships it fitted on everything.
func ExampleRun() {
	leads := smallCompany(700, 5).table(nil, nil)
	result, err := train.Run(context.Background(), leads, train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		AsOf:     end, Seed: 1,
	}, nil)
	if err != nil {
		panic(err)
	}
	b, err := bundle.Open(bytes.NewReader(result.Shipped), int64(len(result.Shipped)))
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Report.Counts)
	fmt.Println("the main horizon is", b.Manifest.MainHorizon, "days")
	fmt.Println("judged is another bundle:", b.Manifest.Judged.Bundle != b.ID())
	for _, e := range result.Report.Leaderboard {
		if e.Champion {
			fmt.Println("the champion is the", e.Model)
		}
	}
	// Output:
	// map[leads:700 lost:333 open:122 won:245]
	// the main horizon is 90 days
	// judged is another bundle: true
	// the champion is the blend
}
