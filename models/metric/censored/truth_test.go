package censored_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/models/metric/censored"
)

// A world of known truth: two causes compete at rates that depend on x, and
// subjects are followed for 10 to 90 days.
type world struct {
	x, follow []float64
	y         models.Target
}

func rates(x float64) (won, lost float64) { return 0.02 * math.Exp(0.8*x), 0.03 * math.Exp(-0.4*x) }

// chance is that of being won by t, open that of nothing having happened.
func chance(x, t float64) float64 {
	won, lost := rates(x)
	return won / (won + lost) * (1 - open(x, t))
}

func open(x, t float64) float64 {
	won, lost := rates(x)
	return math.Exp(-(won + lost) * t)
}

func draws(n int, r *rand.Rand) *world {
	w := &world{}
	for range n {
		x, follow := r.NormFloat64(), 10+80*r.Float64()
		won, lost := rates(x)
		at, cause := r.ExpFloat64()/(won+lost), uint8(2)
		if r.Float64()*(won+lost) < won {
			cause = 1
		}
		if at > follow {
			at, cause = follow, 0
		}
		w.x, w.follow = append(w.x, x), append(w.follow, follow)
		w.y.Exit, w.y.Cause = append(w.y.Exit, at), append(w.y.Cause, cause)
	}
	return w
}

const by = 30 // days

// known are the true figures at the horizon of forecasts that are the truth: by
// sums over a fine grid of x.
func known() (auc, brier float64) {
	const steps = 4000
	var p, mass []float64
	for k := range steps {
		x := -6 + 12*(float64(k)+0.5)/steps
		p, mass = append(p, chance(x, by)), append(mass, math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)*12/steps)
	}
	cases, controls, below := 0.0, 0.0, 0.0
	for k, q := range p { // the chance rises with x
		cases += mass[k] * q
		controls += mass[k] * (1 - q)
		auc += mass[k] * q * (below + mass[k]*(1-q)/2)
		below += mass[k] * (1 - q)
		brier += mass[k] * q * (1 - q)
	}
	return auc / cases / controls, brier
}

