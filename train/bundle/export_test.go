package bundle

import "github.com/leadcast/leadcast/models/portable"

// PriceBase is the main probability of a lead of whom the columns say nothing,
// from which the reasons of a lead of that age count.
func (b *Bundle) PriceBase(age float64) float64 {
	base := b.model.BaseMargins()
	if !b.Manifest.Timed {
		return portable.Sigmoid(base[0])
	}
	f := forecast{Bundle: b}
	return f.win(base, age, float64(b.Manifest.MainHorizon))
}
