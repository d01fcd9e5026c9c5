package bundle

import (
	"fmt"

	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// Relearn gives a bundle like b in which learn has replaced each model of the
// blend, given the matrix that the leads of a snapshot are. The encoder, the base
// rates and the weights of the blend stay. Nothing has judged the new bundle, and
// there is no plan by which it could be trained again.
func (b *Bundle) Relearn(s features.Snapshot, learn func(m models.Additive, x *matrix.Matrix) (models.Additive, error)) (*Bundle, error) {
	f, err := b.forecast(s)
	if err != nil {
		return nil, err
	}
	var components []models.Additive
	for _, m := range b.model.Components() {
		m, err := learn(m, f.x)
		if err != nil {
			return nil, err
		}
		components = append(components, m)
	}
	stack, err := survival.NewStack(&b.model.BaseRates, b.model.Blend(), components...)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	m := b.Manifest
	m.Judged, m.Plan, m.Data, m.Importance = nil, nil, nil, nil
	n := New(m, b.encoder, stack, b.support)
	n.Center, n.Tally = b.Center, b.Tally
	return n, nil
}
