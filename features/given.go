package features

import (
	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// given keeps of a value only whether there is one. It learns nothing.
type given struct{}

func (given) learn(*view)  {}
func (given) settle()      {}
func (given) ready() error { return nil }

func (given) outputs() []output { return []output{{suffix: " is given"}} }

func (given) encode(dst []matrix.Column, v *view) {
	for i := range v.Leads.Rows {
		dst[0].Nums[i] = 1
		if v.column.Missing(i) {
			dst[0].Nums[i] = 0
		}
	}
}

// use is the treatment of a column; names of persons are used as given where
// some leads have one and others do not.
func (t *treatment) use(c *datasets.Column) (kind, note string) {
	for i := range c.Len() {
		if t == asName && c.Missing(i) != c.Missing(0) {
			return "given", "holds names of persons: used only through whether it is filled"
		}
	}
	return t.kind, t.note
}
