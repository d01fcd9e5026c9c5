package matrix_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/leadcast/leadcast/models/matrix"
	"pgregory.net/rapid"
)

// A view of a view shows the same values as the rows themselves.
func TestGatherOfGather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		m := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
			{Name: "number", Nums: rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "numbers")},
			{Name: "level", Codes: rapid.SliceOfN(rapid.Int32Range(-1, 3), n, n).Draw(t, "codes"), Levels: 4},
		}}
		first := rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 1, 30).Draw(t, "first")
		second := rapid.SliceOfN(rapid.Int32Range(0, int32(len(first)-1)), 1, 30).Draw(t, "second")
		view := m.Gather(first).Gather(second)
		if view.Rows != len(second) {
			t.Fatalf("%d rows, want %d", view.Rows, len(second))
		}
		for j := range m.Columns {
			for i, k := range second {
				got, want := view.Columns[j].Value(i), m.Columns[j].Value(int(first[k]))
				if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Fatalf("column %d, row %d: %v, want %v", j, i, got, want)
				}
			}
		}
	})
}

// Columns that share an index go on sharing one, so that views stay small.
func TestGatherShares(t *testing.T) {
	m := matrix.New([][]float64{{1, 2}, {3, 4}, {5, 6}}).Gather([]int32{2, 0}).Gather([]int32{1, 1, 0})
	if &m.Columns[0].Index[0] != &m.Columns[1].Index[0] {
		t.Error("two columns of one view have an index each")
	}
}

func ExampleMatrix_Gather() {
	m := matrix.New([][]float64{{1, 10}, {2, 20}, {3, 30}})
	view := m.Gather([]int32{2, 0, 0}).With(matrix.Column{Name: "age", Nums: []float64{7, 14, 21}})
	row := make([]float64, 3)
	for i := range view.Rows {
		view.Row(row, i)
		fmt.Println(row)
	}
	// Output:
	// [3 30 7]
	// [1 10 14]
	// [1 10 21]
}

// Take is Gather but for where the values stand.
func TestTake(t *testing.T) {
	m := &matrix.Matrix{Rows: 4, Columns: []matrix.Column{
		{Name: "n", Nums: []float64{1, math.NaN(), 3, 4}},
		{Name: "c", Codes: []int32{0, 1, -1, 2}, Levels: 3},
		{Name: "v", Nums: []float64{5, 6}, Index: []int32{1, 0, 1, 1}},
	}}
	rows := []int32{3, 1, 3}
	a, b := m.Gather(rows), m.Take(rows)
	if b.Rows != len(rows) || len(b.Columns[0].Nums) != 2 {
		t.Fatalf("%d rows on %d values", b.Rows, len(b.Columns[0].Nums))
	}
	for j := range a.Columns {
		if a.Columns[j].Name != b.Columns[j].Name || a.Columns[j].Levels != b.Columns[j].Levels {
			t.Errorf("column %d: %v, want %v", j, b.Columns[j], a.Columns[j])
		}
		for i := range rows {
			if v, w := a.Columns[j].Value(i), b.Columns[j].Value(i); v != w && (v == v || w == w) {
				t.Errorf("column %d, row %d: %v, want %v", j, i, w, v)
			}
		}
	}
}
