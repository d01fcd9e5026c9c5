package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/tree"
)

// LightGBM reads the text that Booster.save_model of LightGBM 2 to 4 writes.
// A node is left for v ≤ threshold; NaN counts as zero unless the node's
// missing type says otherwise (LightGBM's Tree::Decision). The error is an
// *Error that names a line.
func LightGBM(b []byte) (*File, error) {
	t, err := readLightGBM(b)
	if err != nil {
		return nil, err
	}
	f, err := t.file()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// lightGBMText is a file cut into blocks of "key=value".
type lightGBMText struct {
	head  block
	trees []block
	tail  block // what follows the trees
}

type block struct {
	line   int // where it begins
	fields map[string]entry
}

type entry struct {
	value string
	line  int
}

func (e entry) wrong(key, format string, args ...any) *Error {
	return wrong(strconv.Itoa(e.line), "%s: %s", key, fmt.Sprintf(format, args...))
}

func readLightGBM(b []byte) (*lightGBMText, *Error) {
	t := &lightGBMText{head: block{fields: map[string]entry{}}}
	at, ended := &t.head, false
	number := 0
	for line := range bytes.Lines(b) {
		number++
		text := strings.TrimSpace(string(line))
		if number == 1 && text != "tree" {
			return nil, wrong("1", "is not a LightGBM text model, which begins with the line \"tree\": write one with Booster.save_model")
		}
		key, value, ok := strings.Cut(text, "=")
		switch {
		case text == "end of trees" && !ended:
			ended = true
			t.tail = block{line: number, fields: map[string]entry{}}
			at = &t.tail
			continue
		case strings.HasPrefix(text, "pandas_categorical:"):
			key, value, ok = "pandas_categorical", strings.TrimPrefix(text, "pandas_categorical:"), true
		case key == "Tree" && ok && !ended:
			t.trees = append(t.trees, block{line: number, fields: map[string]entry{}})
			at = &t.trees[len(t.trees)-1]
			continue
		case key == "average_output":
			ok = true
		}
		if ok && (!ended || key == "pandas_categorical") {
			at.fields[key] = entry{value, number}
		}
	}
	if !ended {
		return nil, wrong(strconv.Itoa(number), "the file ends before the line \"end of trees\": it is not whole")
	}
	return t, nil
}

// file makes the ensembles.
func (t *lightGBMText) file() (*File, *Error) {
	names := strings.Fields(t.head.fields["feature_names"].value)
	if len(names) == 0 || len(names) > mostFeatures {
		return nil, wrong(strconv.Itoa(t.head.line+1), "the file names %d features, where 1 to %d are read", len(names), mostFeatures)
	}
	f := &File{Program: "LightGBM", Trees: len(t.trees), Features: make([]Feature, len(names)), scale: 1}
	for j, name := range names {
		f.Features[j].Name = name
	}
	per, err := t.head.number("num_tree_per_iteration")
	if err != nil {
		return nil, err
	}
	sizes := t.head.fields["tree_sizes"]
	if per < 1 || per > 1<<16 || len(t.trees)%per != 0 || sizes.line > 0 && len(strings.Fields(sizes.value)) != len(t.trees) {
		return nil, sizes.wrong("tree_sizes", "the file holds %d trees, which is not what its head says", len(t.trees))
	}
	if err := t.objective(f, per); err != nil {
		return nil, err
	}
	var columns asks
	sums := make([][][]tree.Node, per)
	for k := range t.trees {
		nodes, err := t.trees[k].nodes(f, &columns)
		if err != nil {
			return nil, err
		}
		sums[k%per] = append(sums[k%per], nodes)
	}
	if err := t.levels(f); err != nil {
		return nil, err
	}
	f.asks = columns.list
	for c, trees := range sums {
		e := tree.New(len(f.asks), 0)
		for k, nodes := range trees {
			if err := e.Add(nodes); err != nil {
				return nil, wrong(strconv.Itoa(t.trees[k*per+c].line), "%s", plain(err))
			}
		}
		f.outputs = append(f.outputs, e)
	}
	return f, nil
}

// plain is the last part of an error, without the package's name.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "tree: ") }

// lightGBMLinks has the link of each objective.
var lightGBMLinks = map[string]link{
	"regression": identity, "regression_l1": identity, "huber": identity, "fair": identity, "quantile": identity, "mape": identity,
	"lambdarank": identity, "rank_xendcg": identity, "poisson": logRate, "gamma": logRate, "tweedie": logRate,
	"binary": logistic, "cross_entropy": logistic, "cross_entropy_lambda": softplus, "multiclass": softmax, "multiclassova": oneByOne,
}

func (t *lightGBMText) objective(f *File, per int) *Error {
	e, given := t.head.fields["objective"]
	words := strings.Fields(e.value)
	if len(words) == 0 || !given {
		f.link = identity
		f.Notes = append(f.Notes, "the file names no objective (one of your own?), so predictions are raw scores")
		return nil
	}
	var ok bool
	if f.link, ok = lightGBMLinks[words[0]]; !ok {
		return e.wrong("objective", "%q is not known, so its predictions cannot be told", words[0])
	}
	f.Objective = words[0]
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, ":")
		v, err := strconv.ParseFloat(value, 64)
		switch {
		case key == "sqrt":
			f.link = square
		case key == "sigmoid" && (err != nil || !(v > 0) || math.IsInf(v, 0)):
			return e.wrong("objective", "sigmoid is not a number above zero")
		case key == "sigmoid":
			f.scale = v
		case key == "num_class" && v != float64(per):
			return e.wrong("objective", "%s classes, but %d trees a round", value, per)
		}
	}
	if _, average := t.head.fields["average_output"]; average && f.Trees > 0 { // a random forest
		f.scale /= float64(f.Trees / per)
	}
	return nil
}

