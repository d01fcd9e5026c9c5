//go:build fixtures

package cox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/survival/cox"
)

type numbers = []ref.Number

// sample is what all cases say of their data.
type sample struct {
	Name, Input, Time, Event       string
	Entry, Strata, Weights, Offset string
	Cluster                        string
	Covariates                     []string
	Ties                           string
}

func (s sample) read(t *testing.T, more ...string) (*ref.Table, *matrix.Matrix, models.Target, cox.Regression) {
	needed := append(slices.Clone(s.Covariates), s.Time, s.Event)
	for _, name := range append(more, s.Entry, s.Strata, s.Weights, s.Offset) {
		if name != "" {
			needed = append(needed, name)
		}
	}
	table := ref.Read(t, s.Input, needed...)
	if s.Entry != "" {
		from, to := table.Numbers(s.Entry), table.Numbers(s.Time)
		table = table.Only(func(i int) bool { return from[i] < to[i] })
	}
	_, strata := table.Levels(s.Strata)
	method, ok := map[string]cox.Ties{"efron": cox.Efron, "breslow": cox.Breslow}[s.Ties]
	if !ok {
		t.Fatalf("unknown ties %q", s.Ties)
	}
	return table, table.Matrix(s.Covariates), table.Target(s.Entry, s.Time, s.Event, s.Weights), cox.Regression{Ties: method, Strata: strata, Offset: table.Numbers(s.Offset)}
}

type fitCase struct {
	sample
	N, NEvent int
	Coef, SE  numbers
	Vcov, CI  []numbers  `json:"-"`
	V         []numbers  `json:"vcov"`
	Coef95    []numbers  `json:"coef_ci95"`
	Null      ref.Number `json:"loglik_null"`
	LogLik    ref.Number
	LR        ref.Number `json:"lr_chisq"`
	Wald      ref.Number `json:"wald_chisq"`
	Score     ref.Number `json:"score_chisq"`
	Robust    *struct {
		SE    numbers
		Vcov  []numbers
		Score ref.Number `json:"robust_score"`
		Wald  ref.Number `json:"wald_chisq"`
	}
	HC0      *struct{ SE numbers } `json:"robust_hc0"`
	Baseline json.RawMessage       `json:"baseline_cumhaz"`
	Predict  struct {
		Rows                       []int `json:"rows_1based"`
		Times, LP                  numbers
		Linear                     numbers `json:"lp_uncentered"`
		Surv, Cumhaz, Lower, Upper []numbers
		SE                         []numbers `json:"se_surv"`
	}
	Residuals struct {
		Martingale, Deviance numbers
		Score, DFBeta        []numbers
	} `json:"residuals_first12"`
	Schoenfeld []numbers `json:"schoenfeld_first12"`
	ZPH        []struct {
		Transform    string
		ChiSq, DF, P numbers
	}
}

func TestFitAgreesWithR(t *testing.T) {
	var families struct{ Fits []fitCase }
	tolerance := ref.Cases(t, "cox.json", &families)
	if len(families.Fits) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Fits {
		t.Run(c.Name, func(t *testing.T) {
			c.run(t, ref.Within(t, tolerance, "coef/se/loglik"), ref.Within(t, tolerance, "predictions"))
		})
	}
}

