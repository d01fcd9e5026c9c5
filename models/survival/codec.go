package survival

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
)

// The kinds that Decode reads. Their bytes begin with one that tells them
// apart; numbers are little-endian, lists are preceded by their length.
const (
	KindHazards  = "piecewise"
	KindBaseline = "baseline"
	KindStack    = "stack"

	tagHazards  = 1
	tagBaseline = 2
	tagStack    = 3
)

// Kind implements models.Model.
func (h *Hazards) Kind() string { return KindHazards }

// Kind implements models.Model.
func (b *BaseRates) Kind() string { return KindBaseline }

// Kind implements models.Model.
func (s *Stack) Kind() string { return KindStack }

// AppendBinary implements models.Model.
func (h *Hazards) AppendBinary(b []byte) ([]byte, error) {
	b = h.axis.append(append(b, tagHazards))
	b = binary.AppendUvarint(b, uint64(h.columns))
	b = appendBytes(b, []byte(h.column))
	b = appendFloats(appendFloats(b, h.ages), h.base)
	for _, m := range h.models {
		var err error
		if b, err = appendModel(b, m); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// AppendBinary implements models.Model.
func (b *BaseRates) AppendBinary(dst []byte) ([]byte, error) {
	return b.append(append(dst, tagBaseline)), nil
}

func (b *BaseRates) append(dst []byte) []byte {
	dst = b.axis.append(dst)
	dst = binary.AppendUvarint(dst, uint64(b.columns))
	if b.chance {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	return appendFloats(dst, b.margins)
}

// AppendBinary implements models.Model.
func (s *Stack) AppendBinary(b []byte) ([]byte, error) {
	b = s.BaseRates.append(append(b, tagStack))
	b = appendFloats(b, s.blend.Offset)
	b = binary.AppendUvarint(b, uint64(len(s.components)))
	for _, w := range s.blend.Weight {
		b = appendFloats(b, w)
	}
	for _, m := range s.components {
		var err error
		if b, err = appendModel(b, m); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (a axis) append(b []byte) []byte {
	return appendFloats(append(b, byte(a.causes)), a.cuts)
}

func appendFloats(b []byte, v []float64) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// appendModel appends a nested model: its kind and its bytes; an empty kind
// for none.
func appendModel(b []byte, m models.Model) ([]byte, error) {
	if m == nil {
		return appendBytes(b, nil), nil
	}
	inner, err := m.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	return appendBytes(appendBytes(b, []byte(m.Kind())), inner), nil
}

// Decode reads what AppendBinary of *Hazards, *BaseRates or *Stack wrote.
// nested decodes the models inside, by kind; it may call Decode again. Bytes
// may come from anywhere: what Decode accepts does not make a model panic, as
// far as the nested models do not.
func Decode(b []byte, nested func(kind string, b []byte) (models.Model, error)) (models.Model, error) {
	r := &reader{b: b, nested: nested}
	var m models.Model
	switch tag := r.byte(); tag {
	case tagHazards:
		m = r.hazards()
	case tagBaseline:
		m = r.base()
	case tagStack:
		m = r.stack()
	default:
		r.fail("unknown kind")
	}
	if len(r.b) > 0 {
		r.fail("bytes after the end")
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// reader takes values off the front of b until something is wrong.
type reader struct {
	b      []byte
	nested func(kind string, b []byte) (models.Model, error)
	err    error
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New("survival: not a model: " + why)
	}
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail("it ends too early")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// count reads a length of things of at least size bytes each, which must be there.
func (r *reader) count(size int) int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64((len(r.b)-n)/size) {
		r.fail("a length is out of range")
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// columns reads a number of columns, which nothing in the bytes bounds.
func (r *reader) columns() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > math.MaxInt32 {
		r.fail("a number of columns is out of range")
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) bytes() []byte {
	n := r.count(1)
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// floats reads a list that must have want entries; −1 for any number.
func (r *reader) floats(want int) []float64 {
	n := r.count(8)
	if r.err != nil || want >= 0 && n != want {
		r.fail("a list has the wrong length")
		return nil
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.b[8*i:]))
	}
	r.b = r.b[8*n:]
	return v
}

// finite reads a list of finite numbers.
func (r *reader) finite(want int) []float64 {
	v := r.floats(want)
	for _, f := range v {
		if !finite(f) {
			r.fail("a number is not finite")
			return nil
		}
	}
	return v
}

func (r *reader) axis() axis {
	a := axis{causes: int(r.byte())}
	a.cuts = r.finite(-1)
	if r.err == nil {
		if err := a.check(); err != nil {
			r.fail(err.Error())
		}
	}
	return a
}

func (r *reader) base() *BaseRates {
	b := &BaseRates{axis: r.axis(), columns: r.columns()}
	flag := r.byte()
	b.chance = flag == 1
	if flag > 1 || b.chance && b.Outputs() != 1 {
		r.fail("a probability has one output")
	}
	b.margins = r.logRates(b.Outputs())
	return b
}

// logRates reads logs of rates: finite, or −Inf where nothing ever happened.
func (r *reader) logRates(want int) []float64 {
	rates := r.floats(want)
	for _, m := range rates {
		if m != m || math.IsInf(m, 1) {
			r.fail("a base rate is out of range")
		}
	}
	return rates
}

func (r *reader) hazards() *Hazards {
	h := &Hazards{axis: r.axis(), columns: r.columns(), column: string(r.bytes())}
	h.ages = r.finite(len(h.cuts) + 1)
	h.base = r.logRates(h.Outputs())
	for c := 0; c < h.causes && r.err == nil; c++ {
		m := r.model(true)
		if m != nil && m.Outputs() != 1 {
			r.fail("a rate has one output")
		}
		h.models = append(h.models, m)
	}
	return h
}

func (r *reader) stack() *Stack {
	s := &Stack{BaseRates: *r.base()}
	s.blend.Offset = r.finite(s.Outputs())
	n := r.count(1)
	for c := 0; c < s.causes && r.err == nil; c++ {
		s.blend.Weight = append(s.blend.Weight, r.finite(n))
	}
	for j := 0; j < n && r.err == nil; j++ {
		m, ok := r.model(false).(models.Additive)
		if r.err == nil && (!ok || m.Outputs() != s.Outputs()) {
			r.fail("a component has other outputs than its stack")
		}
		s.components = append(s.components, m)
	}
	return s
}

// model reads a nested model. Models of rates do not stand inside one another
// but for the components of a stack, so nesting has an end.
func (r *reader) model(inHazards bool) models.Model {
	kind, b := string(r.bytes()), []byte(nil)
	if kind == "" && inHazards || r.err != nil {
		return nil
	}
	if b = r.bytes(); r.err != nil {
		return nil
	}
	if kind == KindStack || inHazards && (kind == KindHazards || kind == KindBaseline) {
		r.fail("a model of kind " + KindStack + " or of rates inside another")
		return nil
	}
	if r.nested == nil {
		r.fail("nobody decodes the models inside")
		return nil
	}
	m, err := r.nested(kind, b)
	if err != nil || m == nil {
		r.fail("a model inside")
		r.err = fmt.Errorf("survival: not a model: inside: %w", err)
		return nil
	}
	return m
}
