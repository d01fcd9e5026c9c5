package personas

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
)

// condition is one test of a field.
type condition struct {
	text   string
	column int
	place  int    // among all conditions, from 1
	holds  []bool // of each lead
}

// candidate is a segment on the first half.
type candidate struct {
	conditions []*condition
	rows       []int   // of the first half
	z          float64 // of its mean response against the others'
	gap        float64
}

func (c *candidate) holds(row int) bool {
	for _, k := range c.conditions {
		if !k.holds[row] {
			return false
		}
	}
	return true
}

// search grows segments condition by condition on some leads, the best few at
// a time. A lead's response is its pseudo-value: what it adds to the share won,
// so that open leads neither count as lost nor are left out. It gives those
// that stand out, each unlike the others, and how many it looked at.
func (s *sample) search(in Input, rows []int) (found []candidate, tried int) {
	whole := s.follow(rows)
	if whole == nil {
		return nil, 0
	}
	response := make([]float64, len(s.group)) // around 0
	for k, i := range rows {
		response[i] = whole.influence[k] * float64(len(rows))
	}
	conditions := s.conditions(rows)
	beam := []candidate{{rows: rows}}
	var all []candidate
	seen := map[[deepest]int]bool{} // sets of conditions, whatever their order
	for range deepest {
		var next []candidate
		for _, b := range beam {
			for _, k := range conditions {
				if slices.ContainsFunc(b.conditions, func(o *condition) bool { return o.column == k.column }) {
					continue
				}
				set := together(b.conditions, k)
				if seen[set] {
					continue
				}
				seen[set] = true
				tried++
				if c, ok := s.grown(b, k, rows, response, whole.share); ok {
					next = append(next, c)
				}
			}
		}
		slices.SortStableFunc(next, func(x, y candidate) int { return cmp.Compare(math.Abs(y.z), math.Abs(x.z)) })
		beam = next[:min(len(next), beamWidth)]
		all = append(all, next...)
	}
	slices.SortStableFunc(all, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(worth(&y), worth(&x)), cmp.Compare(len(x.conditions), len(y.conditions)))
	})
	for _, c := range all {
		if len(found) == mostTested || math.Abs(c.z) < worthZ {
			break
		}
		if !slices.ContainsFunc(found, func(f candidate) bool { return overlap(f.rows, c.rows) > alike }) {
			found = append(found, c)
		}
	}
	return found, tried
}

// together names a set of conditions by their places.
func together(conditions []*condition, k *condition) (set [deepest]int) {
	set[0] = k.place
	for n, o := range conditions {
		set[n+1] = o.place
	}
	slices.Sort(set[:])
	return set
}

// worth is how far a segment stands out; each further condition has to earn
// its place.
func worth(c *candidate) float64 { return math.Abs(c.z) - 0.7*float64(len(c.conditions)-1) }

// grown is a segment with one more condition; ok is false where it is too
// small, stands out too little, or the condition does nothing within it.
func (s *sample) grown(b candidate, k *condition, rows []int, response []float64, share float64) (c candidate, ok bool) {
	var inside, outside tally
	for _, i := range b.rows {
		if k.holds[i] {
			c.rows = append(c.rows, i)
			inside.add(response[i])
		} else {
			outside.add(response[i])
		}
	}
	least := max(fewestLeads, leastShare*float64(len(rows)))
	if inside.n < least || outside.n < least {
		return c, false
	}
	var all tally
	for _, i := range rows {
		all.add(response[i])
	}
	rest := all.less(inside)
	c.conditions = append(slices.Clone(b.conditions), k)
	c.gap, c.z = against(inside, rest)
	_, within := against(inside, outside)
	if len(b.conditions) > 0 && (within*c.z < 0 || math.Abs(within) < worthZ) {
		return c, false
	}
	in, others := share+inside.sum/inside.n, share+rest.sum/rest.n
	if in > 0 && others > 0 && in < others*shareOfWord && others < in*shareOfWord {
		return c, false
	}
	return c, true
}

// tally is sums over some leads.
type tally struct{ n, sum, squares float64 }

func (t *tally) add(v float64) { t.n, t.sum, t.squares = t.n+1, t.sum+v, t.squares+v*v }

