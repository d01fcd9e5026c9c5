package linear

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// family is the law of the outcome, with its canonical link.
type family uint8

const (
	bernoulli family = iota // logit link
	counts                  // Poisson, log link
)

// at gives the loss −log-likelihood (less what does not depend on eta), its
// derivative and its second derivative at a margin.
func (f family) at(eta, y float64) (loss, slope, curve float64) {
	if f == counts {
		mu := math.Exp(eta)
		if y == 0 {
			return mu, mu, mu
		}
		return mu - y*eta, mu - y, mu
	}
	e := math.Exp(-math.Abs(eta))
	loss = math.Log1p(e) - y*eta
	mu := 1 / (1 + e)
	if eta < 0 {
		mu = e / (1 + e)
	} else {
		loss += eta
	}
	return loss, mu - y, e / ((1 + e) * (1 + e))
}

// problem is a penalised regression: it minimises
//
//	Σ w·loss(offset + X·β) + Σ_j (l1_j·|β_j| + l2_j/2·β_j²) + Σ_s tie_s/2·(β_s − β_{s−1})²
//
// by Newton steps on the loss (iteratively reweighted least squares), each a
// quadratic solved by Cholesky or, with an l1 penalty, by coordinate descent on the normal equations (Friedman, Hastie and Tibshirani 2010).
type problem struct {
	design
	family       family
	y, w, offset []float64 // nil weight: one each; nil offset: zero
	l1, l2       []float64 // nil: none
	tie          []float64 // coefficient j is drawn to j−1; nil: none
	exact        bool      // converge to the last digits, with a new Hessian each step

	hessian []float64 // of the loss, kept from step to step while it serves
}

var (
	errNotConverged = errors.New("linear: the fit does not converge; the outcomes may be separated by the columns")
	errSingular     = errors.New("linear: columns are linearly dependent")
)

// state is where a fit stands: the margins at beta and what follows from them.
type state struct {
	beta, eta, slope, curve []float64
	value                   float64 // the objective
}

func (p *problem) stateAt(beta []float64) *state {
	s := &state{beta: beta, eta: make([]float64, p.rows), slope: make([]float64, p.rows), curve: make([]float64, p.rows)}
	p.eval(s)
	return s
}

// eval brings the state up to date with its beta.
func (p *problem) eval(s *state) {
	p.margin(s.eta, p.offset, s.beta)
	parts := make([]float64, 8)
	each(len(parts), p.rows, func(k, from, to int) {
		sum := 0.0
		for i := from; i < to; i++ {
			w := 1.0
			if p.w != nil {
				w = p.w[i]
			}
			if w == 0 {
				s.slope[i], s.curve[i] = 0, 0
				continue
			}
			loss, slope, curve := p.family.at(s.eta[i], p.y[i])
			sum += w * loss
			s.slope[i], s.curve[i] = w*slope, w*curve
		}
		parts[k] = sum
	})
	s.value = p.penalty(s.beta)
	for _, part := range parts {
		s.value += part
	}
}

func (p *problem) penalty(beta []float64) float64 {
	sum := 0.0
	for j, b := range beta {
		if p.l1 != nil {
			sum += p.l1[j] * math.Abs(b)
		}
		if p.l2 != nil {
			sum += p.l2[j] / 2 * b * b
		}
		if p.tie != nil && p.tie[j] > 0 {
			sum += p.tie[j] / 2 * (b - beta[j-1]) * (b - beta[j-1])
		}
	}
	return sum
}

// manyRows is the number of subjects above which a fit ends sooner.
const manyRows = 40_000

// own is the number of subjects: rows that are views of one subject count once.
func (p *problem) own() int {
	n := p.rows
	for k := range p.blocks {
		if b := &p.blocks[k]; b.width+len(b.codes) > 1 {
			n = min(n, b.rows)
		}
	}
	return n
}

// fit gives the state at the minimum, starting from beta.
func (p *problem) fit(ctx context.Context, beta []float64) (*state, error) {
	s := p.stateAt(beta)
	tol := 1e-7 // of the expected fall of the loss, in nats over all rows
	if p.own() > manyRows {
		tol = 1e-3 // far below what such a loss leaves to chance
	}
	if p.exact {
		tol = 1e-24
	}
	last := math.Inf(1)
	for range 200 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fresh := p.hessian == nil || p.exact
		if fresh {
			p.hessian = make([]float64, p.cols*p.cols)
			p.gram(p.hessian, s.curve)
		}
		target, fall, err := p.aim(s)
		if err != nil {
			return nil, err
		}
		step := 0.0
		if s, step = p.search(s, target); step == 0 && fresh {
			return nil, errNotConverged
		}
		if step > 0 && fall <= tol || p.exact && fall < 1e-10 && fall >= last/4 {
			return s, nil
		}
		if fall > last/10 || step < 1 { // the old Hessian no longer serves
			p.hessian = nil
		}
		last = fall
	}
	return nil, errNotConverged
}

// aim gives the minimum of the quadratic that touches the loss at s, and twice
// the fall of the objective that it promises.
func (p *problem) aim(s *state) (target []float64, fall float64, err error) {
	// Around beta the loss is ½b'Hb − rhs'b with rhs = Hβ − gradient.
	h := append([]float64(nil), p.hessian...)
	grad, rhs := make([]float64, p.cols), make([]float64, p.cols)
	p.gradient(grad, s.slope)
	for j := range rhs {
		rhs[j] = blas64.Dot(vector(h[j*p.cols:(j+1)*p.cols]), vector(s.beta)) - grad[j]
	}
	p.stiffen(h)
	target = append([]float64(nil), s.beta...)
	if p.l1 == nil {
		err = cholesky(target, h, rhs)
	} else {
		err = p.descend(target, h, rhs)
	}
	move := make([]float64, p.cols)
	for j := range move {
		move[j] = target[j] - s.beta[j]
	}
	for j := range move {
		fall += move[j] * blas64.Dot(vector(h[j*p.cols:(j+1)*p.cols]), vector(move))
	}
	return target, fall, err
}

