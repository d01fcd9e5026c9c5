package scorecard

import (
	"encoding/binary"
	"errors"
	"math"
)

// Kind names the decoder of a Model's bytes.
const Kind = "scorecard"

const codecVersion = 1

var errBytes = errors.New("scorecard: the bytes are not an additive table")

// AppendBinary appends the model's bytes: a version, the scale, the start, the
// number of columns, and for each its name, whether it is a category, its cuts
// or the cells of its levels, and its cells. Counts are varints, numbers
// little-endian. The error is always nil.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = appendFloats(append(b, codecVersion), m.scale.Unit, m.scale.Even, m.start)
	b = binary.AppendUvarint(b, uint64(len(m.columns)))
	for _, t := range m.columns {
		b = append(binary.AppendUvarint(b, uint64(len(t.Name))), t.Name...)
		if t.Category {
			b = binary.AppendUvarint(append(b, 1), uint64(len(t.Bin)))
			for _, k := range t.Bin {
				b = binary.AppendUvarint(b, uint64(k))
			}
		} else {
			b = binary.AppendUvarint(append(b, 0), uint64(len(t.Cuts)))
			b = appendFloats(b, t.Cuts...)
		}
		b = binary.AppendUvarint(b, uint64(len(t.Cells)))
		for _, c := range t.Cells {
			b = appendFloats(b, c.Leads, c.Won, c.WoE, c.Value)
		}
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
	r := reader{b: b}
	if r.byte() != codecVersion {
		return nil, errBytes
	}
	s, start := Scale{Unit: r.float(), Even: r.float()}, r.float()
	var columns []Column
	for n := r.count(4); len(columns) < n && !r.bad; {
		t := Column{Name: string(r.take(r.count(1)))}
		switch r.byte() {
		case 0:
			for n := r.count(8); len(t.Cuts) < n && !r.bad; {
				t.Cuts = append(t.Cuts, r.float())
			}
		case 1:
			t.Category = true
			for n := r.count(1); len(t.Bin) < n && !r.bad; {
				t.Bin = append(t.Bin, int(min(r.varint(), math.MaxInt32)))
			}
		default:
			return nil, errBytes
		}
		for n := r.count(32); len(t.Cells) < n && !r.bad; {
			t.Cells = append(t.Cells, Cell{r.float(), r.float(), r.float(), r.float()})
		}
		columns = append(columns, t)
	}
	if r.bad || len(r.b) > 0 {
		return nil, errBytes
	}
	return New(s, start, columns)
}

// reader takes values off the front of b; after a failure it gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad = r.bad || n > len(r.b); r.bad {
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

func (r *reader) float() float64 {
	if b := r.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// varint reads a count in the one way that AppendBinary writes it.
func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.bad = true
		return 0
	}
	r.take(n)
	return v
}

// count reads how many things of at least size bytes follow.
func (r *reader) count(size int) int {
	n := r.varint()
	if r.bad = r.bad || n > uint64(len(r.b)/size); r.bad {
		return 0
	}
	return int(n)
}
