package bayes_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/bayes"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/modeltest"
)

// A classifier of an outcome by one category.
func Example() {
	x := &matrix.Matrix{Rows: 8, Columns: []matrix.Column{{Name: "source", Levels: 2, Codes: []int32{0, 0, 0, 0, 1, 1, 1, 1}}}}
	y := models.Target{Y: []float64{1, 1, 1, 0, 1, 0, 0, 0}}
	m, err := bayes.Bayes{Prior: 1, Shrink: 1}.Fit(context.Background(), x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 3)
	if err := m.Predict(p, &matrix.Matrix{Rows: 3, Columns: []matrix.Column{{Name: "source", Levels: 2, Codes: []int32{0, 1, -1}}}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", p) // 3.5 of 5, 1.5 of 5, and nothing known
	// Output: [0.70 0.30 0.50]
}

func decode(_ string, b []byte) (models.Model, error) { return bayes.Decode(b) }

func TestLaws(t *testing.T) {
	for name, l := range map[string]bayes.Bayes{"shrunk": {}, "plain": {Shrink: 0.5, Bins: 4, Prior: 2}} {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, l, modeltest.Options{Outcome: modeltest.Chance, Decode: decode, Repeats: 1e-9})
		})
	}
}

func fit(t *testing.T, l bayes.Bayes, x *matrix.Matrix, y models.Target) *bayes.Model {
	t.Helper()
	m, err := l.Fit(t.Context(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*bayes.Model)
}

func margins(t *testing.T, m *bayes.Model, x *matrix.Matrix) []float64 {
	t.Helper()
	dst := make([]float64, x.Rows)
	if err := m.Margins(dst, x); err != nil {
		t.Fatal(err)
	}
	return dst
}

// Log-odds are those of scikit-learn's CategoricalNB; the file names the
// program that wrote it.
func TestCategoricalNB(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "categorical_nb.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Number []*float64
		Code   []int32
		Y      []float64
		Cases  []struct {
			Name            string
			Prior           float64
			Weight, Logodds []float64
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	nums := make([]float64, len(golden.Number))
	for i, v := range golden.Number {
		if nums[i] = math.NaN(); v != nil {
			nums[i] = *v
		}
	}
	x := &matrix.Matrix{Rows: len(nums), Columns: []matrix.Column{{Name: "number", Nums: nums}, {Name: "code", Codes: golden.Code, Levels: 3}}}
	for _, c := range golden.Cases {
		m := fit(t, bayes.Bayes{Prior: c.Prior, Shrink: 1}, x, models.Target{Y: golden.Y, Weight: c.Weight})
		for i, got := range margins(t, m, x) {
			if !(math.Abs(got-c.Logodds[i]) < 1e-8) {
				t.Fatalf("%s: row %d: %v, want %v", c.Name, i, got, c.Logodds[i])
			}
		}
	}
	if len(golden.Cases) < 3 {
		t.Errorf("%d cases", len(golden.Cases))
	}
}

// world draws rows whose first column is copied often: what naive Bayes
// counts again each time.
func world(seed uint64, n, copies int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 2))
	rows, y := make([][]float64, n), make([]float64, n)
	for i := range rows {
		v := r.NormFloat64()
		rows[i] = []float64{r.NormFloat64()}
		for range copies {
			rows[i] = append(rows[i], v)
		}
		if r.Float64() < 1/(1+math.Exp(1-v)) {
			y[i] = 1
		}
	}
	return matrix.New(rows), models.Target{Y: y}
}

// The factor undoes that correlated columns tell the same thing again: on new
// rows the forecasts are about as sharp as with the column once.
func TestShrink(t *testing.T) {
	loss := func(l bayes.Bayes, copies int) float64 {
		x, y := world(1, 4000, copies)
		m := fit(t, l, x, y)
		x, y = world(2, 4000, copies)
		sum := 0.0
		for i, v := range margins(t, m, x) {
			sum += math.Log1p(math.Exp(v)) - y.Y[i]*v
		}
		return sum / float64(x.Rows)
	}
	once, naive, shrunk := loss(bayes.Bayes{}, 1), loss(bayes.Bayes{Shrink: 1}, 8), loss(bayes.Bayes{}, 8)
	if !(naive > once+0.2) || !(math.Abs(shrunk-once) < 0.005) {
		t.Errorf("loss %.4f with the column once, %.4f with eight copies, %.4f shrunk", once, naive, shrunk)
	}
	noise, y := world(3, 500, 0)
	base, _ := (bayes.Bayes{}).Fit(t.Context(), &matrix.Matrix{Rows: 500}, y)
	p, q := make([]float64, 500), make([]float64, 500)
	if err := fit(t, bayes.Bayes{}, noise, y).Predict(p, noise); err != nil {
		t.Fatal(err)
	}
	if err := base.Predict(q, &matrix.Matrix{Rows: 500}); err != nil {
		t.Fatal(err)
	}
	for i := range p {
		if math.Abs(p[i]-q[i]) > 0.05 {
			t.Fatalf("noise moves a forecast from %.3f to %.3f", q[i], p[i])
		}
	}
}

