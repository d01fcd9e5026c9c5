package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

var start = time.Date(2022, 1, 3, 0, 0, 0, 0, time.UTC)

// day is midnight of a day after the start.
func day(n int) time.Time { return start.AddDate(0, 0, n) }

// end is the last day of the generated histories.
var end = datasets.Micros(day(600))

// rows is a table of text by rows, made a raw table at the end.
type rows struct {
	names []string
	cells [][]string
}

func (r *rows) column(name string) int {
	for j, n := range r.names {
		if n == name {
			return j
		}
	}
	panic("no column " + name)
}

// add appends a column.
func (r *rows) add(name string, value func(i int) string) {
	r.names = append(r.names, name)
	for i := range r.cells {
		r.cells[i] = append(r.cells[i], value(i))
	}
}

// set replaces the values of a column.
func (r *rows) set(name string, value func(i int, old string) string) {
	j := r.column(name)
	for i := range r.cells {
		r.cells[i][j] = value(i, r.cells[i][j])
	}
}

// at gives a cell.
func (r *rows) at(i int, name string) string { return r.cells[i][r.column(name)] }

// table is the raw table, rows and columns in the orders given; nil: as they are.
func (r *rows) table(order, columns []int) *datasets.Table {
	if order == nil {
		order = upTo(len(r.cells))
	}
	if columns == nil {
		columns = upTo(len(r.names))
	}
	t := &datasets.Table{Rows: len(order)}
	for _, j := range columns {
		c := &datasets.Column{Name: r.names[j], Texts: datasets.Strings{Offsets: []int64{0}}}
		for _, i := range order {
			c.Texts.Append(r.cells[i][j])
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// smallCompany generates leads whose rates are constant in age and depend on
// the source and the visits; created and closed at whole hours.
func smallCompany(n int, seed uint64) *rows {
	r := rand.New(rand.NewPCG(seed, 1))
	c := &rows{names: []string{"lead_id", "created_at", "status", "closed_at", "value", "source", "visits"}}
	for i := range n {
		source := []string{"web", "fair", "call", "friend"}[r.IntN(4)]
		visits := r.IntN(12)
		won, lost := 0.004*math.Exp(0.15*float64(visits-6)), 0.006
		if source == "friend" {
			won *= 2.5
		}
		created := start.Add(time.Duration(r.IntN(600*24)) * time.Hour)
		closed := created.Add(time.Duration(r.ExpFloat64() / (won + lost) * 24 * float64(time.Hour))).Truncate(time.Hour)
		status, closing := "Open", ""
		if datasets.Micros(closed) < end {
			if status = "Lost"; r.Float64() < won/(won+lost) {
				status = "Won"
			}
			closing = closed.Format(time.RFC3339)
		}
		value := ""
		if r.Float64() < 0.9 {
			value = strconv.Itoa(500 + 100*r.IntN(40))
		}
		c.cells = append(c.cells, []string{"L" + strconv.Itoa(i+1), created.Format(time.RFC3339), status, closing, value, source, strconv.Itoa(visits)})
	}
	return c
}

// smallPlan is the plan for a smallCompany.
func smallPlan() train.Plan {
	return train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at", Amount: "value"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		AsOf:     end, Seed: 1,
	}
}

func run(t testing.TB, table *datasets.Table, p train.Plan) *train.Result {
	t.Helper()
	result, err := train.Run(context.Background(), table, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// complaint is the sentence of the data error that training ends with.
func complaint(t testing.TB, table *datasets.Table, p train.Plan) string {
	t.Helper()
	_, err := train.Run(context.Background(), table, p, nil)
	var data *datasets.Error
	if err == nil {
		t.Fatal("training went well")
	}
	if !errors.As(err, &data) {
		t.Fatalf("not an error about the data: %v", err)
	}
	return err.Error()
}
