package gbm

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

func fitAny(t testing.TB, b Booster, x *matrix.Matrix, y models.Target) models.Model {
	t.Helper()
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// outcomes gives every objective something to learn from the same table.
func outcomes(o Objective, y models.Target, truth []float64, seed uint64) models.Target {
	r := rand.New(rand.NewPCG(seed, 30))
	z := models.Target{Keys: y.Keys, Weight: y.Weight, Valid: y.Valid, Y: make([]float64, len(truth))}
	for i, p := range truth {
		switch o.(type) {
		case Squared, Huber, Quantile:
			z.Y[i] = 100*p + 10*r.NormFloat64()
		case Gamma:
			z.Y[i] = math.Exp(2*p + r.NormFloat64())
		case Tweedie:
			z.Y[i] = max(0, 50*p*r.ExpFloat64()-10)
		case Softmax:
			z.Y[i] = math.Floor(2.9 * math.Min(p+0.3*r.Float64(), 1))
		case Cox:
			z.Exit, z.Cause = append(z.Exit, math.Ceil(30*r.ExpFloat64()/(p+0.1))), append(z.Cause, uint8(r.IntN(2)))
		default:
			if r.Float64() < p {
				z.Y[i] = 1
			}
		}
	}
	if _, ok := o.(Cox); ok {
		z.Y = nil
	}
	return z
}

var every = []Objective{
	Logistic{}, Poisson{}, Squared{}, Huber{Delta: 8}, Quantile{Level: 0.8}, Gamma{}, Tweedie{1.4}, Softmax{3}, Cox{},
}

// TestEveryObjectiveKeepsItsBytes: they depend neither on the number of threads
// nor on the order of the rows.
func TestEveryObjectiveKeepsItsBytes(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	x, y, truth := world(9000, 5, 30)
	r := rand.New(rand.NewPCG(30, 30))
	for range x.Rows {
		y.Keys, y.Weight, y.Valid = append(y.Keys, r.Uint64()), append(y.Weight, r.Float64()), append(y.Valid, r.IntN(4) == 0)
	}
	rows := make([]int32, x.Rows)
	for i, k := range r.Perm(x.Rows) {
		rows[i] = int32(k)
	}
	for _, o := range every {
		z, turned := outcomes(o, y, truth, 30), models.Target{}
		for _, k := range rows {
			turned.Keys, turned.Weight, turned.Valid = append(turned.Keys, z.Keys[k]), append(turned.Weight, z.Weight[k]), append(turned.Valid, z.Valid[k])
			if z.Y != nil {
				turned.Y = append(turned.Y, z.Y[k])
			} else {
				turned.Exit, turned.Cause = append(turned.Exit, z.Exit[k]), append(turned.Cause, z.Cause[k])
			}
		}
		b := few(o)
		b.Rounds, b.RowSample = 6, 0.8
		runtime.GOMAXPROCS(1)
		want := encode(t, fitAny(t, b, x, z))
		runtime.GOMAXPROCS(5)
		if !bytes.Equal(encode(t, fitAny(t, b, x, z)), want) {
			t.Errorf("%s: other bytes with other threads", o.Name())
		}
		if !bytes.Equal(encode(t, fitAny(t, b, x.Gather(rows), turned)), want) {
			t.Errorf("%s: other bytes for another order of rows", o.Name())
		}
	}
}

// TestGoingOnIsOneRun: 12 rounds and 13 more are the bytes of 25, whatever is
// drawn, with statistics of categories too.
func TestGoingOnIsOneRun(t *testing.T) {
	x, y := crowded(3000, 31)
	_, _, truth := world(1000, 8, 31)
	long := make([]float64, x.Rows)
	for i := range long {
		long[i] = truth[i/3%1000]
	}
	for _, o := range every {
		z := outcomes(o, y, long, 31)
		z.Valid = nil
		b := few(o)
		b.RowSample, b.ColumnSample, b.Rounds = 0.8, 0.8, 25
		want := fitAny(t, b, x, z)
		b.Rounds = 12
		half := fitAny(t, b, x, z)
		b.Rounds, b.From = 13, half
		got := fitAny(t, b, x, z)
		if !bytes.Equal(encode(t, got), encode(t, want)) {
			t.Errorf("%s: another model than in one run", o.Name())
		}
		if b.Rounds = 0; !bytes.Equal(encode(t, fitAny(t, b, x, z)), encode(t, half)) {
			t.Errorf("%s: no more rounds change the model", o.Name())
		}
	}
}

// TestGoingOnStopsEarly: what the held rows do not like is not added.
func TestGoingOnStopsEarly(t *testing.T) {
	x, y, _ := world(1500, 6, 32)
	y.Valid = make([]bool, x.Rows)
	for i := range y.Valid {
		y.Valid[i] = i%3 == 0
	}
	b := few(Logistic{})
	b.Rounds, b.Patience = 400, 5
	best := mustFit(t, b, x, y)
	b.From = best
	if more := mustFit(t, b, x, y); more.Trees() != best.Trees() {
		t.Errorf("%d trees after %d", more.Trees(), best.Trees())
	}
}

func TestGoingOnWantsTheSame(t *testing.T) {
	x, y, _ := world(300, 6, 33)
	m := fitAny(t, few(Logistic{}), x, y)
	b := few(Poisson{})
	b.From = m
	if _, err := b.Fit(context.Background(), x, y); err == nil {
		t.Error("another objective was taken")
	}
	b = few(Logistic{})
	b.From = m
	if _, err := b.Fit(context.Background(), x.With(x.Columns[0]), y); err == nil {
		t.Error("another number of columns was taken")
	}
	if _, err := b.Refit(context.Background(), nil, x, y, 0); err == nil {
		t.Error("nothing was refitted")
	}
	if _, err := b.Refit(context.Background(), m, x, y, 1.5); err == nil {
		t.Error("a share above one was kept")
	}
}

// TestRefitOnTheSameRows gives the same model, value by value.
func TestRefitOnTheSameRows(t *testing.T) {
	x, y, truth := world(1500, 8, 34)
	for _, o := range every {
		z := outcomes(o, y, truth, 34)
		b := few(o)
		b.L1 = 0.5
		m := fitAny(t, b, x, z)
		again, err := b.Refit(context.Background(), m, x, z, 0)
		if err != nil {
			t.Fatal(err)
		}
		if was, is := margins(t, m, x), margins(t, again, x); !near(was, is, 1e-9) {
			t.Errorf("%s: other margins", o.Name())
		}
		if again, err = b.Refit(context.Background(), m, x, z, 1); err != nil || !near(margins(t, m, x), margins(t, again, x), 1e-12) {
			t.Errorf("%s: all was to be kept (%v)", o.Name(), err)
		}
	}
}

func margins(t testing.TB, m models.Model, x *matrix.Matrix) []float64 {
	t.Helper()
	v := make([]float64, x.Rows*m.Outputs())
	if err := m.(models.Additive).Margins(v, x); err != nil {
		t.Fatal(err)
	}
	return v
}

func near(a, b []float64, relative float64) bool {
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= relative*(1+math.Abs(a[i]))) {
			return false
		}
	}
	return true
}

