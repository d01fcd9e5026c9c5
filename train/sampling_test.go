package train

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/survival"
)

// watch is a world of subjects whose hazards depend on five of their twenty
// columns and on age. follow is for how long subject i is watched.
func watch(n int, seed uint64, follow func(r *rand.Rand) float64) (x *matrix.Matrix, y models.Target) {
	r := rand.New(rand.NewPCG(seed, 17))
	rows := make([][]float64, n)
	y = models.Target{Exit: make([]float64, n), Cause: make([]uint8, n), Keys: make([]uint64, n)}
	for i := range rows {
		v := make([]float64, 20)
		for j := range v {
			v[j] = math.Round(100*r.NormFloat64()) / 100
		}
		more := 0.6*v[0] + 0.5*math.Sin(2*v[1])
		if v[2] > 0 {
			more += 0.4 * v[3]
		}
		less := 0.5*v[4] - 0.3*v[0]
		end, age := follow(r), 0.0
		for _, part := range []struct{ until, won, lost float64 }{{20, 0.0008, 0.004}, {80, 0.003, 0.004}, {math.Inf(1), 0.0012, 0.002}} {
			won, lost := part.won*math.Exp(more), part.lost*math.Exp(less)
			next := age + r.ExpFloat64()/(won+lost)
			if age = min(next, part.until, end); next <= min(part.until, end) {
				y.Cause[i] = 1
				if r.Float64() > won/(won+lost) {
					y.Cause[i] = 2
				}
			}
			if y.Cause[i] > 0 || age == end {
				break
			}
		}
		rows[i], y.Exit[i], y.Keys[i] = v, age, uint64(i)
	}
	return matrix.New(rows), y
}

// spent is what a fit took: processor time and the largest heap.
type spent struct {
	processor time.Duration
	heap      uint64
}

func measured(t *testing.T, fit func() models.Model) (models.Model, spent) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as the program has it
	runtime.GC()
	processor := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	stop, largest := make(chan bool), make(chan uint64)
	go func() {
		var m runtime.MemStats
		most := uint64(0)
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-stop:
				largest <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	before := processor()
	m := fit()
	took := processor() - before
	stop <- true
	return m, spent{took, <-largest}
}

// TestSampledRows: a fit to a sample of the uneventful rows is as good as one
// to all of them.
func TestSampledRows(t *testing.T) { sampledRows(t, 15_000, 5_000, 25, 3) }

// sampledRows fits hazards to all rows and to a sample
// of so many rows a subject, and a plain classifier to the same subjects.
func sampledRows(t *testing.T, n, judged, rounds, each int) (classifier, sampled spent) {
	ctx := context.Background()
	x, y := watch(n, 1, func(r *rand.Rand) float64 { return 30 + 370*r.Float64() })
	var horizons []float64
	for h := 15.0; h <= 365; h += 15 { // a fine axis: about a dozen rows a subject
		horizons = append(horizons, h)
	}
	booster := func(objective gbm.Objective) gbm.Booster {
		b := gbm.Defaults(objective)
		b.Rounds, b.LearningRate, b.Patience, b.Seed = rounds, 0.1, 0, 1
		return b
	}
	hazards := func(limit int) models.Model {
		learner := func(int) models.Learner {
			b := booster(gbm.Poisson{})
			b.MinLeaf *= rowsPerLead
			return b
		}
		m, err := survival.Piecewise{Cuts: survival.Cuts(y, horizons, mostIntervals), Causes: causes, Learner: learner, Limit: limit, Seed: 1}.Fit(ctx, x, y)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	_, classifier = measured(t, func() models.Model {
		won := models.Target{Y: make([]float64, n), Keys: y.Keys}
		for i, c := range y.Cause {
			if c == 1 && y.Exit[i] <= 90 {
				won.Y[i] = 1
			}
		}
		m, err := booster(gbm.Logistic{}).Fit(ctx, x, won)
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
	whole, most := measured(t, func() models.Model { return hazards(0) })
	some, sampled := measured(t, func() models.Model { return hazards(each * n) })
	full, _ := survival.Expand(survival.Cuts(y, horizons, mostIntervals), y, 0, 1)
	few, _ := survival.Expand(survival.Cuts(y, horizons, mostIntervals), y, each*n, 1)
	if k := len(few.Subject); 10*k > 11*each*n {
		t.Errorf("%d rows of %d in the sample of %d subjects", k, len(full.Subject), n)
	}
	fresh, came := watch(judged, 2, func(*rand.Rand) float64 { return 365 })
	brier, expected := watchedBrier(t, whole.(*survival.Hazards), fresh, came)
	brierSome, expectedSome := watchedBrier(t, some.(*survival.Hazards), fresh, came)
	t.Logf("%d subjects, %d rows, %d in the sample; integrated Brier %.5f and %.5f (%+.3f %%); expected wins %+.3f %%; processor: classifier %.1f s, all rows %.1f s, sample %.1f s (%.1f ×); heap: %d, %d, %d MB (%.2f ×)",
		n, len(full.Subject), len(few.Subject), brier, brierSome, 100*(brierSome/brier-1), 100*(expectedSome/expected-1), classifier.processor.Seconds(), most.processor.Seconds(), sampled.processor.Seconds(),
		sampled.processor.Seconds()/classifier.processor.Seconds(), classifier.heap>>20, most.heap>>20, sampled.heap>>20, float64(sampled.heap)/float64(classifier.heap))
	if brierSome > 1.005*brier {
		t.Errorf("integrated Brier %.5f, with all rows %.5f", brierSome, brier)
	}
	if math.Abs(expectedSome/expected-1) > 0.01 {
		t.Errorf("expected wins %.1f, with all rows %.1f", expectedSome, expected)
	}
	return classifier, sampled
}

// watchedBrier is the Brier score of being won, averaged over every 30 days of
// a year, of subjects that were watched for all of it, and the wins expected.
func watchedBrier(t *testing.T, h *survival.Hazards, x *matrix.Matrix, y models.Target) (score, expected float64) {
	rates := make([]float64, x.Rows*h.Outputs())
	if err := h.Predict(rates, x); err != nil {
		t.Fatal(err)
	}
	var at [causes]float64
	for i := range x.Rows {
		c := h.Curve(rates[i*h.Outputs():][:h.Outputs()], 0)
		for days := 30.0; days <= 360; days += 30 {
			c.At(at[:], days)
			won := 0.0
			if y.Cause[i] == 1 && y.Exit[i] <= days {
				won = 1
			}
			score += (at[0] - won) * (at[0] - won) / 12 / float64(x.Rows)
		}
		expected += at[0]
	}
	return score, expected
}
