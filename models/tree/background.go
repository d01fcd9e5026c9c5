package tree

import (
	"math/bits"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// seen are rows of a background that one twig treats alike.
type seen struct {
	key    uint64
	weight float64
}

// beta[a][b] is ∫₀¹ t^a (1−t)^b dt = a!·b!/(a+b+1)!.
var beta = func() (table [widest + 1][widest + 1]float64) {
	for b := range table[0] {
		table[0][b] = 1 / float64(b+1)
		for a := 1; a < len(table); a++ {
			table[a][b] = table[a-1][b] * float64(a) / float64(a+b+1)
		}
	}
	return table
}()

// against plays the game of one leaf in which a column that is not known is
// that of another row: the value is had when every column leads there, in the
// row where it is known and in the other where it is not. So columns that only
// the row has must be known, those that only the other has must not be, and if
// one leads there in neither nothing is to be had.
func against(dst []float64, row, other uint64, columns int, value float64, pairs bool) {
	if row|other != 1<<columns-1 {
		return
	}
	mine, theirs := row&^other, other&^row
	m, t := bits.OnesCount64(mine), bits.OnesCount64(theirs)
	if !pairs {
		for rest := mine; rest != 0; rest &= rest - 1 {
			dst[bits.TrailingZeros64(rest)] += float64(value * beta[m-1][t])
		}
		for rest := theirs; rest != 0; rest &= rest - 1 {
			dst[bits.TrailingZeros64(rest)] -= float64(value * beta[m][t-1])
		}
		return
	}
	for rest := mine | theirs; rest != 0; rest &= rest - 1 {
		j := bits.TrailingZeros64(rest)
		line := dst[j*(j+1)/2:]
		j1 := mine >> j & 1
		if j1 == 1 {
			line[j] += float64(value * beta[m-1][t])
		} else {
			line[j] -= float64(value * beta[m][t-1])
		}
		for below := (mine | theirs) & (1<<j - 1); below != 0; below &= below - 1 {
			k := bits.TrailingZeros64(below)
			var both float64
			switch j1 + mine>>k&1 {
			case 2:
				both = float64(value*beta[m-2][t]) / 2
			case 1:
				both = -float64(value*beta[m-1][t-1]) / 2
			default:
				both = float64(value*beta[m][t-2]) / 2
			}
			line[k] += both
			line[j] -= both
			dst[k*(k+1)/2+k] -= both
		}
	}
}

// look notes how the rows of a background go through every twig.
func (x *Explainer) look(background *matrix.Matrix) {
	a := x.account(background, false)
	var keys [][]uint64
	for k := range x.plans {
		p := &x.plans[k]
		if len(p.twigs) == 0 {
			continue
		}
		keys = append(keys[:0], make([][]uint64, len(p.twigs))...)
		for i := 0; i < background.Rows; i += explainRows {
			n := min(explainRows, background.Rows-i)
			load(a.block, background, i, i+n)
			clear(a.leads[:n])
			a.visit(p, 0, 0, n, func(p *plan, t int, leads, left []uint64) {
				for i, lead := range leads {
					keys[t] = append(keys[t], lead|left[i]<<p.twigs[t].above)
				}
			})
		}
		for t, list := range keys {
			slices.Sort(list)
			var some []seen
			for _, key := range list {
				if len(some) == 0 || some[len(some)-1].key != key {
					some = append(some, seen{key: key})
				}
				some[len(some)-1].weight += 1 / float64(background.Rows)
			}
			x.sample[p.first+t] = some
		}
	}
}
