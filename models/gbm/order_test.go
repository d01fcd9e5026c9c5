package gbm

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A table in another order holds the same rows, in all of its variants, by
// columns and by words.
func TestPermuteKeepsRows(t *testing.T) {
	const rows, columns, fixed = 1000, 11, 1
	r := rand.New(rand.NewPCG(4, 4))
	b := &binned{rows: rows, features: make([]feature, columns), variants: make([]variant, 2)}
	for p := range b.variants {
		v := &b.variants[p]
		v.panels = []panel{newPanel(rows, fixed), newPanel(rows, 1)}
		for j := range columns {
			bins := make([]uint8, rows)
			for i := range bins {
				bins[i] = uint8(r.Uint32())
			}
			if p > 0 && j < fixed*lanes {
				bins = b.variants[0].columns[j]
			}
			v.columns = append(v.columns, bins)
		}
	}
	b.variants[1].panels[0] = b.variants[0].panels[0]
	var before [2][columns][]uint8
	for p := range before {
		for j := range columns {
			before[p][j] = slices.Clone(b.variants[p].columns[j])
		}
	}
	order := make([]int32, rows)
	for to, from := range r.Perm(rows) {
		order[to] = int32(from)
	}
	b.permute(3, order)
	for to, from := range order {
		for p, v := range b.variants {
			for j := range columns {
				want := before[p][j][from]
				if got := v.columns[j][to]; got != want {
					t.Fatalf("variant %d, column %d, row %d: bin %d, want %d", p, j, to, got, want)
				}
				if got := uint8(v.panels[j/lanes].words[to] >> (j % lanes * 8)); got != want {
					t.Fatalf("variant %d, column %d, row %d: %d in its word, want %d", p, j, to, got, want)
				}
			}
		}
	}
}

func TestSortByRank(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, scale := range []float64{1, 1e-300, 1e300} {
		all := make([]heavy, 5000)
		var want []float64
		for i := range all {
			v := scale * r.NormFloat64()
			if i%7 == 0 {
				v = math.Copysign(math.Inf(1), v)
			} else if i%5 == 0 {
				v = math.Round(v)
			}
			all[i] = heavy{rank(v), 1}
			want = append(want, v)
		}
		slices.SortFunc(want, cmp.Compare[float64])
		for i, v := range sortByRank(all, make([]heavy, len(all))) {
			if v.value() != want[i] {
				t.Fatalf("%v at place %d, want %v", v.value(), i, want[i])
			}
		}
	}
}
