package exchange

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
)

var update = flag.Bool("update", false, "write testdata/score.sql anew")

// stacked is the imported model as a bundle holds it, and its columns.
func stacked(t testing.TB) (*survival.Stack, []Column) {
	t.Helper()
	m, _ := bound(t, "categories.txt")
	s, err := survival.NewStack(survival.Chance(4, m.Mean()), survival.Blend{Offset: []float64{0.25}, Weight: [][]float64{{0.5}}}, m)
	if err != nil {
		t.Fatal(err)
	}
	return s, []Column{
		{Name: "source", Origin: "source", Kind: "category", Levels: []string{"Web", "Call", "Reader's", "Fair"}, Missing: []string{"n/a"}, Codes: 5},
		{Name: "days", Origin: `days "since"`, Kind: "number", Missing: []string{"-1", "none"}},
		{Name: "visits", Origin: "visits", Kind: "yes or no"},
		{Name: "budget", Origin: "budget", Kind: "given"},
	}
}

// The query is what two databases were seen to answer rightly; tests with the
// tags fixtures and postgres ask them again.
func TestSQL(t *testing.T) {
	s, columns := stacked(t)
	var b bytes.Buffer
	if err := SQL(&b, s, columns, "leads", []string{"lead_id"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "score.sql")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := testdata(t, "score.sql"); !bytes.Equal(b.Bytes(), want) {
		t.Errorf("the query is\n%s\nwant\n%s", b.String(), want)
	}
}

func TestSQLRefuses(t *testing.T) {
	s, columns := stacked(t)
	columns[1].Kind = "date"
	if err := SQL(&bytes.Buffer{}, s, columns, "leads", nil); err == nil || !strings.Contains(err.Error(), `"days \"since\"" is read as date`) {
		t.Errorf("a date in SQL: %v", err)
	}
	timed, err := survival.NewStack(&survival.BaseRates{}, survival.Blend{})
	if err == nil {
		err = SQL(&bytes.Buffer{}, timed, columns, "leads", nil)
	}
	if err == nil || !strings.Contains(err.Error(), "over time") {
		t.Errorf("a model of no cause: %v", err)
	}
}

func TestTermsInSQL(t *testing.T) {
	for want, term := range map[string]linear.Term{
		"": {X: []float64{1}, Y: []float64{0}},
		"CASE WHEN _x0 = 0 THEN 2 WHEN _x0 = 1 THEN (-4) ELSE CAST(1 AS DOUBLE PRECISION) END":                                                                            {Category: true, Y: []float64{1, -2}, Missing: 0.5},
		"CASE WHEN _x0 IS NULL OR ABS(_x0) > 1e100 THEN 1 WHEN _x0 < 5 THEN 2 ELSE CAST((-4) AS DOUBLE PRECISION) END":                                                    {Step: true, X: []float64{-1, 5}, Y: []float64{1, -2}, Missing: 0.5},
		"CASE WHEN _x0 IS NULL OR ABS(_x0) > 1e100 THEN 0 WHEN _x0 <= (-1) THEN 2 WHEN _x0 <= 5 THEN 2 + (_x0 - (-1)) / 6 * (-6) ELSE CAST((-4) AS DOUBLE PRECISION) END": {X: []float64{-1, 5}, Y: []float64{1, -2}},
		"CASE WHEN _x0 IS NULL OR ABS(_x0) > 1e100 THEN 6 ELSE CAST(0 AS DOUBLE PRECISION) END":                                                                           {Missing: 3},
	} {
		q := &query{columns: []Column{{}}, used: map[int]bool{}}
		if got := q.term(0, &term, 2); got != want {
			t.Errorf("%+v gives\n%s\nwant\n%s", term, got, want)
		}
	}
}

func TestStatisticInSQL(t *testing.T) {
	q := &query{columns: make([]Column, 2), used: map[int]bool{}}
	s := &gbm.Statistic{Columns: []int{0, 1}, Codes: [][]int32{{0, -1}, {3, 2}}}
	want := "CASE WHEN _x0 = 0 AND _x1 IS NULL THEN 0.5 WHEN _x0 = 3 AND _x1 = 2 THEN 0.25 ELSE CAST(0.1 AS DOUBLE PRECISION) END"
	if got := q.lookup(s, []float64{0.5, 0.25}, 0.1); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestDecimal(t *testing.T) {
	for v, want := range map[float64]string{-3: "(-3)", 0.1: "0.1", 1e21: "1e+21", math.Inf(1): "1.7976931348623157e+308"} {
		if got := decimal(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}
