package gbm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/tree"
)

// The bytes of a model of one margin: its objective's name after a length byte; the number
// of columns and a byte for each, 1 for categories; the number of statistics
// and each one's columns, prior and table; then the ensemble. Counts are
// varints, numbers little-endian. Levels are written as differences.

// AppendBinary appends the model's bytes; the error is always nil.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, byte(len(m.objective.Name())))
	b = append(b, m.objective.Name()...)
	b = binary.AppendUvarint(b, uint64(len(m.categorical)))
	for _, c := range m.categorical {
		if c {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(m.statistics)))
	for _, s := range m.statistics {
		b = binary.AppendUvarint(b, uint64(len(s.columns)))
		for _, j := range s.columns {
			b = binary.AppendUvarint(b, uint64(j))
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.prior))
		b = binary.AppendUvarint(b, uint64(len(s.levels)))
		last := uint64(0)
		for k, level := range s.levels {
			b = binary.AppendUvarint(b, level-last)
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.rates[k]))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.counts[k]))
			last = level
		}
	}
	return m.trees.AppendBinary(b)
}

// Decode reads what a model of this package has written, of one margin or of
// several classes. It refuses anything else, so that the model's methods need
// not look again.
func Decode(b []byte) (models.Model, error) {
	if len(b) > 0 && b[0] == 0 {
		return decodeClasses(b[1:])
	}
	m, err := decode(b)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func decode(b []byte) (*Model, error) {
	r := reader{b: b}
	m := &Model{}
	if m.objective = named(string(r.take(int(r.byte())))); m.objective == nil {
		return nil, errors.New("gbm: unknown objective")
	}
	m.categorical = make([]bool, r.count(1))
	for j := range m.categorical {
		m.categorical[j] = r.byte() == 1
	}
	for range r.count(10) {
		m.statistics = append(m.statistics, r.statistic(m.categorical))
	}
	if r.err != nil {
		return nil, r.err
	}
	trees, rest, err := tree.Decode(r.b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("gbm: %w", err)
	case len(rest) > 0:
		return nil, fmt.Errorf("gbm: %d bytes too many", len(rest))
	case trees.Columns() != len(m.categorical)+2*len(m.statistics):
		return nil, errors.New("gbm: trees over another number of columns")
	}
	m.trees = trees
	return m, nil
}

// reader takes values off the front of b; after a failure it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = errors.New("gbm: bytes end too early")
	}
	if r.err != nil {
		return nil
	}
	front := r.b[:n]
	r.b = r.b[n:]
	return front
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		n = len(r.b) + 1
	}
	r.take(n)
	if r.err != nil {
		return 0
	}
	return v
}

// count reads how many things of at least size bytes follow.
func (r *reader) count(size int) int {
	n := r.varint()
	if r.err == nil && n > uint64(len(r.b)/size) {
		r.err = errors.New("gbm: bytes end too early")
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *reader) float() float64 {
	if b := r.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (r *reader) statistic(categorical []bool) (s statistic) {
	s.columns = make([]int, r.count(1))
	for i := range s.columns {
		j := r.varint()
		if r.err == nil && (j >= uint64(len(categorical)) || !categorical[j]) {
			r.err = errors.New("gbm: statistic of a column without categories")
		}
		s.columns[i] = int(j)
	}
	s.prior = r.float()
	n := r.count(17)
	s.levels, s.rates, s.counts = make([]uint64, n), make([]float64, n), make([]float64, n)
	last := uint64(0)
	for k := range n {
		last += r.varint()
		s.levels[k], s.rates[k], s.counts[k] = last, r.float(), r.float()
	}
	if r.err == nil && (!slices.IsSorted(s.levels) || len(s.columns) == 0) {
		r.err = errors.New("gbm: table of a statistic out of order")
	}
	return s
}
