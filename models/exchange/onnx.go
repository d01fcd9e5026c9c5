package exchange

import (
	"io"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/tree"
)

// ONNX writes the probability of a stack without times as an ONNX model
// (operator sets 17 and ai.onnx.ml 3). It has an input a column, each of shape
// [rows, 1]: texts for a category, float64 with NaN for missing for a number,
// int64 with −1 for missing for codes without names; and the output p_win.
// Columns are compared in float64, and margins are summed in float32 as ONNX's
// trees have it, so that a probability is right within some 1e-6. An error
// names what has no place.
func ONNX(w io.Writer, m *survival.Stack, columns []Column) error {
	o := &onnx{columns: columns, codes: map[int]string{}, numbers: map[int]string{}}
	constant, err := takeApart(m, o)
	if err != nil {
		return err
	}
	if len(o.floats)+len(o.doubles) == 0 {
		return wrong("", "the model asks nothing of a lead, so there is nothing to export")
	}
	exact := o.g.op("Cast", []string{o.add(append(o.doubles, o.zeros(constant)))}, attributeInt("to", onnxFloat))
	margin := o.add(append(o.floats, exact))
	o.g.named("p_win", "", "Sigmoid", []string{margin})
	_, failed := w.Write(o.g.model("p_win"))
	return failed
}

// onnx collects the parts of the margin.
type onnx struct {
	g       graph
	columns []Column
	codes   map[int]string // codes of a column, −1 for missing, int64
	numbers map[int]string // a column as float64, NaN for missing
	floats  []string       // parts of the margin
	doubles []string
}

// zeros is a constant, which every other part is added to.
func (o *onnx) zeros(constant float64) string { return o.g.doubles([]float64{constant}, 1, 1) }

func (o *onnx) add(parts []string) string {
	sum := parts[0]
	for _, p := range parts[1:] {
		sum = o.g.op("Add", []string{sum, p})
	}
	return sum
}

// code is a column's category as a number, −1 for missing.
func (o *onnx) code(j int) string {
	c := &o.columns[j]
	if o.codes[j] == "" && c.Levels == nil {
		o.codes[j] = o.g.input(c.Name, onnxInt)
	}
	if o.codes[j] != "" {
		return o.codes[j]
	}
	texts := append([]string{""}, c.Missing...)
	codes := slices.Repeat([]int64{-1}, len(texts))
	for k, level := range c.Levels {
		if !slices.Contains(c.Missing, level) {
			texts, codes = append(texts, level), append(codes, int64(k))
		}
	}
	o.codes[j] = o.g.ml("LabelEncoder", []string{o.g.input(c.Name, onnxText)}, attributeTexts("keys_strings", texts),
		attributeInts("values_int64s", codes), attributeInt("default_int64", int64(len(c.Levels))))
	return o.codes[j]
}

// number is a column as a number, NaN for missing.
func (o *onnx) number(j int) string {
	if o.numbers[j] != "" {
		return o.numbers[j]
	}
	if o.columns[j].Codes == 0 {
		o.numbers[j] = o.g.input(o.columns[j].Name, onnxDouble)
	} else {
		known := o.g.op("GreaterOrEqual", []string{o.code(j), o.g.ints([]int64{0}, 1)})
		o.numbers[j] = o.g.op("Where", []string{known, o.double(o.code(j)), o.g.doubles([]float64{math.NaN()}, 1)})
	}
	return o.numbers[j]
}

func (o *onnx) double(x string) string {
	return o.g.op("Cast", []string{x}, attributeInt("to", onnxDouble))
}

// wide puts columns side by side.
func (o *onnx) wide(columns []string) string {
	return o.g.op("Concat", columns, attributeInt("axis", 1))
}

