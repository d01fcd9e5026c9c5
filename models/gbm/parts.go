package gbm

import "github.com/leadcast/leadcast/models/tree"

// Statistic replaces the levels of one or two columns by two numbers, the
// outcome rate of a level and its count; 0 rows and the prior rate where the
// level was not met.
type Statistic struct {
	Columns       []int     // of the matrix
	Codes         [][]int32 // of each level a category a column, −1 for missing
	Rates, Counts []float64 // of each level
	Prior         float64
}

// Objective is what the model was fitted by.
func (m *Model) Objective() Objective { return m.objective }

// Ensemble is the trees, over the columns of the matrix and then the rate and
// the count of each statistic; not to be written to.
func (m *Model) Ensemble() *tree.Ensemble { return m.trees }

// Statistics lists the statistics in the order of the ensemble's columns.
func (m *Model) Statistics() []Statistic {
	var list []Statistic
	for _, s := range m.statistics {
		out := Statistic{Columns: s.columns, Rates: s.rates, Counts: s.counts, Prior: s.prior, Codes: make([][]int32, len(s.levels))}
		for k, level := range s.levels {
			out.Codes[k] = make([]int32, len(s.columns))
			for i := len(s.columns) - 1; i >= 0; i-- {
				out.Codes[k][i] = int32(uint32(level)) - 1
				level >>= 32
			}
		}
		list = append(list, out)
	}
	return list
}
