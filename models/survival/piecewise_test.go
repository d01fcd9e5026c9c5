package survival

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/modeltest"
)

func piecewise(cuts []float64) Piecewise {
	return Piecewise{Cuts: cuts, Causes: 2, Learner: func(int) models.Learner { return cells{} }, Seed: 3}
}

func fit[M models.Model](t *testing.T, l models.Learner, x *matrix.Matrix, y models.Target) M {
	t.Helper()
	m, err := l.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m.(M)
}

func TestPiecewiseKeepsTheLaws(t *testing.T) {
	modeltest.Run(t, piecewise([]float64{5, 20, 60}), modeltest.Options{Outcome: modeltest.Causes, Decode: decode, Repeats: 1e-9})
}

func TestStackKeepsTheLaws(t *testing.T) {
	modeltest.Run(t, stacker{}, modeltest.Options{Outcome: modeltest.Causes, Decode: decode})
}

// stacker learns a stack of piecewise hazards, for the laws.
type stacker struct{}

func (stacker) Fit(ctx context.Context, x *matrix.Matrix, y models.Target) (models.Model, error) {
	cuts := []float64{5, 20, 60}
	b, err := Baseline{Cuts: cuts, Causes: 2}.Fit(ctx, x, y)
	if err != nil {
		return nil, err
	}
	h, err := piecewise(cuts).Fit(ctx, x, y)
	if err != nil {
		return nil, err
	}
	base := b.(*BaseRates)
	blend := Blend{Offset: make([]float64, base.Outputs()), Weight: [][]float64{{0.7, 0}, {0, 0}}}
	blend.Offset[1] = 0.25
	return NewStack(base, blend, h.(*Hazards), base)
}

// The fitted curve is the one that the data were drawn from.
func TestPiecewiseFindsTheRates(t *testing.T) {
	x, y := plain.draw(1, 30000)
	h := fit[*Hazards](t, piecewise(plain.cuts), x, y)
	rates := make([]float64, 2*h.Outputs())
	low, high := slices.Index(x.Columns[0].Nums, slices.Min(x.Columns[0].Nums)), slices.Index(x.Columns[0].Nums, slices.Max(x.Columns[0].Nums))
	if err := h.Predict(rates, x.Gather([]int32{int32(low), int32(high)})); err != nil {
		t.Fatal(err)
	}
	got, want := make([]float64, 2), make([]float64, 2)
	for i, is := range []bool{false, true} {
		for _, at := range []float64{10, 45, 150} {
			h.Curve(rates[i*h.Outputs():][:h.Outputs()], 5).At(got, at)
			plain.curve(is, 5).At(want, at)
			for c := range got {
				if math.Abs(got[c]/want[c]-1) > 0.06 {
					t.Errorf("cause %d by %v is %v, want %v", c+1, at, got[c], want[c])
				}
			}
		}
	}
}

// Sampling the uneventful rows leaves the rates where they were.
func TestPiecewiseSampled(t *testing.T) {
	x, y := plain.draw(2, 6000)
	var cuts []float64
	for c := 5.0; c < 160; c += 5 {
		cuts = append(cuts, c)
	}
	all := fit[*Hazards](t, piecewise(cuts), x, y)
	p := piecewise(cuts)
	p.Limit = 5 * x.Rows
	some := fit[*Hazards](t, p, x, y)
	r, err := Expand(cuts, y, 5*x.Rows, 3)
	if err != nil {
		t.Fatal(err)
	}
	full, _ := Expand(cuts, y, 0, 3)
	if n := len(r.Subject); n > 11*x.Rows/2 || n == len(full.Subject) {
		t.Errorf("%d rows of %d for %d subjects", n, len(full.Subject), x.Rows)
	}
	a, b := make([]float64, x.Rows*all.Outputs()), make([]float64, x.Rows*all.Outputs())
	if err := all.Predict(a, x); err != nil {
		t.Fatal(err)
	}
	if err := some.Predict(b, x); err != nil {
		t.Fatal(err)
	}
	ratio := 0.0
	for i := range a {
		ratio += math.Abs(b[i]/a[i]-1) / float64(len(a))
	}
	if ratio > 0.04 {
		t.Errorf("sampled rates are %.3g apart on average", ratio)
	}
}

