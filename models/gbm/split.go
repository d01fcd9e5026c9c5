package gbm

import (
	"cmp"
	"math"
	"slices"
)

// split is a way to part a node in two. Gains are in quantised units, the same
// for all splits of a tree.
type split struct {
	gain        float64
	feature     int
	left        [slots]uint8 // 1 for each bin that goes left
	cut         uint8        // of numbers: the last bin that goes left
	missingLeft bool
	sum         int64 // packed, of the left side
}

// rules is what a split must obey, in a tree's quantised units.
type rules struct {
	l1, l2, categoryL2, smooth float64
	minGain                    float64
	minLeaf                    int
	unit                       float64 // a margin's size in quantised units
}

// node is what scanning needs to know of the node that is to be parted.
type node struct {
	rows      int
	sum       int64
	low, high float64         // bounds on the margin step that monotone columns above have set, quantised
	counts    [][slots]uint32 // rows a bin of each feature, or nil: then they are estimated from the curvature
}

// bounded reports whether values are restricted in this node.
func (n *node) bounded() bool { return !math.IsInf(n.low, -1) || !math.IsInf(n.high, 1) }

// scan finds the best split of a node by one feature; gain 0 means none.
func (r *rules) scan(cells *[slots]int64, f *feature, j int, n *node) split {
	best := split{feature: j}
	switch {
	case f.category:
		r.scanCategories(&best, cells, f, n)
	case f.monotone != 0 || n.bounded() || n.counts != nil || r.l1 > 0:
		r.scanCarefully(&best, cells, f, n)
	default:
		r.scanNumbers(&best, cells, f, n)
	}
	if best.gain <= 0 {
		return split{}
	}
	return best
}

// least is the smallest curvature of a side that is expected to hold enough
// rows. Rounding may take a step from each row of the side and give one to each
// of the node's: it must not decide about a side with just enough rows.
func (r *rules) least(n *node) float64 {
	_, h := unpack(n.sum)
	if r.minLeaf <= 1 {
		return 0
	}
	return float64(r.minLeaf) * (float64(h)/float64(n.rows) - 2)
}

// scanNumbers tries every edge with missing values to the right and, where
// there are any, to the left. The gain of a cut is G²/(H+λ) summed over both
// sides, less the parent's; fractions are compared crosswise, which spares the
// divisions.
func (r *rules) scanNumbers(best *split, cells *[slots]int64, f *feature, n *node) {
	gi, hi := unpack(n.sum)
	g, h := float64(gi), float64(hi)
	least := max(r.least(n), 1)
	parent := float64(g*g) / (h + r.l2)
	top := parent + r.minGain
	last := f.bins - 1
	if cells[0] == 0 {
		last-- // nothing would be left for the right side
	}
	for pass := 0; pass < 2; pass++ {
		sum := int64(0)
		if pass == 1 {
			if cells[0] == 0 {
				break
			}
			sum, last = cells[0], f.bins-2
		}
		for b := 1; b <= last; b++ {
			c := cells[b&(slots-1)]
			if c == 0 {
				continue
			}
			sum += c
			gl, hl := float64(sum>>32), float64(uint32(sum))
			hr := h - hl
			if hl < least {
				continue
			}
			if hr < least {
				break
			}
			gr := g - gl
			hl += r.l2
			hr += r.l2
			value := float64(float64(gl*gl)*hr) + float64(float64(gr*gr)*hl)
			size := float64(hl * hr)
			if value > float64(top*size) {
				top = value / size
				best.gain, best.cut, best.missingLeft, best.sum = top-parent, uint8(b), pass == 1, sum
			}
		}
	}
	r.finish(best, cells, f, n)
}

// finish fills in which bins go left. Without missing values in the node, they
// go where most of the node goes.
func (r *rules) finish(best *split, cells *[slots]int64, f *feature, n *node) {
	if best.gain <= 0 {
		return
	}
	if cells[0] == 0 {
		_, left := unpack(best.sum)
		_, all := unpack(n.sum)
		best.missingLeft = 2*left > all
	}
	for b := 1; b <= int(best.cut); b++ {
		best.left[b] = 1
	}
	if best.missingLeft {
		best.left[0] = 1
	}
}

