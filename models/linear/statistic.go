package linear

import (
	"math"

	"github.com/leadcast/leadcast/models/matrix"
)

// statistic replaces the levels of a category by the shrunken log ratio of their
// events to those expected at the overall rate (Micci-Barreca 2001). Fitted rows
// see a statistic made without their own fold, so that it holds no trace of
// their own outcome.
type statistic struct {
	all     []float64   // by level, from all fitted rows
	without [][]float64 // by fold and level, from the other folds
	fold    []int8      // of each own row; −1 for rows held out
	scale   float64     // makes the fitted rows' statistics of unit variance
}

func newStatistic(c *matrix.Column, b *block, rows fitRows) *statistic {
	weight, events, expect := b.gather(rows.weight), b.gather(rows.events), b.gather(rows.expect)
	s := &statistic{fold: make([]int8, b.rows), scale: 1}
	key := make([]uint64, b.rows)
	for i := range key {
		key[i] = uint64(i)
	}
	if rows.keys != nil { // the key of an own row is that of its last design row
		for i, k := range rows.keys {
			key[b.own(i)] = k
		}
	}
	sums := make([][][2]float64, folds+1)
	for k := range sums {
		sums[k] = make([][2]float64, c.Levels)
	}
	for i := range s.fold {
		s.fold[i] = -1
		code := c.Codes[i]
		if weight[i] == 0 {
			continue
		}
		s.fold[i] = int8(mix(key[i]) % folds)
		if code < 0 || int(code) >= c.Levels {
			continue
		}
		for _, k := range []int{int(s.fold[i]), folds} {
			sums[k][code][0] += events[i]
			sums[k][code][1] += expect[i]
		}
	}
	ratio := func(e, x float64) float64 {
		return math.Log((max(e, 0) + statPrior) / (max(x, 0) + statPrior))
	}
	s.all = make([]float64, c.Levels)
	for k := range folds {
		s.without = append(s.without, make([]float64, c.Levels))
		for l := range s.all {
			total := sums[folds][l]
			s.all[l] = ratio(total[0], total[1])
			s.without[k][l] = ratio(total[0]-sums[k][l][0], total[1]-sums[k][l][1])
		}
	}
	var mass, sum, square float64
	for i := range s.fold {
		v := s.at(i, c.Codes[i])
		mass, sum, square = mass+weight[i], sum+weight[i]*v, square+weight[i]*v*v
	}
	if sd := math.Sqrt(square/mass - sum*sum/mass/mass); sd > 1e-9 {
		s.scale = 1 / sd
		for l := range s.all {
			s.all[l] *= s.scale
		}
	}
	return s
}

// at is the statistic that own row i is to be fitted or forecast with.
func (s *statistic) at(i int, code int32) float64 {
	switch {
	case code < 0 || int(code) >= len(s.all):
		return 0
	case s.fold[i] < 0:
		return s.all[code]
	}
	return s.without[s.fold[i]][code] * s.scale
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
