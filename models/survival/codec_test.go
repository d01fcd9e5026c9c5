package survival

import (
	"context"
	"testing"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
)

// FuzzDecode: bytes from anywhere are an error or a model that forecasts
// without a panic and writes bytes that read the same.
func FuzzDecode(f *testing.F) {
	x, y := plain.draw(31, 200)
	for _, l := range []models.Learner{piecewise(plain.cuts), Baseline{Cuts: plain.cuts, Causes: 2}, stacker{}} {
		m, err := l.Fit(context.Background(), x, y)
		if err != nil {
			f.Fatal(err)
		}
		b, err := m.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		for i := 0; i < len(b); i += 1 + len(b)/40 {
			broken := append([]byte(nil), b...)
			broken[i] ^= 1 << (i % 8)
			f.Add(broken)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b, decode)
		if err != nil {
			return
		}
		again, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(again, decode); err != nil {
			t.Fatalf("its own bytes are refused: %v", err)
		}
		for columns := range 4 {
			x := &matrix.Matrix{Rows: 2}
			for range columns {
				x = x.With(matrix.Column{Name: "x", Nums: []float64{1, -1}})
			}
			dst := make([]float64, 2*m.Outputs())
			if err := m.Predict(dst, x); err == nil {
				_, _ = m.(models.Additive).Shares(make([]float64, columns), x, dst)
			}
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	x, y := plain.draw(32, 200)
	h := fit[*Hazards](t, piecewise(plain.cuts), x, y)
	inner, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	within := h.axis.append([]byte{tagHazards})
	within = appendFloats(appendBytes(append(within, 2), []byte("age")), h.ages)
	for _, kind := range []string{KindHazards, KindStack, KindBaseline} {
		b := within
		for range 2 {
			b = appendBytes(appendBytes(b, []byte(kind)), inner)
		}
		if _, err := Decode(b, decode); err == nil {
			t.Errorf("%s inside hazards is accepted", kind)
		}
	}
	if _, err := Decode(append(inner, 0), decode); err == nil {
		t.Error("more bytes than a model has are accepted")
	}
	if _, err := Decode(inner, nil); err == nil {
		t.Error("a model inside is read by nobody")
	}
}
