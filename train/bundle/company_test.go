package bundle_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

var start = time.Date(2022, 1, 3, 0, 0, 0, 0, time.UTC)

// asOf is the end of the generated histories.
var asOf = datasets.Micros(start.AddDate(0, 0, 600))

// raw makes a table of text columns.
func raw(names []string, rows [][]string) *datasets.Table {
	t := &datasets.Table{Rows: len(rows)}
	for j, name := range names {
		c := &datasets.Column{Name: name, Texts: datasets.MakeStrings()}
		c.Texts.Offsets = []int64{0}
		for _, r := range rows {
			c.Texts.Append(r[j])
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

var crmColumns = []string{"lead_id", "created_at", "status", "closed_at", "value", "source", "visits", "plan"}

// crm generates a small company's leads. Their rates are constant in age and
// depend on the source and the visits.
func crm(n int, seed uint64) *datasets.Table {
	r := rand.New(rand.NewPCG(seed, 1))
	rows := make([][]string, n)
	for i := range rows {
		source := []string{"web", "fair", "call", "friend"}[r.IntN(4)]
		visits, plan := r.IntN(12), []string{"basic", "team"}[r.IntN(2)]
		value := ""
		if r.Float64() < 0.9 {
			value = strconv.Itoa(500 + 100*r.IntN(40))
		}
		won, lost := 0.004*math.Exp(0.15*float64(visits-6)), 0.006
		if source == "friend" {
			won *= 2.5
		}
		if source == "call" {
			won, lost = won/2, lost*1.5
		}
		created := start.Add(time.Duration(r.IntN(600*24)) * time.Hour)
		days := r.ExpFloat64() / (won + lost)
		closed := created.Add(time.Duration(days * 24 * float64(time.Hour))).Truncate(time.Hour)
		status, closing := "Open", ""
		if datasets.Micros(closed) < asOf {
			if status = "Lost"; r.Float64() < won/(won+lost) {
				status = "Won"
			}
			closing = closed.Format(time.RFC3339)
		}
		rows[i] = []string{"L" + strconv.Itoa(i+1), created.Format(time.RFC3339), status, closing, value, source, strconv.Itoa(visits), plan}
	}
	return raw(crmColumns, rows)
}

func crmPlan() train.Plan {
	return train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at", Amount: "value"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		AsOf:     asOf, Seed: 1,
	}
}

// flat generates a yes/no table without times.
func flat(n int, seed uint64) *datasets.Table {
	r := rand.New(rand.NewPCG(seed, 2))
	rows := make([][]string, n)
	for i := range rows {
		visits, source := r.IntN(10), []string{"web", "fair", "call"}[r.IntN(3)]
		y := "no"
		if r.Float64() < 1/(1+math.Exp(3-0.4*float64(visits))) {
			y = "yes"
		}
		rows[i] = []string{strconv.Itoa(1000 + i), y, strconv.Itoa(visits), source}
	}
	return raw([]string{"lead_id", "converted", "visits", "source"}, rows)
}

// company is a bundle with the table that it was trained on.
type company struct {
	leads *datasets.Table
	file  []byte
	b     *bundle.Bundle
}

func learn(leads *datasets.Table, p train.Plan) company {
	result, err := train.Run(context.Background(), leads, p, nil)
	if err != nil {
		panic(err)
	}
	b, err := openFile(result.Shipped)
	if err != nil {
		panic(err)
	}
	b.Spread = b.Spread[:min(3, len(b.Spread))] // enough to look at, and a third of the bytes to damage
	var file bytes.Buffer
	if _, err := bundle.Write(&file, b); err != nil {
		panic(err)
	}
	if b, err = openFile(file.Bytes()); err != nil {
		panic(err)
	}
	return company{leads, file.Bytes(), b}
}

func openFile(b []byte) (*bundle.Bundle, error) {
	return bundle.Open(bytes.NewReader(b), int64(len(b)))
}

// The companies that the tests look at, each trained once.
var (
	timed = sync.OnceValue(func() company {
		p := crmPlan()
		p.Horizons = []int{30, 90, 180, 1500}
		p.MainHorizon = 90
		return learn(crm(1200, 1), p)
	})
	small = sync.OnceValue(func() company { // a small file
		p := crmPlan()
		p.Model = "linear"
		return learn(crm(450, 2).Drop("plan", "source"), p)
	})
	unlost = sync.OnceValue(func() company { // losses are not recorded
		p := crmPlan()
		p.Contract.Lost, p.Model = nil, "linear"
		leads := crm(900, 3)
		for _, name := range []string{"status", "closed_at"} {
			c := leads.Column(name)
			status, texts := leads.Column("status").Texts, datasets.Strings{}
			for i := range leads.Rows {
				if cell := c.Texts.At(i); status.At(i) == "Won" {
					texts.Append(cell)
				} else {
					texts.Append(map[string]string{"status": "Open"}[name])
				}
			}
			c.Texts = texts
		}
		return learn(leads, p)
	})
	untimed = sync.OnceValue(func() company {
		return learn(flat(800, 4), train.Plan{
			Roles:    datasets.Roles{ID: "lead_id", Outcome: "converted"},
			Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, AsOf: datasets.NoTime, Seed: 1,
		})
	})
)

func (c company) read(t testing.TB, leads *datasets.Table) features.Snapshot {
	t.Helper()
	s, err := c.b.Read(leads, asOf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c company) score(t testing.TB, leads *datasets.Table, reasons int) []bundle.Score {
	t.Helper()
	scores, err := c.b.Score(context.Background(), c.read(t, leads), reasons)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// one is a raw lead like those of crm.
func one(cells ...string) *datasets.Table { return raw(crmColumns, [][]string{cells}) }
