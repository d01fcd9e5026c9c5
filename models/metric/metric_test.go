package metric

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
)

// drawRows gives outcomes of both kinds, tied scores and weights.
func drawRows(t *rapid.T) (y, p, w []float64) {
	n := rapid.IntRange(4, 40).Draw(t, "n")
	for i := range n {
		y = append(y, float64(rapid.IntRange(0, 1).Draw(t, "y")))
		p = append(p, float64(rapid.IntRange(1, 9).Draw(t, "p"))/10)
		w = append(w, float64(rapid.IntRange(1, 3).Draw(t, "w")))
		if i < 4 {
			y[i] = float64(i % 2)
		}
	}
	return y, p, w
}

func near(t interface{ Fatalf(string, ...any) }, what string, got, want float64) {
	if !(math.Abs(got-want) <= 1e-10*max(1, math.Abs(want))) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// AUC by its definition, pair by pair.
func TestAUCIsTheShareOfPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, w := drawRows(t)
		won, pairs := 0.0, 0.0
		for i := range y {
			for j := range y {
				if y[i] == 1 && y[j] == 0 {
					pairs += w[i] * w[j]
					if p[i] > p[j] {
						won += w[i] * w[j]
					} else if p[i] == p[j] {
						won += w[i] * w[j] / 2
					}
				}
			}
		}
		near(t, "auc", AUC(y, p, w), won/pairs)
		auc, cov := DeLong(y, p, p)
		near(t, "unweighted auc", auc[0], AUC(y, p, nil))
		near(t, "variance of a difference to itself", cov[0][0]+cov[1][1]-2*cov[0][1], 0)
	})
}

func TestWeightIsRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, w := drawRows(t)
		var yr, pr []float64
		for i := range y {
			for range int(w[i]) {
				yr, pr = append(yr, y[i]), append(pr, p[i])
			}
		}
		near(t, "auc", AUC(y, p, w), AUC(yr, pr, nil))
		near(t, "average precision", AveragePrecision(y, p, w), AveragePrecision(yr, pr, nil))
		near(t, "log loss", LogLoss(y, p, w), LogLoss(yr, pr, nil))
		near(t, "brier", Brier(y, p, w), Brier(yr, pr, nil))
		a, _ := KS(y, p, w)
		b, _ := KS(yr, pr, nil)
		near(t, "ks", a, b)
		ea, ma, ra := EqualWidth(y, p, w, 5).Errors()
		eb, mb, rb := EqualWidth(yr, pr, nil, 5).Errors()
		near(t, "ece", ea, eb)
		near(t, "mce", ma, mb)
		near(t, "rms", ra, rb)
	})
}

func TestBrierIsTheSumOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, w := drawRows(t)
		for _, k := range []int{0, 1, 3, 10} {
			m := Decompose(y, p, w, k)
			near(t, "sum", m.Reliability-m.Resolution+m.Uncertainty+m.Within-m.Covariance, Brier(y, p, w))
		}
	})
}

// A gain table must not depend on the order of rows, and must lose none.
func TestGainIgnoresRowOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, _ := drawRows(t)
		parts := Gain(y, p, nil, 4)
		rows := rapid.Permutation(order(p)).Draw(t, "rows")
		y2, p2 := make([]float64, len(y)), make([]float64, len(p))
		for i, k := range rows {
			y2[i], p2[i] = y[k], p[k]
		}
		n := 0
		for i, q := range Gain(y2, p2, nil, 4) {
			n += q.N
			near(t, "events", q.Events, parts[i].Events)
			near(t, "gain", q.CumGain, parts[i].CumGain)
		}
		if n != len(y) {
			t.Fatalf("%d rows of %d", n, len(y))
		}
		near(t, "gain of all", parts[3].CumGain, 1)
	})
}

func TestIntervalsCover(t *testing.T) {
	const runs, n = 1000, 200
	r := rand.New(rand.NewPCG(1, 1))
	covered, difference := 0, 0
	true1 := 0.5 * math.Erfc(-1/math.Sqrt2/math.Sqrt2) // scores N(1,1) against N(0,1)
	for range runs {
		y, a, b := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range y {
			y[i] = float64(i % 2)
			a[i], b[i] = y[i]+r.NormFloat64(), y[i]+r.NormFloat64()
		}
		if e := AUCInterval(y, a, 0.95); e.Low <= true1 && true1 <= e.High {
			covered++
		}
		if e := AUCDifference(y, a, b, 0.95); e.P > 0.05 {
			difference++
		}
	}
	if share := float64(covered) / runs; share < 0.93 || share > 0.975 {
		t.Errorf("DeLong's 95 %% interval covers %v", share)
	}
	if share := float64(difference) / runs; share < 0.93 || share > 0.975 {
		t.Errorf("equal scores are called equal in %v", share)
	}
}

