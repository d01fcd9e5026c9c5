package cox

import (
	"context"
	"errors"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// Net is the elastic net's penalty on a regression: fitted is the minimum of
// −loglik/Σw + λ Σ factor·(α s|β| + (1−α)(sβ)²/2), where s is the standard
// deviation of the column (1 if Raw) and factors are scaled to a mean of 1
// (Simon, Friedman, Hastie, Tibshirani 2011, JSS 39(5); R's glmnet).
type Net struct {
	Alpha  float64   // 1 for the lasso, 0 for a ridge
	Lambda []float64 // nil for 100 values downwards from where the first column enters, a ten-thousandth at the end
	Factor []float64 // one a column, 0 for one that goes unpenalised; nil means 1 each
	Raw    bool      // columns are penalised as they are, not by standard deviation
}

// Path is a sequence of fits, one a value of Lambda.
type Path struct {
	Lambda    []float64
	Coef      [][]float64
	LogLik    []float64 // partial log-likelihood without the penalty
	Explained []float64 // share of the deviance from the null to the saturated model
	Null      float64   // deviance of the null model
	Most      float64   // the smallest λ at which all penalised coefficients are 0
}

// Path fits the regression along the net's λ, each from the one before:
// Newton steps, of which each minimises the penalised quadratic by coordinate
// descent. Errors as in Fit; Ridge is not looked at.
func (r Regression) Path(ctx context.Context, x *matrix.Matrix, y models.Target, net Net) (*Path, error) {
	if !(net.Alpha >= 0 && net.Alpha <= 1) {
		return nil, errors.New("cox: alpha must be between 0 and 1")
	}
	k, err := r.layOut(x, y)
	if err != nil {
		return nil, err
	}
	n := net.scale(k)
	l := k.at(make([]float64, len(k.columns)), r.Ties)
	null := l.value
	path := &Path{Null: 2 * (k.saturated() - null), Lambda: net.Lambda}
	if l, err = n.descend(ctx, l, r.Ties, math.Inf(1)); err != nil {
		return nil, err
	}
	score, _ := l.derivatives(nil)
	for j, unit := range n.unit {
		if unit > 0 {
			path.Most = max(path.Most, math.Abs(score[j])/k.total/unit/max(n.alpha, leastAlpha))
		}
	}
	if path.Lambda == nil {
		for i := range 100 {
			path.Lambda = append(path.Lambda, path.Most*math.Pow(1e-4, float64(i)/99))
		}
	}
	for _, lambda := range path.Lambda {
		if l, err = n.descend(ctx, l, r.Ties, lambda); err != nil {
			return nil, err
		}
		path.Coef, path.LogLik = append(path.Coef, l.coef), append(path.LogLik, l.value)
		path.Explained = append(path.Explained, 2*(l.value-null)/path.Null)
	}
	return path, nil
}

// leastAlpha stands for 0 where the first λ is sought, as in glmnet: a ridge
// never gets to zero.
const leastAlpha = 1e-3

// penalty is what λ multiplies: unit·(α|β| + (1−α) deviation β²/2), one a column.
type penalty struct {
	alpha           float64
	unit, deviation []float64
}

func (net Net) scale(k *risk) *penalty {
	n := &penalty{alpha: net.Alpha}
	factors, p := 0.0, len(k.columns)
	for j, c := range k.columns {
		factor, sum := 1.0, 0.0
		if net.Factor != nil {
			factor = net.Factor[j]
		}
		for i, x := range c {
			sum += k.w(i) * (x - k.mean[j]) * (x - k.mean[j])
		}
		deviation := math.Sqrt(sum / k.total)
		if net.Raw {
			deviation = 1
		}
		n.unit, n.deviation = append(n.unit, factor*deviation), append(n.deviation, deviation)
		factors += factor
	}
	for j := range n.unit {
		n.unit[j] *= float64(p) / factors
	}
	return n
}

// value of the penalty at λ.
func (n *penalty) value(coef []float64, lambda float64) (sum float64) {
	for j, b := range coef {
		if b != 0 && n.unit[j] > 0 {
			sum += lambda * n.unit[j] * (n.alpha*math.Abs(b) + (1-n.alpha)*n.deviation[j]*b*b/2)
		}
	}
	return sum
}

// descend goes from l to the minimum at λ; at an infinite λ only columns
// without a penalty move.
func (n *penalty) descend(ctx context.Context, l *likelihood, ties Ties, lambda float64) (*likelihood, error) {
	const settled = 1e-6 // longest step of a coefficient, in units of the objective's curvature; what is left after it is its square
	for range mostSteps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		score, information := l.derivatives(nil)
		for i := range information {
			information[i] /= l.total
		}
		for j := range score {
			score[j] /= l.total
		}
		coef := n.quadratic(l.coef, score, information, lambda)
		longest := 0.0
		for j, b := range coef {
			longest = max(longest, math.Abs(b-l.coef[j])*math.Sqrt(information[j*len(coef)+j]))
		}
		if longest == 0 {
			return l, nil
		}
		now := -l.value/l.total + n.value(l.coef, lambda)
		moved := false
		for range halvings {
			next := l.risk.at(coef, ties)
			if next.ok() && -next.value/l.total+n.value(coef, lambda) <= now+1e-11*math.Abs(now) {
				l, moved = next, true
				break
			}
			for j := range coef {
				coef[j] = (coef[j] + l.coef[j]) / 2
			}
		}
		if !moved || longest < settled {
			return l, nil
		}
	}
	return nil, errors.New("cox: the path does not settle: a column without a penalty may tell events apart without an exception")
}

// quadratic minimises the second-order model around from plus the penalty, a
// coordinate at a time.
func (n *penalty) quadratic(from, score, information []float64, lambda float64) []float64 {
	const sweeps, still = 20_000, 1e-14
	p := len(from)
	coef := append([]float64(nil), from...)
	slope := append([]float64(nil), score...) // of minus the model at coef
	for range sweeps {
		moved := 0.0
		for j := range coef {
			h := information[j*p+j]
			l1, l2 := 0.0, 0.0
			if n.unit[j] > 0 {
				if math.IsInf(lambda, 1) {
					continue
				}
				l1, l2 = lambda*n.unit[j]*n.alpha, lambda*n.unit[j]*(1-n.alpha)*n.deviation[j]
			}
			if h+l2 <= 0 {
				continue
			}
			z := slope[j] + h*coef[j]
			b := math.Copysign(max(math.Abs(z)-l1, 0), z) / (h + l2)
			if by := b - coef[j]; by != 0 {
				coef[j] = b
				for i := range slope {
					slope[i] -= by * information[i*p+j]
				}
				moved = max(moved, math.Abs(by)*math.Sqrt(h))
			}
		}
		if moved < still {
			break
		}
	}
	return coef
}

// saturated is the largest likelihood that Breslow's ties allow: each event
// time's risk set shrunk to its events.
func (k *risk) saturated() (value float64) {
	for _, d := range k.deaths {
		if d > 0 {
			value -= d * math.Log(d)
		}
	}
	return value
}
