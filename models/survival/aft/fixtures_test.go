//go:build fixtures

package aft_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models/metric/censored"
	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival/aft"
)

type numbers = []ref.Number

// shape by its name in the files.
func shape(t *testing.T, name string) aft.Distribution {
	d, ok := map[string]aft.Distribution{"weibull": aft.Weibull, "exponential": aft.Exponential, "lognormal": aft.LogNormal, "loglogistic": aft.LogLogistic}[name]
	if !ok {
		t.Fatalf("unknown distribution %q", name)
	}
	return d
}

func logs(v []float64) (l []float64) {
	for _, x := range v {
		l = append(l, math.Log(x))
	}
	return l
}

func present(names ...string) (some []string) {
	for _, n := range names {
		if n != "" && n != "1" {
			some = append(some, n)
		}
	}
	return some
}

type survregCase struct {
	Name, Input, Time, Event, Weights, Dist string
	Strata                                  string `json:"strata_scale"`
	Covariates                              []string
	N                                       int
	Coef, Scale, SE                         numbers
	LogScale                                numbers `json:"log_scale"`
	Vcov                                    []numbers
	LogLik                                  ref.Number
	Alone                                   ref.Number `json:"loglik_intercept_only"`
	ScaleLevels                             []any      `json:"scale_levels"`
	Predict                                 struct {
		Rows         []int `json:"rows_1based"`
		LP, P, Times numbers
		LPSE         numbers `json:"lp_se"`
		Quantile     []numbers
		QuantileSE   []numbers `json:"quantile_se"`
		Surv         []numbers
	}
	Residuals struct{ Deviance, Response numbers } `json:"residuals_first8"`
	Robust    *struct {
		Cluster string
		SE      numbers
	}
}

func TestFitAgreesWithSurvreg(t *testing.T) {
	var cases []survregCase
	tolerance := ref.Cases(t, "aft.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			c.run(t, ref.Within(t, tolerance, "coef/scale/loglik"), ref.Within(t, tolerance, ", se"))
		})
	}
}

func (c survregCase) run(t *testing.T, check, loose ref.Check) {
	table := ref.Read(t, c.Input, append(present(c.Time, c.Event, c.Weights, c.Strata), c.Covariates...)...)
	levels, strata := table.Levels(c.Strata)
	x, y := table.Matrix(c.Covariates), table.Target("", c.Time, c.Event, c.Weights)
	r := aft.Regression{Distribution: shape(t, c.Dist), Strata: strata}
	f, err := r.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != c.N || c.ScaleLevels != nil && len(c.ScaleLevels) != len(levels) {
		t.Errorf("%d rows, %d strata", len(table.Rows), len(levels))
	}
	check.List("coef", f.Coef, c.Coef)
	check.List("scale", f.Scale, c.Scale)
	check.List("log scale", logs(f.Scale), c.LogScale)
	loose.Table("covariance", f.Covariance, c.Vcov)
	loose.List("SE", f.SE(), c.SE)
	check.One("loglik", f.LogLik, c.LogLik)
	alone, err := r.Fit(context.Background(), table.Matrix(nil), y)
	if err != nil {
		t.Fatal(err)
	}
	check.One("intercept only", alone.LogLik, c.Alone)
	row := make([]float64, len(c.Covariates))
	for n, at := range c.Predict.Rows {
		i, stratum := table.Place(at), 0
		if strata != nil {
			stratum = strata[i]
		}
		x.Row(row, i)
		eta, se := f.Linear(row)
		check.One("η", eta, c.Predict.LP[n])
		loose.One("SE of η", se, c.Predict.LPSE[n])
		for k, p := range c.Predict.P {
			q, se := f.Quantile(float64(p), row, stratum)
			check.One("quantile", q, c.Predict.Quantile[n][k])
			loose.One("SE of quantile", se, c.Predict.QuantileSE[n][k])
		}
		for k, time := range c.Predict.Times {
			check.One("S", f.Survival(float64(time), row, stratum), c.Predict.Surv[n][k])
		}
	}
	response, deviance := f.Residuals()
	check.List("deviance", deviance[:len(c.Residuals.Deviance)], c.Residuals.Deviance)
	check.List("response", response[:len(c.Residuals.Response)], c.Residuals.Response)
	if c.Robust == nil {
		return
	}
	table = ref.Read(t, c.Input, append(present(c.Time, c.Event, c.Weights, c.Strata, c.Robust.Cluster), c.Covariates...)...)
	_, r.Strata = table.Levels(c.Strata)
	f, err = r.Fit(context.Background(), table.Matrix(c.Covariates), table.Target("", c.Time, c.Event, c.Weights))
	if err != nil {
		t.Fatal(err)
	}
	_, cluster := table.Levels(c.Robust.Cluster)
	var se []float64
	for j, v := range f.Robust(cluster) {
		se = append(se, math.Sqrt(v[j]))
	}
	loose.List("robust SE", se, c.Robust.SE)
}

