package linear_test

import (
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/modeltest"
)

func TestSharedLaws(t *testing.T) {
	decode := func(_ string, b []byte) (models.Model, error) { return linear.Decode(b) }
	for name, c := range map[string]struct {
		l models.Learner
		o modeltest.Outcome
	}{
		"ridge":       {linear.Logistic{}, modeltest.Chance},
		"net":         {linear.Logistic{Alpha: 0.5, Lambda: 2}, modeltest.Chance},
		"poisson":     {linear.Poisson{}, modeltest.Rate},
		"poisson net": {linear.Poisson{Alpha: 0.5, Lambda: 2}, modeltest.Rate},
		"steps":       {linear.Poisson{Straight: true, Steps: []string{"c"}}, modeltest.Rate},
	} {
		t.Run(name, func(t *testing.T) { modeltest.Run(t, c.l, modeltest.Options{Outcome: c.o, Decode: decode}) })
	}
}
