//go:build fixtures

package linear

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

func (o object) nums(t *testing.T, key string) []float64 {
	var out []float64
	for _, v := range o[key].([]any) {
		out = append(out, number(t, v))
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

func fixture(t *testing.T, name string) (cases map[string][]object, tolerance string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Meta  object
		Cases map[string][]object
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases, file.Meta.str("tolerance")
}

// within is the tolerance that the file states after a word.
func within(t *testing.T, tolerance, word string) float64 {
	t.Helper()
	_, after, ok := strings.Cut(tolerance, word)
	v, err := strconv.ParseFloat(regexp.MustCompile(`\d(\.\d+)?e-\d+`).FindString(after), 64)
	if !ok || err != nil {
		t.Fatalf("no tolerance for %s in %q", word, tolerance)
	}
	return v
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

// checker compares by relative error above one and counts what it compared.
type checker struct {
	t    *testing.T
	tol  float64
	done int
}

func (c *checker) all(what string, got []float64, want []float64) {
	c.t.Helper()
	if len(got) != len(want) {
		c.t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.near(what, got[i], want[i])
	}
}

func (c *checker) near(what string, got, want float64) {
	c.t.Helper()
	c.done++
	if !(math.Abs(got-want) <= c.tol*max(1, math.Abs(want))) {
		c.t.Errorf("%s: got %.17g, want %.17g", what, got, want)
	}
}

// columns reads the covariates of a case, a column of ones before them if asked.
func columns(t *testing.T, o object, constant bool) (x [][]float64) {
	names, _ := o["covariates"].([]any)
	for _, n := range names {
		x = append(x, column(t, o.str("input"), n.(string)))
	}
	if constant {
		one := make([]float64, len(column(t, o.str("input"), o.str("y"))))
		for i := range one {
			one[i] = 1
		}
		x = append([][]float64{one}, x...)
	}
	return x
}

func matrixOf(t *testing.T, o object, key string) (rows [][]float64) {
	for _, r := range o[key].([]any) {
		var row []float64
		for _, v := range r.([]any) {
			row = append(row, number(t, v))
		}
		rows = append(rows, row)
	}
	return rows
}

func TestGLMAgainstR(t *testing.T) {
	cases, tolerance := fixture(t, "logistic.json")
	c := &checker{t: t, tol: within(t, tolerance, "glm logit")}
	for _, o := range cases["glm"] {
		if o.str("link") != "logit" {
			continue
		}
		name := o.str("name") + " "
		y, w := column(t, o.str("input"), o.str("y")), column(t, o.str("input"), o.str("weights"))
		offset := column(t, o.str("input"), o.str("offset"))
		x := columns(t, o, true)
		r, err := GLM(x, y, w, offset)
		if err != nil {
			t.Fatal(name, err)
		}
		c.all(name+"coef", r.Coef, o.nums(t, "coef"))
		c.near(name+"loglik", r.LogLik, o.num(t, "loglik"))
		c.near(name+"deviance", -2*r.LogLik, o.num(t, "deviance"))
		null, err := GLM(x[:1], y, w, offset)
		if err != nil {
			t.Fatal(name, err)
		}
		if offset == nil { // R's null deviance has no offset fitted with the constant
			c.near(name+"null deviance", -2*null.LogLik, o.num(t, "null_deviance"))
		}
		for i, row := range matrixOf(t, o, "vcov") {
			c.all(name+"vcov", r.Cov[i], row)
			se := math.Sqrt(r.Cov[i][i])
			c.near(name+"se", se, o.nums(t, "se")[i])
			c.near(name+"z", r.Coef[i]/se, o.nums(t, "z")[i])
		}
		fitted := o.nums(t, "fitted_first8")
		for i := range fitted {
			eta := 0.0
			if offset != nil {
				eta = offset[i]
			}
			for j := range x {
				eta += r.Coef[j] * x[j][i]
			}
			c.near(name+"fitted", 1/(1+math.Exp(-eta)), fitted[i])
		}
	}
	if c.done == 0 {
		t.Fatal("nothing compared")
	}
}

// enet fits an elastic net in glmnet's terms: lambda a unit of weight, penalty
// factors that are rescaled to sum to their number, columns divided by scale.
func enet(t *testing.T, x [][]float64, y, w, scale, factor []float64, alpha, lambda float64, constant bool) (a0 float64, beta []float64) {
	t.Helper()
	scaled := make([][]float64, len(x))
	for j := range x {
		scaled[j] = make([]float64, len(y))
		for i := range scaled[j] {
			scaled[j][i] = x[j][i] / scale[j]
		}
	}
	total := float64(len(y))
	if w != nil {
		total = 0
		for _, v := range w {
			total += v
		}
	}
	l1, l2 := make([]float64, len(x)), make([]float64, len(x))
	for j := range x {
		l1[j], l2[j] = total*lambda*alpha*factor[j], total*lambda*(1-alpha)*factor[j]
	}
	if constant {
		one := make([]float64, len(y))
		for i := range one {
			one[i] = 1
		}
		scaled = append(scaled, one)
		l1, l2 = append(l1, 0), append(l2, 0)
	}
	p := &problem{design: plain(scaled, len(y)), family: bernoulli, y: y, w: w, l1: l1, l2: l2, exact: true}
	if alpha == 0 {
		p.l1 = nil
	}
	s, err := p.fit(t.Context(), make([]float64, len(scaled)))
	if err != nil {
		t.Fatal(err)
	}
	for j := range x {
		beta = append(beta, s.beta[j]/scale[j])
	}
	if constant {
		a0 = s.beta[len(x)]
	}
	return a0, beta
}

func TestElasticNetAgainstGlmnet(t *testing.T) {
	cases, tolerance := fixture(t, "logistic.json")
	c := &checker{t: t, tol: within(t, tolerance, "glmnet abs")}
	for _, o := range cases["glmnet"] {
		if o["lower_limits"] != nil {
			continue // coefficients have no bounds here
		}
		y, w := column(t, o.str("input"), o.str("y")), column(t, o.str("input"), o.str("weights"))
		x := columns(t, o, false)
		scale, factor := make([]float64, len(x)), make([]float64, len(x))
		sum := 0.0
		for j := range x {
			scale[j], factor[j] = 1, 1
			if o["standardize"].(bool) {
				scale[j] = deviation(x[j], w)
			}
			if o["penalty_factor"] != nil {
				factor[j] = o.nums(t, "penalty_factor")[j]
			}
			sum += factor[j]
		}
		for j := range factor {
			factor[j] *= float64(len(factor)) / sum
		}
		for part, path := range []object{o, o.sub("auto_path")} {
			betas := matrixOf(t, path, "beta")
			for k, lambda := range path.nums(t, "lambda") {
				if part == 1 && k == 0 && o.num(t, "alpha") == 0 {
					continue // glmnet fits the first lambda of its own ridge path as if it were infinite
				}
				a0, beta := enet(t, x, y, w, scale, factor, o.num(t, "alpha"), lambda, o["intercept"].(bool))
				c.near(o.str("name")+" a0", a0, path.nums(t, "a0")[k])
				c.all(o.str("name")+" beta", beta, betas[k])
			}
		}
	}
	if c.done == 0 {
		t.Fatal("nothing compared")
	}
}

func deviation(x, w []float64) float64 {
	var mass, sum, square float64
	for i, v := range x {
		weight := 1.0
		if w != nil {
			weight = w[i]
		}
		mass, sum, square = mass+weight, sum+weight*v, square+weight*v*v
	}
	return math.Sqrt(square/mass - sum*sum/mass/mass)
}

func TestElasticNetAgainstScikitLearn(t *testing.T) {
	cases, tolerance := fixture(t, "logistic_py.json")
	c := &checker{t: t, tol: within(t, tolerance, "polished")}
	for _, o := range cases["sklearn"] {
		y, w := column(t, o.str("input"), o.str("y")), column(t, o.str("input"), o.str("weights"))
		x := columns(t, o, false)
		if o.str("class_weight") == "balanced" {
			w = balanced(y, w)
		}
		one := make([]float64, len(x))
		total := float64(len(y))
		if w != nil {
			total = 0
			for _, v := range w {
				total += v
			}
		}
		for j := range one {
			one[j] = 1
		}
		a0, beta := enet(t, x, y, w, one, one, o.num(t, "l1_ratio"), 1/o.num(t, "C")/total, true)
		c.near(o.str("name")+" intercept", a0, o.num(t, "polished_intercept"))
		c.all(o.str("name")+" coef", beta, o.nums(t, "polished_coef"))
	}
	if c.done == 0 {
		t.Fatal("nothing compared")
	}
}

func balanced(y, w []float64) []float64 {
	if w == nil {
		w = make([]float64, len(y))
		for i := range w {
			w[i] = 1
		}
	}
	pos := 0.0
	for _, v := range y {
		pos += v
	}
	n := float64(len(y))
	out := make([]float64, len(y))
	for i := range y {
		out[i] = w[i] * n / 2 / (y[i]*pos + (1-y[i])*(n-pos))
	}
	return out
}

func TestGLMOnHardCases(t *testing.T) {
	cases, _ := fixture(t, "logistic_py.json")
	done := 0
	for _, o := range cases["hard"] {
		y := column(t, o.str("input"), "y")
		var x [][]float64
		var last []float64
		for _, name := range strings.Split(strings.Split(o.str("design"), " (")[0], ",") {
			name = strings.TrimSpace(name)
			v := make([]float64, len(y))
			switch {
			case name == "1":
				for i := range v {
					v[i] = 1
				}
			case name == "...":
				continue
			case strings.Contains(name, "^"):
				base, power, _ := strings.Cut(name, "^")
				n, err := strconv.Atoi(power)
				if err != nil {
					t.Fatal(err)
				}
				b := column(t, o.str("input"), base)
				for k := 2; k <= n; k++ {
					v = make([]float64, len(y))
					for i := range v {
						v[i] = last[i] * b[i]
					}
					if last = v; k < n {
						x = append(x, v)
					}
				}
			default:
				v = column(t, o.str("input"), name)
			}
			x, last = append(x, v), v
		}
		r, err := GLM(x, y, nil, nil)
		if err != nil {
			t.Fatal(o.str("name"), err)
		}
		tolCoef, tolLik := within(t, o.str("tolerance"), "coef rel"), within(t, o.str("tolerance"), "loglik rel")
		for j, want := range o.nums(t, "coef") {
			if math.Abs(r.Coef[j]-want) > tolCoef*math.Abs(want) {
				t.Errorf("%s coef %d: got %.12g, want %.12g", o.str("name"), j, r.Coef[j], want)
			}
			if se, want := math.Sqrt(r.Cov[j][j]), o.nums(t, "se")[j]; math.Abs(se-want) > tolCoef*want {
				t.Errorf("%s se %d: got %.12g, want %.12g", o.str("name"), j, se, want)
			}
			done++
		}
		if want := o.num(t, "loglik"); math.Abs(r.LogLik-want) > tolLik*math.Abs(want) {
			t.Errorf("%s loglik: got %.15g, want %.15g", o.str("name"), r.LogLik, want)
		}
	}
	if done == 0 {
		t.Fatal("nothing compared")
	}
}

// Separated outcomes have no maximum-likelihood fit, and GLM must say so.
func TestGLMOnSeparation(t *testing.T) {
	cases, _ := fixture(t, "logistic_py.json")
	done := 0
	for _, o := range cases["separation"] {
		_, err := GLM(columns(t, o, true), column(t, o.str("input"), o.str("y")), nil, nil)
		if separated := o.str("separation") != "none"; separated != (err != nil) {
			t.Errorf("%s: separation %s, error %v", o.str("name"), o.str("separation"), err)
		}
		done++
	}
	if done == 0 {
		t.Fatal("nothing compared")
	}
}
