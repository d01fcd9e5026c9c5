//go:build fixtures

package survival

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
	ref "github.com/leadcast/leadcast/models/modeltest/reference"
)

type interval95 struct{ Lower, Upper []ref.Number }

type kmCase struct {
	Name, Input, Time, Event string
	Entry, Weights           string
	KM                       struct {
		Time      []ref.Number
		NRisk     []ref.Number `json:"n_risk"`
		NEvent    []ref.Number `json:"n_event"`
		NCensor   []ref.Number `json:"n_censor"`
		Surv      []ref.Number
		Greenwood []ref.Number `json:"greenwood_var"`
		LogSE     []ref.Number `json:"se_log_surv"`
		CI        map[string]interval95
	}
	NelsonAalen       struct{ Cumhaz, SE []ref.Number } `json:"nelson_aalen"`
	FlemingHarrington struct{ Cumhaz, SE []ref.Number } `json:"fleming_harrington"`
	Quantiles         struct {
		Prob, Quantile, Lower, Upper []ref.Number
		ConfType                     string `json:"conf_type"`
	}
	AtTimes struct {
		Times, Surv, Lower, Upper []ref.Number
		SE                        []ref.Number `json:"se_surv"`
		NRisk                     []ref.Number `json:"n_risk"`
	} `json:"at_times"`
	RMST           []struct{ Tau, RMST, SE ref.Number }
	RobustWeighted *struct {
		SE []ref.Number `json:"se_surv"`
	} `json:"robust_weighted"`
	Group   string
	LogRank []struct {
		Rho      ref.Number
		Strata   string
		Groups   []string
		Obs, Exp []ref.Number
		Var      [][]ref.Number
		ChiSq    ref.Number `json:"chisq"`
		DF       int
		P        ref.Number
	}
	ByGroup *struct {
		Group        []string
		Tau          ref.Number
		RMST, Median []ref.Number
		SE           []ref.Number `json:"rmst_se"`
		Lower        []ref.Number `json:"median_lower"`
		Upper        []ref.Number `json:"median_upper"`
	} `json:"by_group"`
}

// scales by the names of R's survfit.
var scales = map[string]Scale{"log-log": LogLog, "log": Log, "plain": Plain, "logit": Logit, "arcsin": Arcsin}

// target reads a case's subjects; rows without a time or an event are left out,
// as R leaves out missing values.
func target(t *testing.T, file, time, event, entry, weights string) (y models.Target, table *ref.Table) {
	table = ref.Read(t, file, time, event)
	if start := table.Numbers(entry); start != nil {
		exit := table.Numbers(time)
		table = table.Only(func(i int) bool { return start[i] < exit[i] })
	}
	return table.Target(entry, time, event, weights), table
}

// take is the target of some rows.
func take(y models.Target, rows []int) (some models.Target) {
	for _, i := range rows {
		some.Exit, some.Cause = append(some.Exit, y.Exit[i]), append(some.Cause, y.Cause[i])
		if y.Entry != nil {
			some.Entry = append(some.Entry, y.Entry[i])
		}
		if y.Weight != nil {
			some.Weight = append(some.Weight, y.Weight[i])
		}
	}
	return some
}

func pick(of, rows []int) (some []int) {
	for _, i := range rows {
		some = append(some, of[i])
	}
	return some
}

func TestKaplanMeierAgreesWithR(t *testing.T) {
	var cases []kmCase
	tolerance := ref.Cases(t, "km.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t, ref.Within(t, tolerance, "")) })
	}
}

