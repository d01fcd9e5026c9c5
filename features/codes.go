package features

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// codes is a category of which rare values are told apart too: those that can be
// read, those that cannot, and others.
//
// Where the others would be more than a tenth of the leads, values that
// fewShared of them share are told apart by a fingerprint, which tells a value
// only to who has it already; of the rest nothing is kept, but they fall by their
// fingerprints into as many codes as leave each so many leads (the hashing trick;
// Weinberger et al. 2009): as one level they would look like a common one.
type codes struct {
	levels
	Rare   []uint32 `json:"rare,omitempty"`   // fingerprints, rising
	Others int      `json:"others,omitempty"` // codes of all other values; 0 is one
}

// fewShared is the number of leads that must share a value for its fingerprint
// to be kept.
const fewShared = 3

func (c *codes) learn(v *view) {
	for i := range v.Leads.Rows {
		c.add(v.text(i))
	}
}

func (c *codes) readable() []string { return c.Kept }

func (c *codes) settle() {
	seen := c.seen
	c.levels.settle(mostLevels)
	if !c.Common {
		return
	}
	all, pooled := 0, 0
	leads := map[uint32]int{} // by fingerprint
	for value, n := range seen {
		all += n
		if _, kept := slices.BinarySearch(c.Kept, value); kept {
			continue
		}
		if pooled += n; n >= fewShared && n < fewest {
			leads[fingerprint(value)] += n
		}
	}
	c.Rare = slices.SortedFunc(maps.Keys(leads), func(a, b uint32) int { return cmp.Or(leads[b]-leads[a], cmp.Compare(a, b)) })
	c.Rare = c.Rare[:min(len(c.Rare), mostLevels-len(c.Kept))]
	slices.Sort(c.Rare)
	for _, f := range c.Rare {
		pooled -= leads[f]
	}
	c.Others = max(1, min(pooled/fewShared, mostLevels-len(c.Kept)-len(c.Rare)))
	c.Common = 10*pooled > all
}

// fingerprint is a hash of a value (FNV-1a, folded).
func fingerprint(value string) uint32 {
	h := uint64(14695981039346656037)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	return uint32(h>>32) ^ uint32(h)
}

func (c *codes) ready() error {
	if n := len(c.Kept) + len(c.Rare); n > mostLevels || c.Others < 0 || c.Others > max(1, mostLevels-n) {
		return fmt.Errorf("more than %d levels", mostLevels)
	}
	for i := 1; i < len(c.Rare); i++ {
		if c.Rare[i-1] >= c.Rare[i] {
			return errors.New("fingerprints must be rising")
		}
	}
	return c.levels.ready(mostLevels)
}

func (c *codes) outputs() []output {
	return []output{{levels: len(c.Kept) + len(c.Rare) + max(1, c.Others)}}
}

func (c *codes) encode(dst []matrix.Column, v *view) {
	kept := int32(len(c.Kept))
	for i := range v.Leads.Rows {
		value := v.text(i)
		code := c.of(value)
		if code == kept {
			f := fingerprint(value)
			if at, known := slices.BinarySearch(c.Rare, f); known {
				code += int32(at)
			} else {
				if code += int32(len(c.Rare)); c.Others > 1 {
					code += int32(f % uint32(c.Others))
				}
				if !c.Common {
					v.warn(i, rare)
				}
			}
		}
		dst[0].Codes[i] = code
	}
}
