package censored_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/metric/censored"
)

// Seven deals: five won, two still open; the forecast is the probability of
// being won within 30 days.
func Example() {
	y := models.Target{
		Exit:  []float64{4, 9, 15, 22, 35, 48, 60},
		Cause: []uint8{1, 1, 0, 1, 1, 0, 1},
	}
	p := []float64{0.8, 0.25, 0.4, 0.6, 0.2, 0.3, 0.1}
	g := censored.NewCensoring(y)
	brier, se := censored.Brier(g, y, 1, p, 30)
	fmt.Printf("Brier score at 30 days %.3f ± %.3f\n", brier, se)
	auc, _ := censored.AUC(g, y, 1, p, 30)
	fmt.Printf("AUC at 30 days %.2f\n", auc)
	pairs := censored.Concordance(y, p, nil, nil)
	fmt.Printf("Harrell's C %.2f of %.0f pairs, Uno's %.2f\n", pairs.C(), pairs.Concordant+pairs.Discordant, censored.Uno(g, y, p, 60))
	// Output:
	// Brier score at 30 days 0.140 ± 0.074
	// AUC at 30 days 0.90
	// Harrell's C 0.75 of 16 pairs, Uno's 0.76
}

// draw gives subjects on whole days, so that there are ties, and whole risks.
func draw(t *rapid.T, late bool) (y models.Target, risk []float64, strata []int) {
	n := rapid.IntRange(2, 40).Draw(t, "n")
	for range n {
		entry := 0
		if late {
			entry = rapid.IntRange(0, 10).Draw(t, "entry")
			y.Entry = append(y.Entry, float64(entry))
		}
		y.Exit = append(y.Exit, float64(entry+rapid.IntRange(1, 15).Draw(t, "days")))
		y.Cause = append(y.Cause, rapid.Uint8Range(0, 1).Draw(t, "cause"))
		y.Weight = append(y.Weight, float64(rapid.IntRange(1, 3).Draw(t, "weight")))
		risk = append(risk, float64(rapid.IntRange(0, 6).Draw(t, "risk")))
		strata = append(strata, rapid.IntRange(0, 1).Draw(t, "stratum"))
	}
	return y, risk, strata
}

// The fast count is that of looking at every pair.
func TestConcordanceIsOfAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, risk, strata := draw(t, rapid.Bool().Draw(t, "late"))
		weight := func(t float64) float64 { return 1 / t }
		var want censored.Pairs
		net, all := make([]float64, len(risk)), make([]float64, len(risk))
		total, sum := 0.0, 0.0
		for i := range risk {
			for j := range risk {
				if i == j || y.Cause[i] == 0 || strata[i] != strata[j] || y.Entry != nil && y.Entry[j] >= y.Exit[i] {
					continue
				}
				w := y.Weight[i] * y.Weight[j] * weight(y.Exit[i])
				switch {
				case y.Exit[j] == y.Exit[i] && y.Cause[j] != 0 && risk[i] == risk[j]:
					want.TiedBoth += w / 2
				case y.Exit[j] == y.Exit[i] && y.Cause[j] != 0:
					want.TiedTime += w / 2
				case y.Exit[j] >= y.Exit[i]:
					sign := 0.0
					switch {
					case risk[i] > risk[j]:
						want.Concordant += w
						sign = 1
					case risk[i] < risk[j]:
						want.Discordant += w
						sign = -1
					default:
						want.TiedRisk += w
					}
					total, sum = total+w, sum+sign*w
					for _, k := range []int{i, j} {
						net[k] += sign * w
						all[k] += w
					}
				}
			}
		}
		for k := range net {
			d := (net[k] - sum/total*all[k]) / total / 2
			want.Variance += d * d
		}
		got := censored.Concordance(y, risk, strata, weight)
		g := []float64{got.Concordant, got.Discordant, got.TiedRisk, got.TiedTime, got.TiedBoth, got.Variance}
		for k, w := range []float64{want.Concordant, want.Discordant, want.TiedRisk, want.TiedTime, want.TiedBoth, want.Variance} {
			if !(math.Abs(g[k]-w) <= 1e-9*(1+w)) && !math.IsNaN(w) {
				t.Fatalf("%+v, want %+v", got, want)
			}
		}
	})
}

