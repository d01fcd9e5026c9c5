package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/tree"
)

// XGBoost reads the JSON or UBJSON that Booster.save_model of XGBoost 1 to 3
// writes. Its features and thresholds are float32 and a node is left for
// v < threshold; the thresholds here are the float64 that decide the same for
// every float64. Its margins are summed in float32, ours in float64, so they
// differ by some 1e-7 of their size. The error is an *Error that names a path.
func XGBoost(b []byte) (*File, error) {
	d, err := readXGBoost(b)
	if err != nil {
		return nil, err
	}
	f, err := d.file()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// xgboostDocument is what of a model file matters.
type xgboostDocument struct {
	Learner *struct {
		Attributes map[string]string `json:"attributes"`
		Booster    struct {
			Name    string          `json:"name"`
			Model   *xgboostTrees   `json:"model"`
			GBTree  *xgboostWrapped `json:"gbtree"`
			Weights []float64       `json:"weight_drop"`
		} `json:"gradient_booster"`
		Param struct {
			Base     string `json:"base_score"`
			Classes  string `json:"num_class"`
			Features string `json:"num_feature"`
			Targets  string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective struct {
			Name string `json:"name"`
		} `json:"objective"`
		Names []string `json:"feature_names"`
		Types []string `json:"feature_types"`
	} `json:"learner"`
}

// xgboostWrapped is the trees inside a dart booster.
type xgboostWrapped struct {
	Model *xgboostTrees `json:"model"`
}

type xgboostTrees struct {
	Trees []xgboostTree `json:"trees"`
	Class []int         `json:"tree_info"`
	Cats  struct {
		Encodings []xgboostLevels `json:"enc"`
	} `json:"cats"`
}

// xgboostLevels are the categories of a feature: numbers, or the signed bytes
// of texts that end at the offsets.
type xgboostLevels struct {
	Offsets []int     `json:"offsets"`
	Values  []float64 `json:"values"`
}

type xgboostTree struct {
	Left       []int     `json:"left_children"`
	Right      []int     `json:"right_children"`
	Feature    []int     `json:"split_indices"`
	Condition  []float64 `json:"split_conditions"`
	Default    flags     `json:"default_left"`
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

// flags are written as 0 and 1, and by old versions as false and true.
type flags []bool

// UnmarshalJSON reads both.
func (f *flags) UnmarshalJSON(b []byte) error {
	var numbers []int
	if json.Unmarshal(b, (*[]bool)(f)) == nil {
		return nil
	}
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	*f = make(flags, len(numbers))
	for i, n := range numbers {
		(*f)[i] = n != 0
	}
	return nil
}

func readXGBoost(b []byte) (*xgboostDocument, *Error) {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.HasPrefix(b, []byte("[")):
		return nil, wrong("", "is a dump of trees, which lacks what a model needs: write one with Booster.save_model")
	case !bytes.HasPrefix(b, []byte("{")):
		return nil, wrong("", "is neither JSON nor UBJSON: write one with Booster.save_model(\"model.json\")")
	}
	if isUBJSON(b) {
		var err *Error
		if b, err = ubjson(b); err != nil {
			return nil, err
		}
	} else {
		b = plainJSON(b)
	}
	d := &xgboostDocument{}
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(b, d); {
	case errors.As(err, &kind):
		return nil, wrong(kind.Field, "%s where something else belongs", kind.Value)
	case errors.As(err, &syntax):
		return nil, wrong(fmt.Sprintf("byte %d", syntax.Offset), "is not JSON: %s", syntax)
	case err != nil:
		return nil, wrong("", "is not JSON: %s", err)
	case d.Learner == nil:
		return nil, wrong("learner", "is not there: is this an XGBoost model?")
	}
	return d, nil
}

// trees finds the trees and says where they stand.
func (d *xgboostDocument) trees() (*xgboostTrees, string, *Error) {
	const path = "learner.gradient_booster"
	b := &d.Learner.Booster
	switch {
	case b.Name == "gbtree" && b.Model != nil:
		return b.Model, path + ".model", nil
	case b.Name == "dart" && b.GBTree != nil && b.GBTree.Model != nil:
		return b.GBTree.Model, path + ".gbtree.model", nil
	case b.Name == "gblinear":
		return nil, "", wrong(path+".name", "a linear booster (gblinear) is not supported: only trees are")
	}
	return nil, "", wrong(path+".name", "%.40q is not supported, or its trees are not there: gbtree and dart are", b.Name)
}

// file makes the ensembles.
func (d *xgboostDocument) file() (*File, *Error) {
	model, path, err := d.trees()
	if err != nil {
		return nil, err
	}
	l := d.Learner
	const param = "learner.learner_model_param"
	features, e1 := strconv.Atoi(l.Param.Features)
	classes, e2 := strconv.Atoi(l.Param.Classes)
	switch {
	case e1 != nil || features < 1 || features > mostFeatures:
		return nil, wrong(param+".num_feature", "is not a number of features from 1 to %d", mostFeatures)
	case e2 != nil && l.Param.Classes != "" || classes < 0 || classes > 1<<16:
		return nil, wrong(param+".num_class", "is not a number of classes")
	case l.Param.Targets != "" && l.Param.Targets != "0" && l.Param.Targets != "1":
		return nil, wrong(param+".num_target", "models of several targets are not supported")
	case len(model.Class) != len(model.Trees):
		return nil, wrong(path+".tree_info", "%d entries for %d trees", len(model.Class), len(model.Trees))
	case l.Booster.Name == "dart" && len(l.Booster.Weights) != len(model.Trees):
		return nil, wrong("learner.gradient_booster.weight_drop", "%d entries for %d trees", len(l.Booster.Weights), len(model.Trees))
	}
	f := &File{Program: "XGBoost", Objective: l.Objective.Name, Trees: len(model.Trees), Features: d.features(features, model), scale: 1}
	bases, err := d.objective(f, max(classes, 1))
	if err != nil {
		return nil, err
	}
	if best, ok := l.Attributes["best_iteration"]; ok {
		f.Notes = append(f.Notes, fmt.Sprintf("the file says that round %.12s was the best by early stopping; all of its rounds are taken, as Booster.predict does (XGBClassifier.predict_proba stops after the best)", best))
	}
	var columns asks
	sums := make([][][]tree.Node, max(classes, 1))
	for k := range model.Trees {
		at := fmt.Sprintf("%s.trees[%d]", path, k)
		if c := model.Class[k]; c < 0 || c >= len(sums) {
			return nil, wrong(fmt.Sprintf("%s.tree_info[%d]", path, k), "there is no class %d", c)
		}
		weight := 1.0
		if l.Booster.Weights != nil {
			weight = l.Booster.Weights[k]
		}
		nodes, err := model.Trees[k].nodes(at, weight, f, &columns)
		if err != nil {
			return nil, err
		}
		sums[model.Class[k]] = append(sums[model.Class[k]], nodes)
	}
	f.asks = columns.list
	for c, trees := range sums {
		e := tree.New(len(f.asks), bases[c])
		for _, nodes := range trees {
			if err := e.Add(nodes); err != nil {
				return nil, wrong(path+".trees", "%s", plain(err))
			}
		}
		f.outputs = append(f.outputs, e)
	}
	return f, nil
}

// features names the inputs and, where the file tells them, their categories.
func (d *xgboostDocument) features(n int, model *xgboostTrees) []Feature {
	features := make([]Feature, n)
	for j := range features {
		features[j].Name = fmt.Sprintf("f%d", j)
		if j < len(d.Learner.Names) && len(d.Learner.Names) == n {
			features[j].Name = d.Learner.Names[j]
		}
		if len(d.Learner.Types) == n {
			features[j].Category = d.Learner.Types[j] == "c"
		}
		if len(model.Cats.Encodings) != n || !features[j].Category {
			continue
		}
		features[j].Levels = model.Cats.Encodings[j].levels()
	}
	return features
}

// levels are the categories in words; nil where they cannot be told. XGBoost 3.2
// counts letters where it means bytes, so that only those of ASCII are whole.
func (l *xgboostLevels) levels() (levels []string) {
	if len(l.Offsets) == 0 {
		for _, v := range l.Values {
			levels = append(levels, levelText(v))
		}
		return levels
	}
	for k := 1; k < len(l.Offsets); k++ {
		from, to := l.Offsets[k-1], l.Offsets[k]
		if from < 0 || to < from || to > len(l.Values) {
			return nil
		}
		text := make([]byte, 0, to-from)
		for _, v := range l.Values[from:to] {
			if !(v > 0 && v < 128) {
				return nil
			}
			text = append(text, byte(v))
		}
		levels = append(levels, string(text))
	}
	return levels
}

// objective finds the link, and the margins that trees start from.
func (d *xgboostDocument) objective(f *File, classes int) ([]float64, *Error) {
	name := f.Objective
	margin := func(base float64) float64 { return base }
	switch {
	case name == "binary:logistic" || name == "reg:logistic":
		f.link, margin = logistic, portable.Logit
	case name == "binary:logitraw":
		f.link, margin = logOdds, portable.Logit
	case name == "binary:hinge":
		f.link = hinge
	case name == "multi:softprob" || name == "multi:softmax":
		f.link = softmax
	case name == "count:poisson" || name == "reg:gamma" || name == "reg:tweedie" || name == "survival:cox" || name == "survival:aft":
		f.link, margin = logRate, portable.Log
	case name == "reg:squarederror" || name == "reg:squaredlogerror" || name == "reg:absoluteerror" || name == "reg:pseudohubererror" ||
		name == "reg:quantileerror" || name == "reg:linear" || strings.HasPrefix(name, "rank:"):
		f.link = identity
	default:
		return nil, wrong("learner.objective.name", "%.60q is not known, so its predictions cannot be told", name)
	}
	const path = "learner.learner_model_param.base_score"
	words := strings.Split(strings.Trim(d.Learner.Param.Base, "[]"), ",")
	if len(words) != 1 && len(words) != classes {
		return nil, wrong(path, "%d values for %d outputs", len(words), classes)
	}
	bases := make([]float64, classes)
	for k := range bases {
		v, err := strconv.ParseFloat(strings.TrimSpace(words[min(k, len(words)-1)]), 64)
		if bases[k] = margin(v); err != nil || bases[k]-bases[k] != 0 {
			return nil, wrong(path, "is not a number that %s can start from", name)
		}
	}
	return bases, nil
}

// nodes lays one tree out over the asks.
func (x *xgboostTree) nodes(path string, weight float64, f *File, columns *asks) ([]tree.Node, *Error) {
	sets, err := x.sets(path)
	if err != nil {
		return nil, err
	}
	n := len(x.Left)
	if s := x.Param.Size; s != "" && s != "0" && s != "1" {
		return nil, wrong(path+".tree_param.size_leaf_vector", "leaves of several values (multi_output_tree) are not supported")
	}
	for _, length := range []int{len(x.Right), len(x.Feature), len(x.Condition), len(x.Default), len(x.Cover)} {
		if n == 0 || length != n {
			return nil, wrong(path, "its lists (left_children, split_conditions, …) are not of one length")
		}
	}
	return grow(path, 0, n, func(k int) (t tree.Node, left, right int, err *Error) {
		if k < 0 || k >= n {
			return t, 0, 0, wrong(path, "there is no node %d", k)
		}
		t.Cover = max(float64(float32(x.Cover[k])), math.SmallestNonzeroFloat32)
		_, asksSet := sets[k]
		if !asksSet && !(math.Abs(x.Condition[k]) <= math.MaxFloat32) {
			return t, 0, 0, wrong(fmt.Sprintf("%s.split_conditions[%d]", path, k), "is not a number")
		}
		if x.Left[k] < 0 {
			t.Feature, t.Value = -1, float64(float64(float32(x.Condition[k]))*weight)
			return t, 0, 0, nil
		}
		j := x.Feature[k]
		if j < 0 || j >= len(f.Features) {
			return t, 0, 0, wrong(fmt.Sprintf("%s.split_indices[%d]", path, k), "there is no feature %d", j)
		}
		if set := sets[k]; asksSet { // what is in the set goes right there, and left here
			f.Features[j].Category = true
			t.Feature, t.Categories, t.MissingLeft = columns.of(j, truncated), set, !x.Default[k]
			return t, x.Right[k], x.Left[k], nil
		}
		if k < len(x.Type) && x.Type[k] == 1 {
			return t, 0, 0, wrong(fmt.Sprintf("%s.split_type[%d]", path, k), "the node's categories are not there")
		}
		t.Feature, t.Threshold, t.MissingLeft = columns.of(j, asItIs), below(float32(x.Condition[k])), x.Default[k]
		return t, x.Left[k], x.Right[k], nil
	})
}

// mostCategories bounds the number of a category.
const mostCategories = 1 << 18

// sets are the categories of each node that asks for them.
func (x *xgboostTree) sets(path string) (map[int][]uint64, *Error) {
	sets := make(map[int][]uint64, len(x.Nodes))
	if len(x.Segments) != len(x.Nodes) || len(x.Sizes) != len(x.Nodes) {
		return nil, wrong(path, "categories_nodes, categories_segments and categories_sizes are not of one length")
	}
	for i, at := range x.Nodes {
		from, n := x.Segments[i], x.Sizes[i]
		if from < 0 || n < 0 || from > len(x.Categories) || n > len(x.Categories)-from {
			return nil, wrong(fmt.Sprintf("%s.categories_segments[%d]", path, i), "lies outside of categories")
		}
		set := []uint64{0}
		for k, c := range x.Categories[from : from+n] {
			if c < 0 || c >= mostCategories {
				return nil, wrong(fmt.Sprintf("%s.categories[%d]", path, from+k), "category %d is not between 0 and %d", c, mostCategories-1)
			}
			for c/64 >= len(set) {
				set = append(set, 0)
			}
			set[c/64] |= 1 << (c % 64)
		}
		sets[at] = set
	}
	return sets, nil
}

// below is the largest float64 that, rounded to float32, is below t.
func below(t float32) float64 {
	last := math.Nextafter32(t, float32(math.Inf(-1)))
	middle := (float64(last) + float64(t)) / 2
	if math.IsInf(float64(t), 0) || math.IsInf(float64(last), 0) || t != t {
		return float64(last)
	}
	if float32(middle) < t { // a tie that is rounded down
		return middle
	}
	return math.Nextafter(middle, math.Inf(-1))
}
