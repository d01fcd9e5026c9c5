package linear

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// world is a table with signal in a number, a heavy-tailed number, a category
// and a missing value, and noise beside them.
func world(n int, seed uint64) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 1))
	a, heavy, noise, gaps := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	codes := make([]int32, n)
	y := models.Target{Y: make([]float64, n), Keys: make([]uint64, n)}
	for i := range a {
		a[i], noise[i] = r.NormFloat64(), r.NormFloat64()
		heavy[i] = math.Exp(2 * r.NormFloat64())
		codes[i] = int32(r.IntN(4)) - 1
		gaps[i] = r.NormFloat64()
		eta := -1 + 0.8*a[i] + 0.5*math.Log(heavy[i]) + 0.6*float64(codes[i])
		if r.IntN(3) == 0 {
			gaps[i] = math.NaN()
			eta -= 1
		}
		if r.Float64() < portable.Sigmoid(eta) {
			y.Y[i] = 1
		}
		y.Keys[i] = uint64(i)
	}
	return &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "a", Nums: a}, {Name: "heavy", Nums: heavy}, {Name: "noise", Nums: noise},
		{Name: "gaps", Nums: gaps}, {Name: "kind", Codes: codes, Levels: 3},
	}}, y
}

func fit(t testing.TB, l models.Learner, x *matrix.Matrix, y models.Target) *Model {
	t.Helper()
	m, err := l.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Model)
}

func predict(t testing.TB, m models.Model, x *matrix.Matrix) []float64 {
	t.Helper()
	p := make([]float64, x.Rows)
	if err := m.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	return p
}

func same(t testing.TB, what string, a, b []float64, tol float64) {
	t.Helper()
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= tol*max(1, math.Abs(b[i]))) {
			t.Fatalf("%s: row %d: %v and %v", what, i, a[i], b[i])
		}
	}
}

// learners are all kinds of fit that the laws must hold for.
var learners = map[string]models.Learner{
	"ridge": Logistic{}, "fixed": Logistic{Lambda: 3}, "net": Logistic{Lambda: 3, Alpha: 0.5},
	"straight": Logistic{Straight: true}, "steps": Logistic{Steps: []string{"count"}}, "poisson": Poisson{},
}

func lawWorld() (*matrix.Matrix, models.Target) {
	x, y := world(800, 5)
	count := make([]float64, x.Rows)
	for i := range count {
		count[i] = float64(i % 6)
	}
	return x.With(matrix.Column{Name: "count", Nums: count}), y
}

func TestForecastsAddUpToTheEvents(t *testing.T) {
	for name, l := range learners {
		x, y := lawWorld()
		want, got := 0.0, 0.0
		for i, p := range predict(t, fit(t, l, x, y), x) {
			want += y.Y[i]
			got += p
		}
		if math.Abs(got-want) > 0.01 {
			t.Errorf("%s: %v events forecast, %v seen", name, got, want)
		}
	}
}

func TestSignalIsFoundAndNoiseIsNot(t *testing.T) {
	x, y := world(20000, 1)
	m := fit(t, Logistic{}, x, y)
	slope := func(j int, lo, hi float64) float64 { return m.terms[j].number(hi) - m.terms[j].number(lo) }
	if s := slope(0, 0, 1); math.Abs(s-0.8) > 0.06 {
		t.Errorf("slope of a number: %v, true 0.8", s)
	}
	if s := slope(1, 1, math.E*math.E); math.Abs(s-1) > 0.35 {
		t.Errorf("effect of a heavy-tailed number: %v, true 1", s)
	}
	if s := slope(2, 0, 1); math.Abs(s) > 0.04 {
		t.Errorf("slope of noise: %v", s)
	}
	if s := m.terms[3].missing; s > -0.5 {
		t.Errorf("effect of a missing value: %v, true −1 against the rest", s)
	}
	if s := m.terms[4].code(2) - m.terms[4].code(0); math.Abs(s-1.2) > 0.15 {
		t.Errorf("effect of a category: %v, true 1.2", s)
	}
}

func TestStepsFollowAHazardByAge(t *testing.T) {
	const n = 30000
	r := rand.New(rand.NewPCG(3, 1))
	age := make([]float64, n)
	y := models.Target{Y: make([]float64, n), Exposure: make([]float64, n)}
	rate := func(age float64) float64 { return []float64{0.01, 0.2, 0.02, 0.1}[int(age/30)] }
	for i := range age {
		age[i] = float64(r.IntN(4)) * 30
		y.Exposure[i] = 0.5 + r.Float64()
		if r.Float64() < -math.Expm1(-rate(age[i])*y.Exposure[i]) {
			y.Y[i] = 1
		}
	}
	var events, exposure [4]float64
	for i, a := range age {
		events[int(a/30)] += y.Y[i]
		exposure[int(a/30)] += y.Exposure[i]
	}
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{{Name: "age", Nums: age}}}
	for i, p := range predict(t, fit(t, Poisson{Steps: []string{"age"}}, x, y), x)[:50] {
		k := int(age[i] / 30)
		if want := events[k] / exposure[k]; math.Abs(p-want) > 0.06*want {
			t.Errorf("rate at age %v: %v, seen %v", age[i], p, want)
		}
	}
}

