// Package matrix holds the numbers that models are fitted to: columns of
// numbers or of category codes, without any notion of what they mean.
package matrix

import (
	"math"
	"slices"
	"strconv"
)

// Column is one feature. Exactly one of Nums and Codes is set. A column may be
// a view: with Index set, row i of the column is value Index[i] of the slice,
// which is how one lead's values serve all of its age intervals.
type Column struct {
	Name   string    // unique within the matrix
	Origin string    // the column of the user's table that it comes from
	Nums   []float64 // a number each, NaN where missing
	Codes  []int32   // a category each, 0…Levels−1, or −1 where missing or unseen
	Levels int       // number of categories
	Index  []int32   // nil, or for each row where its value stands
}

// Categorical reports whether the column holds category codes.
func (c *Column) Categorical() bool { return c.Codes != nil || c.Nums == nil }

// Num is the number in row i; NaN where missing.
func (c *Column) Num(i int) float64 {
	if c.Index != nil {
		i = int(c.Index[i])
	}
	return c.Nums[i]
}

// Code is the category in row i; −1 where missing.
func (c *Column) Code(i int) int32 {
	if c.Index != nil {
		i = int(c.Index[i])
	}
	return c.Codes[i]
}

// Value is the entry of row i as a float64, category codes included: NaN where
// missing. Trees read their input this way.
func (c *Column) Value(i int) float64 {
	if !c.Categorical() {
		return c.Num(i)
	}
	if k := c.Code(i); k >= 0 {
		return float64(k)
	}
	return math.NaN()
}

// Matrix is a set of columns over the same rows.
type Matrix struct {
	Rows    int
	Columns []Column
}

// New gives a matrix of plain numbers from rows, named x0, x1, …; for tests
// and examples.
func New(rows [][]float64) *Matrix {
	m := &Matrix{Rows: len(rows)}
	if len(rows) == 0 {
		return m
	}
	for j := range rows[0] {
		c := Column{Name: name(j), Origin: name(j), Nums: make([]float64, len(rows))}
		for i, r := range rows {
			c.Nums[i] = r[j]
		}
		m.Columns = append(m.Columns, c)
	}
	return m
}

func name(j int) string {
	if j < 10 {
		return "x" + string(rune('0'+j))
	}
	return name(j/10) + string(rune('0'+j%10))
}

// Gather gives a view with row i showing row rows[i] of m; values are shared.
func (m *Matrix) Gather(rows []int32) *Matrix {
	g := &Matrix{Rows: len(rows), Columns: make([]Column, len(m.Columns))}
	shared := map[*int32][]int32{} // columns that share an index go on sharing it
	for j, c := range m.Columns {
		index := rows
		if c.Index != nil {
			key := &c.Index[0]
			if index = shared[key]; index == nil {
				index = make([]int32, len(rows))
				for i, r := range rows {
					index[i] = c.Index[r]
				}
				shared[key] = index
			}
		}
		c.Index = index
		g.Columns[j] = c
	}
	return g
}

// Take gives what Gather gives, of copied values: where few rows of many are
// looked at, those who go through all values of a column have less to do.
func (m *Matrix) Take(rows []int32) *Matrix {
	own := slices.Compact(slices.Sorted(slices.Values(rows)))
	few := &Matrix{Rows: len(own), Columns: make([]Column, len(m.Columns))}
	for j := range m.Columns {
		from, to := &m.Columns[j], &few.Columns[j]
		to.Name, to.Origin, to.Levels = from.Name, from.Origin, from.Levels
		if from.Categorical() {
			to.Codes = make([]int32, len(own))
			for k, r := range own {
				to.Codes[k] = from.Code(int(r))
			}
			continue
		}
		to.Nums = make([]float64, len(own))
		for k, r := range own {
			to.Nums[k] = from.Num(int(r))
		}
	}
	places := make([]int32, len(rows))
	for i, r := range rows {
		k, _ := slices.BinarySearch(own, r)
		places[i] = int32(k)
	}
	return few.Gather(places)
}

// With gives a matrix of m's columns followed by more.
func (m *Matrix) With(more ...Column) *Matrix {
	g := &Matrix{Rows: m.Rows, Columns: make([]Column, 0, len(m.Columns)+len(more))}
	g.Columns = append(append(g.Columns, m.Columns...), more...)
	return g
}

// Row writes row i of every column to dst as Column.Value reads it.
func (m *Matrix) Row(dst []float64, i int) {
	for j := range m.Columns {
		dst[j] = m.Columns[j].Value(i)
	}
}

// Between gives the number with the fewest digits strictly between a and b, or
// a where there is none. Of those with so many digits it takes the one nearest
// the middle. Bounds that go into a file are chosen so: no row's own value can be
// read off them.
func Between(a, b float64) float64 {
	middle := float64(a/2) + float64(b/2)
	var text [32]byte
	for digits := range 17 {
		e, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], middle, 'e', digits, 64)), 64)
		if err == nil && a < e && e < b {
			return e
		}
	}
	if a < middle && middle < b {
		return middle
	}
	return a
}
