package tree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The bytes of an ensemble: a little-endian uint64 length of what follows,
// then columns, base, number of trees; per tree its number of nodes and the
// nodes in breadth-first order. A node is a flag byte, its cover, and either
// the leaf's value or column and threshold or set. Children are not written:
// those of the k-th inner node of a tree stand at 1+2k.
const (
	flagLeaf        = 1
	flagMissingLeft = 2
	flagCategory    = 4
	smallestNode    = 1 + 8 + 8 // flag, cover, value
)

var errShort = errors.New("tree: bytes end too early")

// AppendBinary appends the ensemble's bytes; the error is always nil.
func (e *Ensemble) AppendBinary(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, 8)...)
	b = binary.AppendUvarint(b, uint64(e.columns))
	b = appendFloat(b, e.base)
	b = binary.AppendUvarint(b, uint64(len(e.roots)))
	for k := range e.roots {
		from, to := e.tree(k)
		b = binary.AppendUvarint(b, uint64(to-from))
		for i := from; i < to; i++ {
			b = e.appendNode(b, i)
		}
	}
	binary.LittleEndian.PutUint64(b[start:], uint64(len(b)-start-8))
	return b, nil
}

func (e *Ensemble) appendNode(b []byte, i int) []byte {
	n := &e.nodes[i]
	if int(n.left) == i {
		return appendFloat(appendFloat(append(b, flagLeaf), e.covers[i]), e.values[i])
	}
	flags := byte(0)
	if n.ask&missingLeft != 0 {
		flags |= flagMissingLeft
	}
	if n.ask&category != 0 {
		flags |= flagCategory
	}
	b = appendFloat(append(b, flags), e.covers[i])
	b = binary.AppendUvarint(b, uint64(n.ask&columnMask))
	set := e.categories(n)
	if set == nil {
		return binary.LittleEndian.AppendUint64(b, n.key)
	}
	b = binary.AppendUvarint(b, uint64(len(set)))
	for _, w := range set {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// Decode reads what AppendBinary wrote from the front of b and returns what
// follows it. It refuses whatever is not a proper ensemble, so that no method
// of the result needs to look again, and allocates in proportion to b only.
func Decode(b []byte) (e *Ensemble, rest []byte, err error) {
	if len(b) < 8 {
		return nil, nil, errShort
	}
	size := binary.LittleEndian.Uint64(b)
	if size > uint64(len(b)-8) {
		return nil, nil, errShort
	}
	r := reader{b: b[8 : 8+size]}
	rest = b[8+size:]
	e = New(r.count(maxColumns), r.float())
	if r.err == nil && (math.IsNaN(e.base) || math.IsInf(e.base, 0)) {
		return nil, nil, errors.New("tree: base is not a number")
	}
	trees := r.count(len(r.b) / (1 + smallestNode))
	for k := 0; k < trees && r.err == nil; k++ {
		nodes := make([]Node, r.count(len(r.b)/smallestNode))
		for i := range nodes {
			nodes[i] = r.node()
		}
		if r.err == nil {
			if err := e.append(nodes); err != nil {
				return nil, nil, fmt.Errorf("tree: %w", err)
			}
		}
	}
	if r.err == nil && len(r.b) > 0 {
		r.err = fmt.Errorf("tree: %d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	return e, rest, nil
}

// reader takes values off the front of b; after a failure it gives zeros.
type reader struct {
	b   []byte
	err error
}

// count reads a number that must not exceed limit.
func (r *reader) count(limit int) int {
	v, n := binary.Uvarint(r.b)
	if r.err == nil && n <= 0 {
		r.err = errShort
	}
	if r.err == nil && v > uint64(limit) {
		r.err = fmt.Errorf("tree: a count of %d where at most %d fit", v, limit)
	}
	if r.err != nil {
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) word() uint64 {
	if r.err == nil && len(r.b) < 8 {
		r.err = errShort
	}
	if r.err != nil {
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) float() float64 { return math.Float64frombits(r.word()) }

func (r *reader) node() Node {
	if r.err == nil && len(r.b) == 0 {
		r.err = errShort
	}
	if r.err != nil {
		return Node{}
	}
	flags := r.b[0]
	r.b = r.b[1:]
	if flags == flagLeaf {
		return Node{Feature: -1, Cover: r.float(), Value: r.float()}
	}
	if flags&^(flagMissingLeft|flagCategory) != 0 {
		r.err = fmt.Errorf("tree: unknown node flags %#x", flags)
		return Node{}
	}
	n := Node{Cover: r.float(), Feature: r.count(maxColumns), MissingLeft: flags&flagMissingLeft != 0}
	if flags&flagCategory == 0 {
		n.Threshold = r.float()
		return n
	}
	n.Categories = make([]uint64, r.count(min(maxWords, len(r.b)/8)))
	for i := range n.Categories {
		n.Categories[i] = r.word()
	}
	return n
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}