func TestManyLevelsDoNotOverfit(t *testing.T) {
	const n, levels = 40000, 1200
	r := rand.New(rand.NewPCG(4, 1))
	effect := make([]float64, levels)
	for k := range effect {
		effect[k] = r.NormFloat64()
	}
	real, noise := make([]int32, n), make([]int32, n)
	y := models.Target{Y: make([]float64, n)}
	for i := range real {
		real[i], noise[i] = int32(r.IntN(levels)), int32(r.IntN(levels))
		if r.Float64() < portable.Sigmoid(effect[real[i]]-1) {
			y.Y[i] = 1
		}
	}
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{{Name: "real", Codes: real, Levels: levels}, {Name: "noise", Codes: noise, Levels: levels}}}
	m := fit(t, Logistic{}, x, y)
	var cross, square, stray float64
	for k, e := range effect {
		cross += e * m.terms[0].code(int32(k))
		square += e * e
		stray += math.Abs(m.terms[1].code(int32(k))) / levels
	}
	if s := cross / square; s < 0.55 || s > 1.15 {
		t.Errorf("the effects of real levels come out %v as large as they are", s)
	}
	if stray > 0.05 {
		t.Errorf("levels without effect get %v on average", stray)
	}
}

func TestHeldOutRowsChooseAnElasticNet(t *testing.T) {
	x, y := world(3000, 6)
	for k := range 15 {
		c := matrix.Column{Name: fmt.Sprint("noise", k), Nums: make([]float64, x.Rows)}
		r := rand.New(rand.NewPCG(uint64(k), 9))
		for i := range c.Nums {
			c.Nums[i] = r.NormFloat64()
		}
		x = x.With(c)
	}
	y.Valid = make([]bool, x.Rows)
	for i := range y.Valid {
		y.Valid[i] = i%4 == 0
	}
	m := fit(t, Logistic{Alpha: 1}, x, y)
	silent := 0
	for j := 5; j < len(m.terms); j++ {
		if m.terms[j].number(1) == m.terms[j].number(-1) {
			silent++
		}
	}
	if silent < 3 || m.terms[0].number(1)-m.terms[0].number(0) < 0.4 {
		t.Errorf("%d of 15 columns of noise are left out, and the signal is %v", silent, m.terms[0].number(1)-m.terms[0].number(0))
	}
}

