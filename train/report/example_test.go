package report_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
	"github.com/leadcast/leadcast/train/report"
)

// A report is made of a bundle and of the leads that it was trained on.
func ExampleNew() {
	leads := &datasets.Table{Rows: 600}
	for _, name := range []string{"id", "created", "status", "closed", "source"} {
		leads.Columns = append(leads.Columns, &datasets.Column{Name: name, Texts: datasets.Strings{Offsets: []int64{0}}})
	}
	for i := range leads.Rows {
		created := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/2)
		status, closed := []string{"Won", "Lost", "Lost", "Won", "Lost"}[i*i%5], created.AddDate(0, 0, 5+i*37%60).Format(time.DateOnly)
		if closed > "2024-10-27" {
			status, closed = "Open", ""
		}
		for j, v := range []string{strconv.Itoa(i), created.Format(time.DateOnly), status, closed, []string{"web", "fair", "call"}[i%3]} {
			leads.Columns[j].Texts.Append(v)
		}
	}
	result, err := train.Run(context.Background(), leads, train.Plan{
		Roles:    datasets.Roles{ID: "id", Created: "created", Outcome: "status", Closed: "closed"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		Horizons: []int{30}, AsOf: datasets.NoTime, Model: "base", Seed: 1,
	}, nil)
	if err != nil {
		panic(err)
	}
	b, err := bundle.Open(bytes.NewReader(result.Shipped), int64(len(result.Shipped)))
	if err != nil {
		panic(err)
	}
	r, err := report.New(context.Background(), report.Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime})
	if err != nil {
		panic(err)
	}
	var page strings.Builder
	if err := r.Write(&page); err != nil {
		panic(err)
	}
	fmt.Println(r.Leads.Total, "leads as of", r.AsOf[:10], "and", r.HorizonDays, "days ahead")
	fmt.Println("one file:", strings.HasPrefix(page.String(), "<!DOCTYPE html>"))
	// Output:
	// 600 leads as of 2024-10-27 and 30 days ahead
	// one file: true
}