func TestExpand(t *testing.T) {
	cuts := []float64{10, 20}
	y := models.Target{
		Entry: []float64{0, 5, 12, 10, 20, 7},
		Exit:  []float64{25, 10, 18, 20, 30, 7},
		Cause: []uint8{1, 2, 0, 1, 0, 2},
	}
	r, err := Expand(cuts, y, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := &Rows{
		Subject:  []int32{0, 0, 0, 1, 2, 3, 4, 5},
		Interval: []uint8{0, 1, 2, 0, 1, 1, 2, 0},
		Exposure: []float64{10, 10, 5, 5, 6, 10, 10, leastExposure},
		Cause:    []uint8{0, 0, 1, 2, 0, 1, 0, 2},
	}
	if !slices.Equal(r.Subject, want.Subject) || !slices.Equal(r.Interval, want.Interval) ||
		!slices.Equal(r.Exposure, want.Exposure) || !slices.Equal(r.Cause, want.Cause) || r.Weight != nil {
		t.Errorf("got %+v, want %+v", r, want)
	}
	y.Exit[2] = 11
	if _, err := Expand(cuts, y, 0, 0); err == nil {
		t.Error("an end before the beginning is accepted")
	}
}

// A cause that never happens has no rate and is named.
func TestPiecewiseWithoutACause(t *testing.T) {
	x, y := plain.draw(4, 500)
	for i, c := range y.Cause {
		if c == 2 {
			y.Cause[i] = 0
		}
	}
	h := fit[*Hazards](t, piecewise(plain.cuts), x, y)
	if w := h.Without(); !slices.Equal(w, []int{2}) {
		t.Errorf("without %v", w)
	}
	rates := make([]float64, x.Rows*h.Outputs())
	if err := h.Predict(rates, x); err != nil {
		t.Fatal(err)
	}
	if rates[3] != 0 || !(rates[0] > 0) {
		t.Errorf("rates %v", rates[:6])
	}
	b, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Decode(b, decode)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := d.AppendBinary(nil); !bytes.Equal(again, b) || !slices.Equal(d.(*Hazards).Without(), []int{2}) {
		t.Error("it is not the same after decoding")
	}
	y.Cause = make([]uint8, len(y.Cause))
	if _, err := piecewise(plain.cuts).Fit(context.Background(), x, y); err == nil {
		t.Error("no event at all is accepted")
	}
}

// opaque hides that a model has shares.
type opaque struct{ models.Model }

func TestPiecewiseOverModelsWithoutShares(t *testing.T) {
	x, y := plain.draw(7, 300)
	h := fit[*Hazards](t, piecewise(plain.cuts), x, y)
	want, got := make([]float64, x.Rows*h.Outputs()), make([]float64, x.Rows*h.Outputs())
	if err := h.Margins(want, x); err != nil {
		t.Fatal(err)
	}
	for c := range h.models {
		h.models[c] = opaque{h.models[c]}
	}
	if err := h.Margins(got, x); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Fatalf("margin %d is %v, want %v", i, got[i], want[i])
		}
	}
	if _, err := h.Shares(make([]float64, 2), x, got); err == nil {
		t.Error("shares of a model that has none")
	}
}

// The axis of a model and the layout of its curve.
func TestRatesLayout(t *testing.T) {
	x, y := plain.draw(8, 400)
	m, err := stacker{}.Fit(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	s := m.(*Stack)
	var r Rates = s
	if r.Causes() != 2 || !slices.Equal(r.Cuts(), []float64{5, 20, 60}) || r.Outputs() != 8 {
		t.Errorf("%d causes over %v", r.Causes(), r.Cuts())
	}
	rates := []float64{0, 1, 2, 3, 4, 5, 6, 7}
	if c := r.Curve(rates, 9); c.From != 9 || c.Rates[1][2] != 6 {
		t.Errorf("curve %+v", c)
	}
	base := s.BaseMargins()
	if base[1] != s.margins[1]+0.25 || base[0] != s.margins[0] || len(s.Blend().Weight[0]) != 1 {
		t.Errorf("base margins %v of %v, blend %v", base, s.margins, s.Blend())
	}
}

// The age column has a name of its own.
func TestPiecewiseNamesItsColumn(t *testing.T) {
	x, y := plain.draw(5, 300)
	x.Columns[1].Name = "age"
	if _, err := piecewise(plain.cuts).Fit(context.Background(), x, y); err == nil {
		t.Error("two columns of one name are accepted")
	}
	p := piecewise(plain.cuts)
	p.Column = "age of the subject"
	fit[*Hazards](t, p, x, y)
}

// Hours instead of days divide the rates by 24 and leave the curve.
func TestPiecewiseInHours(t *testing.T) {
	x, y := plain.draw(6, 3000)
	days := fit[*BaseRates](t, Baseline{Cuts: plain.cuts, Causes: 2}, x, y)
	cuts := []float64{24 * plain.cuts[0], 24 * plain.cuts[1]}
	for i := range y.Exit {
		y.Exit[i] *= 24
		y.Entry[i] *= 24
	}
	hours := fit[*BaseRates](t, Baseline{Cuts: cuts, Causes: 2}, x, y)
	one := x.Gather([]int32{0})
	a, b := make([]float64, 6), make([]float64, 6)
	if err := days.Predict(a, one); err != nil {
		t.Fatal(err)
	}
	if err := hours.Predict(b, one); err != nil {
		t.Fatal(err)
	}
	p, ok := days.Curve(a, 5).Quantile(0, 0.5, 100)
	q, ok2 := hours.Curve(b, 120).Quantile(0, 0.5, 2400)
	if !ok || !ok2 || math.Abs(q/(24*p)-1) > 1e-9 {
		t.Errorf("the median is %v days and %v hours", p, q)
	}
}