func TestIntervalsAgreeWithSurvreg(t *testing.T) {
	var cases []struct {
		Name, Input, Time, Event, Dist string
		Width                          float64 `json:"interval_width"`
		Covariates                     []string
		Coef, SE                       numbers
		Scale, LogLik                  ref.Number
	}
	tolerance := ref.Cases(t, "aft_interval.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			check, loose := ref.Within(t, tolerance, "coef/scale/loglik"), ref.Within(t, tolerance, ", se")
			table := ref.Read(t, c.Input, append(present(c.Time, c.Event), c.Covariates...)...)
			y := table.Target("", c.Time, c.Event, "")
			upper := make([]float64, len(y.Exit))
			for i, cause := range y.Cause {
				if cause != 0 {
					y.Exit[i] = math.Floor(y.Exit[i]/c.Width) * c.Width
					upper[i] = y.Exit[i] + c.Width
				}
			}
			f, err := aft.Regression{Distribution: shape(t, c.Dist), Upper: upper}.Fit(context.Background(), table.Matrix(c.Covariates), y)
			if err != nil {
				t.Fatal(err)
			}
			check.List("coef", f.Coef, c.Coef)
			check.One("scale", f.Scale[0], c.Scale)
			check.One("loglik", f.LogLik, c.LogLik)
			loose.List("SE", f.SE(), c.SE)
		})
	}
}

