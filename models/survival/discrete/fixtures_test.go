//go:build fixtures

package discrete_test

import (
	"context"
	"math"
	"testing"

	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival/discrete"
)

func TestFitAgreesWithStatsmodels(t *testing.T) {
	type numbers = []ref.Number
	var cases []struct {
		Name, Input, Days, Event, Link string
		Covariates                     []string
		K                              int
		Width                          float64
		N                              int     `json:"n_person_periods"`
		Level                          numbers `json:"coef_intervals"`
		Coef, SE                       numbers
		LogLik, Deviance               ref.Number
		Hazard                         []numbers `json:"hazard_rows1to4"`
		Survival                       []numbers `json:"surv_rows1to4"`
	}
	tolerance := ref.Cases(t, "discrete_hazard.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			check := ref.Within(t, tolerance, "")
			link, ok := map[string]discrete.Link{"logit": discrete.Logit, "cloglog": discrete.LogLog}[c.Link]
			if !ok {
				t.Fatalf("unknown link %q", c.Link)
			}
			table := ref.Read(t, c.Input, append([]string{c.Days, c.Event}, c.Covariates...)...)
			x, y := table.Matrix(c.Covariates), table.Target("", c.Days, c.Event, "")
			n := 0
			for i := range y.Exit {
				y.Exit[i] = math.Ceil(y.Exit[i] / c.Width)
				n += min(int(y.Exit[i]), c.K)
			}
			if n != c.N {
				t.Errorf("%d person-periods, want %d", n, c.N)
			}
			f, err := discrete.Regression{Link: link, Periods: c.K}.Fit(context.Background(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			check.List("level", f.Level, c.Level)
			check.List("coef", f.Coef, c.Coef)
			check.List("SE", f.SE(), c.SE)
			check.One("loglik", f.LogLik, c.LogLik)
			check.One("deviance", -2*f.LogLik, c.Deviance)
			row := make([]float64, len(c.Covariates))
			for i := range c.Hazard {
				x.Row(row, i)
				hazard, survival := f.Forecast(row)
				check.List("hazard", hazard, c.Hazard[i])
				check.List("survival", survival, c.Survival[i])
			}
		})
	}
}
