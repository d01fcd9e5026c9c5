package linear

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/leadcast/leadcast/models"
)

// Draws asks a fit for other models that are nearly as likely as the fitted
// one: the spread of a normal approximation at the fitted coefficients β
// (Laplace's). A draw moves them by H⁻¹(Σ ±score of a group + Λ½·z), H the
// penalised Hessian, Λ the penalty, the signs and z at random, so that their
// covariance is H⁻¹(J + Λ)H⁻¹: the posterior where the model holds, with J the
// sum over Target.Groups of squared scores (Huber 1967; White 1982), so that
// rows which depend on each other do not count as many. J is raised by
// events/(events − well-determined coefficients), as n/(n − k) is usual for,
// for scores at a fit are smaller than at the truth.
type Draws struct {
	Count int // at most 64; 0: none
	Seed  uint64
}

// draw gives models of the differences to the fitted one.
func (d Draws) draw(p *problem, y models.Target, features []*feature, beta []float64) ([]*Model, error) {
	if d.Count == 0 {
		return nil, nil
	}
	s := p.stateAt(beta)
	h := make([]float64, p.cols*p.cols)
	p.gram(h, s.curve)
	p.stiffen(h)
	var c mat.Cholesky
	if !c.Factorize(mat.NewSymDense(p.cols, h)) {
		return nil, errSingular
	}
	larger := math.Sqrt(p.shrunk(s, &c))
	signs := make([]uint64, p.rows)
	for i := range signs {
		signs[i] = scatter(d.Seed, group(y, i))
	}
	drawn := make([]*Model, d.Count)
	pull, signed := make([]float64, p.cols), make([]float64, p.rows)
	for k := range drawn {
		for i, v := range s.slope {
			if signed[i] = larger * v; signs[i]>>k&1 == 1 {
				signed[i] = -signed[i]
			}
		}
		p.gradient(pull, signed)
		p.loosen(pull, rand.New(rand.NewPCG(d.Seed, uint64(k))))
		move := mat.NewVecDense(p.cols, pull)
		if err := c.SolveVecTo(move, move); err != nil {
			return nil, errSingular
		}
		drawn[k] = newModel(p.family, features, p, pull, 0)
	}
	return drawn, nil
}

// shrunk is events/(events − well-determined coefficients), at most 4; c is of
// the penalised Hessian at s.
func (p *problem) shrunk(s *state, c *mat.Cholesky) float64 {
	loss := make([]float64, p.cols*p.cols)
	p.gram(loss, s.curve)
	var share mat.Dense
	if c.SolveTo(&share, mat.NewSymDense(p.cols, loss)) != nil {
		return 4
	}
	events, others, known := 0.0, 0.0, mat.Trace(&share)
	for i, y := range p.y {
		w := 1.0
		if p.w != nil {
			w = p.w[i]
		}
		events, others = events+w*y, others+w*(1-y)
	}
	if p.family == bernoulli {
		events = min(events, others)
	}
	return events / max(events-known, events/4)
}

// loosen adds a draw of the penalties' pull: normal, with their second
// derivatives as its covariance.
func (p *problem) loosen(pull []float64, r *rand.Rand) {
	for j := range p.cols {
		if p.l2 != nil {
			pull[j] += math.Sqrt(p.l2[j]) * r.NormFloat64()
		}
		if p.tie != nil && p.tie[j] > 0 {
			z := math.Sqrt(p.tie[j]) * r.NormFloat64()
			pull[j] += z
			pull[j-1] -= z
		}
	}
}

func group(y models.Target, i int) uint64 {
	switch {
	case y.Groups != nil:
		return y.Groups[i]
	case y.Keys != nil:
		return y.Keys[i]
	}
	return uint64(i)
}

// scatter is 64 random bits for a group (the finaliser of splitmix64).
func scatter(seed, group uint64) uint64 {
	z := group ^ (seed+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
