package report

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

var start = time.Date(2022, 1, 3, 0, 0, 0, 0, time.UTC)

const lasts = 600 // days of the company's history

// Hostile names and values, which a CRM would pass on as they are.
const (
	script  = `<script>alert(1)</script>`
	image   = `"><img src=x onerror=alert(2)>`
	control = "bell\a escape\x1b[31m right-to-left\u202e"
	mark    = `<b onmouseover="alert(3)">visits</b>`
)

var (
	sources  = []string{"web", "fair", "friend", script, image, control}
	managers = []string{"Dustin Brinkmann", "Cara Losch", "Rocco Neubert"}
)

// rates of being won and lost a day, constant in age.
func rates(source string, visits int) (won, lost float64) {
	won, lost = 0.004*math.Exp(0.15*float64(visits-6)), 0.006
	if source == "friend" {
		won *= 3
	}
	return won, lost
}

// history is the leads of a company whose rates are known.
func history(n int, seed uint64) *datasets.Table {
	r := rand.New(rand.NewPCG(seed, 1))
	names := []string{"lead_id", "created_at", "status", "closed_at", "value", "source", mark, "email", "manager"}
	t := &datasets.Table{Rows: n}
	for _, name := range names {
		t.Columns = append(t.Columns, &datasets.Column{Name: name, Texts: datasets.Strings{Offsets: []int64{0}}})
	}
	for i := range n {
		source, visits := sources[r.IntN(len(sources))], r.IntN(12)
		won, lost := rates(source, visits)
		created := start.Add(time.Duration(r.IntN(lasts*24)) * time.Hour)
		closed := created.Add(time.Duration(r.ExpFloat64() / (won + lost) * 24 * float64(time.Hour))).Truncate(time.Hour)
		status, closing := "Open", ""
		if closed.Before(start.AddDate(0, 0, lasts)) {
			if status = "Lost"; r.Float64() < won/(won+lost) {
				status = "Won"
			}
			closing = closed.Format(time.RFC3339)
		}
		for j, v := range []string{"L" + strconv.Itoa(i+70001), created.Format(time.RFC3339), status, closing, strconv.Itoa(500 + 100*r.IntN(40)), source, strconv.Itoa(visits),
			fmt.Sprintf("secret%d@mailbox%d.example", i, r.IntN(40)), managers[r.IntN(len(managers))]} {
			t.Columns[j].Texts.Append(v)
		}
	}
	return t
}

// trained is a company of 2,500 leads with the model that it trained.
var trained = sync.OnceValues(func() (*datasets.Table, *bundle.Bundle) {
	leads := history(2500, 3)
	return leads, train1(leads, datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at", Amount: "value"}, "")
})

// flat is the closed leads of the same company without any dates.
var flat = sync.OnceValues(func() (*datasets.Table, *bundle.Bundle) {
	leads, err := datasets.Where(history(1500, 4), []string{"status!=Open"})
	if err != nil {
		panic(err)
	}
	leads = leads.Drop("created_at", "closed_at")
	return leads, train1(leads, datasets.Roles{ID: "lead_id", Outcome: "status"}, "")
})

func train1(leads *datasets.Table, roles datasets.Roles, model string) *bundle.Bundle {
	plan := train.Plan{Roles: roles, Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}}, AsOf: datasets.NoTime, Model: model, Seed: 1}
	result, err := train.Run(context.Background(), leads, plan, nil)
	if err != nil {
		panic(err)
	}
	b, err := bundle.Open(bytes.NewReader(result.Shipped), int64(len(result.Shipped)))
	if err != nil {
		panic(err)
	}
	return b
}

// told is the report of the trained company with campaigns, and its page.
var told = sync.OnceValues(func() (*Report, string) {
	leads, b := trained()
	r, _ := write(Input{Bundle: b, Leads: leads, AsOf: datasets.NoTime})
	r.Campaigns = campaigns()
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		panic(err)
	}
	return r, page.String()
})

func write(in Input) (*Report, string) {
	r, err := New(context.Background(), in)
	if err != nil {
		panic(err)
	}
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		panic(err)
	}
	return r, page.String()
}

// campaigns are made up: one to be compared, one too young, one hostile.
func campaigns() *lift.Result {
	p, cost, again, cycle, difference, chance := 0.124, 830.0, "2023-11-05", 48.0, -0.021, 0.21
	return &lift.Result{Horizon: new(90), AsOf: new("2023-08-20"),
		Arms: []lift.Arm{
			{Name: "spring", Leads: 1200, PWin: &p, CI: &[2]float64{0.10, 0.15}, Ripe: true, CycleP50: &cycle, CostPerWin: &cost},
			{Name: "autumn", Leads: 90, AskAgain: &again},
			{Name: script, Leads: 300, PWin: &p, CI: &[2]float64{0.08, 0.18}, Ripe: true},
		},
		Comparisons: []lift.Comparison{{Arm: "spring", Control: image, Difference: &difference, CI: &[2]float64{-0.05, 0.01}, P: &chance},
			{Arm: script, Control: image, Note: image}}}
}
