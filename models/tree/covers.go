package tree

// integrand holds, for the covers' game of one twig, what each column contributes
// at the points of the quadrature of shares.go: its factor of the product and
// (o−z)/factor, o being 1 where the column leads the row on and 0 where not.
type integrand struct {
	rule
	factors, slopes [2][]float64 // per column and point; of columns that do not lead on, and of those that do
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
			g.rule = a.ensemble.rules(len(t.columns))
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
