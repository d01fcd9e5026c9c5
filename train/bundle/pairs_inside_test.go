package bundle

import "github.com/leadcast/leadcast/features"

// PairsOfEach is the pairs of every lead of a snapshot by column of the matrix,
// with the origins of those columns, for tests.
func (b *Bundle) PairsOfEach(s features.Snapshot) (origins []string, each [][]float64, err error) {
	f, err := b.forecast(s)
	if err != nil {
		return nil, nil, err
	}
	var at []int
	for j := range f.x.Columns {
		at, origins = append(at, j), append(origins, f.x.Columns[j].Origin)
	}
	each, err = f.pairs(0, s.Leads.Rows, at, len(at))
	return origins, each, err
}
