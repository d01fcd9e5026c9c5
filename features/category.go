package features

import (
	"cmp"
	"errors"
	"fmt"
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

// category is one of a limited set of values, as a code.
type category struct {
	levels
}

// mostLevels bounds the levels of one column.
const mostLevels = 1 << 16

func (c *category) learn(v *view) {
	for i := range v.Leads.Rows {
		c.add(v.text(i))
	}
}

// readable are the values that can be read off the encoder.
func (c *category) readable() []string { return c.Kept }

func (c *category) settle() { c.levels.settle(mostLevels) }

func (c *category) ready() error { return c.levels.ready(mostLevels) }

func (c *category) outputs() []output { return []output{{levels: c.count()}} }

func (c *category) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		code := c.of(v.text(i))
		if dst[0].Codes[i] = code; c.news(code) {
			v.warn(i, rare)
		}
	}
}