func (t tally) less(o tally) tally { return tally{t.n - o.n, t.sum - o.sum, t.squares - o.squares} }

// against is the difference of two means, and that over its standard error.
func against(a, b tally) (gap, z float64) {
	mean := func(t tally) float64 { return t.sum / t.n }
	variance := func(t tally) float64 { return max(0, t.squares/t.n-mean(t)*mean(t)) / t.n }
	gap = mean(a) - mean(b)
	if v := variance(a) + variance(b); v > 0 {
		return gap, gap / math.Sqrt(v)
	}
	return gap, 0
}

// overlap is the share of the leads of two segments, in rising order, that are in both.
func overlap(a, b []int) float64 {
	both, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			both, i, j = both+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

const mostLevels = 30

// conditions are the tests of single fields that enough of some leads pass:
// one of its values, above or below a fifth of its numbers, empty or not.
func (s *sample) conditions(rows []int) []*condition {
	var list []*condition
	for at, c := range s.columns {
		add := func(text string, holds func(i int) bool) {
			k := &condition{text: text, column: at, place: len(list) + 1, holds: make([]bool, len(s.group))}
			n := 0
			for i := range k.holds {
				k.holds[i] = holds(i)
			}
			for _, i := range rows {
				if k.holds[i] {
					n++
				}
			}
			if least := max(fewestLeads, leastShare*float64(len(rows))); float64(n) >= least && float64(len(rows)-n) >= least {
				list = append(list, k)
			}
		}
		add(c.Name+" is empty", func(i int) bool { return c.Missing(i) })
		switch c.Kind {
		case datasets.Number:
			for _, cut := range fifths(c, rows) {
				text := strconv.FormatFloat(cut, 'f', -1, 64)
				add(c.Name+" at least "+text, func(i int) bool { return c.Nums[i] >= cut })
				add(c.Name+" below "+text, func(i int) bool { return c.Nums[i] < cut })
			}
		case datasets.Bool:
			add(c.Name+" is yes", func(i int) bool { return c.Nums[i] != 0 && !c.Missing(i) })
			add(c.Name+" is no", func(i int) bool { return c.Nums[i] == 0 })
		case datasets.Category, datasets.Multi:
			for _, v := range values(c, rows) {
				if c.Kind == datasets.Multi {
					add(c.Name+" has "+v, func(i int) bool { return slices.Contains(parts(c.Texts.At(i)), v) })
				} else {
					add(c.Name+" is "+v, func(i int) bool { return c.Texts.At(i) == v })
				}
			}
		}
	}
	return list
}

// parts are the values of a cell that holds several.
func parts(cell string) []string {
	list := strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == ',' })
	for i, p := range list {
		list[i] = strings.TrimSpace(p)
	}
	return list
}

// values are the commonest values of a column, at least fewestLeads of each.
func values(c *datasets.Column, rows []int) []string {
	counts := map[string]int{}
	for _, i := range rows {
		if c.Kind == datasets.Multi {
			for _, p := range parts(c.Texts.At(i)) {
				counts[p]++
			}
		} else if !c.Missing(i) {
			counts[c.Texts.At(i)]++
		}
	}
	var list []string
	for v, n := range counts {
		if n >= fewestLeads {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return list[:min(len(list), mostLevels)]
}

// fifths are the cuts of a column of numbers into five, rounded to two digits;
// of few whole numbers, all but the least.
func fifths(c *datasets.Column, rows []int) []float64 {
	var known []float64
	for _, i := range rows {
		if v := c.Nums[i]; !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	slices.Sort(known)
	different := slices.Compact(slices.Clone(known))
	if len(different) <= 8 {
		return different[min(1, len(different)):]
	}
	var cuts []float64
	for k := 1; k < 5; k++ {
		cuts = append(cuts, twoDigits(known[k*len(known)/5]))
	}
	return slices.Compact(cuts)
}

// twoDigits rounds to two digits that count; smaller whole numbers stay.
func twoDigits(v float64) float64 {
	if v == 0 || v == math.Trunc(v) && math.Abs(v) < 100 {
		return v
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	return math.Round(v/scale) * scale
}
