package features

import (
	"slices"
	"strings"

	"github.com/leadcast/leadcast/models/matrix"
)

// multi is a picklist with several values in one cell: one indicator for each
// value that enough leads share, and how many there are.
type multi struct {
	levels
}

// mostParts bounds the indicators of one column.
const mostParts = 64

// parts appends the different values of a cell to dst: separated by ';' where
// there is one, else by ','.
func parts(dst []string, cell string) []string {
	separator := ","
	if strings.Contains(cell, ";") {
		separator = ";"
	}
	for part := range strings.SplitSeq(cell, separator) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(dst, part) {
			dst = append(dst, part)
		}
	}
	return dst
}

func (m *multi) learn(v *view) {
	var few [16]string
	for i := range v.Leads.Rows {
		for _, part := range parts(few[:0], v.text(i)) {
			m.add(part)
		}
	}
}

func (m *multi) settle() { m.levels.settle(mostParts) }

func (m *multi) ready() error { return m.levels.ready(mostParts) }

func (m *multi) outputs() []output {
	out := []output{{suffix: " count"}}
	for _, part := range m.Kept {
		out = append(out, output{suffix: " = " + part})
	}
	return out
}

func (m *multi) encode(dst []matrix.Column, v *view) {
	var few [16]string
	for i := range v.Leads.Rows {
		found := parts(few[:0], v.text(i))
		if len(found) == 0 {
			blankRow(dst, i)
			continue
		}
		dst[0].Nums[i] = float64(len(found))
		warned := false
		for _, part := range found {
			code := m.of(part)
			if int(code) < len(m.Kept) {
				dst[1+code].Nums[i] = 1
			} else if m.news(code) && !warned {
				v.warn(i, rare)
				warned = true
			}
		}
	}
}
