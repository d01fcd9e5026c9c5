package gbm

import (
	"cmp"
	"context"
	"slices"
)

// settleEvery is after how many trees the rows are put in a new order.
const settleEvery = 32

// settle puts the rows of the table in the order of the last tree's leaves.
// Trees resemble the ones before, so the rows of a node of a later tree then
// lie close together in memory. No result depends on the order of the rows.
func (d *data) settle(g *grower, margins []float64) {
	if !d.own { // what the caller gave is not to be written to
		d.y, d.exposure, d.weight, d.keys = slices.Clone(d.y), slices.Clone(d.exposure), slices.Clone(d.weight), slices.Clone(d.keys)
		d.own = true
	}
	order := d.order(g)
	clear(g.place) // rows neither fitted nor held have none
	for _, values := range [][]float64{d.y, d.exposure, d.weight, margins} {
		if values == nil {
			continue
		}
		for to, from := range order { // by way of the derivatives, which the next tree computes anew
			g.derivatives[to].g = values[from]
		}
		for i := range values {
			values[i] = g.derivatives[i].g
		}
	}
	for to, from := range order {
		g.gradients[to] = int64(d.keys[from])
	}
	for i, key := range g.gradients {
		d.keys[i] = uint64(key)
	}
	g.permute(g.team, order)
}

// order lists all rows leaf by leaf, those that are neither fitted nor held
// last, and gives the lists of rows their new numbers.
func (d *data) order(g *grower) []int32 {
	const fitted, held = 1, 2
	kind := make([]uint8, g.binned.rows)
	for _, i := range d.fitted {
		kind[i] = fitted
	}
	for _, i := range d.held {
		kind[i] = held
	}
	slices.SortFunc(g.leaves, func(p, q leaf) int { return cmp.Compare(p.from, q.from) })
	order := g.scratch[:0]
	for k := range g.leaves {
		l := &g.leaves[k]
		order = append(append(order, g.rows[l.from:l.to]...), g.others[l.restFrom:l.rest]...)
	}
	for i, k := range kind {
		if k == 0 {
			order = append(order, int32(i))
		}
	}
	d.fitted, d.held = d.fitted[:0], d.held[:0]
	for to, from := range order {
		switch kind[from] {
		case fitted:
			d.fitted = append(d.fitted, int32(to))
		case held:
			d.held = append(d.held, int32(to))
		}
	}
	return order
}

// permute puts the table's rows in another order.
func (b *binned) permute(t team, order []int32) {
	threads := max(1, int(t))
	t.each(context.Background(), threads, func(k int) error {
		before := make([]uint8, b.rows)
		for j := k; j < len(b.features); j += threads {
			for p := range b.variants {
				bins := b.variants[p].columns[j]
				if p > 0 && &bins[0] == &b.variants[p-1].columns[j][0] {
					break // they share it
				}
				copy(before, bins)
				for to, from := range order {
					bins[to] = before[from]
				}
			}
		}
		return nil
	})
	b.fill(t)
}
