package bundle

import (
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/scorecard"
)

// Points is the printed scorecard of a bundle: a lead's points add up, and
// Even of them are even odds of being won; Double more double the odds.
type Points struct {
	Even   float64         `json:"even"`
	Double float64         `json:"double"`
	Rows   []scorecard.Row `json:"rows"`
}

// Points is the scorecard that the bundle is, nil where it is another model.
// What validation found of its calibration is in Even and Double.
func (b *Bundle) Points() *Points {
	components := b.model.Components()
	if b.Manifest.Timed || len(components) != 1 {
		return nil
	}
	card, ok := components[0].(*scorecard.Model)
	if !ok || card.Scale() != scorecard.Points {
		return nil
	}
	blend, base := b.model.Blend(), b.model.BaseRates.BaseMargins()[0]
	weight := blend.Weight[0][0]
	unit := float64(weight * card.Scale().Unit)
	rest := blend.Offset[0] + float64(base*(1-weight))
	return &Points{Even: card.Scale().Even - rest/unit, Double: math.Ln2 / unit, Rows: card.Table(b.names)}
}

// names are what the codes of a matrix column stand for; nil where it has none.
func (b *Bundle) names(column int) []string {
	o := b.encoder.Outputs()[column]
	if kept := b.encoder.Levels(column); kept != nil {
		levels := slices.Clone(kept)
		for n := 1; len(levels) < o.Levels-1; n++ {
			levels = append(levels, fmt.Sprint("rare ", n)) // known by its fingerprint
		}
		return append(levels, "other")
	}
	if f := b.Manifest.Schema.Field(o.Origin); f != nil && f.Kind == datasets.Bool && o.Name == o.Origin {
		return []string{"no", "yes"}
	}
	return nil
}
