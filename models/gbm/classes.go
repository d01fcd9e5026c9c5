package gbm

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// classes is a fitted Softmax: a margin a class. It implements models.Additive.
type classes []*Model

// Outputs is the number of classes.
func (c classes) Outputs() int { return len(c) }

// Kind is "gbm".
func (c classes) Kind() string { return Kind }

// Predict writes the probability of each class, row by row.
func (c classes) Predict(dst []float64, x *matrix.Matrix) error {
	if err := c.Margins(dst, x); err != nil {
		return err
	}
	for p := range slices.Chunk(dst, len(c)) {
		top, sum := slices.Max(p), 0.0
		for k := range p {
			p[k] = portable.Exp(p[k] - top)
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
	}
	return nil
}

// Margins writes the margin of each class, row by row. Only their differences
// within a row matter.
func (c classes) Margins(dst []float64, x *matrix.Matrix) error {
	one := make([]float64, x.Rows)
	for k, m := range c {
		if err := m.Margins(one, x); err != nil {
			return err
		}
		for i, v := range one {
			dst[i*len(c)+k] = v
		}
	}
	return nil
}

// Shares splits the weighted sum of margins, one weight a row and class.
func (c classes) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	for k, m := range c {
		b, err := m.Shares(dst, x, c.weights(k, weights))
		if err != nil {
			return 0, err
		}
		base += b
	}
	return base, nil
}

// Interactions implements models.Interacting.
func (c classes) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	for k, m := range c {
		if err := m.Interactions(dst, x, c.weights(k, weights)); err != nil {
			return err
		}
	}
	return nil
}

// weights are those of one class.
func (c classes) weights(k int, all []float64) []float64 {
	one := make([]float64, len(all)/len(c))
	for i := range one {
		one[i] = all[i*len(c)+k]
	}
	return one
}

// AppendBinary writes a zero, where other models have the length of their
// objective's name, the number of classes, and the bytes of each after their
// length; the error is always nil.
func (c classes) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(append(b, 0), uint64(len(c)))
	for _, m := range c {
		one, err := m.AppendBinary(nil)
		if err != nil {
			return nil, err
		}
		b = append(binary.AppendUvarint(b, uint64(len(one))), one...)
	}
	return b, nil
}

// decodeClasses reads what follows the zero.
func decodeClasses(b []byte) (models.Model, error) {
	r := reader{b: b}
	c := make(classes, r.count(2))
	for k := range c {
		one := r.take(r.count(1))
		if r.err != nil {
			break
		}
		if c[k], r.err = decode(one); r.err != nil {
			break
		}
		if o := c[k].objective; o != (Softmax{len(c)}) || !slices.Equal(c[k].categorical, c[0].categorical) {
			r.err = errors.New("gbm: classes that do not belong together")
		}
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case len(c) < 2 || len(r.b) > 0:
		return nil, errors.New("gbm: not the bytes of several classes")
	}
	return c, nil
}