// A model's bytes hold the number of no row.
func TestNoOwnNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	nums, y := make([]float64, 200), make([]float64, 200)
	for i := range nums {
		nums[i], y[i] = float64(1_000_000+r.IntN(9_000_000)), float64(i%2)
	}
	b, err := fit(t, bayes.Bayes{}, &matrix.Matrix{Rows: 200, Columns: []matrix.Column{{Name: "n", Nums: nums}}}, models.Target{Y: y}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	cuts := 0
	for at := 0; at+8 <= len(b); at++ {
		v := math.Float64frombits(binary.LittleEndian.Uint64(b[at:]))
		if slices.Contains(nums, v) {
			t.Errorf("%v is the number of a row", v)
		}
		if v >= 1e6 && v < 1e7 && v == math.Trunc(v/100)*100 {
			cuts++
		}
	}
	if cuts != 9 {
		t.Errorf("%d cuts of few digits", cuts)
	}
}

// A rare level moves little, and what training
// did not hold moves nothing.
func TestSmoothing(t *testing.T) {
	const n = 1000
	codes, y := make([]int32, n), make([]float64, n)
	for i := range codes {
		codes[i] = int32(i % 2)
		y[i] = float64(i % 4 / 2)
	}
	codes[0], y[0] = 2, 1 // one row of its level, won
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{{Name: "c", Codes: codes, Levels: 4}}}
	m := fit(t, bayes.Bayes{Shrink: 1}, x, models.Target{Y: y})
	seen := margins(t, m, &matrix.Matrix{Rows: 3, Columns: []matrix.Column{{Name: "c", Codes: []int32{2, 3, -1}, Levels: 4}}})
	all := math.Log(501. / 499)
	if want := math.Log((1 + 10*.501) / (10 * .499)); math.Abs(seen[0]-want) > 1e-12 || math.Abs(seen[1]-all) > 1e-12 || math.Abs(seen[2]-all) > 1e-12 {
		t.Errorf("log-odds %v, want %v, %v, %v", seen, want, all, all)
	}
}

func TestLearnerIsChecked(t *testing.T) {
	x, y := world(1, 20, 1)
	for _, l := range []bayes.Bayes{{Bins: -1}, {Prior: -1}, {Prior: math.NaN()}, {Prior: math.Inf(1)}, {Shrink: 1.5}, {Shrink: math.NaN()}} {
		if _, err := l.Fit(t.Context(), x, y); err == nil {
			t.Errorf("%+v: no error", l)
		}
	}
	for _, w := range []float64{-1, math.NaN(), math.Inf(1)} {
		y.Weight = make([]float64, x.Rows)
		y.Weight[3] = w
		if _, err := (bayes.Bayes{}).Fit(t.Context(), x, y); err == nil || !strings.Contains(err.Error(), "row 4") {
			t.Errorf("weight %v: %v", w, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	x, y := world(1, 60, 1)
	x = x.With(matrix.Column{Name: "c", Codes: make([]int32, 60), Levels: 2})
	m, err := bayes.Bayes{}.Fit(context.Background(), x, y)
	if err != nil {
		f.Fatal(err)
	}
	b, err := m.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, at := range []int{0, 1, 9, 13, 14, 18, 40, len(b) - 9} {
		c := append([]byte(nil), b...)
		binary.LittleEndian.PutUint32(c[at:], math.MaxUint32)
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := bayes.Decode(b)
		if err != nil {
			return
		}
		if again, err := m.AppendBinary(nil); err != nil || string(again) != string(b) {
			t.Fatalf("%x came back as %x, %v", b, again, err)
		}
		p := []float64{0, 0}
		if err := m.Predict(p, x.Gather([]int32{0, 1})); err == nil && !(p[0] >= 0 && p[0] <= 1) {
			t.Fatalf("a probability of %v", p[0])
		}
	})
}
