// Package cox fits Cox's regression of hazards (Cox 1972, JRSS B 34:187): the
// rate at which something happens to a subject is a common function of time,
// left open, times exp(xβ).
//
// Ties are handled as Efron or Breslow have it; subjects may enter late
// (Andersen and Gill's counting process), carry weights and offsets, and fall
// into strata with a baseline of their own. Beside coefficients there are
// robust and clustered standard errors, baseline hazards, forecasts with their
// standard errors, residuals, the test of proportional hazards, ridge penalties
// and the elastic net's path. Formulas follow Therneau and Grambsch (2000),
// Modeling Survival Data; the reference program is R's survival.
//
// A fit takes a few Newton steps of two passes over the data each, n·p²/2
// multiplications at most, whatever the number of distinct times.
package cox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Ties says in which order events at the same time are thought to have happened.
type Ties int

// Efron's approximation (1977, JASA 72:557) averages over the orders; Breslow's
// (1974, Biometrics 30:89) leaves every tied subject at risk for each event.
const (
	Efron Ties = iota
	Breslow
)

// Regression says what is fitted. Its zero value takes any cause as the event,
// Efron's ties, one stratum and no penalty. Slices are one entry a row.
type Regression struct {
	Ties   Ties
	Cause  uint8     // the cause that is the event, others end the time at risk; 0 means any
	Strata []int     // number of each row's stratum from 0; nil means one for all
	Offset []float64 // added to xβ; nil means none
	Ridge  []float64 // one a column: Σ ridge·β²/2 is taken off the log-likelihood; nil means none
}

// Fit is a fitted regression. It keeps reading the matrix and target that it
// was fitted to, which must not be written to.
type Fit struct {
	Coef        []float64
	Covariance  [][]float64 // inverse of the information, the penalty's part included
	Information [][]float64 // of the data alone
	LogLik      float64     // partial log-likelihood without the penalty
	Null        float64     // the same at β = 0
	Score       float64     // score test of β = 0, a chi-square of as many degrees as columns
	Steps       int         // of Newton's method
	*likelihood
	method Ties
	spent  []float64   // variance of the baseline up to each step
	drift  [][]float64 // of each column, hazard × mean of the risk set up to each step
}

const (
	mostSteps  = 40
	settled    = 1e-20 // squared length of the step, in standard errors
	halvings   = 30
	degenerate = 1e-11 // part of a column's variance that the columns before it leave
)

// Fit maximises the partial likelihood by Newton's method. Errors are about
// data: no events, numbers out of range, columns that are combinations of one
// another or that tell events apart so well that a coefficient has no end. A
// length mismatch panics. Time may begin below zero where Entry says so.
func (r Regression) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (*Fit, error) {
	k, err := r.layOut(x, y)
	if err != nil {
		return nil, err
	}
	p := len(k.columns)
	if r.Ridge != nil && len(r.Ridge) != p {
		panic("cox: penalties and columns differ in length")
	}
	l := k.at(make([]float64, p), r.Ties)
	if !l.ok() {
		return nil, errors.New("cox: the likelihood is not finite: are offsets too large?")
	}
	f := &Fit{Null: l.value, method: r.Ties}
	for ; f.Steps <= mostSteps; f.Steps++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		score, information := l.derivatives(nil)
		penalised := append([]float64(nil), information...)
		for j, theta := range r.Ridge {
			penalised[j*p+j] += theta
			score[j] -= float64(theta * l.coef[j])
		}
		chol, err := k.factor(penalised)
		if err != nil {
			return nil, err
		}
		step := mat.NewVecDense(p, nil)
		_ = chol.SolveVecTo(step, mat.NewVecDense(p, score))
		length := mat.Dot(step, mat.NewVecDense(p, score))
		if f.Steps == 0 {
			f.Score = length
		}
		if length < settled {
			f.keep(l, information, chol)
			return f, nil
		}
		next := r.advance(l, step.RawVector().Data)
		if next == nil {
			break
		}
		l = next
	}
	return nil, fmt.Errorf("cox: the coefficients do not settle: column %q may tell events apart without an exception", k.names[k.widest(l)])
}

