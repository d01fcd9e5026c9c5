package survival

import (
	"errors"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Blend holds the coefficients of a stack of candidates:
//
//	margin = offset + base + Σ_j weight_j · (margin_j − base)
//
// for each cause and interval of age, or for the one log-odds of a plain
// probability. The base is that of a BaseRates, so a blend whose offsets and
// weights are all zero is the base rates.
type Blend struct {
	Offset []float64   // one an output, [cause][interval]
	Weight [][]float64 // a row a cause, one a candidate, none negative
}

// Stack is a blend of models, calibrated on what they said out of fold.
type Stack struct {
	BaseRates
	blend      Blend
	components []models.Additive
}

// NewStack makes the blend of components, one for each weight of b; a model of
// rates (see Rates) or of a probability, with the outputs of base. Components
// without any weight are not kept, and a component does not count for a cause
// that it has no rate of.
func NewStack(base *BaseRates, b Blend, components ...models.Additive) (*Stack, error) {
	s := &Stack{BaseRates: *base, blend: Blend{Offset: slices.Clone(b.Offset), Weight: make([][]float64, base.causes)}}
	if len(b.Offset) != base.Outputs() || len(b.Weight) != base.causes {
		return nil, errors.New("survival: a blend of another layout than its base")
	}
	for j, m := range components {
		if m.Outputs() != base.Outputs() {
			return nil, fmt.Errorf("survival: component %d has %d outputs where its base has %d", j, m.Outputs(), base.Outputs())
		}
		kept := false
		for c, w := range b.Weight {
			if len(w) != len(components) || !(w[j] >= 0) || !finite(w[j]) {
				return nil, fmt.Errorf("survival: cause %d: a blend needs one weight a component that is not negative", c+1)
			}
			kept = kept || w[j] > 0
		}
		if !kept {
			continue
		}
		s.components = append(s.components, m)
		for c := range s.blend.Weight {
			w := b.Weight[c][j]
			if h, ok := m.(*Hazards); ok && h.models[c] == nil {
				w = 0
			}
			s.blend.Weight[c] = append(s.blend.Weight[c], w)
		}
	}
	return s, nil
}

// Blend is the blend of the components that were kept; not to be written to.
func (s *Stack) Blend() Blend { return s.blend }

// Components are the models that are blended, in the order of the blend's
// weights; not to be written to.
func (s *Stack) Components() []models.Additive { return s.components }

// BaseMargins are those of a subject of whom every component says no more than
// the base rates: the base and the offsets.
func (s *Stack) BaseMargins() []float64 {
	margins := slices.Clone(s.margins)
	for i := range margins {
		margins[i] += s.blend.Offset[i]
	}
	return margins
}

// Predict implements models.Model.
func (s *Stack) Predict(dst []float64, x *matrix.Matrix) error {
	if err := s.Margins(dst, x); err != nil {
		return err
	}
	s.link(dst)
	return nil
}

// Margins implements models.Additive; −Inf where a cause had no event.
func (s *Stack) Margins(dst []float64, x *matrix.Matrix) error {
	if err := s.BaseRates.Margins(dst, x); err != nil {
		return err
	}
	out := s.Outputs()
	if x.Rows <= chunk {
		return s.add(dst, x)
	}
	rows := make([]int32, chunk)
	for from := 0; from < x.Rows; from += chunk {
		part := rows[:min(chunk, x.Rows-from)]
		for i := range part {
			part[i] = int32(from + i)
		}
		if err := s.add(dst[from*out:][:len(part)*out], x.Gather(part)); err != nil {
			return err
		}
	}
	return nil
}

// add turns base margins into those of the blend.
func (s *Stack) add(dst []float64, x *matrix.Matrix) error {
	n, out := len(s.cuts)+1, s.Outputs()
	for i := range dst {
		dst[i] += s.blend.Offset[i%out]
	}
	margins := make([]float64, len(dst))
	for j, m := range s.components {
		if err := m.Margins(margins, x); err != nil {
			return fmt.Errorf("survival: component %d: %w", j, err)
		}
		for i := range dst {
			base := s.margins[i%out]
			if w := s.blend.Weight[i%out/n][j]; w > 0 && finite(base) {
				dst[i] += float64(w * (margins[i] - base))
			}
		}
	}
	return nil
}

// Shares implements models.Additive over Outputs margins a row; every
// component must have shares. Weights of a cause without events are not looked at.
func (s *Stack) Shares(dst []float64, x *matrix.Matrix, weights []float64) (base float64, err error) {
	if base, err = s.BaseRates.Shares(dst, x, weights); err != nil {
		return 0, err
	}
	n, out := len(s.cuts)+1, s.Outputs()
	part := make([]float64, len(weights))
	for i, w := range weights {
		if finite(s.margins[i%out]) {
			base += float64(w * s.blend.Offset[i%out])
		}
	}
	for j, m := range s.components {
		for i, v := range weights {
			part[i] = 0
			if w := s.blend.Weight[i%out/n][j]; w > 0 && finite(s.margins[i%out]) {
				part[i] = float64(v * w)
				base -= float64(part[i] * s.margins[i%out])
			}
		}
		b, err := m.Shares(dst, x, part)
		if err != nil {
			return 0, fmt.Errorf("survival: component %d: %w", j, err)
		}
		base += b
	}
	return base, nil
}

// Interactions implements models.Interacting over Outputs margins a row, as Shares.
func (s *Stack) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	n, out := len(s.cuts)+1, s.Outputs()
	part := make([]float64, len(weights))
	for j, m := range s.components {
		for i, v := range weights {
			part[i] = 0
			if w := s.blend.Weight[i%out/n][j]; w > 0 && finite(s.margins[i%out]) {
				part[i] = float64(v * w)
			}
		}
		if err := models.Interactions(m, dst, x, part); err != nil {
			return fmt.Errorf("survival: component %d: %w", j, err)
		}
	}
	return nil
}
