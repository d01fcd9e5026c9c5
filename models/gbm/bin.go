package gbm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/models/matrix"
)

const (
	slots       = 256     // a bin is a byte; bin 0 is for missing values
	lanes       = 8       // columns in one word of bins
	sampledRows = 200_000 // from which quantiles are taken when there are more rows
	unitMass    = 1 << 20 // the mass of a row of weight one
)

// feature is a column as the engine sees it.
type feature struct {
	column   int       // its position in the matrix
	name     string    // decides between equals, so that the order of columns does not
	category bool      // bin k+1 holds category k
	edges    []float64 // of numbers: bin b+1 holds what is above edges[b−1] and at most edges[b]
	bins     int       // how many bins there are, the one for missing values included
	monotone int8      // +1: the margin may not fall when the number rises; −1: not rise
}

// binned is the training table in bins: eight columns a 64-bit word, so that
// one load serves eight histogram updates and needs no bounds checks.
type binned struct {
	rows     int
	features []feature
	blocks   [][]uint64 // [feature/8][row], feature%8 the byte
}

func (b *binned) at(feature int, row int32) uint8 {
	return uint8(b.blocks[feature/lanes][row] >> (feature % lanes * 8))
}

// bin makes bins of a matrix. Edges come from rows with mass above zero.
func bin(ctx context.Context, t team, x *matrix.Matrix, mass []int64, most int) (*binned, error) {
	b := &binned{rows: x.Rows, features: make([]feature, len(x.Columns))}
	for j := range x.Columns {
		c := &x.Columns[j]
		b.features[j] = feature{column: j, name: c.Name, category: c.Categorical()}
	}
	slices.SortStableFunc(b.features, func(p, q feature) int { return cmp.Compare(p.name, q.name) })
	bytes := make([][]uint8, len(b.features)) // of each column's own values, views not expanded
	err := t.each(ctx, len(b.features), func(j int) error {
		f := &b.features[j]
		c := &x.Columns[f.column]
		if f.category {
			if c.Levels >= slots {
				panic("gbm: too many categories for one byte")
			}
			f.bins = c.Levels + 1
			bytes[j] = make([]uint8, len(c.Codes))
			for i, k := range c.Codes {
				if int(k) >= c.Levels {
					return fmt.Errorf("gbm: column %q: category %d of %d", c.Name, k, c.Levels)
				}
				bytes[j][i] = uint8(max(k, -1) + 1)
			}
			return nil
		}
		f.edges = edges(c, mass, most)
		f.bins = len(f.edges) + 2
		bytes[j] = make([]uint8, len(c.Nums))
		for i, v := range c.Nums {
			bytes[j][i] = f.bin(v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.blocks = make([][]uint64, (len(b.features)+lanes-1)/lanes)
	err = t.each(ctx, len(b.blocks), func(k int) error {
		words := make([]uint64, x.Rows)
		for j := k * lanes; j < min((k+1)*lanes, len(b.features)); j++ {
			shift, own, index := j%lanes*8, bytes[j], x.Columns[b.features[j].column].Index
			for i := range words {
				at := i
				if index != nil {
					at = int(index[i])
				}
				words[i] |= uint64(own[at]) << shift
			}
		}
		b.blocks[k] = words
		return nil
	})
	return b, err
}

// bin is the bin of a number.
func (f *feature) bin(v float64) uint8 {
	if v != v {
		return 0
	}
	low, high := 0, len(f.edges)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if v <= f.edges[middle] {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return uint8(low + 1)
}

// heavy is a distinct value and how much mass it has.
type heavy struct {
	value float64
	mass  int64
}

// edges chooses at most most−1 edges that part the rows in bins of equal mass;
// a value that has more than its share gets a bin to itself. Every edge has
// the fewest digits that part its two neighbours, so no one lead's value can
// be read off it.
func edges(c *matrix.Column, mass []int64, most int) []float64 {
	values := distinct(c, mass)
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
			cuts = append(cuts, between(values[i].value, values[i+1].value))
		}
		return cuts
	}
	filled := int64(0)
	for i, v := range values {
		share := left / int64(most-len(cuts))
		if i > 0 && filled > 0 && filled+v.mass/2 >= share && len(cuts) < most-1 {
			cuts = append(cuts, between(values[i-1].value, v.value))
			left -= filled
			filled = 0
		}
		filled += v.mass
	}
	return cuts
}

// distinct lists a column's values, rising, with their mass.
func distinct(c *matrix.Column, mass []int64) []heavy {
	own := mass
	if c.Index != nil {
		own = make([]int64, len(c.Nums))
		for i, m := range mass {
			own[c.Index[i]] += m
		}
	}
	all := make([]heavy, 0, min(len(c.Nums), 2*sampledRows))
	for i, m := range own {
		if v := c.Nums[i]; m > 0 && v == v {
			all = append(all, heavy{v + 0, m}) // +0: minus zero is zero
		}
	}
	slices.SortFunc(all, func(p, q heavy) int { return cmp.Compare(p.value, q.value) })
	n := 0
	for _, v := range all {
		if n > 0 && all[n-1].value == v.value {
			all[n-1].mass += v.mass
			continue
		}
		all[n] = v
		n++
	}
	return all[:n]
}

// between gives the number with the fewest digits strictly between a and b, or
// a where there is none. Of those with so many digits it takes the one nearest
// the middle.
func between(a, b float64) float64 {
	middle := a/2 + b/2
	var text [32]byte
	for digits := range 17 {
		e, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], middle, 'e', digits, 64)), 64)
		if err == nil && a < e && e < b {
			return e
		}
	}
	if a < middle && middle < b {
		return middle
	}
	return a
}

// rowMass gives each row's mass for the edges: its weight in fixed point, zero
// for rows held out and, when there are many, for those not in the sample.
func rowMass(weight []float64, fitted []int32, keys []uint64, rows int, seed uint64) []int64 {
	mass := make([]int64, rows)
	keep := uint64(math.MaxUint64)
	if len(fitted) > sampledRows {
		keep = uint64(float64(sampledRows) / float64(len(fitted)) * (1 << 63) * 2)
	}
	for _, i := range fitted {
		if len(fitted) > sampledRows && hash(seed, drawBins, keys[i]) > keep {
			continue
		}
		mass[i] = unitMass
		if weight != nil {
			mass[i] = int64(weight[i] * unitMass)
		}
	}
	return mass
}
