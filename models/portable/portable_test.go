package portable_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models/portable"
)

// ulps is the distance of got from want in units in the last place of want.
func ulps(got, want float64) float64 {
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return 0
	}
	return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
}

// The reference is package math; both are within about one unit of the truth.
func TestAgainstMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		x := r.NormFloat64() * math.Exp(6*r.NormFloat64())
		for _, f := range []struct {
			name      string
			got, want float64
			within    float64
		}{
			{"exp", portable.Exp(x), math.Exp(x), 2},
			{"log", portable.Log(math.Abs(x)), math.Log(math.Abs(x)), 1},
			{"log1p", portable.Log1p(math.Abs(x)), math.Log1p(math.Abs(x)), 3},
			{"expm1", portable.Expm1(min(x, 700)), math.Expm1(min(x, 700)), 4},
		} {
			if u := ulps(f.got, f.want); u > f.within {
				t.Fatalf("%s(%v) = %v, want %v: %v units", f.name, x, f.got, f.want, u)
			}
		}
		if p := portable.Sigmoid(x); p > 1e-300 && p < 0.999 && math.Abs(portable.Logit(p)-x) > 1e-9*(1+math.Abs(x)) {
			t.Fatalf("logit(sigmoid(%v)) = %v", x, portable.Logit(p))
		}
	}
}

func TestEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"exp(+inf)", portable.Exp(inf), inf}, {"exp(-inf)", portable.Exp(-inf), 0}, {"exp(nan)", portable.Exp(nan), nan},
		{"exp(0)", portable.Exp(0), 1}, {"exp(710)", portable.Exp(710), inf}, {"exp(-746)", portable.Exp(-746), 0},
		{"exp(-745)", portable.Exp(-745), math.Exp(-745)}, {"exp(1e-300)", portable.Exp(1e-300), 1},
		{"log(0)", portable.Log(0), -inf}, {"log(-1)", portable.Log(-1), nan}, {"log(+inf)", portable.Log(inf), inf},
		{"log(1)", portable.Log(1), 0}, {"log(5e-324)", portable.Log(5e-324), -1074 * math.Ln2},
		{"log1p(1e-20)", portable.Log1p(1e-20), 1e-20}, {"log1p(-1)", portable.Log1p(-1), -inf},
		{"expm1(1e-20)", portable.Expm1(1e-20), 1e-20}, {"expm1(-inf)", portable.Expm1(-inf), -1}, {"expm1(+inf)", portable.Expm1(inf), inf},
		{"sigmoid(800)", portable.Sigmoid(800), 1}, {"sigmoid(-800)", portable.Sigmoid(-800), 0}, {"sigmoid(0)", portable.Sigmoid(0), 0.5},
	} {
		if ulps(c.got, c.want) > 1 {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

func Example() {
	fmt.Println(portable.Exp(1), portable.Log(10), portable.Sigmoid(portable.Logit(0.25)))
	// Output: 2.7182818284590455 2.302585092994046 0.25
}
