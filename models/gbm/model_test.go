package gbm_test

import (
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/modeltest"
)

func TestLaws(t *testing.T) {
	decode := func(_ string, b []byte) (models.Model, error) { return gbm.Decode(b) }
	for objective, outcome := range map[gbm.Objective]modeltest.Outcome{
		gbm.Logistic{}:           modeltest.Chance,
		gbm.Poisson{}:            modeltest.Rate,
		gbm.Squared{}:            modeltest.Number,
		gbm.Huber{Delta: 0.5}:    modeltest.Number,
		gbm.Quantile{Level: 0.6}: modeltest.Number,
		gbm.Gamma{}:              modeltest.Amount,
		gbm.Tweedie{Power: 1.5}:  modeltest.Amount,
		gbm.Softmax{Classes: 3}:  modeltest.Class,
		gbm.Cox{Cause: 1}:        modeltest.Causes,
	} {
		t.Run(objective.Name(), func(t *testing.T) {
			b := gbm.Defaults(objective)
			b.Rounds, b.MinLeaf = 40, 1
			b.RowSample = 1 // rows left out of a tree go either way where two splits part the others alike
			o := modeltest.Options{Outcome: outcome, Decode: decode, Repeats: 1e-3}
			if _, ok := objective.(gbm.Quantile); ok {
				o.Repeats = 0 // gradients of two values make many splits equally good: rounding decides between them
			}
			modeltest.Run(t, b, o)
		})
	}
}
