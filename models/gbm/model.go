package gbm

import (
	"fmt"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/tree"
)

// Kind names the decoder of a Model's bytes.
const Kind = "gbm"

// Model is a fitted booster of one margin. It implements models.Additive.
type Model struct {
	objective   Objective
	categorical []bool // per column of the matrix
	statistics  []statistic
	trees       *tree.Ensemble // over the columns of the matrix and then the statistics
}

// Outputs is 1.
func (m *Model) Outputs() int { return 1 }

// Kind is "gbm".
func (m *Model) Kind() string { return Kind }

// Trees is the number of trees kept.
func (m *Model) Trees() int { return m.trees.Trees() }

// Predict writes what the objective forecasts for each row: a probability, a rate
// per unit of exposure, a mean, a quantile or a relative hazard.
func (m *Model) Predict(dst []float64, x *matrix.Matrix) error {
	if err := m.Margins(dst, x); err != nil {
		return err
	}
	for i, v := range dst {
		dst[i] = m.objective.Link(v)
	}
	return nil
}

// Margins writes each row's forecast on the scale that trees add up on: log-odds,
// the log of a rate or mean, or the number itself.
func (m *Model) Margins(dst []float64, x *matrix.Matrix) error {
	if err := m.check(x); err != nil {
		return err
	}
	return m.trees.Margins(dst, m.extend(x))
}

// Shares splits the weighted sum of margins over the columns; see
// tree.Ensemble.Shares.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	if len(m.statistics) == 0 {
		return m.trees.Shares(dst, x, weights)
	}
	all := make([]float64, m.trees.Columns())
	base, err = m.trees.Shares(all, m.extend(x), weights)
	for j := range dst {
		dst[j] += all[j]
	}
	for k, s := range m.statistics {
		for _, j := range s.columns {
			dst[j] += (all[len(dst)+2*k] + all[len(dst)+2*k+1]) / float64(len(s.columns))
		}
	}
	return base, err
}

// extend adds the statistics to x.
func (m *Model) extend(x *matrix.Matrix) *matrix.Matrix {
	if len(m.statistics) == 0 {
		return x
	}
	var more []matrix.Column
	for k := range m.statistics {
		more = m.statistics[k].append(more, x)
	}
	return x.With(more...)
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
