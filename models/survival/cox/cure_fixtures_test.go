//go:build fixtures

package cox_test

import (
	"context"
	"math"
	"testing"

	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival/cox"
)

// The file's tolerance is a sentence; of this family it says 1e-5, absolute.
const cureTolerance = 1e-5

func TestCureAgreesWithR(t *testing.T) {
	var families struct {
		Cases []struct {
			Name, Input, Time, Event string
			Latency, Incidence       []string
			IncidenceCoef            []float64 `json:"incidence_coef"`
			LatencyCoef              []float64 `json:"latency_coef"`
			Baseline                 []float64 `json:"survival_baseline_first10_by_row"`
		} `json:"semiparametric_cure"`
	}
	ref.Cases(t, "cran_extra.json", &families)
	if len(families.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Cases {
		t.Run(c.Name, func(t *testing.T) {
			table := ref.Read(t, c.Input)
			y := table.Target("", c.Time, c.Event, "")
			f, err := cox.Cure{}.Fit(context.Background(), table.Matrix(c.Incidence[1:]), table.Matrix(c.Latency), y)
			if err != nil {
				t.Fatal(err)
			}
			near := func(what string, got, want float64) {
				if !(math.Abs(got-want) <= cureTolerance) {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			for j, want := range c.IncidenceCoef {
				near(c.Incidence[j], f.Incidence[j], want)
			}
			for j, want := range c.LatencyCoef {
				near(c.Latency[j], f.Latency[j], want)
			}
			for i, want := range c.Baseline {
				near("baseline", f.OpenIfSusceptible(make([]float64, len(c.Latency)), y.Exit[i]), want)
			}
		})
	}
}
