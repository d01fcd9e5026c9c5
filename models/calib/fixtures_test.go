//go:build fixtures

package calib

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

func fixture(t *testing.T, name string) (cases []object, tolerance string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_FIXTURES"), "expected", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Meta  object
		Cases []object
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

func TestMapsAgainstReferences(t *testing.T) {
	cases, tolerance := fixture(t, "calibration.json")
	exact := &checker{t: t, tol: within(t, tolerance, "isotonic")}
	newton := &checker{t: t, tol: within(t, tolerance, "newton")}
	for _, o := range cases {
		y, p, w := column(t, o.str("input"), o.str("y")), column(t, o.str("input"), o.str("score")), column(t, o.str("input"), o.str("weights"))
		grid := o.nums(t, "eval_at")
		at := func(m Map) []float64 {
			var out []float64
			for _, v := range grid {
				out = append(out, m.At(v))
			}
			return out
		}
		name := o.str("name") + " "
		made := func(m Map, err error) Map {
			t.Helper()
			if err != nil {
				t.Fatal(name, err)
			}
			return m
		}
		iso, want := made(Isotonic(p, y, w)), o.sub("isotonic")
		exact.all(name+"isotonic knots", iso.x, want.nums(t, "x_thresholds"))
		exact.all(name+"isotonic values", iso.y, want.nums(t, "y_thresholds"))
		exact.all(name+"isotonic", at(iso), want.nums(t, "predict"))
		platt, want := made(Score(p, y, w)), o.sub("platt")
		newton.near(name+"platt a", -platt.A, want.num(t, "newton_a"))
		newton.near(name+"platt b", -platt.C, want.num(t, "newton_b"))
		newton.all(name+"platt", at(platt), want.nums(t, "predict_newton"))
		for key, fit := range map[string]func(p, y, w []float64) (Map, error){"logistic_recalibration": Logistic, "platt_on_logit": Platt} {
			m := made(fit(p, y, w))
			newton.near(name+key+" slope", m.A, o.sub(key).num(t, "slope"))
			newton.near(name+key+" intercept", m.C, o.sub(key).num(t, "intercept"))
		}
		newton.near(name+"temperature", 1/made(Temperature(p, y, w)).A, o.sub("temperature").num(t, "T"))
		newton.near(name+"in the large", made(Shift(p, y, w)).C, o.sub("calibration_in_the_large").num(t, "intercept"))
		beta, want := made(Beta(p, y, w)), o.sub("beta").sub("abm")
		newton.near(name+"beta a", beta.A, want.num(t, "a"))
		newton.near(name+"beta b", beta.B, want.num(t, "b"))
		newton.near(name+"beta c", beta.C, want.num(t, "c"))
		newton.all(name+"beta", at(beta), want.nums(t, "predict"))
	}
	if exact.done == 0 || newton.done == 0 {
		t.Fatal("nothing compared")
	}
}
