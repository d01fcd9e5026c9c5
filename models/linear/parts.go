package linear

// Term is the part of one column in the margin. Of a category it is Y by code;
// of a number it is level from each X to the next where Step is set, and else
// straight lines between the points (X, Y) and level beyond them.
type Term struct {
	Category, Step bool
	X, Y           []float64
	Missing        float64 // of what is missing; of a number also beyond 1e100
}

// Chance reports whether the margin is the log-odds of a probability.
func (m *Model) Chance() bool { return m.family != counts }

// Terms gives the margin's constant and its terms, one a column; not to be
// written to.
func (m *Model) Terms() (base float64, terms []Term) {
	for _, t := range m.terms {
		terms = append(terms, Term{t.category, t.step, t.x, t.y, t.missing})
	}
	return m.base, terms
}