func TestLaws(t *testing.T) {
	for name, l := range learners {
		t.Run(name, func(t *testing.T) {
			x, y := lawWorld()
			m := fit(t, l, x, y)
			p := predict(t, m, x)
			t.Run("repeat", func(t *testing.T) { same(t, "second fit", predict(t, fit(t, l, x, y), x), p, 0) })
			t.Run("constant and empty columns", func(t *testing.T) {
				one, none := make([]float64, x.Rows), make([]float64, x.Rows)
				for i := range one {
					one[i], none[i] = 7, math.NaN()
				}
				more := x.With(matrix.Column{Name: "one", Nums: one}, matrix.Column{Name: "none", Nums: none}, matrix.Column{Name: "nothing", Codes: make([]int32, x.Rows), Levels: 1})
				same(t, "prediction", predict(t, fit(t, l, more, y), more), p, 2e-3)
			})
			t.Run("duplicate column", func(t *testing.T) {
				twice := x.With(x.Columns[0])
				for i, v := range predict(t, fit(t, l, twice, y), twice) {
					if math.Abs(v-p[i]) > 0.05 {
						t.Fatalf("row %d moves from %v to %v", i, p[i], v)
					}
				}
			})
			t.Run("column order", func(t *testing.T) {
				turned := &matrix.Matrix{Rows: x.Rows, Columns: slices.Clone(x.Columns)}
				slices.Reverse(turned.Columns)
				same(t, "prediction", predict(t, fit(t, l, turned, y), turned), p, 1e-5)
			})
			t.Run("row order", func(t *testing.T) {
				rows := rand.New(rand.NewPCG(8, 8)).Perm(x.Rows)
				index, turned := make([]int32, x.Rows), models.Target{Y: make([]float64, x.Rows), Keys: make([]uint64, x.Rows)}
				for i, k := range rows {
					index[i], turned.Y[i], turned.Keys[i] = int32(k), y.Y[k], y.Keys[k]
				}
				same(t, "prediction", predict(t, fit(t, l, x.Gather(index), turned), x), p, 1e-5)
			})
			t.Run("weight is repetition", func(t *testing.T) {
				var index []int32
				weighted, repeated := y, models.Target{}
				weighted.Weight = make([]float64, x.Rows)
				for i := range weighted.Weight {
					weighted.Weight[i] = float64(i % 3)
					for range i % 3 {
						index = append(index, int32(i))
						repeated.Y = append(repeated.Y, y.Y[i])
					}
				}
				a, b := fit(t, l, x, weighted), fit(t, l, x.Gather(index), repeated)
				same(t, "prediction", predict(t, a, x), predict(t, b, x), 1e-5)
			})
			t.Run("held-out rows", func(t *testing.T) {
				held := y
				held.Y, held.Valid = slices.Clone(y.Y), make([]bool, x.Rows)
				for i := range held.Valid {
					held.Valid[i] = i%5 == 0
				}
				before := predict(t, fit(t, l, x, held), x)
				for i := range held.Y {
					if held.Valid[i] {
						held.Y[i] = 1 - held.Y[i]
					}
				}
				same(t, "prediction", predict(t, fit(t, l, x, held), x), before, 0)
			})
			t.Run("processors", func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				a, _ := fit(t, l, x, y).AppendBinary(nil)
				b, _ := m.AppendBinary(nil)
				if !bytes.Equal(a, b) {
					t.Error("the fit depends on the number of processors")
				}
			})
			t.Run("shares", func(t *testing.T) { checkShares(t, m, x) })
			t.Run("codec", func(t *testing.T) {
				b, err := m.AppendBinary([]byte("x"))
				if err != nil {
					t.Fatal(err)
				}
				back, err := Decode(b[1:])
				if err != nil {
					t.Fatal(err)
				}
				same(t, "prediction", predict(t, back, x), p, 0)
				if back.Lambda() != m.Lambda() {
					t.Error("lambda is lost")
				}
				for n := 1; n < len(b); n++ {
					if _, err := Decode(b[1:n]); err == nil {
						t.Fatalf("%d bytes of %d are accepted", n-1, len(b)-1)
					}
				}
			})
		})
	}
}

func checkShares(t *testing.T, m *Model, x *matrix.Matrix) {
	margins, weights, shares := make([]float64, x.Rows), make([]float64, x.Rows), make([]float64, len(x.Columns))
	if err := m.Margins(margins, x); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for i := range weights {
		weights[i] = float64(i%7) / 10
		want += weights[i] * margins[i]
	}
	got, err := m.Shares(shares, x, weights)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shares {
		got += s
	}
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("shares add to %v, margins to %v", got, want)
	}
	clear(shares)
	for i := range weights {
		weights[i] = 1 / float64(x.Rows)
	}
	if _, err := m.Shares(shares, x, weights); err != nil {
		t.Fatal(err)
	}
	for j, s := range shares {
		if math.Abs(s) > 1e-9 {
			t.Errorf("column %d has a mean share of %v over the fitted rows", j, s)
		}
	}
}

func TestViewsAreTheSameAsCopies(t *testing.T) {
	x, y := world(300, 7)
	r := rand.New(rand.NewPCG(7, 7))
	var index []int32
	var long models.Target
	age := matrix.Column{Name: "age"}
	for i := range x.Rows {
		for k := range 1 + r.IntN(4) {
			index = append(index, int32(i))
			long.Y = append(long.Y, y.Y[i]*float64(k%2))
			long.Exposure = append(long.Exposure, 1+r.Float64())
			long.Keys = append(long.Keys, uint64(i))
			age.Nums = append(age.Nums, float64(k))
		}
	}
	view := x.Gather(index).With(age)
	copied := &matrix.Matrix{Rows: view.Rows}
	for _, c := range view.Columns {
		d := matrix.Column{Name: c.Name, Levels: c.Levels}
		for i := range view.Rows {
			if c.Categorical() {
				d.Codes = append(d.Codes, c.Code(i))
			} else {
				d.Nums = append(d.Nums, c.Num(i))
			}
		}
		copied.Columns = append(copied.Columns, d)
	}
	l := Poisson{Steps: []string{"age"}, Straight: true}
	m := fit(t, l, view, long)
	same(t, "prediction", predict(t, m, view), predict(t, fit(t, l, copied, long), copied), 1e-5)
	same(t, "prediction of a view", predict(t, m, view), predict(t, m, copied), 0)
}

