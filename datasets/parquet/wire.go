package parquet

import (
	"encoding/binary"
	"errors"
)

// wire reads Thrift's compact protocol, in which Parquet writes its footer and
// page headers, as far as is needed to check sizes before a full decoder
// allocates by them. It panics on what cannot be: every use is guarded.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type wire struct{ b []byte }

// The wire types that are told apart.
const (
	wireTrue   = 1
	wireFalse  = 2
	wireByte   = 3
	wireI32    = 5
	wireI64    = 6
	wireDouble = 7
	wireBinary = 8
	wireList   = 9
	wireSet    = 10
	wireMap    = 11
	wireStruct = 12
)

var errWire = errors.New("parquet: not a Thrift structure")

func (w *wire) take(n uint64) []byte {
	if n > uint64(len(w.b)) {
		panic(errWire)
	}
	b := w.b[:n]
	w.b = w.b[n:]
	return b
}

func (w *wire) uvarint() uint64 {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		panic(errWire)
	}
	w.b = w.b[n:]
	return v
}

// int reads an integer of any width.
func (w *wire) int() int64 {
	u := w.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// bytes reads a text or binary value.
func (w *wire) bytes() []byte { return w.take(w.uvarint()) }

// list reads the head of a list: no more elements than there are bytes left.
func (w *wire) list() (n int, typ byte) {
	h := w.take(1)[0]
	u := uint64(h >> 4)
	if u == 15 {
		u = w.uvarint()
	}
	if u > uint64(len(w.b)) {
		panic(errWire)
	}
	return int(u), h & 15
}

// fields reads a structure: visit reads the value of a field and says true, or
// leaves it to be skipped.
func (w *wire) fields(depth int, visit func(id int, typ byte) bool) {
	for id := 0; ; {
		h := w.take(1)[0]
		typ := h & 15
		if typ == 0 {
			return
		}
		if h>>4 != 0 {
			id += int(h >> 4)
		} else {
			id = int(w.int())
		}
		if !visit(id, typ) {
			w.skip(typ, depth+1)
		}
	}
}

func (w *wire) skip(typ byte, depth int) {
	if depth > 32 {
		panic(errWire)
	}
	switch {
	case typ == wireTrue || typ == wireFalse: // the value is in the type
	case typ == wireByte:
		w.take(1)
	case typ <= wireI64:
		w.uvarint()
	case typ == wireDouble:
		w.take(8)
	case typ == wireBinary:
		w.bytes()
	case typ == wireList || typ == wireSet:
		n, of := w.list()
		for range n {
			w.element(of, depth+1)
		}
	case typ == wireMap:
		n := w.uvarint()
		if n > uint64(len(w.b)) {
			panic(errWire)
		}
		if n > 0 {
			kv := w.take(1)[0]
			for range n {
				w.element(kv>>4, depth+1)
				w.element(kv&15, depth+1)
			}
		}
	case typ == wireStruct:
		w.fields(depth+1, func(int, byte) bool { return false })
	default:
		panic(errWire)
	}
}

// element skips a value in a list, where booleans take a byte.
func (w *wire) element(typ byte, depth int) {
	if typ == wireTrue || typ == wireFalse {
		typ = wireByte
	}
	w.skip(typ, depth)
}
