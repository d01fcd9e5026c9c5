package cox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/newton"
)

// Cure says what is fitted where some never come to the event and the hazard of
// those who do is left open: a logistic regression of being susceptible to it,
// and Cox's of when (Peng, Dear 2000, Biometrics 56:237; Sy, Taylor 2000,
// Biometrics 56:227). Nobody is open beyond the last event who is susceptible,
// so the follow-up must reach to where events have become rare.
type Cure struct {
	Cause uint8 // the cause that is the event, others end the time at risk; 0 means any
}

// CureFit is a fitted cure model. Standard errors are had by resampling
// subjects.
type CureFit struct {
	Incidence []float64 // log-odds of being susceptible, the intercept first
	Latency   []float64 // log hazard ratios of those who are
	Steps     int       // of the EM algorithm

	time, hazard []float64
}

const (
	mostCureSteps = 20_000
	cureSettled   = 1e-18 // squared length of a step of the coefficients
	leastSure     = 1e-30 // a chance of being susceptible below which a row is as good as cured
)

// Fit maximises the likelihood by the EM algorithm, the columns of incidence
// telling who is susceptible and those of latency when it happens to them; ties
// are Breslow's and Weight of y counts. Errors are as in Regression.Fit; late
// entry is one, and a follow-up too short to tell late events from none another.
func (c Cure) Fit(ctx context.Context, incidence, latency *matrix.Matrix, y models.Target) (*CureFit, error) {
	n := len(y.Exit)
	if incidence.Rows != n || latency.Rows != n {
		panic("cox: matrices and target differ in length")
	}
	if y.Entry != nil && slices.Max(y.Entry) > 0 {
		return nil, errors.New("cox: a cure model takes no late entry")
	}
	z, err := numbers(incidence)
	if err != nil {
		return nil, err
	}
	x, err := numbers(latency)
	if err != nil {
		return nil, err
	}
	sure := make([]float64, n) // the chance that a row is susceptible, by what is known of it
	for i, cause := range y.Cause {
		if cause != 0 && (c.Cause == 0 || cause == c.Cause) {
			sure[i] = 1
		}
	}
	events := slices.Clone(sure)
	f := &CureFit{Incidence: make([]float64, len(z)+1), Latency: make([]float64, len(x))}
	offset := make([]float64, n)
	for ; f.Steps < mostCureSteps; f.Steps++ {
		who, err := newton.Maximise(ctx, f.Incidence, func(theta, g, h []float64) float64 { return susceptible(theta, z, sure, y.Weight, g, h) })
		if err != nil {
			return nil, fmt.Errorf("cox: who is susceptible: %w", err)
		}
		for i, w := range sure {
			offset[i] = math.Log(max(w, leastSure))
		}
		when, err := Regression{Ties: Breslow, Cause: c.Cause, Offset: offset}.Fit(ctx, latency, y)
		if err != nil {
			return nil, err
		}
		moved := 0.0
		for j, b := range who.At {
			moved += (b - f.Incidence[j]) * (b - f.Incidence[j])
		}
		for j, b := range when.Coef {
			moved += (b - f.Latency[j]) * (b - f.Latency[j])
		}
		f.Incidence, f.Latency = who.At, when.Coef
		f.time, f.hazard = when.Baseline(0)
		if moved < cureSettled {
			return f, nil
		}
		for i, event := range events {
			if event == 0 {
				p := f.Susceptible(row(z, i))
				s := f.OpenIfSusceptible(row(x, i), y.Exit[i])
				sure[i] = p * s / (1 - p + p*s)
			}
		}
	}
	return nil, errors.New("cox: the cure model does not settle: is the follow-up long enough to tell a late event from none?")
}

// susceptible is the log-likelihood of the logistic regression of shares.
func susceptible(theta []float64, z [][]float64, share, weight, g, h []float64) (sum float64) {
	p := len(theta)
	x := make([]float64, p)
	x[0] = 1
	for i, v := range share {
		eta := theta[0]
		for j, c := range z {
			x[j+1] = c[i]
			eta += theta[j+1] * c[i]
		}
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		q := 1 / (1 + math.Exp(-eta))
		sum += w * (v*eta - max(eta, 0) - math.Log1p(math.Exp(-math.Abs(eta))))
		for j := range x {
			g[j] += w * (v - q) * x[j]
			for k := range j + 1 {
				h[j*p+k] += w * q * (1 - q) * x[j] * x[k]
			}
		}
	}
	return sum
}

// Susceptible is the chance of ever coming to the event, of one with columns z
// of incidence.
func (f *CureFit) Susceptible(z []float64) float64 {
	eta := f.Incidence[0]
	for j, v := range z {
		eta += f.Incidence[j+1] * v
	}
	return 1 / (1 + math.Exp(-eta))
}

// OpenIfSusceptible is the chance of being open beyond t of one who is
// susceptible, with columns x of latency: 0 beyond the last event.
func (f *CureFit) OpenIfSusceptible(x []float64, t float64) float64 {
	k := upTo(f.time, t)
	if k == 0 {
		return 1
	}
	if t > f.time[len(f.time)-1] {
		return 0
	}
	eta := 0.0
	for j, v := range x {
		eta += f.Latency[j] * v
	}
	return math.Exp(-f.hazard[k-1] * math.Exp(eta))
}

// numbers are the columns of a matrix.
func numbers(x *matrix.Matrix) ([][]float64, error) {
	k := &risk{total: float64(x.Rows)}
	err := k.take(x)
	return k.columns, err
}

func row(columns [][]float64, i int) []float64 {
	x := make([]float64, len(columns))
	for j, c := range columns {
		x[j] = c[i]
	}
	return x
}
