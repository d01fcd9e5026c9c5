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

// imported is another program's model: an ensemble a class, and how its
// program reads a value of each column.
type imported struct {
	classes []*Ensemble
	read    []func(float64) float64
	link    func(margins []float64, class int) float64
	leaves  [][]map[int32]int // per class and tree: leaf position → the program's number
}

func (m *imported) matrix(features []string, columns map[string][]float64, rows []int) *matrix.Matrix {
	x := &matrix.Matrix{Rows: len(rows)}
	for j, f := range features {
		c := matrix.Column{Name: f, Nums: make([]float64, len(rows))}
		for i, r := range rows {
			c.Nums[i] = m.read[j](columns[f][r])
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

func softmax(margins []float64, class int) float64 {
	sum := 0.0
	for _, v := range margins {
		sum += math.Exp(v - margins[class])
	}
	return 1 / sum
}

func sigmoid(scale float64) func([]float64, int) float64 {
	return func(m []float64, _ int) float64 { return 1 / (1 + math.Exp(-scale*m[0])) }
}

func exp(m []float64, _ int) float64 { return math.Exp(m[0]) }

func identity(m []float64, _ int) float64 { return m[0] }

// fields splits a block of a LightGBM text model into its lines "key=value".
func fields(block string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(block) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		out[key] = value
	}
	return out
}

func numbers[T any](s string, parse func(string) (T, error)) []T {
	var out []T
	for _, f := range strings.Fields(s) {
		v, err := parse(f)
		if err != nil {
			panic(err)
		}
		out = append(out, v)
	}
	return out
}

func float(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// lightGBM reads a text model, or says why an ensemble cannot hold it.
func lightGBM(text string) (m *imported, reason string, err error) {
	head, rest, _ := strings.Cut(text, "\nTree=")
	rest, _, _ = strings.Cut(rest, "\nend of trees")
	h := fields(head)
	per, _ := strconv.Atoi(h["num_tree_per_iteration"])
	columns := len(strings.Fields(h["feature_names"]))
	m = &imported{classes: make([]*Ensemble, per), leaves: make([][]map[int32]int, per)}
	for k := range m.classes {
		m.classes[k] = New(columns, 0)
	}
	missing := make([]int, columns) // the type of missing value of each column, −1 unknown
	for j := range missing {
		missing[j] = -1
	}
	blocks := strings.Split(rest, "\nTree=")
	for k, block := range blocks {
		f := fields(block)
		if f["is_linear"] == "1" {
			return nil, "leaves with linear models", nil
		}
		nodes, leaves := lightGBMTree(f, missing)
		e := m.classes[k%per]
		if err := e.Add(nodes); err != nil {
			return nil, "", err
		}
		m.leaves[k%per] = append(m.leaves[k%per], e.number(leaves, nodes))
	}
	for j := range columns {
		m.read = append(m.read, func(v float64) float64 {
			switch {
			case missing[j] == 0 && math.IsNaN(v), missing[j] == 3 && !(v >= 0 || v > -1):
				return map[bool]float64{true: 0, false: math.NaN()}[missing[j] == 0]
			case missing[j] == 1 && math.Abs(v) <= 1e-35:
				return math.NaN()
			case missing[j] == 3:
				return math.Trunc(v)
			}
			return v
		})
	}
	objective := strings.Fields(h["objective"])
	_, average := h["average_output"]
	switch objective[0] {
	case "binary":
		scale := 1.0
		for _, o := range objective {
			if v, ok := strings.CutPrefix(o, "sigmoid:"); ok {
				scale, _ = float(v)
			}
		}
		if average {
			scale /= float64(len(blocks))
		}
		m.link = sigmoid(scale)
	case "multiclass":
		m.link = softmax
	case "gamma", "poisson", "tweedie":
		m.link = exp
	default:
		m.link = identity
	}
	return m, "", nil
}

// lightGBMTree reads one tree; leaves gives the number of each leaf node.
func lightGBMTree(f map[string]string, missing []int) (nodes []Node, leaves map[int]int) {
	leafValue, leafCount := numbers(f["leaf_value"], float), numbers(f["leaf_count"], float)
	counts := numbers(f["internal_count"], float)
	split, types := numbers(f["split_feature"], strconv.Atoi), numbers(f["decision_type"], strconv.Atoi)
	thresholds := numbers(f["threshold"], float)
	left, right := numbers(f["left_child"], strconv.Atoi), numbers(f["right_child"], strconv.Atoi)
	bounds, words := numbers(f["cat_boundaries"], strconv.Atoi), numbers(f["cat_threshold"], strconv.Atoi)
	leaves = map[int]int{}
	var build func(k int) int
	build = func(k int) int {
		at := len(nodes)
		nodes = append(nodes, Node{Feature: -1})
		if k < 0 {
			leaves[at] = ^k
			cover := 1.0
			if len(leafCount) > 0 {
				cover = leafCount[^k]
			}
			nodes[at] = Node{Feature: -1, Value: leafValue[^k], Cover: cover}
			return at
		}
		n := Node{Feature: split[k], Threshold: thresholds[k], Cover: counts[k], MissingLeft: types[k]&2 != 0}
		missing[n.Feature] = types[k] >> 2 & 3
		if types[k]&1 != 0 {
			missing[n.Feature] = 3
			n.MissingLeft = false
			c := int(thresholds[k])
			for _, w := range words[bounds[c]:bounds[c+1]] {
				n.Categories = append(n.Categories, uint64(w))
			}
			n.Categories = pairWords(n.Categories)
		}
		n.Left, n.Right = build(left[k]), build(right[k])
		nodes[at] = n
		return at
	}
	if len(split) == 0 {
		build(-1)
	} else {
		build(0)
	}
	return nodes, leaves
}

// pairWords joins 32-bit words to 64-bit ones.
func pairWords(w []uint64) []uint64 {
	out := make([]uint64, (len(w)+1)/2)
	for i, v := range w {
		out[i/2] |= v << (32 * (i % 2))
	}
	return out
}

// number maps the ensemble's last tree's leaves to the program's numbers.
func (e *Ensemble) number(leaves map[int]int, nodes []Node) map[int32]int {
	order, _ := breadthFirst(nodes)
	from, _ := e.tree(len(e.roots) - 1)
	out := map[int32]int{}
	for i, at := range order {
		if k, ok := leaves[at]; ok {
			out[int32(from+i)] = k
		}
	}
	return out
}

type xgboostTree struct {
	Left       []int     `json:"left_children"`
	Right      []int     `json:"right_children"`
	Feature    []int     `json:"split_indices"`
	Condition  []float64 `json:"split_conditions"`
	Default    []int     `json:"default_left"`
	Cover      []float64 `json:"sum_hessian"`
	Type       []int     `json:"split_type"`
	Categories []int     `json:"categories"`
	Nodes      []int     `json:"categories_nodes"`
	Segments   []int     `json:"categories_segments"`
	Sizes      []int     `json:"categories_sizes"`
	Param      struct {
		Size string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

type xgboostModel struct {
	Trees []xgboostTree `json:"trees"`
	Info  []int         `json:"tree_info"`
}

// xgboost reads a JSON model, or says why an ensemble cannot hold it.
func xgboost(b []byte) (m *imported, reason string, err error) {
	var file struct {
		Learner struct {
			Booster struct {
				Name    string                           `json:"name"`
				Model   json.RawMessage                  `json:"model"`
				GBTree  *struct{ Model json.RawMessage } `json:"gbtree"`
				Weights []float64                        `json:"weight_drop"`
			} `json:"gradient_booster"`
			Param struct {
				Base    string `json:"base_score"`
				Classes string `json:"num_class"`
				Columns string `json:"num_feature"`
			} `json:"learner_model_param"`
			Objective struct{ Name string } `json:"objective"`
			Types     []string              `json:"feature_types"`
		} `json:"learner"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, "", err
	}
	l := &file.Learner
	raw := l.Booster.Model
	if l.Booster.GBTree != nil {
		raw = l.Booster.GBTree.Model
	}
	if raw == nil {
		return nil, "a booster that is not made of trees: " + l.Booster.Name, nil
	}
	var model xgboostModel
	if err := json.Unmarshal(raw, &model); err != nil {
		return nil, "", err
	}
	classes, _ := strconv.Atoi(l.Param.Classes)
	columns, _ := strconv.Atoi(l.Param.Columns)
	classes = max(classes, 1)
	m = &imported{classes: make([]*Ensemble, classes), leaves: make([][]map[int32]int, classes)}
	bases := numbers(strings.NewReplacer("[", "", "]", "", ",", " ").Replace(l.Param.Base), float)
	for k := range m.classes {
		base := bases[min(k, len(bases)-1)]
		switch name := l.Objective.Name; {
		case name == "binary:logistic" || name == "reg:logistic":
			base = math.Log(base / (1 - base))
		case strings.HasPrefix(name, "survival:") || name == "count:poisson" || name == "reg:gamma" || name == "reg:tweedie":
			base = math.Log(base)
		}
		m.classes[k] = New(columns, base)
	}
	for k := range model.Trees {
		x := &model.Trees[k]
		if x.Param.Size != "" && x.Param.Size != "0" && x.Param.Size != "1" {
			return nil, "leaves with several values", nil
		}
		scale := 1.0
		if l.Booster.Weights != nil {
			scale = l.Booster.Weights[k]
		}
		nodes, leaves := x.nodes(scale)
		e := m.classes[model.Info[k]]
		if err := e.Add(nodes); err != nil {
			return nil, "", err
		}
		m.leaves[model.Info[k]] = append(m.leaves[model.Info[k]], e.number(leaves, nodes))
	}
	for j := range columns {
		categorical := len(l.Types) > j && l.Types[j] == "c"
		m.read = append(m.read, func(v float64) float64 {
			switch {
			case categorical && v < 0:
				return math.NaN()
			case categorical:
				return math.Floor(v)
			}
			return float64(float32(v))
		})
	}
	switch name := l.Objective.Name; {
	case name == "binary:logistic" || name == "reg:logistic":
		m.link = sigmoid(1)
	case strings.HasPrefix(name, "multi:"):
		m.link = softmax
	case strings.HasPrefix(name, "survival:") || name == "count:poisson" || name == "reg:gamma" || name == "reg:tweedie":
		m.link = exp
	default:
		m.link = identity
	}
	return m, "", nil
}

func (x *xgboostTree) nodes(scale float64) (nodes []Node, leaves map[int]int) {
	sets := map[int][]uint64{}
	for i, at := range x.Nodes {
		set := []uint64{}
		for _, c := range x.Categories[x.Segments[i] : x.Segments[i]+x.Sizes[i]] {
			for c/64 >= len(set) {
				set = append(set, 0)
			}
			set[c/64] |= 1 << (c % 64)
		}
		sets[at] = set
	}
	leaves = map[int]int{}
	var build func(k int) int
	build = func(k int) int {
		at := len(nodes)
		cover := max(float64(float32(x.Cover[k])), math.SmallestNonzeroFloat32)
		nodes = append(nodes, Node{Feature: -1, Cover: cover})
		if x.Left[k] < 0 {
			leaves[at] = k
			nodes[at].Value = float64(float32(x.Condition[k])) * scale
			return at
		}
		n := Node{Feature: x.Feature[k], Cover: cover, MissingLeft: x.Default[k] == 1}
		if set, ok := sets[k]; ok { // the set goes right there
			n.Categories, n.MissingLeft = set, x.Default[k] == 0
			n.Left, n.Right = build(x.Right[k]), build(x.Left[k])
		} else {
			// v < t there is v ≤ the float32 before t here.
			n.Threshold = float64(math.Nextafter32(float32(x.Condition[k]), float32(math.Inf(-1))))
			n.Left, n.Right = build(x.Left[k]), build(x.Right[k])
		}
		nodes[at] = n
		return at
	}
	build(0)
	return nodes, leaves
}

type shapCase struct {
	Name, Model, Input, Rows string
	IDs                      []int           `json:"row_ids_0based_in_file"`
	Features                 []string        `json:"features"`
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
			program, read := "lightgbm", func() (*imported, string, error) { return lightGBM(string(b)) }
			if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
				program, read = "xgboost", func() (*imported, string, error) { return xgboost(b) }
			}
			m, reason, err := read()
			if err != nil {
				t.Fatal(err)
			}
			if reason != "" {
				t.Logf("not held by an ensemble: %s", reason)
				return
			}
			prediction, contribution := tolerances(t, file.Meta.Tolerance, program)
			m.check(t, c, prediction, contribution)
		})
	}
}

// check compares margins, predictions, leaves and shares with the case.
func (m *imported) check(t *testing.T, c shapCase, prediction, contribution float64) {
	n, columns, sets := table(t, c.Input)
	rows := chosen(n, c.IDs, c.Rows, sets)
	x := m.matrix(c.Features, columns, rows)
	classes := len(m.classes)
	margins := make([]float64, len(rows)*classes)
	var predictions, shares []float64
	one := make([]float64, len(rows))
	for k, e := range m.classes {
		if err := e.Margins(one, x); err != nil {
			t.Fatal(err)
		}
		for i, v := range one {
			margins[i*classes+k] = v
		}
	}
	for i := range rows {
		for k, e := range m.classes {
			predictions = append(predictions, m.link(margins[i*classes:(i+1)*classes], k))
			dst := make([]float64, len(c.Features))
			base, err := e.Shares(dst, x.Gather([]int32{int32(i)}), []float64{1})
			if err != nil {
				t.Fatal(err)
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
	m.checkLeaves(t, c, x)
}

func (m *imported) checkLeaves(t *testing.T, c shapCase, x *matrix.Matrix) {
	row := make([]float64, len(c.Features))
	for i := range x.Rows {
		x.Row(row, i)
		var got []int
		for k := range len(m.leaves[0]) {
			for class, e := range m.classes {
				got = append(got, m.leaves[class][k][e.leaf(e.roots[k], row)])
			}
		}
		if c.Leaf != nil && !slices.Equal(got, c.Leaf[i]) {
			t.Fatalf("row %d ends in leaves %v, want %v", i, got, c.Leaf[i])
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
	tolerance, err := float(regexp.MustCompile(`\d+e-\d+`).FindString(file.Meta.Tolerance))
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
			m := &imported{}
			for _, f := range c.Order {
				m.read = append(m.read, func(v float64) float64 {
					codes, ok := c.Encoding[f]
					if !ok {
						return v
					}
					return float64(slices.Index(codes, number(math.Trunc(v)))) // read as whole numbers there; −1: missing
				})
			}
			got := make([]float64, len(c.Rows))
			if err := e.Margins(got, m.matrix(c.Order, columns, c.Rows)); err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("%s: margin", c.Name), got, flatten(t, c.Raw), tolerance, true)
		})
	}
}
