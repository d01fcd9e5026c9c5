package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
	"github.com/leadcast/leadcast/models/tree"
)

// Kind names the decoder of a Model's bytes.
const Kind = "imported"

// Model is the probability of another program's model over the columns of a
// matrix of ours. It implements models.Additive; its margin is the log-odds.
type Model struct {
	program string
	columns []bool // per column of the matrix: categories
	asks    []ask
	trees   *tree.Ensemble // over the asks
}

// Input says which column of a matrix gives a feature of a file.
type Input struct {
	Column int
	Codes  []int32 // for each category of the column the program's own, −1 where it had none; nil: values are as the program saw them
}

// Bind makes the model of a file over the columns of a matrix, of which
// categorical tells those of categories; inputs are those of its features, in
// order. It refuses what is not the probability of one event. A category that
// the program had not met is treated as the program treats one.
func (f *File) Bind(categorical []bool, inputs []Input) (*Model, error) {
	if !f.link.chance || len(f.outputs) != 1 {
		return nil, wrong("", "the %s model with objective %q gives no probability of being won: only models of one yes/no outcome can be imported (binary or cross_entropy of LightGBM; binary:logistic, binary:logitraw or reg:logistic of XGBoost)", f.Program, f.Objective)
	}
	m := &Model{program: f.Program, columns: categorical}
	for _, a := range f.asks {
		in := inputs[a.column]
		if categorical[in.Column] {
			a.reading = asItIs
		}
		m.asks = append(m.asks, ask{in.Column, a.reading})
	}
	e := f.outputs[0]
	m.trees = tree.New(len(m.asks), float64(e.Base()*f.scale))
	for k := range e.Trees() {
		nodes := e.Nodes(k)
		for i := range nodes {
			n := &nodes[i]
			n.Value = float64(n.Value * f.scale)
			if n.Feature >= 0 {
				recode(n, inputs[f.asks[n.Feature].column].Codes)
			}
		}
		if err := m.trees.Add(nodes); err != nil {
			return nil, fmt.Errorf("exchange: %w", err)
		}
	}
	return m, nil
}

// recode turns the question of a node about the program's categories into one
// about ours. A number that the program made of categories becomes a set.
func recode(n *tree.Node, codes []int32) {
	if codes == nil {
		return
	}
	set := make([]uint64, (len(codes)+63)/64)
	for k, code := range codes {
		left := code >= 0 && float64(code) <= n.Threshold
		switch {
		case n.Categories != nil:
			left = code >= 0 && int(code)/64 < len(n.Categories) && n.Categories[code/64]>>(code%64)&1 == 1
		case code < 0:
			left = n.MissingLeft
		}
		if left {
			set[k/64] |= 1 << (k % 64)
		}
	}
	n.Categories = set
}

// Outputs is 1.
func (m *Model) Outputs() int { return 1 }

// Kind is "imported".
func (m *Model) Kind() string { return Kind }

// Program is the program that wrote the model.
func (m *Model) Program() string { return m.program }

// Trees is the number of trees.
func (m *Model) Trees() int { return m.trees.Trees() }

// Predict writes the probability of each row.
func (m *Model) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	for i, v := range dst {
		dst[i] = portable.Sigmoid(v)
	}
	return nil
}

// Margins writes the log-odds of each row.
func (m *Model) Margins(dst []float64, x *matrix.Matrix) error {
	if err := m.check(x); err != nil {
		return err
	}
	return m.trees.Margins(dst, view(x, m.asks))
}

// Shares splits the weighted sum of margins over the columns; see
// tree.Ensemble.Shares.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	parts := make([]float64, len(m.asks))
	base, err = m.trees.Shares(parts, view(x, m.asks), weights)
	for k, a := range m.asks {
		dst[a.column] += parts[k]
	}
	return base, err
}

// Interactions implements models.Interacting; see tree.Explainer.
func (m *Model) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	if err := m.check(x); err != nil {
		return err
	}
	e, err := m.trees.Explainer(nil)
	if err != nil {
		return err
	}
	asks, n := len(m.asks), len(m.columns)
	pairs := make([]float64, x.Rows*asks*asks)
	if err := e.Interactions(pairs, view(x, m.asks)); err != nil {
		return err
	}
	for i, w := range weights {
		for a, one := range m.asks {
			for b, other := range m.asks {
				dst[(i*n+one.column)*n+other.column] += float64(w * pairs[(i*asks+a)*asks+b])
			}
		}
	}
	return nil
}

// Mean is the mean log-odds of the rows that the program was trained on, by
// the covers of its nodes: what shares are counted from.
func (m *Model) Mean() float64 {
	nothing := &matrix.Matrix{Rows: 1, Columns: make([]matrix.Column, len(m.asks))}
	for k := range nothing.Columns {
		nothing.Columns[k].Nums = []float64{math.NaN()}
	}
	mean, err := m.trees.Shares(make([]float64, len(m.asks)), nothing, []float64{1})
	if err != nil {
		panic(err) // only for another number of columns
	}
	return mean
}

func (m *Model) check(x *matrix.Matrix) error {
	if len(x.Columns) != len(m.columns) {
		return fmt.Errorf("exchange: %d columns, the model takes %d", len(x.Columns), len(m.columns))
	}
	for j := range x.Columns {
		if x.Columns[j].Categorical() != m.columns[j] {
			return fmt.Errorf("exchange: column %q: numbers where the model takes categories, or the reverse", x.Columns[j].Name)
		}
	}
	return nil
}

// AppendBinary appends the model's bytes: the program's name after a length
// byte; the number of columns and a byte for each, 1 for categories; the
// number of asks, each a column (varint) and a reading; then the ensemble.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	b = append(append(b, byte(len(m.program))), m.program...)
	b = binary.AppendUvarint(b, uint64(len(m.columns)))
	for _, c := range m.columns {
		if c {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(m.asks)))
	for _, a := range m.asks {
		b = append(binary.AppendUvarint(b, uint64(a.column)), byte(a.reading))
	}
	return m.trees.AppendBinary(b)
}

// Decode reads what AppendBinary wrote. It refuses anything else, so that the
// model's methods need not look again.
func Decode(b []byte) (*Model, error) {
	short := errors.New("exchange: bytes end too early")
	count := func(size int) int { // of things of at least size bytes each; −1 where they are not there
		v, n := binary.Uvarint(b)
		if n <= 0 || v > uint64((len(b)-n)/size) {
			return -1
		}
		b = b[n:]
		return int(v)
	}
	m := &Model{}
	n := count(1) // a name's length is below 128
	if n < 0 {
		return nil, short
	}
	m.program, b = string(b[:n]), b[n:]
	if n = count(1); n < 0 {
		return nil, short
	}
	for _, c := range b[:n] {
		m.columns = append(m.columns, c == 1)
	}
	b = b[n:]
	if n = count(2); n < 0 {
		return nil, short
	}
	for range n {
		j, size := binary.Uvarint(b)
		if size <= 0 || size >= len(b) {
			return nil, short
		}
		a := ask{column: int(min(j, mostFeatures)), reading: reading(b[size])}
		if a.column >= len(m.columns) || a.reading >= readings {
			return nil, errors.New("exchange: an ask of no column, or of no reading")
		}
		m.asks, b = append(m.asks, a), b[size+1:]
	}
	trees, rest, err := tree.Decode(b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("exchange: %w", err)
	case len(rest) > 0:
		return nil, fmt.Errorf("exchange: %d bytes too many", len(rest))
	case trees.Columns() != len(m.asks):
		return nil, errors.New("exchange: trees over another number of columns")
	}
	m.trees = trees
	return m, nil
}
