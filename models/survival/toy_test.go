package survival

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// cells is a toy Poisson learner: the rate is a factor of the age times a
// factor of whether the first column is above zero, fitted by turns.
type cells struct{}

func (cells) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	m := &cellModel{columns: len(x.Columns)}
	age := &x.Columns[len(x.Columns)-1]
	for i := range x.Rows {
		m.ages = append(m.ages, age.Num(i))
	}
	slices.Sort(m.ages)
	m.ages = slices.Compact(m.ages)
	m.byAge = make([]float64, len(m.ages))
	for turn := range 30 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		events, expected := make([]float64, len(m.ages)), make([]float64, len(m.ages))
		var yes, all [2]float64
		for i := range x.Rows {
			if y.Valid != nil && y.Valid[i] {
				continue
			}
			w := 1.0
			if y.Weight != nil {
				w = y.Weight[i]
			}
			k, side := m.cell(x, i)
			events[k] += w * y.Y[i]
			expected[k] += w * y.Exposure[i] * math.Exp(m.bySide[side])
			yes[side] += w * y.Y[i]
			all[side] += w * y.Exposure[i] * math.Exp(m.byAge[k])
		}
		for side := range yes {
			if turn%2 == 0 {
				m.bySide[side] = math.Log((yes[side] + 0.1) / (all[side] + 0.1))
			}
		}
		for k := range events {
			if turn%2 == 1 {
				m.byAge[k] = math.Log((events[k] + 0.1) / (expected[k] + 0.1))
			}
		}
	}
	return m, nil
}

type cellModel struct {
	columns int
	ages    []float64
	byAge   []float64
	bySide  [2]float64
}

func (m *cellModel) cell(x *matrix.Matrix, i int) (k, side int) {
	k, _ = slices.BinarySearch(m.ages, x.Columns[m.columns-1].Num(i))
	if m.columns > 1 && x.Columns[0].Value(i) > 0 {
		side = 1
	}
	return min(k, len(m.ages)-1), side
}

func (m *cellModel) Outputs() int { return 1 }
func (m *cellModel) Kind() string { return "cells" }

func (m *cellModel) Predict(dst []float64, x *matrix.Matrix) error {
	err := m.Margins(dst, x)
	for i, v := range dst {
		dst[i] = portable.Exp(v)
	}
	return err
}

func (m *cellModel) Margins(dst []float64, x *matrix.Matrix) error {
	if len(x.Columns) != m.columns || m.columns > 1 && x.Columns[0].Categorical() {
		return errors.New("cells: another matrix")
	}
	for i := range dst {
		k, side := m.cell(x, i)
		dst[i] = m.byAge[k] + m.bySide[side]
	}
	return nil
}

func (m *cellModel) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	for i, w := range weights {
		k, side := m.cell(x, i)
		base += w * m.bySide[0]
		dst[0] += w * (m.bySide[side] - m.bySide[0])
		dst[m.columns-1] += w * m.byAge[k]
	}
	return base, nil
}

func (m *cellModel) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(m.columns))
	b = appendFloats(appendFloats(b, m.ages), m.byAge)
	return appendFloats(b, m.bySide[:]), nil
}

// decode reads the models of this package over cells.
func decode(kind string, b []byte) (models.Model, error) {
	if kind != "cells" {
		return Decode(b, decode)
	}
	r := &reader{b: b}
	m := &cellModel{columns: r.columns(), ages: r.finite(-1)}
	m.byAge = r.finite(len(m.ages))
	if v := r.finite(2); r.err == nil {
		m.bySide = [2]float64(v)
	}
	if r.err == nil && (len(m.ages) == 0 || len(r.b) > 0) {
		r.fail("cells")
	}
	return m, r.err
}

// world draws subjects whose rates are known: by age in three stretches, and
// higher for cause 1 where the first column is above zero.
type world struct {
	cuts  []float64
	rates [2][3]float64
	gain  float64
}

var plain = world{cuts: []float64{20, 60}, rates: [2][3]float64{{0.004, 0.01, 0.002}, {0.01, 0.006, 0.012}}, gain: 1.2}

func (w world) curve(high bool, from float64) models.Curve {
	c := models.Curve{Cuts: w.cuts, Rates: [][]float64{slices.Clone(w.rates[0][:]), w.rates[1][:]}, From: from}
	for k := range c.Rates[0] {
		if high {
			c.Rates[0][k] *= math.Exp(w.gain)
		}
	}
	return c
}

func (w world) draw(seed uint64, n int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 2))
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "x", Origin: "x", Nums: make([]float64, n)},
		{Name: "noise", Origin: "noise", Nums: make([]float64, n)},
	}}
	y := models.Target{Exit: make([]float64, n), Entry: make([]float64, n), Cause: make([]uint8, n), Keys: make([]uint64, n)}
	at := make([]float64, 2)
	for i := range n {
		x.Columns[0].Nums[i], x.Columns[1].Nums[i] = r.NormFloat64(), r.NormFloat64()
		y.Keys[i] = r.Uint64()
		if r.IntN(3) == 0 {
			y.Entry[i] = 40 * r.Float64()
		}
		c := w.curve(x.Columns[0].Nums[i] > 0, y.Entry[i])
		gone := models.Curve{Cuts: c.Cuts, From: c.From, Rates: [][]float64{{0, 0, 0}}}
		for k := range gone.Rates[0] {
			gone.Rates[0][k] = c.Rates[0][k] + c.Rates[1][k]
		}
		u := r.Float64()
		limit := 200 * r.Float64()
		y.Exit[i] = y.Entry[i] + limit
		if gone.At(at[:1], limit); at[0] > u {
			t, _ := gone.Quantile(0, u/at[0], limit)
			k := interval(c.Cuts, y.Entry[i]+t)
			y.Exit[i], y.Cause[i] = y.Entry[i]+t, 2
			if r.Float64()*gone.Rates[0][k] < c.Rates[0][k] {
				y.Cause[i] = 1
			}
		}
	}
	return x, y
}
