//go:build fixtures

package exchange

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
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

// chosen lists the rows of a case: those it names, else its part of the file.
func chosen(n int, ids []int, rows string, sets []string) []int {
	if ids != nil {
		return ids
	}
	part := regexp.MustCompile(`set==(\w+)`).FindStringSubmatch(rows)
	var out []int
	for i := range n {
		if part == nil || sets[i] == part[1] {
			out = append(out, i)
		}
	}
	return out
}

type shapCase struct {
	Name, Model, Input, Rows string
	IDs                      []int    `json:"row_ids_0based_in_file"`
	Features                 []string `json:"features"`
	Categorical              []string
	Raw                      json.RawMessage `json:"raw_score"`
	Margin                   json.RawMessage `json:"margin"`
	Prediction               json.RawMessage `json:"prediction"`
	Leaf                     [][]int         `json:"leaf_index"`
	Contrib                  json.RawMessage `json:"pred_contrib"`
	Contribs                 json.RawMessage `json:"pred_contribs"`
	Brute                    json.RawMessage `json:"brute_force_shapley_first6"`
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

// tolerances reads "lightgbm predictions 1e-12, contrib 1e-9; xgboost float32:
// predictions 1e-6 rel, contribs abs 1e-5; …".
func tolerances(t *testing.T, meta, program string) (prediction, contribution float64) {
	t.Helper()
	for part := range strings.SplitSeq(meta, ";") {
		if !strings.Contains(part, program) {
			continue
		}
		n := regexp.MustCompile(`\d+e-\d+`).FindAllString(part, -1)
		if len(n) == 2 {
			prediction, _ = float(n[0])
			contribution, _ = float(n[1])
			return prediction, contribution
		}
	}
	t.Fatalf("no tolerance for %s in %q", program, meta)
	return 0, 0
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

// read reads a model of either program; with leaves its leaves hold their own
// numbers in place of values.
func read(b []byte, leaves bool) (*File, error) {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		d, err := readXGBoost(b)
		if err != nil || !leaves {
			return XGBoost(b)
		}
		model, _, err := d.trees()
		if err != nil {
			return nil, err
		}
		for k := range model.Trees {
			x := &model.Trees[k]
			for i := range x.Left {
				if x.Left[i] < 0 {
					x.Condition[i] = float64(i)
				}
			}
		}
		for k := range d.Learner.Booster.Weights {
			d.Learner.Booster.Weights[k] = 1
		}
		f, err := d.file()
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	t, err := readLightGBM(b)
	if err != nil || !leaves {
		return LightGBM(b)
	}
	for _, tree := range t.trees {
		e := tree.fields["leaf_value"]
		var numbers []string
		for i := range strings.Fields(e.value) {
			numbers = append(numbers, strconv.Itoa(i))
		}
		e.value = strings.Join(numbers, " ")
		tree.fields["leaf_value"] = e
	}
	f, err := t.file()
	if err != nil {
		return nil, err
	}
	return f, nil
}

func TestOtherPrograms(t *testing.T) {
	var file struct {
		Meta  struct{ Tolerance string }
		Cases []shapCase
	}
	if err := json.Unmarshal(fixture(t, "expected", "treeshap.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			b := fixture(t, "data", c.Model)
			f, err := read(b, false)
			var e *Error
			if errors.As(err, &e) && strings.Contains(e.Message, "not supported") {
				t.Logf("refused by name: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			n, columns, sets := table(t, c.Input)
			rows := chosen(n, c.IDs, c.Rows, sets)
			x := &matrix.Matrix{Rows: len(rows)}
			for _, name := range c.Features {
				column := matrix.Column{Name: name}
				for _, r := range rows {
					v := columns[name][r]
					if f.Program == "XGBoost" && slices.Contains(c.Categorical, name) && v < 0 {
						v = math.NaN() // as the case's words on its rows say
					}
					column.Nums = append(column.Nums, v)
				}
				x.Columns = append(x.Columns, column)
			}
			prediction, contribution := tolerances(t, file.Meta.Tolerance, strings.ToLower(f.Program))
			f.check(t, c, x, prediction, contribution)
			if c.Leaf != nil {
				checkLeaves(t, b, c, x)
			}
		})
	}
}

// check compares margins, predictions and shares with the case.
func (f *File) check(t *testing.T, c shapCase, x *matrix.Matrix, prediction, contribution float64) {
	margins, predictions := make([]float64, x.Rows*f.Outputs()), make([]float64, x.Rows*f.Outputs())
	if err := f.Margins(margins, x); err != nil {
		t.Fatal(err)
	}
	if err := f.Predict(predictions, x); err != nil {
		t.Fatal(err)
	}
	var shares []float64
	v := view(x, f.asks)
	for i := range x.Rows {
		for _, e := range f.outputs {
			parts, dst := make([]float64, len(f.asks)), make([]float64, len(f.Features))
			base, err := e.Shares(parts, v.Gather([]int32{int32(i)}), []float64{1})
			if err != nil {
				t.Fatal(err)
			}
			for k, a := range f.asks {
				dst[a.column] += parts[k]
			}
			shares = append(append(shares, dst...), base)
		}
	}
	want := c.Raw
	if want == nil {
		want = c.Margin
	}
	near(t, "margin", margins, flatten(t, want), prediction, true)
	near(t, "prediction", predictions, flatten(t, c.Prediction), prediction, true)
	if c.Contrib == nil {
		c.Contrib = c.Contribs
	}
	if c.Contrib != nil {
		near(t, "share", shares, flatten(t, c.Contrib), contribution, false)
	}
	if c.Brute != nil {
		brute := flatten(t, c.Brute)
		near(t, "brute force", shares[:len(brute)], brute, contribution, false)
	}
}

// checkLeaves walks each tree alone.
func checkLeaves(t *testing.T, b []byte, c shapCase, x *matrix.Matrix) {
	f, err := read(b, true)
	if err != nil {
		t.Fatal(err)
	}
	got, one, v := make([][]int, x.Rows), make([]float64, x.Rows), view(x, f.asks)
	for k := range f.outputs[0].Trees() {
		for _, e := range f.outputs {
			alone := tree.New(e.Columns(), 0)
			if err := alone.Add(e.Nodes(k)); err != nil {
				t.Fatal(err)
			}
			if err := alone.Margins(one, v); err != nil {
				t.Fatal(err)
			}
			for i, leaf := range one {
				got[i] = append(got[i], int(leaf))
			}
		}
	}
	for i := range got {
		if !slices.Equal(got[i], c.Leaf[i]) {
			t.Fatalf("row %d ends in leaves %v, want %v", i, got[i], c.Leaf[i])
		}
	}
}
