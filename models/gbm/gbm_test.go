package gbm

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// few is a small booster, so that tests are quick.
func few(objective Objective) Booster {
	b := Defaults(objective)
	b.Rounds, b.LearningRate, b.Leaves, b.RowSample, b.ColumnSample = 30, 0.2, 15, 1, 1
	return b
}

// crowded is a world with two more columns of many categories, as views, and
// an outcome that depends on both together.
func crowded(rows int, seed uint64) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 9))
	leads := rows / 3
	x, _, _ := world(leads, 8, seed)
	p := matrix.Column{Name: "p", Levels: 100, Codes: make([]int32, leads)}
	q := matrix.Column{Name: "q", Levels: 9, Codes: make([]int32, leads)}
	for i := range leads {
		p.Codes[i], q.Codes[i] = int32(r.IntN(100)), int32(r.IntN(10)-1)
	}
	*x = *x.With(p, q)
	index := make([]int32, rows)
	for i := range index {
		index[i] = int32(i / 3 % leads)
	}
	x = x.Gather(index)
	age := matrix.Column{Name: "age", Nums: make([]float64, rows)}
	y := models.Target{Y: make([]float64, rows), Exposure: make([]float64, rows), Keys: make([]uint64, rows), Valid: make([]bool, rows), Weight: make([]float64, rows)}
	for i := range rows {
		age.Nums[i] = float64(i % 3)
		k := x.Columns[8].Code(i)*7 + x.Columns[9].Code(i)*13
		rate := 0.3 * math.Exp(math.Sin(float64(k))-age.Nums[i]/2)
		y.Exposure[i], y.Keys[i], y.Weight[i] = 0.5+r.Float64(), r.Uint64(), 1+float64(r.IntN(3))
		y.Valid[i] = i/3%5 == 0
		if r.Float64() < rate*y.Exposure[i] {
			y.Y[i] = 1
		}
	}
	return x.With(age), y
}

