package modeltest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// subject is the learner under test and the data it is tested on.
type subject struct {
	Options
	learner models.Learner
}

// rows is enough for a learner to find something and few enough to be quick.
const rows = 300

// data gives a table of two numbers (one with gaps), a category with gaps and
// noise, and an outcome that depends on them.
func (s *subject) data(seed uint64, n int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 1))
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "a", Origin: "a", Nums: make([]float64, n)},
		{Name: "b", Origin: "b", Nums: make([]float64, n)},
		{Name: "c", Origin: "c", Codes: make([]int32, n), Levels: 4},
		{Name: "d", Origin: "d", Nums: make([]float64, n)},
	}}
	signal := make([]float64, n)
	for i := range signal {
		a, b, c := r.NormFloat64(), 10*r.Float64(), int32(r.IntN(5))-1
		signal[i] = a - b/10
		if c == 2 {
			signal[i]++
		}
		if r.IntN(8) == 0 {
			b = math.NaN()
		}
		x.Columns[0].Nums[i], x.Columns[1].Nums[i], x.Columns[2].Codes[i], x.Columns[3].Nums[i] = a, b, c, r.NormFloat64()
	}
	return x, s.target(r, signal)
}

// target draws outcomes whose log-odds or log-rates rise with the signal.
func (s *subject) target(r *rand.Rand, signal []float64) models.Target {
	n := len(signal)
	y := models.Target{Keys: make([]uint64, n)}
	for i := range y.Keys {
		y.Keys[i] = r.Uint64()
	}
	switch s.Outcome {
	case Chance:
		y.Y = make([]float64, n)
		for i, v := range signal {
			if r.Float64() < 1/(1+math.Exp(-v)) {
				y.Y[i] = 1
			}
		}
	case Rate:
		y.Y, y.Exposure = make([]float64, n), make([]float64, n)
		for i, v := range signal {
			y.Exposure[i] = 0.1 + 2*r.Float64()
			for t := r.ExpFloat64(); t < y.Exposure[i]*math.Exp(v-0.5); t += r.ExpFloat64() {
				y.Y[i]++
			}
		}
	case Number:
		y.Y = make([]float64, n)
		for i, v := range signal {
			y.Y[i] = 20 + v + r.NormFloat64()
		}
	case Amount:
		y.Y = make([]float64, n)
		for i, v := range signal {
			y.Y[i] = math.Exp((v + r.NormFloat64()) / 3)
		}
	case Class:
		y.Y = make([]float64, n)
		for i, v := range signal {
			for k := range 2 {
				if r.Float64() < 1/(1+math.Exp(float64(k)-v)) {
					y.Y[i]++
				}
			}
		}
	case Causes:
		y.Entry, y.Exit, y.Cause = make([]float64, n), make([]float64, n), make([]uint8, n)
		for i, v := range signal {
			y.Entry[i] = 10 * r.Float64() * float64(r.IntN(2))
			won, lost, end := r.ExpFloat64()*60*math.Exp(-v), r.ExpFloat64()*50, 100*r.Float64()
			y.Exit[i] = y.Entry[i] + min(won, lost, end)
			switch {
			case won < min(lost, end):
				y.Cause[i] = 1
			case lost < end:
				y.Cause[i] = 2
			}
		}
	}
	return y
}

// uniform is a target in which the same happened to everybody.
func uniform(y models.Target, v uint8) models.Target {
	y.Y, y.Cause = slices.Clone(y.Y), slices.Clone(y.Cause)
	for i := range y.Y {
		y.Y[i] = float64(v)
	}
	for i := range y.Cause {
		y.Cause[i] = v
	}
	return y
}

// take is the target of some rows; repeats keep their key.
func take(y models.Target, rows []int32) models.Target {
	return models.Target{
		Y: pick(y.Y, rows), Exposure: pick(y.Exposure, rows), Weight: pick(y.Weight, rows), Valid: pick(y.Valid, rows),
		Keys: pick(y.Keys, rows), Entry: pick(y.Entry, rows), Exit: pick(y.Exit, rows), Cause: pick(y.Cause, rows),
	}
}

func pick[T any](v []T, rows []int32) []T {
	if v == nil {
		return nil
	}
	some := make([]T, len(rows))
	for i, r := range rows {
		some[i] = v[r]
	}
	return some
}

// copied is a matrix with the same values and nothing shared, without views.
func copied(x *matrix.Matrix) *matrix.Matrix {
	c := &matrix.Matrix{Rows: x.Rows, Columns: slices.Clone(x.Columns)}
	for j := range c.Columns {
		col := &x.Columns[j]
		if col.Categorical() {
			c.Columns[j].Codes = make([]int32, x.Rows)
		} else {
			c.Columns[j].Nums = make([]float64, x.Rows)
		}
		c.Columns[j].Index = nil
		for i := range x.Rows {
			if col.Categorical() {
				c.Columns[j].Codes[i] = col.Code(i)
			} else {
				c.Columns[j].Nums[i] = col.Num(i)
			}
		}
	}
	return c
}

// equal compares two matrices by the bits of their values.
func equal(a, b *matrix.Matrix) bool {
	for j := range a.Columns {
		for i := range a.Rows {
			if math.Float64bits(a.Columns[j].Value(i)) != math.Float64bits(b.Columns[j].Value(i)) {
				return false
			}
		}
	}
	return true
}

func (s *subject) fit(x *matrix.Matrix, y models.Target) (models.Model, error) {
	m, err := s.learner.Fit(context.Background(), x, y)
	if err == nil && m == nil {
		err = errors.New("neither a model nor an error")
	}
	return m, err
}

// fitted is the model of the plain data, new rows and its forecasts of them.
func (s *subject) fitted() (m models.Model, x *matrix.Matrix, p []float64) {
	m = must(s.fit(s.data(1, rows)))
	x, _ = s.data(2, 40)
	return m, x, must(s.predict(m, x))
}

// predict asks for forecasts into a slice full of NaN and checks that they are
// finite and in range.
func (s *subject) predict(m models.Model, x *matrix.Matrix) ([]float64, error) {
	dst := make([]float64, x.Rows*m.Outputs())
	for i := range dst {
		dst[i] = math.NaN()
	}
	if err := m.Predict(dst, x); err != nil {
		return nil, err
	}
	for i, v := range dst {
		if v-v != 0 || v < 0 && s.Outcome != Number || v > 1 && (s.Outcome == Chance || s.Outcome == Class) {
			return nil, fmt.Errorf("forecast %d is %v", i, v)
		}
	}
	return dst, nil
}

// survives fits and predicts; an error of Fit is an answer too.
func (s *subject) survives(x *matrix.Matrix, y models.Target) error {
	m, err := s.fit(x, y)
	if err != nil {
		return nil
	}
	_, err = s.predict(m, x)
	return err
}

// same compares bit for bit.
func same(what string, a, b []float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("%s: %d forecasts, then %d", what, len(a), len(b))
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return fmt.Errorf("%s: forecast %d is %v, then %v", what, i, a[i], b[i])
		}
	}
	return nil
}

// near compares up to a relative difference.
func near(what string, a, b []float64, relative float64) error {
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= relative*(math.Abs(a[i])+math.Abs(b[i])+1e-12)) {
			return fmt.Errorf("%s: value %d is %v, then %v", what, i, a[i], b[i])
		}
	}
	return nil
}
