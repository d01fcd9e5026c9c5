package survival

import (
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// interactionNumbers bounds what Interactions holds at a time.
const interactionNumbers = 1 << 22

// Interactions implements models.Interacting over Outputs margins a row, as
// Shares. What a column does together with the age counts as its own.
func (h *Hazards) Interactions(dst []float64, x *matrix.Matrix, weights []float64) error {
	if err := h.takes(weights, x, h.columns); err != nil {
		return err
	}
	if len(dst) != x.Rows*h.columns*h.columns {
		panic("survival: interactions need one place a row and pair of columns")
	}
	n, out := len(h.ages), h.Outputs()
	most := max(1, interactionNumbers/((h.columns+1)*(h.columns+1)))
	for c, m := range h.models {
		if m == nil {
			continue
		}
		a, ok := m.(models.Additive)
		if !ok {
			return fmt.Errorf("survival: cause %d: a model of kind %q has no shares", c+1, m.Kind())
		}
		var subjects []int32
		var intervals []uint8
		var some []float64
		for i := range x.Rows {
			for k, w := range weights[i*out+c*n:][:n] {
				if w != 0 {
					subjects, intervals, some = append(subjects, int32(i)), append(intervals, uint8(k)), append(some, w)
				}
			}
		}
		for len(some) > 0 {
			k := min(most, len(some))
			if err := h.interact(dst, a, x, subjects[:k], intervals[:k], some[:k]); err != nil {
				return fmt.Errorf("survival: cause %d: %w", c+1, err)
			}
			subjects, intervals, some = subjects[k:], intervals[k:], some[k:]
		}
	}
	return nil
}

// interact adds the pairs of some subjects, each in one interval.
func (h *Hazards) interact(dst []float64, m models.Additive, x *matrix.Matrix, subjects []int32, intervals []uint8, weights []float64) error {
	n, wide := h.columns, h.columns+1
	pairs := make([]float64, len(weights)*wide*wide)
	if err := models.Interactions(m, pairs, h.widen(x.Gather(subjects), intervals), weights); err != nil {
		return err
	}
	for i, subject := range subjects {
		own, from := dst[int(subject)*n*n:][:n*n], pairs[i*wide*wide:][:wide*wide]
		for j := range n {
			for k, v := range from[j*wide:][:n] {
				own[j*n+k] += v
			}
			own[j*n+j] += from[j*wide+n]
		}
	}
	return nil
}