// levels names the categories, which pandas' part of the file lists in the
// order of its columns of categories.
func (t *lightGBMText) levels(f *File) *Error {
	var lists [][]any
	e := t.tail.fields["pandas_categorical"]
	if e.line == 0 || json.Unmarshal([]byte(e.value), &lists) != nil || len(lists) == 0 {
		return nil
	}
	infos := strings.Fields(t.head.fields["feature_infos"].value)
	var of []int
	for j, info := range infos { // numbers have [low:high], categories a list
		if !strings.HasPrefix(info, "[") && info != "none" && j < len(f.Features) {
			of = append(of, j)
		}
	}
	fits := len(of) == len(lists)
	for k := 0; fits && k < len(of); k++ { // a code beyond a list is not of its column
		for _, code := range strings.Split(infos[of[k]], ":") {
			v, err := strconv.Atoi(code)
			fits = fits && err == nil && v < len(lists[k])
		}
	}
	if !fits {
		f.Unnamed = len(lists)
		return nil
	}
	for k, j := range of {
		f.Features[j].Category = true
		for _, v := range lists[k] {
			f.Features[j].Levels = append(f.Features[j].Levels, levelText(v))
		}
	}
	return nil
}

// levelText writes a level as a table would have it.
func levelText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func (b *block) number(key string) (int, *Error) {
	e := b.fields[key]
	v, err := strconv.Atoi(e.value)
	if err != nil {
		return 0, wrong(strconv.Itoa(max(e.line, b.line, 1)), "%s: is not a whole number", key)
	}
	return v, nil
}

// list reads want numbers, or any number of them where want is negative.
func list[T any](b *block, key string, want int, parse func(string) (T, error)) ([]T, *Error) {
	e := b.fields[key]
	words := strings.Fields(e.value)
	if want >= 0 && len(words) != want {
		return nil, wrong(strconv.Itoa(max(e.line, b.line)), "%s: %d values where %d belong", key, len(words), want)
	}
	out := make([]T, len(words))
	for i, w := range words {
		v, err := parse(w)
		if err != nil {
			return nil, e.wrong(key, "value %d is not a number of its kind", i+1)
		}
		out[i] = v
	}
	return out, nil
}

func float(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func word(s string) (uint32, error) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err
}

// lightGBMTree is one tree as the file has it: inner nodes 0, 1, …, and leaf k
// as the child ^k.
type lightGBMTree struct {
	features, types, left, right, bounds    []int
	thresholds, counts, leafValue, leafSize []float64
	words                                   []uint32
}

