package train

import (
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/bayes"
)

// bayesChance is naive Bayes, which has no rates: for tables without times.
func bayesChance(*trainer, *tuning) models.Learner { return bayes.Bayes{} }