// TestRefitLearnsNewRows: the questions stay, the answers follow the new rows.
func TestRefitLearnsNewRows(t *testing.T) {
	x, y, _ := world(4000, 6, 35)
	m := mustFit(t, few(Logistic{}), x, y)
	fresh, turned, _ := world(4000, 6, 36)
	for i := range turned.Y {
		turned.Y[i] = 1 - turned.Y[i]
	}
	refitted, err := few(Logistic{}).Refit(context.Background(), m, fresh, turned, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := refitted.(*Model)
	for k := range m.Trees() {
		for i, n := range m.trees.Nodes(k) {
			if v := r.trees.Nodes(k)[i]; v.Feature != n.Feature || v.Threshold != n.Threshold {
				t.Fatalf("tree %d asks something else", k)
			}
		}
	}
	third, answers, _ := world(4000, 6, 37)
	for i := range answers.Y {
		answers.Y[i] = 1 - answers.Y[i]
	}
	if was, is := logLoss(predict(t, m, third), answers.Y), logLoss(predict(t, r, third), answers.Y); is > was-0.2 {
		t.Errorf("log loss %v after a refit, %v before", is, was)
	}
}

// TestRepetition: on any table, whole weights up to 8 grow the trees of repeated
// rows. Outcomes are such that gradients take many values: where they take two,
// splits are often equally good and rounding decides between them.
func TestRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom([]Objective{Logistic{}, Squared{}, Gamma{}, Tweedie{1.4}}).Draw(t, "objective")
		seed := rapid.Uint64().Draw(t, "seed")
		x, y, truth := world(rapid.IntRange(60, 250).Draw(t, "rows"), 5, seed)
		y = outcomes(o, y, truth, seed)
		r := rand.New(rand.NewPCG(seed, 40))
		if o == (Logistic{}) {
			y.Y = truth
		}
		for i := range y.Y {
			y.Y[i] = math.Abs(y.Y[i] - 1e-3*r.Float64()) // no two alike, as the zeros of amounts are
		}
		var rows []int32
		var z models.Target
		for i := range x.Rows {
			w := r.IntN(9)
			y.Weight, y.Keys = append(y.Weight, float64(w)), append(y.Keys, r.Uint64())
			for range w {
				rows, z.Keys = append(rows, int32(i)), append(z.Keys, y.Keys[i])
				z.Y = append(z.Y, y.Y[i])
			}
		}
		b := few(o)
		b.MinLeaf, b.Rounds = 1, 8
		weighted, err := b.Fit(context.Background(), x, y)
		if err != nil {
			return // too few rows for some outcome
		}
		repeated, err := b.Fit(context.Background(), x.Gather(rows), z)
		if err != nil {
			t.Fatal(err)
		}
		some := make([]int32, 0, len(rows)) // rows without weight are free to go either way
		for i, w := range y.Weight {
			if w > 0 {
				some = append(some, int32(i))
			}
		}
		p := make([]float64, len(some)*weighted.Outputs())
		q := make([]float64, len(p))
		if weighted.Predict(p, x.Gather(some)) != nil || repeated.Predict(q, x.Gather(some)) != nil {
			t.Fatal("no forecasts")
		}
		for i := range p {
			if !near(p[i:i+1], q[i:i+1], 1e-6) {
				t.Fatalf("%s: row %d: %v by weight, %v by repetition", o.Name(), some[i], p[i], q[i])
			}
		}
	})
}

