package bundle

import (
	"errors"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// Tally counts the leads of the training data by their values, which puts a
// reason into plain numbers: so many like this, so many of them won. It has one
// entry a column of the matrix.
type Tally []struct {
	Cuts  []float64 `json:"cuts,omitempty"` // of numbers: bin k holds values from Cuts[k−1] to below Cuts[k]
	Leads []int     `json:"leads"`          // missing values first, then one a bin or category
	Won   []int     `json:"won"`
}

// mostBins is the number of bins that the values of a number are counted in.
const mostBins = 10

// mostSorted is the number of rows from which only some tell where bins end.
const mostSorted = 100_000

// NewTally counts the rows of x and those that are won, whose y is 1.
func NewTally(x *matrix.Matrix, y []float64) Tally {
	t := make(Tally, len(x.Columns))
	for j := range t {
		c := &x.Columns[j]
		bins := c.Levels
		if !c.Categorical() {
			t[j].Cuts = cutsOf(c, x.Rows)
			bins = len(t[j].Cuts) + 1
		}
		t[j].Leads, t[j].Won = make([]int, bins+1), make([]int, bins+1)
		for i, won := range y {
			k := t.bin(j, c, i)
			t[j].Leads[k]++
			if won > 0 {
				t[j].Won[k]++
			}
		}
	}
	return t
}

// cutsOf are the cut points of a column's values: between all of them where
// they are few, else at their quantiles.
func cutsOf(c *matrix.Column, rows int) []float64 {
	values := make([]float64, 0, min(rows, 2*mostSorted))
	for i := 0; i < rows; i += 1 + rows/mostSorted/2 {
		if v := c.Num(i); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	few := slices.Compact(slices.Clone(values))
	var cuts []float64
	for i := 1; i < len(few); i++ {
		if at, _ := slices.BinarySearch(values, few[i]); len(few) <= mostBins || at*mostBins >= (len(cuts)+1)*len(values) {
			cuts = append(cuts, matrix.Between(few[i-1], few[i]))
		}
	}
	return cuts
}

// bin is where the value in row i of column j is counted.
func (t Tally) bin(j int, c *matrix.Column, i int) int {
	v := c.Value(i)
	switch {
	case math.IsNaN(v):
		return 0
	case c.Categorical():
		return 1 + int(v)
	}
	at, found := slices.BinarySearch(t[j].Cuts, v)
	if found {
		at++
	}
	return 1 + at
}

// check refuses counts that do not fit the columns.
func (t Tally) check(x *matrix.Matrix) error {
	damaged := errors.New("bundle: damaged: the counts of its leads do not fit together")
	if len(t) != len(x.Columns) {
		return damaged
	}
	for j, c := range t {
		bins := len(c.Cuts) + 1
		if x.Columns[j].Categorical() {
			bins = x.Columns[j].Levels
		}
		if len(c.Leads) != bins+1 || len(c.Won) != bins+1 || !slices.IsSorted(c.Cuts) {
			return damaged
		}
		for k, n := range c.Leads {
			if c.Won[k] < 0 || c.Won[k] > n {
				return damaged
			}
		}
	}
	return nil
}
