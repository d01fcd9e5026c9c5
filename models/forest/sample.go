package forest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// inf is the cut below which every number lies.
var inf = math.Inf(1)

// row is a row to be fitted.
type row struct {
	at   int
	key  uint64
	y, w float64
}

// sample is what a learner is given.
type sample struct {
	x      *matrix.Matrix
	rows   []row
	weight float64 // of all rows
	share  float64 // of it that is won
}

// mostRows is about how many rows are looked at at all.
const mostRows = 20000

// sampleOf checks the target and gives the rows to be fitted, of very many a
// part that the seed draws. Both outcomes must occur.
func sampleOf(x *matrix.Matrix, y models.Target, seed uint64) (*sample, error) {
	if len(y.Y) != x.Rows || y.Weight != nil && len(y.Weight) != x.Rows || y.Valid != nil && len(y.Valid) != x.Rows || y.Keys != nil && len(y.Keys) != x.Rows {
		panic("forest: the target and the matrix differ in length")
	}
	s := &sample{x: x}
	for i, v := range y.Y {
		r := row{at: i, key: uint64(i), y: v, w: 1}
		if y.Weight != nil {
			r.w = y.Weight[i]
		}
		if y.Keys != nil {
			r.key = y.Keys[i]
		}
		if v != 0 && v != 1 || !(r.w >= 0 && r.w <= 1e15) {
			return nil, fmt.Errorf("forest: row %d: outcome or weight out of range", i+1)
		}
		if r.w > 0 && (y.Valid == nil || !y.Valid[i]) {
			s.rows = append(s.rows, r)
		}
	}
	if part := mostRows / float64(len(s.rows)); part < 1 {
		s.rows = slices.DeleteFunc(s.rows, func(r row) bool { return uniform(r.key, ^seed) > part })
	}
	won := 0.0
	for _, r := range s.rows {
		s.weight += r.w
		won += float64(r.w * r.y)
	}
	switch {
	case len(s.rows) == 0:
		return nil, errors.New("forest: no rows to fit")
	case won == 0 || won == s.weight:
		return nil, errors.New("forest: all rows have the same outcome")
	}
	s.share = won / s.weight
	return s, nil
}

// whole gives the rows by place, each as often as its weight says, about limit
// of them at most: what golearn, which knows no weights, is to count.
func (s *sample) whole(limit int, seed uint64) []row {
	var list []row
	rate := min(1, float64(limit)/s.weight)
	for _, r := range s.rows {
		n, part := math.Modf(float64(r.w * rate))
		if uniform(r.key, seed) < part {
			n++
		}
		for range int(n) {
			list = append(list, r)
		}
	}
	return list
}

// bootstrap draws each row a number of times that is Poisson distributed
// about its weight (Oza and Russell 2001, "Online bagging and boosting"), so
// that a draw depends on the row's key and not on its place; about limit rows
// in all at most.
func (s *sample) bootstrap(limit int, seed uint64) []row {
	var list []row
	rate := min(1, float64(limit)/s.weight)
	for _, r := range s.rows {
		for range poisson(r.w*rate, uniform(r.key, seed)) {
			list = append(list, r)
		}
	}
	return list
}

// poisson is the count of a mean that a share u of the others lie below; about
// the mean itself where that is large.
func poisson(mean, u float64) int {
	if mean > 500 {
		return int(mean + 0.5)
	}
	n, p := 0, portable.Exp(-mean)
	for sum := p; u > sum && n < 2000; sum += p {
		n++
		p = float64(p * (mean / float64(n)))
	}
	return n
}

// uniform is a number in (0, 1) that a key and a seed stand for.
func uniform(key, seed uint64) float64 {
	return (float64(mix(key^mix(seed))>>11) + 0.5) / (1 << 53)
}

// mix is the finaliser of splitmix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