func encode(t testing.TB, m models.Model) []byte {
	t.Helper()
	b, err := m.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLearnsTheTruth(t *testing.T) {
	x, y, truth := world(20_000, 8, 1)
	m := mustFit(t, few(Logistic{}), x, y)
	fresh, answers, law := world(20_000, 8, 2)
	base := make([]float64, len(truth))
	for i := range base {
		base[i] = portable.Sigmoid(m.trees.Base())
	}
	worst, best := logLoss(base, answers.Y), logLoss(law, answers.Y)
	got := logLoss(predict(t, m, fresh), answers.Y)
	if closed := (worst - got) / (worst - best); closed < 0.85 {
		t.Errorf("log loss %.4f closes %.0f %% of the gap from %.4f to %.4f", got, 100*closed, worst, best)
	}
}

func TestSameBytesForAnyThreads(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	x, y := crowded(60_000, 3)
	b := few(Poisson{})
	b.RowSample, b.ColumnSample, b.Patience = 0.8, 0.7, 5
	var want []byte
	for _, threads := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(threads)
		m := mustFit(t, b, x, y)
		if len(m.statistics) < 2 {
			t.Fatalf("%d statistics, want the column and the pair", len(m.statistics))
		}
		got := encode(t, m)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("other bytes with %d threads", threads)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	x, y := crowded(9_000, 4)
	b := few(Poisson{})
	b.RowSample, b.ColumnSample = 0.8, 0.7
	m := mustFit(t, b, x, y)
	want := predict(t, m, x)
	r := rand.New(rand.NewPCG(4, 4))
	rows := make([]int32, x.Rows)
	z := models.Target{}
	for i, k := range r.Perm(x.Rows) {
		rows[i] = int32(k)
		z.Y, z.Exposure = append(z.Y, y.Y[k]), append(z.Exposure, y.Exposure[k])
		z.Weight, z.Valid, z.Keys = append(z.Weight, y.Weight[k]), append(z.Valid, y.Valid[k]), append(z.Keys, y.Keys[k])
	}
	if !bytes.Equal(encode(t, mustFit(t, b, x.Gather(rows), z)), encode(t, m)) {
		t.Error("other bytes for other rows' order")
	}
	turned := &matrix.Matrix{Rows: x.Rows}
	for _, j := range r.Perm(len(x.Columns)) {
		turned.Columns = append(turned.Columns, x.Columns[j])
	}
	for i, p := range predict(t, mustFit(t, b, turned, y), turned) {
		if p != want[i] {
			t.Fatalf("row %d: %v with columns in another order, %v before", i, p, want[i])
		}
	}
}

func TestViewsAreTheirRows(t *testing.T) {
	x, y := crowded(9_000, 5)
	var rows *matrix.Matrix = &matrix.Matrix{Rows: x.Rows}
	for _, c := range x.Columns[:8] { // statistics tell views from rows, and should
		d := matrix.Column{Name: c.Name, Levels: c.Levels}
		for i := range x.Rows {
			if c.Categorical() {
				d.Codes = append(d.Codes, c.Code(i))
			} else {
				d.Nums = append(d.Nums, c.Num(i))
			}
		}
		rows.Columns = append(rows.Columns, d)
	}
	views := &matrix.Matrix{Rows: x.Rows, Columns: x.Columns[:8]}
	if !bytes.Equal(encode(t, mustFit(t, few(Poisson{}), rows, y)), encode(t, mustFit(t, few(Poisson{}), views, y))) {
		t.Error("a view is fitted otherwise than the rows it shows")
	}
}

func TestWeightsAreRepetition(t *testing.T) {
	x, y, _ := world(1500, 6, 6)
	r := rand.New(rand.NewPCG(6, 6))
	var rows []int32
	var repeated models.Target
	for i := range x.Rows {
		w := r.IntN(9)
		y.Weight = append(y.Weight, float64(w))
		for range w {
			rows = append(rows, int32(i))
			repeated.Y = append(repeated.Y, y.Y[i])
		}
	}
	b := few(Logistic{})
	b.MinLeaf = 1
	p, q := predict(t, mustFit(t, b, x, y), x), predict(t, mustFit(t, b, x.Gather(rows), repeated), x)
	for i := range p {
		if math.Abs(p[i]-q[i]) > 1e-3 {
			t.Fatalf("row %d: %v by weight, %v by repetition", i, p[i], q[i])
		}
	}
}

// rare checks that events of the given rate are neither lost nor invented by
// quantisation. It is also run on two million rows; see long_test.go.
func rare(t *testing.T, rows, rounds int) {
	const rate = 0.001
	r := rand.New(rand.NewPCG(7, 7))
	x := &matrix.Matrix{Rows: rows}
	for j := range 5 {
		c := matrix.Column{Name: string(rune('a' + j)), Nums: make([]float64, rows)}
		for i := range c.Nums {
			c.Nums[i] = math.Round(r.NormFloat64()*100) / 100
		}
		x.Columns = append(x.Columns, c)
	}
	y := models.Target{Y: make([]float64, rows)}
	events := 0.0
	for i := range y.Y {
		if r.Float64() < rate*math.Exp(x.Columns[0].Nums[i]-0.5) {
			y.Y[i] = 1
			events++
		}
	}
	for _, objective := range []Objective{Logistic{}, Poisson{}} {
		loss := func(p []float64) float64 {
			sum := 0.0
			for i, v := range p {
				sum += objective.Loss(map[bool]func(float64) float64{true: portable.Log, false: portable.Logit}[objective == Poisson{}](v), y.Y[i], 1)
			}
			return sum
		}
		b := Defaults(objective)
		b.Rounds, b.MinLeaf, b.Leaves = rounds, rows/50, 8
		finest := 0.0
		for _, quanta := range []int{0, 120} {
			b.Quanta = quanta
			p := predict(t, mustFit(t, b, x, y), x)
			mean := 0.0
			for _, v := range p {
				mean += v
			}
			if ratio := mean / events; math.Abs(ratio-1) > 0.02 {
				t.Errorf("%s, %d quanta: forecasts %.4f times the events", objective.Name(), quanta, ratio)
			}
			got := loss(p)
			if quanta == 0 {
				finest = got
			}
			if math.Abs(got/finest-1) > 0.005 {
				t.Errorf("%s, %d quanta: loss %.1f, at the finest %.1f", objective.Name(), quanta, got, finest)
			}
		}
	}
}

func TestRareEvents(t *testing.T) { rare(t, 100_000, 15) }

func TestMonotone(t *testing.T) {
	x, y, _ := world(5000, 8, 8)
	for _, direction := range []int{1, -1} {
		b := few(Logistic{})
		b.Rounds, b.MinLeaf = 60, 5
		name := x.Columns[0].Name
		b.Monotone = map[string]int{name: direction}
		m := mustFit(t, b, x, y)
		grid := x.Gather(make([]int32, 200))
		for row := range int32(50) {
			for i := range grid.Rows {
				for j := range grid.Columns[1:] {
					grid.Columns[j+1].Index[i] = row
				}
			}
			c := matrix.Column{Name: name}
			for i := range grid.Rows {
				c.Nums = append(c.Nums, float64(i-100)/25)
			}
			grid.Columns[0] = c
			p := predict(t, m, grid)
			for i := range p[1:] {
				if float64(direction)*(p[i+1]-p[i]) < 0 {
					t.Fatalf("direction %d: from %v to %v", direction, p[i], p[i+1])
				}
			}
		}
	}
	b := few(Logistic{})
	for _, bad := range []map[string]int{{"nobody": 1}, {x.Columns[3].Name: 1}, {x.Columns[0].Name: 2}} {
		b.Monotone = bad
		if _, err := b.Fit(context.Background(), x, y); err == nil {
			t.Errorf("monotone %v was taken", bad)
		}
	}
}

func TestMissingGoesWhereItBelongs(t *testing.T) {
	var rows [][]float64
	var y models.Target
	for i := range 400 {
		v, outcome := float64(i%2), float64(i%2)
		if i%4 < 2 {
			v, outcome = math.NaN(), 1
		}
		rows, y.Y = append(rows, []float64{v}), append(y.Y, outcome)
	}
	x := matrix.New(rows)
	p := predict(t, mustFit(t, few(Logistic{}), x, y), x)
	for i := range p {
		if y.Y[i] == 1 && p[i] < 0.9 || y.Y[i] == 0 && p[i] > 0.1 {
			t.Fatalf("row %v with outcome %v is forecast %v", rows[i], y.Y[i], p[i])
		}
	}
}

func TestLeavesHoldEnoughRows(t *testing.T) {
	x, y := crowded(9_000, 10)
	for _, least := range []int{20, 150} {
		b := few(Poisson{})
		b.MinLeaf = least
		y.Weight = nil
		m := mustFit(t, b, x, y)
		// With every row fitted and a weight of one, the cover is the count.
		smallest := math.Inf(1)
		for k := range m.Trees() {
			for _, n := range m.trees.Nodes(k) {
				smallest = min(smallest, n.Cover)
			}
		}
		if smallest < float64(least) {
			t.Errorf("a leaf of %v rows, want at least %d", smallest, least)
		}
	}
}

// A leaf may hold exactly MinLeaf rows, whichever way their curvatures are rounded.
func TestJustEnoughRows(t *testing.T) {
	x, y := make([][]float64, 130), make([]float64, 130)
	for i := range x {
		x[i], y[i] = []float64{float64(min(i/50, 1))}, float64(max(0, 1-i%(2+i/50))) // 25 of 50 and 20 of 80 say yes
	}
	for seed := range uint64(20) {
		b := few(Logistic{})
		b.Rounds, b.MinLeaf, b.Seed = 1, 50, seed
		if m := mustFit(t, b, matrix.New(x), models.Target{Y: y}); m.Trees() != 1 {
			t.Errorf("seed %d: fifty rows have no leaf", seed)
		}
	}
}

func TestPoorTables(t *testing.T) {
	ctx := context.Background()
	nan := math.NaN()
	useless := func(n int) (*matrix.Matrix, models.Target) {
		x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{{Name: "constant"}, {Name: "empty"}, {Name: "none", Codes: []int32{}, Levels: 3}, {Name: "infinite"}}}
		y := models.Target{}
		for i := range n {
			x.Columns[0].Nums, x.Columns[1].Nums = append(x.Columns[0].Nums, 4), append(x.Columns[1].Nums, nan)
			x.Columns[2].Codes, x.Columns[3].Nums = append(x.Columns[2].Codes, -1), append(x.Columns[3].Nums, math.Inf(1))
			y.Y = append(y.Y, float64(i%4/3))
		}
		return x, y
	}
	x, y := useless(100)
	for _, p := range predict(t, mustFit(t, few(Logistic{}), x, y), x) {
		if math.Abs(p-0.25) > 1e-12 {
			t.Fatalf("%v from columns that say nothing", p)
		}
	}
	one, answer := useless(1)
	if _, err := few(Logistic{}).Fit(ctx, one, answer); err == nil {
		t.Error("one row of one class was fitted")
	}
	answer.Y[0] = 2
	if p := predict(t, mustFit(t, few(Poisson{}), one, answer), one); math.Abs(p[0]-2) > 1e-12 {
		t.Errorf("one row with two events is forecast %v", p[0])
	}
	for _, bad := range []float64{nan, -1, 2, math.Inf(1)} {
		y.Y[50] = bad
		if _, err := few(Logistic{}).Fit(ctx, x, y); err == nil || strings.Contains(err.Error(), "Inf") {
			t.Errorf("outcome %v: %v", bad, err)
		}
	}
	twice, target, _ := world(3000, 4, 11)
	again := twice.Columns[0]
	again.Name = "zz"
	p, q := predict(t, mustFit(t, few(Logistic{}), twice, target), twice), twice.With(again)
	for i, v := range predict(t, mustFit(t, few(Logistic{}), q, target), q) {
		if v != p[i] {
			t.Fatalf("row %d: %v with a column twice, %v without", i, v, p[i])
		}
	}
}

