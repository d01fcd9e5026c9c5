package forest

import (
	"cmp"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/scorecard"
	"github.com/leadcast/leadcast/models/tree"
)

// question is one of yes or no about a row. Golearn knows neither missing
// values nor sets of categories, and its search for thresholds skips some, so
// all it is given are answers to questions.
type question struct {
	column     int
	cut        float64  // yes: a number of at most this; +Inf: any number, so that no is missing
	categories []uint64 // not nil: yes for a category of this set
	missing    bool     // of categories: yes where missing
}

// yes is the answer for a row.
func (q *question) yes(x *matrix.Matrix, i int) bool {
	c := &x.Columns[q.column]
	if q.categories == nil {
		return c.Num(i) <= q.cut
	}
	k := int(c.Code(i))
	if k < 0 {
		return q.missing
	}
	return k < 64*len(q.categories) && q.categories[k/64]>>(k%64)&1 == 1
}

// node is the question as a tree asks it: yes goes left.
func (q *question) node(left, right int) tree.Node {
	return tree.Node{Feature: q.column, Threshold: q.cut, Categories: q.categories, MissingLeft: q.missing, Left: left, Right: right}
}

// questions are all that may be asked: whether a number is at most one of
// bins−1 cuts, and whether it is known where it is not always; whether a
// category is among those that win least, cut at about equal weight.
func (s *sample) questions(bins int) []question {
	var list []question
	for j := range s.x.Columns {
		if s.x.Columns[j].Categorical() {
			list = append(list, s.sets(j, bins)...)
			continue
		}
		values, weights := make([]float64, len(s.rows)), make([]float64, len(s.rows))
		known := 0
		for k, r := range s.rows {
			values[k], weights[k] = s.x.Columns[j].Num(r.at), r.w
			if values[k] == values[k] {
				known++
			}
		}
		for _, c := range scorecard.Cuts(values, weights, bins) {
			list = append(list, question{column: j, cut: c})
		}
		if known < len(values) && known > 0 {
			list = append(list, question{column: j, cut: inf})
		}
	}
	return list
}

// sets orders the levels of a category, missing among them, by their share of
// wins, drawn to that of all as if prior rows more were seen, and cuts the
// order: of all ways to part the levels in two, the best is among these
// (Breiman and others 1984). A level that was not seen stands where the share
// of all does.
func (s *sample) sets(j, bins int) []question {
	const prior = 10
	type level struct {
		code      int // −1: missing
		leads, by float64
	}
	c := &s.x.Columns[j]
	levels := make([]level, c.Levels+1)
	for k := range levels {
		levels[k] = level{code: k - 1}
	}
	for _, r := range s.rows {
		if k := int(c.Code(r.at)) + 1; k >= 0 && k < len(levels) {
			levels[k].leads += r.w
			levels[k].by += float64(r.w * r.y)
		}
	}
	for k := range levels {
		levels[k].by = (levels[k].by + float64(prior*s.share)) / (levels[k].leads + prior)
	}
	slices.SortStableFunc(levels, func(a, b level) int { return cmp.Compare(a.by, b.by) })
	var list []question
	set, missing, below, cuts := make([]uint64, (c.Levels+63)/64), false, 0.0, 1
	for k, l := range levels[:c.Levels] {
		if below += l.leads; l.code < 0 {
			missing = true
		} else {
			set[l.code/64] |= 1 << (l.code % 64)
		}
		if below == 0 || below == s.weight || levels[k+1].leads == 0 || below < s.weight*float64(cuts)/float64(bins) && c.Levels >= bins {
			continue
		}
		for cuts < bins && below >= s.weight*float64(cuts)/float64(bins) {
			cuts++
		}
		list = append(list, question{column: j, categories: slices.Clone(set), missing: missing})
	}
	return list
}

// few draws n of the questions, in order.
func few(list []question, n int, seed uint64) []question {
	var drawn []question
	for _, k := range choose(len(list), n, seed) {
		drawn = append(drawn, list[k])
	}
	return drawn
}

// choose draws k of the numbers 0 … n−1 without replacement and gives them in
// order; all of them where there are no more.
func choose(n, k int, seed uint64) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	k = min(k, n)
	for i := range k {
		other := i + int(uniform(uint64(i), seed)*float64(n-i))
		all[i], all[other] = all[other], all[i]
	}
	slices.Sort(all[:k])
	return all[:k]
}

// best gives the n questions whose answers part won from lost best, by
// Pearson's chi-squared, in order.
func best(list []question, n int, s *sample, rows []row) []question {
	if len(list) <= n {
		return list
	}
	won := 0.0
	for _, r := range rows {
		won += r.y
	}
	leads := float64(len(rows))
	apart, order := make([]float64, len(list)), make([]int, len(list))
	for q := range list {
		order[q] = q
		yes, of := 0.0, 0.0
		for _, r := range rows {
			if list[q].yes(s.x, r.at) {
				yes++
				of += r.y
			}
		}
		if d := of - float64(yes*won)/leads; yes > 0 && yes < leads {
			apart[q] = float64(d*d) / (float64(yes*(leads-yes)) / leads)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(apart[b], apart[a]) })
	slices.Sort(order[:n])
	kept := make([]question, n)
	for k, q := range order[:n] {
		kept[k] = list[q]
	}
	return kept
}
