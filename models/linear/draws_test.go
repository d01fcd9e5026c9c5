package linear_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/matrix"
)

// line is rows of one number with outcomes that follow it, each row repeated.
func line(n, repeated int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(5, 5))
	var y models.Target
	var x []float64
	for i := range n {
		v, won := r.NormFloat64(), 0.0
		if r.Float64() < 1/(1+math.Exp(1-v)) {
			won = 1
		}
		for range repeated {
			x, y.Y = append(x, v), append(y.Y, won)
			y.Groups = append(y.Groups, uint64(i))
		}
	}
	return &matrix.Matrix{Rows: len(x), Columns: []matrix.Column{{Name: "x", Nums: x}}}, y
}

// spread is the standard deviation of the margin at some value over the draws.
func spread(t *testing.T, l linear.Logistic, x *matrix.Matrix, y models.Target, at float64) float64 {
	t.Helper()
	m, err := l.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	one := &matrix.Matrix{Rows: 1, Columns: []matrix.Column{{Name: "x", Nums: []float64{at}}}}
	sum, move := 0.0, make([]float64, 1)
	drawn := m.(*linear.Model).Drawn()
	for _, d := range drawn {
		if err := d.Margins(move, one); err != nil {
			t.Fatal(err)
		}
		sum += move[0] * move[0]
	}
	return math.Sqrt(sum / float64(len(drawn)))
}

// TestDrawsAreMaximumLikelihoods: with next to no penalty the spread of the
// draws is the standard error that GLM gives.
func TestDrawsAreMaximumLikelihoods(t *testing.T) {
	x, y := line(3000, 1)
	ones := make([]float64, x.Rows)
	for i := range ones {
		ones[i] = 1
	}
	g, err := linear.GLM([][]float64{ones, x.Columns[0].Nums}, y.Y, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []float64{-1, 0, 2} {
		want := math.Sqrt(g.Cov[0][0] + 2*at*g.Cov[0][1] + at*at*g.Cov[1][1])
		got := spread(t, linear.Logistic{Lambda: 1e-6, Straight: true, Draws: linear.Draws{Count: 64, Seed: 1}}, x, y, at)
		if math.Abs(got/want-1) > 0.2 { // 64 draws have an error of 9 %
			t.Errorf("at %v: spread %.4f, standard error %.4f", at, got, want)
		}
	}
}

// TestDrawsCountGroupsOnce: rows that repeat one another make nothing surer.
func TestDrawsCountGroupsOnce(t *testing.T) {
	l := linear.Logistic{Lambda: 1e-6, Straight: true, Draws: linear.Draws{Count: 64, Seed: 3}}
	x, y := line(800, 1)
	once := spread(t, l, x, y, 1)
	x, y = line(800, 4)
	four := spread(t, l, x, y, 1)
	y.Groups = nil
	apart := spread(t, l, x, y, 1)
	if math.Abs(four/once-1) > 0.05 || math.Abs(apart/once-0.5) > 0.12 {
		t.Errorf("once %.4f, four times %.4f, as if apart %.4f", once, four, apart)
	}
}

// TestDrawsKnowThePenalty: where the data say nothing, the prior's spread is
// left; and a net has no draws.
func TestDrawsKnowThePenalty(t *testing.T) {
	x, y := line(60, 1)
	strong := spread(t, linear.Logistic{Lambda: 400, Straight: true, Draws: linear.Draws{Count: 64, Seed: 2}}, x, y, 3)
	weak := spread(t, linear.Logistic{Lambda: 1e-3, Straight: true, Draws: linear.Draws{Count: 64, Seed: 2}}, x, y, 3)
	if !(strong < 0.6*weak) {
		t.Errorf("spread %.3f under a strong penalty, %.3f under a weak one", strong, weak)
	}
	if _, err := (linear.Logistic{Alpha: 0.5, Lambda: 1, Draws: linear.Draws{Count: 2}}).Fit(context.Background(), x, y); err == nil {
		t.Error("draws of a net")
	}
	if _, err := (linear.Logistic{Draws: linear.Draws{Count: 65}}).Fit(context.Background(), x, y); err == nil {
		t.Error("65 draws")
	}
}
