package gbm

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/portable"
)

// world is a table with a known law: numbers with missing values, categories,
// and an outcome that depends on some of them.
func world(rows, columns int, seed uint64) (*matrix.Matrix, models.Target, []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	x := &matrix.Matrix{Rows: rows}
	truth := make([]float64, rows)
	for i := range truth {
		truth[i] = -1
	}
	for j := range columns {
		c := matrix.Column{Name: string(rune('a'+j/26)) + string(rune('a'+j%26))}
		if j%4 == 3 {
			c.Codes, c.Levels = make([]int32, rows), 3+j
			for i := range c.Codes {
				c.Codes[i] = int32(r.IntN(c.Levels+1)) - 1
				if j < 12 {
					truth[i] += 0.5 * math.Sin(float64(c.Codes[i])*1.7)
				}
			}
		} else {
			c.Nums = make([]float64, rows)
			for i := range c.Nums {
				c.Nums[i] = math.Round(r.NormFloat64()*1000) / 1000
				if j%3 == 1 && r.IntN(5) == 0 {
					c.Nums[i] = math.NaN()
				} else if j < 6 {
					truth[i] += 0.6 * math.Sin(2*c.Nums[i]+float64(j))
				}
			}
		}
		x.Columns = append(x.Columns, c)
	}
	y := models.Target{Y: make([]float64, rows)}
	for i := range truth {
		truth[i] = portable.Sigmoid(truth[i])
		if r.Float64() < truth[i] {
			y.Y[i] = 1
		}
	}
	return x, y, truth
}

func mustFit(t testing.TB, b Booster, x *matrix.Matrix, y models.Target) *Model {
	t.Helper()
	m, err := b.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Model)
}

func predict(t testing.TB, m *Model, x *matrix.Matrix) []float64 {
	t.Helper()
	p := make([]float64, x.Rows)
	if err := m.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	return p
}

func logLoss(p, y []float64) float64 {
	sum := 0.0
	for i := range p {
		if y[i] == 1 {
			sum -= math.Log(p[i])
		} else {
			sum -= math.Log1p(-p[i])
		}
	}
	return sum / float64(len(p))
}
func TestQuick(t *testing.T) {
	x, y, truth := world(20000, 12, 1)
	b := Defaults(Logistic{})
	b.Rounds = 100
	m := mustFit(t, b, x, y)
	xt, yt, tt := world(20000, 12, 2)
	t.Log(logLoss(predict(t, m, x), y.Y), logLoss(truth, y.Y), logLoss(predict(t, m, xt), yt.Y), logLoss(tt, yt.Y))
	mm := make([]float64, xt.Rows)
	m.Margins(mm, xt)
	dst := make([]float64, 12)
	w := []float64{1}
	for i := range 5 {
		clear(dst)
		one := xt.Gather([]int32{int32(i)})
		base, err := m.Shares(dst, one, w)
		if err != nil {
			t.Fatal(err)
		}
		s := base
		for _, v := range dst {
			s += v
		}
		t.Log(s-mm[i], base, dst)
	}
}

func BenchmarkFit(b *testing.B) {
	x, y, _ := world(100000, 40, 1)
	l := Defaults(Logistic{})
	l.Rounds, l.Leaves = 200, 63
	for b.Loop() {
		mustFit(b, l, x, y)
	}
}
func BenchmarkPredict(b *testing.B) {
	x, y, _ := world(20000, 40, 1)
	l := Defaults(Logistic{})
	l.Rounds, l.Leaves = 200, 63
	m := mustFit(b, l, x, y)
	p := make([]float64, x.Rows)
	for b.Loop() {
		if err := m.Predict(p, x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Rows), "ns/row")
}
