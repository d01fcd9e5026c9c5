package exchange

import (
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
)

// Column is a column of a matrix and where it comes from.
type Column struct {
	Name    string   // of the matrix
	Origin  string   // the column of the leads
	Kind    string   // number, yes or no, category, given, …
	Levels  []string // category: the values of codes 0, 1, …; every other value has the next code
	Missing []string // values that stand for nothing
	Codes   int      // categories: how many codes there are; 0 for numbers
}

// form is a model in another program's form while it is put together: each
// part adds weight times its margin, without its base.
type form interface {
	booster(m *gbm.Model, weight float64) *Error
	imported(m *Model, weight float64) *Error
	linear(terms []linear.Term, weight float64)
}

// takeApart hands the parts of a stack without times to a form and returns
// what is left of its margin, offset + base + Σ weight·(margin − base).
func takeApart(m *survival.Stack, to form) (constant float64, err *Error) {
	if m.Causes() != 1 || m.Outputs() != 1 {
		return 0, wrong("", "a model of won and lost over time has no such export: only models without times can be exported")
	}
	base := m.BaseRates.BaseMargins()[0]
	constant = m.BaseMargins()[0]
	for j, c := range m.Components() {
		weight, start := m.Blend().Weight[0][j], 0.0
		switch c := c.(type) {
		case *gbm.Model:
			if c.Objective() != (gbm.Logistic{}) {
				return 0, wrong("", "a booster of rates cannot be exported")
			}
			start, err = c.Ensemble().Base(), to.booster(c, weight)
		case *Model:
			start, err = c.trees.Base(), to.imported(c, weight)
		case *linear.Model:
			if !c.Chance() {
				return 0, wrong("", "a linear model of rates cannot be exported")
			}
			var terms []linear.Term
			start, terms = c.Terms()
			to.linear(terms, weight)
		default:
			return 0, wrong("", "a component of kind %q cannot be exported", c.Kind())
		}
		if err != nil {
			return 0, err
		}
		constant += float64(weight * (start - base))
	}
	return constant, nil
}
