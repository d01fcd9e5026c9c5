//go:build fixtures

package metric

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// object is a case of a fixture file: JSON read by its keys.
type object map[string]any

func (o object) str(key string) string { s, _ := o[key].(string); return s }

func (o object) sub(key string) object { m, _ := o[key].(map[string]any); return m }

func (o object) list(key string) []object {
	var out []object
	for _, v := range o[key].([]any) {
		out = append(out, v.(map[string]any))
	}
	return out
}

func (o object) num(t *testing.T, key string) float64 { return number(t, o[key]) }

func number(t *testing.T, v any) float64 {
	t.Helper()
	switch v := v.(type) {
	case float64:
		return v
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err == nil {
			return f
		}
	}
	t.Fatalf("no number: %v", v)
	return 0
}

func fixture(t *testing.T, name string) (cases object, tolerance float64) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Meta  object
		Cases object
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	tolerance, err = strconv.ParseFloat(regexp.MustCompile(`\d(\.\d+)?e-\d+`).FindString(file.Meta.str("tolerance")), 64)
	if err != nil {
		t.Fatal(name, err)
	}
	return file.Cases, tolerance
}

// column reads a column of numbers from an input; "" gives nil.
func column(t *testing.T, input, name string) []float64 {
	t.Helper()
	if name == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "data", input))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	j := slices.Index(rows[0], name)
	if j < 0 {
		t.Fatalf("%s has no column %s", input, name)
	}
	var x []float64
	for _, r := range rows[1:] {
		v, err := strconv.ParseFloat(r[j], 64)
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, v)
	}
	return x
}

// checker compares by relative error and counts what it compared.
type checker struct {
	t    *testing.T
	tol  float64
	done int
}

func (c *checker) near(what string, got, want float64) {
	c.t.Helper()
	c.done++
	if !(math.Abs(got-want) <= c.tol*math.Abs(want)+1e-14) {
		c.t.Errorf("%s: got %.17g, want %.17g", what, got, want)
	}
}

func TestMetricsAgainstReferences(t *testing.T) {
	cases, tol := fixture(t, "metrics.json")
	c := &checker{t: t, tol: tol}
	binary := cases.list("binary")
	for _, o := range binary {
		y, p, w := column(t, o.str("input"), "y"), column(t, o.str("input"), o.str("score")), column(t, o.str("input"), o.str("weights"))
		at := o.str("name") + " "
		c.near(at+"auc", AUC(y, p, w), o.num(t, "roc_auc"))
		c.near(at+"gini", 2*AUC(y, p, w)-1, o.num(t, "gini"))
		c.near(at+"average precision", AveragePrecision(y, p, w), o.num(t, "average_precision"))
		c.near(at+"log loss", LogLoss(y, p, w), o.num(t, "log_loss"))
		c.near(at+"brier", Brier(y, p, w), o.num(t, "brier"))
		d, s := KS(y, p, w)
		c.near(at+"ks", d, o.sub("ks").num(t, "stat"))
		c.near(at+"ks at", s, o.sub("ks").num(t, "at_score"))
		decompositions(c, at, o, y, p, w)
		for _, e := range o.list("ece") {
			reliability(c, at, e, y, p, w)
		}
		for _, l := range o.list("lift") {
			gain(c, at, l, y, p, w)
		}
		if h := o.sub("hosmer_lemeshow"); h != nil {
			chi2, pv := EqualMass(y, p, nil, int(h.num(t, "groups"))).HosmerLemeshow()
			c.near(at+"hosmer-lemeshow", chi2, h.num(t, "chisq"))
			c.near(at+"hosmer-lemeshow p", pv, h.num(t, "p"))
		}
		if d := o.sub("delong"); d != nil {
			e := AUCInterval(y, p, 0.95)
			c.near(at+"delong", e.Value, d.num(t, "auc"))
			c.near(at+"delong se", e.SE, d.num(t, "se"))
			ci := d["ci95"].([]any)
			c.near(at+"delong low", e.Low, number(t, ci[0]))
			c.near(at+"delong high", e.High, number(t, ci[1]))
		}
		if z := o.sub("spiegelhalter_z"); z != nil {
			got := Spiegelhalter(y, p)
			c.near(at+"spiegelhalter", got, z.num(t, "z"))
			c.near(at+"spiegelhalter p", math.Erfc(math.Abs(got)/math.Sqrt2), z.num(t, "p"))
		}
	}
	for _, o := range cases.list("paired") {
		first, second, ok := strings.Cut(o.str("name"), "_vs_")
		if !ok {
			t.Fatalf("paired case %q does not name two scores", o.str("name"))
		}
		i := slices.IndexFunc(binary, func(b object) bool { return b.str("score") == first })
		input := binary[i].str("input")
		paired(c, o.sub("delong"), column(t, input, "y"), column(t, input, first), column(t, input, second))
	}
	if c.done < 10*len(binary) || len(binary) == 0 {
		t.Fatalf("only %d figures compared", c.done)
	}
}

