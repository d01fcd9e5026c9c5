//go:build fixtures

package survival

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
)

// fixture is expected/name.json, whose cases are read by their schema.
func fixture(t *testing.T, name string, cases any) (tolerance string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", name))
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Meta  struct{ Tolerance string }
		Cases json.RawMessage
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(f.Cases, cases); err != nil {
		t.Fatal(err)
	}
	return f.Meta.Tolerance
}

// number is a float64 that may be written as "NaN", "Inf" or "-Inf".
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

// column reads one column of a CSV file of the fixtures.
func column(t *testing.T, file, name string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "data", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(records[0], name)
	if at < 0 {
		t.Fatalf("%s has no column %q", file, name)
	}
	var values []string
	for _, r := range records[1:] {
		values = append(values, r[at])
	}
	return values
}

func numbers(t *testing.T, file string, name *string) []float64 {
	t.Helper()
	if name == nil {
		return nil
	}
	var values []float64
	for _, s := range column(t, file, *name) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			v = math.NaN()
		}
		values = append(values, v)
	}
	return values
}

// groups are the levels of columns joined by a space, sorted as R sorts factors.
func groups(t *testing.T, file, name string) (levels []string, of []int) {
	t.Helper()
	values := column(t, file, name)
	levels = slices.Clone(values)
	slices.Sort(levels)
	levels = slices.Compact(levels)
	for _, v := range values {
		of = append(of, slices.Index(levels, v))
	}
	return levels, of
}

// check compares with "rel R (abs A)" of a tolerance text.
type check struct {
	*testing.T
	rel, abs float64
}

func (c check) list(what string, got []float64, want []number) {
	c.Helper()
	if len(got) != len(want) {
		c.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.one(fmt.Sprintf("%s[%d]", what, i), got[i], want[i])
	}
}

func (c check) one(what string, got float64, want number) {
	c.Helper()
	w := float64(want)
	if math.IsNaN(w) && math.IsNaN(got) || w == got {
		return
	}
	if !(math.Abs(got-w) <= c.rel*math.Abs(w)+c.abs) {
		c.Errorf("%s is %v, want %v", what, got, w)
	}
}

// tolerances reads "rel 1e-10 (abs 1e-12)", after a word if there are several.
func tolerances(t *testing.T, text, after string) check {
	t.Helper()
	c := check{T: t, abs: 1e-12}
	_, rest, ok := strings.Cut(text, after)
	if _, err := fmt.Sscanf(strings.TrimSpace(rest), "rel %g", &c.rel); err != nil || !ok || !(c.rel > 0) {
		t.Fatalf("no tolerance in %q", text)
	}
	if _, s, ok := strings.Cut(rest, "(abs "); ok {
		fmt.Sscanf(s, "%g", &c.abs)
	}
	return c
}

type interval95 struct{ Lower, Upper []number }

type kmCase struct {
	Name, Input, Time, Event string
	Entry, Weights           *string
	KM                       struct {
		Time      []number
		NRisk     []number `json:"n_risk"`
		NEvent    []number `json:"n_event"`
		NCensor   []number `json:"n_censor"`
		Surv      []number
		Greenwood []number `json:"greenwood_var"`
		LogSE     []number `json:"se_log_surv"`
		CI        map[string]interval95
	}
	NelsonAalen       struct{ Cumhaz, SE []number } `json:"nelson_aalen"`
	FlemingHarrington struct{ Cumhaz, SE []number } `json:"fleming_harrington"`
	Quantiles         struct {
		Prob, Quantile, Lower, Upper []number
		ConfType                     string `json:"conf_type"`
	}
	AtTimes struct {
		Times, Surv, Lower, Upper []number
		SE                        []number `json:"se_surv"`
		NRisk                     []number `json:"n_risk"`
	} `json:"at_times"`
	RMST           []struct{ Tau, RMST, SE number }
	RobustWeighted *struct {
		SE []number `json:"se_surv"`
	} `json:"robust_weighted"`
	Group   *string
	LogRank []struct {
		Rho      number
		Strata   *string
		Groups   []string
		Obs, Exp []number
		Var      [][]number
		ChiSq    number `json:"chisq"`
		DF       int
		P        number
	}
	ByGroup *struct {
		Group        []string
		Tau          number
		RMST, Median []number
		SE           []number `json:"rmst_se"`
		Lower        []number `json:"median_lower"`
		Upper        []number `json:"median_upper"`
	} `json:"by_group"`
}

