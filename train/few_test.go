package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/linear"
	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// TestFewWins looks at what about forty wins teach.
func TestFewWins(t *testing.T) { fewWins(t, 4) }

// slope is that of a logistic recalibration, with its 95 % interval.
type slope struct{ value, low, high float64 }

func slopeOf(t *testing.T, y, p []float64) (slope, bool) {
	t.Helper()
	ones, odds := make([]float64, len(p)), make([]float64, len(p))
	for i, v := range p {
		v = min(max(v, 1e-9), 1-1e-9)
		ones[i], odds[i] = 1, math.Log(v/(1-v))
	}
	g, err := linear.GLM([][]float64{ones, odds}, y, nil, nil)
	if err != nil {
		return slope{}, false
	}
	half := 1.96 * math.Sqrt(g.Cov[1][1])
	return slope{g.Coef[1], g.Coef[1] - half, g.Coef[1] + half}, true
}

// fewWins trains on companies of some forty wins with eight columns that mean
// nothing, and judges by as many other leads of the same world, each followed
// for the main horizon; next to it a logistic regression without a penalty.
func fewWins(t *testing.T, companies int) {
	w := worlds["plain"]
	w.noise = 8
	w.won = []float64{0.0006, 0.001, 0.0002} // some forty wins
	const leads = 420
	type judged struct {
		slopes []slope
		holds  int
	}
	var ours, plain judged
	worse, wins, refused, gain, plainGain := 0, 0, 0, 0.0, 0.0
	for seed := range uint64(companies) {
		past, _, all := w.populate(leads, 1000+2*seed)
		result, err := train.Run(context.Background(), past, worldPlan, nil)
		if errors.As(err, new(*datasets.Error)) { // the horizon is not supported: nothing is forecast
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		wins += result.Report.Manifest.Wins
		b := openBundle(t, result.Shipped)
		fresh, _, citizens := w.populate(leads, 1001+2*seed)
		p := atCreation(t, b, fresh)
		r := rand.New(rand.NewPCG(seed, 77))
		y, base := make([]float64, leads), make([]float64, leads)
		var at [2]float64
		b.BaseCurve(0).At(at[:], 90)
		for i, c := range citizens {
			if base[i] = at[0]; r.Float64() < w.win(c, 0, 90) {
				y[i] = 1
			}
		}
		q := unshrunken(t, &w, past, all, fresh)
		if q != nil {
			plainGain += mean(logLosses(y, base)) - mean(logLosses(y, q))
		}
		for _, of := range []struct {
			j *judged
			p []float64
		}{{&ours, p}, {&plain, q}} {
			if of.p == nil {
				continue
			}
			if s, ok := slopeOf(t, y, of.p); ok {
				of.j.slopes = append(of.j.slopes, s)
				if s.low <= 1 && s.high >= 1 {
					of.j.holds++
				}
			}
		}
		d := metric.MeanDifference(logLosses(y, base), logLosses(y, p), nil, nil, 500, 1, 0.95)
		if gain += d.Value; d.High < 0 {
			worse++
		}
	}
	companies -= refused
	say := func(name string, j judged) (middle, width float64) {
		var values, widths []float64
		for _, s := range j.slopes {
			values, widths = append(values, s.value), append(widths, s.high-s.low)
		}
		slices.Sort(values)
		slices.Sort(widths)
		n := len(values)
		middle, width = values[n/2], widths[n/2]
		t.Logf("%-10s slope %.2f (%.2f to %.2f over companies), its interval holds 1 in %d of %d, is %.2f wide", name, middle, values[n/40], values[n-1-n/40], j.holds, companies, width)
		return middle, width
	}
	t.Logf("%.0f wins a company; %d too few to be learned from", float64(wins)/float64(companies), refused)
	say("ours", ours)
	say("unshrunken", plain)
	t.Logf("log loss %.4f below that of the base rates, of the unshrunken %.4f; worse beyond noise in %d of %d", gain/float64(companies), plainGain/float64(companies), worse, companies)
	if 10*worse > companies+10 {
		t.Errorf("worse than the base rates beyond noise in %d of %d", worse, companies)
	}
	if !(gain > 0 && gain > plainGain) {
		t.Errorf("log loss %.4f below that of the base rates, unshrunken %.4f", gain, plainGain)
	}
}

// atCreation forecasts raw leads as of their creation.
func atCreation(t *testing.T, b *bundle.Bundle, raw *datasets.Table) []float64 {
	t.Helper()
	leads := &datasets.Table{Rows: raw.Rows, Columns: slices.Clone(raw.Columns)}
	leads.Columns = append(leads.Columns, &datasets.Column{Name: "as_of", Kind: datasets.Raw, Texts: raw.Column("created").Texts})
	s, err := b.Read(leads, datasets.NoTime)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, len(scores))
	for i := range scores {
		if scores[i].Win == nil {
			t.Fatal(scores[i].Err, scores[i].Warnings)
		}
		p[i] = *scores[i].Win
	}
	return p
}

func logLosses(y, p []float64) []float64 {
	loss := make([]float64, len(y))
	for i, v := range p {
		loss[i] = -math.Log(math.Abs(1 - y[i] - v))
	}
	return loss
}

// unshrunken is logistic regression by maximum likelihood on the past leads
// that were followed for 90 days, of all columns.
func unshrunken(t *testing.T, w *world, past *datasets.Table, all []citizen, fresh *datasets.Table) []float64 {
	t.Helper()
	var rows []int
	var y []float64
	for i, c := range all {
		if worldAsOf.Sub(c.created).Hours() < 90*24 {
			continue
		}
		won := 0.0
		if past.Column("status").Texts.At(i) == "won" && wonWithin(t, past, i, 90) {
			won = 1
		}
		rows, y = append(rows, i), append(y, won)
	}
	columns := func(leads *datasets.Table, rows []int) [][]float64 {
		x := make([][]float64, 1+3+2+w.noise)
		for _, i := range rows {
			x[0] = append(x[0], 1)
			for k := range 3 {
				v := 0.0
				if leads.Column("source").Texts.At(i) == "source "+string(rune('0'+k)) {
					v = 1
				}
				x[1+k] = append(x[1+k], v)
			}
			for k, c := range leads.Columns[5:] {
				x[4+k] = append(x[4+k], numeral(t, c.Texts.At(i)))
			}
		}
		return x
	}
	g, err := linear.GLM(columns(past, rows), y, nil, nil)
	if err != nil {
		return nil // so few wins may be separated by some column
	}
	every := make([]int, fresh.Rows)
	for i := range every {
		every[i] = i
	}
	p := make([]float64, fresh.Rows)
	for j, c := range columns(fresh, every) {
		for i, v := range c {
			p[i] += g.Coef[j] * v
		}
	}
	for i, v := range p {
		p[i] = 1 / (1 + math.Exp(-v))
	}
	return p
}

func numeral(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wonWithin(t *testing.T, leads *datasets.Table, i, days int) bool {
	t.Helper()
	created, err := time.Parse(time.DateOnly, leads.Column("created").Texts.At(i))
	if err != nil {
		t.Fatal(err)
	}
	closed, err := time.Parse(time.DateOnly, leads.Column("closed").Texts.At(i))
	if err != nil {
		t.Fatal(err)
	}
	return closed.Sub(created).Hours() <= float64(24*days)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
