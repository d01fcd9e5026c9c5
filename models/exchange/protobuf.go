package exchange

import (
	"encoding/binary"
	"math"
)

// message is a Protocol Buffers message while it is written: fields by their
// numbers, as developers.google.com/protocol-buffers/docs/encoding has it.
type message []byte

func (m *message) tag(field, wire int) { m.varint(uint64(field<<3 | wire)) }

func (m *message) varint(v uint64) { *m = binary.AppendUvarint(*m, v) }

func (m *message) int(field int, v int64) {
	m.tag(field, 0)
	m.varint(uint64(v))
}

func (m *message) bytes(field int, b []byte) {
	m.tag(field, 2)
	m.varint(uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) text(field int, s string) { m.bytes(field, []byte(s)) }

func (m *message) texts(field int, list []string) {
	for _, s := range list {
		m.text(field, s)
	}
}

func (m *message) ints(field int, list []int64) {
	var packed message
	for _, v := range list {
		packed.varint(uint64(v))
	}
	m.bytes(field, packed)
}

// raw64 is the little-endian bytes of numbers.
func raw64(list []float64) []byte {
	b := make([]byte, 0, 8*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}