// advance goes along the step, half as far each time that it would go down; nil
// if it always would.
func (r Regression) advance(l *likelihood, step []float64) *likelihood {
	now := l.value - r.penalty(l.coef)
	for range halvings {
		coef := append([]float64(nil), l.coef...)
		for j := range coef {
			coef[j] += step[j]
		}
		if next := l.risk.at(coef, r.Ties); next.ok() && next.value-r.penalty(coef) >= now-1e-10*math.Abs(now) {
			return next
		}
		for j := range step {
			step[j] /= 2
		}
	}
	return nil
}

func (r Regression) penalty(coef []float64) (sum float64) {
	for j, theta := range r.Ridge {
		sum += theta * coef[j] * coef[j] / 2
	}
	return sum
}

// widest is the column whose part of xβ varies most.
func (k *risk) widest(l *likelihood) (widest int) {
	most := 0.0
	for j, b := range l.coef {
		for _, x := range k.columns[j] {
			if part := math.Abs(b * (x - k.mean[j])); part > most {
				most, widest = part, j
			}
		}
	}
	return widest
}

// factor decomposes an information; the error names a column that the ones
// before it already say.
func (k *risk) factor(information []float64) (*mat.Cholesky, error) {
	p := len(k.columns)
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(p, information)) {
		return nil, errors.New("cox: a column is constant among those at risk, or a combination of others")
	}
	var u mat.TriDense
	chol.UTo(&u)
	for j := range p {
		if u.At(j, j)*u.At(j, j) <= degenerate*information[j*p+j] {
			return nil, fmt.Errorf("cox: column %q is a combination of those before it", k.names[j])
		}
	}
	return &chol, nil
}

func (f *Fit) keep(l *likelihood, information []float64, chol *mat.Cholesky) {
	p := len(l.coef)
	var inverse mat.SymDense
	_ = chol.InverseTo(&inverse)
	f.likelihood, f.Coef, f.LogLik = l, l.coef, l.value
	f.spent, f.drift = l.prefix(slices.Clone(l.square)), make([][]float64, p)
	for j := range f.drift {
		f.drift[j] = l.drifts(j)
	}
	for j := range p {
		f.Covariance = append(f.Covariance, mat.Row(nil, j, &inverse))
		f.Information = append(f.Information, information[j*p:][:p])
	}
}

// SE are the standard errors of the coefficients.
func (f *Fit) SE() []float64 { return diagonalRoot(f.Covariance) }

func diagonalRoot(m [][]float64) (root []float64) {
	for j := range m {
		root = append(root, math.Sqrt(m[j][j]))
	}
	return root
}

// Wald is the Wald test of β = 0, a chi-square of as many degrees as columns.
func (f *Fit) Wald() float64 { return quadratic(f.Covariance, f.Coef) }

// DF are the effective degrees of freedom, below the number of columns with a
// ridge: the trace of the information times the covariance (Gray 1992, JASA
// 87:942).
func (f *Fit) DF() (df float64) {
	for j, row := range f.Information {
		for l := range row {
			df += row[l] * f.Covariance[l][j]
		}
	}
	return df
}

// quadratic is vᵀ m⁻¹ v; NaN where m has no inverse.
func quadratic(m [][]float64, v []float64) float64 {
	d := mat.NewDense(len(v), len(v), nil)
	for j, row := range m {
		d.SetRow(j, row)
	}
	var solved mat.VecDense
	if err := solved.SolveVec(d, mat.NewVecDense(len(v), v)); err != nil && !errors.As(err, new(mat.Condition)) {
		return math.NaN()
	}
	return mat.Dot(&solved, mat.NewVecDense(len(v), v))
}
