package gbm

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/portable"
)

// Softmax fits the probabilities of several classes, of which each row has one:
// Target.Y is its number, from 0. Each round grows a tree a class (Friedman
// 2001, §4.6), and the model has as many outputs as classes.
// Monotone columns are refused: a rising margin is no rising probability.
//
// Given the margins of the others, a class is a yes-or-no outcome whose log-odds
// are its margin over the log of the others' sum. Margin is that in the methods
// below, and y is 1 for the class.
type Softmax struct {
	Classes int // 2 or more
}

// Name is "softmax" and Classes.
func (o Softmax) Name() string { return parametric("softmax", float64(o.Classes)) }

func (o Softmax) valid() error {
	if o.Classes < 2 || o.Classes > 1<<10 {
		return errors.New("want from 2 to 1,024 Classes")
	}
	return nil
}

// Check wants 0 or 1. There is no exposure.
func (o Softmax) Check(y, exposure float64) error {
	if y != 0 && y != 1 {
		return errors.New("neither of the class nor of another")
	}
	return unexposed(exposure)
}

// Base is the log-odds of the class.
func (Softmax) Base(events, exposure float64) float64 { return Logistic{}.Base(events, exposure) }

// Gradient is p − y and p·(1−p)·K/(K−1): all margins step at once, and the factor
// keeps K such steps from overshooting what they have in common.
func (o Softmax) Gradient(margin, y, exposure float64) (g, h float64) {
	g, h = Logistic{}.Gradient(margin, y, exposure)
	return g, float64(h * (float64(o.Classes) / float64(o.Classes-1)))
}

// Loss is the negative log of the probability of y.
func (Softmax) Loss(margin, y, exposure float64) float64 { return Logistic{}.Loss(margin, y, exposure) }

// Link is the sigmoid.
func (Softmax) Link(margin float64) float64 { return portable.Sigmoid(margin) }

// start begins at the log of the class's share.
func (Softmax) start(d *data, _ models.Target) error {
	if d.base = portable.Log(d.overall); math.IsInf(d.base, 0) || d.overall == 1 {
		return errors.New("gbm: a class has none of the rows, or all of them")
	}
	return nil
}

// targets gives each class against the rest.
func (o Softmax) targets(y models.Target) ([]models.Target, error) {
	targets := make([]models.Target, o.Classes)
	for k := range targets {
		targets[k] = y
		targets[k].Y = make([]float64, len(y.Y))
	}
	for i, v := range y.Y {
		if v >= 0 && v < float64(o.Classes) && v == math.Floor(v) {
			targets[int(v)].Y[i] = 1
		} else if i >= len(y.Weight) || y.Weight[i] != 0 {
			return nil, fmt.Errorf("gbm: row %d: outcome is not a class from 0 to %d", i, o.Classes-1)
		}
	}
	return targets, nil
}

// against sets what gradients are taken at: of several classes, each margin over
// the log of the sum of the others.
func against(fits []*fit) {
	if len(fits) == 1 {
		return
	}
	g, rows := fits[0].grower, fits[0].grower.binned.rows
	pieces := g.spans(rows, 1<<12)
	ctx := context.Background() // short; the caller's context is asked between trees
	g.each(ctx, pieces, func(p int) error {
		from, to := span(p, pieces, rows)
		part := make([]float64, len(fits))
		for i := from; i < to; i++ {
			top := math.Inf(-1)
			for _, f := range fits {
				top = max(top, f.margins[i])
			}
			for k, f := range fits {
				part[k] = portable.Exp(f.margins[i] - top)
			}
			for k, f := range fits {
				others := 0.0
				for j, v := range part {
					if j != k {
						others += v
					}
				}
				f.seen[i] = f.margins[i] - top - portable.Log(others)
			}
		}
		return nil
	})
}
