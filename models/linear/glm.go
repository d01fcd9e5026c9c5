package linear

import (
	"context"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Regression is a logistic regression by maximum likelihood.
type Regression struct {
	Coef   []float64   // one a column
	Cov    [][]float64 // covariance of Coef: the inverse of the observed information
	LogLik float64     // weighted log-likelihood at Coef
}

// GLM fits P(y) = 1/(1+exp(−offset−Σ coef·column)) by maximum likelihood, as R's
// glm with a binomial family: y in [0, 1], w are case weights (nil: one each), a
// nil offset is zero. A constant needs a column of ones. Columns are made
// orthogonal first, so that badly scaled and nearly collinear ones lose few
// digits. An error means that columns are linearly dependent or that the
// outcomes are separated by them.
func GLM(columns [][]float64, y, w, offset []float64) (*Regression, error) {
	n, k := len(y), len(columns)
	q, r, err := orthogonal(columns, n)
	if err != nil {
		return nil, err
	}
	p := &problem{design: plain(q, n), family: bernoulli, y: y, w: w, offset: offset, exact: true}
	s, err := p.fit(context.Background(), make([]float64, k))
	if err != nil {
		return nil, err
	}
	information := make([]float64, k*k)
	p.gram(information, s.curve)
	var c mat.Cholesky
	if !c.Factorize(mat.NewSymDense(k, information)) || c.Cond() > 1e9 || mat.Max(mat.NewDense(k, k, information)) < 1e-8 {
		return nil, errNotConverged // some direction has no curvature left: the outcomes are separated along it
	}
	out := &Regression{Coef: backward(r, s.beta), Cov: make([][]float64, k), LogLik: -s.value}
	for i := range out.Cov { // row i of R⁻¹(QᵀWQ)⁻¹R⁻ᵀ
		unit := make([]float64, k)
		unit[i] = 1
		row := mat.NewVecDense(k, forward(r, unit))
		if err := c.SolveVecTo(row, row); err != nil {
			return nil, errNotConverged
		}
		out.Cov[i] = backward(r, row.RawVector().Data)
	}
	return out, nil
}

// plain is a design of dense columns.
func plain(columns [][]float64, n int) design {
	b := block{rows: n, width: len(columns), dense: make([]float64, n*len(columns))}
	for j, c := range columns {
		for i, v := range c {
			b.dense[i*b.width+j] = v
		}
	}
	return design{rows: n, cols: len(columns), blocks: []block{b}}
}

// orthogonal factors the columns into orthonormal q and upper triangular r by
// Gram and Schmidt's method, each column twice.
func orthogonal(columns [][]float64, n int) (q, r [][]float64, err error) {
	k := len(columns)
	q, r = make([][]float64, k), make([][]float64, k)
	for j, c := range columns {
		v := append(make([]float64, 0, n), c...)
		r[j] = make([]float64, k)
		size := blas64.Nrm2(vector(v))
		for range 2 {
			for i := range j {
				d := blas64.Dot(vector(q[i]), vector(v))
				r[i][j] += d
				axpy(-d, q[i], v)
			}
		}
		r[j][j] = blas64.Nrm2(vector(v))
		if !(r[j][j] > 1e-14*size) {
			return nil, nil, errSingular
		}
		blas64.Scal(1/r[j][j], vector(v))
		q[j] = v
	}
	return q, r, nil
}

// backward solves r·x = b.
func backward(r [][]float64, b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := len(x) - 1; i >= 0; i-- {
		for j := i + 1; j < len(x); j++ {
			x[i] -= r[i][j] * x[j]
		}
		x[i] /= r[i][i]
	}
	return x
}

// forward solves rᵀ·x = b.
func forward(r [][]float64, b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := range x {
		for j := range i {
			x[i] -= r[j][i] * x[j]
		}
		x[i] /= r[i][i]
	}
	return x
}
