//go:build fixtures

package censored_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric/censored"
	ref "github.com/leadcast/leadcast/models/modeltest/reference"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/models/survival/cox"
)

type numbers = []ref.Number

// risks are the figures of one column of risks.
type risks struct {
	Harrell struct {
		C, Concordant, Discordant ref.Number
		TiedRisk                  ref.Number `json:"tied_risk"`
	}
	Lifelines ref.Number  `json:"harrell_lifelines"`
	UnoTau    ref.Number  `json:"uno_tau"`
	UnoCounts numbers     `json:"uno_counts"`
	UnoNoTau  *ref.Number `json:"uno_no_tau"`
	AUC       numbers     `json:"auc_t"`
	Mean      ref.Number  `json:"auc_mean"`
}

// subjects of the file's rows: its times, and who won.
func subjects(table *ref.Table) models.Target { return table.Target("", "days", "won", "") }

func TestMetricsAgreeWithScikitSurvival(t *testing.T) {
	var cases []map[string]json.RawMessage
	tolerance := ref.Cases(t, "survmetrics.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		var input, fit, on string
		var times numbers
		var tau float64
		read(t, c, "input", &input)
		read(t, c, "censoring_fit_on", &fit)
		read(t, c, "evaluated_on", &on)
		read(t, c, "times", &times)
		read(t, c, "tau", &tau)
		all := ref.Read(t, input)
		check := ref.Within(t, tolerance, "")
		some := rows(t, all, on)
		y := subjects(some)
		before, at := censored.NewCensoring(subjects(rows(t, all, fit))), censored.NewCensoring(subjects(rows(t, all, fit)))
		at.At = true
		for name, raw := range c {
			var r risks
			if json.Unmarshal(raw, &r) == nil && r.AUC != nil {
				r.run(t, check, at, y, some.Numbers(name), times, tau)
			}
		}
		for name, g := range map[string]*censored.Censoring{"sksurv_Gt": at, "graf_Gtminus": before} {
			var want numbers
			var integrated ref.Number
			read(t, c, "brier_"+name, &want)
			read(t, c, "ibs_"+name, &integrated)
			scores, _ := briers(g, y, some, times)
			check.List(name, scores, want)
			check.One("integrated "+name, censored.Integrated(ref.Floats(times), scores), integrated)
		}
		var km struct{ Time, G numbers }
		read(t, c, "censoring_km", &km)
		for i, time := range km.Time {
			check.One("G", at.Followed(float64(time)), km.G[i])
		}
		for name, g := range map[string]*censored.Censoring{"ipcw_weights_first20_Gt": at, "ipcw_weights_first20_Gtminus": before} {
			var want numbers
			read(t, c, name, &want)
			var got []float64
			for i := range want {
				w := 0.0
				if y.Cause[i] != 0 {
					w = g.Weight(y.Exit[i])
				}
				got = append(got, w)
			}
			check.List(name, got, want)
		}
	}
}

func read(t *testing.T, c map[string]json.RawMessage, key string, to any) {
	t.Helper()
	if err := json.Unmarshal(c[key], to); err != nil {
		t.Fatal(key, err)
	}
}

// rows by the words "all rows" or "rows COLUMN==VALUE".
func rows(t *testing.T, table *ref.Table, words string) *ref.Table {
	t.Helper()
	if words == "all rows" {
		return table
	}
	column, value, ok := strings.Cut(strings.TrimPrefix(words, "rows "), "==")
	if !ok {
		t.Fatalf("which rows are %q?", words)
	}
	is := table.Words(column)
	return table.Only(func(i int) bool { return is[i] == value })
}

// briers at each time, of the columns S5, S10, … of probabilities of being open.
func briers(g *censored.Censoring, y models.Target, table *ref.Table, times numbers) (scores, se []float64) {
	for _, time := range times {
		p := table.Numbers(fmt.Sprint("S", time))
		for i := range p {
			p[i] = 1 - p[i]
		}
		score, e := censored.Brier(g, y, 0, p, float64(time))
		scores, se = append(scores, score), append(se, e)
	}
	return scores, se
}

func (r risks) run(t *testing.T, check ref.Check, g *censored.Censoring, y models.Target, risk []float64, times numbers, tau float64) {
	p := censored.Concordance(y, risk, nil, nil)
	check.List("pairs", []float64{p.C(), p.Concordant, p.Discordant, p.TiedRisk}, numbers{r.Harrell.C, r.Harrell.Concordant, r.Harrell.Discordant, r.Harrell.TiedRisk})
	check.List("Uno's pairs", []float64{p.Concordant, p.Discordant, p.TiedRisk}, r.UnoCounts[:3])
	check.One("lifelines", p.C(), r.Lifelines)
	check.One("Uno", censored.Uno(g, y, risk, tau), r.UnoTau)
	if r.UnoNoTau != nil {
		check.One("Uno without end", censored.Uno(g, y, risk, math.Inf(1)), *r.UnoNoTau)
	}
	var aucs []float64
	for _, time := range times {
		auc, _ := censored.AUC(g, y, 0, risk, float64(time))
		aucs = append(aucs, auc)
	}
	check.List("AUC", aucs, r.AUC)
	check.One("mean AUC", censored.MeanAUC(y, ref.Floats(times), aucs), r.Mean)
}

// pairs as R's concordance gives them.
type pairs struct {
	C, Var, Concordant, Discordant ref.Number
	TiedX                          ref.Number  `json:"tied_x"`
	TiedY                          ref.Number  `json:"tied_y"`
	TiedXY                         ref.Number  `json:"tied_xy"`
	S                              *ref.Number `json:"c_timewt_S"`
	NG2                            *ref.Number `json:"c_timewt_n/G2"`
}

