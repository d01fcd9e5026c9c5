package linear

import (
	"context"
	"math"

	"github.com/leadcast/leadcast/models"
)

const (
	stepTie   = 4    // precision of the difference between neighbouring steps, whatever lambda: sd 0.5
	stepLevel = 0.01 // precision of a step itself
	pathSteps = 24   // lambdas tried, a factor of pathRatio apart
	pathRatio = 0.45
	patience  = 3 // lambdas without a gain on the held-out rows before the path ends
)

// choose fits at the lambda asked for, or down a path of lambdas until the loss
// of the held-out rows stops falling; of those whose loss is within half a
// standard error of the least, the strongest wins.
func (r recipe) choose(ctx context.Context, p *problem, y models.Target, features []*feature) (beta []float64, lambda float64, err error) {
	p.tie = make([]float64, p.cols)
	for _, f := range features {
		if f.steps != nil {
			for k := 1; k < len(f.steps); k++ {
				p.tie[f.codesAt+k] = stepTie
			}
		}
	}
	beta = r.start(p)
	var held []int
	for i, v := range y.Valid {
		if v && (y.Weight == nil || y.Weight[i] > 0) {
			held = append(held, i)
		}
	}
	if r.lambda > 0 || len(held) == 0 {
		lambda = r.lambda
		if lambda == 0 {
			lambda = 1
		}
		r.penalise(p, features, lambda)
		s, err := p.fit(ctx, beta)
		if err != nil {
			return nil, 0, err
		}
		return s.beta, lambda, nil
	}
	type fitted struct {
		beta   []float64
		lambda float64
		loss   []float64
		mean   float64
	}
	var tried []fitted
	best := 0
	lambda = r.strongest(p, beta)
	for range pathSteps {
		r.penalise(p, features, lambda)
		s, err := p.fit(ctx, beta)
		if err != nil {
			return nil, 0, err
		}
		beta = s.beta
		f := fitted{beta, lambda, make([]float64, len(held)), 0}
		for k, i := range held {
			loss, _, _ := r.family.at(s.eta[i], y.Y[i])
			if y.Weight != nil {
				loss *= y.Weight[i]
			}
			f.loss[k] = loss
			f.mean += loss / float64(len(held))
		}
		tried = append(tried, f)
		if last := len(tried) - 1; f.mean < tried[best].mean {
			best = last
		} else if last-best >= patience {
			break
		}
		lambda *= pathRatio
	}
	for k := range best {
		if tried[k].mean-tried[best].mean <= 0.5*standardError(tried[k].loss, tried[best].loss) {
			best = k
			break
		}
	}
	return tried[best].beta, tried[best].lambda, nil
}

func standardError(a, b []float64) float64 {
	n := float64(len(a))
	sum, square := 0.0, 0.0
	for i := range a {
		d := a[i] - b[i]
		sum += d
		square += d * d
	}
	return math.Sqrt(max(square-sum*sum/n, 0)) / n
}

// start is the constant at the overall rate.
func (r recipe) start(p *problem) []float64 {
	beta := make([]float64, p.cols)
	var events, mass float64
	for i, w := range p.w {
		if w > 0 {
			exposure := 1.0
			if p.offset != nil {
				exposure = math.Exp(p.offset[i])
			}
			events += w * p.y[i]
			mass += w * exposure
		}
	}
	beta[0] = math.Log(events / mass)
	if r.family == bernoulli {
		beta[0] = math.Log(events / (mass - events))
	}
	return beta
}

// strongest is the lambda from which the path starts: with an l1 penalty the
// least that leaves no column, with a ridge one under which hardly any is left.
func (r recipe) strongest(p *problem, beta []float64) float64 {
	grad := make([]float64, p.cols)
	p.gradient(grad, p.stateAt(beta).slope)
	largest := 1.0
	for _, g := range grad[1:] {
		largest = max(largest, math.Abs(g))
	}
	return largest / max(r.alpha, 0.05)
}

// penalise sets the penalty of each coefficient. The constant has none; steps
// have their own.
func (r recipe) penalise(p *problem, features []*feature, lambda float64) {
	p.l1, p.l2 = nil, make([]float64, p.cols)
	if r.alpha > 0 {
		p.l1 = make([]float64, p.cols)
	}
	put := func(at, n int) {
		for j := at; j < at+n; j++ {
			p.l2[j] = lambda * max(1-r.alpha, 1e-6) // never singular
			if p.l1 != nil {
				p.l1[j] = lambda * r.alpha
			}
		}
	}
	for _, f := range features {
		put(f.denseAt, f.width())
		if f.steps == nil {
			put(f.codesAt, f.levels)
			continue
		}
		for j := range f.levels {
			p.l2[f.codesAt+j] = stepLevel
		}
	}
}

// newModel folds the coefficients into one function a column, each of mean zero
// over the fitted rows.
func newModel(f family, features []*feature, p *problem, beta []float64, lambda float64) *Model {
	m := &Model{family: f, base: beta[0], lambda: lambda}
	for _, f := range features {
		t := f.term(beta)
		b := &p.blocks[f.block]
		own := b.gather(p.w)
		part := make([]float64, b.rows)
		c := *f.column
		c.Index = nil
		t.values(part, &c)
		sum, mass := 0.0, 0.0
		for i, w := range own {
			sum += w * part[i]
			mass += w
		}
		mean := sum / mass
		for k := range t.y {
			t.y[k] -= mean
		}
		t.missing -= mean
		if len(t.y) == 0 { // nothing to say about this column
			t.missing = 0
		} else {
			m.base += mean
		}
		m.terms = append(m.terms, t)
	}
	return m
}
