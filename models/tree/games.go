package tree

import (
	"math/bits"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// integrand holds, for the covers' game of one twig, what each column contributes
// at the points of the quadrature of shares.go: its factor of the product and
// (o−z)/factor, o being 1 where the column leads the row on and 0 where not.
type integrand struct {
	rule
	factors, slopes [2][]float64 // per column and point; of columns that do not lead on, and of those that do
}

// seen are rows of a background that one twig treats alike.
type seen struct {
	key    uint64
	weight float64
}

// prepare works out what fill needs for each twig of a tree.
func (a *account) prepare(p *plan) {
	if a.sample != nil {
		return
	}
	need := 0
	for i := range p.twigs {
		n := len(p.twigs[i].columns)
		need += 4 * n * ((n + 1) / 2)
	}
	if cap(a.small) < need {
		a.small = make([]float64, need)
	}
	memory := a.small[:need]
	take := func(n int) (taken []float64) {
		taken, memory = memory[:n:n], memory[n:]
		return taken
	}
	for i := range p.twigs {
		t := &p.twigs[i]
		var g integrand
		if t.ends {
			g.rule = a.rules[(len(t.columns)+1)/2-1]
			n := len(g.at)
			for on := range 2 {
				g.factors[on], g.slopes[on] = take(len(t.columns)*n), take(len(t.columns)*n)
				for j, z := range t.shares {
					for q := range n {
						f := float64(z * g.rest[q])
						g.slopes[on][j*n+q] = -g.off[q]
						if on == 1 {
							f += g.at[q]
							g.slopes[on][j*n+q] = (1 - z) / f
						}
						g.factors[on][j*n+q] = f
					}
				}
			}
		}
		a.integrands = append(a.integrands, g)
	}
}

// fill works out the vector of a twig for a key.
func (a *account) fill(dst []float64, p *plan, t int, key uint64) {
	switch b := &p.twigs[t]; {
	case a.sample == nil:
		a.integrands[t].fill(dst, b, key, a.pairs)
	default:
		clear(dst)
		for side, v := range b.values {
			if v == 0 {
				continue
			}
			own := b.leads(key, side)
			for _, s := range a.sample[p.first+t] {
				against(dst, own, b.leads(s.key, side), len(b.columns), float64(v*s.weight), a.pairs)
			}
		}
	}
}

// fill plays the covers' game. A column j has ∫ (o−z)/factor of the product of
// all factors; a pair half of ∫ (o−z)/factor·(o'−z')/factor' of it, by the
// weights |S|!(d−2−|S|)!/(d−1)! of Grabisch and Roubens. The column that the
// twig itself asks has a factor for each of the two leaves.
func (g *integrand) fill(dst []float64, t *twig, key uint64, pairs bool) {
	n, columns := len(g.at), len(t.columns)
	goesLeft := key >> t.above & 1
	var on [2]float64
	if t.own == t.above || key>>t.own&1 == 1 {
		on[0], on[1] = float64(goesLeft), float64(1-goesLeft)
	}
	lever := float64(t.values[0]*(on[0]-t.parts[0])) + float64(t.values[1]*(on[1]-t.parts[1]))
	clear(dst)
	var slopes [widest]float64
	for q := range n {
		others := g.by[q]
		for j := range columns {
			if j != t.own {
				others = float64(others * g.factors[key>>j&1][j*n+q])
			}
		}
		own := float64(t.values[0]*(float64(on[0]*g.at[q])+float64(t.parts[0]*g.rest[q]))) +
			float64(t.values[1]*(float64(on[1]*g.at[q])+float64(t.parts[1]*g.rest[q])))
		all := float64(others * own)
		if !pairs {
			for j := range columns {
				if j != t.own {
					dst[j] += float64(all * g.slopes[key>>j&1][j*n+q])
				}
			}
			dst[t.own] += float64(others * lever)
			continue
		}
		for j := range columns {
			slopes[j] = g.slopes[key>>j&1][j*n+q]
		}
		line := dst
		for j := range columns {
			whole := float64(all * slopes[j])
			if j == t.own {
				whole = float64(others * lever)
			}
			line[j] += whole
			for k := range j {
				both := float64(whole*slopes[k]) / 2
				if k == t.own {
					both = float64(float64(others*lever)*slopes[j]) / 2
				}
				line[k] += both
			}
			line = line[j+1:]
		}
	}
	if pairs {
		alone(dst, columns)
	}
}

// alone takes what pairs do off the diagonal of shares.
func alone(dst []float64, columns int) {
	for j := range columns {
		for k := range j {
			both := dst[j*(j+1)/2+k]
			dst[j*(j+1)/2+j] -= both
			dst[k*(k+1)/2+k] -= both
		}
	}
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
