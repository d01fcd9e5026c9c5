package scorecard

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// Cell is one bin of a column: how many rows it held, how many of them with
// the event, its weight of evidence, and what it adds to a row's sum.
type Cell struct {
	Leads, Won float64
	WoE        float64
	Value      float64
}

// Column says how one column of the matrix enters the sum. The last cell is
// that of a missing value, the one before it of a category's other levels.
type Column struct {
	Name     string
	Category bool
	Cuts     []float64 // of a number: cell k holds what is above cut k−1 and not above cut k
	Bin      []int     // of a category: the cell of each level
	Cells    []Cell
}

// Cell is where row i of a matrix column belongs.
func (t *Column) Cell(c *matrix.Column, i int) int {
	missing := len(t.Cells) - 1
	if !t.Category {
		if v := c.Num(i); v == v {
			return sort.SearchFloat64s(t.Cuts, v)
		}
	} else if k := int(c.Code(i)); k >= len(t.Bin) {
		return missing - 1
	} else if k >= 0 {
		return t.Bin[k]
	}
	return missing
}

// mean is the mean value over the rows that were counted.
func (t *Column) mean() float64 {
	sum, leads := 0.0, 0.0
	for _, b := range t.Cells {
		sum += float64(b.Leads * b.Value)
		leads += b.Leads
	}
	if leads == 0 {
		return 0
	}
	return sum / leads
}

// Scale says what a sum means: it is Even where the event is as likely as not,
// and each Unit of log-odds adds one.
type Scale struct{ Unit, Even float64 }

// Points is the scale of a printed scorecard: 500 points are even odds, and 20
// points more double them.
var Points = Scale{Unit: math.Ln2 / 20, Even: 500}

// Model is an additive table: a row's sum is a start plus one value a column,
// and its log-odds are (sum − even)·unit. All its arithmetic gives the same
// bits on every CPU. It implements models.Additive.
type Model struct {
	scale   Scale
	start   float64
	columns []Column
	means   []float64 // of each column
}

// New gives the model of a start and columns. An error means values out of
// range, cuts that do not rise, or cells and bins that do not fit together.
func New(s Scale, start float64, columns []Column) (*Model, error) {
	m := &Model{scale: s, start: start, columns: columns, means: make([]float64, len(columns))}
	if !(s.Unit > 0 && s.Unit <= most) || !sound(s.Even) || !sound(start) {
		return nil, errors.New("scorecard: a scale or a start out of range")
	}
	for j := range columns {
		if err := columns[j].check(); err != nil {
			return nil, err
		}
		m.means[j] = columns[j].mean()
	}
	return m, nil
}

// most bounds all numbers of a table, so that no sum overflows.
const most = 1e100

func sound(v float64) bool { return math.Abs(v) <= most }

func (t *Column) check() error {
	want := len(t.Cuts) + 2
	if t.Category {
		want = max(2, len(t.Cells))
	}
	if len(t.Cells) != want || t.Category && t.Cuts != nil || !t.Category && t.Bin != nil {
		return fmt.Errorf("scorecard: column %q: its cells do not fit its cuts", t.Name)
	}
	for k, c := range t.Cuts {
		if !(math.Abs(c) <= math.MaxFloat64) || k > 0 && !(t.Cuts[k-1] < c) {
			return fmt.Errorf("scorecard: column %q: its cuts do not rise", t.Name)
		}
	}
	for _, b := range t.Bin {
		if b < 0 || b > len(t.Cells)-2 {
			return fmt.Errorf("scorecard: column %q: a level in no cell", t.Name)
		}
	}
	for _, b := range t.Cells {
		if !sound(b.Value) || !sound(b.WoE) || !(b.Leads >= 0 && b.Leads <= most) || !(b.Won >= 0 && b.Won <= b.Leads) {
			return fmt.Errorf("scorecard: column %q: a cell out of range", t.Name)
		}
	}
	return nil
}

// Scale says what a sum means.
func (m *Model) Scale() Scale { return m.scale }

// Start is what every row begins with.
func (m *Model) Start() float64 { return m.start }

// Columns are the columns in the order of the matrix; not to be written to.
func (m *Model) Columns() []Column { return m.columns }

// Outputs is 1: a probability.
func (m *Model) Outputs() int { return 1 }

// Kind is "scorecard".
func (m *Model) Kind() string { return Kind }

func (m *Model) check(x *matrix.Matrix) error {
	if len(x.Columns) != len(m.columns) {
		return fmt.Errorf("scorecard: the matrix has %d columns, the model was fitted to %d", len(x.Columns), len(m.columns))
	}
	for j := range x.Columns {
		if c := &x.Columns[j]; c.Categorical() != m.columns[j].Category {
			return fmt.Errorf("scorecard: column %d (%s) is not of the kind that the model was fitted to", j+1, c.Name)
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
		sum := m.start
		for j := range m.columns {
			t := &m.columns[j]
			sum += t.Cells[t.Cell(&x.Columns[j], i)].Value
		}
		dst[i] = float64((sum - m.scale.Even) * m.scale.Unit)
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

// Shares adds Σ weights·(value of each column less its mean over the fitted
// rows) to dst, in log-odds, and returns Σ weights·base; base is the log-odds
// of the mean sum.
func (m *Model) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := m.check(x); err != nil {
		return 0, err
	}
	mean := m.start - m.scale.Even
	for _, v := range m.means {
		mean += v
	}
	for i, w := range weights[:x.Rows] {
		base += float64(w * float64(mean*m.scale.Unit))
		for j := range m.columns {
			t := &m.columns[j]
			dst[j] += float64(w * float64((t.Cells[t.Cell(&x.Columns[j], i)].Value-m.means[j])*m.scale.Unit))
		}
	}
	return base, nil
}
