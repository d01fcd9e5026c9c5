package gbm

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/leadcast/leadcast/models/tree"
)

// The largest Newton step of one tree. Leaves in which almost nothing is
// expected and something happens would otherwise leap.
const largestStep = 4

// derivative is a row's weighted first and second derivative of the loss.
type derivative struct{ g, h float64 }

// fixed gives the derivatives in fixed point.
func (g *grower) fixed(i int32) (int64, int64) {
	v := &g.derivatives[i]
	return int64(v.g * g.gScale), max(1, int64(v.h*g.hScale))
}

// differentiate computes the weighted derivatives of all fitted rows, and a
// unit of fixed point for them: the power of two that is as small as their sum
// in 62 bits allows. Leaf values are sums of these, hence exact.
func (d *data) differentiate(ctx context.Context, g *grower, margins []float64) error {
	pieces := g.spans(len(d.fitted), 1<<12)
	tops := make([]derivative, pieces)
	err := g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(d.fitted))
		var top derivative
		for _, i := range d.fitted[from:to] {
			w := d.weightOf(int(i))
			gi, hi := d.objective.Gradient(margins[i], d.y[i], d.exposureOf(int(i)))
			gi, hi = float64(w*gi), float64(w*hi)
			g.derivatives[i] = derivative{gi, hi}
			top = derivative{max(top.g, math.Abs(gi)), max(top.h, hi)}
		}
		tops[p] = top
		return nil
	})
	var top derivative
	for _, t := range tops {
		top = derivative{max(top.g, t.g), max(top.h, t.h)}
	}
	room := 62 - bits.Len(uint(len(d.fitted)))
	gBits, hBits := room-exponent(top.g), room-exponent(top.h)
	g.gUnit, g.hUnit = math.Ldexp(1, -gBits), math.Ldexp(1, -hBits)
	g.gScale, g.hScale = math.Ldexp(1, gBits), math.Ldexp(1, hBits)
	return err
}

// exponent is the least e with v < 2^e.
func exponent(v float64) int {
	_, e := math.Frexp(max(v, 1e-200))
	return e
}

// draw chooses the rows and columns of a round.
func (g *grower) draw(d *data, round int) {
	seed := hash(g.Seed, drawRound, uint64(round))
	g.rows, g.others = g.rows[:0], append(g.others[:0], d.held...)
	if g.RowSample == 1 {
		g.rows = append(g.rows, d.fitted...)
		g.drawColumns(seed)
		return
	}
	for _, i := range d.fitted {
		if draws(hash(seed, drawRows, d.keys[i]), g.RowSample) {
			g.rows = append(g.rows, i)
		} else {
			g.others = append(g.others, i)
		}
	}
	g.drawColumns(seed)
}

// drawColumns allows the share of features with the smallest draws, at least one.
func (g *grower) drawColumns(seed uint64) {
	order := make([]int, len(g.features))
	drawn := make([]uint64, len(g.features))
	for j := range order {
		order[j], drawn[j] = j, hashText(seed, drawColumns, g.features[j].name)
	}
	slices.SortStableFunc(order, func(p, q int) int { return cmp.Compare(drawn[p], drawn[q]) })
	some := max(1, int(math.Ceil(g.ColumnSample*float64(len(order)))))
	for k, j := range order {
		g.allowed[j] = k < some
	}
}

// quantise rounds the derivatives to the finest steps whose sums fit the two
// halves of a histogram cell. Rounding is up or down at random, in proportion
// to nearness, so that sums are unbiased: rounding to the nearest would turn
// the small gradients of rare events into nothing, many times over.
func (g *grower) quantise(d *data, round int) {
	seed := hash(g.Seed, drawRound, ^uint64(round))
	pieces := g.spans(len(g.rows), 1<<12)
	sums := make([][4]uint64, pieces)
	ctx := context.Background() // short; the caller's context is asked between trees
	g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(g.rows))
		var s [4]uint64
		for _, i := range g.rows[from:to] {
			gi, hi := g.fixed(i)
			a, h := uint64(max(gi, -gi)), uint64(hi)
			s[0], s[1], s[2], s[3] = s[0]+a, s[1]+h, max(s[2], a), max(s[3], h)
		}
		sums[p] = s
		return nil
	})
	var all [4]uint64
	for _, s := range sums {
		all = [4]uint64{all[0] + s[0], all[1] + s[1], max(all[2], s[2]), max(all[3], s[3])}
	}
	room := uint64(1<<31 - 1 - len(g.rows))
	gShift, hShift := g.shift(all[0], all[2], room), g.shift(all[1], all[3], 2*room)
	gMask, hMask := int64(1)<<gShift-1, int64(1)<<hShift-1
	g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(g.rows))
		for _, i := range g.rows[from:to] {
			gi, hi := g.fixed(i)
			r := mix(seed ^ d.keys[i])
			g.gradients[i] = pack((gi+int64(r>>1)&gMask)>>gShift, (hi+int64(mix(r)>>1)&hMask)>>hShift)
		}
		return nil
	})
	gStep, hStep := math.Ldexp(g.gUnit, gShift), math.Ldexp(g.hUnit, hShift)
	g.rules = rules{
		l1: g.L1 / gStep, l2: g.L2 / hStep, categoryL2: g.CategoryL2 / hStep, smooth: g.CategoryL2 / hStep, minLeaf: g.MinLeaf,
		minGain: max(g.MinGain*hStep/gStep/gStep, 1e-9), unit: gStep / hStep,
	}
}