// scanCarefully is scanNumbers for nodes in which values are bounded, columns
// monotone, or rows counted.
func (r *rules) scanCarefully(best *split, cells *[slots]int64, f *feature, n *node) {
	parent := r.saved(n.sum, n, r.l2)
	for _, missing := range [2]bool{false, true} {
		if missing && cells[0] == 0 {
			break
		}
		sum, rows := int64(0), 0
		if missing {
			sum, rows = cells[0], n.count(best.feature, 0)
		}
		for b := 1; b < f.bins; b++ {
			sum += cells[b]
			rows += n.count(best.feature, b)
			if cells[b] == 0 || !r.enough(sum, rows, n) {
				continue
			}
			if f.monotone != 0 {
				rise := r.step(n.sum-sum, n, r.l2) - r.step(sum, n, r.l2)
				if float64(f.monotone)*rise < 0 {
					continue
				}
			}
			gain := r.saved(sum, n, r.l2) + r.saved(n.sum-sum, n, r.l2) - parent
			if gain > max(best.gain, r.minGain) {
				best.gain, best.cut, best.missingLeft, best.sum = gain, uint8(b), missing, sum
			}
		}
	}
	r.finish(best, cells, f, n)
}

func (n *node) count(feature, bin int) int {
	if n.counts == nil {
		return 0
	}
	return int(n.counts[feature][bin])
}

// enough reports whether both sides hold enough rows, counted or estimated.
func (r *rules) enough(left int64, rows int, n *node) bool {
	_, hl := unpack(left)
	_, h := unpack(n.sum)
	if n.counts != nil {
		return hl > 0 && h > hl && rows >= r.minLeaf && n.rows-rows >= r.minLeaf
	}
	least := max(r.least(n), 1)
	return float64(hl) >= least && float64(h-hl) >= least
}

// step is the Newton step −G/(H+λ), G drawn to zero by L1, within the node's bounds.
func (r *rules) step(sum int64, n *node, l2 float64) float64 {
	g, h := unpack(sum)
	return min(max(-soft(float64(g), r.l1)/(float64(h)+l2), n.low), n.high)
}

// saved is twice the loss that the bounded step saves: G²/(H+λ) without bounds
// and L1.
func (r *rules) saved(sum int64, n *node, l2 float64) float64 {
	g, h := unpack(sum)
	v := r.step(sum, n, l2)
	return -(float64(2*float64(g)*v) + float64(float64((float64(h)+l2)*v)*v) + float64(2*r.l1*math.Abs(v)))
}

// scanCategories sorts the categories by their smoothed gradient, which makes
// the best of all subsets a prefix (Fisher 1958), and tries each prefix. The
// lighter side is named, so that categories not met here go with the others.
func (r *rules) scanCategories(best *split, cells *[slots]int64, f *feature, n *node) {
	var order [slots]uint8
	var rank [slots]float64
	met := 0
	for b := range f.bins {
		if cells[b] != 0 {
			g, h := unpack(cells[b])
			rank[b] = float64(g) / (float64(h) + r.smooth)
			order[met] = uint8(b)
			met++
		}
	}
	slices.SortFunc(order[:met], func(p, q uint8) int {
		return cmp.Or(cmp.Compare(rank[p], rank[q]), cmp.Compare(p, q))
	})
	l2 := r.l2
	if met > 2 {
		l2 += r.categoryL2
	}
	parent := r.saved(n.sum, n, r.l2)
	sum, rows, prefix := int64(0), 0, 0
	for i, b := range order[:max(met-1, 0)] {
		sum += cells[b]
		rows += n.count(best.feature, int(b))
		if !r.enough(sum, rows, n) {
			continue
		}
		gain := r.saved(sum, n, l2) + r.saved(n.sum-sum, n, l2) - parent
		if gain > max(best.gain, r.minGain) {
			best.gain, best.sum, prefix = gain, sum, i+1
		}
	}
	if best.gain <= 0 {
		return
	}
	named := order[:prefix]
	if _, left := unpack(best.sum); 2*left > int64(uint32(n.sum)) {
		named, best.sum = order[prefix:met], n.sum-best.sum
	}
	for _, b := range named {
		best.left[b] = 1
	}
	best.missingLeft = best.left[0] == 1
}