func (w pairs) check(check ref.Check, p censored.Pairs) {
	check.List("pairs", []float64{p.C(), p.Concordant, p.Discordant, p.TiedRisk, p.TiedTime, p.TiedBoth}, numbers{w.C, w.Concordant, w.Discordant, w.TiedX, w.TiedY, w.TiedXY})
	check.One("variance", p.Variance, w.Var)
}

func TestMetricsAgreeWithR(t *testing.T) {
	var cases []struct {
		Name, Input  string
		Times, Brier numbers
		Null         numbers `json:"brier_null_model"`
		BrierSE      numbers `json:"brier_se"`
		AUC          numbers `json:"auc_on_survprob"`
		AUCSE        numbers `json:"auc_se"`
		LP           pairs   `json:"concordance_lp"`
		Tied         pairs   `json:"concordance_lp_tied"`
		Uno          struct {
			Tau    float64
			NoTau  ref.Number `json:"lp_notau"`
			LP     ref.Number `json:"lp_tau"`
			LPTied ref.Number `json:"lp_tied_tau"`
		} `json:"uno_n_G2"`
	}
	tolerance := ref.Cases(t, "survmetrics_r.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			check := ref.Within(t, tolerance, "")
			table := ref.Read(t, c.Input)
			y := subjects(table)
			g := censored.NewCensoring(y)
			scores, se := briers(g, y, table, c.Times)
			check.List("Brier", scores, c.Brier)
			check.List("SE of Brier", se, c.BrierSE)
			km, err := survival.KaplanMeier(y)
			if err != nil {
				t.Fatal(err)
			}
			var null, aucs, spread []float64
			for _, time := range c.Times {
				p, risk := make([]float64, len(y.Exit)), table.Numbers(fmt.Sprint("S", time))
				for i := range p {
					p[i], risk[i] = 1-km.S[km.Step(float64(time))], -risk[i]
				}
				score, _ := censored.Brier(g, y, 0, p, float64(time))
				auc, se := censored.AUC(g, y, 0, risk, float64(time))
				null, aucs, spread = append(null, score), append(aucs, auc), append(spread, se)
			}
			check.List("null model", null, c.Null)
			check.List("AUC", aucs, c.AUC)
			check.List("SE of AUC", spread, c.AUCSE)
			c.LP.check(check, censored.Concordance(y, table.Numbers("lp"), nil, nil))
			c.Tied.check(check, censored.Concordance(y, table.Numbers("lp_tied"), nil, nil))
			// R's ymax keeps events at tau itself.
			tau := math.Nextafter(c.Uno.Tau, math.Inf(1))
			check.One("Uno without end", censored.Uno(g, y, table.Numbers("lp"), math.Inf(1)), c.Uno.NoTau)
			check.One("Uno", censored.Uno(g, y, table.Numbers("lp"), tau), c.Uno.LP)
			check.One("Uno, tied", censored.Uno(g, y, table.Numbers("lp_tied"), tau), c.Uno.LPTied)
		})
	}
}

// The concordance of fitted risks, with weights, strata and late entry.
func TestConcordanceOfFitsAgreesWithR(t *testing.T) {
	var families struct {
		Fits []struct {
			Name, Input, Time, Event       string
			Entry, Strata, Weights, Offset string
			Covariates                     []string
			Ties                           string
			Concordance                    pairs
		}
	}
	tolerance := ref.Cases(t, "cox.json", &families)
	if len(families.Fits) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.Fits {
		t.Run(c.Name, func(t *testing.T) {
			needed := append([]string{c.Time, c.Event}, c.Covariates...)
			for _, name := range []string{c.Entry, c.Strata, c.Weights, c.Offset} {
				if name != "" {
					needed = append(needed, name)
				}
			}
			table := ref.Read(t, c.Input, needed...)
			if c.Entry != "" {
				from, to := table.Numbers(c.Entry), table.Numbers(c.Time)
				table = table.Only(func(i int) bool { return from[i] < to[i] })
			}
			_, strata := table.Levels(c.Strata)
			x, y := table.Matrix(c.Covariates), table.Target(c.Entry, c.Time, c.Event, c.Weights)
			r := cox.Regression{Strata: strata, Offset: table.Numbers(c.Offset)}
			if c.Ties == "breslow" {
				r.Ties = cox.Breslow
			}
			f, err := r.Fit(context.Background(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			risk := make([]float64, x.Rows)
			for i := range risk {
				for j, b := range f.Coef {
					risk[i] += b * x.Columns[j].Nums[i]
				}
				risk[i] = math.Round(risk[i]*1e12) / 1e12 // equal rows have equal risks
			}
			if r.Offset != nil {
				for i, o := range r.Offset {
					risk[i] += o
				}
			}
			check := ref.Within(t, tolerance, "predictions")
			c.Concordance.check(check, censored.Concordance(y, risk, strata, nil))
			if c.Concordance.NG2 != nil {
				check.One("Uno", censored.Uno(censored.NewCensoring(y), y, risk, math.Inf(1)), *c.Concordance.NG2)
			}
			if c.Concordance.S != nil {
				km, err := survival.KaplanMeier(y)
				if err != nil {
					t.Fatal(err)
				}
				p := censored.Concordance(y, risk, strata, func(t float64) float64 {
					k := km.Step(t)
					if k == 0 {
						return 1 / km.AtRisk[0]
					}
					return km.S[k-1] / km.AtRisk[k]
				})
				check.One("weighted by S", p.C(), *c.Concordance.S)
			}
		})
	}
}
