package modeltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// laws are all promises, in the order of a learner's life.
var laws = []law{
	{"fits plain data", func(s *subject) error {
		if m, _, _ := s.fitted(); m.Outputs() < 1 || m.Kind() == "" {
			return fmt.Errorf("a model of kind %q with %d outputs", m.Kind(), m.Outputs())
		}
		return nil
	}},
	{"mean forecast near what happened", meanForecast},
	{"same fit, same bytes", func(s *subject) error { return s.refit(func() {}) }},
	{"same bytes on any number of processors", func(s *subject) error {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		return s.refit(func() { runtime.GOMAXPROCS(7) })
	}},
	{"a fit leaves nothing in the learner", func(s *subject) error {
		return s.refit(func() { _, _ = s.fit(s.data(9, 77)) })
	}},
	{"a fit leaves its input alone", fitInput},
	{"no rows is an error", func(s *subject) error {
		x, y := s.data(1, rows)
		if _, err := s.fit(x.Gather([]int32{}), take(y, []int32{})); err == nil {
			return errors.New("no error")
		}
		return nil
	}},
	{"one row", func(s *subject) error {
		x, y := s.data(1, rows)
		return s.survives(x.Gather([]int32{0}), take(y, []int32{0}))
	}},
	{"nothing happened", func(s *subject) error {
		x, y := s.data(1, rows)
		return s.survives(x, uniform(y, 0))
	}},
	{"everything happened", func(s *subject) error {
		x, y := s.data(1, rows)
		return s.survives(x, uniform(y, 1))
	}},
	{"no columns", func(s *subject) error {
		_, y := s.data(1, rows)
		return s.survives(&matrix.Matrix{Rows: rows}, y)
	}},
	{"a constant column", func(s *subject) error {
		return s.withColumn(func(int) float64 { return 7 })
	}},
	{"a column without values", func(s *subject) error {
		return s.withColumn(func(int) float64 { return math.NaN() })
	}},
	{"the same column twice", func(s *subject) error {
		x, _ := s.data(1, rows)
		return s.withColumn(x.Columns[0].Num)
	}},
	{"huge and tiny values", func(s *subject) error {
		return s.withColumn(func(i int) float64 {
			return []float64{1e300, -1e300, 1e-300, 0, math.MaxFloat64}[i%5]
		})
	}},
	{"infinite values are an error or do no harm", func(s *subject) error {
		x, y := s.data(1, rows)
		x.Columns[3].Nums[3], x.Columns[3].Nums[4] = math.Inf(1), math.Inf(-1)
		return s.survives(x, y)
	}},
	{"a target out of range is an error", badTarget},
	{"a length mismatch panics", func(s *subject) (err error) {
		x, y := s.data(1, rows)
		defer func() {
			if recover() == nil {
				err = errors.New("no panic")
			}
		}()
		_, _ = s.fit(x, take(y, []int32{0, 1, 2}))
		return nil
	}},
	{"no weight is a weight of one", func(s *subject) error {
		return s.variant(func(y *models.Target) {
			y.Weight = make([]float64, rows)
			for i := range y.Weight {
				y.Weight[i] = 1
			}
		})
	}},
	{"nothing held out is no hold-out", func(s *subject) error {
		return s.variant(func(y *models.Target) { y.Valid = make([]bool, rows) })
	}},
	{"whole weights are repeated rows", repeats},
	{"a cancelled fit stops", func(s *subject) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		x, y := s.data(1, rows)
		if m, err := s.learner.Fit(ctx, x, y); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("model %v, error %v", m, err)
		}
		return nil
	}},
	{"forecasts do not depend on other rows", func(s *subject) error {
		return s.alone(func(x *matrix.Matrix, i int) *matrix.Matrix { return copied(x.Gather([]int32{int32(i)})) })
	}},
	{"a view is read as a copy", func(s *subject) error {
		return s.alone(func(x *matrix.Matrix, i int) *matrix.Matrix {
			return x.Gather([]int32{0, int32(i)}).Gather([]int32{1})
		})
	}},
	{"forecasts do not depend on the order of rows", func(s *subject) error {
		return s.rearranged(40, func(i int) int { return 39 - i })
	}},
	{"many rows at once", func(s *subject) error {
		return s.rearranged(5000, func(i int) int { return i % 40 })
	}},
	{"no rows to forecast", func(s *subject) error {
		m, x, _ := s.fitted()
		return m.Predict(nil, x.Gather([]int32{}))
	}},
	{"nothing known", func(s *subject) error {
		m, x, _ := s.fitted()
		for j := range x.Columns {
			for i := range x.Columns[j].Nums {
				x.Columns[j].Nums[i] = math.NaN()
			}
			for i := range x.Columns[j].Codes {
				x.Columns[j].Codes[i] = -1
			}
		}
		_, err := s.predict(m, x)
		return err
	}},
	{"values far outside those learned from", func(s *subject) error {
		m, x, _ := s.fitted()
		for i := range x.Rows {
			x.Columns[0].Nums[i] = []float64{1e6, -1e6, 1e-9}[i%3]
		}
		_, err := s.predict(m, x)
		return err
	}},
	{"a forecast leaves its input alone", func(s *subject) error {
		_, x, _ := s.fitted()
		if before, _ := s.data(2, 40); !equal(x, before) {
			return errors.New("the input has changed")
		}
		return nil
	}},
	{"another number of columns is an error", func(s *subject) error {
		m, x, p := s.fitted()
		less := &matrix.Matrix{Rows: x.Rows, Columns: x.Columns[:len(x.Columns)-1]}
		if m.Predict(p, less) == nil || m.Predict(p, x.With(x.Columns[0])) == nil {
			return errors.New("no error")
		}
		return nil
	}},
	{"a column of another kind is an error, or not looked at", func(s *subject) error {
		m, x, want := s.fitted()
		other := copied(x)
		other.Columns[0], other.Columns[2] = other.Columns[2], other.Columns[0]
		if got, err := s.predict(m, other); err == nil {
			return same("other kinds", want, got)
		}
		return nil
	}},
	{"forecasts at the same time", func(s *subject) error {
		m, x, want := s.fitted()
		errs := make([]error, 8)
		var all sync.WaitGroup
		for g := range errs {
			all.Go(func() {
				for range 20 {
					got, err := s.predict(m, x)
					errs[g] = errors.Join(errs[g], err, same("at the same time", want, got))
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	}},
	{"decoding gives the same model", roundTrip},
	{"bytes that end early are an error", func(s *subject) error {
		m, _, _ := s.fitted()
		b := must(m.AppendBinary(nil))
		for n := 0; n < len(b); n += 1 + len(b)/300 {
			if _, err := s.Decode(m.Kind(), slices.Clone(b[:n])); err == nil {
				return fmt.Errorf("%d of %d bytes are accepted", n, len(b))
			}
		}
		return nil
	}},
	{"margins and forecasts agree", link},
	{"shares add up to the margins", shares},
	{"interactions add up to the shares", interactions},
}

// refit fits the same data twice, with something between, and compares bytes.
func (s *subject) refit(between func()) error {
	m, _, _ := s.fitted()
	was := must(m.AppendBinary(nil))
	between()
	m, _, _ = s.fitted()
	if is := must(m.AppendBinary(nil)); !bytes.Equal(was, is) {
		return fmt.Errorf("%d bytes, then %d others", len(was), len(is))
	}
	return nil
}

// fitInput compares what a fit was given with a second copy of it.
func fitInput(s *subject) error {
	given := func() (*matrix.Matrix, models.Target) {
		x, y := s.data(1, rows)
		y.Weight, y.Valid = make([]float64, rows), make([]bool, rows)
		for i := range y.Weight {
			y.Weight[i], y.Valid[i] = float64(1+i%3), i%5 == 0
		}
		return x, y
	}
	x, y := given()
	must(s.fit(x, y))
	if x2, y2 := given(); !equal(x, x2) || !reflect.DeepEqual(y, y2) {
		return errors.New("the input has changed")
	}
	return nil
}

func badTarget(s *subject) error {
	x, y := s.data(1, rows)
	for _, bad := range []float64{math.NaN(), -1} {
		if s.Outcome == Number && bad == bad {
			continue
		}
		z := y
		if s.Outcome == Causes {
			z.Exit = slices.Clone(y.Exit)
			z.Exit[5] = bad
		} else {
			z.Y = slices.Clone(y.Y)
			z.Y[5] = bad
		}
		if _, err := s.fit(x, z); err == nil {
			return fmt.Errorf("no error for %v", bad)
		}
	}
	return nil
}

// withColumn adds a column to the plain data.
func (s *subject) withColumn(value func(i int) float64) error {
	x, y := s.data(1, rows)
	c := matrix.Column{Name: "e", Origin: "e", Nums: make([]float64, rows)}
	for i := range c.Nums {
		c.Nums[i] = value(i)
	}
	x = x.With(c)
	_, err := s.predict(must(s.fit(x, y)), x)
	return err
}

// variant fits the plain data with another way to say the same.
func (s *subject) variant(change func(y *models.Target)) error {
	x, y := s.data(1, rows)
	was := must(s.predict(must(s.fit(x, y)), x))
	change(&y)
	return near("said otherwise", was, must(s.predict(must(s.fit(x, y)), x)), 1e-12)
}

// alone compares the forecasts of all rows with those of each by itself.
func (s *subject) alone(one func(x *matrix.Matrix, i int) *matrix.Matrix) error {
	m, x, all := s.fitted()
	n := m.Outputs()
	for i := range x.Rows {
		if err := same(fmt.Sprint("row ", i, " alone"), all[i*n:][:n], must(s.predict(m, one(x, i)))); err != nil {
			return err
		}
	}
	return nil
}

// rearranged asks about rows of the new data in another order.
func (s *subject) rearranged(count int, from func(i int) int) error {
	m, x, was := s.fitted()
	index := make([]int32, count)
	for i := range index {
		index[i] = int32(from(i))
	}
	is, n := must(s.predict(m, copied(x.Gather(index)))), m.Outputs()
	for i, r := range index {
		if err := same("rearranged", was[int(r)*n:][:n], is[i*n:][:n]); err != nil {
			return err
		}
	}
	return nil
}

// meanForecast compares the sum of forecasts with the sum of outcomes, for
// outcomes whose forecast is a mean.
func meanForecast(s *subject) error {
	if s.Outcome == Causes {
		return nil
	}
	x, y := s.data(1, rows)
	expected, observed := 0.0, 0.0
	m := must(s.fit(x, y))
	for i, v := range must(s.predict(m, x)) {
		switch s.Outcome {
		case Rate:
			v *= y.Exposure[i]
		case Class:
			v *= float64(i % m.Outputs()) // the mean number of the class
		}
		expected += v
	}
	for _, v := range y.Y {
		observed += v
	}
	if !(math.Abs(expected/observed-1) < 0.1) {
		return fmt.Errorf("%.4g expected, %.4g observed", expected, observed)
	}
	return nil
}

func repeats(s *subject) error {
	if s.Repeats == 0 {
		return nil
	}
	x, y := s.data(1, rows)
	var often []int32
	y.Weight = make([]float64, rows)
	for i := range y.Weight {
		y.Weight[i] = float64(1 + i%3)
		for range 1 + i%3 {
			often = append(often, int32(i))
		}
	}
	weighted := must(s.fit(x, y))
	y.Weight = nil
	repeated := must(s.fit(copied(x.Gather(often)), take(y, often)))
	return near("repeated", must(s.predict(weighted, x)), must(s.predict(repeated, x)), s.Repeats)
}

func roundTrip(s *subject) error {
	m, x, want := s.fitted()
	prefix := []byte("before")
	b, ok := bytes.CutPrefix(must(m.AppendBinary(slices.Clone(prefix))), prefix)
	if !ok {
		return errors.New("AppendBinary does not append")
	}
	d := must(s.Decode(m.Kind(), slices.Clone(b)))
	if d.Kind() != m.Kind() || d.Outputs() != m.Outputs() || !bytes.Equal(must(d.AppendBinary(nil)), b) {
		return errors.New("another kind, other outputs or other bytes")
	}
	return same("decoded", want, must(s.predict(d, x)))
}

// link holds for additive models: a probability is the logistic function of
// its margin, a rate or an amount its exponential, a number the margin itself;
// the probabilities of classes are the exponentials over their sum.
func link(s *subject) error {
	m, x, p := s.fitted()
	a, ok := m.(models.Additive)
	if !ok {
		return nil
	}
	margins := make([]float64, len(p))
	if err := a.Margins(margins, x); err != nil {
		return err
	}
	for i, v := range margins {
		switch margins[i] = math.Exp(v); s.Outcome {
		case Chance:
			margins[i] = 1 / (1 + math.Exp(-v))
		case Number:
			margins[i] = v
		}
	}
	if s.Outcome == Class {
		for row := range slices.Chunk(margins, m.Outputs()) {
			sum := 0.0
			for _, v := range row {
				sum += v
			}
			for k := range row {
				row[k] /= sum
			}
		}
	}
	return near("by the margin", p, margins, 1e-9)
}

// shares holds for additive models; one weight an output and row.
func shares(s *subject) error {
	m, x, _ := s.fitted()
	a, ok := m.(models.Additive)
	if !ok {
		return nil
	}
	for from := 0; from+3 <= x.Rows; from += 3 {
		some := x.Gather([]int32{int32(from), int32(from + 1), int32(from + 2)})
		margins := make([]float64, 3*m.Outputs())
		if err := a.Margins(margins, some); err != nil {
			return err
		}
		weights, want, scale := make([]float64, len(margins)), 0.0, 1.0
		for i, v := range margins {
			if weights[i] = float64(i%4) - 1.25; v-v == 0 {
				want += weights[i] * v
				scale += math.Abs(weights[i] * v)
			}
		}
		dst := make([]float64, len(x.Columns))
		dst[0] = 1000 // shares are added to what is there
		got := must(a.Shares(dst, some, weights)) - 1000
		for _, v := range dst {
			got += v
		}
		if !(math.Abs(got-want) <= 1e-9*scale) {
			return fmt.Errorf("rows from %d: shares add up to %v, margins to %v", from, got, want)
		}
	}
	return nil
}

// interactions holds for models that have them: pairs are symmetric, and add up to shares.
func interactions(s *subject) error {
	m, x, _ := s.fitted()
	a, ok := m.(models.Additive)
	if !ok {
		return nil
	}
	n := len(x.Columns)
	some := x.Gather([]int32{0, int32(x.Rows / 2), int32(x.Rows - 1)})
	weights := make([]float64, some.Rows*m.Outputs())
	for i := range weights {
		weights[i] = float64(i%5) - 1.5
	}
	pairs := make([]float64, some.Rows*n*n)
	pairs[0] = 1000 // they are added to what is there
	if err := models.Interactions(a, pairs, some, weights); errors.Is(err, errors.ErrUnsupported) {
		return nil
	} else if err != nil {
		return err
	}
	pairs[0] -= 1000
	for i := range some.Rows {
		want, got := make([]float64, n), make([]float64, n)
		must(a.Shares(want, some.Gather([]int32{int32(i)}), weights[i*m.Outputs():][:m.Outputs()]))
		own := pairs[i*n*n:][:n*n]
		for j := range n {
			for k, v := range own[j*n:][:n] {
				if got[j] += v; math.Abs(v-own[k*n+j]) > 1e-9 {
					return fmt.Errorf("row %d: the pair of columns %d and %d is not symmetric", i, j, k)
				}
			}
		}
		if err := near("pairs and shares", got, want, 1e-9); err != nil {
			return err
		}
	}
	return nil
}
