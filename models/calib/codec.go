package calib

import (
	"encoding/binary"
	"errors"
	"math"
)

var errBytes = errors.New("calib: the bytes are not a calibration map")

const (
	codecVersion = 1
	largest      = 1e150 // of any number in the bytes
)

// AppendBinary appends the map's bytes: a version, the form, the three
// coefficients, and counted knots.
func (m Map) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, codecVersion, byte(m.form))
	b = floats(b, m.A, m.B, m.C)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.x)))
	return floats(floats(b, m.x...), m.y...), nil
}

func floats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// Decode reads what AppendBinary wrote, and nothing else; every number is checked.
func Decode(b []byte) (Map, error) {
	const head = 2 + 3*8 + 4
	if len(b) < head || b[0] != codecVersion || b[1] > byte(byKnots) {
		return Map{}, errBytes
	}
	n := int(binary.LittleEndian.Uint32(b[head-4:]))
	m := Map{form: form(b[1])}
	if (n > 0) != (m.form == byKnots) || (len(b)-head)%16 != 0 || (len(b)-head)/16 != n {
		return Map{}, errBytes
	}
	at := func(offset int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[offset:])) }
	m.A, m.B, m.C = at(2), at(10), at(18)
	if !finite(m.A, m.B, m.C) || math.Abs(m.A) > largest || math.Abs(m.B) > largest || math.Abs(m.C) > largest {
		return Map{}, errBytes
	}
	for k := range n {
		x, y := at(head+8*k), at(head+8*(n+k))
		if !(math.Abs(x) <= largest) || !(y >= 0 && y <= 1) || k > 0 && (x <= m.x[k-1] || y < m.y[k-1]) {
			return Map{}, errBytes
		}
		m.x, m.y = append(m.x, x), append(m.y, y)
	}
	return m, nil
}
