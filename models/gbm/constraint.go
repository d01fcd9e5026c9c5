package gbm

import (
	"errors"
	"fmt"
	"slices"

	"github.com/leadcast/leadcast/models/matrix"
)

// everything is the set of all groups.
const everything = ^uint64(0)

// groups gives each column the set of groups of Interactions that it is in, a
// bit each; the columns that are in none make up one more. Columns may stand on
// one path when some group has them all.
func (b Booster) groups(x *matrix.Matrix) ([]uint64, error) {
	in := make([]uint64, len(x.Columns))
	if len(b.Interactions) > 63 {
		return nil, errors.New("gbm: more than 63 groups of interactions")
	}
	for k, group := range b.Interactions {
		for _, name := range group {
			j := slices.IndexFunc(x.Columns, func(c matrix.Column) bool { return c.Name == name })
			if j < 0 {
				return nil, fmt.Errorf("gbm: column %q of the interactions is not in the matrix", name)
			}
			in[j] |= 1 << k
		}
	}
	for j := range in {
		switch {
		case len(b.Interactions) == 0:
			in[j] = everything
		case in[j] == 0:
			in[j] = 1 << 63
		}
	}
	return in, nil
}

// constrain tells the grower the groups of what its trees see: a statistic of
// two columns is in those that hold both.
func (f *fit) constrain() {
	for i := range f.features {
		j := f.features[i].column
		if j < len(f.groups) {
			f.may[i] = f.groups[j]
			continue
		}
		f.may[i] = everything
		for _, c := range f.model.statistics[(j-len(f.groups))/2].columns {
			f.may[i] &= f.groups[c]
		}
	}
}

// soft draws a gradient by l1 towards zero (soft thresholding; Tibshirani 1996).
func soft(g, l1 float64) float64 {
	switch {
	case g > l1:
		return g - l1
	case g < -l1:
		return g + l1
	}
	return 0
}