// lookUp gives an entry of a table by the codes of columns, missing first.
func (o *onnx) lookUp(columns []int, table func(codes []int32) float64) (string, *Error) {
	size, at := 1, ""
	for _, j := range columns {
		if size *= o.columns[j].Codes + 1; size > 1<<22 {
			return "", wrong("", "the combined categories of columns like %q are too many for a table", o.columns[j].Name)
		}
		next := o.g.op("Add", []string{o.code(j), o.g.ints([]int64{1}, 1)})
		if at != "" {
			next = o.g.op("Add", []string{o.g.op("Mul", []string{at, o.g.ints([]int64{int64(o.columns[j].Codes + 1)}, 1)}), next})
		}
		at = next
	}
	values, codes := make([]float64, size), make([]int32, len(columns))
	for k := range values {
		for i, rest := len(columns)-1, k; i >= 0; i-- {
			codes[i] = int32(rest%(o.columns[columns[i]].Codes+1)) - 1
			rest /= o.columns[columns[i]].Codes + 1
		}
		values[k] = table(codes)
	}
	return o.g.op("Gather", []string{o.g.doubles(values, int64(size)), at}), nil
}

// booster adds the trees of a booster of ours.
func (o *onnx) booster(m *gbm.Model, weight float64) *Error {
	e, statistics := m.Ensemble(), m.Statistics()
	plain := e.Columns() - 2*len(statistics)
	return o.trees(e, weight, func(j int, categories bool) (string, *Error) {
		if j < plain && categories {
			return o.double(o.code(j)), nil
		}
		if j < plain {
			return o.number(j), nil
		}
		s := &statistics[(j-plain)/2]
		values, other := s.Rates, s.Prior
		if (j-plain)%2 == 1 {
			values, other = s.Counts, 0
		}
		return o.lookUp(s.Columns, func(codes []int32) float64 {
			k, ok := slices.BinarySearchFunc(s.Codes, codes, slices.Compare)
			if !ok {
				return other
			}
			return values[k]
		})
	})
}

// imported adds the trees of an imported model.
func (o *onnx) imported(m *Model, weight float64) *Error {
	return o.trees(m.trees, weight, func(k int, categories bool) (string, *Error) {
		a := m.asks[k]
		coded := m.columns[a.column]
		switch {
		case coded && categories:
			return o.double(o.code(a.column)), nil
		case coded || a.reading == asItIs && !categories:
			return o.number(a.column), nil
		case a.reading == zeroGone:
			x := o.number(a.column)
			far := o.g.op("Greater", []string{o.g.op("Abs", []string{x}), o.g.doubles([]float64{tiny}, 1)})
			return o.g.op("Where", []string{far, x, o.g.doubles([]float64{math.NaN()}, 1)}), nil
		}
		x := o.number(a.column) // its category is −1 where there is none
		known := o.g.op("Greater", []string{x, o.g.doubles([]float64{-1}, 1)})
		least := o.g.op("Where", []string{o.g.op("Greater", []string{x, o.g.doubles([]float64{0}, 1)}), x, o.g.doubles([]float64{0}, 1)})
		return o.g.op("Where", []string{known, o.g.op("Floor", []string{least}), o.g.doubles([]float64{-1}, 1)}), nil
	})
}

// trees adds an ensemble; column gives what its column j reads, with −1 for
// missing where it is asked for categories and NaN where for numbers.
func (o *onnx) trees(e *tree.Ensemble, weight float64, column func(j int, categories bool) (string, *Error)) *Error {
	asked := make([][2]bool, e.Columns()) // for numbers, for categories
	for k := range e.Trees() {
		for _, n := range e.Nodes(k) {
			if n.Feature >= 0 && n.Categories != nil {
				asked[n.Feature][1] = true
			} else if n.Feature >= 0 {
				asked[n.Feature][0] = true
			}
		}
	}
	var features []string
	place := make([]int64, len(asked))
	for j, a := range asked {
		if a[0] && a[1] {
			return wrong("", "a column is asked both as a number and as a category, which has no place in one ONNX tree")
		}
		if a[0] || a[1] {
			x, err := column(j, a[1])
			if err != nil {
				return err
			}
			place[j] = int64(len(features))
			features = append(features, x)
		}
	}
	if features == nil {
		sum := 0.0
		for k := range e.Trees() {
			sum += float64(weight * e.Nodes(k)[0].Value)
		}
		o.doubles = append(o.doubles, o.zeros(sum))
		return nil
	}
	t := onnxTrees{weight: weight, place: place}
	for k := range e.Trees() {
		t.id, t.tree, t.nodes = 0, int64(k), e.Nodes(k)
		t.visit(0)
	}
	o.floats = append(o.floats, o.g.ml("TreeEnsembleRegressor", []string{o.wide(features)}, t.attributes()...))
	return nil
}

