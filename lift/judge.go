package lift

import (
	"math"
	"math/rand/v2"
	"slices"
)

// draws is the number of draws of the largest statistic.
const draws = 10_000

// share is the part of the variance that is the other side's: how far the
// joint estimate leans to the arm.
func (d *difference) share() float64 {
	a, o := d.won[arm]+d.lost[arm], d.won[other]+d.lost[other]
	return o / (a + o)
}

// z is the normal deviate of the difference if the true one were delta. Rates
// of being won are taken to lie around the pooled ones, further up on the
// arm's side and further down on the other's the more delta is.
func (d *difference) z(delta float64) float64 {
	up := math.Max(0, 1+(1-d.share())*delta/d.pooled)
	down := math.Max(0, 1-d.share()*delta/d.pooled)
	variance := d.won[arm]*up + d.lost[arm] + d.won[other]*down + d.lost[other]
	if variance <= 0 {
		return math.Inf(1) * (d.p[arm] - d.p[other] - delta)
	}
	sd := math.Sqrt(variance)
	return normal((d.p[arm]-d.p[other]-delta)/sd, (d.third[arm]*up-d.third[other]*down)/(variance*sd))
}

// normal turns a standardised sum of skewness g into a normal deviate, as if it
// were a shifted gamma (Wilson, Hilferty 1931, PNAS 17:684).
func normal(t, g float64) float64 {
	if math.Abs(g) < 1e-6 {
		return t
	}
	return (math.Cbrt(math.Max(0, 1+g*t/2)) - 1 + g*g/36) * 6 / g
}

// within is the interval of true differences whose deviates are at most q.
func (d *difference) within(q float64) (low, high float64) {
	now := d.p[arm] - d.p[other]
	bound := func(from, to, limit float64) float64 { // z falls from from to to
		for range 50 {
			if middle := (from + to) / 2; d.z(middle) > limit {
				from = middle
			} else {
				to = middle
			}
		}
		return (from + to) / 2
	}
	return bound(-1, now, q), bound(now, 1, -q)
}

// judge draws the largest absolute deviate of comparisons whose residuals are
// correlated as given, and says which value it stays below at the level, and
// how probable a larger one than z is.
func judge(list []difference, level float64, seed uint64) (critical float64, p func(z float64) float64) {
	root := cholesky(list)
	random := rand.New(rand.NewPCG(seed, 0x6c696674))
	largest, free := make([]float64, draws), make([]float64, len(list))
	for b := range largest {
		for k := range free {
			free[k] = random.NormFloat64()
			v := 0.0
			for j, r := range root[k] {
				v += r * free[j]
			}
			largest[b] = math.Max(largest[b], math.Abs(v))
		}
	}
	slices.Sort(largest)
	rank := min(draws-1, int(math.Ceil(level*(draws+1)))-1)
	return largest[rank], func(z float64) float64 {
		below, _ := slices.BinarySearch(largest, math.Abs(z))
		return float64(draws-below+1) / (draws + 1)
	}
}

// cholesky is the lower root of the correlations of residuals, row k of length
// k+1. What is a sum of those before has nothing of its own.
func cholesky(list []difference) [][]float64 {
	root, length := make([][]float64, len(list)), make([]float64, len(list))
	for k := range list {
		length[k] = math.Sqrt(dot(list[k].residual, list[k].residual))
		root[k] = make([]float64, k+1)
		left := 1.0
		for j := range k {
			v := dot(list[k].residual, list[j].residual) / (length[k] * length[j])
			v -= dot(root[k][:j], root[j][:j])
			if root[j][j] > 0 {
				root[k][j] = v / root[j][j]
			}
			left -= root[k][j] * root[k][j]
		}
		if left > 1e-9 {
			root[k][k] = math.Sqrt(left)
		}
	}
	return root
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
