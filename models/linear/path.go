package linear

import (
	"context"
	"math"

	"github.com/leadcast/leadcast/models"
)

const (
	stepTie   = 1    // precision of the difference between neighbouring steps, whatever lambda
	stepLevel = 0.01 // precision of a step itself
	evidences = 12   // re-estimates of the penalties, at most
	weakest   = 0.1  // bounds of an estimated penalty
	strongest = 1000.0
	pathSteps = 24 // lambdas tried, a factor of pathRatio apart
	pathRatio = 0.45
	patience  = 3 // lambdas without a gain on the held-out rows before the path ends
)

// choose fits with the penalty asked for, or finds one: a ridge penalty by its
// evidence in the fitted rows, an elastic net on the held-out rows.
func (r recipe) choose(ctx context.Context, p *problem, y models.Target, features []*feature) (beta []float64, lambda float64, err error) {
	p.tie = make([]float64, p.cols)
	for _, f := range features {
		if f.steps != nil {
			for k := 1; k < len(f.steps); k++ {
				p.tie[f.codesAt+k] = stepTie
			}
		}
	}
	var held []int
	for i, v := range y.Valid {
		if v && (y.Weight == nil || y.Weight[i] > 0) {
			held = append(held, i)
		}
	}
	switch beta, lambda = r.start(p), r.lambda; {
	case lambda == 0 && r.alpha == 0:
		return r.evidence(ctx, p, features, beta)
	case lambda == 0 && len(held) > 0:
		return r.path(ctx, p, y, features, beta, held)
	case lambda == 0:
		lambda = 1 // as scikit-learn's
	}
	r.penalise(p, features, lambda)
	s, err := p.fit(ctx, beta)
	if err != nil {
		return nil, 0, err
	}
	return s.beta, lambda, nil
}

// evidence estimates one ridge penalty a column, as the precision of a normal
// prior of its coefficients, by MacKay's (1992) fixed point: precision = number
// of well-determined coefficients ÷ their sum of squares. Each column's estimate
// leans on that of all columns by the weight of one coefficient, so that a
// column without signal is shrunk away and none runs to infinity. Unlike a choice
// by held-out rows, it does not mistake drift for noise.
func (r recipe) evidence(ctx context.Context, p *problem, features []*feature, beta []float64) ([]float64, float64, error) {
	overall := 1.0
	r.penalise(p, features, overall)
	for round := 1; ; round++ {
		s, err := p.fit(ctx, beta)
		if err != nil {
			return nil, 0, err
		}
		beta = s.beta
		if round == evidences {
			return beta, overall, nil
		}
		if p.hessian == nil {
			p.hessian = make([]float64, p.cols*p.cols)
			p.gram(p.hessian, s.curve)
		}
		variance, err := p.variances()
		if err != nil {
			return nil, 0, err
		}
		known, square := make([]float64, len(features)), make([]float64, len(features))
		var allKnown, allSquare float64
		for k, f := range features {
			f.penalised(func(j int) {
				known[k] += 1 - p.l2[j]*variance[j]
				square[k] += beta[j] * beta[j]
			})
			allKnown, allSquare = allKnown+known[k], allSquare+square[k]
		}
		if allSquare == 0 {
			return beta, overall, nil
		}
		overall = min(max(allKnown/allSquare, weakest), strongest)
		change := 0.0
		for k, f := range features {
			lambda := (known[k] + 1) / (square[k] + 1/overall)
			f.penalised(func(j int) {
				change = max(change, math.Abs(math.Log(lambda/p.l2[j])))
				p.l2[j] = lambda
			})
		}
		if change < 0.1 {
			return beta, overall, nil
		}
	}
}

// penalised calls visit for each coefficient of the feature that lambda shrinks.
func (f *feature) penalised(visit func(j int)) {
	for j := f.denseAt; j < f.denseAt+f.width(); j++ {
		visit(j)
	}
	for j := f.codesAt; f.steps == nil && j < f.codesAt+f.levels; j++ {
		visit(j)
	}
}

// path fits down a path of lambdas until the loss of the held-out rows stops
// falling; of those whose loss is within half a standard error of the least, the
// strongest wins.
func (r recipe) path(ctx context.Context, p *problem, y models.Target, features []*feature, beta []float64, held []int) ([]float64, float64, error) {
	type fitted struct {
		beta   []float64
		lambda float64
		loss   []float64
		mean   float64
	}
	var tried []fitted
	best := 0
	lambda := r.silence(p, beta)
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

// silence is the least lambda that leaves no column in the model.
func (r recipe) silence(p *problem, beta []float64) float64 {
	grad := make([]float64, p.cols)
	p.gradient(grad, p.stateAt(beta).slope)
	largest := 0.0
	for _, g := range grad[1:] {
		largest = max(largest, math.Abs(g))
	}
	return max(largest, 1) / r.alpha
}

// penalise sets the penalty of each coefficient. The constant has none; steps
// have their own.
func (r recipe) penalise(p *problem, features []*feature, lambda float64) {
	p.l1, p.l2 = nil, make([]float64, p.cols)
	if r.alpha > 0 {
		p.l1 = make([]float64, p.cols)
	}
	for _, f := range features {
		for j := f.codesAt; f.steps != nil && j < f.codesAt+f.levels; j++ {
			p.l2[j] = stepLevel
		}
		f.penalised(func(j int) {
			p.l2[j] = lambda * max(1-r.alpha, 1e-6) // never singular
			if p.l1 != nil {
				p.l1[j] = lambda * r.alpha
			}
		})
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
