package survival

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models"
	"gonum.org/v1/gonum/mathext"
)

// LogRank compares the rates of events between groups (Mantel 1966; the G-rho
// family of Harrington, Fleming 1982, Biometrika 69:553).
type LogRank struct {
	Observed, Expected []float64   // events, one a group
	Variance           [][]float64 // of Observed − Expected, hypergeometric
	ChiSquare          float64
	DF                 int
	P                  float64
}

// LogRankTest compares the subjects of y by group (0, 1, …), within strata if
// given. Each event time counts with the pooled survival before it to the power
// of rho. Weights are not looked at; delayed entry is.
func LogRankTest(y models.Target, group, strata []int, rho float64) (*LogRank, error) {
	groups, layers := 0, 1
	for i := range group {
		groups = max(groups, group[i]+1)
		if strata != nil {
			layers = max(layers, strata[i]+1)
		}
	}
	if groups < 2 {
		return nil, errors.New("survival: a log-rank test needs two groups")
	}
	y = anyCause(y)
	y.Weight = nil
	l := &LogRank{Observed: make([]float64, groups), Expected: make([]float64, groups), Variance: make([][]float64, groups)}
	for g := range groups {
		l.Variance[g] = make([]float64, groups)
	}
	for layer := range layers {
		var rows []int
		for i := range group {
			if strata == nil || strata[i] == layer {
				rows = append(rows, i)
			}
		}
		if err := l.add(y, group, rows, rho); err != nil {
			return nil, err
		}
	}
	l.test()
	return l, nil
}

// add counts the rows of one stratum, each group as a cause of its own.
func (l *LogRank) add(y models.Target, group, rows []int, rho float64) error {
	groups := len(l.Observed)
	of := make([][]int, groups)
	for _, i := range rows {
		of[group[i]] = append(of[group[i]], i)
	}
	all, err := newRiskSet(y, 1, rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	atRisk, events := make([][]float64, groups), make([][]float64, groups)
	for g := range groups {
		atRisk[g], events[g] = alignRisk(y, of[g], all.time)
	}
	s := 1.0
	for k, n := range all.atRisk {
		d := all.events[0][k]
		if d == 0 {
			continue
		}
		w := math.Pow(s, rho)
		s *= (n - d) / n
		spread := 0.0
		if n > 1 {
			spread = w * w * d * (n - d) / (n - 1)
		}
		for g := range groups {
			p := atRisk[g][k] / n
			l.Observed[g] += w * events[g][k]
			l.Expected[g] += w * d * p
			for h := range groups {
				l.Variance[g][h] -= spread * p * atRisk[h][k] / n
			}
			l.Variance[g][g] += spread * p
		}
	}
	return nil
}

// alignRisk counts the rows at risk and their events at given times.
func alignRisk(y models.Target, rows []int, times []float64) (atRisk, events []float64) {
	atRisk, events = make([]float64, len(times)), make([]float64, len(times))
	for _, i := range rows {
		first, last := 0, interval(times, y.Exit[i])
		if y.Entry != nil {
			first = above(times, y.Entry[i])
		}
		if first > last {
			continue
		}
		atRisk[first]++
		if last+1 < len(times) {
			atRisk[last+1]--
		}
		events[last] += float64(y.Cause[i])
	}
	for k := 1; k < len(times); k++ {
		atRisk[k] += atRisk[k-1]
	}
	return atRisk, events
}

// test fills in the statistic (O−E)ᵀV⁻(O−E) over the groups but the last that
// has any variance.
func (l *LogRank) test() {
	var kept []int
	for g := range l.Observed {
		if l.Variance[g][g] > 0 {
			kept = append(kept, g)
		}
	}
	if len(kept) < 2 {
		l.ChiSquare, l.P = 0, 1
		return
	}
	kept = kept[:len(kept)-1]
	l.DF = len(kept)
	var v, u, x []float64
	for _, g := range kept {
		u = append(u, l.Observed[g]-l.Expected[g])
		for _, h := range kept {
			v = append(v, l.Variance[g][h])
		}
	}
	x = append(x, u...)
	solve(v, x)
	for i := range u {
		l.ChiSquare += u[i] * x[i]
	}
	l.P = mathext.GammaIncRegComp(float64(l.DF)/2, l.ChiSquare/2)
}