func (c kmCase) run(t *testing.T, check ref.Check) {
	y, table := target(t, c.Input, c.Time, c.Event, c.Entry, c.Weights)
	s, err := KaplanMeier(y)
	if err != nil {
		t.Fatal(err)
	}
	check.List("time", s.Time, c.KM.Time)
	check.List("at risk", s.AtRisk, c.KM.NRisk)
	check.List("events", s.Events, c.KM.NEvent)
	check.List("censored", s.Censored, c.KM.NCensor)
	check.List("S", s.S, c.KM.Surv)
	check.List("log SE", s.LogSE, c.KM.LogSE)
	variance := make([]float64, len(s.S))
	for k := range s.S {
		variance[k] = s.SE(k) * s.SE(k)
	}
	check.List("Greenwood", variance, c.KM.Greenwood)
	for name, want := range c.KM.CI {
		scale, ok := scales[name]
		if !ok {
			t.Fatalf("unknown scale %q", name)
		}
		low, high := make([]float64, len(s.S)), make([]float64, len(s.S))
		for k := range s.S {
			low[k], high[k] = scale.Interval(s.S[k], s.LogSE[k], 0.95)
		}
		check.List(name+" low", low, want.Lower)
		check.List(name+" high", high, want.Upper)
	}
	hazard, se := s.NelsonAalen(false)
	check.List("Nelson–Aalen", hazard, c.NelsonAalen.Cumhaz)
	check.List("Nelson–Aalen SE", se, c.NelsonAalen.SE)
	hazard, se = s.NelsonAalen(true)
	check.List("Fleming–Harrington", hazard, c.FlemingHarrington.Cumhaz)
	check.List("Fleming–Harrington SE", se, c.FlemingHarrington.SE)
	scale, ok := scales[c.Quantiles.ConfType]
	if !ok {
		t.Fatalf("unknown scale %q", c.Quantiles.ConfType)
	}
	for i, p := range c.Quantiles.Prob {
		q, low, high := s.Quantile(float64(p), scale, 0.95)
		check.One(fmt.Sprint("quantile ", p), q, c.Quantiles.Quantile[i])
		check.One(fmt.Sprint("quantile low ", p), low, c.Quantiles.Lower[i])
		check.One(fmt.Sprint("quantile high ", p), high, c.Quantiles.Upper[i])
	}
	for i, at := range c.AtTimes.Times {
		k := s.Step(float64(at))
		low, high := scale.Interval(s.S[k], s.LogSE[k], 0.95)
		check.One(fmt.Sprint("S at ", at), s.S[k], c.AtTimes.Surv[i])
		check.One(fmt.Sprint("SE at ", at), s.SE(k), c.AtTimes.SE[i])
		check.One(fmt.Sprint("low at ", at), low, c.AtTimes.Lower[i])
		check.One(fmt.Sprint("high at ", at), high, c.AtTimes.Upper[i])
		check.One(fmt.Sprint("at risk at ", at), s.AtRisk[interval(s.Time, float64(at))], c.AtTimes.NRisk[i])
	}
	for _, m := range c.RMST {
		mean, se := s.Mean(float64(m.Tau))
		check.One("mean", mean, m.RMST)
		check.One("mean SE", se, m.SE)
	}
	if c.RobustWeighted != nil {
		a, err := AalenJohansen(y, 1)
		if err != nil {
			t.Fatal(err)
		}
		check.List("robust SE", a.Jackknife(y)[0], c.RobustWeighted.SE)
	}
	if c.Group != "" {
		c.compare(t, check, y, table)
	}
}

// compare checks the log-rank tests and the estimates by group.
func (c kmCase) compare(t *testing.T, check ref.Check, y models.Target, table *ref.Table) {
	levels, group := table.Levels(c.Group)
	for _, l := range c.LogRank {
		y, group := y, group
		var strata []int
		if l.Strata != "" {
			is, of := table.Words(l.Strata), []int(nil)
			some := table.Only(func(i int) bool { return is[i] != "" && is[i] != "NA" })
			for _, row := range some.Rows {
				of = append(of, table.Place(row+1))
			}
			_, strata = some.Levels(l.Strata)
			y, group = take(y, of), pick(group, of)
		}
		got, err := LogRankTest(y, group, strata, float64(l.Rho))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.Groups, levels) || got.DF != l.DF {
			t.Errorf("groups %v with %d degrees of freedom, want %v with %d", levels, got.DF, l.Groups, l.DF)
		}
		check.List("observed", got.Observed, l.Obs)
		check.List("expected", got.Expected, l.Exp)
		for g := range l.Var {
			check.List(fmt.Sprint("variance ", g), got.Variance[g], l.Var[g])
		}
		check.One("chi-square", got.ChiSquare, l.ChiSq)
		check.One("p", got.P, l.P)
	}
	if c.ByGroup == nil {
		return
	}
	for g, level := range c.ByGroup.Group {
		var some []int
		for n, of := range group {
			if levels[of] == level {
				some = append(some, n)
			}
		}
		s, err := KaplanMeier(take(y, some))
		if err != nil {
			t.Fatal(err)
		}
		mean, se := s.Mean(float64(c.ByGroup.Tau))
		check.One(level+" mean", mean, c.ByGroup.RMST[g])
		check.One(level+" mean SE", se, c.ByGroup.SE[g])
		median, low, high := s.Quantile(0.5, scales[c.Quantiles.ConfType], 0.95)
		check.One(level+" median", median, c.ByGroup.Median[g])
		check.One(level+" median low", low, c.ByGroup.Lower[g])
		check.One(level+" median high", high, c.ByGroup.Upper[g])
	}
}

