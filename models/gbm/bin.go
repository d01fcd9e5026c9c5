package gbm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	slots = 256 // a bin is a byte; bin 0 is for missing values
	lanes = 8   // columns in one word of bins
)

// feature is a column as the engine sees it.
type feature struct {
	column   int       // its position in the matrix, statistics after the columns
	name     string    // decides between equals, so that the order of columns does not
	category bool      // bin k+1 holds category k
	edges    []float64 // of numbers: bin b+1 holds what is above edges[b−1] and at most edges[b]
	bins     int       // how many bins there are, the one for missing values included
	monotone int8      // +1: the margin may not fall when the number rises; −1: not rise
}

// source is a feature and the column that it is read from; a target statistic
// has one column a permutation. Once a statistic is in bins its numbers are let go.
type source struct {
	feature
	versions []matrix.Column
	bytes    [][]uint8 // of each version, the bins of its own values, views not expanded
}

// binned is the training table in bins: eight columns a 64-bit word, so that
// one load serves eight histogram updates and needs no bounds checks. The words
// of a row lie side by side: a small node's rows are far apart, and each costs
// one line of the cache instead of one a block. The bins of a column lie side by
// side too, which is how rows are parted: by one column at a time.
type binned struct {
	rows     int
	features []feature
	variant            // of the round
	variants []variant // by permutation, the same where no statistic is in them
}

// variant is the table in bins, by rows and by columns.
type variant struct {
	panels  []panel
	columns [][]uint8 // [feature][row]
}

// panel holds some words of every row: those of row r from words[r·width].
type panel struct {
	words []uint64
	width int
}

func newPanel(rows, width int) panel { return panel{make([]uint64, rows*width), width} }

// turn makes round's permutation the one that is shown.
func (b *binned) turn(round int) { b.variant = b.variants[round%len(b.variants)] }

