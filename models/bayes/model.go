package bayes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Model is a fitted classifier: log-odds are a constant plus one value of each
// column. All its arithmetic gives the same bits on every CPU.
type Model struct {
	base  float64 // mean margin of the fitted rows
	terms []term  // one a column, each of mean zero over the fitted rows
}

// term is the part of one column in the margin: a value a cell.
type term struct {
	category bool
	cuts     []float64 // of a number: cell k holds what is above cut k−1 and not above cut k
	values   []float64 // the last one is that of missing, and of levels unseen
}

// cell is where row i of a column belongs.
func (t *term) cell(c *matrix.Column, i int) int {
	missing := len(t.values) - 1
	if !t.category {
		if v := c.Num(i); v == v {
			return sort.SearchFloat64s(t.cuts, v)
		}
	} else if k := int(c.Code(i)); k >= 0 && k < missing {
		return k
	}
	return missing
}

// centre scales the values and moves them to a mean of zero over rows; it
// gives the mean they had.
func (t *term) centre(c *matrix.Column, rows []row, factor float64) float64 {
	sum, weight := 0.0, 0.0
	for _, r := range rows {
		sum += float64(r.w * t.values[t.cell(c, r.at)])
		weight += r.w
	}
	mean := float64(sum / weight * factor)
	for k, v := range t.values {
		t.values[k] = float64(v*factor) - mean
	}
	return mean
}

// Outputs is 1: a probability.
func (m *Model) Outputs() int { return 1 }

// Kind is "bayes".
func (m *Model) Kind() string { return "bayes" }

func (m *Model) check(x *matrix.Matrix) error {
	if len(x.Columns) != len(m.terms) {
		return fmt.Errorf("bayes: the matrix has %d columns, the model was fitted to %d", len(x.Columns), len(m.terms))
	}
	for j := range x.Columns {
		c, t := &x.Columns[j], &m.terms[j]
		if c.Categorical() != t.category || t.category && c.Levels != len(t.values)-1 {
			return fmt.Errorf("bayes: column %d (%s) is not of the kind that the model was fitted to", j+1, c.Name)
		}
	}
	return nil
}

// Margins writes the log-odds of each row.
func (m *Model) Margins(dst []float64, x *matrix.Matrix) error {
	if err := m.check(x); err != nil {
		return err
	}
	for i := range dst[:x.Rows] {
		dst[i] = m.base
		for j := range m.terms {
			t := &m.terms[j]
			dst[i] += t.values[t.cell(&x.Columns[j], i)]
		}
	}
	return nil
}

// Predict writes the probability of each row.
func (m *Model) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	for i, v := range dst[:x.Rows] {
		dst[i] = portable.Sigmoid(v)
	}
	return nil
}

// Interactions implements models.Interacting: columns act apart.
func (m *Model) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	return models.Apart(m, dst, x, weights)
}

// Shares adds Σ weights·(value of each column) to dst and returns Σ
// weights·base; base is the mean margin of the fitted rows.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	for i, w := range weights[:x.Rows] {
		base += float64(w * m.base)
		for j := range m.terms {
			t := &m.terms[j]
			dst[j] += float64(w * t.values[t.cell(&x.Columns[j], i)])
		}
	}
	return base, nil
}

const codecVersion = 1

var errBytes = errors.New("bayes: the bytes are not a naive Bayes model")

// AppendBinary appends the model's bytes: a version, the base, the number of
// columns, and for each whether it is a category, the number of its values,
// its cuts and its values.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = appendFloats(append(b, codecVersion), m.base)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.terms)))
	for _, t := range m.terms {
		kind := byte(0)
		if t.category {
			kind = 1
		}
		b = binary.LittleEndian.AppendUint32(append(b, kind), uint32(len(t.values)))
		b = appendFloats(appendFloats(b, t.cuts...), t.values...)
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
	if len(b) < 13 || b[0] != codecVersion {
		return nil, errBytes
	}
	base, b, ok := floats(b[1:], 1, mostMargin)
	if !ok {
		return nil, errBytes
	}
	m := &Model{base: base[0]}
	columns := int(binary.LittleEndian.Uint32(b))
	for b = b[4:]; len(m.terms) < columns; {
		if len(b) < 5 || b[0] > 1 {
			return nil, errBytes
		}
		t, n, sound := term{category: b[0] == 1}, int(binary.LittleEndian.Uint32(b[1:])), true
		if b = b[5:]; !t.category {
			t.cuts, b, sound = floats(b, n-2, math.MaxFloat64)
		}
		if t.values, b, ok = floats(b, n, mostMargin); !ok || !sound || n < 1 {
			return nil, errBytes
		}
		for i := 1; i < len(t.cuts); i++ {
			if t.cuts[i-1] >= t.cuts[i] {
				return nil, errBytes
			}
		}
		m.terms = append(m.terms, t)
	}
	if len(b) > 0 {
		return nil, errBytes
	}
	return m, nil
}

// mostMargin bounds what is decoded, so that no sum overflows.
const mostMargin = 1e100

// floats takes n numbers of at most most, in absolute value, off the front of b.
func floats(b []byte, n int, most float64) (values []float64, rest []byte, ok bool) {
	if n < 0 || n > len(b)/8 {
		return nil, b, false
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		if !(math.Abs(values[i]) <= most) {
			return nil, b, false
		}
	}
	return values, b[8*n:], true
}