// linear adds the terms of a linear model: a table for a category, and for
// numbers what all of their pieces between knots add up to.
func (o *onnx) linear(terms []linear.Term, weight float64) {
	var p pieces
	for j := range terms {
		t := &terms[j]
		if !slices.ContainsFunc(append([]float64{t.Missing}, t.Y...), func(v float64) bool { return weight*v != 0 }) {
			continue
		}
		if !t.Category {
			p.add(o.number(j), t, weight)
			continue
		}
		part, _ := o.lookUp([]int{j}, func(codes []int32) float64 { // one column's table is never too long
			if codes[0] < 0 || int(codes[0]) >= len(t.Y) {
				return weight * t.Missing
			}
			return weight * t.Y[codes[0]]
		})
		o.doubles = append(o.doubles, part)
	}
	if p.columns == nil {
		return
	}
	x := o.wide(p.columns)
	take := func(at []int64) string {
		return o.g.op("Gather", []string{x, o.g.ints(at, int64(len(at)))}, attributeInt("axis", 1))
	}
	known := func(x string) string {
		return o.g.op("LessOrEqual", []string{o.g.op("Abs", []string{x}), o.g.doubles([]float64{1e100}, 1)})
	}
	times := func(x string, by []float64) {
		o.doubles = append(o.doubles, o.g.op("MatMul", []string{x, o.g.doubles(by, int64(len(by)), 1)}))
	}
	all := make([]int64, len(p.columns))
	for k := range all {
		all[k] = int64(k)
	}
	here := o.double(known(x))
	times(here, p.present)
	times(o.g.op("Sub", []string{o.g.doubles([]float64{1}, 1), here}), p.missing)
	if p.slope != nil {
		n := int64(len(p.slope))
		v, low := take(p.slopeOf), o.g.doubles(p.low, n)
		v = o.g.op("Where", []string{known(v), v, low})
		v = o.g.op("Min", []string{o.g.op("Max", []string{v, low}), o.g.doubles(p.high, n)})
		times(o.g.op("Sub", []string{v, low}), p.slope)
	}
	if p.jump != nil {
		v := take(p.jumpOf)
		beyond := o.g.op("And", []string{known(v), o.g.op("GreaterOrEqual", []string{v, o.g.doubles(p.knot, int64(len(p.knot)))})})
		times(o.double(beyond), p.jump)
	}
}

// pieces are the terms of numbers taken apart: a value where the number is
// there and one where not, slopes between knots, jumps at knots.
type pieces struct {
	columns          []string
	present, missing []float64
	slopeOf, jumpOf  []int64
	low, high, slope []float64
	knot, jump       []float64
}

func (p *pieces) add(column string, t *linear.Term, weight float64) {
	at := int64(len(p.columns))
	first := 0.0
	if len(t.Y) > 0 {
		first = t.Y[0]
	}
	p.columns, p.present, p.missing = append(p.columns, column), append(p.present, weight*first), append(p.missing, weight*t.Missing)
	for k := 1; k < len(t.X); k++ {
		rise := weight * (t.Y[k] - t.Y[k-1])
		if t.Step {
			p.jumpOf, p.knot, p.jump = append(p.jumpOf, at), append(p.knot, t.X[k]), append(p.jump, rise)
		} else {
			p.slopeOf, p.low, p.high = append(p.slopeOf, at), append(p.low, t.X[k-1]), append(p.high, t.X[k])
			p.slope = append(p.slope, rise/(t.X[k]-t.X[k-1]))
		}
	}
}