// bin makes bins of columns.
func bin(ctx context.Context, t team, sources []source, rows int, from *sample, most int) (*binned, error) {
	slices.SortStableFunc(sources, func(p, q source) int {
		return cmp.Or(cmp.Compare(len(p.versions), len(q.versions)), cmp.Compare(p.name, q.name))
	})
	b := &binned{rows: rows, features: make([]feature, len(sources)), variants: make([]variant, 1)}
	err := t.each(ctx, len(sources), func(j int) error {
		s := &sources[j]
		if s.bytes == nil {
			if err := s.take(&s.versions[0], from, most); err != nil {
				return err
			}
		}
		b.features[j] = s.feature
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if len(s.versions) > len(b.variants) {
			b.variants = make([]variant, len(s.versions))
		}
	}
	blocks := (len(sources) + lanes - 1) / lanes
	fixed := blocks // sources with versions come last
	for fixed > 0 && len(sources[min(fixed*lanes, len(sources))-1].versions) > 1 {
		fixed--
	}
	for p := range b.variants {
		b.variants[p].columns = make([][]uint8, len(sources))
		b.variants[p].panels = []panel{{}, newPanel(rows, blocks-fixed)}
		if p == 0 {
			b.variants[p].panels[0] = newPanel(rows, fixed)
		} else {
			b.variants[p].panels[0] = b.variants[0].panels[0]
		}
	}
	err = t.each(ctx, len(sources), func(j int) error {
		for p := range b.variants {
			v := min(p, len(sources[j].versions)-1)
			if v < p {
				b.variants[p].columns[j] = b.variants[v].columns[j]
			} else {
				b.variants[p].columns[j] = expand(sources[j].bytes[v], sources[j].versions[v].Index)
			}
		}
		return nil
	})
	b.fill(t)
	b.turn(0)
	return b, err
}

// fill writes the columns into the panels.
func (b *binned) fill(t team) {
	fixed := b.variants[0].panels[0].width
	t.each(context.Background(), (len(b.features)+lanes-1)/lanes, func(k int) error {
		for p := range b.variants {
			v := &b.variants[p]
			columns := v.columns[k*lanes : min((k+1)*lanes, len(b.features))]
			if k >= fixed {
				v.panels[1].fill(k-fixed, columns)
			} else if p == 0 {
				v.panels[0].fill(k, columns)
			}
		}
		return nil
	})
}

// expand gives each row its bin, where a column is a view of its own values.
func expand(own []uint8, index []int32) []uint8 {
	if index == nil {
		return own
	}
	all := make([]uint8, len(index))
	for i, at := range index {
		all[i] = own[at]
	}
	return all
}

// fill writes up to eight columns' bins into each row's k-th word.
func (p panel) fill(k int, columns [][]uint8) {
	n := len(columns[0])
	var c [lanes][]uint8
	copy(c[:], columns)
	if len(columns) < lanes {
		none := make([]uint8, n)
		for lane := len(columns); lane < lanes; lane++ {
			c[lane] = none
		}
	}
	for i := range n {
		low := uint32(c[0][i]) | uint32(c[1][i])<<8 | uint32(c[2][i])<<16 | uint32(c[3][i])<<24
		high := uint32(c[4][i]) | uint32(c[5][i])<<8 | uint32(c[6][i])<<16 | uint32(c[7][i])<<24
		p.words[i*p.width+k] = uint64(low) | uint64(high)<<32
	}
}

// take puts a version's own values in bins, by edges that are found in the first.
func (s *source) take(c *matrix.Column, from *sample, most int) error {
	if s.category = c.Categorical(); s.category {
		s.feature.bins = c.Levels + 1
		own := make([]uint8, len(c.Codes))
		for i, k := range c.Codes {
			if int(k) >= c.Levels {
				return fmt.Errorf("gbm: column %q: category %d of %d", c.Name, k, c.Levels)
			}
			own[i] = uint8(max(k, -1) + 1)
		}
		s.bytes = append(s.bytes, own)
		return nil
	}
	if s.bytes == nil {
		s.edges = from.edges(c, most)
		s.feature.bins = len(s.edges) + 2
	}
	s.bytes = append(s.bytes, s.assign(c.Nums))
	return nil
}

// assign gives each number its bin. The search has no branches, which would be
// foreseen half of the time.
func (f *feature) assign(values []float64) []uint8 {
	var ranks [slots]uint64 // of the edges, and then of nothing
	for k := range ranks {
		ranks[k] = math.MaxUint64
		if k < len(f.edges) {
			ranks[k] = rank(f.edges[k])
		}
	}
	first := 1 << bits.Len(uint(len(f.edges))) >> 1
	bins := make([]uint8, len(values))
	for i, v := range values {
		r, below := rank(v), 0
		for step := first; step > 0; step >>= 1 {
			_, above := bits.Sub64(ranks[uint8(below+step-1)], r, 0)
			below += step & -int(above)
		}
		if v != v {
			below = -1
		}
		bins[i] = uint8(below + 1)
	}
	return bins
}

// edges chooses at most most−1 edges that part the rows in bins of equal mass;
// a value that has more than its share gets a bin to itself. Every edge has
// the fewest digits that part its two neighbours, so no one lead's value can
// be read off it.
func edges(values []heavy, most int) []float64 {
	if len(values) < 2 {
		return nil
	}
	left := int64(0)
	for _, v := range values {
		left += v.mass
	}
	var cuts []float64
	if len(values) <= most {
		for i := range values[1:] {
			cuts = append(cuts, matrix.Between(values[i].value(), values[i+1].value()))
		}
		return cuts
	}
	filled := int64(0)
	for i, v := range values {
		share := left / int64(most-len(cuts))
		if i > 0 && filled > 0 && filled+v.mass/2 >= share && len(cuts) < most-1 {
			cuts = append(cuts, matrix.Between(values[i-1].value(), v.value()))
			left -= filled
			filled = 0
		}
		filled += v.mass
	}
	return cuts
}