// Garwood's interval for a count of 10 is 4.795 to 18.39 (Ulm 1990, table 1).
func TestObservedExpected(t *testing.T) {
	e := ObservedExpected(10, 10, 0.95)
	if math.Abs(e.Low-0.4795) > 1e-4 || math.Abs(e.High-1.8390) > 1e-4 || e.P != 1 {
		t.Errorf("%+v", e)
	}
	if e := ObservedExpected(0, 3, 0.95); e.Low != 0 || math.Abs(e.High-3.6889/3) > 1e-4 || math.Abs(e.P-2*math.Exp(-3)) > 1e-9 {
		t.Errorf("no event of 3 expected: %+v", e)
	}
	if e := ObservedExpected(30, 10, 0.95); e.Low <= 1 || e.P > 1e-5 {
		t.Errorf("30 of 10 expected: %+v", e)
	}
}

func TestMeanDifferenceResamplesGroups(t *testing.T) {
	const groups, size = 100, 20
	r := rand.New(rand.NewPCG(2, 2))
	a, b, group := make([]float64, groups*size), make([]float64, groups*size), make([]int, groups*size)
	for g := range groups {
		shared := r.NormFloat64()
		for k := range size {
			i := g*size + k
			a[i], group[i] = 0.1+shared+r.NormFloat64()/10, g
		}
	}
	whole := MeanDifference(a, b, nil, group, 500, 7, 0.95)
	if want := 1 / math.Sqrt(groups); math.Abs(whole.SE-want) > 0.3*want {
		t.Errorf("standard error %v of groups, want about %v", whole.SE, want)
	}
	if rows := MeanDifference(a, b, nil, nil, 500, 7, 0.95); rows.SE > whole.SE/2 || math.Abs(rows.Value-whole.Value) > 1e-12 {
		t.Errorf("rows give %+v, groups %+v", rows, whole)
	}
	if MeanDifference(a, b, nil, group, 500, 7, 0.95) != whole {
		t.Error("the same seed gives another interval")
	}
	if whole.Low > whole.Value || whole.High < whole.Value {
		t.Errorf("interval %+v", whole)
	}
}

// On average the truth scores best: the censored log-likelihood is proper.
func TestCensoredLogLikIsProper(t *testing.T) {
	truth := models.Curve{Cuts: []float64{10, 30}, Rates: [][]float64{{0.03, 0.01, 0.002}, {0.005, 0.02, 0.01}}}
	const n = 20000
	r := rand.New(rand.NewPCG(3, 3))
	entry, exit, cause := make([]float64, n), make([]float64, n), make([]uint8, n)
	for i := range entry {
		entry[i] = math.Floor(r.Float64() * 20)
		end := entry[i] + 60*r.Float64()
		for at := entry[i]; ; at += 0.5 {
			k := 0
			for k < 2 && at >= truth.Cuts[k] {
				k++
			}
			u := r.Float64()
			won, lost := truth.Rates[0][k]*0.5, truth.Rates[1][k]*0.5
			switch {
			case at+0.5 > end:
				exit[i] = end
			case u < won:
				exit[i], cause[i] = at+r.Float64()/2, 1
			case u < won+lost:
				exit[i], cause[i] = at+r.Float64()/2, 2
			default:
				continue
			}
			break
		}
	}
	grid := []float64{5, 10, 20, 30, 45, 60}
	score := func(factor [2]float64) []float64 {
		return CensoredLogLik(grid, func(i int) models.Curve {
			c := models.Curve{Cuts: truth.Cuts, From: entry[i]}
			for k, rates := range truth.Rates {
				scaled := make([]float64, len(rates))
				for j, v := range rates {
					scaled[j] = v * factor[k]
				}
				c.Rates = append(c.Rates, scaled)
			}
			return c
		}, entry, exit, cause)
	}
	best := score([2]float64{1, 1})
	for _, factor := range [][2]float64{{1.3, 1}, {0.75, 1}, {1, 1.3}, {1, 0.75}, {1.3, 0.75}} {
		if d := MeanDifference(best, score(factor), nil, nil, 200, 1, 0.95); d.Low <= 0 {
			t.Errorf("rates times %v score as well as the truth: %+v", factor, d)
		}
	}
}

// One interval, by hand: P(won in (0,1]) = ½(1−e⁻²) with both rates one.
func TestCensoredLogLikByHand(t *testing.T) {
	c := models.Curve{Rates: [][]float64{{1}, {1}}}
	got := CensoredLogLik([]float64{1, 2}, func(int) models.Curve { return c }, []float64{0, 0, 0, 0}, []float64{0.7, 0.7, 5, 1.5}, []uint8{1, 0, 2, 3})
	want := []float64{math.Log((1 - math.Exp(-2)) / 2), -1.4, -4, math.Log(1e-12)}
	for i := range want {
		near(t, "row", got[i], want[i])
	}
}

func TestOddInputs(t *testing.T) {
	if v := AUC([]float64{1, 1}, []float64{0.1, 0.2}, nil); !math.IsNaN(v) {
		t.Errorf("AUC of one class is %v", v)
	}
	if v := LogLoss([]float64{1}, []float64{0}, nil); math.IsInf(v, 0) {
		t.Error("a forecast of zero gives an infinite loss")
	}
	if len(CensoredLogLik(nil, nil, []float64{0}, []float64{1}, []uint8{0})) != 1 {
		t.Error("no grid must give no score, one a row")
	}
	defer func() {
		if recover() == nil {
			t.Error("unequal lengths do not panic")
		}
	}()
	Brier([]float64{1}, []float64{1, 0}, nil)
}
