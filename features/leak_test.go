package features

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// closing makes leads whose chance of being closed and of having "enriched"
// filled grow with age, a column filled at closing only and one filled at random.
func closing(n int, seed uint64) (*datasets.Table, []bool, []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	closed, age := make([]bool, n), make([]float64, n)
	reason, enriched, chance := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		age[i] = r.Float64() * 300
		closed[i] = r.Float64() < age[i]/300
		reason[i], enriched[i], chance[i] = math.NaN(), math.NaN(), math.NaN()
		if closed[i] && r.Float64() < 0.9 {
			reason[i] = 1
		}
		if r.Float64() < age[i]/300 {
			enriched[i] = 1
		}
		if r.Float64() < 0.5 {
			chance[i] = 1
		}
	}
	return table(numColumn("loss_reason", reason...), numColumn("enriched", enriched...), numColumn("chance", chance...)), closed, age
}

func TestFillRates(t *testing.T) {
	for seed := range uint64(20) {
		leads, closed, age := closing(2000, seed)
		gaps, notes := FillRates(leads, closed, age)
		if len(notes) != 0 || len(gaps) != 1 || gaps[0].Column != "loss_reason" || gaps[0].OpenFilled != 0 || gaps[0].Difference < 0.8 {
			t.Fatalf("seed %d: gaps %+v, notes %v", seed, gaps, notes)
		}
	}
}

// The statistic by hand: 2 bands with (closed 8 of 10, open 1 of 10) and
// (closed 6 of 10, open 3 of 20).
func TestFillGapByHand(t *testing.T) {
	var closed []bool
	var age, fill []float64
	add := func(isClosed bool, a float64, filled, all int) {
		for k := range all {
			x := math.NaN()
			if k < filled {
				x = 1
			}
			closed, age, fill = append(closed, isClosed), append(age, a), append(fill, x)
		}
	}
	add(true, 1, 8, 10)
	add(false, 1, 1, 10)
	add(true, 9, 6, 10)
	add(false, 9, 3, 20)
	gaps, _ := FillRates(table(numColumn("f", fill...)), closed, age)
	// excess (8−4.5)+(6−3) = 6.5; variance 10·10·9·11/(20²·19) + 10·20·9·21/(30²·29) = 1.302632+1.448276
	// weights 5 and 20/3: (5·0.7 + 20/3·0.45)/(35/3) = 0.557143
	if len(gaps) != 1 || math.Abs(gaps[0].Significance-6.5/math.Sqrt(1.302632+1.448276)) > 1e-5 || math.Abs(gaps[0].Difference-0.557143) > 1e-6 {
		t.Fatalf("%+v", gaps)
	}
	if want := "filled on 14 of 20 closed leads, on 4 of 30 open ones of the same age"; gaps[0].Counts() != want {
		t.Errorf("%q, want %q", gaps[0].Counts(), want)
	}
}

func TestFillRatesCannotCompare(t *testing.T) {
	leads, closed, age := closing(100, 1)
	all := make([]bool, len(closed))
	for i := range all {
		all[i] = true
	}
	apart := make([]float64, len(closed)) // every closed lead older than every open one
	for i := range apart {
		if apart[i] = 1; closed[i] {
			apart[i] = 100
		}
	}
	for name, gaps := range map[string]func() ([]FillGap, []datasets.Note){
		"no open leads": func() ([]FillGap, []datasets.Note) { return FillRates(leads, all, age) },
		"no common age": func() ([]FillGap, []datasets.Note) { return FillRates(leads, closed, apart) },
		"no leads":      func() ([]FillGap, []datasets.Note) { return FillRates(leads.Gather(nil), nil, nil) },
	} {
		if g, notes := gaps(); len(g) != 0 || len(notes) != 1 || !strings.Contains(notes[0].Message, "same age") {
			t.Errorf("%s: gaps %v, notes %v", name, g, notes)
		}
	}
	unknown := make([]float64, len(closed)) // without ages all are compared with all
	for i := range unknown {
		unknown[i] = math.NaN()
	}
	if gaps, notes := FillRates(leads, closed, unknown); len(notes) != 0 || len(gaps) == 0 {
		t.Errorf("without ages: gaps %v, notes %v", gaps, notes)
	}
}