func TestLateEntryAgrees(t *testing.T) {
	var families struct {
		Late []struct {
			Name, Input, Time, Event, Entry, Dist string
			Covariates                            []string
			Coef, SE                              numbers
			LogScale                              ref.Number `json:"log_scale"`
			Scale, LogLik                         ref.Number
			Vcov                                  []numbers
			Lifelines                             struct {
				Params numbers
				Index  []string
				LogLik ref.Number
			}
		} `json:"left_truncated"`
		Lifelines []struct {
			Fitter, Input, Time, Event string
			Params, SE                 map[string]ref.Number
			LogLik, AIC, Concordance   ref.Number
			Median                     numbers `json:"median_rows1to4"`
			Percentile                 numbers `json:"percentile90_rows1to4"`
			Mean                       numbers `json:"mean_rows1to4"`
		}
	}
	tolerance := ref.Cases(t, "aft_python.json", &families)
	if len(families.Late) == 0 || len(families.Lifelines) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Late {
		t.Run(c.Name, func(t *testing.T) {
			check := ref.Within(t, tolerance, "own MLE")
			covariates := present(c.Covariates...)
			table := ref.Read(t, c.Input, append(present(c.Time, c.Event, c.Entry), covariates...)...)
			f, err := aft.Regression{Distribution: shape(t, c.Dist)}.Fit(context.Background(), table.Matrix(covariates), table.Target(c.Entry, c.Time, c.Event, ""))
			if err != nil {
				t.Fatal(err)
			}
			check.List("coef", f.Coef, c.Coef)
			check.One("log scale", math.Log(f.Scale[0]), c.LogScale)
			check.One("scale", f.Scale[0], c.Scale)
			check.List("SE", f.SE(), c.SE)
			check.Table("covariance", f.Covariance, c.Vcov)
			check.One("loglik", f.LogLik, c.LogLik)
			lifelines := ref.Within(t, tolerance, "lifelines values")
			lifelines.One("its loglik", f.LogLik, c.Lifelines.LogLik)
			short := math.Sqrt(2 * max(0, f.LogLik-float64(c.Lifelines.LogLik)))
			for n, name := range c.Lifelines.Index { // "('location', 'column')"
				parts := strings.Split(strings.Trim(name, "()"), ", ")
				column, j, got := strings.Trim(parts[1], "'"), len(f.Coef), -math.Log(f.Scale[0])
				switch {
				case n < len(f.Coef) && column == "Intercept":
					j, got = 0, f.Coef[0]
				case n < len(f.Coef):
					j = slices.Index(covariates, column) + 1
					got = f.Coef[j]
				case shape(t, c.Dist) == aft.LogNormal:
					got = -got
				}
				lifelines.Abs = short * f.SE()[j]
				lifelines.One(name, got, c.Lifelines.Params[n])
			}
		})
	}
	for _, c := range families.Lifelines {
		t.Run(c.Fitter, func(t *testing.T) {
			check := ref.Within(t, tolerance, "lifelines values")
			dist, ok := map[string]aft.Distribution{"WeibullAFTFitter": aft.Weibull, "LogNormalAFTFitter": aft.LogNormal, "LogLogisticAFTFitter": aft.LogLogistic}[c.Fitter]
			if !ok {
				t.Fatal("unknown fitter")
			}
			location := map[aft.Distribution]string{aft.Weibull: "lambda_", aft.LogNormal: "mu_", aft.LogLogistic: "alpha_"}[dist]
			var covariates []string
			for name := range c.Params {
				if column, ok := cut(name, location); ok && column != "Intercept" {
					covariates = append(covariates, column)
				}
			}
			slices.Sort(covariates)
			table := ref.Read(t, c.Input, append(present(c.Time, c.Event), covariates...)...)
			x := table.Matrix(covariates)
			f, err := aft.Regression{Distribution: dist}.Fit(context.Background(), x, table.Target("", c.Time, c.Event, ""))
			if err != nil {
				t.Fatal(err)
			}
			// lifelines stops early: as far from the top as its likelihood says, in
			// standard errors.
			if f.LogLik < float64(c.LogLik)-1e-9*math.Abs(f.LogLik) {
				t.Errorf("the likelihood %v is below %v", f.LogLik, c.LogLik)
			}
			short := math.Sqrt(2 * max(0, f.LogLik-float64(c.LogLik)))
			for name, want := range c.Params {
				j, got := len(f.Coef), -math.Log(f.Scale[0])
				if dist == aft.LogNormal {
					got = -got
				}
				if column, ok := cut(name, location); ok {
					j = slices.Index(covariates, column) + 1
					got = f.Coef[j]
				}
				check.Abs = short * float64(c.SE[name])
				check.One(name, got, want)
				check.One("SE of "+name, f.SE()[j], c.SE[name])
			}
			check.Abs = 0
			check.One("loglik", f.LogLik, c.LogLik)
			check.One("AIC", 2*float64(len(f.Covariance))-2*f.LogLik, c.AIC)
			row, risk := make([]float64, len(covariates)), make([]float64, x.Rows)
			for i := range risk {
				x.Row(row, i)
				eta, _ := f.Linear(row)
				risk[i] = -math.Round(eta*1e12) / 1e12
			}
			check.Abs = short * 0.1
			check.One("concordance", censored.Concordance(table.Target("", c.Time, c.Event, ""), risk, nil, nil).C(), c.Concordance)
			for i, want := range c.Median {
				x.Row(row, i)
				median, se := f.Quantile(0.5, row, 0)
				check.Abs = short * se
				check.One("median", median, want)
				late, se := f.Quantile(0.9, row, 0)
				check.Abs = short * se
				check.One("90 %", late, c.Percentile[i])
				if mean := f.Mean(row, 0); !math.IsInf(mean, 1) {
					check.One("mean", mean, c.Mean[i])
				} else if !math.IsNaN(float64(c.Mean[i])) && !math.IsInf(float64(c.Mean[i]), 1) {
					t.Errorf("the mean is infinite, want %v", c.Mean[i])
				}
			}
		})
	}
}

// cut takes "location | column" apart.
func cut(name, location string) (column string, ok bool) {
	if len(name) > len(location)+3 && name[:len(location)] == location {
		return name[len(location)+3:], true
	}
	return "", false
}
