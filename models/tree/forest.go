package tree

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// KindForest names the decoder of a Forest's bytes.
const KindForest = "forest"

// Forest is a probability that is the mean of what trees say, as in bagging
// and random forests (Breiman 2001, Machine Learning 45:5). It implements
// models.Additive; its margin is the log-odds of that mean.
type Forest struct {
	trees *Ensemble
}

// NewForest gives the forest of trees whose leaves hold probabilities, at
// least one tree. An error means no trees, or a leaf outside (0, 1).
func NewForest(columns int, trees [][]Node) (*Forest, error) {
	e := New(columns, 0)
	for _, nodes := range trees {
		shares := slices.Clone(nodes)
		for i := range shares {
			shares[i].Value /= float64(len(trees))
		}
		if err := e.Add(shares); err != nil {
			return nil, err
		}
	}
	return forest(e)
}

// forest checks that the leaves of trees are their parts of a mean probability.
func forest(e *Ensemble) (*Forest, error) {
	if len(e.roots) == 0 || e.base != 0 {
		return nil, errors.New("tree: a forest is the mean of one tree or more")
	}
	for i, n := range e.nodes {
		if v := e.values[i]; int(n.left) == i && !(v > 0 && v*float64(len(e.roots)) < 1) {
			return nil, fmt.Errorf("tree: a leaf of a forest says %v", v*float64(len(e.roots)))
		}
	}
	return &Forest{e}, nil
}

// Trees is the number of trees.
func (f *Forest) Trees() int { return f.trees.Trees() }

// Outputs is 1: a probability.
func (f *Forest) Outputs() int { return 1 }

// Kind is "forest".
func (f *Forest) Kind() string { return KindForest }

// Predict writes the mean probability of each row.
func (f *Forest) Predict(dst []float64, x *matrix.Matrix) error {
	if err := f.check(x); err != nil {
		return err
	}
	if err := f.trees.Margins(dst, x); err != nil {
		return err
	}
	for i, p := range dst {
		dst[i] = inside(p)
	}
	return nil
}

// Margins writes the log-odds of the mean probability of each row.
func (f *Forest) Margins(dst []float64, x *matrix.Matrix) error {
	if err := f.Predict(dst, x); err != nil {
		return err
	}
	for i, p := range dst {
		dst[i] = logit(p)
	}
	return nil
}

// Shares splits the weighted sum of the margins over the columns. Exact shares
// of a mean of probabilities are themselves probabilities (path-dependent
// TreeSHAP, see Ensemble.Shares); those of each row are scaled by one factor,
// the slope of the log-odds between the mean row and it, so that they sum to
// its margin less the base's. The base is the log-odds of the trees' mean.
func (f *Forest) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if err := f.check(x); err != nil {
		return 0, err
	}
	if len(dst) != len(x.Columns) || len(weights) != x.Rows {
		panic("tree: dst and columns, or weights and rows, differ in length")
	}
	mean, slopes, err := f.slopes(x)
	if err != nil {
		return 0, err
	}
	for i, w := range weights {
		base += float64(w * logit(mean))
		row, scaled := x.Gather([]int32{int32(i)}), [1]float64{float64(w * slopes[i])}
		if _, err := f.trees.Shares(dst, row, scaled[:]); err != nil {
			return 0, err
		}
	}
	return base, nil
}

// Interactions implements models.Interacting: those of the mean of
// probabilities, scaled as Shares are.
func (f *Forest) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	if err := f.check(x); err != nil {
		return err
	}
	_, slopes, err := f.slopes(x)
	if err != nil {
		return err
	}
	e, err := f.trees.Explainer(nil)
	if err != nil {
		return err
	}
	pairs, n := make([]float64, len(dst)), len(x.Columns)
	if err := e.Interactions(pairs, x); err != nil {
		return err
	}
	for i, v := range pairs {
		row := i / (n * n)
		dst[i] += float64(float64(weights[row]*slopes[row]) * v)
	}
	return nil
}

// slopes are the trees' mean and, for each row, how much the log-odds change
// between it and the row, by how much the probability does.
func (f *Forest) slopes(x *matrix.Matrix) (mean float64, slopes []float64, err error) {
	for _, m := range f.trees.means {
		mean += m
	}
	mean = inside(mean)
	slopes = make([]float64, x.Rows)
	if err := f.Predict(slopes, x); err != nil {
		return 0, nil, err
	}
	for i, p := range slopes {
		slopes[i] = 1 / float64(mean*(1-mean))
		if d := p - mean; math.Abs(d) > 1e-9 {
			slopes[i] = (logit(p) - logit(mean)) / d
		}
	}
	return mean, slopes, nil
}

// check refuses columns of another kind than the trees ask.
func (f *Forest) check(x *matrix.Matrix) error {
	if err := f.trees.check(x); err != nil {
		return err
	}
	for j, asked := range f.trees.asked {
		if c := &x.Columns[j]; asked != 0 && c.Categorical() != (asked == asCategory) {
			return fmt.Errorf("tree: column %q: numbers where the forest asks for categories, or the reverse", c.Name)
		}
	}
	return nil
}

// inside keeps a sum of rounded parts between the probabilities 0 and 1.
func inside(p float64) float64 { return min(max(p, 1e-12), 1-1e-12) }

func logit(p float64) float64 { return portable.Log(p / (1 - p)) }

// AppendBinary appends the bytes of the trees; the error is always nil.
func (f *Forest) AppendBinary(b []byte) ([]byte, error) { return f.trees.AppendBinary(b) }

// DecodeForest reads what AppendBinary wrote, and nothing else.
func DecodeForest(b []byte) (*Forest, error) {
	e, rest, err := Decode(b)
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, fmt.Errorf("tree: %d bytes too many", len(rest))
	}
	return forest(e)
}
