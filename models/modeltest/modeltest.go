// Package modeltest holds the laws that every models.Learner must pass,
// whatever it learns. A learner's tests call Run once a kind of outcome.
package modeltest

import (
	"fmt"
	"testing"

	"github.com/leadcast/leadcast/models"
)

// Outcome is a kind of target.
type Outcome int

const (
	Chance Outcome = iota // Y is 0 or 1; one probability
	Rate                  // Y counts events in Exposure; one rate
	Causes                // Entry, Exit and Cause (1 or 2); rates, any number of them
	Number                // Y is any number; a number
	Amount                // Y is above zero; a mean
	Class                 // Y is 0, 1 or 2; the probability of each
)

// Options says what a learner claims.
type Options struct {
	Outcome Outcome
	Decode  func(kind string, b []byte) (models.Model, error) // reads the bytes of its models
	Repeats float64                                           // whole weights do what repeated rows do, up to this relative difference; 0: not claimed
}

// Run checks every law as a subtest of t.
func Run(t *testing.T, l models.Learner, o Options) {
	t.Helper()
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) {
			if err := law.hold(l, o); err != nil {
				t.Error(err)
			}
		})
	}
}

// law is one promise; check returns how it is broken, or panics with it.
type law struct {
	name  string
	check func(s *subject) error
}

// hold checks a law; any panic breaks it.
func (a law) hold(l models.Learner, o Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return a.check(&subject{Options: o, learner: l})
}

// must ends a law that cannot be checked any further.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
