package train

import (
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/survival"
)

// drawnModels is the number of models behind an interval.
const drawnModels = 20

// spreadOf are the draws of a linear model of rates or of a probability, as
// differences of margins in the layout of the blend's; nil of any other model.
func spreadOf(m models.Additive) []models.Additive {
	var spread []models.Additive
	switch m := m.(type) {
	case *linear.Model:
		for _, d := range m.Drawn() {
			spread = append(spread, d)
		}
	case *survival.Hazards:
		for k := range drawnModels {
			to := make([]models.Model, m.Causes())
			for c, of := range m.Models() {
				if l, ok := of.(*linear.Model); ok && k < len(l.Drawn()) {
					to[c] = l.Drawn()[k]
				}
			}
			spread = append(spread, m.Moved(to))
		}
	}
	return spread
}

// groupsOf are the accounts of some rows, or the leads where there are none.
func (t *trainer) groupsOf(rows []int) []uint64 {
	groups := make([]uint64, len(rows))
	for i, r := range rows {
		groups[i] = t.groups[r]
	}
	return groups
}
