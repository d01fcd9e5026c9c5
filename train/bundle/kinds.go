package bundle

import (
	"fmt"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/scorecard"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/tree"
)

// kinds is the closed list of what a bundle may hold: a new model is one line
// here. Nothing in a bundle can name any other code.
var kinds = map[string]func(b []byte) (models.Model, error){
	"gbm":           gbm.Decode,
	"linear":        func(b []byte) (models.Model, error) { return linear.Decode(b) },
	"bayes":         decodeBayes,
	tree.KindForest: func(b []byte) (models.Model, error) { return tree.DecodeForest(b) },
	scorecard.Kind:  func(b []byte) (models.Model, error) { return scorecard.Decode(b) },
	exchange.Kind:   func(b []byte) (models.Model, error) { return exchange.Decode(b) },
}

// decode gives the model of a kind from its bytes. Models of rates hold others
// in themselves and have their own layout.
func decode(kind string, b []byte) (models.Model, error) {
	switch kind {
	case survival.KindStack, survival.KindHazards, survival.KindBaseline:
		return survival.Decode(b, decode)
	}
	if read := kinds[kind]; read != nil {
		return read(b)
	}
	return nil, fmt.Errorf("there is no model of kind %q in this version", kind)
}
