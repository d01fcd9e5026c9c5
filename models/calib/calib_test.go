package calib

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/models/portable"
)

// overconfident gives forecasts whose log-odds are twice what they should be.
func overconfident(n int, seed uint64) (p, y []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	p, y = make([]float64, n), make([]float64, n)
	for i := range p {
		eta := r.NormFloat64() - 1
		p[i] = portable.Sigmoid(2*eta + 0.5)
		if r.Float64() < portable.Sigmoid(eta) {
			y[i] = 1
		}
	}
	return p, y
}

var methods = map[string]func(p, y, w []float64) (Map, error){
	"score": Score, "platt": Platt, "logistic": Logistic, "temperature": Temperature, "shift": Shift, "beta": Beta, "isotonic": Isotonic,
}

func TestMapsRepairOverconfidence(t *testing.T) {
	p, y := overconfident(20000, 1)
	for name, method := range methods {
		m, err := method(p, y, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if !m.Rising() {
			t.Errorf("%s breaks the ranking", name)
		}
		sum, events, worst := 0.0, 0.0, 0.0
		for i := range p {
			sum += m.At(p[i])
			events += y[i]
		}
		for _, eta := range []float64{-2.5, -2, -1, 0, 0.5} {
			worst = max(worst, math.Abs(m.At(portable.Sigmoid(2*eta+0.5))-portable.Sigmoid(eta)))
		}
		if name != "temperature" && math.Abs(sum/events-1) > 0.002 {
			t.Errorf("%s forecasts %v events of %v", name, sum, events)
		}
		if name != "score" && name != "temperature" && name != "shift" && worst > 0.05 {
			t.Errorf("%s is off by up to %v", name, worst)
		}
	}
}

func TestIsotonicIsTheBestRisingFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		var p, y, w []float64
		for range n {
			p = append(p, float64(rapid.IntRange(0, 8).Draw(t, "p"))/8)
			y = append(y, float64(rapid.IntRange(0, 1).Draw(t, "y")))
			w = append(w, float64(rapid.IntRange(1, 4).Draw(t, "w")))
		}
		m, err := Isotonic(p, y, w)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p { // min-max formula of Robertson, Wright and Dykstra (1988)
			want := math.Inf(-1)
			for _, lo := range p {
				if lo > p[i] {
					continue
				}
				least := math.Inf(1)
				for _, hi := range p {
					if hi < p[i] {
						continue
					}
					sum, mass := 0.0, 0.0
					for k := range p {
						if p[k] >= lo && p[k] <= hi {
							sum += w[k] * y[k]
							mass += w[k]
						}
					}
					least = min(least, sum/mass)
				}
				want = max(want, least)
			}
			if got := m.At(p[i]); math.Abs(got-want) > 1e-12 {
				t.Fatalf("at %v: %v, want %v", p[i], got, want)
			}
		}
	})
}

func TestBetaKeepsTheRanking(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		var p, y []float64
		for range 200 {
			v := r.Float64()
			p = append(p, v)
			y = append(y, float64(r.IntN(2)))
		}
		m, err := Beta(p, y, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.A < 0 && m.B < 0 {
			t.Errorf("both coefficients of %+v are negative", m)
		}
	}
}

func TestOddInputs(t *testing.T) {
	for name, method := range methods {
		if name == "isotonic" || name == "score" || name == "platt" || name == "temperature" {
			continue // these have an answer for outcomes of one kind
		}
		if _, err := method([]float64{0.2, 0.4, 0.7}, []float64{0, 0, 0}, nil); err == nil {
			t.Errorf("%s accepts outcomes of one kind", name)
		}
	}
	if _, err := Isotonic(nil, nil, nil); err == nil {
		t.Error("isotonic accepts no rows")
	}
	if v := (Map{}).At(0.3); v != 0.3 {
		t.Errorf("the zero map gives %v", v)
	}
	m := Map{form: onBoth, A: 1, B: 1}
	for _, p := range []float64{-1, 0, 1, 2} {
		if v := m.At(p); !(v >= 0 && v <= 1) {
			t.Errorf("at %v: %v", p, v)
		}
	}
	if v := m.At(math.NaN()); v == v {
		t.Errorf("a missing forecast becomes %v", v)
	}
	defer func() {
		if recover() == nil {
			t.Error("unequal lengths do not panic")
		}
	}()
	_, _ = Platt([]float64{0.1}, []float64{1, 0}, nil)
}

func TestCodec(t *testing.T) {
	p, y := overconfident(2000, 2)
	for name, method := range methods {
		m, err := method(p, y, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		b, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatal(name, err)
		}
		back, err := Decode(b)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, v := range p {
			if back.At(v) != m.At(v) {
				t.Fatalf("%s: %v becomes %v and %v", name, v, m.At(v), back.At(v))
			}
		}
		for n := range b {
			if _, err := Decode(b[:n]); err == nil {
				t.Fatalf("%s: %d bytes of %d are accepted", name, n, len(b))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range []Map{{}, {form: onBoth, A: 1, B: 2, C: 3}, {form: byKnots, x: []float64{0.1, 0.5}, y: []float64{0.2, 0.3}}} {
		b, err := m.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		if again, err := m.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
			t.Fatal("decoding and encoding changes the bytes")
		}
		for _, p := range []float64{0, 0.3, 1} {
			if v := m.At(p); !(v >= 0 && v <= 1) {
				t.Fatalf("%v becomes %v", p, v)
			}
		}
	})
}