func TestRefusesParameters(t *testing.T) {
	x, y, _ := world(50, 2, 1)
	for k, change := range []func(*Booster){
		func(b *Booster) { b.Objective = nil }, func(b *Booster) { b.Rounds = -1 }, func(b *Booster) { b.Bins = 256 },
		func(b *Booster) { b.LearningRate = math.NaN() }, func(b *Booster) { b.RowSample = 0 }, func(b *Booster) { b.MaxDepth = 101 },
	} {
		b := few(Logistic{})
		change(&b)
		if _, err := b.Fit(context.Background(), x, y); err == nil {
			t.Errorf("change %d was taken", k)
		}
	}
}

func TestStopsEarly(t *testing.T) {
	x, y, _ := world(4000, 6, 12)
	b := few(Logistic{})
	b.Rounds, b.Patience = 500, 10
	y.Valid = make([]bool, x.Rows)
	for i := range y.Valid {
		y.Valid[i] = i%3 == 0
	}
	m := mustFit(t, b, x, y)
	if m.Trees() == 0 || m.Trees() >= 490 {
		t.Fatalf("%d trees", m.Trees())
	}
	loss := func(m *Model) (sum float64) {
		for i, p := range predict(t, m, x) {
			if y.Valid[i] {
				sum += logLoss([]float64{p}, y.Y[i:i+1])
			}
		}
		return sum
	}
	best := loss(m)
	for _, rounds := range []int{m.Trees() - 1, m.Trees() + 1, m.Trees() + 9} {
		b.Rounds, b.Patience = rounds, 0
		if other := loss(mustFit(t, b, x, y)); other < best {
			t.Errorf("%d trees lose %v, the %d kept %v", rounds, other, m.Trees(), best)
		}
	}
	for i := range y.Y {
		if y.Valid[i] {
			y.Y[i] = 1 - y.Y[i] // what is held out must not be learned
		}
	}
	b.Rounds, b.Patience = 20, 0
	p := predict(t, mustFit(t, b, x, y), x)
	y.Valid = nil
	if loss := logLoss(p, y.Y); loss < 0.5 {
		t.Errorf("rows held out were learned: %v", loss)
	}
}

