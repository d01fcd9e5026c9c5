package survival

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models"
	"gonum.org/v1/gonum/mathext"
)

// Gray tests whether the cumulative incidence of one cause is the same in all
// groups, where other causes compete with it.
type Gray struct {
	Score     []float64   // of all groups but the last
	Variance  [][]float64 // of these
	ChiSquare float64
	DF        int
	P         float64
}

// GrayTest compares the incidence of a cause (1, 2, …) by group (0, 1, …), each
// time counting with the pooled 1 − F before it to the power of rho (Gray 1988,
// Annals of Statistics 16:1141; ties as in R's cmprsk). Weights and delayed
// entry are not looked at. Errors: fewer than two groups, times out of range.
func GrayTest(y models.Target, cause int, group []int, rho float64) (*Gray, error) {
	groups := 0
	for _, g := range group {
		groups = max(groups, g+1)
	}
	if groups < 2 {
		return nil, errors.New("survival: Gray's test needs two groups")
	}
	all, err := newRiskSet(anyCause(models.Target{Exit: y.Exit, Cause: y.Cause}), 1, nil)
	if err != nil {
		return nil, err
	}
	s := &grayState{n: groups, groups: make([]grayGroup, groups), score: make([]float64, groups), v: square(groups), c: square(groups), linear: square(groups), quadratic: make([]float64, groups)}
	for g := range groups {
		var rows []int
		own, other := models.Target{Exit: y.Exit, Cause: make([]uint8, len(y.Exit))}, models.Target{Exit: y.Exit, Cause: make([]uint8, len(y.Exit))}
		for i := range group {
			if group[i] != g {
				continue
			}
			rows = append(rows, i)
			if int(y.Cause[i]) == cause {
				own.Cause[i] = 1
			} else if y.Cause[i] != 0 {
				other.Cause[i] = 1
			}
		}
		s.groups[g].open = 1
		s.groups[g].atRisk, s.groups[g].own = alignRisk(own, rows, all.time)
		_, s.groups[g].other = alignRisk(other, rows, all.time)
	}
	for k := range all.time {
		s.step(k, rho)
	}
	return s.test(), nil
}

func square(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// grayGroup is one group: what happened by time, and its estimates just before
// the present one.
type grayGroup struct {
	atRisk, own, other []float64
	open, gone         float64 // Kaplan and Meier's S, and F of the cause
}

// grayState accumulates the score z and its variance, of which the parts that
// later times change are kept as polynomials: the variance is
// v + C q Cᵀ + C Lᵀ + L Cᵀ with C = c as it stands at the end.
type grayState struct {
	n            int
	groups       []grayGroup
	gone         float64 // pooled F
	score        []float64
	v, c, linear [][]float64
	quadratic    []float64
}

func (s *grayState) step(k int, rho float64) {
	events, others := 0.0, 0.0
	atRisk, left := 0.0, 0.0 // of the subdistribution: Σ n/S and Σ n(1−F)/S
	for i := range s.groups {
		g := &s.groups[i]
		events, others = events+g.own[k], others+g.other[k]
		if g.atRisk[k] > 0 {
			atRisk += g.atRisk[k] / g.open
			left += g.atRisk[k] * (1 - g.gone) / g.open
		}
	}
	if events == 0 && others == 0 {
		return
	}
	weight := math.Pow(1-s.gone, rho)
	gone := s.gone + events/atRisk
	a := square(s.n)
	for i := range s.groups {
		g := &s.groups[i]
		if g.atRisk[k] <= 0 {
			continue
		}
		share := g.atRisk[k] / g.open
		s.score[i] += weight * (g.own[k] - events*share*(1-g.gone)/left)
		for j := range s.groups {
			if h := &s.groups[j]; h.atRisk[k] > 0 {
				a[i][j] = -weight * share * h.atRisk[k] / h.open / atRisk
			}
		}
		a[i][i] += weight * share
		for j := range s.groups {
			s.c[i][j] += a[i][j] * events / (atRisk * (1 - s.gone))
		}
	}
	for j := range s.groups {
		s.spread(j, k, gone, events, atRisk, a)
	}
	s.gone = gone
}

// spread adds what group j's events add to the variance, and moves it on.
func (s *grayState) spread(j, k int, gone, events, atRisk float64, a [][]float64) {
	g := &s.groups[j]
	n := g.atRisk[k]
	if n <= 0 {
		return
	}
	open := g.open * survivors(n, g.own[k]+g.other[k]) / n
	if events > 0 {
		f, ties := 1.0, 1.0
		if open > 0 {
			f = 1 - (1-gone)/open
		}
		if events > 1 {
			ties = 1 - (events-1)/(atRisk*g.open-1)
		}
		s.add(j, f, ties*g.open*events/(atRisk*n), a)
	}
	if d := g.other[k]; d > 0 && open > 0 {
		ties := 1.0
		if d > 1 {
			ties = 1 - (d-1)/(n-1)
		}
		s.add(j, -(1-gone)/open, ties*g.open*g.open*d/(n*n), nil)
	}
	g.gone += g.open * g.own[k] / n
	g.open = open
}

// add takes a martingale increment of group j of size u into account, whose
// weight in score i is a[i][j] − f·(c[i][j] − what c is at the end).
func (s *grayState) add(j int, f, u float64, a [][]float64) {
	t := make([]float64, s.n)
	for i := range t {
		t[i] = -f * s.c[i][j]
		if a != nil {
			t[i] += a[i][j]
		}
	}
	for i := range t {
		for l := range t {
			s.v[i][l] += t[i] * t[l] * u
		}
		s.linear[i][j] += t[i] * f * u
	}
	s.quadratic[j] += f * f * u
}

func (s *grayState) test() *Gray {
	n := s.n - 1
	t := &Gray{Score: s.score[:n], Variance: square(n), DF: n}
	v, x := make([]float64, 0, n*n), append([]float64(nil), t.Score...)
	for i := range n {
		for l := range n {
			t.Variance[i][l] = s.v[i][l]
			for k := range s.n {
				t.Variance[i][l] += s.c[i][k]*s.c[l][k]*s.quadratic[k] + s.c[i][k]*s.linear[l][k] + s.c[l][k]*s.linear[i][k]
			}
		}
		v = append(v, t.Variance[i]...)
	}
	solve(v, x)
	for i, u := range t.Score {
		t.ChiSquare += u * x[i]
	}
	t.P = mathext.GammaIncRegComp(float64(n)/2, t.ChiSquare/2)
	return t
}
