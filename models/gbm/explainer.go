package gbm

import (
	"math"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Explainer splits what a booster says of many rows over the columns of its
// matrix, and over pairs of them; see tree.Explainer. What target statistics
// do is shared equally by the columns that they are of.
type Explainer struct {
	m         *Model
	trees     *tree.Explainer
	predicted bool
}

// Explainer prepares to explain many rows, on the scale of margins. A nil
// background means the covers of the trees; with one, a column that is not
// known takes its value from each of its rows in turn. For errors see
// tree.Ensemble.Explainer.
func (m *Model) Explainer(background *matrix.Matrix) (*Explainer, error) {
	if background != nil {
		if err := m.check(background); err != nil {
			return nil, err
		}
		background = m.extend(background)
	}
	trees, err := m.trees.Explainer(background)
	if err != nil {
		return nil, err
	}
	return &Explainer{m: m, trees: trees}, nil
}

// Predicted is the explainer on the scale of predictions: shares and pairs of
// the margin times (prediction − base)/(margin − margin of base), which is the
// price of Aumann and Shapley (1974) along the straight path between the two.
// So what adds up to a row's margin adds up to its prediction.
func (x *Explainer) Predicted() *Explainer {
	return &Explainer{m: x.m, trees: x.trees, predicted: true}
}

// Base is what shares are counted from: the mean margin, or its prediction.
func (x *Explainer) Base() float64 {
	if x.predicted {
		return x.m.objective.Link(x.trees.Base())
	}
	return x.trees.Base()
}

// Shares writes one share a column for every row of m; with Base they add up
// to the row's margin or prediction.
func (x *Explainer) Shares(dst []float64, m *matrix.Matrix) error {
	return x.explain(dst, m, false)
}

// Interactions writes a symmetric matrix of columns × columns for every row of
// m, whose rows add up to the columns' shares: half of what two columns do
// together beyond what they do apart, and on the diagonal what is left. Two
// columns that one target statistic combines act together in it.
func (x *Explainer) Interactions(dst []float64, m *matrix.Matrix) error {
	return x.explain(dst, m, true)
}

func (x *Explainer) explain(dst []float64, m *matrix.Matrix, pairs bool) error {
	if err := x.m.check(m); err != nil {
		return err
	}
	explain, columns, all := x.trees.Shares, len(m.Columns), x.m.trees.Columns()
	width, wide := columns, all
	if pairs {
		explain, width, wide = x.trees.Interactions, columns*columns, all*all
	}
	if len(dst) != m.Rows*width {
		panic("gbm: dst and rows × columns differ in length")
	}
	if all == columns {
		if err := explain(dst, m); err != nil {
			return err
		}
	} else {
		clear(dst)
		some := make([]float64, min(m.Rows, foldRows)*wide)
		for from := 0; from < m.Rows; from += foldRows {
			rows := make([]int32, min(foldRows, m.Rows-from))
			for i := range rows {
				rows[i] = int32(from + i)
			}
			if err := explain(some[:len(rows)*wide], x.m.extend(m.Gather(rows))); err != nil {
				return err
			}
			for i := range rows {
				x.m.fold(dst[(from+i)*width:][:width], some[i*wide:][:wide], pairs)
			}
		}
	}
	if x.predicted {
		for i := range m.Rows {
			x.price(dst[i*width:][:width])
		}
	}
	return nil
}

// Interactions implements models.Interacting; against covers, as Shares.
func (m *Model) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	e, err := m.Explainer(nil)
	if err != nil {
		return err
	}
	pairs := make([]float64, len(dst))
	if err := e.Interactions(pairs, x); err != nil {
		return err
	}
	n := len(x.Columns)
	for i, v := range pairs {
		dst[i] += float64(weights[i/(n*n)] * v)
	}
	return nil
}

// foldRows are explained at a time where the trees ask more columns than the
// matrix has.
const foldRows = 1 << 10

// price carries the shares or pairs of one row to the scale of predictions.
func (x *Explainer) price(row []float64) {
	base, distance := x.trees.Base(), 0.0
	for _, v := range row {
		distance += v
	}
	step := distance
	if math.Abs(step) < 1e-6 { // the slope at the base
		step = 1e-6
	}
	price := (x.m.objective.Link(base+step) - x.m.objective.Link(base)) / step
	for j := range row {
		row[j] = float64(row[j] * price)
	}
}

// fold adds what the columns of the trees have to the columns of the matrix.
func (m *Model) fold(dst, all []float64, pairs bool) {
	columns, wide := len(m.categorical), m.trees.Columns()
	if !pairs {
		for k, v := range all {
			m.owners(k, func(j int, part float64) { dst[j] += float64(v * part) })
		}
		return
	}
	for a := range wide {
		for b := range wide {
			v := all[a*wide+b]
			if v == 0 {
				continue
			}
			m.owners(a, func(i int, p float64) {
				m.owners(b, func(j int, q float64) { dst[i*columns+j] += float64(v * float64(p*q)) })
			})
		}
	}
}

// owners tells which columns of the matrix a column of the trees belongs to,
// and with what part.
func (m *Model) owners(k int, tell func(j int, part float64)) {
	if k -= len(m.categorical); k < 0 {
		tell(k+len(m.categorical), 1)
		return
	}
	columns := m.statistics[k/2].columns
	for _, j := range columns {
		tell(j, 1/float64(len(columns)))
	}
}