func TestCancel(t *testing.T) {
	x, y, _ := world(50_000, 20, 13)
	ctx, cancel := context.WithCancel(context.Background())
	var stopped time.Time
	time.AfterFunc(200*time.Millisecond, func() { stopped = time.Now(); cancel() })
	b := Defaults(Logistic{})
	b.Rounds = 100_000
	_, err := b.Fit(ctx, x, y)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want it cancelled", err)
	}
	if late := time.Since(stopped); late > time.Second { // a tenth on an idle machine
		t.Errorf("stopped %v late", late)
	}
}

func TestBytesAndBack(t *testing.T) {
	x, y := crowded(6_000, 14)
	m := mustFit(t, few(Poisson{}), x, y)
	b := encode(t, m)
	d, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encode(t, d), b) {
		t.Error("other bytes after decoding")
	}
	want := predict(t, m, x)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			p := make([]float64, x.Rows)
			if err := d.Predict(p, x); err != nil {
				t.Error(err)
			}
			for i := range p {
				if p[i] != want[i] {
					t.Errorf("row %d: %v after decoding, %v before", i, p[i], want[i])
					return
				}
			}
		})
	}
	group.Wait()
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken", n, len(b))
		}
	}
	if err := m.Predict(want[:1], matrix.New([][]float64{{1}})); err == nil {
		t.Error("another number of columns was taken")
	}
	other := *x
	other.Columns = append([]matrix.Column(nil), x.Columns...)
	other.Columns[3], other.Columns[0] = other.Columns[0], other.Columns[3]
	if err := m.Predict(want, &other); err == nil {
		t.Error("numbers for categories were taken")
	}
}

