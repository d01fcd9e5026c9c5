//go:build fixtures

package finegray_test

import (
	"context"
	"testing"

	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival/finegray"
)

func TestFitAgreesWithCmprsk(t *testing.T) {
	type numbers = []ref.Number
	var families struct {
		FineGray []struct {
			Name, Input, Time, Status string
			Cause                     uint8 `json:"failcode"`
			Covariates                []string
			CRR                       struct {
				Coef, SE numbers
				Vcov     []numbers
				LogLik   ref.Number
				Null     ref.Number `json:"loglik_null"`
				Times    numbers    `json:"event_times"`
				Jumps    numbers    `json:"baseline_jumps"`
				N        int
			}
			Predict struct {
				Rows  []int `json:"rows_1based"`
				Times numbers
				CIF   []numbers
			}
		} `json:"fine_gray"`
	}
	tolerance := ref.Cases(t, "competing_risks.json", &families)
	if len(families.FineGray) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.FineGray {
		t.Run(c.Name, func(t *testing.T) {
			check := ref.Within(t, tolerance, "crr coef/se")
			table := ref.Read(t, c.Input, append([]string{c.Time, c.Status}, c.Covariates...)...)
			x := table.Matrix(c.Covariates)
			f, err := finegray.Regression{Cause: c.Cause}.Fit(context.Background(), x, table.Target("", c.Time, c.Status, ""))
			if err != nil {
				t.Fatal(err)
			}
			if len(table.Rows) != c.CRR.N {
				t.Errorf("%d rows, want %d", len(table.Rows), c.CRR.N)
			}
			check.List("coef", f.Coef, c.CRR.Coef)
			check.List("SE", f.SE(), c.CRR.SE)
			check.Table("covariance", f.Covariance, c.CRR.Vcov)
			check.One("loglik", f.LogLik, c.CRR.LogLik)
			check.One("null", f.Null, c.CRR.Null)
			check.List("time", f.Time, c.CRR.Times)
			check.List("jump", f.Jump, c.CRR.Jumps)
			row := make([]float64, len(c.Covariates))
			for n, at := range c.Predict.Rows {
				x.Row(row, table.Place(at))
				var cif []float64
				for _, time := range c.Predict.Times {
					cif = append(cif, f.Incidence(row, float64(time)))
				}
				check.List("incidence", cif, c.Predict.CIF[n])
			}
		})
	}
}
