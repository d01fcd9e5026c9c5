package exchange

import (
	"slices"

	"github.com/leadcast/leadcast/models/tree"
)

// onnxTrees is the attributes of ONNX's TreeEnsembleRegressor.
type onnxTrees struct {
	weight float64
	place  []int64 // of a column of the ensemble among the operator's features
	nodes  []tree.Node
	tree   int64
	id     int64 // of the next node of the tree

	treeOf, idOf, feature, yes, no, tracks []int64
	mode                                   []string
	value                                  []float64
	leafTree, leafID                       []int64
	leaf                                   []float64
}

// row adds a node and gives its position and its number in the tree.
func (t *onnxTrees) row(mode string, feature int64, value float64, missingTrue bool) (at int, id int64) {
	at, id = len(t.mode), t.id
	t.id++
	t.treeOf, t.idOf, t.mode = append(t.treeOf, t.tree), append(t.idOf, id), append(t.mode, mode)
	t.feature, t.value = append(t.feature, feature), append(t.value, value)
	t.yes, t.no = append(t.yes, 0), append(t.no, 0)
	tracks := int64(0)
	if missingTrue {
		tracks = 1
	}
	t.tracks = append(t.tracks, tracks)
	return at, id
}

// visit writes the tree below a node and gives its number. A set of categories
// is a chain of questions for one each, whose answers yes lead to one node.
func (t *onnxTrees) visit(k int) int64 {
	n := &t.nodes[k]
	if n.Feature < 0 {
		_, id := t.row("LEAF", 0, 0, false)
		t.leafTree, t.leafID, t.leaf = append(t.leafTree, t.tree), append(t.leafID, id), append(t.leaf, t.weight*n.Value)
		return id
	}
	feature := t.place[n.Feature]
	if n.Categories == nil {
		at, id := t.row("BRANCH_LEQ", feature, n.Threshold, n.MissingLeft)
		t.no[at] = t.visit(n.Right)
		t.yes[at] = t.visit(n.Left)
		return id
	}
	members := members(n)
	if len(members) == 0 {
		return t.visit(n.Right)
	}
	first, last := int64(0), 0
	var chain []int
	for i, code := range members {
		at, id := t.row("BRANCH_EQ", feature, float64(code), false)
		if i == 0 {
			first = id
		} else {
			t.no[last] = id
		}
		chain, last = append(chain, at), at
	}
	t.no[last] = t.visit(n.Right)
	left := t.visit(n.Left)
	for _, at := range chain {
		t.yes[at] = left
	}
	return first
}

// members are the codes that go left, −1 for missing.
func members(n *tree.Node) []int {
	var codes []int
	if n.MissingLeft {
		codes = append(codes, -1)
	}
	for k := range 64 * len(n.Categories) {
		if n.Categories[k/64]>>(k%64)&1 == 1 {
			codes = append(codes, k)
		}
	}
	return codes
}

func (t *onnxTrees) attributes() []attribute {
	return []attribute{
		attributeInt("n_targets", 1),
		attributeText("post_transform", "NONE"),
		attributeInts("nodes_treeids", t.treeOf), attributeInts("nodes_nodeids", t.idOf), attributeInts("nodes_featureids", t.feature),
		attributeTexts("nodes_modes", t.mode), attributeDoubles("nodes_values_as_tensor", t.value),
		attributeInts("nodes_truenodeids", t.yes), attributeInts("nodes_falsenodeids", t.no), attributeInts("nodes_missing_value_tracks_true", t.tracks),
		attributeInts("target_treeids", t.leafTree), attributeInts("target_nodeids", t.leafID),
		attributeInts("target_ids", slices.Repeat([]int64{0}, len(t.leaf))), attributeDoubles("target_weights_as_tensor", t.leaf),
	}
}