func TestSharesAddUp(t *testing.T) {
	x, y := crowded(6_000, 15)
	m := mustFit(t, few(Poisson{}), x, y)
	few := x.Gather([]int32{0, 1, 2, 700})
	weights, margins := []float64{1, -0.5, 2, 0.1}, make([]float64, 4)
	if err := m.Margins(margins, few); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for i, w := range weights {
		want += w * margins[i]
	}
	shares := make([]float64, len(x.Columns))
	sum, err := m.Shares(shares, few, weights)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shares {
		sum += s
	}
	if math.Abs(sum-want) > 1e-9 {
		t.Errorf("shares and base add up to %v, margins to %v", sum, want)
	}
	if shares[8] == 0 || shares[9] == 0 {
		t.Error("the pair's share did not reach its columns")
	}
}

// TestNoiseStaysNoise: statistics of categories that say nothing must not let
// a row's outcome back in.
func TestNoiseStaysNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 16))
	draw := func() (*matrix.Matrix, models.Target) {
		c := matrix.Column{Name: "c", Levels: 3000}
		d := matrix.Column{Name: "d", Levels: 100}
		y := models.Target{}
		for range 8000 {
			c.Codes, d.Codes = append(c.Codes, int32(r.IntN(3000))), append(d.Codes, int32(r.IntN(100)))
			y.Y = append(y.Y, float64(r.IntN(2)))
		}
		return &matrix.Matrix{Rows: 8000, Columns: []matrix.Column{c, d}}, y
	}
	x, y := draw()
	m := mustFit(t, few(Logistic{}), x, y)
	fresh, answers := draw()
	if got := logLoss(predict(t, m, fresh), answers.Y); got > math.Ln2*1.02 {
		t.Errorf("log loss %v on noise, a coin has %v", got, math.Ln2)
	}
	x.Columns[0].Codes[0], x.Columns[1].Codes[0] = -1, -1
	one := x.Gather([]int32{0})
	if p := predict(t, m, one); !(p[0] > 0.3 && p[0] < 0.7) {
		t.Errorf("a level never met is forecast %v", p[0])
	}
}

