package exchange

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/tree"
)

// LightGBMText writes the trees of a stack without times as a text model of
// LightGBM, over the columns of the matrix (categories by their codes) and the
// rates and counts that stand for long lists of categories. Where the stack is
// trees alone they give its probability, else that of the trees by themselves;
// alone tells which.
func LightGBMText(w io.Writer, m *survival.Stack, columns []Column) (alone bool, err error) {
	b := &treeText{columns: columns, alone: len(m.Components()) == 1}
	constant, failed := takeApart(m, b)
	switch {
	case failed != nil:
		return false, failed
	case b.trees == nil:
		return false, wrong("", "the model has no boosted trees")
	case b.alone:
		b.start = constant
	default:
		b.start = b.trees.Base()
	}
	out := bufio.NewWriter(w)
	b.write(out)
	return b.alone, out.Flush()
}

// treeText is an ensemble on its way to text.
type treeText struct {
	columns  []Column
	names    []string
	infos    []string
	features []int // of each column of the ensemble; nil: itself
	trees    *tree.Ensemble
	alone    bool // the stack is nothing else
	weight   float64
	start    float64 // margin before the trees, which stands in the first one's leaves
}

// take keeps an ensemble; there is place for one.
func (b *treeText) take(e *tree.Ensemble, weight float64) *Error {
	if b.trees != nil {
		return wrong("", "a blend of several boosters has no place in one LightGBM model")
	}
	if b.trees, b.weight = e, weight; !b.alone {
		b.weight = 1
	}
	return nil
}

func (b *treeText) booster(m *gbm.Model, weight float64) *Error {
	b.name(m.Statistics())
	return b.take(m.Ensemble(), weight)
}

func (b *treeText) imported(m *Model, weight float64) *Error {
	b.name(nil)
	for _, a := range m.asks {
		if a.reading != asItIs && !m.columns[a.column] {
			return wrong("", "an imported model that reads numbers as categories, or zero as missing, is not written again: keep its own file")
		}
		b.features = append(b.features, a.column)
	}
	return b.take(m.trees, weight)
}

func (b *treeText) linear([]linear.Term, float64) {} // has no place

// name lists the features: names without blanks, and what values they have.
func (b *treeText) name(statistics []gbm.Statistic) {
	add := func(name, info string) {
		name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"[]{}:,", r) }), "_")
		for slices.Contains(b.names, name) {
			name += "_"
		}
		b.names, b.infos = append(b.names, name), append(b.infos, info)
	}
	for _, c := range b.columns {
		info := "[-1e+300:1e+300]"
		if c.Codes > 0 {
			codes := make([]string, c.Codes)
			for k := range codes {
				codes[k] = strconv.Itoa(k)
			}
			info = strings.Join(codes, ":")
		}
		add(c.Name, info)
	}
	for _, s := range statistics {
		of := ""
		for _, j := range s.Columns {
			of += " " + b.columns[j].Name
		}
		add("rate of"+of, "[0:1]")
		add("count of"+of, "[0:1e+300]")
	}
}

func (b *treeText) write(w *bufio.Writer) {
	fmt.Fprintf(w, "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=%d\nobjective=binary sigmoid:1\nfeature_names=%s\nfeature_infos=%s\n\n",
		len(b.names)-1, strings.Join(b.names, " "), strings.Join(b.infos, " "))
	for k := range b.trees.Trees() {
		shift := 0.0
		if k == 0 {
			shift = b.start
		}
		fmt.Fprintf(w, "Tree=%d\n", k)
		b.tree(w, b.trees.Nodes(k), shift)
	}
	if b.trees.Trees() == 0 {
		fmt.Fprintf(w, "Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=%s\nis_linear=0\nshrinkage=1\n\n\n", whole(b.start))
	}
	fmt.Fprint(w, "end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:null\n")
}

func whole(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// tree writes one tree. A missing category goes right there, so where it goes
// left here the set is turned round.
func (b *treeText) tree(w *bufio.Writer, nodes []tree.Node, shift float64) {
	number := make([]int, len(nodes)) // of inner nodes 0, 1, …; of leaves −1, −2, …
	inner, leaves := 0, 0
	for i := range nodes {
		if nodes[i].Feature >= 0 {
			number[i] = inner
			inner++
		} else {
			leaves++
			number[i] = -leaves
		}
	}
	lists := map[string][]string{}
	put := func(key, value string) { lists[key] = append(lists[key], value) }
	words, bounds := 0, []string{"0"}
	for i := range nodes {
		n := &nodes[i]
		count := strconv.Itoa(int(max(1, math.Round(min(n.Cover, 1e9)))))
		if n.Feature < 0 {
			put("leaf_value", whole(float64(b.weight*n.Value)+shift))
			put("leaf_weight", whole(n.Cover))
			put("leaf_count", count)
			continue
		}
		left, right, kind, threshold := n.Left, n.Right, missingNaN, whole(min(max(n.Threshold, -math.MaxFloat64), math.MaxFloat64))
		column := n.Feature
		if b.features != nil {
			column = b.features[column]
		}
		if n.MissingLeft {
			kind |= defaultLeft
		}
		if n.Categories != nil {
			set := n.Categories
			if n.MissingLeft {
				left, right, set = right, left, turned(set, b.columns[column].Codes)
			}
			kind, threshold = isCategory, strconv.Itoa(len(bounds)-1)
			for _, v := range set {
				put("cat_threshold", strconv.FormatUint(v&math.MaxUint32, 10))
				put("cat_threshold", strconv.FormatUint(v>>32, 10))
				words += 2
			}
			bounds = append(bounds, strconv.Itoa(words))
		}
		put("split_feature", strconv.Itoa(column))
		put("split_gain", "0")
		put("threshold", threshold)
		put("decision_type", strconv.Itoa(kind))
		put("left_child", strconv.Itoa(number[left]))
		put("right_child", strconv.Itoa(number[right]))
		put("internal_value", "0")
		put("internal_weight", whole(n.Cover))
		put("internal_count", count)
	}
	fmt.Fprintf(w, "num_leaves=%d\nnum_cat=%d\n", leaves, len(bounds)-1)
	for _, key := range []string{"split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count"} {
		fmt.Fprintf(w, "%s=%s\n", key, strings.Join(lists[key], " "))
	}
	if len(bounds) > 1 {
		fmt.Fprintf(w, "cat_boundaries=%s\ncat_threshold=%s\n", strings.Join(bounds, " "), strings.Join(lists["cat_threshold"], " "))
	}
	fmt.Fprint(w, "is_linear=0\nshrinkage=1\n\n\n")
}

// turned is the other categories of so many.
func turned(set []uint64, codes int) []uint64 {
	out := make([]uint64, (codes+63)/64)
	for k := range codes {
		if k/64 >= len(set) || set[k/64]>>(k%64)&1 == 0 {
			out[k/64] |= 1 << (k % 64)
		}
	}
	return out
}
