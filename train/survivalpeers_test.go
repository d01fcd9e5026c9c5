//go:build realdata

package train_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models"
	"github.com/leadcast/leadcast/models/metric/censored"
	"github.com/leadcast/leadcast/train"
)

// TestSurvivalPeers holds what train would ship for a table of durations
// against the survival models of lifelines, scikit-survival and XGBoost on the
// same folds of the same sets, by the same figures: of each peer the mean rank
// over the sets must be worse, in the integrated Brier score and in Uno's C.
func TestSurvivalPeers(t *testing.T) {
	peers := os.Getenv("LEADCAST_PEERS")
	theirs := peersFigures(t)
	ranks := [2]map[string]float64{{}, {}}
	sets := slices.Sorted(maps.Keys(theirs))
	if only := os.Getenv("SURV_SETS"); only != "" {
		sets = strings.Split(only, ",")
	}
	for _, set := range sets {
		start := time.Now()
		table := read(t, filepath.Join(peers, "prepared", "surv_"+set+".csv.gz"))
		fold := texts(t, read(t, filepath.Join(peers, "splits", "surv_"+set+".csv.gz")), "fold")
		all := maps.Clone(theirs[set])
		all[ours] = [2]float64{}
		for k := range 5 {
			f := newSurvivalFold(t, table, fold, k)
			got := f.judge(t, f.train(t))
			t.Logf("  %s %d %.4f %.5f", set, k, got[0], got[1])
			for i, v := range got {
				sum := all[ours]
				sum[i] += v / 5
				all[ours] = sum
			}
		}
		line := ""
		for i, sign := range []float64{-1, 1} { // the C is better high, the Brier score low
			names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Compare(sign*all[a][i], sign*all[b][i]) })
			for k, name := range names {
				ranks[i][name] += float64(k+1) / float64(len(sets))
			}
			line += fmt.Sprintf("  %s %.4f rank %d, best %s %.4f", figureNames[i], all[ours][i], slices.Index(names, ours)+1, names[0], all[names[0]][i])
		}
		t.Logf("%-12s %s  (%.0f s)", set, line, time.Since(start).Seconds())
	}
	for i, rank := range ranks {
		for _, name := range slices.SortedFunc(maps.Keys(rank), func(a, b string) int { return cmp.Compare(rank[a], rank[b]) }) {
			t.Logf("%-10s mean rank %.2f  %s", figureNames[i], rank[name], name)
			if name != ours && rank[name] <= rank[ours] {
				t.Errorf("%s: the mean rank of %s is %.2f, ours %.2f", figureNames[i], name, rank[name], rank[ours])
			}
		}
	}
}

const ours = "leadcast"

var figureNames = [2]string{"Uno's C", "Brier"}

// peersFigures are Uno's C and the integrated Brier score by set and model.
func peersFigures(t *testing.T) map[string]map[string][2]float64 {
	b, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_PEERS"), "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results struct {
		Rows struct {
			Survival []struct {
				Case, Set, Model string
				Uno, IBS         float64
			}
		}
	}
	if err := json.Unmarshal(b, &results); err != nil {
		t.Fatal(err)
	}
	figures := map[string]map[string][2]float64{}
	for _, r := range results.Rows.Survival {
		if r.Case != "survival" {
			continue
		}
		if figures[r.Set] == nil {
			figures[r.Set] = map[string][2]float64{}
		}
		figures[r.Set][r.Model] = [2]float64{r.Uno, r.IBS}
	}
	return figures
}

// survivalFold is one fold of a set: what is fitted, and what is held out.
type survivalFold struct {
	table       *datasets.Table
	ids         []string
	test        map[string]bool
	fit, held   models.Target
	whole       bool      // times come in whole units
	median      float64   // of the events of the set
	heldIDs     []string
}

