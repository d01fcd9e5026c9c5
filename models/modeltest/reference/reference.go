// Package reference reads numbers that trusted programs computed, for tests
// that compare with them: expected/NAME.json beside data/*.csv below the folder
// LEADCAST_FIXTURES. Tests walk all cases by their schema; what is missing fails.
package reference

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Number is a float64 that may be written as "NaN", "Inf" or "-Inf".
type Number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = Number(v)
	return err
}

// Floats are numbers as plain floats.
func Floats(v []Number) (f []float64) {
	for _, n := range v {
		f = append(f, float64(n))
	}
	return f
}

// Cases reads the cases of expected/name.json into a pointer to a slice or
// struct, and gives the file's words on tolerance.
func Cases(t *testing.T, name string, cases any) (tolerance string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", name))
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Meta  struct{ Tolerance string }
		Cases json.RawMessage
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(f.Cases, cases); err != nil {
		t.Fatal(err)
	}
	return f.Meta.Tolerance
}

// Table is some rows of a data file.
type Table struct {
	t       *testing.T
	header  []string
	records [][]string
	Rows    []int // numbers of the rows in the file, counted from 0
}

// Read reads data/file, leaving out the rows in which one of the named columns
// is empty, as R leaves out missing values.
func Read(t *testing.T, file string, needed ...string) *Table {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "data", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{t: t, header: all[0], records: all[1:]}
	var at []int
	for _, name := range needed {
		at = append(at, table.column(name))
	}
	for i, r := range table.records {
		if !slices.ContainsFunc(at, func(j int) bool { return r[j] == "" || r[j] == "NA" || r[j] == "NaN" }) {
			table.Rows = append(table.Rows, i)
		}
	}
	return table
}

func (r *Table) column(name string) int {
	r.t.Helper()
	at := slices.Index(r.header, name)
	if at < 0 {
		r.t.Fatalf("no column %q", name)
	}
	return at
}

// Only keeps the rows that f accepts by their place.
func (r *Table) Only(f func(place int) bool) *Table {
	some := *r
	some.Rows = nil
	for i, row := range r.Rows {
		if f(i) {
			some.Rows = append(some.Rows, row)
		}
	}
	return &some
}

// Numbers is a column; "1" is a column of ones, "" is none.
func (r *Table) Numbers(name string) (v []float64) {
	r.t.Helper()
	for _, s := range r.Words(name) {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			x = math.NaN()
		}
		v = append(v, x)
	}
	return v
}

// Words is a column as it is written.
func (r *Table) Words(name string) (v []string) {
	r.t.Helper()
	if name == "" {
		return nil
	}
	if name == "1" {
		return slices.Repeat([]string{"1"}, len(r.Rows))
	}
	at := r.column(name)
	for _, i := range r.Rows {
		v = append(v, r.records[i][at])
	}
	return v
}

// Levels are a column's distinct values, sorted as R sorts factors, and which
// of them each row has; nothing for "".
func (r *Table) Levels(name string) (levels []string, of []int) {
	r.t.Helper()
	values := r.Words(name)
	levels = slices.Clone(values)
	slices.Sort(levels)
	levels = slices.Compact(levels)
	for _, v := range values {
		of = append(of, slices.Index(levels, v))
	}
	return levels, of
}

// Matrix has one column a name.
func (r *Table) Matrix(names []string) *matrix.Matrix {
	r.t.Helper()
	m := &matrix.Matrix{Rows: len(r.Rows)}
	for _, name := range names {
		m.Columns = append(m.Columns, matrix.Column{Name: name, Nums: r.Numbers(name)})
	}
	return m
}

// Target is of survival; entry and weight may be "".
func (r *Table) Target(entry, time, status, weight string) models.Target {
	r.t.Helper()
	y := models.Target{Entry: r.Numbers(entry), Exit: r.Numbers(time), Weight: r.Numbers(weight)}
	for _, c := range r.Numbers(status) {
		y.Cause = append(y.Cause, uint8(c))
	}
	return y
}

// Place is where the row with a number counted from 1 in the file now stands.
func (r *Table) Place(row int) int {
	r.t.Helper()
	at := slices.Index(r.Rows, row-1)
	if at < 0 {
		r.t.Fatalf("row %d was left out", row)
	}
	return at
}

// Check compares with a relative and an absolute tolerance.
type Check struct {
	*testing.T
	Rel, Abs float64
}

// Within reads "rel 1e-10 (abs 1e-12)", "abs 1e-8" or "1e-10" (relative) from a
// file's words on tolerance, after some words if there are several; without an
// absolute one it is 1e-12.
func Within(t *testing.T, tolerance, after string) Check {
	t.Helper()
	c := Check{T: t, Abs: 1e-12}
	_, rest, found := strings.Cut(tolerance, after)
	rest = strings.TrimLeft(rest, " (")
	if absolute, ok := strings.CutPrefix(rest, "abs "); ok {
		if _, err := fmt.Sscanf(absolute, "%g", &c.Abs); err != nil || !(c.Abs > 0) {
			found = false
		}
	} else if _, err := fmt.Sscanf(strings.TrimPrefix(rest, "rel "), "%g", &c.Rel); err != nil || !(c.Rel > 0) {
		found = false
	} else if _, s, ok := strings.Cut(rest, "(abs "); ok {
		fmt.Sscanf(s, "%g", &c.Abs)
	}
	if !found {
		t.Fatalf("no tolerance after %q in %q", after, tolerance)
	}
	return c
}

// One compares one number.
func (c Check) One(what string, got float64, want Number) {
	c.Helper()
	w := float64(want)
	if math.IsNaN(w) && math.IsNaN(got) || w == got {
		return
	}
	if !(math.Abs(got-w) <= c.Rel*math.Abs(w)+c.Abs) {
		c.Errorf("%s is %v, want %v (off by %.1e)", what, got, w, math.Abs(got-w)/math.Abs(w))
	}
}

// List compares slices, entry by entry.
func (c Check) List(what string, got []float64, want []Number) {
	c.Helper()
	if len(got) != len(want) {
		c.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.One(fmt.Sprintf("%s[%d]", what, i), got[i], want[i])
	}
}

// Table compares row by row.
func (c Check) Table(what string, got [][]float64, want [][]Number) {
	c.Helper()
	if len(got) != len(want) {
		c.Errorf("%s: %d rows, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.List(fmt.Sprintf("%s[%d]", what, i), got[i], want[i])
	}
}
