package bundle_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/synth"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/gbm"
	"github.com/leadcast/leadcast/models/survival"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// A lead's forecast from its raw fields, reasons off, may cost so many microseconds.
const (
	treesBar  = 20  // a logistic model of 500 trees of 31 leaves
	hazardBar = 200 // the default model of a company with times
)

// wide is a yes/no table of 10 numbers and 10 categories, one of 300 levels.
func wide(n int, seed uint64) *datasets.Table {
	r := rand.New(rand.NewPCG(seed, 3))
	names, rows := []string{"lead_id", "converted"}, make([][]string, n)
	for j := range 20 {
		names = append(names, "field_"+strconv.Itoa(j))
	}
	for i := range rows {
		cells, margin := make([]string, 0, 22), -2.0
		for j := range 10 {
			v := r.NormFloat64()
			margin += 0.5 * math.Sin(v*float64(j%3+1))
			cells = append(cells, strconv.FormatFloat(v, 'f', 3, 64))
		}
		for j := range 10 {
			levels := 4 + 3*j
			if j == 9 {
				levels = 300
			}
			k := r.IntN(levels)
			margin += 0.3 * float64(k%3-1)
			cells = append(cells, "level "+strconv.Itoa(k))
		}
		y := "no"
		if r.Float64() < 1/(1+math.Exp(-margin)) {
			y = "yes"
		}
		rows[i] = append([]string{strconv.Itoa(i), y}, cells...)
	}
	return raw(names, rows)
}

// trees is a bundle of 500 trees of 31 leaves over a wide table.
var trees = sync.OnceValue(func() company {
	leads := wide(2000, 1)
	fail := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	roles := datasets.Roles{ID: "lead_id", Outcome: "converted"}
	schema, _, err := datasets.Infer(leads, datasets.Hints{Roles: roles})
	fail(err)
	typed, _, err := schema.Apply(leads)
	fail(err)
	spec, _ := features.Infer(typed, schema, nil)
	snapshot := features.Snapshot{Leads: typed}
	encoder, err := features.Fit(context.Background(), spec, iter.Seq2[features.Snapshot, error](func(yield func(features.Snapshot, error) bool) { yield(snapshot, nil) }))
	fail(err)
	x, _, err := encoder.Encode(snapshot)
	fail(err)
	y := make([]float64, leads.Rows)
	for i := range y {
		if typed.Column("converted").Texts.At(i) == "yes" {
			y[i] = 1
		}
	}
	b := gbm.Defaults(gbm.Logistic{})
	b.Rounds, b.Leaves, b.MaxDepth, b.MinLeaf, b.Patience, b.Pairs = 500, 31, 100, 5, 0, 0
	m, err := b.Fit(context.Background(), x, models.Target{Y: y})
	fail(err)
	stack, err := survival.NewStack(survival.Chance(len(x.Columns), 0), survival.Blend{Offset: []float64{0}, Weight: [][]float64{{1}}}, m.(models.Additive))
	fail(err)
	var file bytes.Buffer
	manifest := bundle.Manifest{Schema: *schema, Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, Grades: [3]float64{0.5, 0.3, 0.1}}
	_, err = bundle.Write(&file, bundle.New(manifest, encoder, stack, nil))
	fail(err)
	opened, err := openFile(file.Bytes())
	fail(err)
	return company{leads, file.Bytes(), opened}
})

// demo is the generated company that `make run` shows, of 3,000 leads.
func demo(b *testing.B) company {
	dir := b.TempDir()
	if err := (synth.CRM{Leads: 3000, Seed: 7}).Write(context.Background(), dir, nil); err != nil {
		b.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		return string(text)
	}
	rows, err := csv.NewReader(strings.NewReader(read("leads.csv"))).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, strings.TrimSpace(read("truth/asof.txt")))
	if err != nil {
		b.Fatal(err)
	}
	p := crmPlan()
	p.AsOf = datasets.Micros(now)
	return learn(raw(rows[0], rows[1:]), p)
}

// cost is what reading and scoring single leads takes, each: the least of some
// runs over twenty of them, since whatever else the machine does only adds to it.
func (c company) cost(t testing.TB) time.Duration {
	t.Helper()
	one := make([]*datasets.Table, 20)
	for i := range one {
		one[i] = c.leads.Gather([]int{i})
	}
	least := time.Duration(math.MaxInt64)
	for range 100 {
		begun := time.Now()
		for _, lead := range one {
			c.score(t, lead, 0)
		}
		least = min(least, time.Since(begun)/time.Duration(len(one)))
	}
	return least
}

// champion is the default model of a wide table.
var champion = sync.OnceValue(func() company {
	return learn(wide(4000, 1), train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Outcome: "converted"},
		Contract: datasets.Contract{Won: []string{"yes"}, OtherLost: true}, AsOf: datasets.NoTime, Seed: 1,
	})
})

// Far off the bars, on whatever machine and under the race detector, something is broken.
func TestOneLeadIsFast(t *testing.T) {
	const far = 25
	if cost := trees().cost(t); cost > far*treesBar*time.Microsecond {
		t.Errorf("%v by 500 trees, want about %d µs", cost, treesBar)
	}
	if cost := timed().cost(t); cost > far*hazardBar*time.Microsecond {
		t.Errorf("%v by competing hazards, want about %d µs", cost, hazardBar)
	}
	one := trees().leads.Gather(seq(1))
	if n := testing.AllocsPerRun(10, func() { trees().score(t, one, 0) }); n > 40 {
		t.Errorf("%v allocations a lead", n)
	}
}

// What a forecast costs from a lead's raw fields, and what its reasons cost.
func BenchmarkScore(b *testing.B) {
	for _, c := range []struct {
		name  string
		learn func() company
		bar   time.Duration // none: 0
	}{
		{"trees=500x31", trees, treesBar * time.Microsecond},
		{"champion=flat", champion, 0},
		{"champion=hazards", sync.OnceValue(func() company { return demo(b) }), hazardBar * time.Microsecond},
	} {
		for _, n := range []int{1, 500} {
			for _, reasons := range []int{0, 3, bundle.Every} {
				b.Run(fmt.Sprintf("%s/leads=%d/reasons=%d", c.name, n, reasons), func(b *testing.B) {
					company := c.learn()
					leads := company.leads.Gather(seq(n))
					for b.Loop() {
						company.score(b, leads, reasons)
					}
					b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/lead")
					if n > 1 || reasons != 0 {
						return
					}
					least := company.cost(b)
					b.ReportMetric(float64(least.Nanoseconds())/1e3, "µs-least")
					if c.bar > 0 && least > c.bar {
						b.Errorf("%v a lead at the least, want at most %v", least, c.bar)
					}
				})
			}
		}
	}
}
