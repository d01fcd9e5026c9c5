//go:build realdata

package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/csv"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
)

// read reads a CSV file whole.
func read(t *testing.T, paths ...string) *datasets.Table {
	t.Helper()
	source, err := csv.Open(paths, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := datasets.ReadAll(context.Background(), source, "leads")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func texts(t *testing.T, table *datasets.Table, column string) []string {
	t.Helper()
	c := table.Column(column)
	if c == nil {
		t.Fatalf("no column %q among %v", column, table.Names())
	}
	v := make([]string, table.Rows)
	for i := range v {
		v[i] = strings.Clone(c.Texts.At(i))
	}
	return v
}

// TestPeers holds the default champion against HistGradientBoosting and the
// base rate on the very rows that the peers forecast: log loss not worse
// (paired bootstrap, one-sided 95 %), AUC not significantly below − 0.005
// (paired DeLong), mean AUC difference not below zero.
func TestPeers(t *testing.T) {
	peers := os.Getenv("LEADCAST_PEERS")
	sets, err := filepath.Glob(filepath.Join(peers, "pred", "*.csv.gz"))
	if err != nil || len(sets) == 0 {
		t.Fatalf("no forecasts of peers under LEADCAST_PEERS=%q", peers)
	}
	sum := 0.0
	for _, path := range sets {
		set := strings.TrimSuffix(filepath.Base(path), ".csv.gz")
		t.Run(set, func(t *testing.T) { sum += againstPeers(t, peers, set) })
	}
	if mean := sum / float64(len(sets)); mean < 0 {
		t.Errorf("mean AUC difference to HistGradientBoosting %+.4f", mean)
	} else {
		t.Logf("mean AUC difference to HistGradientBoosting %+.4f over %d sets", mean, len(sets))
	}
}

// printed is the precision to which the peers' log losses are given. What is
// left of a withdrawn blend moves all forecasts one way by far less, which is
// no noise, but no loss either.
const printed = 0.00005

func againstPeers(t *testing.T, peers, set string) (difference float64) {
	table := read(t, filepath.Join(peers, "prepared", set+".csv.gz"))
	split := read(t, filepath.Join(peers, "splits", set+".csv.gz"))
	pred := read(t, filepath.Join(peers, "pred", set+".csv.gz"))
	test := map[string]bool{}
	lastTrain, firstTest := -1, math.MaxInt
	for i, id := range texts(t, split, "row_id") {
		held := split.Column("holdout").Texts.At(i) == "test"
		test[id] = held
		row, _ := strconv.Atoi(id)
		if held {
			firstTest = min(firstTest, row)
		} else {
			lastTrain = max(lastTrain, row)
		}
	}
	p := train.Plan{
		Roles:       datasets.Roles{Outcome: "y"},
		Contract:    datasets.Contract{Won: []string{"1"}},
		AsOf:        datasets.NoTime,
		SplitColumn: "row_id", Split: test,
		Kinds:   kinds(t, peers, set),
		NoRefit: true, Seed: 1,
	}
	if firstTest > lastTrain { // the file is in the order of time
		p.Roles.Order = "rows"
	} else if o, ok := orders[set]; ok {
		addOrder(t, table, o)
		p.Roles.Order = orderColumn
	}
	result, err := train.Run(context.Background(), table, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	ours := forecasts(t, result, table)
	var y, mine, theirs, base []float64
	rate := 0.0
	for i, id := range texts(t, table, "row_id") {
		if !test[id] {
			v, _ := strconv.ParseFloat(table.Column("y").Texts.At(i), 64)
			rate += v
			base = append(base, v)
		}
	}
	rate /= float64(len(base))
	base = nil
	for i, id := range texts(t, pred, "row_id") {
		v, _ := strconv.ParseFloat(pred.Column("y").Texts.At(i), 64)
		h, _ := strconv.ParseFloat(pred.Column("histgb").Texts.At(i), 64)
		m, ok := ours[id]
		if !ok {
			t.Fatalf("row %s is not forecast", id)
		}
		y, mine, theirs, base = append(y, v), append(mine, m), append(theirs, h), append(base, rate)
	}
	loss, peer, floor := losses(y, mine), losses(y, theirs), losses(y, base)
	toPeer := metric.MeanDifference(loss, peer, nil, nil, 4000, 1, 0.90)
	toBase := metric.MeanDifference(loss, floor, nil, nil, 4000, 1, 0.90)
	auc := metric.AUCDifference(y, mine, theirs, 0.90)
	t.Logf("%-18s AUC %.4f (histgb %.4f), log loss %.4f (histgb %.4f, base %.4f), %s", set, metric.AUC(y, mine, nil), metric.AUC(y, theirs, nil),
		mean(loss), mean(peer), mean(floor), result.Report.Manifest.Recipe)
	for _, c := range pred.Columns {
		if c.Name != "row_id" && c.Name != "y" && c.Name != "histgb" {
			theirs := numbers(c)
			l, a := metric.MeanDifference(loss, losses(y, theirs), nil, nil, 4000, 1, 0.90), metric.AUCDifference(y, mine, theirs, 0.90)
			t.Logf("%-18s %s: AUC %.4f (ours %+.4f, %+.4f to %+.4f), log loss %.4f (ours %+.4f, %+.4f to %+.4f)", set, c.Name,
				metric.AUC(y, theirs, nil), a.Value, a.Low, a.High, mean(losses(y, theirs)), l.Value, l.Low, l.High)
		}
	}
	if toPeer.Low > 0 {
		t.Errorf("log loss is worse than HistGradientBoosting's by %.4f (at least %.4f)", toPeer.Value, toPeer.Low)
	}
	if toBase.Low > 0 && toBase.Value > printed {
		t.Errorf("log loss is worse than the base rate's by %.4f (at least %.4f)", toBase.Value, toBase.Low)
	}
	if auc.High < -0.005 {
		t.Errorf("AUC is below HistGradientBoosting's by %.4f (at least %.4f)", -auc.Value, -auc.High)
	}
	return auc.Value
}

// numbers are the values of a raw column.
func numbers(c *datasets.Column) []float64 {
	values := make([]float64, c.Len())
	for i := range values {
		values[i], _ = strconv.ParseFloat(c.Texts.At(i), 64)
	}
	return values
}

// orders name the raw file and the column by which a hold-out is the last part:
// the prepared tables lack it, who trains from the raw file has it.
var orders = map[string][2]string{
	"xeducation":        {"xeducation_leads/Leads.csv.gz", "Lead Number"},
	"ibm_winloss_early": {"ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz", "Opportunity Number"},
	"crm_maven":         {"crm_maven/sales_pipeline.csv.gz", "engage_date"},
	"olist_won120":      {"olist_funnel/olist_marketing_qualified_leads_dataset.csv.gz", "first_contact_date"},
}

const orderColumn = "order of creation"

// addOrder adds the order of creation to a prepared table, whose row_id is the
// row of the raw file.
func addOrder(t *testing.T, table *datasets.Table, from [2]string) {
	raw := texts(t, read(t, filepath.Join(os.Getenv("LEADCAST_DATA"), from[0])), from[1])
	c := &datasets.Column{Name: orderColumn, Kind: datasets.Raw}
	for _, id := range texts(t, table, "row_id") {
		row, err := strconv.Atoi(id)
		if err != nil || row >= len(raw) {
			t.Fatalf("row_id %s is no row of %s", id, from[0])
		}
		c.Texts.Append(raw[row])
	}
	table.Columns = append(table.Columns, c)
}

// kinds are those of the columns as the peers read them.
func kinds(t *testing.T, peers, set string) map[string]datasets.Kind {
	b, err := os.ReadFile(filepath.Join(peers, "prepared", set+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Columns map[string]string }
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	k := map[string]datasets.Kind{}
	for _, name := range slices.Sorted(maps.Keys(schema.Columns)) {
		k[name] = datasets.Number
		if schema.Columns[name] == "cat" {
			k[name] = datasets.Category
		}
	}
	return k
}

// forecasts are the probabilities of the shipped bundle by row_id.
func forecasts(t *testing.T, r *train.Result, table *datasets.Table) map[string]float64 {
	b := openBundle(t, r.Shipped)
	s, err := b.Read(table, datasets.NoTime)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := map[string]float64{}
	for i, id := range texts(t, table, "row_id") {
		if scores[i].Win == nil {
			t.Fatal(fmt.Errorf("row %s: %v", id, scores[i].Warnings))
		}
		p[id] = *scores[i].Win
	}
	return p
}

func losses(y, p []float64) []float64 {
	l := make([]float64, len(y))
	for i := range y {
		q := min(max(p[i], 1e-15), 1-1e-15)
		l[i] = -(y[i]*math.Log(q) + (1-y[i])*math.Log(1-q))
	}
	return l
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
