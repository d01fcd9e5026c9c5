package survival

import (
	"errors"
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Rates is a model of rates by cause and interval of age: *Hazards, *BaseRates
// and *Stack. Margins and Shares are those of models.Additive with Outputs
// values a row in place of one.
type Rates interface {
	models.Additive
	Cuts() []float64                                  // interior cut points of the age axis
	Causes() int                                      // number of causes
	Curve(rates []float64, from float64) models.Curve // of one row of Predict, for one that has survived from
}

// axis is the layout that all models of rates share.
type axis struct {
	cuts   []float64
	causes int
}

// Cuts are the interior cut points of the age axis; not to be written to.
func (a axis) Cuts() []float64 { return a.cuts }

// Causes is the number of causes.
func (a axis) Causes() int { return a.causes }

// Outputs is causes × intervals.
func (a axis) Outputs() int { return a.causes * (len(a.cuts) + 1) }

// Curve is the forecast of one subject from one row of Predict, given that it
// has survived from; it reads rates and does not copy them.
func (a axis) Curve(rates []float64, from float64) models.Curve {
	n := len(a.cuts) + 1
	if len(rates) != a.causes*n {
		panic("survival: rates of another model")
	}
	c := models.Curve{Cuts: a.cuts, Rates: make([][]float64, a.causes), From: from}
	for i := range c.Rates {
		c.Rates[i] = rates[i*n:][:n]
	}
	return c
}

// check is for axes that come from data or from a file.
func (a axis) check() error {
	if a.causes < 1 || a.causes > 255 {
		return fmt.Errorf("survival: %d causes are not between 1 and 255", a.causes)
	}
	if len(a.cuts) >= maxIntervals {
		return fmt.Errorf("survival: %d intervals are more than %d", len(a.cuts)+1, maxIntervals)
	}
	last := 0.0
	for _, c := range a.cuts {
		if !(c > last) || c-c != 0 {
			return errors.New("survival: cut points must be finite, rise and be above zero")
		}
		last = c
	}
	return nil
}

// takes checks the shapes of a call: values has Outputs entries a row.
func (a axis) takes(values []float64, x *matrix.Matrix, columns int) error {
	if len(values) != x.Rows*a.Outputs() {
		panic("survival: values and rows differ in length")
	}
	if len(x.Columns) != columns {
		return fmt.Errorf("survival: %d columns where the model has %d", len(x.Columns), columns)
	}
	return nil
}
