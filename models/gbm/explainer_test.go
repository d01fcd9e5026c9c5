package gbm

import (
	"math"
	"testing"

	"github.com/leadcast/leadcast/models/matrix"
)

// Of every objective, and against covers and a background, shares and pairs
// add up to margins and to predictions.
func TestExplainerAddsUp(t *testing.T) {
	for _, o := range []Objective{Logistic{}, Poisson{}, Squared{}, Huber{Delta: 1}, Quantile{Level: 0.5}, Gamma{}, Tweedie{Power: 1.5}} {
		x, y := crowded(6_000, 15)
		for i, v := range y.Y {
			if o.Check(v, 1) != nil { // an objective of amounts
				y.Y[i] = v + 1
			}
		}
		if o.Name() != "poisson" {
			y.Exposure = nil
		}
		m := mustFit(t, few(o), x, y)
		some := x.Gather([]int32{0, 1, 2, 700, 701, 5_000})
		n := len(x.Columns)
		for _, background := range []*matrix.Matrix{nil, x.Gather([]int32{5, 50, 500, 505})} {
			margins, err := m.Explainer(background)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range []*Explainer{margins, margins.Predicted()} {
				want, shares, pairs := make([]float64, some.Rows), make([]float64, some.Rows*n), make([]float64, some.Rows*n*n)
				read := m.Margins
				if e != margins {
					read = m.Predict
				}
				for _, err := range []error{read(want, some), e.Shares(shares, some), e.Interactions(pairs, some)} {
					if err != nil {
						t.Fatal(err)
					}
				}
				for i := range some.Rows {
					got := e.Base()
					for j, share := range shares[i*n:][:n] {
						got += share
						line := 0.0
						for k, v := range pairs[(i*n+j)*n:][:n] {
							if line += v; math.Abs(v-pairs[(i*n+k)*n+j]) > 1e-12 {
								t.Fatalf("%s, row %d: columns %d and %d are not symmetric", o.Name(), i, j, k)
							}
						}
						if math.Abs(line-share) > 1e-9 {
							t.Fatalf("%s, row %d, column %d: pairs add up to %v, the share is %v", o.Name(), i, j, line, share)
						}
					}
					if math.Abs(got-want[i]) > 1e-9 {
						t.Fatalf("%s, row %d: shares and base add up to %v, want %v", o.Name(), i, got, want[i])
					}
				}
			}
		}
	}
}

// What the mean row is shown to be has no price of its own: the slope is used.
func TestPredictedAtTheBase(t *testing.T) {
	x, y := crowded(2_000, 16)
	m := mustFit(t, few(Logistic{}), x, y)
	one := x.Gather([]int32{7})
	e, err := m.Explainer(one)
	if err != nil {
		t.Fatal(err)
	}
	shares := make([]float64, len(x.Columns))
	if err := e.Predicted().Shares(shares, one); err != nil {
		t.Fatal(err)
	}
	for j, share := range shares {
		if share != 0 {
			t.Errorf("column %d of a row against itself has %v", j, share)
		}
	}
}
