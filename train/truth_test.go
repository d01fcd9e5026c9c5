package train_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/csv"
	"github.com/leadcast/leadcast/datasets/synth"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

var horizons = [...]int{30, 90, 180}

// company is a generated company and what was learned from its leads.csv.
type company struct {
	t     *testing.T
	dir   string
	asOf  int64
	leads *datasets.Table
	b     *bundle.Bundle
}

func table(t *testing.T, paths ...string) *datasets.Table {
	t.Helper()
	source, err := csv.Open(paths, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := datasets.ReadAll(context.Background(), source, "leads")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// crmPlan is the plan of the README's command for generated leads.
func crmPlan(asOf int64) train.Plan {
	return train.Plan{
		Roles:    datasets.Roles{ID: "lead_id", Created: "created_at", Outcome: "status", Closed: "closed_at", Amount: "value"},
		Contract: datasets.Contract{Won: []string{"Won"}, Lost: []string{"Lost"}},
		AsOf:     asOf, Seed: 1,
	}
}

func learn(t *testing.T, leads int, seed uint64) *company {
	t.Helper()
	c := &company{t: t, dir: filepath.Join(t.TempDir(), "crm")}
	if err := (synth.CRM{Leads: leads, Seed: seed}).Write(context.Background(), c.dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(c.dir, "truth", "asof.txt"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c.asOf = datasets.Micros(at)
	c.leads = table(t, filepath.Join(c.dir, "leads.csv"))
	result, err := train.Run(context.Background(), c.leads, crmPlan(c.asOf), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.b = openBundle(t, result.Shipped)
	return c
}

// score forecasts raw leads as of a moment.
func (c *company) score(raw *datasets.Table, asOf int64) (features.Snapshot, []bundle.Score) {
	c.t.Helper()
	s, err := c.b.Read(raw, asOf)
	if err != nil {
		c.t.Fatal(err)
	}
	scores, err := c.b.Score(context.Background(), s, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	return s, scores
}

// truth reads a file of the truth by lead.
func (c *company) truth(name string) map[string]map[string]float64 {
	t := table(c.t, filepath.Join(c.dir, "truth", name))
	all := make(map[string]map[string]float64, t.Rows)
	for i := range t.Rows {
		row := map[string]float64{}
		for _, col := range t.Columns[1:] {
			v, err := strconv.ParseFloat(col.Texts.At(i), 64)
			if err == nil {
				row[col.Name] = v
			}
		}
		all[strings.Clone(t.Columns[0].Texts.At(i))] = row
	}
	return all
}

// forecastFigures are the sums behind the comparison with the truth.
type forecastFigures struct {
	ratio [len(horizons)]float64 // expected by us ÷ true
	gap   float64                // share of the log-score gap between base rate and truth that is closed
}

// against compares the forecasts of open leads with the truth.
func (c *company) against() forecastFigures {
	truth := c.truth("forecast.csv")
	raw := c.leads.Gather(c.b.OpenRows(c.typed()))
	s, scores := c.score(raw, c.asOf)
	var f forecastFigures
	var mine, base, best float64
	var ours, theirs [len(horizons)]float64
	created := s.Leads.Column("created_at")
	if len(scores) != len(truth) {
		c.t.Fatalf("%d open leads, truth of %d", len(scores), len(truth))
	}
	for i, score := range scores {
		q := truth[score.ID]
		floor := c.b.BaseCurve(datasets.Days(created.Times[i], c.asOf))
		for k, h := range horizons {
			if score.Err != nil || score.WinBy[k] == nil {
				c.t.Fatalf("lead without a forecast at %d days: %v %v", h, score.Err, score.Warnings)
			}
			var at, flat [2]float64
			open := score.Curve.At(at[:], float64(h))
			if sum := at[0] + at[1] + open; math.Abs(sum-1) > 1e-12 {
				c.t.Fatalf("won + lost + open = %v", sum)
			}
			rest := floor.At(flat[:], float64(h))
			won, lost := q[fmt.Sprintf("p_win_%dd", h)], q[fmt.Sprintf("p_lost_%dd", h)]
			ours[k] += *score.WinBy[k]
			theirs[k] += won
			for o, p := range [3]float64{won, lost, 1 - won - lost} {
				mine += p * math.Log(max([3]float64{at[0], at[1], open}[o], 1e-12))
				base += p * math.Log(max([3]float64{flat[0], flat[1], rest}[o], 1e-12))
				if p > 0 {
					best += p * math.Log(p)
				}
			}
		}
	}
	for k := range horizons {
		f.ratio[k] = ours[k] / theirs[k]
	}
	f.gap = (mine - base) / (best - base)
	return f
}

func (c *company) typed() *datasets.Table {
	s, err := c.b.Read(c.leads, c.asOf)
	if err != nil {
		c.t.Fatal(err)
	}
	return s.Leads
}

// naive compares three readings of the 90-day conversion of the leads created
// in the last 90 days with the truth: won so far ÷ all, won ÷ closed, and ours.
func (c *company) naive() (soFar, closed, ours float64) {
	truth := c.truth("creation.csv")
	typed := c.typed()
	created, status := typed.Column("created_at"), typed.Column("status")
	var young []int
	won, lost := 0.0, 0.0
	for i := range typed.Rows {
		if datasets.Days(created.Times[i], c.asOf) >= 90 {
			continue
		}
		young = append(young, i)
		switch status.Texts.At(i) {
		case "Won":
			won++
		case "Lost":
			lost++
		}
	}
	raw := c.leads.Gather(young)
	raw.Columns = append(raw.Columns, &datasets.Column{Name: "as_of", Kind: datasets.Raw, Texts: raw.Column("created_at").Texts})
	_, scores := c.score(raw, c.asOf)
	expected, real := 0.0, 0.0
	for _, s := range scores {
		expected += *s.Win
		real += truth[s.ID]["p_win_90d"]
	}
	n := float64(len(young))
	return won / n / (real / n), won / (won + lost) / (real / n), expected / real
}

// TestTruth compares forecasts with the known truth of generated companies: an
// open lead is not a lost lead, and not to be left out either.
func TestTruth(t *testing.T) {
	truthOf(t, 2, 20000, 0.10, 0.84)
}

func truthOf(t *testing.T, seeds int, leads int, within, gap float64) {
	var ratio [len(horizons)]float64
	var near [len(horizons)]int
	var closedGap, soFar, closed, ours float64
	for seed := range seeds {
		c := learn(t, leads, uint64(seed+1))
		f := c.against()
		a, b, o := c.naive()
		t.Logf("seed %2d: expected ÷ true at 30, 90, 180 days %.3f; gap closed %.3f; last 90 days: won ÷ all %.2f, won ÷ closed %.2f, ours %.3f", seed+1, f.ratio, f.gap, a, b, o)
		if a > 0.85 || b < 1.15 {
			t.Errorf("seed %d: the naive rates are not wrong enough to show anything: %.2f, %.2f", seed+1, a, b)
		}
		for k, r := range f.ratio {
			ratio[k] += r / float64(seeds)
			if math.Abs(r-1) <= 0.08 {
				near[k]++
			}
		}
		closedGap += f.gap / float64(seeds)
		soFar, closed, ours = soFar+a/float64(seeds), closed+b/float64(seeds), ours+o/float64(seeds)
	}
	t.Logf("mean over %d seeds: expected ÷ true %.3f, gap closed %.3f; last 90 days: won ÷ all %.2f, won ÷ closed %.2f, ours %.3f", seeds, ratio, closedGap, soFar, closed, ours)
	for k, h := range horizons {
		if math.Abs(ratio[k]-1) > within {
			t.Errorf("expected ÷ true at %d days is %.3f", h, ratio[k])
		}
		if near[k] < seeds-1 {
			t.Errorf("at %d days only %d of %d seeds are within 8 %%", h, near[k], seeds)
		}
	}
	if closedGap < gap {
		t.Errorf("only %.3f of the log-score gap is closed", closedGap)
	}
}
