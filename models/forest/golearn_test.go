package forest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sjwhitworth/golearn/base"
	"github.com/sjwhitworth/golearn/trees"

	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/matrix"
	"github.com/leadcast/leadcast/models/scorecard"
	"github.com/leadcast/leadcast/models/tree"
)

// world draws rows of numbers with gaps and infinities, a category of many
// levels, one of few, and an outcome.
func world(seed uint64, n int) (*matrix.Matrix, models.Target) {
	r := rand.New(rand.NewPCG(seed, 9))
	x := &matrix.Matrix{Rows: n, Columns: []matrix.Column{
		{Name: "a", Nums: make([]float64, n)}, {Name: "b", Nums: make([]float64, n)},
		{Name: "c", Codes: make([]int32, n), Levels: 70}, {Name: "d", Codes: make([]int32, n), Levels: 3},
	}}
	y := models.Target{Y: make([]float64, n)}
	for i := range n {
		a, b, c, d := r.NormFloat64(), r.NormFloat64(), int32(r.IntN(71))-1, int32(r.IntN(4))-1
		if r.Float64() < 1/(1+math.Exp(1-2*a-math.Sin(float64(c))-float64(d)/2)) {
			y.Y[i] = 1
		}
		switch r.IntN(12) {
		case 0, 1:
			b = math.NaN()
		case 2:
			b = math.Inf(1 - 2*(i%2))
		}
		x.Columns[0].Nums[i], x.Columns[1].Nums[i], x.Columns[2].Codes[i], x.Columns[3].Codes[i] = a, b, c, d
	}
	return x, y
}