func TestEdgesPartAndTellNothing(t *testing.T) {
	for _, c := range []struct{ a, b, want float64 }{
		{14, 16.5, 15}, {19.9, 20.05, 20}, {0.1234567, 0.1234571, 0.123457}, {-3, 5, 1}, {1, 2, 1.5}, {-1e300, 1e300, 0},
		{1, math.Nextafter(1, 2), 1}, {5, math.Inf(1), 5}, {math.Inf(-1), 5, math.Inf(-1)}, {999.5, 1000.5, 1000},
	} {
		if got := matrix.Between(c.a, c.b); got != c.want {
			t.Errorf("between %v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64(), 1, 300).Draw(t, "values")
		most := rapid.IntRange(2, 255).Draw(t, "bins")
		c := &matrix.Column{Nums: values}
		var all sample
		for i := range values {
			all.rows, all.mass = append(all.rows, int32(i)), append(all.mass, unitMass)
		}
		f := feature{edges: all.edges(c, most)}
		if len(f.edges) >= most || !slices.IsSorted(f.edges) {
			t.Fatalf("%d edges for %d bins, sorted %v", len(f.edges), most, slices.IsSorted(f.edges))
		}
		distinct := map[float64]bool{}
		met := map[uint8]bool{}
		for i, bin := range f.assign(values) {
			distinct[values[i]] = true
			met[bin] = true
			if edge := sort.SearchFloat64s(f.edges, values[i]); int(bin) != edge+1 {
				t.Fatalf("%v in bin %d, above %d edges", values[i], bin, edge)
			}
		}
		if len(met) != len(f.edges)+1 || len(distinct) <= most && len(met) != len(distinct) {
			t.Fatalf("%d values, %d edges, %d bins met", len(distinct), len(f.edges), len(met))
		}
	})
}

func FuzzDecode(f *testing.F) {
	x, y := crowded(600, 17)
	b := few(Poisson{})
	b.Rounds = 3
	f.Add(encode(f, mustFit(f, b, x, y)))
	y.Exposure = nil
	for i := range y.Y {
		y.Y[i] = float64(i % 3)
	}
	for _, b.Objective = range []Objective{Softmax{3}, Quantile{Level: 0.9}} {
		m, err := b.Fit(context.Background(), x, y)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encode(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Decode(b)
		if err != nil {
			return
		}
		m, ok := d.(*Model)
		if !ok {
			m = d.(classes)[0]
		}
		if len(m.categorical) > 1<<12 {
			return
		}
		one := &matrix.Matrix{Rows: 2, Columns: make([]matrix.Column, len(m.categorical))}
		for j, c := range m.categorical {
			if c {
				one.Columns[j].Codes = []int32{-1, 2}
			} else {
				one.Columns[j].Nums = []float64{math.NaN(), 1}
			}
		}
		if err := d.Predict(make([]float64, 2*d.Outputs()), one); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkFit(b *testing.B) {
	x, y, _ := world(100_000, 40, 1)
	l := Defaults(Logistic{})
	l.Rounds, l.Leaves, l.RowSample, l.ColumnSample = 200, 63, 1, 1
	for b.Loop() {
		mustFit(b, l, x, y)
	}
}

func BenchmarkHistogram(b *testing.B) {
	const n = 50_000
	r := rand.New(rand.NewPCG(1, 1))
	words, rows, gradients := make([]uint64, 2*n), make([]int32, n), make([]int64, 2*n)
	for i := range words {
		words[i] = r.Uint64()
	}
	for i := range rows {
		rows[i] = int32(2*i + i%2)
		gradients[rows[i]] = pack(int64(r.IntN(2000)-1000), int64(r.IntN(500)))
	}
	sums, c := make(histogram, 1), new(chunkOf)
	for b.Loop() {
		for piece := range slices.Chunk(rows, chunk) {
			sums.add([]panel{{words, 1}}, piece, gradients, c)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*lanes), "ns/update")
}

func BenchmarkPredict(b *testing.B) {
	x, y, _ := world(20_000, 40, 1)
	l := Defaults(Logistic{})
	l.Rounds, l.Leaves = 200, 63
	m := mustFit(b, l, x, y)
	p := make([]float64, x.Rows)
	for b.Loop() {
		if err := m.Predict(p, x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*x.Rows), "ns/row")
}

// BenchmarkShares explains a lead at twelve ages by two models of 150 trees.
func BenchmarkShares(b *testing.B) {
	x, y := crowded(30_000, 1)
	l := Defaults(Poisson{})
	l.Rounds, l.Leaves, l.Patience = 150, 31, 0
	m := mustFit(b, l, x, y)
	one := x.Gather(make([]int32, 12))
	age := matrix.Column{Name: "age", Nums: make([]float64, 12)}
	for i := range age.Nums {
		age.Nums[i] = float64(i) / 4
	}
	one.Columns[len(one.Columns)-1] = age
	weights, shares := make([]float64, 12), make([]float64, len(x.Columns))
	for b.Loop() {
		for range 2 {
			if _, err := m.Shares(shares, one, weights); err != nil {
				b.Fatal(err)
			}
		}
	}
}
