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

// gradients computes the weighted derivatives of all fitted rows and keeps
// them in fixed point, with a power of two for a unit that is as small as
// their sum in 62 bits allows: leaf values are sums of these, hence exact.
func (d *data) gradients(ctx context.Context, g *grower, margins []float64) error {
	pieces := g.spans(len(d.fitted), 1<<12)
	tops := make([][2]float64, pieces)
	err := g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(d.fitted))
		top := &tops[p]
		for _, i := range d.fitted[from:to] {
			w := d.weightOf(int(i))
			gi, hi := d.objective.Gradient(margins[i], d.y[i], d.exposureOf(int(i)))
			gi, hi = float64(w*gi), float64(w*hi)
			top[0], top[1] = max(top[0], math.Abs(gi)), max(top[1], hi)
			// The bits wait here until the unit is known.
			g.g[i], g.h[i] = int64(math.Float64bits(gi)), int64(math.Float64bits(hi))
		}
		return nil
	})
	if err != nil {
		return err
	}
	var top [2]float64
	for _, t := range tops {
		top[0], top[1] = max(top[0], t[0]), max(top[1], t[1])
	}
	room := 62 - bits.Len(uint(len(d.fitted)))
	gBits, hBits := room-exponent(top[0]), room-exponent(top[1])
	g.gUnit, g.hUnit = math.Ldexp(1, -gBits), math.Ldexp(1, -hBits)
	gScale, hScale := math.Ldexp(1, gBits), math.Ldexp(1, hBits)
	return g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, len(d.fitted))
		for _, i := range d.fitted[from:to] {
			g.g[i] = int64(math.Float64frombits(uint64(g.g[i])) * gScale)
			g.h[i] = max(1, int64(math.Float64frombits(uint64(g.h[i]))*hScale))
		}
		return nil
	})
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
	for _, i := range d.fitted {
		if g.RowSample == 1 || draws(hash(seed, drawRows, d.keys[i]), g.RowSample) {
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
		s := &sums[p]
		for _, i := range g.rows[from:to] {
			a, h := uint64(max(g.g[i], -g.g[i])), uint64(g.h[i])
			s[0], s[1], s[2], s[3] = s[0]+a, s[1]+h, max(s[2], a), max(s[3], h)
		}
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
			r := mix(seed ^ d.keys[i])
			g.gradients[i] = pack((g.g[i]+int64(r>>1)&gMask)>>gShift, (g.h[i]+int64(mix(r)>>1)&hMask)>>hShift)
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
	type sums struct{ g, h, step float64 }
	leaves := make([]sums, len(g.leaves))
	ctx := context.Background() // short; the caller's context is asked between trees
	g.each(ctx, len(leaves), func(k int) error {
		l := &g.leaves[k]
		s := g.sum(g.rows[l.from:l.to])
		step := min(max(g.newton(s[0], s[1]), l.low*g.rules.unit, -d.limit), l.high*g.rules.unit, d.limit)
		rest := g.sum(g.others[l.restFrom:l.rest])
		leaves[k] = sums{s[0] + rest[0], s[1] + rest[1], step}
		return nil
	})
	short, all := 0.0, 0.0
	for _, s := range leaves {
		short += s.g + float64(s.h*s.step)
		all += s.h
	}
	mean := min(max(-short/all, -d.limit), d.limit)
	if d.level > 0 {
		mean = 0
	}
	g.each(ctx, len(leaves), func(k int) error {
		l := &g.leaves[k]
		if d.level > 0 {
			leaves[k].step = d.quantile(g.rows[l.from:l.to], margins)
		}
		value := float64(g.LearningRate * (leaves[k].step + mean))
		for _, i := range g.rows[l.from:l.to] {
			margins[i] += value
		}
		for _, i := range g.others[l.restFrom:l.rest] {
			margins[i] += value
		}
		g.nodes[l.at].Value, g.nodes[l.at].Cover = value, d.cover(g.rows[l.from:l.to])
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

// sum gives the gradient and curvature of some rows; those held out have none.
func (g *grower) sum(rows []int32) [2]float64 {
	var sumG, sumH int64
	for _, i := range rows {
		sumG += g.g[i]
		sumH += g.h[i]
	}
	return [2]float64{float64(float64(sumG) * g.gUnit), float64(float64(sumH) * g.hUnit)}
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
