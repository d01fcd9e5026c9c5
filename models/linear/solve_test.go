package linear

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The derivatives of the losses agree with differences, far out too.
func TestLossDerivatives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]family{bernoulli, counts}).Draw(t, "family")
		eta := rapid.Float64Range(-700, 700).Draw(t, "eta")
		y := rapid.SampledFrom([]float64{0, 1}).Draw(t, "y")
		if f == counts {
			eta, y = eta/50, y*3
		}
		h := 1e-5 * max(1, math.Abs(eta)/100)
		up, slopeUp, _ := f.at(eta+h, y)
		down, slopeDown, _ := f.at(eta-h, y)
		_, slope, curve := f.at(eta, y)
		scale := max(1, math.Abs(up))
		if d := (up - down) / (2 * h); math.Abs(d-slope) > 1e-6*scale {
			t.Fatalf("slope %v, difference %v", slope, d)
		}
		if d := (slopeUp - slopeDown) / (2 * h); math.Abs(d-curve) > 1e-6*scale {
			t.Fatalf("curvature %v, difference %v", curve, d)
		}
	})
}

// drawDesign gives a design of one to three blocks and the matrix that it stands for.
func drawDesign(t *rapid.T) (*design, [][]float64) {
	d := &design{rows: rapid.IntRange(1, 30).Draw(t, "rows")}
	full := make([][]float64, d.rows)
	for range rapid.IntRange(1, 3).Draw(t, "blocks") {
		b := block{rows: d.rows, at: d.cols, width: rapid.IntRange(0, 3).Draw(t, "width")}
		if rapid.Bool().Draw(t, "view") {
			b.rows = rapid.IntRange(1, 10).Draw(t, "own")
			for range d.rows {
				b.index = append(b.index, int32(rapid.IntRange(0, b.rows-1).Draw(t, "index")))
			}
		}
		for range b.rows * b.width {
			b.dense = append(b.dense, float64(rapid.IntRange(-3, 3).Draw(t, "x")))
		}
		d.cols += b.width
		for range rapid.IntRange(0, 2).Draw(t, "sets") {
			set, levels := indicator{at: d.cols}, rapid.IntRange(1, 3).Draw(t, "levels")
			for range b.rows {
				set.code = append(set.code, int32(rapid.IntRange(-1, levels-1).Draw(t, "code")))
			}
			d.cols += levels
			b.codes = append(b.codes, set)
		}
		d.blocks = append(d.blocks, b)
	}
	for i := range full {
		full[i] = make([]float64, d.cols)
		for k := range d.blocks {
			d.blocks[k].add(full[i], d.blocks[k].own(i), 1)
		}
	}
	return d, full
}

// Blocks, indicators and shared rows are only a way to store a matrix.
func TestDesignIsAMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, full := drawDesign(t)
		ints := func(n int, name string) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(rapid.IntRange(-4, 4).Draw(t, name))
			}
			return x
		}
		beta, w := ints(d.cols, "beta"), ints(d.rows, "w")
		margin, gradient, gram := make([]float64, d.rows), make([]float64, d.cols), make([]float64, d.cols*d.cols)
		d.margin(margin, nil, beta)
		d.gradient(gradient, w)
		d.gram(gram, w)
		for i, row := range full {
			want := 0.0
			for j, v := range row {
				want += v * beta[j]
			}
			if margin[i] != want {
				t.Fatalf("margin of row %d: %v, want %v", i, margin[i], want)
			}
		}
		for j := range d.cols {
			want := 0.0
			for i, row := range full {
				want += row[j] * w[i]
			}
			if gradient[j] != want {
				t.Fatalf("gradient %d: %v, want %v", j, gradient[j], want)
			}
			for k := range d.cols {
				want := 0.0
				for i, row := range full {
					want += row[j] * row[k] * w[i]
				}
				if gram[j*d.cols+k] != want {
					t.Fatalf("gram %d %d: %v, want %v", j, k, gram[j*d.cols+k], want)
				}
			}
		}
	})
}

// No step away from an elastic-net fit makes its objective smaller.
func TestElasticNetIsAMinimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, k = 40, 4
		x := make([][]float64, k)
		y, l1, l2 := make([]float64, n), make([]float64, k), make([]float64, k)
		for j := range x {
			for range n {
				x[j] = append(x[j], rapid.Float64Range(-2, 2).Draw(t, "x"))
			}
			l1[j], l2[j] = rapid.Float64Range(0, 5).Draw(t, "l1"), rapid.Float64Range(0.1, 5).Draw(t, "l2")
		}
		for i := range y {
			y[i] = float64(rapid.IntRange(0, 1).Draw(t, "y"))
		}
		p := &problem{design: plain(x, n), y: y, l1: l1, l2: l2}
		s, err := p.fit(t.Context(), make([]float64, k))
		if err != nil {
			t.Fatal(err)
		}
		for j := range k {
			for _, d := range []float64{-0.01, 0.01} {
				moved := append([]float64(nil), s.beta...)
				moved[j] += d
				if v := p.stateAt(moved).value; v < s.value-1e-9 {
					t.Fatalf("moving coefficient %d by %v lowers the objective by %v", j, d, s.value-v)
				}
			}
		}
	})
}

// A table of two by two: the log odds ratio and Woolf's standard error.
func TestGLMByHand(t *testing.T) {
	one, x, y := []float64{1, 1, 1, 1}, []float64{0, 0, 1, 1}, []float64{0, 1, 0, 1}
	w := []float64{20, 10, 15, 45}
	r, err := GLM([][]float64{one, x}, y, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := math.Log(45.0 / 15 * 20 / 10); math.Abs(r.Coef[1]-want) > 1e-12 {
		t.Errorf("log odds ratio %v, want %v", r.Coef[1], want)
	}
	if se, want := math.Sqrt(r.Cov[1][1]), math.Sqrt(1.0/20+1.0/10+1.0/15+1.0/45); math.Abs(se-want) > 1e-12 {
		t.Errorf("standard error %v, want %v", se, want)
	}
	if _, err := GLM([][]float64{one, x, one}, y, w, nil); err == nil {
		t.Error("dependent columns are accepted")
	}
	if _, err := GLM([][]float64{one, x}, x, w, nil); err == nil {
		t.Error("separated outcomes are accepted")
	}
}
