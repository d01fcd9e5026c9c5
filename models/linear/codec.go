package linear

import (
	"encoding/binary"
	"errors"
	"math"
)

var errBytes = errors.New("linear: the bytes are not a linear model")

const codecVersion = 1

// AppendBinary appends the model's bytes: a version, the family, the constants,
// and for each term its flags, the value at missing, and counted knots.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, codecVersion, byte(m.family))
	b = appendFloats(b, m.base, m.lambda)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.terms)))
	for _, t := range m.terms {
		flags := byte(0)
		if t.category {
			flags |= 1
		}
		if t.step {
			flags |= 2
		}
		b = append(b, flags)
		b = appendFloats(b, t.missing)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.y)))
		b = appendFloats(b, t.x...)
		b = appendFloats(b, t.y...)
	}
	return b, nil
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// Decode reads what AppendBinary wrote, and nothing else: every length, order
// and number is checked, and memory stays in proportion to the bytes.
func Decode(b []byte) (*Model, error) {
	r := reader{b: b, ok: true}
	m := &Model{}
	version := r.byte()
	m.family = family(r.byte())
	m.base, m.lambda = r.float(), r.float()
	n := r.count(13)
	if version != codecVersion || m.family > counts || m.lambda < 0 {
		return nil, errBytes
	}
	for range n {
		flags := r.byte()
		t := term{category: flags&1 != 0, step: flags&2 != 0, missing: r.float()}
		size := 16
		if t.category {
			size = 8
		}
		k := r.count(size)
		if !r.ok || flags > 2 {
			return nil, errBytes
		}
		if !t.category {
			t.x = r.floats(k)
		}
		t.y = r.floats(k)
		for i := 1; i < len(t.x); i++ {
			r.ok = r.ok && t.x[i-1] < t.x[i]
		}
		if t.step && k == 0 {
			return nil, errBytes
		}
		m.terms = append(m.terms, t)
	}
	if !r.ok || len(r.b) != 0 {
		return nil, errBytes
	}
	return m, nil
}

// reader takes values off the front of bytes; ok turns false where they end
// early or hold a number out of range.
type reader struct {
	b  []byte
	ok bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.ok, r.b = false, nil
		return make([]byte, n)
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) float() float64 {
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	r.ok = r.ok && math.Abs(v) <= 1e150
	return v
}

// count reads a number of items of at least size bytes each.
func (r *reader) count(size int) int {
	n := int(binary.LittleEndian.Uint32(r.take(4)))
	if n > len(r.b)/size {
		r.ok = false
		return 0
	}
	return n
}

func (r *reader) floats(n int) []float64 {
	if n == 0 {
		return nil
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = r.float()
	}
	return x
}
