// Package models says what a learner, a fitted model and a forecast curve are.
// It knows nothing of sales: rows, columns, causes and times only.
package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/leadcast/leadcast/models/matrix"
)

// Target is what a learner is to predict, one entry a row. Which slices must
// be set depends on the learner; a nil Weight means one each, a nil Exposure
// means one each, a nil Valid means that no row is held out.
type Target struct {
	Y        []float64 // outcome: 0/1 for a probability, a count of events for a rate, any number, or the number of a class
	Exposure []float64 // time at risk that the count was seen in
	Weight   []float64 // how many rows this row stands for
	Valid    []bool    // rows not to be fitted, on which early stopping watches the loss
	Keys     []uint64  // identity of each row, for randomness that does not depend on row order; nil means the row number
	Groups   []uint64  // rows of one group depend on each other; nil means those of one key

	Entry []float64 // survival: time from which the row was at risk (late entry)
	Exit  []float64 // survival: time at which it was last seen
	Cause []uint8   // survival: 0 still open at Exit, else the cause (1, 2, …)
}

// Learner fits a model. It is a value of parameters; Fit never changes it.
// Errors are about data (no rows, one class, a value out of range); a length
// mismatch between x and y panics.
type Learner interface {
	Fit(ctx context.Context, x *matrix.Matrix, y Target) (Model, error)
}

// Model is fitted and never changes; its methods may be called concurrently.
// Columns are taken by position; a matrix with another number of columns or
// other kinds is an error.
type Model interface {
	// Outputs is the number of values a row: 1 for a probability, a rate or a number, of classes as many as there are.
	Outputs() int
	// Predict writes Outputs values a row to dst, row by row.
	Predict(dst []float64, x *matrix.Matrix) error
	// Kind names the decoder of AppendBinary's bytes.
	Kind() string
	// AppendBinary appends the model's bytes; decoding them gives the same predictions, bit for bit.
	AppendBinary(b []byte) ([]byte, error)
}

// Additive is a Model whose one output is a link function of a margin (the
// log-odds of a probability, the log of a rate) that splits into shares.
type Additive interface {
	Model
	// Margins writes one margin a row.
	Margins(dst []float64, x *matrix.Matrix) error
	// Shares splits Σ weights[i]·margin(row i) over the columns: it adds each
	// column's part to dst and returns the rest, Σ weights[i]·base, where base
	// is the mean margin that the shares are measured from. Rows are a window
	// on one thing at several times, so implementations may use that they
	// differ little.
	Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error)
}

// Interacting is an Additive whose columns may act together.
type Interacting interface {
	Additive
	// Interactions splits, for each row, Σ weights[row, output]·margin over
	// pairs of columns: it adds a symmetric matrix of columns × columns to the
	// row's part of dst. Off the diagonal stands half of what two columns do
	// together beyond what they do apart, on it what is left of a column's
	// share, so that the rows of the matrix add up to Shares. Models that are
	// too deep for it say errors.ErrUnsupported.
	Interactions(dst []float64, x *matrix.Matrix, weights []float64) error
}

// Interactions are those of m; weights are in the layout of its Margins. For a
// model that is not Interacting the error is errors.ErrUnsupported.
func Interactions(m Additive, dst []float64, x *matrix.Matrix, weights []float64) error {
	i, ok := m.(Interacting)
	if !ok {
		return fmt.Errorf("models: a model of kind %q has no interactions: %w", m.Kind(), errors.ErrUnsupported)
	}
	return i.Interactions(dst, x, weights)
}

// Apart is Interactions of a model that adds up functions of one column each:
// shares stand on the diagonal.
func Apart(m Additive, dst []float64, x *matrix.Matrix, weights []float64) error {
	n, outputs := len(x.Columns), m.Outputs()
	if len(dst) != x.Rows*n*n {
		panic("models: dst and rows × columns × columns differ in length")
	}
	shares := make([]float64, n)
	for i := range x.Rows {
		clear(shares)
		if _, err := m.Shares(shares, x.Gather([]int32{int32(i)}), weights[i*outputs:][:outputs]); err != nil {
			return err
		}
		for j, v := range shares {
			dst[(i*n+j)*n+j] += v
		}
	}
	return nil
}