// With everybody followed to the end, figures are the plain ones.
func TestWithoutCensoring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, risk, _ := draw(t, false)
		happened, p := make([]float64, len(risk)), make([]float64, len(risk))
		yes := 0.0
		for i := range risk {
			y.Cause[i] = 1 + uint8(i%2)
			p[i] = (risk[i] + 1) / 8
			if y.Exit[i] <= 8 {
				happened[i] = 1
				yes++
			}
		}
		g := censored.NewCensoring(y)
		if g.Followed(100) != 1 {
			t.Fatal("somebody is lost")
		}
		if brier, _ := censored.Brier(g, y, 0, p, 8); math.Abs(brier-metric.Brier(happened, p, nil)) > 1e-12 {
			t.Fatalf("Brier %v, plainly %v", brier, metric.Brier(happened, p, nil))
		}
		both := 0.0
		for _, cause := range []uint8{1, 2} {
			b, _ := censored.Brier(g, y, cause, make([]float64, len(p)), 8)
			both += b // of forecasts of 0: the share that it happened to
		}
		if math.Abs(both-yes/float64(len(p))) > 1e-12 {
			t.Fatalf("causes add up to %v of %v", both, yes)
		}
		if yes > 0 && int(yes) < len(p) {
			if auc, _ := censored.AUC(g, y, 0, p, 8); math.Abs(auc-metric.AUC(happened, p, nil)) > 1e-12 {
				t.Fatalf("AUC %v, plainly %v", auc, metric.AUC(happened, p, nil))
			}
		}
		if c := censored.Concordance(models.Target{Exit: y.Exit, Cause: y.Cause}, risk, nil, nil).C(); !math.IsNaN(c) && math.Abs(c-censored.Uno(g, y2(y), risk, math.Inf(1))) > 1e-12 {
			t.Fatalf("Harrell %v and Uno differ", c)
		}
	})
}

// y2 is y without weights.
func y2(y models.Target) models.Target { return models.Target{Exit: y.Exit, Cause: y.Cause} }

// Weighted by the inverse of being followed, a censored sample tells of the whole.
func TestWeightsUndoCensoring(t *testing.T) {
	var whole, seen models.Target
	var p []float64
	for i := range 40_000 {
		u := math.Mod(float64(i)*0.6180339887498949, 1) // evenly spread
		v := math.Mod(float64(i)*0.7548776662466927, 1)
		risk := float64(i % 2)
		time, lost := -math.Log(1-u)*20/(1+2*risk), -math.Log(1-v)*30
		whole.Exit, whole.Cause = append(whole.Exit, time), append(whole.Cause, 1)
		seen.Exit = append(seen.Exit, min(time, lost))
		if time <= lost {
			seen.Cause = append(seen.Cause, 1)
		} else {
			seen.Cause = append(seen.Cause, 0)
		}
		p = append(p, 0.3+0.4*risk)
	}
	g, full := censored.NewCensoring(seen), censored.NewCensoring(whole)
	want, _ := censored.Brier(full, whole, 0, p, 15)
	got, se := censored.Brier(g, seen, 0, p, 15)
	if math.Abs(got-want) > 4*se || se > 0.01 {
		t.Errorf("Brier %v ± %v, of the whole %v", got, se, want)
	}
	got, se = censored.AUC(g, seen, 0, p, 15)
	if want, _ = censored.AUC(full, whole, 0, p, 15); math.Abs(got-want) > 4*se || se > 0.01 {
		t.Errorf("AUC %v ± %v, of the whole %v", got, se, want)
	}
	if got, want := censored.Uno(g, seen, p, 30), censored.Uno(full, whole, p, 30); math.Abs(got-want) > 0.01 {
		t.Errorf("Uno %v, of the whole %v", got, want)
	}
}

func TestIntegrated(t *testing.T) {
	if got := censored.Integrated([]float64{0, 10, 40}, []float64{0.1, 0.3, 0.2}); math.Abs(got-(2+7.5)/40) > 1e-15 {
		t.Errorf("integrated %v", got)
	}
}