func newSurvivalFold(t *testing.T, table *datasets.Table, fold []string, k int) *survivalFold {
	f := &survivalFold{table: &datasets.Table{Rows: table.Rows, Place: table.Place}, ids: texts(t, table, "row_id"), test: map[string]bool{}, whole: true}
	for _, c := range table.Columns {
		if c.Name != "event" {
			f.table.Columns = append(f.table.Columns, c)
		}
	}
	outcome := &datasets.Column{Name: "outcome", Kind: datasets.Raw}
	times, events := numbers(table.Column("time")), numbers(table.Column("event"))
	var when []float64
	for i, id := range f.ids {
		if events[i] == 1 {
			when = append(when, times[i])
		}
		outcome.Texts.Append([]string{"open", "won"}[int(events[i])])
		f.test[id] = fold[i] == strconv.Itoa(k)
		y := &f.fit
		if f.test[id] {
			y = &f.held
			f.heldIDs = append(f.heldIDs, id)
		} 
		y.Exit, y.Cause = append(y.Exit, times[i]), append(y.Cause, uint8(events[i]))
	}
	for _, v := range f.fit.Exit {
		f.whole = f.whole && v == math.Floor(v)
	}
	slices.Sort(when)
	f.median = (when[len(when)/2] + when[(len(when)-1)/2]) / 2
	f.table.Columns = append(f.table.Columns, outcome)
	return f
}

// train trains as `leadcast train --duration time` would, and forecasts the held-out rows.
func (f *survivalFold) train(t *testing.T) []models.Curve {
	var when []float64
	for i, c := range f.fit.Cause {
		if c > 0 {
			when = append(when, f.fit.Exit[i])
		}
	}
	slices.Sort(when)
	main := max(1, int(when[len(when)/2]))
	p := train.Plan{
		Roles:    datasets.Roles{ID: "row_id", Outcome: "outcome", Duration: "time"},
		Contract: datasets.Contract{Won: []string{"won"}},
		AsOf:     datasets.NoTime, Seed: 1, NoRefit: true,
		Horizons: []int{main}, MainHorizon: main,
		SplitColumn: "row_id", Split: f.test,
	}
	result, err := train.Run(context.Background(), f.table, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := openBundle(t, result.Shipped)
	s, err := b.Read(f.table, datasets.NoTime)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(result.Report.Manifest.Recipe)
	var curves []models.Curve
	for i, id := range f.ids {
		if f.test[id] {
			if scores[i].Err != nil {
				t.Fatal(scores[i].Err)
			}
			curves = append(curves, scores[i].Curve)
		}
	}
	return curves
}

// judge gives Uno's C and the integrated Brier score as the peers' were
// computed: weights from the fitted part, 50 times between the 5 % and the
// 90 % point of the held-out events and their median.
func (f *survivalFold) judge(t *testing.T, curves []models.Curve) [2]float64 {
	var when []float64
	for i, c := range f.held.Cause {
		if c > 0 {
			when = append(when, f.held.Exit[i])
		}
	}
	slices.Sort(when)
	end := slices.Max(f.fit.Exit)
	high := min(share(when, 0.9), 0.999*end, 0.999*slices.Max(f.held.Exit))
	low := min(share(when, 0.05), high/2)
	var grid []float64
	for k := range 50 {
		grid = append(grid, low+(high-low)*float64(k)/49)
	}
	grid = append(grid, min(f.median, high))
	slices.Sort(grid)
	grid = slices.Compact(grid)
	open := func(c models.Curve, at float64) float64 {
		if f.whole { // what is recorded as k happened by k, and not before
			at = math.Floor(at)
		}
		return c.Open(at)
	}
	g := censored.NewCensoring(f.fit)
	g.At = true
	var within models.Target
	var some []models.Curve
	risk := make([]float64, len(curves))
	for i, c := range curves {
		if f.held.Exit[i] < end {
			within.Exit, within.Cause, some = append(within.Exit, f.held.Exit[i]), append(within.Cause, f.held.Cause[i]), append(some, c)
		}
		for k := 1; k < len(grid); k++ {
			risk[i] -= (grid[k] - grid[k-1]) * (open(c, grid[k]) + open(c, grid[k-1])) / 2
		}
	}
	scores := make([]float64, len(grid))
	for k, at := range grid {
		p := make([]float64, len(some))
		for i, c := range some {
			p[i] = 1 - open(c, at)
		}
		scores[k], _ = censored.Brier(g, within, 0, p, at)
	}
	return [2]float64{censored.Uno(g, f.held, risk, high), censored.Integrated(grid, scores)}
}

// share is the point below which a share of sorted numbers lies, between two of them in proportion.
func share(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	k := int(at)
	if k+1 == len(sorted) {
		return sorted[k]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}
