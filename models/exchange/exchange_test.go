package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

var _ models.Additive = (*Model)(nil)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// open reads a model by its ending.
func open(t testing.TB, name string) *File {
	t.Helper()
	read := XGBoost
	if filepath.Ext(name) == ".txt" {
		read = LightGBM
	}
	f, err := read(testdata(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// golden is what a program predicts; testdata/make.py wrote it.
type golden struct {
	Model      string
	Features   []string
	X          [][]*float64
	Prediction []float64
}

func goldens(t testing.TB) []golden {
	t.Helper()
	var cases []golden
	if err := json.Unmarshal(testdata(t, "cases.json"), &cases); err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	return cases
}

func (g golden) matrix() *matrix.Matrix {
	x := &matrix.Matrix{Rows: len(g.X)}
	for j, name := range g.Features {
		c := matrix.Column{Name: name, Nums: make([]float64, x.Rows)}
		for i, row := range g.X {
			if c.Nums[i] = math.NaN(); row[j] != nil {
				c.Nums[i] = *row[j]
			}
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

// LightGBM's own digits, XGBoost's within a float32's.
func (f *File) tolerance() float64 {
	if f.Program == "XGBoost" {
		return 1e-6
	}
	return 1e-12
}

func TestPredictionsOfOthers(t *testing.T) {
	for _, g := range goldens(t) {
		f, x := open(t, g.Model), g.matrix()
		got := make([]float64, x.Rows*f.Outputs())
		if err := f.Predict(got, x); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(g.Prediction) {
			t.Fatalf("%s: %d predictions, want %d", g.Model, len(got), len(g.Prediction))
		}
		for i, want := range g.Prediction {
			if !(math.Abs(got[i]-want) <= f.tolerance()*max(1, math.Abs(want))) {
				t.Fatalf("%s: prediction %d is %v, want %v", g.Model, i, got[i], want)
			}
		}
	}
}

func TestBinaryIsText(t *testing.T) {
	text, err := ubjson(testdata(t, "categories.ubj"))
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(text, &a) != nil || json.Unmarshal(testdata(t, "categories.json"), &b) != nil {
		t.Fatal("not JSON")
	}
	x := goldens(t)[0].matrix()
	p, q := make([]float64, x.Rows), make([]float64, x.Rows)
	if open(t, "categories.ubj").Predict(p, x) != nil || open(t, "categories.json").Predict(q, x) != nil || !slices.Equal(p, q) {
		t.Error("the two forms of one model predict differently")
	}
}

// XGBoost 2 writes NaN where a node asks for a category, which is no JSON.
func TestNaNInJSON(t *testing.T) {
	want := `{"a \"NaN":[1e300,1e300,-1,"NaN\\"],"b":1e300}`
	if got := string(plainJSON([]byte(`{"a \"NaN":[NaN,-Infinity,-1,"NaN\\"],"b":Infinity}`))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := XGBoost([]byte(strings.Replace(smallJSON, "[0.5,", "[NaN,", 1))); err != nil {
		t.Error(err)
	}
	if _, err := XGBoost([]byte(strings.Replace(smallJSON, "0.5,1,", "0.5,NaN,", 1))); err == nil || !strings.Contains(err.Error(), "split_conditions[1]: is not a number") {
		t.Errorf("a leaf without value: %v", err)
	}
}

func TestSmallModels(t *testing.T) {
	if f, err := LightGBM([]byte(smallText)); err != nil || f.Trees != 1 || !f.Features[1].Category {
		t.Error(err)
	}
	if f, err := XGBoost([]byte(smallJSON)); err != nil || f.Trees != 1 || !f.Features[0].Category {
		t.Error(err)
	}
}

func TestUBJSON(t *testing.T) {
	for binary, text := range map[string]string{
		"{i\x01aSi\x02hi}":                          `{"a":"hi"}`,
		"[ZTFNi\xffU\xffI\x01\x00N]":                `[null,true,false,-1,255,256]`,
		"[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff": `[1,-1]`,
		"[#i\x01d\x3f\x80\x00\x00":                  `[1]`,
		"[D\x3f\xf8\x00\x00\x00\x00\x00\x00]":       `[1.5]`,
		"{$U#i\x01i\x01k\x07":                       `{"k":7}`,
		"[d\x7f\x80\x00\x00]":                       `[1e300]`,
	} {
		got, err := ubjson([]byte(binary))
		if err != nil || string(got) != text {
			t.Errorf("%q gives %s, want %s (%v)", binary, got, text, err)
		}
	}
	for _, bad := range []string{"{", "[", "[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff", "[$lx", "{i\x7fa", "[i", "?", "[]]", strings.Repeat("[", 100), "{L\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if got, err := ubjson([]byte(bad)); err == nil {
			t.Errorf("%q gives %s", bad, got)
		}
	}
}

func TestLevels(t *testing.T) {
	want := []string{"Call", "Fair", "Smith, Co", "Web"}
	for _, name := range []string{"categories.txt", "categories.json", "categories.ubj"} {
		f := open(t, name)
		if got := f.Features[2]; got.Name != "source" || !got.Category || !slices.Equal(got.Levels, want) {
			t.Errorf("%s: feature %+v, want levels %q", name, got, want)
		}
	}
}

// With a column of ordered categories pandas lists more than are split as sets.
func TestLevelsOfUnknownColumns(t *testing.T) {
	f, err := LightGBM(replaced(t, "categories.txt", "pandas_categorical:[", "pandas_categorical:[[\"low\", \"high\"],"))
	if err != nil || f.Unnamed != 2 || f.Features[2].Levels != nil {
		t.Errorf("%+v (%v)", f, err)
	}
	if f, err = LightGBM(replaced(t, "categories.txt", `"Smith, Co", `, "")); err != nil || f.Unnamed != 1 {
		t.Errorf("three levels for four categories: %+v (%v)", f, err)
	}
}

// XGBoost cuts what is not ASCII at the wrong place.
func TestLevelsThatAreNotWhole(t *testing.T) {
	l := xgboostLevels{Offsets: []int{0, 2, 3}, Values: []float64{-61, -74, 107}}
	if got := l.levels(); got != nil {
		t.Errorf("levels %q", got)
	}
	if got := (&xgboostLevels{Values: []float64{1, 2.5}}).levels(); !slices.Equal(got, []string{"1", "2.5"}) {
		t.Errorf("levels %q of numbers", got)
	}
}

// bound is the model of a file over a matrix whose categories have an order of
// their own and one more that the program does not know.
func bound(t testing.TB, name string) (*Model, *matrix.Matrix) {
	f, g := open(t, name), goldens(t)[0]
	codes := []int32{3, 0, 2, 1, -1}
	x := g.matrix()
	source := matrix.Column{Name: "source", Levels: 5}
	for _, v := range x.Columns[2].Nums {
		code := int32(-1)
		if v == v {
			code = int32(slices.Index(codes, int32(v)))
		}
		source.Codes = append(source.Codes, code)
	}
	x = &matrix.Matrix{Rows: x.Rows, Columns: []matrix.Column{source, x.Columns[3], x.Columns[0], x.Columns[1]}}
	m, err := f.Bind([]bool{true, false, false, false}, []Input{{Column: 2}, {Column: 3}, {Column: 0, Codes: codes}, {Column: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return m, x
}

func TestBind(t *testing.T) {
	for _, name := range []string{"categories.txt", "categories.json"} {
		m, x := bound(t, name)
		f := open(t, name)
		got, want := make([]float64, x.Rows), make([]float64, x.Rows)
		if m.Predict(got, x) != nil || f.Predict(want, goldens(t)[0].matrix()) != nil {
			t.Fatal("no predictions")
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-14 {
				t.Fatalf("%s, row %d: %v over our columns, %v over its own", name, i, got[i], want[i])
			}
		}
		unheard, missing := x.Gather([]int32{0}), x.Gather([]int32{0})
		unheard.Columns[0] = matrix.Column{Levels: 5, Codes: []int32{4}}
		missing.Columns[0] = matrix.Column{Levels: 5, Codes: []int32{-1}}
		if name == "categories.txt" && (m.Predict(got[:1], unheard) != nil || m.Predict(want[:1], missing) != nil || got[0] != want[0]) {
			t.Error("LightGBM treats a category that it has not met like a missing one")
		}
		if err := m.Predict(got, goldens(t)[0].matrix()); err == nil {
			t.Error("numbers were taken for categories")
		}
	}
	for _, name := range []string{"classes.txt", "classes.json", "counts.json", "dart.txt"} {
		f := open(t, name)
		if _, err := f.Bind(make([]bool, len(f.Features)), make([]Input, len(f.Features))); err == nil || !strings.Contains(err.Error(), "no probability") {
			t.Errorf("%s was taken for a probability (%v)", name, err)
		}
	}
}

// A number that the program made of categories is asked as a set.
func TestRecodeOfANumber(t *testing.T) {
	n := tree.Node{Threshold: 1.5, MissingLeft: true}
	recode(&n, []int32{2, 0, 1, -1})
	if want := []uint64{0b1110}; !slices.Equal(n.Categories, want) {
		t.Errorf("set %b, want %b", n.Categories, want)
	}
}

func TestSharesAddUpToTheMargin(t *testing.T) {
	for _, name := range []string{"categories.txt", "categories.json"} {
		m, x := bound(t, name)
		margins := make([]float64, x.Rows)
		if err := m.Margins(margins, x); err != nil {
			t.Fatal(err)
		}
		for i, margin := range margins {
			dst := make([]float64, 4)
			sum, err := m.Shares(dst, x.Gather([]int32{int32(i)}), []float64{1})
			if err != nil || sum != m.Mean() {
				t.Fatalf("base %v, mean %v (%v)", sum, m.Mean(), err)
			}
			for _, s := range dst {
				sum += s
			}
			if math.Abs(sum-margin) > 1e-12 {
				t.Fatalf("%s, row %d: shares add to %v, the margin is %v", name, i, sum, margin)
			}
		}
	}
}

func TestBytesAndBack(t *testing.T) {
	m, x := bound(t, "categories.json")
	b, _ := m.AppendBinary(nil)
	d, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := d.AppendBinary(nil)
	p, q := make([]float64, x.Rows), make([]float64, x.Rows)
	if m.Predict(p, x) != nil || d.Predict(q, x) != nil || !slices.Equal(p, q) || !bytes.Equal(b, again) || d.Program() != "XGBoost" || d.Trees() != m.Trees() {
		t.Error("not the same model after decoding")
	}
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken", n, len(b))
		}
	}
}

// The float64 threshold decides as the float32 comparison does.
func TestBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threshold := rapid.Float32Range(-1e30, 1e30).Draw(t, "threshold")
		limit := below(threshold)
		near := rapid.IntRange(-3, 3).Draw(t, "steps")
		for _, v := range []float64{float64(threshold), limit, rapid.Float64().Draw(t, "value")} {
			for range max(near, -near) {
				v = math.Nextafter(v, math.Inf(near))
			}
			if (float32(v) < threshold) != (v <= limit) {
				t.Fatalf("%v: as float32 %v < %v is %v, %v ≤ %v is %v", v, float32(v), threshold, float32(v) < threshold, v, limit, v <= limit)
			}
		}
	})
}

// replaced is a file with one of its pieces changed.
func replaced(t *testing.T, name, from, to string) []byte {
	t.Helper()
	b := string(testdata(t, name))
	if !strings.Contains(b, from) {
		t.Fatalf("%s has no %q", name, from)
	}
	return []byte(strings.Replace(b, from, to, 1))
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ model, from, to, where, message string }{
		{"categories.txt", "tree\n", "a,b\n", "1", "not a LightGBM text model"},
		{"categories.txt", "end of trees", "", "", "not whole"},
		{"categories.txt", "is_linear=0", "is_linear=1", "", "linear_tree) are not supported"},
		{"categories.txt", "objective=binary", "objective=mine", "7", "not known"},
		{"categories.txt", "sigmoid:0.8", "sigmoid:-1", "7", "sigmoid"},
		{"categories.txt", "num_leaves=6", "num_leaves=7", "", "values where"},
		{"categories.txt", "left_child=", "left_child=0 ", "", "left_child"},
		{"categories.txt", "split_feature=", "split_feature=x", "", "value 1 is not a number"},
		{"categories.txt", "Tree=5", "Three=5", "", "holds 5 trees"},
		{"categories.txt", "cat_boundaries=0 1", "cat_boundaries=0 9", "", "cat_boundaries"},
		{"categories.json", "gbtree\"}", "gblinear\"}", "learner.gradient_booster.name", "gblinear"},
		{"categories.json", "binary:logistic", "my:own", "learner.objective.name", "not known"},
		{"categories.json", "size_leaf_vector\":\"1\"", "size_leaf_vector\":\"3\"", "learner.gradient_booster.model.trees[0].tree_param.size_leaf_vector", "not supported"},
		{"categories.json", "num_target\":\"1\"", "num_target\":\"2\"", "learner.learner_model_param.num_target", "several targets"},
		{"categories.json", "base_score\":\"[", "base_score\":\"[x", "learner.learner_model_param.base_score", "start from"},
		{"categories.json", "split_indices\":[", "split_indices\":[77,", "learner.gradient_booster.model.trees[0]", "one length"},
		{"categories.json", "left_children\":[1", "left_children\":[\"a\"", "learner.gradient_booster.model.trees.left_children", "string"},
		{"categories.json", "left_children\":[1", "left_children\":[0", "learner.gradient_booster.model.trees[0]", "child of two"},
		{"categories.json", "\"learner\"", "\"teacher\"", "learner", "is not there"},
		{"categories.json", "{", "[", "", "dump"},
		{"categories.json", "split_conditions\":[", "split_conditions\":[NaN,", "learner.gradient_booster.model.trees[0]", "one length"},
		{"categories.json", "}}", "}", "byte", "not JSON"},
		{"categories.ubj", "{L", "{l", "byte", "not UBJSON"},
	} {
		b := replaced(t, c.model, c.from, c.to)
		_, err := XGBoost(b)
		if filepath.Ext(c.model) == ".txt" {
			_, err = LightGBM(b)
		}
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Where, c.where) || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s with %q for %q: %v, want %q at %q", c.model, c.to, c.from, err, c.message, c.where)
		}
	}
}

// predicts runs whatever was read over some rows: nothing may panic.
func predicts(t *testing.T, f *File, v float64) {
	if len(f.Features)*f.Outputs() > 1<<12 {
		return
	}
	r := rand.New(rand.NewPCG(1, 1))
	x := &matrix.Matrix{Rows: 5, Columns: make([]matrix.Column, len(f.Features))}
	for j := range x.Columns {
		x.Columns[j].Nums = []float64{v, math.NaN(), -v, math.Inf(1), r.NormFloat64()}
	}
	if err := f.Predict(make([]float64, 5*f.Outputs()), x); err != nil {
		t.Fatal(err)
	}
	inputs := make([]Input, len(f.Features))
	for j := range inputs {
		inputs[j] = Input{Column: j, Codes: []int32{1, 0, -1}}
	}
	if m, err := f.Bind(make([]bool, len(inputs)), inputs); err == nil {
		m.Mean()
	}
}

// Small models, of which a fuzzer finds its way sooner than of real ones.
const (
	smallText = "tree\nnum_tree_per_iteration=1\nobjective=binary sigmoid:1\nfeature_names=a b\nfeature_infos=[0:1] 0:1\n\nTree=0\nnum_leaves=3\nsplit_feature=0 1\n" +
		"threshold=0.5 0\ndecision_type=10 1\nleft_child=1 -1\nright_child=-3 -2\nleaf_value=1 2 3\nleaf_count=4 5 6\ninternal_count=15 9\ncat_boundaries=0 1\n" +
		"cat_threshold=5\n\nend of trees\n\npandas_categorical:[[\"x\", \"y\"]]\n"
	smallJSON = `{"learner":{"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],"trees":[{"left_children":[1,-1,-1],"right_children":[2,-1,-1],` +
		`"split_indices":[0,0,0],"split_conditions":[0.5,1,2],"default_left":[1,0,0],"sum_hessian":[3,1,2],"split_type":[1,0,0],"categories":[1],` +
		`"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]}]}},"learner_model_param":{"base_score":"[5E-1]","num_class":"0",` +
		`"num_feature":"1"},"objective":{"name":"binary:logistic"}}}`
)

func FuzzLightGBM(f *testing.F) {
	f.Add([]byte(smallText), 1.5)
	f.Add([]byte("tree\nnum_tree_per_iteration=1\nfeature_names=a\nTree=0\nnum_leaves=1\nleaf_value=2\nend of trees"), 0.0)
	f.Fuzz(func(t *testing.T, b []byte, v float64) {
		if m, err := LightGBM(b); err == nil {
			predicts(t, m, v)
		}
	})
}

func FuzzXGBoost(f *testing.F) {
	f.Add([]byte(smallJSON), 1.5)
	f.Add([]byte("{i\x07learner{i\x01a[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff}}"), 0.0)
	f.Fuzz(func(t *testing.T, b []byte, v float64) {
		if m, err := XGBoost(b); err == nil {
			predicts(t, m, v)
		}
	})
}

func FuzzDecode(f *testing.F) {
	file, err := LightGBM([]byte(smallText))
	if err != nil {
		f.Fatal(err)
	}
	m, err := file.Bind([]bool{false, true}, []Input{{Column: 0}, {Column: 1}})
	if err != nil {
		f.Fatal(err)
	}
	b, _ := m.AppendBinary(nil)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil || len(m.columns) > 1<<12 {
			return
		}
		x := &matrix.Matrix{Rows: 1}
		for _, c := range m.columns {
			column := matrix.Column{Nums: []float64{1}}
			if c {
				column = matrix.Column{Codes: []int32{1}, Levels: 2}
			}
			x.Columns = append(x.Columns, column)
		}
		if err := m.Predict(make([]float64, 1), x); err != nil {
			t.Fatal(err)
		}
		m.Mean()
	})
}
