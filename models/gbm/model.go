package gbm

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Kind names the decoder of a Model's bytes.
const Kind = "gbm"

// Model is a fitted booster. It implements models.Additive.
type Model struct {
	objective   Objective
	categorical []bool // per column of the matrix
	trees       *tree.Ensemble
}

// Outputs is 1.
func (m *Model) Outputs() int { return 1 }

// Kind is "gbm".
func (m *Model) Kind() string { return Kind }

// Trees is the number of trees kept.
func (m *Model) Trees() int { return m.trees.Trees() }

// Predict writes a probability or a rate per unit of exposure for each row.
func (m *Model) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	for i, v := range dst {
		dst[i] = m.objective.Link(v)
	}
	return nil
}

// Margins writes the log-odds or the log of the rate of each row.
func (m *Model) Margins(dst []float64, x *matrix.Matrix) error {
	if err := m.check(x); err != nil {
		return err
	}
	return m.trees.Margins(dst, x)
}

// Shares splits the weighted sum of margins over the columns; see
// tree.Ensemble.Shares.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	return m.trees.Shares(dst, x, weights)
}

func (m *Model) check(x *matrix.Matrix) error {
	if len(x.Columns) != len(m.categorical) {
		return fmt.Errorf("gbm: %d columns, the model was fitted to %d", len(x.Columns), len(m.categorical))
	}
	for j := range x.Columns {
		if x.Columns[j].Categorical() != m.categorical[j] {
			return fmt.Errorf("gbm: column %q: numbers where the model was fitted to categories, or the reverse", x.Columns[j].Name)
		}
	}
	return nil
}

// AppendBinary appends the model's bytes; the error is always nil.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, byte(len(m.objective.Name())))
	b = append(b, m.objective.Name()...)
	b = binary.AppendUvarint(b, uint64(len(m.categorical)))
	for _, c := range m.categorical {
		flag := byte(0)
		if c {
			flag = 1
		}
		b = append(b, flag)
	}
	return m.trees.AppendBinary(b)
}

// Decode reads what AppendBinary wrote. It refuses anything else, so that the
// model's methods need not look again.
func Decode(b []byte) (*Model, error) {
	bad := errors.New("gbm: bytes end too early")
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return nil, bad
	}
	m := &Model{}
	name, b := string(b[1:1+b[0]]), b[1+b[0]:]
	for _, o := range objectives {
		if o.Name() == name {
			m.objective = o
		}
	}
	if m.objective == nil {
		return nil, errors.New("gbm: unknown objective")
	}
	columns, n := binary.Uvarint(b)
	if n <= 0 || columns > uint64(len(b)-n) {
		return nil, bad
	}
	b = b[n:]
	m.categorical = make([]bool, columns)
	for j := range m.categorical {
		m.categorical[j] = b[j] == 1
	}
	var err error
	m.trees, b, err = tree.Decode(b[columns:])
	switch {
	case err != nil:
		return nil, fmt.Errorf("gbm: %w", err)
	case len(b) > 0:
		return nil, fmt.Errorf("gbm: %d bytes too many", len(b))
	case m.trees.Columns() != int(columns):
		return nil, errors.New("gbm: trees over another number of columns")
	}
	return m, nil
}
