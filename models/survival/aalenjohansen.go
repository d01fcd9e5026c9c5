package survival

import (
	"errors"
	"math"

	"github.com/leadcast/leadcast/models"
)

// Incidence is an estimate of what has happened by t, constant between its
// times: the probability of each cause and of still being open.
type Incidence struct {
	Time     []float64   // rising, one a distinct exit time; the slices below have one entry each
	AtRisk   []float64   // weight at risk just before
	F        [][]float64 // a row a cause: the probability of it having happened
	Open     []float64   // 1 − Σ F
	Variance [][]float64 // of F, Aalen's
}

// AalenJohansen estimates cumulative incidences of competing causes (Aalen,
// Johansen 1978, Scandinavian Journal of Statistics 5:141) with delayed entry
// and weights. The variance is Aalen's asymptotic one with a correction for
// ties, as in R's cmprsk. Errors: no rows, times, causes or weights out of range.
func AalenJohansen(y models.Target, causes int) (*Incidence, error) {
	if len(y.Exit) == 0 {
		return nil, errors.New("survival: no rows")
	}
	r, err := newRiskSet(y, causes, nil)
	if err != nil {
		return nil, err
	}
	a := &Incidence{Time: r.time, AtRisk: r.atRisk, F: make([][]float64, causes), Variance: make([][]float64, causes)}
	gone := make([]float64, causes)
	open := 1.0
	moments := make([][3]float64, causes) // Σ a²u, Σ abu, Σ b²u with the variance v1 + F²v3 − 2Fv2
	for k, n := range r.atRisk {
		all := 0.0
		for c := range causes {
			all += r.events[c][k]
		}
		after := 0.0
		if n > 0 {
			after = open * survivors(n, all) / n
		}
		for c := range causes {
			d := r.events[c][k]
			if d > 0 {
				gone[c] += float64(open * d / n)
			}
			inverse := 0.0
			if after > 0 {
				inverse = 1 / after
			}
			other := binomial(open, n, all-d)
			own := binomial(open, n, d)
			m, f := &moments[c], float64(gone[c]*inverse)
			m[0] += float64(f*f*other*sign(after)) + float64((1+f)*(1+f)*own)
			m[1] += float64(inverse * (float64(f*other) + float64((1+f)*own)))
			m[2] += float64(inverse * inverse * (other + own))
			a.F[c] = append(a.F[c], gone[c])
			a.Variance[c] = append(a.Variance[c], m[0]+float64(gone[c]*gone[c]*m[2])-float64(2*gone[c]*m[1]))
		}
		open = after
		a.Open = append(a.Open, open)
	}
	return a, nil
}

// sign is 1 above zero and 0 at it.
func sign(v float64) float64 {
	if v > 0 {
		return 1
	}
	return 0
}

// binomial is the variance of the increment that d of n events make, with the
// hypergeometric correction for ties.
func binomial(open, n, d float64) float64 {
	if d == 0 {
		return 0
	}
	ties := 1.0
	if d > 1 && n > 1 {
		ties = max(0, 1-(d-1)/(n-1))
	}
	return open * open * ties * d / (n * n)
}

// Jackknife gives the infinitesimal-jackknife standard errors (robust under
// weights; Efron 1982) from the rows that a was estimated from: row 0 for Open,
// row c for cause c. It takes rows × times steps.
func (a *Incidence) Jackknife(y models.Target) [][]float64 {
	causes, n := len(a.F), len(y.Exit)
	influence, se := make([][]float64, causes+1), make([][]float64, causes+1)
	for c := range influence {
		influence[c] = make([]float64, n) // derivative of Open and each F by the weight of a row
	}
	open, hazard := 1.0, make([]float64, causes+1)
	for k, t := range a.Time {
		hazard[0] = 0
		for c := range causes {
			before := 0.0
			if k > 0 {
				before = a.F[c][k-1]
			}
			hazard[c+1] = 0
			if open > 0 {
				hazard[c+1] = (a.F[c][k] - before) / open
			}
			hazard[0] += hazard[c+1]
		}
		sums := make([]float64, causes+1)
		for i := range n {
			was, step := influence[0][i], 0.0
			at := y.Exit[i] >= t && (y.Entry == nil || y.Entry[i] < t)
			for c := 1; c <= causes; c++ {
				d := was * hazard[c]
				if at {
					d -= open * hazard[c] / a.AtRisk[k]
					if y.Exit[i] == t && int(y.Cause[i]) == c {
						d += open / a.AtRisk[k]
					}
				}
				influence[c][i] += d
				step += d
				sums[c] += math.Pow(weightOf(y, i)*influence[c][i], 2)
			}
			influence[0][i] = was - step
			sums[0] += math.Pow(weightOf(y, i)*influence[0][i], 2)
		}
		for c := range se {
			se[c] = append(se[c], math.Sqrt(sums[c]))
		}
		open = a.Open[k]
	}
	return se
}
