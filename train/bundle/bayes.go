package bundle

import (
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/bayes"
)

func decodeBayes(b []byte) (models.Model, error) { return bayes.Decode(b) }
