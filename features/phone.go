package features

import (
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// phone keeps of a telephone number whether it has a country prefix and how
// many digits. It learns nothing.
type phone struct{}

func (phone) learn(*view)  {}
func (phone) settle()      {}
func (phone) ready() error { return nil }

func (phone) outputs() []output {
	return []output{{suffix: " has country prefix"}, {suffix: " digits"}}
}

func (phone) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		if v.column.Missing(i) {
			blankRow(dst, i)
			continue
		}
		value := dialled(v.column, i)
		dst[0].Nums[i], dst[1].Nums[i] = 0, float64(digits(value))
		if strings.HasPrefix(value, "+") || strings.HasPrefix(value, "00") {
			dst[0].Nums[i] = 1
		}
	}
}

// dialled is a telephone number as text, also where it was read as a number.
func dialled(c *datasets.Column, i int) string {
	if c.Kind == datasets.Number {
		return strconv.FormatFloat(c.Nums[i], 'f', -1, 64)
	}
	return strings.TrimSpace(c.Texts.At(i))
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return n
}