// A compiled tree says of every row it was grown on what golearn's own
// prediction says: the same class distribution in its leaf.
func TestCompiledTreesAreGolearns(t *testing.T) {
	x, y := world(1, 900)
	s, err := sampleOf(x, y, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := Grow{}.settled()
	for seed := range uint64(4) {
		list, rows := s.questions(g.Bins), s.bootstrap(600, seed)
		w := newGrower(t.Context(), g, s, list, rows, 5, seed)
		root, err := w.root()
		if err != nil {
			t.Fatal(err)
		}
		nodes := w.compile(root, s.share)
		for i := range nodes { // undo the smoothing
			nodes[i].Value = (nodes[i].Value*(nodes[i].Cover+2) - 2*s.share) / nodes[i].Cover
		}
		e := tree.New(len(x.Columns), 0)
		if err := e.Add(nodes); err != nil {
			t.Fatal(err)
		}
		if len(nodes) < 15 {
			t.Fatalf("a tree of %d nodes", len(nodes))
		}
		all := make([]int, len(list))
		for q := range all {
			all[q] = q
		}
		p := make([]float64, 1)
		for i, r := range rows {
			d, err := w.grid([]int{i}, all)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := (&trees.ID3DecisionTree{Root: root}).PredictProba(d)
			if err != nil {
				t.Fatal(err)
			}
			want := 0.0
			for _, c := range theirs {
				if c.ClassValue == "1" {
					want = c.Probability
				}
			}
			if err := e.Margins(p, x.Gather([]int32{int32(r.at)})); err != nil {
				t.Fatal(err)
			}
			if !(math.Abs(p[0]-want) < 1e-12) {
				t.Fatalf("seed %d, row %d: golearn says %v, the compiled tree %v", seed, r.at, want, p[0])
			}
		}
	}
}

// The table of naive Bayes gives the labels that golearn gives.
func TestTheTableIsGolearns(t *testing.T) {
	x, y := world(2, 1500)
	s, err := sampleOf(x, y, 0)
	if err != nil {
		t.Fatal(err)
	}
	var columns []scorecard.Column
	for j := range x.Columns {
		columns = append(columns, cells(&x.Columns[j], s, 5))
	}
	rows := s.whole(math.MaxInt32, 0)
	nb, _, d, err := classifier(x, rows, columns)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := nb.Predict(d)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Bernoulli{Bins: 5}.Fit(t.Context(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	p, won := make([]float64, x.Rows), 0
	if err := m.Predict(p, x); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if label := base.GetClass(labels, i); (label == "1") != (p[r.at] > 0.5) {
			t.Fatalf("row %d: golearn says %s, the table %v", r.at, label, p[r.at])
		} else if label == "1" {
			won++
		}
	}
	if won < 100 || won > 1400 {
		t.Errorf("%d of %d rows are labelled won", won, x.Rows)
	}
}

// Golearn's panics are errors that say where they come from; a cancelled
// context is what it is.
func TestPanicsAreErrors(t *testing.T) {
	_, err := guarded(t.Context(), "attribute", func() (int, error) {
		base.NewFloatAttribute("x").GetSysValFromString("no number")
		return 0, nil
	})
	if err == nil || !strings.Contains(err.Error(), "golearn's attribute failed") || !strings.Contains(err.Error(), "no number") {
		t.Errorf("error %v", err)
	}
	x, y := world(1, 300)
	s, _ := sampleOf(x, y, 0)
	g, _ := Grow{}.settled()
	list := []question{{column: 99}} // of a column that is not there
	if _, err := g.tree(t.Context(), s, list, s.whole(300, 1), 1, 1); err == nil || !strings.Contains(err.Error(), "golearn's tree failed") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := guarded(ctx, "tree", func() (int, error) { cancel(); panic("stopped") }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A learner that is not done within its limit is given up, and a call of
// golearn's that never comes back holds nobody up. A caller who stops is told so.
func TestLimit(t *testing.T) {
	x, y := world(1, 300)
	const limit = time.Nanosecond
	for name, l := range map[string]models.Learner{"forest": Forest{Grow: Grow{Limit: limit}}, "tree": Tree{Grow{Limit: limit}}, "bayes": Bernoulli{Limit: limit}} {
		_, err := l.Fit(t.Context(), x, y)
		if late := (Late{}); !errors.As(err, &late) || late.Limit != limit {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := limited(t.Context(), 20*time.Millisecond)
	defer cancel()
	never := make(chan int)
	defer close(never)
	if _, err := guarded(ctx, "tree", func() (int, error) { return <-never, nil }); err == nil || err.Error() != "not done within 0.02 s" {
		t.Errorf("error %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := (Tree{}).Fit(stopped, x, y); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := (Tree{Grow{Limit: -1}}).Fit(t.Context(), x, y); err == nil {
		t.Error("a negative limit: no error")
	}
}

// Golearn writes nothing to standard output.
func TestSilence(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdout
	os.Stdout = w
	x, y := world(1, 300)
	for _, l := range []models.Learner{Forest{Trees: 2}, Tree{}, Bernoulli{}} {
		if _, err := l.Fit(t.Context(), x, y); err != nil {
			t.Error(err)
		}
	}
	base.Logger.Print("golearn speaks")
	if _, err := ChiMerge([]float64{1, 2, 3, 4}, []float64{0, 0, 1, 1}, 2); err != nil {
		t.Error(err)
	}
	os.Stdout = was
	_ = w.Close()
	said := make([]byte, 100)
	if n, _ := r.Read(said); n > 0 {
		t.Errorf("golearn says %q", said[:n])
	}
}

// A bootstrap stands for the rows: about as many, each as often as its weight.
func TestBootstrap(t *testing.T) {
	x, y := world(3, 4000)
	y.Weight = make([]float64, 4000)
	for i := range y.Weight {
		y.Weight[i] = float64(i % 4)
	}
	s, err := sampleOf(x, y, 0)
	if err != nil {
		t.Fatal(err)
	}
	drawn := make([]float64, 4)
	for _, r := range s.bootstrap(3000, 7) {
		drawn[r.at%4]++
	}
	for w, n := range drawn {
		if want := 500 * float64(w); math.Abs(n-want) > 5*math.Sqrt(want) {
			t.Errorf("rows of weight %d were drawn %v times, about %v expected", w, n, want)
		}
	}
	if n := len(s.whole(3000, 7)); math.Abs(float64(n)-3000) > 150 {
		t.Errorf("%d rows where 3000 were to be taken", n)
	}
	y.Weight[5] = 1e12
	if s, err = sampleOf(x, y, 0); err != nil {
		t.Fatal(err)
	}
	if n := len(s.bootstrap(3000, 7)); n < 2900 || n > 3100 {
		t.Errorf("%d rows where one outweighs all", n)
	}
	many, target := world(3, 50000)
	if s, err = sampleOf(many, target, 0); err != nil || math.Abs(float64(len(s.rows))-mostRows) > 1000 {
		t.Errorf("%d of 50000 rows are looked at, %v", len(s.rows), err)
	}
}