// scales by the names of R's survfit.
var scales = map[string]Scale{"log-log": LogLog, "log": Log, "plain": Plain, "logit": Logit, "arcsin": Arcsin}

// target reads a case's subjects; rows without a time or an event are left out,
// as R leaves out missing values.
func target(t *testing.T, file, time, event string, entry, weights *string) (y models.Target, rows []int) {
	exit, cause := numbers(t, file, &time), numbers(t, file, &event)
	start, weight := numbers(t, file, entry), numbers(t, file, weights)
	for i := range exit {
		if math.IsNaN(exit[i]) || math.IsNaN(cause[i]) {
			continue
		}
		if start != nil && !(start[i] < exit[i]) {
			continue
		}
		rows = append(rows, i)
	}
	return take(models.Target{Entry: start, Exit: exit, Weight: weight, Cause: codes(cause)}, rows), rows
}

func codes(v []float64) (c []uint8) {
	for _, x := range v {
		if math.IsNaN(x) {
			x = 0
		}
		c = append(c, uint8(x))
	}
	return c
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
	tolerance := fixture(t, "km.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t, tolerances(t, tolerance, "")) })
	}
}

func (c kmCase) run(t *testing.T, check check) {
	y, rows := target(t, c.Input, c.Time, c.Event, c.Entry, c.Weights)
	s, err := KaplanMeier(y)
	if err != nil {
		t.Fatal(err)
	}
	check.list("time", s.Time, c.KM.Time)
	check.list("at risk", s.AtRisk, c.KM.NRisk)
	check.list("events", s.Events, c.KM.NEvent)
	check.list("censored", s.Censored, c.KM.NCensor)
	check.list("S", s.S, c.KM.Surv)
	check.list("log SE", s.LogSE, c.KM.LogSE)
	variance := make([]float64, len(s.S))
	for k := range s.S {
		variance[k] = s.SE(k) * s.SE(k)
	}
	check.list("Greenwood", variance, c.KM.Greenwood)
	for name, want := range c.KM.CI {
		scale, ok := scales[name]
		if !ok {
			t.Fatalf("unknown scale %q", name)
		}
		low, high := make([]float64, len(s.S)), make([]float64, len(s.S))
		for k := range s.S {
			low[k], high[k] = scale.Interval(s.S[k], s.LogSE[k], 0.95)
		}
		check.list(name+" low", low, want.Lower)
		check.list(name+" high", high, want.Upper)
	}
	hazard, se := s.NelsonAalen(false)
	check.list("Nelson–Aalen", hazard, c.NelsonAalen.Cumhaz)
	check.list("Nelson–Aalen SE", se, c.NelsonAalen.SE)
	hazard, se = s.NelsonAalen(true)
	check.list("Fleming–Harrington", hazard, c.FlemingHarrington.Cumhaz)
	check.list("Fleming–Harrington SE", se, c.FlemingHarrington.SE)
	scale, ok := scales[c.Quantiles.ConfType]
	if !ok {
		t.Fatalf("unknown scale %q", c.Quantiles.ConfType)
	}
	for i, p := range c.Quantiles.Prob {
		q, low, high := s.Quantile(float64(p), scale, 0.95)
		check.one(fmt.Sprint("quantile ", p), q, c.Quantiles.Quantile[i])
		check.one(fmt.Sprint("quantile low ", p), low, c.Quantiles.Lower[i])
		check.one(fmt.Sprint("quantile high ", p), high, c.Quantiles.Upper[i])
	}
	for i, at := range c.AtTimes.Times {
		k := s.Step(float64(at))
		low, high := scale.Interval(s.S[k], s.LogSE[k], 0.95)
		check.one(fmt.Sprint("S at ", at), s.S[k], c.AtTimes.Surv[i])
		check.one(fmt.Sprint("SE at ", at), s.SE(k), c.AtTimes.SE[i])
		check.one(fmt.Sprint("low at ", at), low, c.AtTimes.Lower[i])
		check.one(fmt.Sprint("high at ", at), high, c.AtTimes.Upper[i])
		check.one(fmt.Sprint("at risk at ", at), s.AtRisk[interval(s.Time, float64(at))], c.AtTimes.NRisk[i])
	}
	for _, m := range c.RMST {
		mean, se := s.Mean(float64(m.Tau))
		check.one("mean", mean, m.RMST)
		check.one("mean SE", se, m.SE)
	}
	if c.RobustWeighted != nil {
		a, err := AalenJohansen(y, 1)
		if err != nil {
			t.Fatal(err)
		}
		check.list("robust SE", a.Jackknife(y)[0], c.RobustWeighted.SE)
	}
	if c.Group != nil {
		c.compare(t, check, y, rows)
	}
}

