//go:build fixtures

package tree

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models/matrix"
)

// number reads 1.5, "NaN", "Inf" or "-Inf".
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

func fixture(t *testing.T, parts ...string) []byte {
	t.Helper()
	dir := os.Getenv("LEADCAST_FIXTURES")
	if dir == "" {
		t.Fatal("LEADCAST_FIXTURES is not set")
	}
	b, err := os.ReadFile(filepath.Join(append([]string{dir}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// table reads a data file as columns of numbers.
func table(t *testing.T, name string) (rows int, columns map[string][]float64, sets []string) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(fixture(t, "data", name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns = map[string][]float64{}
	for j, h := range records[0] {
		for _, r := range records[1:] {
			v, err := strconv.ParseFloat(r[j], 64)
			if err != nil {
				v = math.NaN()
			}
			columns[h] = append(columns[h], v)
			if h == "set" {
				sets = append(sets, r[j])
			}
		}
	}
	return len(records) - 1, columns, sets
}

// fixtureReader turns values of each column into what the other program compares.
type fixtureReader []func(float64) float64

func (r fixtureReader) matrix(features []string, columns map[string][]float64, rows []int) *matrix.Matrix {
	x := &matrix.Matrix{Rows: len(rows)}
	for j, f := range features {
		c := matrix.Column{Name: f, Nums: make([]float64, len(rows))}
		for i, k := range rows {
			c.Nums[i] = r[j](columns[f][k])
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

// pairWords joins 32-bit words to 64-bit ones.
func pairWords(w []uint64) []uint64 {
	out := make([]uint64, (len(w)+1)/2)
	for i, v := range w {
		out[i/2] |= v << (32 * (i % 2))
	}
	return out
}

// flatten reads nested lists of numbers in order.
func flatten(t *testing.T, raw json.RawMessage) []float64 {
	t.Helper()
	var one number
	if json.Unmarshal(raw, &one) == nil {
		return []float64{float64(one)}
	}
	var many []json.RawMessage
	if err := json.Unmarshal(raw, &many); err != nil {
		t.Fatal(err)
	}
	var out []float64
	for _, r := range many {
		out = append(out, flatten(t, r)...)
	}
	return out
}

func near(t *testing.T, what string, got, want []float64, tolerance float64, relative bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		limit := tolerance
		if relative {
			limit *= max(1, math.Abs(w))
		}
		if !(math.Abs(got[i]-w) <= limit) {
			t.Fatalf("%s: number %d is %v, want %v (tolerance %g)", what, i, got[i], w, tolerance)
		}
	}
}

type histCase struct {
	Name, Input string
	Order       []string            `json:"tree_feature_order"`
	Encoding    map[string][]number `json:"category_encoding"`
	Rows        []int               `json:"row_ids_0based_in_file"`
	Baseline    number              `json:"baseline_raw"`
	Raw         json.RawMessage     `json:"raw_prediction"`
	Trees       []struct {
		Feature     []int      `json:"feature"`
		Threshold   []number   `json:"threshold"`
		MissingLeft []int      `json:"missing_left"`
		Left        []int      `json:"left"`
		Right       []int      `json:"right"`
		Leaf        []int      `json:"is_leaf"`
		Value       []number   `json:"value"`
		Count       []float64  `json:"count"`
		Categorical []int      `json:"is_categorical"`
		Set         []int      `json:"bitset_idx"`
		Sets        [][]uint64 `json:"raw_left_cat_bitsets"`
	}
}

func TestNodeTables(t *testing.T) {
	var file struct {
		Meta  struct{ Tolerance string }
		Cases []histCase
	}
	if err := json.Unmarshal(fixture(t, "expected", "histgb.json"), &file); err != nil {
		t.Fatal(err)
	}
	tolerance, err := strconv.ParseFloat(regexp.MustCompile(`\d+e-\d+`).FindString(file.Meta.Tolerance), 64)
	if err != nil || len(file.Cases) == 0 {
		t.Fatal("no tolerance or no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			e := New(len(c.Order), float64(c.Baseline))
			for _, tr := range c.Trees {
				nodes := make([]Node, len(tr.Feature))
				for i := range nodes {
					nodes[i] = Node{Feature: tr.Feature[i], Threshold: float64(tr.Threshold[i]), MissingLeft: tr.MissingLeft[i] == 1,
						Left: tr.Left[i], Right: tr.Right[i], Value: float64(tr.Value[i]), Cover: tr.Count[i]}
					if tr.Categorical[i] == 1 && tr.Leaf[i] == 0 {
						nodes[i].Categories = pairWords(tr.Sets[tr.Set[i]])
					}
					if tr.Leaf[i] == 1 {
						nodes[i].Feature = -1
					}
				}
				if err := e.Add(nodes); err != nil {
					t.Fatal(err)
				}
			}
			_, columns, _ := table(t, c.Input)
			var read fixtureReader
			for _, f := range c.Order {
				read = append(read, func(v float64) float64 {
					codes, ok := c.Encoding[f]
					if !ok {
						return v
					}
					return float64(slices.Index(codes, number(math.Trunc(v)))) // read as whole numbers there; −1: missing
				})
			}
			got := make([]float64, len(c.Rows))
			if err := e.Margins(got, read.matrix(c.Order, columns, c.Rows)); err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("%s: margin", c.Name), got, flatten(t, c.Raw), tolerance, true)
		})
	}
}