func paired(c *checker, o object, y, a, b []float64) {
	auc, cov := DeLong(y, a, b)
	for i, want := range []string{"auc1", "auc2"} {
		c.near(want, auc[i], o.num(c.t, want))
		for j := range cov[i] {
			c.near("covariance", cov[i][j], number(c.t, o["cov"].([]any)[i].([]any)[j]))
		}
	}
	e := AUCDifference(y, a, b, 0.95)
	c.near("difference", e.Value, o.num(c.t, "diff"))
	c.near("its se", e.SE, o.num(c.t, "se"))
	c.near("its z", e.Value/e.SE, o.num(c.t, "z"))
	c.near("its p", e.P, o.num(c.t, "p"))
}

func decompositions(c *checker, at string, o object, y, p, w []float64) {
	d, m := o.sub("brier_decomposition"), Decompose(y, p, w, 0)
	c.near(at+"reliability", m.Reliability, d.num(c.t, "reliability"))
	c.near(at+"resolution", m.Resolution, d.num(c.t, "resolution"))
	c.near(at+"uncertainty", m.Uncertainty, d.num(c.t, "uncertainty"))
	for key := range o {
		if !strings.HasPrefix(key, "brier_decomposition_binned") {
			continue
		}
		d := o.sub(key)
		m := Decompose(y, p, w, int(d.num(c.t, "bins")))
		c.near(at+key+" reliability", m.Reliability, d.num(c.t, "reliability"))
		c.near(at+key+" resolution", m.Resolution, d.num(c.t, "resolution"))
		c.near(at+key+" within", m.Within, d.num(c.t, "within_bin_variance"))
		c.near(at+key+" covariance", m.Covariance, d.num(c.t, "within_bin_covariance"))
		c.near(at+key+" sum", m.Reliability-m.Resolution+m.Uncertainty+m.Within-m.Covariance, d.num(c.t, "brier_recomposed"))
	}
}

func reliability(c *checker, at string, o object, y, p, w []float64) {
	bins := EqualMass
	if o.str("how") == "width" {
		bins = EqualWidth
	}
	r := bins(y, p, w, int(o.num(c.t, "bins")))
	at += o.str("how") + " "
	ece, mce, rms := r.Errors()
	c.near(at+"ece", ece, o.num(c.t, "ece"))
	c.near(at+"mce", mce, o.num(c.t, "mce"))
	c.near(at+"rmsce", rms, o.num(c.t, "rmsce"))
	for i, row := range o["table_bin_n_obs_pred"].([]any) {
		row := row.([]any)
		c.near(at+"n", float64(r[i].N), number(c.t, row[1]))
		c.near(at+"observed", r[i].Observed, number(c.t, row[2]))
		c.near(at+"predicted", r[i].Predicted, number(c.t, row[3]))
	}
}

func gain(c *checker, at string, o object, y, p, w []float64) {
	score := p
	if o.str("ties") == "stable" { // a reference that ranks ties in row order: so do these scores
		negated, rank := make([]float64, len(p)), make([]float64, len(p))
		for i, v := range p {
			negated[i] = -v
		}
		for k, i := range order(negated) {
			rank[i] = -float64(k)
		}
		score = rank
	}
	at += o.str("ties") + " "
	parts := Gain(y, score, w, int(o.num(c.t, "bins")))
	for key, get := range map[string]func(Part) float64{
		"n": func(p Part) float64 { return float64(p.N) }, "positives": func(p Part) float64 { return p.Events },
		"weight": func(p Part) float64 { return p.Weight }, "rate": func(p Part) float64 { return p.Rate },
		"lift": func(p Part) float64 { return p.Lift }, "cum_rate": func(p Part) float64 { return p.CumRate },
		"cum_lift": func(p Part) float64 { return p.CumLift }, "cum_gain": func(p Part) float64 { return p.CumGain },
	} {
		for i, want := range o[key].([]any) {
			c.near(at+key, get(parts[i]), number(c.t, want))
		}
	}
}

func TestDeLongAgainstPROC(t *testing.T) {
	cases, tol := fixture(t, "metrics_proc.json")
	c := &checker{t: t, tol: tol}
	var input string
	score := map[float64]string{}
	for _, o := range cases.list("auc") {
		input = o.str("input")
		auc, cov := DeLong(column(t, input, "y"), column(t, input, o.str("name")))
		c.near("auc", auc[0], o.num(t, "auc"))
		c.near("variance", cov[0][0], o.num(t, "var_delong"))
		e := AUCInterval(column(t, input, "y"), column(t, input, o.str("name")), 0.95)
		c.near("low", e.Low, number(t, o["ci95"].([]any)[0]))
		c.near("high", e.High, number(t, o["ci95"].([]any)[1]))
		score[o.num(t, "auc")] = o.str("name")
	}
	o := cases.sub("paired_delong")
	both := o["auc"].([]any)
	y, a, b := column(t, input, "y"), column(t, input, score[number(t, both[0])]), column(t, input, score[number(t, both[1])])
	e := AUCDifference(y, a, b, 0.95)
	_, cov := DeLong(y, a, b)
	c.near("z", e.Value/e.SE, o.num(t, "z"))
	c.near("p", e.P, o.num(t, "p"))
	c.near("covariance", cov[0][1], o.num(t, "cov"))
	if c.done == 0 {
		t.Fatal("nothing compared")
	}
}