// compare checks the log-rank tests and the estimates by group.
func (c kmCase) compare(t *testing.T, check check, y models.Target, rows []int) {
	levels, of := groups(t, c.Input, *c.Group)
	group := pick(of, rows)
	for _, l := range c.LogRank {
		var strata []int
		group, y := group, y
		if l.Strata != nil {
			_, of := groups(t, c.Input, *l.Strata)
			values := column(t, c.Input, *l.Strata)
			var some []int
			for n, i := range rows {
				if values[i] != "" && values[i] != "NA" {
					some = append(some, n)
					strata = append(strata, of[i])
				}
			}
			y, group = take(y, some), pick(pick(indexOf(levels, c, t), rows), some)
		}
		got, err := LogRankTest(y, group, strata, float64(l.Rho))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.Groups, levels) || got.DF != l.DF {
			t.Errorf("groups %v with %d degrees of freedom, want %v with %d", levels, got.DF, l.Groups, l.DF)
		}
		check.list("observed", got.Observed, l.Obs)
		check.list("expected", got.Expected, l.Exp)
		for g := range l.Var {
			check.list(fmt.Sprint("variance ", g), got.Variance[g], l.Var[g])
		}
		check.one("chi-square", got.ChiSquare, l.ChiSq)
		check.one("p", got.P, l.P)
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
		check.one(level+" mean", mean, c.ByGroup.RMST[g])
		check.one(level+" mean SE", se, c.ByGroup.SE[g])
		median, low, high := s.Quantile(0.5, scales[c.Quantiles.ConfType], 0.95)
		check.one(level+" median", median, c.ByGroup.Median[g])
		check.one(level+" median low", low, c.ByGroup.Lower[g])
		check.one(level+" median high", high, c.ByGroup.Upper[g])
	}
}

func indexOf(levels []string, c kmCase, t *testing.T) (of []int) {
	for _, v := range column(t, c.Input, *c.Group) {
		of = append(of, slices.Index(levels, v))
	}
	return of
}

type ajCase struct {
	Name, Input, Time, Status string
	Entry, Weights            *string
	AJ                        map[string][]number
	AtTimes                   map[string][]number `json:"at_times"`
	CumInc                    map[string]json.RawMessage
	Gray                      *struct {
		Group       string
		Rows        []number // causes
		Stat, P, DF []number
	}
	ByGroup *struct {
		Rows     []string
		Times    []number
		Est, Var [][]number
	} `json:"by_group"`
}

func TestAalenJohansenAgreesWithR(t *testing.T) {
	var families struct {
		AalenJohansen []ajCase `json:"aalen_johansen"`
	}
	tolerance := fixture(t, "competing_risks.json", &families)
	if len(families.AalenJohansen) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range families.AalenJohansen {
		t.Run(c.Name, func(t *testing.T) {
			c.run(t, tolerances(t, tolerance, "AJ"), tolerances(t, tolerance, "cmprsk"))
		})
	}
}

