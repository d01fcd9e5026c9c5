package features

import (
	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

// age is the days from a moment, that of creation, to as-of: leads that are
// looked at several times differ in it. It learns nothing.
type age struct{}

func (age) learn(*view)  {}
func (age) settle()      {}
func (age) ready() error { return nil }

func (age) outputs() []output { return []output{{suffix: " days before as-of"}} }

func (age) encode(dst []matrix.Column, v *view) {
	for i, t := range v.column.Times {
		dst[0].Nums[i] = datasets.Days(t, v.moment(i))
	}
}
