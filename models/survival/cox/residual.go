package cox

import (
	"math"
	"slices"
)

// Residuals are of the rows that the regression was fitted to, none weighted
// but DFBeta.
type Residuals struct {
	Martingale []float64   // events less expected events
	Deviance   []float64   // the same made symmetric
	Score      [][]float64 // a row a row: its part of the score
	DFBeta     [][]float64 // approximate change of the coefficients if the row were left out, times its weight
	Event      []int       // the rows with an event, by stratum and time
	Schoenfeld [][]float64 // of those: x less its mean over the risk set
}

// Residuals of all kinds (Therneau, Grambsch, Fleming 1990, Biometrika 77:147;
// Schoenfeld 1982, Biometrika 69:239).
func (f *Fit) Residuals() Residuals {
	r := Residuals{Martingale: make([]float64, len(f.to)), Deviance: make([]float64, len(f.to)), Score: f.scores()}
	met := f.met(nil)
	for i := range met {
		r.Martingale[i] = -f.relative[i] * met[i]
	}
	events := slices.Clone(f.events)
	slices.SortStableFunc(events, func(a, b int32) int { return int(f.to[a] - f.to[b]) })
	for _, i := range events {
		r.Martingale[i]++
		r.Event, r.Schoenfeld = append(r.Event, int(i)), append(r.Schoenfeld, f.schoenfeld(int(i)))
	}
	is := f.happened()
	for i, m := range r.Martingale {
		d := 0.0
		if is[i] {
			d = math.Log(1 - m)
		}
		r.Deviance[i] = math.Copysign(math.Sqrt(max(0, -2*(m+d))), m)
	}
	for i, s := range r.Score {
		row := make([]float64, len(s))
		for j, v := range s {
			for l := range row {
				row[l] += f.w(i) * v * f.Covariance[j][l]
			}
		}
		r.DFBeta = append(r.DFBeta, row)
	}
	return r
}

// schoenfeld is x of an event less its mean over the risk set, averaged over
// the orders of tied events.
func (l *likelihood) schoenfeld(i int) []float64 {
	l.moments()
	k := l.to[i]
	row := make([]float64, len(l.columns))
	if l.deaths[k] == 0 {
		return row
	}
	for j, c := range l.columns {
		all, tied := l.sums(j, k)
		row[j] = c[i] - l.mean[j] - (all*l.hazard[k]-tied*(l.hazard[k]-l.own[k]))/l.deaths[k]
	}
	return row
}

// drifts is the sum over the steps of hazard × mean of a column over the risk set.
func (l *likelihood) drifts(j int) []float64 {
	v := make([]float64, len(l.time))
	for k := range v {
		v[k] = float64(l.square[k] * l.first[j][k])
	}
	return l.prefix(v)
}

// scores are each row's part of the score, without its weight.
func (l *likelihood) scores() [][]float64 {
	l.moments()
	p := len(l.columns)
	met := l.met(nil)
	flat := make([]float64, len(l.to)*p)
	scores := make([][]float64, len(l.to))
	for i := range scores {
		scores[i] = flat[i*p:][:p]
	}
	parallel(p, func(j int) {
		mean := l.drifts(j)
		for i, c := range l.columns[j] {
			scores[i][j] = -l.relative[i] * ((c-l.mean[j])*met[i] - (mean[l.to[i]] - mean[l.from[i]]))
		}
		for _, i := range l.events {
			k := l.to[i]
			// What the event's own step adds in place of what it adds to others.
			all, tied := l.sums(j, k)
			own := all*(l.square[k]-l.cross[k]) - tied*(l.cross[k]-l.double[k])
			scores[i][j] += l.relative[i] * (own - l.square[k]*l.first[j][k])
		}
	})
	for _, i := range l.events {
		for j, v := range l.schoenfeld(int(i)) {
			scores[i][j] += v
		}
	}
	return scores
}

// Robust is what holds though rows are dependent within clusters or the hazards
// are not proportional.
type Robust struct {
	Covariance [][]float64 // Lin and Wei's sandwich (1989, JASA 84:1074), no small-sample factor
	Wald       float64     // test of β = 0 with it
	Score      float64     // robust score test of β = 0 (Therneau, Grambsch 2000, 7.2)
}

// SE are the robust standard errors of the coefficients.
func (r Robust) SE() []float64 { return diagonalRoot(r.Covariance) }

// Robust sums over the clusters that rows belong to (numbers from 0); nil means
// that each row is one by itself.
func (f *Fit) Robust(cluster []int) Robust {
	if cluster != nil && len(cluster) != len(f.to) {
		panic("cox: clusters and rows differ in length")
	}
	p := len(f.Coef)
	d := f.clustered(f.Residuals().DFBeta, cluster, false)
	var r Robust
	r.Covariance = crossed(d, p)
	r.Wald = quadratic(r.Covariance, f.Coef)
	null := f.risk.at(make([]float64, p), f.method)
	u := f.clustered(null.scores(), cluster, true)
	sum := make([]float64, p)
	for _, row := range u {
		for j, v := range row {
			sum[j] += v
		}
	}
	r.Score = quadratic(crossed(u, p), sum)
	return r
}

// clustered sums rows over clusters, weighted first if asked.
func (k *risk) clustered(rows [][]float64, cluster []int, weigh bool) (sums [][]float64) {
	for i, row := range rows {
		c, w := i, 1.0
		if cluster != nil {
			c = cluster[i]
		}
		if weigh {
			w = k.w(i)
		}
		for c >= len(sums) {
			sums = append(sums, make([]float64, len(row)))
		}
		for j, v := range row {
			sums[c][j] += w * v
		}
	}
	return sums
}

// crossed is Σ row rowᵀ.
func crossed(rows [][]float64, p int) [][]float64 {
	m := make([][]float64, p)
	for j := range m {
		m[j] = make([]float64, p)
		for _, row := range rows {
			for l := range p {
				m[j][l] += row[j] * row[l]
			}
		}
	}
	return m
}