// stiffen adds the smooth penalties' second derivatives to a Hessian.
func (p *problem) stiffen(h []float64) {
	for j := range p.cols {
		if p.l2 != nil {
			h[j*p.cols+j] += p.l2[j]
		}
		if p.tie != nil && p.tie[j] > 0 {
			h[j*p.cols+j] += p.tie[j]
			h[(j-1)*p.cols+j-1] += p.tie[j]
			h[(j-1)*p.cols+j] -= p.tie[j]
			h[j*p.cols+j-1] -= p.tie[j]
		}
	}
}

// variances is the diagonal of the inverse of the penalised Hessian.
func (p *problem) variances() ([]float64, error) {
	h := append([]float64(nil), p.hessian...)
	p.stiffen(h)
	var c mat.Cholesky
	var inverse mat.SymDense
	if !c.Factorize(mat.NewSymDense(p.cols, h)) {
		return nil, errSingular
	}
	var bad mat.Condition
	if err := c.InverseTo(&inverse); err != nil && !errors.As(err, &bad) {
		return nil, errSingular
	}
	v := make([]float64, p.cols)
	for j := range v {
		v[j] = inverse.At(j, j)
	}
	return v, nil
}

// search walks from s to target, or only part of the way so that the objective
// does not rise. It stays at s, with a step of zero, if it rises all along.
func (p *problem) search(s *state, target []float64) (next *state, step float64) {
	for step = 1.0; step > 1e-6; step /= 2 {
		beta := make([]float64, p.cols)
		for j := range beta {
			beta[j] = s.beta[j] + step*(target[j]-s.beta[j])
		}
		next = p.stateAt(beta)
		if next.value <= s.value+1e-10*math.Abs(s.value) {
			return next, step
		}
	}
	return s, 0
}

// cholesky solves h·x = rhs for a positive definite h.
func cholesky(x, h, rhs []float64) error {
	n := len(rhs)
	var c mat.Cholesky
	if !c.Factorize(mat.NewSymDense(n, h)) {
		return errSingular
	}
	var solution mat.VecDense
	if err := c.SolveVecTo(&solution, mat.NewVecDense(n, rhs)); err != nil {
		var bad mat.Condition // only a warning: the next step corrects the rounding
		if !errors.As(err, &bad) || math.IsInf(float64(bad), 1) {
			return errSingular
		}
	}
	copy(x, solution.RawVector().Data)
	return nil
}

// descend minimises ½x'hx − rhs'x + Σ l1·|x| by cyclic coordinate descent,
// then solves exactly for the coordinates that are free.
func (p *problem) descend(x, h, rhs []float64) error {
	n := len(x)
	enough := 1e-14 // of the largest fall by one coordinate in a sweep
	if p.exact {
		enough = 1e-24
	}
	line := func(j int) []float64 { return h[j*n : (j+1)*n] }
	hx := make([]float64, n)
	for j := range hx {
		hx[j] = blas64.Dot(vector(line(j)), vector(x))
	}
	for sweep := 1; sweep <= 100000; sweep++ {
		largest := 0.0
		for j := range x {
			curve := h[j*n+j]
			if curve <= 0 {
				continue
			}
			pull := rhs[j] - hx[j] + curve*x[j]
			to := math.Copysign(max(math.Abs(pull)-p.l1[j], 0), pull) / curve
			if d := to - x[j]; d != 0 {
				axpy(d, line(j), hx)
				largest = max(largest, curve*d*d)
				x[j] = to
			}
		}
		if largest < 1e-9 || sweep%50 == 0 {
			if p.polish(x, h, rhs) || largest < enough {
				return nil
			}
			for j := range hx {
				hx[j] = blas64.Dot(vector(line(j)), vector(x))
			}
		}
	}
	return errNotConverged
}

// polish solves for the free coordinates with their signs held, and reports
// whether the result meets the conditions of Karush, Kuhn and Tucker; if not, x
// is left as it was.
func (p *problem) polish(x, h, rhs []float64) bool {
	n := len(x)
	var free []int
	for j, v := range x {
		if v != 0 || p.l1[j] == 0 {
			free = append(free, j)
		}
	}
	k := len(free)
	if k == 0 {
		return true
	}
	sub, right, solution := make([]float64, k*k), make([]float64, k), make([]float64, k)
	for a, i := range free {
		for b, j := range free {
			sub[a*k+b] = h[i*n+j]
		}
		right[a] = rhs[i] - math.Copysign(p.l1[i], x[i])
	}
	if cholesky(solution, sub, right) != nil {
		return false
	}
	trial := append([]float64(nil), x...)
	for a, j := range free {
		if p.l1[j] > 0 && solution[a]*x[j] < 0 {
			return false
		}
		trial[j] = solution[a]
	}
	for j, v := range trial {
		pull := rhs[j] - blas64.Dot(vector(h[j*n:(j+1)*n]), vector(trial))
		if v == 0 && math.Abs(pull) > p.l1[j]+1e-9*(1+math.Abs(rhs[j])) {
			return false
		}
	}
	copy(x, trial)
	return true
}