func TestErrors(t *testing.T) {
	x := matrix.New([][]float64{{1}, {2}, {3}})
	ones := []float64{1, 1, 1}
	for name, c := range map[string]struct {
		l    models.Learner
		x    *matrix.Matrix
		y    models.Target
		want string
	}{
		"no event":     {Logistic{}, x, models.Target{Y: make([]float64, 3)}, "no row to fit has an event"},
		"no other":     {Logistic{}, x, models.Target{Y: ones}, "all rows"},
		"no count":     {Poisson{}, x, models.Target{Y: make([]float64, 3)}, "no row to fit has an event"},
		"one row":      {Logistic{}, matrix.New([][]float64{{1}}), models.Target{Y: []float64{1}}, "fewer than two rows"},
		"no rows":      {Poisson{}, matrix.New(nil), models.Target{Y: []float64{}}, "fewer than two rows"},
		"outcome":      {Logistic{}, x, models.Target{Y: []float64{0, 1, 2}}, "row 3"},
		"nan":          {Poisson{}, x, models.Target{Y: []float64{0, math.NaN(), 2}}, "row 2"},
		"exposure":     {Poisson{}, x, models.Target{Y: []float64{0, 1, 1}, Exposure: []float64{1, 1, 0}}, "row 3"},
		"weight":       {Poisson{}, x, models.Target{Y: []float64{0, 1, 1}, Weight: []float64{1, -1, 0}}, "row 2"},
		"alpha":        {Logistic{Alpha: 2}, x, models.Target{Y: []float64{0, 1, 1}}, "alpha"},
		"all held out": {Logistic{}, x, models.Target{Y: []float64{0, 1, 1}, Valid: []bool{true, true, true}}, "fewer than two rows"},
	} {
		if _, err := c.l.Fit(context.Background(), c.x, c.y); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	steps := matrix.Column{Name: "age", Nums: make([]float64, 2000)}
	y := models.Target{Y: make([]float64, 2000)}
	for i := range steps.Nums {
		steps.Nums[i], y.Y[i] = float64(i), float64(i%2)
	}
	if _, err := (Logistic{Steps: []string{"age"}}).Fit(context.Background(), &matrix.Matrix{Rows: 2000, Columns: []matrix.Column{steps}}, y); err == nil {
		t.Error("a step column of 2000 values is accepted")
	}
	big, target := world(500, 2)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Logistic{}).Fit(done, big, target); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	m := fit(t, Logistic{}, big, target)
	if err := m.Predict(make([]float64, 3), x); err == nil {
		t.Error("a matrix of other columns is accepted")
	}
	turned := &matrix.Matrix{Rows: big.Rows, Columns: slices.Clone(big.Columns)}
	slices.Reverse(turned.Columns)
	if _, err := m.Shares(make([]float64, 5), turned, target.Y); err == nil {
		t.Error("a matrix of other kinds is accepted")
	}
	defer func() {
		if recover() == nil {
			t.Error("a target of another length does not panic")
		}
	}()
	_, _ = Logistic{}.Fit(context.Background(), x, models.Target{Y: ones[:2]})
}

// Extreme and unseen values must give numbers in range.
func TestForecastsStayInRange(t *testing.T) {
	x, y := world(500, 3)
	m := fit(t, Logistic{}, x, y)
	rapid.Check(t, func(t *rapid.T) {
		row := &matrix.Matrix{Rows: 1}
		for _, c := range x.Columns {
			if c.Categorical() {
				c.Codes = []int32{int32(rapid.IntRange(-1, 9).Draw(t, c.Name))}
			} else {
				c.Nums = []float64{rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), -1e300})).Draw(t, c.Name)}
			}
			row.Columns = append(row.Columns, c)
		}
		p := make([]float64, 1)
		if err := m.Predict(p, row); err != nil || !(p[0] >= 0 && p[0] <= 1) {
			t.Fatalf("forecast %v, error %v", p[0], err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	x := matrix.New([][]float64{{1, 0}, {2, 1}, {3, math.NaN()}, {4, 1}, {5, 0}}).With(matrix.Column{Name: "kind", Codes: []int32{0, 1, 0, 1, -1}, Levels: 2})
	b, err := fit(f, Logistic{Steps: []string{"x0"}}, x, models.Target{Y: []float64{0, 1, 0, 1, 0}}).AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := m.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal("decoding and encoding changes the bytes")
		}
		row := &matrix.Matrix{Rows: 2}
		for _, term := range m.terms {
			c := matrix.Column{Nums: []float64{0.5, math.NaN()}}
			if term.category {
				c = matrix.Column{Codes: []int32{0, -1}, Levels: len(term.y)}
			}
			row.Columns = append(row.Columns, c)
		}
		p := make([]float64, 2)
		if err := m.Predict(p, row); err != nil || math.IsNaN(p[0]) || math.IsNaN(p[1]) {
			t.Fatalf("forecast %v, error %v", p, err)
		}
	})
}