type ajCase struct {
	Name, Input, Time, Status string
	Entry, Weights            string
	AJ                        map[string][]ref.Number
	AtTimes                   map[string][]ref.Number `json:"at_times"`
	CumInc                    map[string]json.RawMessage
	Gray                      *struct {
		Group       string
		Rows        []ref.Number // causes
		Stat, P, DF []ref.Number
	}
	ByGroup *struct {
		Rows     []string
		Times    []ref.Number
		Est, Var [][]ref.Number
	} `json:"by_group"`
}

func TestAalenJohansenAgreesWithR(t *testing.T) {
	var families struct {
		AalenJohansen []ajCase `json:"aalen_johansen"`
	}
	tolerance := ref.Cases(t, "competing_risks.json", &families)
	if len(families.AalenJohansen) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.AalenJohansen {
		t.Run(c.Name, func(t *testing.T) {
			c.run(t, ref.Within(t, tolerance, "AJ"), ref.Within(t, tolerance, "cmprsk"))
		})
	}
}

func (c ajCase) run(t *testing.T, exact, cmprsk ref.Check) {
	y, table := target(t, c.Input, c.Time, c.Status, c.Entry, c.Weights)
	causes := int(slices.Max(y.Cause))
	a, err := AalenJohansen(y, causes)
	if err != nil {
		t.Fatal(err)
	}
	se := a.Jackknife(y)
	exact.List("time", a.Time, c.AJ["time"])
	exact.List("at risk", a.AtRisk, c.AJ["n_risk"])
	exact.List("open", a.Open, c.AJ["surv"])
	for k := 1; k <= causes; k++ {
		exact.List(fmt.Sprint("F", k), a.F[k-1], c.AJ[fmt.Sprint("cif", k)])
		exact.List(fmt.Sprint("jackknife ", k), se[k], c.AJ[fmt.Sprint("se_ij_cif", k)])
		for i, at := range c.AtTimes["times"] {
			s := above(a.Time, float64(at)) - 1
			f := a.F[k-1][s]
			exact.One("F", f, c.AtTimes[fmt.Sprint("cif", k)][i])
			if want := c.AtTimes[fmt.Sprint("se_ij_cif", k)]; want != nil {
				exact.One("jackknife", se[k][s], want[i])
			}
			if low := c.AtTimes[fmt.Sprint("lower_loglog_cif", k)]; low != nil {
				l, h := LogLog.Interval(f, se[k][s]/f, 0.95)
				exact.One("low", l, low[i])
				exact.One("high", h, c.AtTimes[fmt.Sprint("upper_loglog_cif", k)][i])
			}
		}
	}
	if c.CumInc != nil {
		var times []ref.Number
		if err := json.Unmarshal(c.CumInc["times"], &times); err != nil {
			t.Fatal(err)
		}
		for k := 1; k <= causes; k++ {
			var est, variance []ref.Number
			json.Unmarshal(c.CumInc[fmt.Sprint("est", k)], &est)
			json.Unmarshal(c.CumInc[fmt.Sprint("var_aalen", k)], &variance)
			f, v := a.at(k, times)
			cmprsk.List("cuminc", f, est)
			cmprsk.List("cuminc variance", v, variance)
		}
	}
	if c.ByGroup == nil {
		return
	}
	levels, group := table.Levels(c.Gray.Group)
	for n, cause := range c.Gray.Rows {
		g, err := GrayTest(y, int(cause), group, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmprsk.One("Gray's test", g.ChiSquare, c.Gray.Stat[n])
		cmprsk.One("its p", g.P, c.Gray.P[n])
		cmprsk.One("its degrees of freedom", float64(g.DF), c.Gray.DF[n])
	}
	for n, row := range c.ByGroup.Rows {
		at := strings.LastIndex(row, " ")
		cause, err := strconv.Atoi(row[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		var some []int
		for i, g := range group {
			if levels[g] == row[:at] {
				some = append(some, i)
			}
		}
		a, err := AalenJohansen(take(y, some), causes)
		if err != nil {
			t.Fatal(err)
		}
		f, v := a.at(cause, c.ByGroup.Times)
		cmprsk.List(row, f, c.ByGroup.Est[n])
		cmprsk.List(row+" variance", v, c.ByGroup.Var[n])
	}
}

// at reads the estimate and its variance off the steps.
func (a *Incidence) at(cause int, times []ref.Number) (f, v []float64) {
	for _, t := range times {
		if k := above(a.Time, float64(t)) - 1; k >= 0 {
			f, v = append(f, a.F[cause-1][k]), append(v, a.Variance[cause-1][k])
		} else {
			f, v = append(f, 0), append(v, 0)
		}
	}
	return f, v
}