// TestFiguresOfKnownTruth: over many samples from a world of known truth the 95 %
// intervals of figures of true forecasts hold the truth in about 95 %, figures
// are right on average, and forecasts that are a third too high are found out.
func TestFiguresOfKnownTruth(t *testing.T) {
	const samples, n = 1000, 400
	auc, brier := known()
	held, sum := map[string]float64{}, map[string]float64{}
	found := map[string]float64{}
	count := func(name string, e metric.Estimate, truth float64) {
		sum[name] += (e.Value - truth) / samples
		if e.Low <= truth && truth <= e.High {
			held[name] += 1.0 / samples
		}
	}
	around := func(value, se float64) metric.Estimate {
		return metric.Estimate{Value: value, Low: value - 1.96*se, High: value + 1.96*se}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range samples {
		w := draws(n, r)
		p, high := make([]float64, n), make([]float64, n)
		for i, x := range w.x {
			p[i] = chance(x, by)
			high[i] = 4 * p[i] / 3
		}
		g := censored.NewCensoring(w.y)
		count("observed/expected", censored.ObservedExpected(g, w.y, 1, p, by, 0.95), 1)
		count("AUC", around(censored.AUC(g, w.y, 1, p, by)), auc)
		count("Brier", around(censored.Brier(g, w.y, 1, p, by)), brier)
		rows, happened := censored.Landmark(w.y, w.follow, 1, by)
		followed, won, expected, tooHigh := make([]float64, len(rows)), 0.0, 0.0, 0.0
		for k, i := range rows {
			followed[k] = p[i]
			won += happened[k]
			expected += p[i]
			tooHigh += high[i]
		}
		count("followed: observed/expected", metric.ObservedExpected(won, expected, 0.95), 1)
		count("followed: AUC", metric.AUCInterval(happened, followed, 0.95), auc)
		sum["followed: Brier"] += (metric.Brier(happened, followed, nil) - brier) / samples
		if censored.ObservedExpected(g, w.y, 1, high, by, 0.95).High < 1 {
			found["observed/expected"] += 1.0 / samples
		}
		if metric.ObservedExpected(won, tooHigh, 0.95).High < 1 {
			found["followed: observed/expected"] += 1.0 / samples
		}
	}
	for name, bias := range sum {
		if math.Abs(bias) > 0.01 {
			t.Errorf("%s: off by %.4f on average", name, bias)
		}
	}
	for name, share := range held {
		low, high := 0.93, 0.97
		if name == "followed: observed/expected" { // Poisson's interval is wider than that of chances that differ
			high = 1
		}
		if share < low || share > high {
			t.Errorf("%s: intervals hold the truth in %.3f of the samples", name, share)
		}
	}
	for name, share := range found {
		if share < 0.8 {
			t.Errorf("%s: forecasts a third too high are found in %.2f of the samples", name, share)
		}
	}
}

// TestDCalibrationOfKnownTruth: with true forecasts p values are uniform,
// however many were last seen open; forecasts of another shape, or a third too fast,
// are refused.
func TestDCalibrationOfKnownTruth(t *testing.T) {
	const samples, n, bins = 1000, 400, 10
	r := rand.New(rand.NewPCG(3, 4))
	var p []float64
	found := map[string]float64{}
	for range samples {
		w := draws(n, r)
		s, fast, shape := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, x := range w.x {
			s[i] = open(x, w.y.Exit[i])
			fast[i] = math.Pow(s[i], 4./3)
			shape[i] = open(x, math.Pow(w.y.Exit[i]/20, 1.4)*20)
		}
		p = append(p, censored.DCalibration(w.y, s, bins).P)
		for name, s := range map[string][]float64{"fast": fast, "shape": shape} {
			if censored.DCalibration(w.y, s, bins).P < 0.05 {
				found[name] += 1.0 / samples
			}
		}
	}
	slices.Sort(p)
	far := 0.0 // Kolmogorov and Smirnov's distance from the uniform
	for i, v := range p {
		far = max(far, math.Abs(v-(float64(i)+0.5)/samples))
	}
	if far > 1.63/math.Sqrt(samples) { // their 1 % point
		t.Errorf("p values of true forecasts are off the uniform by %.3f", far)
	}
	for name, share := range found {
		if share < 0.8 {
			t.Errorf("forecasts too %s are refused in %.2f of the samples", name, share)
		}
	}
}

// Uno's C of subjects that are not all followed to the end tells what it would
// have been.
func TestConcordanceOfKnownTruth(t *testing.T) {
	const samples, n, tau = 200, 400, 60
	r := rand.New(rand.NewPCG(5, 6))
	uno, truth := 0.0, 0.0
	for range samples {
		w := draws(n, r)
		risk := make([]float64, n)
		for i, x := range w.x {
			won, lost := rates(x)
			risk[i] = won + lost
		}
		g := censored.NewCensoring(w.y)
		uno += censored.Uno(g, w.y, risk, tau) / samples
		for i, x := range w.x { // the same subjects, all followed to the end
			won, lost := rates(x)
			w.y.Exit[i], w.y.Cause[i] = r.ExpFloat64()/(won+lost), 1
		}
		truth += censored.Uno(censored.NewCensoring(w.y), w.y, risk, tau) / samples
	}
	if math.Abs(uno-truth) > 0.003 {
		t.Errorf("Uno's C is %.4f on average, truly %.4f", uno, truth)
	}
}

// Twelve deals and the probability of still being open that was forecast for
// the day on which each was closed or last seen.
func ExampleDCalibration() {
	y := models.Target{Cause: []uint8{1, 2, 1, 0, 1, 1, 2, 0, 1, 2, 1, 1}}
	open := []float64{0.95, 0.15, 0.62, 0.4, 0.33, 0.81, 0.27, 0.7, 0.05, 0.52, 0.74, 0.46}
	d := censored.DCalibration(y, open, 4)
	fmt.Printf("shares %.2f: p = %.2f\n", d.Share, d.P)
	// Output:
	// shares [0.25 0.31 0.27 0.17]: p = 0.88
}

// Six deals of a funnel and how long each could be followed from its landmark.
func ExampleLandmark() {
	y := models.Target{Exit: []float64{10, 20, 12, 40, 25, 5}, Cause: []uint8{1, 2, 0, 0, 1, 1}}
	rows, won := censored.Landmark(y, []float64{50, 45, 12, 40, 60, 20}, 1, 30)
	fmt.Println(rows, won)
	// Output:
	// [0 1 3 4] [1 0 0 1]
}
