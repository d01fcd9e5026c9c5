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
	Interactions             json.RawMessage `json:"-"` // of the first rows, with a row and a column more for the base
	Interventional           *struct {
		Background, Explained string
		Features              []string
		Shares                json.RawMessage `json:"shap_values"`
		Base                  float64         `json:"expected_value"`
		Brute                 json.RawMessage `json:"brute_force"`
	}
}

// UnmarshalJSON also finds interactions by how their key begins: it goes on
// with how many rows they are of.
func (c *shapCase) UnmarshalJSON(b []byte) error {
	type plain shapCase
	if err := json.Unmarshal(b, (*plain)(c)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for key, value := range all {
		if strings.HasPrefix(key, "pred_interactions") {
			c.Interactions = value
		}
	}
	return nil
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
			x := pick(c.Features, columns, rows, func(name string, v float64) float64 {
				if f.Program == "XGBoost" && slices.Contains(c.Categorical, name) && v < 0 {
					return math.NaN() // as the case's words on its rows say
				}
				return v
			})
			prediction, contribution := tolerances(t, file.Meta.Tolerance, strings.ToLower(f.Program))
			f.check(t, c, x, prediction, contribution)
			if c.Interactions != nil {
				f.checkInteractions(t, c, x, contribution)
			}
			if c.Interventional != nil {
				f.checkInterventional(t, c, columns, sets)
			}
			if c.Leaf != nil {
				checkLeaves(t, b, c, x)
			}
		})
	}
}

// pick is a matrix of some rows of a file.
func pick(features []string, columns map[string][]float64, rows []int, read func(name string, v float64) float64) *matrix.Matrix {
	x := &matrix.Matrix{Rows: len(rows)}
	for _, name := range features {
		column := matrix.Column{Name: name}
		for _, r := range rows {
			column.Nums = append(column.Nums, read(name, columns[name][r]))
		}
		x.Columns = append(x.Columns, column)
	}
	return x
}

// checkInteractions compares the interaction values of every output.
func (f *File) checkInteractions(t *testing.T, c shapCase, x *matrix.Matrix, tolerance float64) {
	v, asks, n := view(x, f.asks), len(f.asks), len(f.Features)+1
	want := flatten(t, c.Interactions)
	rows := len(want) / (n * n * len(f.outputs))
	if rows == 0 || rows*n*n*len(f.outputs) != len(want) {
		t.Fatalf("%d interactions of %d features and the base", len(want), n-1)
	}
	got := make([]float64, len(want))
	for k, e := range f.outputs {
		explainer, err := e.Explainer(nil)
		if err != nil {
			t.Fatal(err)
		}
		pairs := make([]float64, x.Rows*asks*asks)
		if err := explainer.Interactions(pairs, v); err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			own := got[(i*len(f.outputs)+k)*n*n:][:n*n]
			own[n*n-1] = explainer.Base()
			for a, one := range f.asks {
				for b, other := range f.asks {
					own[one.column*n+other.column] += pairs[(i*asks+a)*asks+b]
				}
			}
		}
	}
	near(t, "interaction", got, want, tolerance, false)
}

// checkInterventional compares shares against a background; both parts are
// said in words: "first 25 train rows, NaN->0".
func (f *File) checkInterventional(t *testing.T, c shapCase, columns map[string][]float64, sets []string) {
	said := func(words string) *matrix.Matrix {
		part := regexp.MustCompile(`first (\d+) (\w+) rows(, NaN->0)?$`).FindStringSubmatch(words)
		if part == nil {
			t.Fatalf("cannot read %q", words)
		}
		most, _ := strconv.Atoi(part[1])
		var rows []int
		for i, set := range sets {
			if set == part[2] && len(rows) < most {
				rows = append(rows, i)
			}
		}
		return view(pick(c.Interventional.Features, columns, rows, func(_ string, v float64) float64 {
			if part[3] != "" && v != v {
				return 0
			}
			return v
		}), f.asks)
	}
	x := said(c.Interventional.Explained)
	explainer, err := f.outputs[0].Explainer(said(c.Interventional.Background))
	if err != nil {
		t.Fatal(err)
	}
	shares, got := make([]float64, x.Rows*len(f.asks)), make([]float64, x.Rows*len(f.Features))
	if err := explainer.Shares(shares, x); err != nil {
		t.Fatal(err)
	}
	for i := range x.Rows {
		for k, a := range f.asks {
			got[i*len(f.Features)+a.column] += shares[i*len(f.asks)+k]
		}
	}
	near(t, "brute force against a background", got, flatten(t, c.Interventional.Brute), 1e-12, false)
	near(t, "share against a background", got, flatten(t, c.Interventional.Shares), 1e-6, false) // the program counts in single precision
	near(t, "base of a background", []float64{explainer.Base()}, []float64{c.Interventional.Base}, 1e-6, false)
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
	var many [][]float64 // per output, the same shares of all rows at once
	for _, e := range f.outputs {
		explainer, err := e.Explainer(nil)
		if err != nil {
			t.Fatal(err)
		}
		many = append(many, make([]float64, x.Rows*len(f.asks)))
		if err := explainer.Shares(many[len(many)-1], v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range x.Rows {
		for o, e := range f.outputs {
			parts, dst := make([]float64, len(f.asks)), make([]float64, len(f.Features))
			base, err := e.Shares(parts, v.Gather([]int32{int32(i)}), []float64{1})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "share of many", many[o][i*len(parts):][:len(parts)], parts, 1e-12, true)
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
