package features

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leadcast/leadcast/models/matrix"
)

// levels are the values of a category that at least `fewest` leads share.
type levels struct {
	Kept   []string `json:"kept"`             // rising
	Common bool     `json:"common,omitempty"` // over a tenth of the values seen were not kept: one more is no news

	code map[string]int32
	seen map[string]int
}

// longest is the length in bytes from which a value is taken for free text
// and never kept.
const longest = 200

// add counts a value of one lead; "" is none.
func (l *levels) add(value string) {
	if value == "" {
		return
	}
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	if _, ok := l.seen[value]; !ok {
		value = strings.Clone(value)
	}
	l.seen[value]++
}

// settle keeps the commonest values that enough leads share, at most most of them.
func (l *levels) settle(most int) {
	all, kept := 0, 0
	for value, n := range l.seen {
		all += n
		if n >= fewest && len(value) <= longest && utf8.ValidString(value) {
			l.Kept = append(l.Kept, value)
		}
	}
	slices.SortFunc(l.Kept, func(a, b string) int {
		return cmp.Or(l.seen[b]-l.seen[a], strings.Compare(a, b))
	})
	l.Kept = l.Kept[:min(most, len(l.Kept))]
	for _, value := range l.Kept {
		kept += l.seen[value]
	}
	l.Common = 10*(all-kept) > all
	slices.Sort(l.Kept)
	l.seen = nil
}

// ready builds the look-up table of at most most values.
func (l *levels) ready(most int) error {
	if len(l.Kept) > most {
		return fmt.Errorf("more than %d levels", most)
	}
	l.code = make(map[string]int32, len(l.Kept))
	for i, value := range l.Kept {
		if value == "" || i > 0 && l.Kept[i-1] >= value {
			return errors.New("levels must be rising and not empty")
		}
		l.code[value] = int32(i)
	}
	return nil
}

// count is the number of codes: the levels kept and "other".
func (l *levels) count() int { return len(l.Kept) + 1 }

// of is the code of a value: −1 for none, the last code ("other") where it was
// not kept.
func (l *levels) of(value string) int32 {
	if value == "" {
		return -1
	}
	if code, ok := l.code[value]; ok {
		return code
	}
	return int32(len(l.Kept))
}

// news reports whether a code is "other" and that is worth a note.
func (l *levels) news(code int32) bool { return int(code) == len(l.Kept) && !l.Common }

// category is one of a limited set of values, as a code: those that can be
// read, those that cannot, and others.
//
// Where the others would be more than a tenth of the leads, values that
// `fewShared` of them share are told apart by a fingerprint, which tells a value
// only to who has it already; of the rest nothing is kept, but they fall by their
// fingerprints into as many codes as leave each so many leads (the hashing trick;
// Weinberger et al. 2009): as one level they would look like a common one.
type category struct {
	levels
	Rare   []uint32 `json:"rare,omitempty"`   // fingerprints, rising
	Others int      `json:"others,omitempty"` // codes of all other values; 0 is one
}

const (
	mostLevels = 1 << 16 // of one column
	fewShared  = 3       // leads that must share a value for its fingerprint to be kept
)

func (c *category) learn(v *view) {
	for i := range v.Leads.Rows {
		c.add(v.text(i))
	}
}

func (c *category) settle() {
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

func (c *category) ready() error {
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

func (c *category) outputs() []output {
	return []output{{levels: len(c.Kept) + len(c.Rare) + max(1, c.Others)}}
}

func (c *category) encode(dst []matrix.Column, v *view) {
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