func (c ajCase) run(t *testing.T, exact, cmprsk check) {
	y, rows := target(t, c.Input, c.Time, c.Status, c.Entry, c.Weights)
	causes := int(slices.Max(y.Cause))
	a, err := AalenJohansen(y, causes)
	if err != nil {
		t.Fatal(err)
	}
	se := a.Jackknife(y)
	exact.list("time", a.Time, c.AJ["time"])
	exact.list("at risk", a.AtRisk, c.AJ["n_risk"])
	exact.list("open", a.Open, c.AJ["surv"])
	for k := 1; k <= causes; k++ {
		exact.list(fmt.Sprint("F", k), a.F[k-1], c.AJ[fmt.Sprint("cif", k)])
		exact.list(fmt.Sprint("jackknife ", k), se[k], c.AJ[fmt.Sprint("se_ij_cif", k)])
		for i, at := range c.AtTimes["times"] {
			s := above(a.Time, float64(at)) - 1
			f := a.F[k-1][s]
			exact.one("F", f, c.AtTimes[fmt.Sprint("cif", k)][i])
			if want := c.AtTimes[fmt.Sprint("se_ij_cif", k)]; want != nil {
				exact.one("jackknife", se[k][s], want[i])
			}
			if low := c.AtTimes[fmt.Sprint("lower_loglog_cif", k)]; low != nil {
				l, h := LogLog.Interval(f, se[k][s]/f, 0.95)
				exact.one("low", l, low[i])
				exact.one("high", h, c.AtTimes[fmt.Sprint("upper_loglog_cif", k)][i])
			}
		}
	}
	if c.CumInc != nil {
		var times []number
		if err := json.Unmarshal(c.CumInc["times"], &times); err != nil {
			t.Fatal(err)
		}
		for k := 1; k <= causes; k++ {
			var est, variance []number
			json.Unmarshal(c.CumInc[fmt.Sprint("est", k)], &est)
			json.Unmarshal(c.CumInc[fmt.Sprint("var_aalen", k)], &variance)
			f, v := a.at(k, times)
			cmprsk.list("cuminc", f, est)
			cmprsk.list("cuminc variance", v, variance)
		}
	}
	if c.ByGroup == nil {
		return
	}
	levels, of := groups(t, c.Input, c.Gray.Group)
	for n, cause := range c.Gray.Rows {
		g, err := GrayTest(y, int(cause), pick(of, rows), 0)
		if err != nil {
			t.Fatal(err)
		}
		cmprsk.one("Gray's test", g.ChiSquare, c.Gray.Stat[n])
		cmprsk.one("its p", g.P, c.Gray.P[n])
		cmprsk.one("its degrees of freedom", float64(g.DF), c.Gray.DF[n])
	}
	for n, row := range c.ByGroup.Rows {
		at := strings.LastIndex(row, " ")
		cause, err := strconv.Atoi(row[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		var some []int
		for i, g := range pick(of, rows) {
			if levels[g] == row[:at] {
				some = append(some, i)
			}
		}
		a, err := AalenJohansen(take(y, some), causes)
		if err != nil {
			t.Fatal(err)
		}
		f, v := a.at(cause, c.ByGroup.Times)
		cmprsk.list(row, f, c.ByGroup.Est[n])
		cmprsk.list(row+" variance", v, c.ByGroup.Var[n])
	}
}

// at reads the estimate and its variance off the steps.
func (a *Incidence) at(cause int, times []number) (f, v []float64) {
	for _, t := range times {
		if k := above(a.Time, float64(t)) - 1; k >= 0 {
			f, v = append(f, a.F[cause-1][k]), append(v, a.Variance[cause-1][k])
		} else {
			f, v = append(f, 0), append(v, 0)
		}
	}
	return f, v
}
