package exchange

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/tree"
)

// The bytes are those that ONNX Runtime 1.31.1 was seen to run rightly; see
// testdata/check.py. With -update they must be tried again.
func TestONNX(t *testing.T) {
	s, columns := stacked(t)
	var b bytes.Buffer
	if err := ONNX(&b, s, columns); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "score.onnx")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b.Bytes(), testdata(t, "score.onnx")) {
		t.Error("other bytes")
	}
}

func TestMessage(t *testing.T) {
	var m message
	m.int(1, 150)
	m.text(2, "testing")
	m.ints(4, []int64{3, 270, -1})
	want := "\x08\x96\x01" + "\x12\x07testing" + "\x22\x0d\x03\x8e\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	if string(m) != want {
		t.Errorf("%q, want %q", m, want)
	}
}

// walk walks the operator's table as ONNX says.
func (o *onnxTrees) walk(row []float64) float64 {
	at := 0
	find := func(id int64) int {
		for i, k := range o.idOf {
			if k == id {
				return i
			}
		}
		panic("no such node")
	}
	for o.mode[at] != "LEAF" {
		v := row[o.feature[at]]
		yes := o.mode[at] == "BRANCH_LEQ" && v <= o.value[at] || o.mode[at] == "BRANCH_EQ" && v == o.value[at] || v != v && o.tracks[at] == 1
		if yes {
			at = find(o.yes[at])
		} else {
			if at+1 != find(o.no[at]) {
				panic("the answer no does not stand next, as ONNX Runtime wants it")
			}
			at = find(o.no[at])
		}
	}
	for i, id := range o.leafID {
		if id == o.idOf[at] {
			return o.leaf[i]
		}
	}
	panic("a leaf without weight")
}

func TestChainsOfCategories(t *testing.T) {
	nodes := []tree.Node{
		{Feature: 0, Categories: []uint64{0b101}, MissingLeft: true, Left: 1, Right: 2, Cover: 4},
		{Feature: 1, Threshold: 0.5, Left: 3, Right: 4, Cover: 2},
		{Feature: 0, Categories: []uint64{0}, Left: 5, Right: 6, Cover: 2},
		{Feature: -1, Value: 1, Cover: 1}, {Feature: -1, Value: 2, Cover: 1}, {Feature: -1, Value: 3, Cover: 1}, {Feature: -1, Value: 4, Cover: 1},
	}
	o := onnxTrees{weight: 2, place: []int64{0, 1}, nodes: nodes}
	o.visit(0)
	for row, want := range map[[2]float64]float64{{-1, 0}: 2, {0, 0}: 2, {0, 1}: 4, {2, 0.5}: 2, {1, 0}: 8, {3, 0}: 8} {
		if got := o.walk(row[:]); got != want {
			t.Errorf("%v: %v, want %v", row, got, want)
		}
	}
}

func TestPieces(t *testing.T) {
	var p pieces
	p.add("a", &linear.Term{X: []float64{0, 2, 3}, Y: []float64{1, 5, 4}, Missing: 7}, 2)
	p.add("b", &linear.Term{Step: true, X: []float64{0, 2}, Y: []float64{1, 5}}, 1)
	at := func(v float64) (sum float64) {
		sum = p.present[0]
		for k, slope := range p.slope {
			sum += (min(max(v, p.low[k]), p.high[k]) - p.low[k]) * slope
		}
		return sum
	}
	for v, want := range map[float64]float64{-1: 2, 0: 2, 1: 6, 2: 10, 2.5: 9, 9: 8} {
		if got := at(v); got != want {
			t.Errorf("at %v: %v, want %v", v, got, want)
		}
	}
	if p.missing[0] != 14 || p.present[1] != 1 || p.knot[0] != 2 || p.jump[0] != 4 || p.jumpOf[0] != 1 {
		t.Errorf("%+v", p)
	}
}

func TestONNXRefuses(t *testing.T) {
	s, err := survival.NewStack(survival.Chance(1, 0), survival.Blend{Offset: []float64{0}, Weight: [][]float64{{}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ONNX(&bytes.Buffer{}, s, nil); err == nil || !strings.Contains(err.Error(), "nothing to export") {
		t.Errorf("%v", err)
	}
}
