package exchange

import (
	"encoding/binary"
	"fmt"
)

// The element types of ONNX tensors that are used here.
const (
	onnxFloat  = 1
	onnxInt    = 7
	onnxText   = 8
	onnxDouble = 11
)

// graph is an ONNX graph while it is written. Tensors are columns of numbers,
// [rows, 1], but for those that are said to be wider.
type graph struct {
	nodes, constants, inputs message
	count                    int
}

// attribute is a named constant of a node, in ONNX's AttributeProto.
type attribute message

func newAttribute(name string, kind int64, fill func(*message)) attribute {
	var m message
	m.text(1, name)
	fill(&m)
	m.int(20, kind)
	return attribute(m)
}

func attributeInt(name string, v int64) attribute {
	return newAttribute(name, 2, func(m *message) { m.int(3, v) })
}

func attributeText(name, v string) attribute {
	return newAttribute(name, 3, func(m *message) { m.text(4, v) })
}

func attributeDoubles(name string, list []float64) attribute {
	return newAttribute(name, 4, func(m *message) { m.bytes(5, tensor("", onnxDouble, raw64(list), int64(len(list)))) })
}

func attributeInts(name string, list []int64) attribute {
	return newAttribute(name, 7, func(m *message) { m.ints(8, list) })
}

func attributeTexts(name string, list []string) attribute {
	return newAttribute(name, 8, func(m *message) { m.texts(9, list) })
}

// tensor is a TensorProto.
func tensor(name string, kind int64, raw []byte, dims ...int64) []byte {
	var m message
	m.ints(1, dims)
	m.int(2, kind)
	if name != "" {
		m.text(8, name)
	}
	m.bytes(9, raw)
	return m
}

// value is a ValueInfoProto of a tensor of [rows, 1].
func value(name string, kind int64) []byte {
	var rows, one, shape, of, kinds, m message
	rows.text(2, "rows")
	one.int(1, 1)
	shape.bytes(1, rows)
	shape.bytes(1, one)
	of.int(1, kind)
	of.bytes(2, shape)
	kinds.bytes(1, of)
	m.text(1, name)
	m.bytes(2, kinds)
	return m
}

func (g *graph) name() string {
	g.count++
	return fmt.Sprintf("t%d", g.count)
}

// input adds an input of the model.
func (g *graph) input(name string, kind int64) string {
	g.inputs.bytes(11, value(name, kind))
	return name
}

// doubles adds a constant.
func (g *graph) doubles(list []float64, dims ...int64) string {
	name := g.name()
	g.constants.bytes(5, tensor(name, onnxDouble, raw64(list), dims...))
	return name
}

// ints adds a constant.
func (g *graph) ints(list []int64, dims ...int64) string {
	name, raw := g.name(), make([]byte, 0, 8*len(list))
	for _, v := range list {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.constants.bytes(5, tensor(name, onnxInt, raw, dims...))
	return name
}

// op adds a node and gives the name of what it computes.
func (g *graph) op(kind string, inputs []string, attributes ...attribute) string {
	return g.named(g.name(), "", kind, inputs, attributes...)
}

// ml is op of the operators for classical models.
func (g *graph) ml(kind string, inputs []string, attributes ...attribute) string {
	return g.named(g.name(), "ai.onnx.ml", kind, inputs, attributes...)
}

func (g *graph) named(output, domain, kind string, inputs []string, attributes ...attribute) string {
	var m message
	m.texts(1, inputs)
	m.text(2, output)
	m.text(3, kind+"_"+output)
	m.text(4, kind)
	for _, a := range attributes {
		m.bytes(5, a)
	}
	if domain != "" {
		m.text(7, domain)
	}
	g.nodes.bytes(1, m)
	return output
}

// model is the ModelProto of a graph with one output of floats.
func (g *graph) model(output string) []byte {
	var body, m message
	body = append(body, g.nodes...)
	body.text(2, "leadcast")
	body = append(body, g.constants...)
	body = append(body, g.inputs...)
	body.bytes(12, value(output, onnxFloat))
	m.int(1, 8)
	m.text(2, "leadcast")
	m.bytes(7, body)
	for _, o := range []struct {
		domain  string
		version int64
	}{{"", 17}, {"ai.onnx.ml", 3}} {
		var set message
		set.text(1, o.domain)
		set.int(2, o.version)
		m.bytes(8, set)
	}
	return m
}