func (b *block) tree() (t lightGBMTree, err *Error) {
	leaves, err := b.number("num_leaves")
	if err != nil {
		return t, err
	}
	if b.fields["is_linear"].value == "1" {
		return t, b.fields["is_linear"].wrong("is_linear", "trees with linear models in their leaves (linear_tree) are not supported")
	}
	inner := leaves - 1
	for _, l := range []struct {
		to  *[]int
		key string
	}{{&t.features, "split_feature"}, {&t.types, "decision_type"}, {&t.left, "left_child"}, {&t.right, "right_child"}} {
		if *l.to, err = list(b, l.key, inner, strconv.Atoi); err != nil {
			return t, err
		}
	}
	for _, l := range []struct {
		to   *[]float64
		key  string
		want int
	}{{&t.thresholds, "threshold", inner}, {&t.counts, "internal_count", inner}, {&t.leafValue, "leaf_value", leaves}} {
		if *l.to, err = list(b, l.key, l.want, float); err != nil {
			return t, err
		}
	}
	if t.leafSize, err = list(b, "leaf_count", -1, float); err != nil {
		return t, err
	}
	if t.bounds, err = list(b, "cat_boundaries", -1, strconv.Atoi); err != nil {
		return t, err
	}
	if t.words, err = list(b, "cat_threshold", -1, word); err != nil {
		return t, err
	}
	if leaves < 1 || leaves > 1 && len(t.leafSize) != leaves {
		return t, wrong(strconv.Itoa(b.line), "leaf_count: %d values for %d leaves", len(t.leafSize), leaves)
	}
	return t, nil
}

// nodes lays one tree out over the asks.
func (b *block) nodes(f *File, columns *asks) ([]tree.Node, *Error) {
	t, err := b.tree()
	if err != nil {
		return nil, err
	}
	root := 0
	if len(t.features) == 0 {
		root = -1
	}
	where := strconv.Itoa(b.line)
	return grow(where, root, 2*len(t.leafValue)-1, func(k int) (n tree.Node, left, right int, err *Error) {
		if k < 0 {
			if ^k >= len(t.leafValue) {
				return n, 0, 0, wrong(where, "there is no leaf %d", ^k)
			}
			n = tree.Node{Feature: -1, Value: t.leafValue[^k], Cover: 1}
			if len(t.leafSize) > 0 {
				n.Cover = max(t.leafSize[^k], math.SmallestNonzeroFloat32)
			}
			return n, 0, 0, nil
		}
		if k >= len(t.features) || t.features[k] < 0 || t.features[k] >= len(f.Features) {
			return n, 0, 0, wrong(where, "node %d is not there, or splits a feature that is not there", k)
		}
		n, err = t.split(where, k, f, columns)
		return n, t.left[k], t.right[k], err
	})
}

// The bits of LightGBM's decision_type.
const (
	isCategory  = 1
	defaultLeft = 2
	missingType = 3 << 2
	missingZero = 1 << 2
	missingNaN  = 2 << 2
)

// split is inner node k.
func (t *lightGBMTree) split(where string, k int, f *File, columns *asks) (tree.Node, *Error) {
	j, kind := t.features[k], t.types[k]
	n := tree.Node{Threshold: t.thresholds[k], Cover: max(t.counts[k], math.SmallestNonzeroFloat32)}
	if kind&isCategory != 0 { // left by the set; missing, below zero and unheard of go right
		f.Features[j].Category = true
		n.Feature = columns.of(j, truncated)
		at := t.thresholds[k]
		if !(at >= 0 && at < float64(len(t.bounds)-1)) {
			return n, wrong(where, "node %d names a set of categories that is not there", k)
		}
		from, to := t.bounds[int(at)], t.bounds[int(at)+1]
		if from < 0 || to < from || to > len(t.words) {
			return n, wrong(where, "cat_boundaries do not fit cat_threshold")
		}
		n.Categories = pairs(t.words[from:to])
		return n, nil
	}
	switch kind & missingType {
	case missingNaN:
		n.Feature, n.MissingLeft = columns.of(j, asItIs), kind&defaultLeft != 0
	case missingZero:
		n.Feature, n.MissingLeft = columns.of(j, zeroGone), kind&defaultLeft != 0
	case 0: // NaN is taken for zero
		n.Feature, n.MissingLeft = columns.of(j, asItIs), 0 <= n.Threshold
	default:
		return n, wrong(where, "node %d has a missing type that LightGBM does not know", k)
	}
	return n, nil
}

// pairs joins 32-bit words to 64-bit ones.
func pairs(words []uint32) []uint64 {
	set := make([]uint64, max(1, (len(words)+1)/2))
	for i, w := range words {
		set[i/2] |= uint64(w) << (32 * (i % 2))
	}
	return slices.Clip(set)
}
