package forest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/sjwhitworth/golearn/base"
	"github.com/sjwhitworth/golearn/filters"

	"github.com/leadcast/leadcast/models/scorecard"
)

// ChiMerge gives at most bins−1 cut points of finite numbers with their
// outcomes (0 or 1), none of them one of the numbers: golearn's ChiMerge
// (Kerber 1992, AAAI 123) joins neighbours of about a hundred fine bins until
// there are few enough. It is a scorecard.Scorecard's Cut; scorecard.ChiMerge
// is the better one.
//
// Golearn never stops because bins differ: with two outcomes its percentile of
// χ² is infinite. And it adds up each statistic in the random order of a map,
// so where two pairs of neighbours tie but for the last digit it may join
// either first: unlike all else here the result is then not the same in every
// run.
func ChiMerge(values, outcomes []float64, bins int) ([]float64, error) {
	if len(values) != len(outcomes) {
		panic("forest: values and outcomes differ in length")
	}
	if bins < 1 || slices.ContainsFunc(values, func(v float64) bool { return v-v != 0 }) {
		return nil, errors.New("forest: ChiMerge needs finite numbers and one bin or more")
	}
	if slices.ContainsFunc(outcomes, func(y float64) bool { return y != 0 && y != 1 }) {
		return nil, errors.New("forest: an outcome is neither 0 nor 1")
	}
	const fineBins = 100
	fine := scorecard.Cuts(values, nil, fineBins)
	if len(fine) == 0 || bins == 1 {
		return nil, nil
	}
	type point struct{ code, y int }
	var points []point
	for i := range min(len(values), mostRows) {
		r := i * len(values) / min(len(values), mostRows)
		code, _ := slices.BinarySearch(fine, values[r])
		points = append(points, point{code, int(outcomes[r])})
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(a.code-b.code, a.y-b.y) }) // golearn counts in the order of the rows
	ctx, cancel := limited(context.Background(), 0)
	defer cancel()
	return guarded(ctx, "ChiMerge", func() ([]float64, error) {
		d, number, class := base.NewDenseInstances(), base.NewFloatAttribute("number"), classAttribute()
		n, c := d.AddAttribute(number), d.AddAttribute(class)
		if err := errors.Join(d.AddClassAttribute(class), d.Extend(len(points))); err != nil {
			return nil, err
		}
		for i, p := range points {
			d.Set(n, i, base.PackFloatToBytes(float64(p.code)))
			d.Set(c, i, base.PackU64ToBytes(uint64(p.y)))
		}
		f := filters.NewChiMergeFilter(d, 0.95)
		f.MaxRows = max(bins, 3)
		if err := errors.Join(f.AddAttribute(number), f.Train()); err != nil {
			return nil, err
		}
		return lowest(f, fine)
	})
}

// lowest reads off where the merged intervals begin: golearn names each by its
// least value.
func lowest(f *filters.ChiMergeFilter, fine []float64) ([]float64, error) {
	var cuts []float64
	for _, a := range f.GetAttributesAfterFiltering() {
		merged, ok := a.New.(*base.CategoricalAttribute)
		if !ok || a.Old == a.New {
			continue
		}
		for _, name := range merged.GetValues() {
			v, err := strconv.ParseFloat(name, 64)
			if err != nil {
				return nil, err
			}
			if code := int(v); code > 0 {
				cuts = append(cuts, fine[code-1])
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts), nil
}