func (c fitCase) run(t *testing.T, check, forecast ref.Check) {
	table, x, y, r := c.read(t)
	f, err := r.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	if len(y.Exit) != c.N {
		t.Errorf("%d rows, want %d", len(y.Exit), c.N)
	}
	check.List("coef", f.Coef, c.Coef)
	check.List("se", f.SE(), c.SE)
	check.Table("covariance", f.Covariance, c.V)
	check.One("null", f.Null, c.Null)
	check.One("loglik", f.LogLik, c.LogLik)
	check.One("likelihood ratio", 2*(f.LogLik-f.Null), c.LR)
	check.One("Wald", f.Wald(), c.Wald)
	check.One("score", f.Score, c.Score)
	for j, se := range f.SE() {
		half := 1.959963984540054 * se
		check.List("limits", []float64{f.Coef[j] - half, f.Coef[j] + half}, c.Coef95[j])
	}
	if c.HC0 != nil {
		check.List("robust", f.Robust(nil).SE(), c.HC0.SE)
	}
	c.baseline(t, forecast, f, table)
	c.forecasts(t, forecast, f, table, r)
	c.residuals(t, forecast, f)
	for _, z := range c.ZPH {
		clock, ok := map[string]cox.Clock{"km": cox.KaplanMeier, "rank": cox.Rank, "identity": cox.Identity, "log": cox.Log}[z.Transform]
		if !ok {
			t.Fatalf("unknown clock %q", z.Transform)
		}
		columns, all := f.Proportional(clock)
		for j, test := range append(columns, all) {
			forecast.List(fmt.Sprint(z.Transform, " ", j), []float64{test.ChiSquare, float64(test.DF), test.P}, numbers{z.ChiSq[j], z.DF[j], z.P[j]})
		}
	}
	if c.Robust != nil {
		table, x, y, r := c.read(t, c.Cluster)
		f, err := r.Fit(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		_, cluster := table.Levels(c.Cluster)
		robust := f.Robust(cluster)
		check.Table("clustered", robust.Covariance, c.Robust.Vcov)
		check.List("clustered SE", robust.SE(), c.Robust.SE)
		check.One("clustered Wald", robust.Wald, c.Robust.Wald)
		check.One("clustered score", robust.Score, c.Robust.Score)
	}
}

func (c fitCase) baseline(t *testing.T, check ref.Check, f *cox.Fit, table *ref.Table) {
	type step struct {
		Stratum      string
		Time, Hazard numbers
	}
	var strata []step
	if json.Unmarshal(c.Baseline, &strata) != nil {
		strata = make([]step, 1)
		if err := json.Unmarshal(c.Baseline, &strata[0]); err != nil {
			t.Fatal(err)
		}
	}
	levels, _ := table.Levels(c.Strata)
	shift := 0.0 // R's basehaz is at the mean offset
	for _, o := range table.Numbers(c.Offset) {
		shift += o / float64(len(table.Rows))
	}
	for _, s := range strata {
		times, hazard := f.Baseline(max(0, slices.Index(levels, s.Stratum)))
		for i, time := range s.Time {
			at, found := slices.BinarySearch(times, float64(time))
			if !found {
				at--
			}
			got := 0.0
			if at >= 0 {
				got = hazard[at] * math.Exp(shift)
			}
			check.One(fmt.Sprint("baseline ", s.Stratum, " ", time), got, s.Hazard[i])
		}
	}
}

func (c fitCase) forecasts(t *testing.T, check ref.Check, f *cox.Fit, table *ref.Table, r cox.Regression) {
	p := c.Predict
	if len(p.Rows) == 0 || len(p.Surv) != len(p.Rows) {
		t.Fatal("no forecasts")
	}
	x := table.Matrix(c.Covariates)
	row := make([]float64, len(c.Covariates))
	for n, at := range p.Rows {
		i := table.Place(at)
		x.Row(row, i)
		stratum, offset, linear := 0, 0.0, 0.0
		if r.Strata != nil {
			stratum = r.Strata[i]
		}
		if r.Offset != nil {
			offset = r.Offset[i]
		}
		for j, b := range f.Coef {
			linear += b * row[j]
		}
		if p.Linear != nil {
			check.One("xβ", linear+offset, p.Linear[n])
		}
		for k, time := range p.Times {
			h, se := f.Forecast(row, stratum, offset, float64(time))
			s := math.Exp(-h)
			what := fmt.Sprintf("row %d by %v ", at, time)
			check.One(what+"S", s, p.Surv[n][k])
			if p.Cumhaz != nil {
				low, high := survival.LogLog.Interval(s, se, 0.95)
				check.One(what+"H", h, p.Cumhaz[n][k])
				check.One(what+"SE", s*se, p.SE[n][k])
				check.One(what+"low", low, p.Lower[n][k])
				check.One(what+"high", high, p.Upper[n][k])
			}
		}
	}
}

func (c fitCase) residuals(t *testing.T, check ref.Check, f *cox.Fit) {
	r := f.Residuals()
	n := len(c.Residuals.Martingale)
	if n == 0 || len(c.Schoenfeld) == 0 {
		t.Fatal("no residuals")
	}
	if len(r.Event) != c.NEvent {
		t.Errorf("%d events, want %d", len(r.Event), c.NEvent)
	}
	check.List("martingale", r.Martingale[:n], c.Residuals.Martingale)
	check.List("deviance", r.Deviance[:n], c.Residuals.Deviance)
	check.Table("score", r.Score[:n], c.Residuals.Score)
	check.Table("dfbeta", r.DFBeta[:n], c.Residuals.DFBeta)
	check.Table("Schoenfeld", r.Schoenfeld[:len(c.Schoenfeld)], c.Schoenfeld)
}

func TestRidgeAgreesWithR(t *testing.T) {
	var families struct {
		Ridge []struct {
			sample
			Theta   ref.Number
			Scale   bool
			Coef    numbers
			SE      numbers    `json:"se_sqrt_diag_var"`
			SE2     numbers    `json:"se2"`
			LogLik  ref.Number `json:"loglik_unpenalised"`
			Penalty ref.Number `json:"penalty_value"`
			DF      ref.Number `json:"df_effective"`
		}
	}
	tolerance := ref.Cases(t, "cox.json", &families)
	if len(families.Ridge) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Ridge {
		t.Run(c.Name, func(t *testing.T) {
			check := ref.Within(t, tolerance, "ridge")
			_, x, y, r := c.read(t)
			for _, column := range x.Columns {
				scale := 1.0
				if c.Scale {
					mean, sum := 0.0, 0.0
					for _, v := range column.Nums {
						mean += v / float64(x.Rows)
					}
					for _, v := range column.Nums {
						sum += (v - mean) * (v - mean)
					}
					scale = sum / float64(x.Rows-1)
				}
				r.Ridge = append(r.Ridge, float64(c.Theta)*scale)
			}
			f, err := r.Fit(context.Background(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			penalty := 0.0
			for j, b := range f.Coef {
				penalty += r.Ridge[j] * b * b / 2
			}
			check.List("coef", f.Coef, c.Coef)
			check.List("SE", f.SE(), c.SE)
			check.One("loglik", f.LogLik, c.LogLik)
			check.One("penalty", penalty, c.Penalty)
			check.One("degrees of freedom", f.DF(), c.DF)
			var se2 []float64
			for j := range f.Coef {
				v := 0.0
				for a, row := range f.Information {
					for b := range row {
						v += f.Covariance[j][a] * row[b] * f.Covariance[b][j]
					}
				}
				se2 = append(se2, math.Sqrt(v))
			}
			check.List("SE of the data alone", se2, c.SE2)
		})
	}
}

func TestPathAgreesWithGlmnet(t *testing.T) {
	var families struct {
		Glmnet []struct {
			sample
			Alpha       float64
			Standardize bool
			Factor      []float64 `json:"penalty_factor"`
			Lambda      numbers
			LambdaMax   ref.Number `json:"lambda_max"`
			Coef        []numbers
			Explained   numbers    `json:"dev_ratio"`
			Null        ref.Number `json:"nulldev"`
			Polished    []numbers  `json:"polished_coef"`
			LogLik      numbers    `json:"polished_partial_loglik"`
			Trusted     bool       `json:"glmnet_trusted"`
			DF          []int
		}
	}
	tolerance := ref.Cases(t, "cox.json", &families)
	if len(families.Glmnet) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Glmnet {
		t.Run(c.Name, func(t *testing.T) {
			_, x, y, r := c.read(t)
			path, err := r.Path(context.Background(), x, y, cox.Net{Alpha: c.Alpha, Lambda: ref.Floats(c.Lambda), Factor: c.Factor, Raw: !c.Standardize})
			if err != nil {
				t.Fatal(err)
			}
			polished := ref.Within(t, tolerance, "polished_coef")
			polished.Table("coef", path.Coef, c.Polished)
			polished.List("loglik", path.LogLik, c.LogLik)
			if !c.Trusted {
				return
			}
			glmnet := ref.Within(t, tolerance, "glmnet")
			glmnet.Table("glmnet's coef", path.Coef, c.Coef)
			for l, coef := range path.Coef {
				left := 0
				for _, b := range coef {
					if b != 0 {
						left++
					}
				}
				if left != c.DF[l] {
					t.Errorf("λ %v leaves %d columns, want %d", c.Lambda[l], left, c.DF[l])
				}
			}
			glmnet.List("deviance explained", path.Explained, c.Explained)
			glmnet.Rel = glmnet.Abs
			glmnet.One("null deviance", path.Null, c.Null)
			glmnet.One("largest λ", path.Most, c.LambdaMax)
		})
	}
}

// The incidence of competing causes from a regression each.
func TestIncidenceAgreesWithR(t *testing.T) {
	var families struct {
		CauseSpecific []struct {
			sample
			Status       string
			Coef1, Coef2 numbers
			Multistate   []numbers `json:"coef_multistate"`
			Predict      struct {
				Rows   []int `json:"rows_1based"`
				Times  numbers
				CIF    []numbers `json:"cif1_survfit_multistate"`
				Matrix []numbers `json:"cif1_own_matrix_exp"`
			}
		} `json:"cause_specific"`
	}
	tolerance := ref.Cases(t, "competing_risks.json", &families)
	if len(families.CauseSpecific) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.CauseSpecific {
		t.Run(c.Name, func(t *testing.T) {
			c.Event = c.Status
			table, x, y, r := c.read(t)
			check := ref.Within(t, tolerance, "AJ")
			check.Rel = 1e-8 // of a fit
			var fits []*cox.Fit
			for k, want := range []numbers{c.Coef1, c.Coef2} {
				r.Cause = uint8(k + 1)
				f, err := r.Fit(context.Background(), x, y)
				if err != nil {
					t.Fatal(err)
				}
				check.List("coef", f.Coef, want)
				check.List("multistate coef", f.Coef, c.Multistate[k])
				fits = append(fits, f)
			}
			row := make([]float64, len(c.Covariates))
			for n, at := range c.Predict.Rows {
				x.Row(row, table.Place(at))
				for k, time := range c.Predict.Times {
					f, open := cox.Incidence(row, 0, float64(time), fits...)
					check.One("incidence", f[0], c.Predict.CIF[n][k])
					check.One("incidence", f[0], c.Predict.Matrix[n][k])
					if math.Abs(f[0]+f[1]+open-1) > 1e-12 {
						t.Errorf("%v and %v happened, %v open", f[0], f[1], open)
					}
				}
			}
		})
	}
}