// TestTwoClasses: a softmax of two is the logistic model, with half of L2 for
// each of two opposite trees and rounding between them.
func TestTwoClasses(t *testing.T) {
	x, y, _ := world(3000, 6, 38)
	b := few(Logistic{})
	b.MinLeaf, b.Rounds, b.MaxDepth = 1, 20, 1
	want := predict(t, mustFit(t, b, x, y), x)
	b.Objective, b.L2 = Softmax{2}, 2*b.L2
	b.CategoryL2 *= 2
	m := fitAny(t, b, x, y)
	p := make([]float64, 2*x.Rows)
	if err := m.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	for i, v := range want {
		if math.Abs(p[2*i+1]-v) > 0.02 || math.Abs(p[2*i]+p[2*i+1]-1) > 1e-15 {
			t.Fatalf("row %d: %v, logistic %v", i, p[2*i:2*i+2], v)
		}
	}
}

// TestManyLevels: a column of 65,536 categories of which some come once.
func TestManyLevels(t *testing.T) {
	const levels, rows = 1 << 16, 100_000
	r := rand.New(rand.NewPCG(39, 39))
	effect := make([]float64, levels)
	for k := range effect {
		effect[k] = 3 * r.NormFloat64()
	}
	draw := func() (*matrix.Matrix, models.Target) {
		c := matrix.Column{Name: "c", Levels: levels, Codes: make([]int32, rows)}
		y := models.Target{Y: make([]float64, rows)}
		for i := range c.Codes {
			if c.Codes[i] = int32(i); i >= levels { // each level once, then few of them often
				c.Codes[i] = int32(r.IntN(400) * 163)
			}
			if r.Float64() < 1/(1+math.Exp(-effect[c.Codes[i]])) {
				y.Y[i] = 1
			}
		}
		return &matrix.Matrix{Rows: rows, Columns: []matrix.Column{c}}, y
	}
	x, y := draw()
	b := few(Logistic{})
	m := mustFit(t, b, x, y)
	d, err := Decode(encode(t, m))
	if err != nil {
		t.Fatal(err)
	}
	fresh, answers := draw()
	loss := func(from, to int) float64 {
		return logLoss(predict(t, d.(*Model), fresh)[from:to], answers.Y[from:to])
	}
	if often := loss(levels, rows); often > 0.42 { // the truth has 0.37
		t.Errorf("log loss %v on levels that come often", often)
	}
	if once := loss(0, levels); once > 0.69 { // at most a coin: one outcome tells little
		t.Errorf("log loss %v on levels that came once", once)
	}
}