// shift is by how many bits fixed-point numbers with the given sum and maximum
// must be shortened.
func (g *grower) shift(sum, largest, room uint64) int {
	s := max(0, bits.Len64(sum/room))
	for g.Quanta > 0 && largest>>s > uint64(g.Quanta) {
		s++
	}
	return s
}

// finish gives the leaves of the tree their values – from the unrounded
// derivatives, so that quantisation decides on the shape only – adds them to
// the margins of all rows, and returns the tree.
//
// L2 draws small leaves, where the rare events are, closer to zero than large
// ones, so that all forecasts together would fall short of the events. One
// number added to all leaves makes up for it to first order: L2 then acts on a
// leaf's distance from the tree's mean. It looks at all fitted rows, those
// that were not drawn for this tree included.
func (g *grower) finish(d *data, margins []float64) []tree.Node {
	ctx := context.Background() // short; the caller's context is asked between trees
	g.each(ctx, len(g.leaves), func(k int) error {
		l := &g.leaves[k]
		for _, i := range g.rows[l.from:l.to] {
			g.place[i] = int32(2 * k)
		}
		for _, i := range g.others[l.restFrom:l.rest] {
			g.place[i] = int32(2*k + 1)
		}
		return nil
	})
	sums := g.sums(d.fitted)
	short, all := 0.0, 0.0
	values := make([]float64, len(g.leaves))
	for k := range g.leaves {
		l, grown, rest := &g.leaves[k], sums[2*k], sums[2*k+1]
		values[k] = min(max(g.newton(grown.g, grown.h), l.low*g.rules.unit, -d.limit), l.high*g.rules.unit, d.limit)
		h := grown.h + rest.h
		short += grown.g + rest.g + float64(h*values[k])
		all += h
	}
	mean := min(max(-short/all, -d.limit), d.limit)
	if d.level > 0 {
		mean = 0
	}
	g.each(ctx, len(g.leaves), func(k int) error {
		l := &g.leaves[k]
		if d.level > 0 {
			values[k] = d.quantile(g.rows[l.from:l.to], margins)
		}
		values[k] = float64(g.LearningRate * (values[k] + mean))
		g.nodes[l.at].Value, g.nodes[l.at].Cover = values[k], d.cover(g.rows[l.from:l.to])
		return nil
	})
	pieces := g.spans(len(margins), 1<<12)
	g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(margins))
		for i, k := range g.place[from:to] {
			margins[from+i] += values[k/2]
		}
		return nil
	})
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if n := &g.nodes[i]; n.Feature >= 0 {
			n.Cover = g.nodes[n.Left].Cover + g.nodes[n.Right].Cover
		}
	}
	return append([]tree.Node(nil), g.nodes...)
}

// newton is the step that saves most.
func (b *Booster) newton(g, h float64) float64 { return -soft(g, b.L1) / (h + b.L2) }

// sum gives the gradient and curvature of some fitted rows.
func (g *grower) sum(rows []int32) derivative {
	var sumG, sumH int64
	for _, i := range rows {
		gi, hi := g.fixed(i)
		sumG += gi
		sumH += hi
	}
	return derivative{float64(float64(sumG) * g.gUnit), float64(float64(sumH) * g.hUnit)}
}

// sums gives the derivatives of the fitted rows of each place. It reads the table from
// top to bottom: rows leaf by leaf would be all over the memory.
func (g *grower) sums(fitted []int32) []derivative {
	pieces := g.spans(len(fitted), 1<<12)
	parts := make([][][2]int64, pieces)
	g.each(context.Background(), pieces, func(p int) error {
		from, to := span(p, pieces, len(fitted))
		part := make([][2]int64, 2*len(g.leaves))
		for _, i := range fitted[from:to] {
			gi, hi := g.fixed(i)
			s := &part[g.place[i]]
			s[0] += gi
			s[1] += hi
		}
		parts[p] = part
		return nil
	})
	sums := make([]derivative, 2*len(g.leaves))
	for k := range sums {
		var gi, hi int64
		for _, part := range parts {
			gi, hi = gi+part[k][0], hi+part[k][1]
		}
		sums[k] = derivative{float64(float64(gi) * g.gUnit), float64(float64(hi) * g.hUnit)}
	}
	return sums
}

// cover is the weight of some rows.
func (d *data) cover(rows []int32) float64 {
	if d.weight == nil {
		return float64(len(rows))
	}
	var sum total
	for _, i := range rows {
		sum.add(d.weight[i])
	}
	return sum.value()
}
