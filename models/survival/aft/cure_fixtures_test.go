//go:build fixtures

package aft_test

import (
	"context"
	"math"
	"testing"

	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival/aft"
)

type cureCase struct {
	Name, Input, Time, Event, Weights, Dist string
	Incidence, Latency, Covariates          []string
	IncidenceCoef                           numbers `json:"incidence_coef"`
	LatencyCoef                             numbers `json:"latency_coef"`
	Coef                                    numbers
	Location, Scale, Shape                  ref.Number
	LogScale                                ref.Number `json:"log_scale"`
	SE                                      numbers
	Vcov                                    []numbers
	LogLik                                  ref.Number
	N                                       int
	Cured                                   numbers `json:"cured_fraction_rows1to4"`
	Predict                                 struct {
		Rows        []int `json:"rows_1based"`
		Times       numbers
		Susceptible numbers   `json:"p_susceptible"`
		Population  []numbers `json:"S_pop"`
		Latency     []numbers `json:"S_latency"`
		Still       []numbers `json:"p_susceptible_given_survived"`
	}
	Lifelines *struct {
		Cured  ref.Number `json:"cured_fraction_"`
		Lambda ref.Number `json:"lambda_"`
		Rho    ref.Number `json:"rho_"`
		LogLik ref.Number
	}
}

func TestCureAgrees(t *testing.T) {
	var families struct {
		Mixture   []cureCase
		Promotion []cureCase `json:"promotion_time"`
	}
	tolerance := ref.Cases(t, "cure.json", &families)
	if len(families.Mixture) == 0 || len(families.Promotion) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Mixture {
		t.Run(c.Name, func(t *testing.T) { c.run(t, tolerance) })
	}
	for _, c := range families.Promotion {
		t.Run(c.Name, func(t *testing.T) {
			c.Incidence, c.IncidenceCoef, c.LatencyCoef, c.Dist = c.Covariates, c.Coef, numbers{c.Location}, "weibull"
			c.run(t, tolerance)
		})
	}
}

func (c cureCase) run(t *testing.T, tolerance string) {
	check, loose, likelihood := ref.Within(t, tolerance, "coef"), ref.Within(t, tolerance, "se"), ref.Within(t, tolerance, "loglik")
	who, when := present(c.Incidence...), present(c.Latency...)
	table := ref.Read(t, c.Input, append(append(present(c.Time, c.Event, c.Weights), who...), when...)...)
	z, x := table.Matrix(who), table.Matrix(when)
	promotion := c.Covariates != nil
	f, err := aft.Cure{Distribution: shape(t, c.Dist), Promotion: promotion}.Fit(context.Background(), z, x, table.Target("", c.Time, c.Event, c.Weights))
	if err != nil {
		t.Fatal(err)
	}
	check.List("incidence", f.Incidence, c.IncidenceCoef)
	check.List("latency", f.Latency, c.LatencyCoef)
	check.One("log scale", math.Log(f.Scale), c.LogScale)
	loose.List("SE", f.SE(), c.SE)
	likelihood.One("loglik", f.LogLik, c.LogLik)
	a, b := make([]float64, len(who)), make([]float64, len(when))
	for i, cured := range c.Cured {
		z.Row(a, i)
		check.One("cured", 1-f.Susceptible(a), cured)
	}
	if promotion {
		return
	}
	if len(table.Rows) != c.N {
		t.Errorf("%d rows, want %d", len(table.Rows), c.N)
	}
	check.List("scale and shape", []float64{f.Scale, 1 / f.Scale}, numbers{c.Scale, c.Shape})
	loose.Table("covariance", f.Covariance, c.Vcov)
	for n, row := range c.Predict.Rows {
		z.Row(a, table.Place(row))
		x.Row(b, table.Place(row))
		check.One("susceptible", f.Susceptible(a), c.Predict.Susceptible[n])
		for k, time := range c.Predict.Times {
			check.One("S", f.Survival(float64(time), a, b), c.Predict.Population[n][k])
			check.One("S of the susceptible", f.Uncured(float64(time), b), c.Predict.Latency[n][k])
			check.One("still susceptible", f.StillSusceptible(float64(time), a, b), c.Predict.Still[n][k])
		}
	}
	if l := c.Lifelines; l != nil {
		// lifelines stops early, by as much as its likelihood falls short.
		rough := ref.Check{T: t, Rel: math.Sqrt(2*max(0, f.LogLik-float64(l.LogLik))) + 1e-6}
		rough.One("cured by lifelines", 1-f.Susceptible(a), l.Cured)
		rough.One("scale by lifelines", math.Exp(f.Latency[0]), l.Lambda)
		rough.One("shape by lifelines", 1/f.Scale, l.Rho)
		likelihood.One("likelihood of lifelines", f.LogLik, l.LogLik)
	}
}
