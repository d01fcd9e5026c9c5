package gbm_test

import (
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/modeltest"
)

func TestLaws(t *testing.T) {
	decode := func(_ string, b []byte) (models.Model, error) { return gbm.Decode(b) }
	for objective, outcome := range map[gbm.Objective]modeltest.Outcome{gbm.Logistic{}: modeltest.Chance, gbm.Poisson{}: modeltest.Rate} {
		t.Run(objective.Name(), func(t *testing.T) {
			b := gbm.Defaults(objective)
			b.Rounds, b.MinLeaf = 40, 1
			modeltest.Run(t, b, modeltest.Options{Outcome: outcome, Decode: decode, Repeats: 1e-3})
		})
	}
}
