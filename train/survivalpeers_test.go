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
	"strings"
	"testing"

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
	if len(theirs) == 0 {
		t.Fatalf("no survival figures under LEADCAST_PEERS=%q", peers)
	}
	ranks := [2]map[string]float64{{}, {}}
	for _, set := range slices.Sorted(maps.Keys(theirs)) {
		table := read(t, filepath.Join(peers, "prepared", "surv_"+set+".csv.gz"))
		fold := texts(t, read(t, filepath.Join(peers, "splits", "surv_"+set+".csv.gz")), "fold")
		folds := slices.Compact(slices.Sorted(slices.Values(fold)))
		var mean, first figures
		for k, name := range folds {
			f := newSurvivalFold(t, table, fold, name)
			got := f.judge(f.train(t))
			for i := range got {
				mean[i] += got[i] / float64(len(folds))
			}
			if k == 0 {
				first = got
			}
		}
		all := map[string]figures{ours: mean}
		for name, peer := range theirs[set] {
			all[name] = peer.beside(mean, first)
		}
		line := fmt.Sprintf("%-12s", set)
		for i, sign := range []float64{-1, 1} { // the C is better high, the Brier score low
			names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Compare(sign*all[a][i], sign*all[b][i]) })
			for k, name := range names {
				ranks[i][name] += float64(k+1) / float64(len(theirs))
			}
			line += fmt.Sprintf("  %s %.4f, rank %d of %d", figureNames[i], all[ours][i], slices.Index(names, ours)+1, len(names))
			if names[0] != ours {
				line += fmt.Sprintf(" (%s %.4f)", names[0], all[names[0]][i])
			}
		}
		t.Log(line)
	}
	for i, rank := range ranks {
		for _, name := range slices.SortedFunc(maps.Keys(rank), func(a, b string) int { return cmp.Compare(rank[a], rank[b]) }) {
			t.Logf("%s: mean rank %.2f  %s", figureNames[i], rank[name], name)
			if name != ours && rank[name] <= rank[ours] {
				t.Errorf("%s: the mean rank of %s is %.2f, ours %.2f", figureNames[i], name, rank[name], rank[ours])
			}
		}
	}
}

const ours = "leadcast"

// figures are Uno's C and the integrated Brier score.
type figures [2]float64

var figureNames = [2]string{"Uno's C", "integrated Brier"}

// peerFigures are the figures of a peer, means over all folds or, where it was
// too slow for that, those of the first.
type peerFigures struct {
	figures
	first bool
}

// beside is where a peer stands beside our means. One that was run on the first
// fold alone stands as far from them as it stood from us there.
func (p peerFigures) beside(mean, first figures) figures {
	if p.first {
		for i := range mean {
			mean[i] += p.figures[i] - first[i]
		}
		return mean
	}
	return p.figures
}

// peersFigures are those of all peers by set and model.
func peersFigures(t *testing.T) map[string]map[string]peerFigures {
	b, err := os.ReadFile(filepath.Join(os.Getenv("LEADCAST_PEERS"), "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var results struct {
		Rows struct {
			Survival []struct {
				Case, Set, Model, Note string
				Uno, IBS               float64
			}
		}
	}
	if err := json.Unmarshal(b, &results); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]peerFigures{}
	for _, r := range results.Rows.Survival {
		if r.Case != "survival" {
			continue
		}
		if all[r.Set] == nil {
			all[r.Set] = map[string]peerFigures{}
		}
		all[r.Set][r.Model] = peerFigures{figures{r.Uno, r.IBS}, strings.HasPrefix(r.Note, "fold 0 only")}
	}
	return all
}

// survivalFold is one fold of a set: what is fitted, and what is held out.
type survivalFold struct {
	table     *datasets.Table
	ids       []string
	test      map[string]bool // by id
	fit, held models.Target
	whole     bool    // times come in whole units
	median    float64 // of the events of the set
}

func newSurvivalFold(t *testing.T, table *datasets.Table, fold []string, test string) *survivalFold {
	f := &survivalFold{table: &datasets.Table{Rows: table.Rows, Place: table.Place}, ids: texts(t, table, "row_id"), test: map[string]bool{}, whole: true}
	outcome := &datasets.Column{Name: "outcome", Kind: datasets.Raw}
	f.table.Columns = []*datasets.Column{outcome}
	for _, c := range table.Columns {
		if c.Name != "event" {
			f.table.Columns = append(f.table.Columns, c)
		}
	}
	times, events := numbers(table.Column("time")), numbers(table.Column("event"))
	for i, id := range f.ids {
		outcome.Texts.Append([]string{"open", "won"}[int(events[i])])
		f.test[id] = fold[i] == test
		y := &f.fit
		if f.test[id] {
			y = &f.held
		}
		y.Exit, y.Cause = append(y.Exit, times[i]), append(y.Cause, uint8(events[i]))
		f.whole = f.whole && times[i] == math.Floor(times[i])
	}
	f.median = share(happened(models.Target{Exit: concat(f.fit.Exit, f.held.Exit), Cause: concat(f.fit.Cause, f.held.Cause)}), 0.5)
	return f
}

func concat[T any](a, b []T) []T { return append(slices.Clone(a), b...) }

// happened are the times of events, rising.
func happened(y models.Target) []float64 {
	var when []float64
	for i, c := range y.Cause {
		if c > 0 {
			when = append(when, y.Exit[i])
		}
	}
	slices.Sort(when)
	return when
}

// share is the point below which a share of sorted numbers lies, between two of them in proportion.
func share(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	k := min(int(at), len(sorted)-2)
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}

// train trains as `leadcast train --duration time` does, with the median of the
// fitted events as the horizon, and forecasts the held-out rows.
func (f *survivalFold) train(t *testing.T) []models.Curve {
	middle := max(1, int(share(happened(f.fit), 0.5)))
	p := train.Plan{
		Roles:       datasets.Roles{ID: "row_id", Outcome: "outcome", Duration: "time"},
		Contract:    datasets.Contract{Won: []string{"won"}},
		AsOf:        datasets.NoTime,
		Horizons:    []int{middle},
		MainHorizon: middle,
		SplitColumn: "row_id", Split: f.test,
		NoRefit: true, Seed: 1,
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

// open is a forecast at a time as the set records it: what it writes as k has
// happened by k and not before, where times come in whole units.
func (f *survivalFold) open(c models.Curve, at float64) float64 {
	if f.whole {
		at = math.Floor(at)
	}
	return c.Open(at)
}

// judge computes the figures as the peers' were: weights from the fitted part,
// 50 times between the 5 % and the 90 % point of the held-out events and the
// median of all. Leads are ranked by their expected time within the 90 % point
// of the fitted events.
func (f *survivalFold) judge(curves []models.Curve) figures {
	when, end := happened(f.held), slices.Max(f.fit.Exit)
	high := min(share(when, 0.9), 0.999*end, 0.999*slices.Max(f.held.Exit))
	low := min(share(when, 0.05), high/2)
	grid := append(between(low, high, 50), min(f.median, high))
	slices.Sort(grid)
	grid = slices.Compact(grid)
	g := censored.NewCensoring(f.fit)
	g.At = true
	var within models.Target // the weights know nothing of later times
	var some []models.Curve
	risk := make([]float64, len(curves))
	steps := between(0, share(happened(f.fit), 0.9), 200)
	for i, c := range curves {
		if f.held.Exit[i] < end {
			within.Exit, within.Cause, some = append(within.Exit, f.held.Exit[i]), append(within.Cause, f.held.Cause[i]), append(some, c)
		}
		for _, at := range steps {
			risk[i] -= f.open(c, at)
		}
	}
	scores := make([]float64, len(grid))
	for k, at := range grid {
		p := make([]float64, len(some))
		for i, c := range some {
			p[i] = 1 - f.open(c, at)
		}
		scores[k], _ = censored.Brier(g, within, 0, p, at)
	}
	return figures{censored.Uno(g, f.held, risk, high), censored.Integrated(grid, scores)}
}

// between are n evenly spaced numbers.
func between(low, high float64, n int) []float64 {
	steps := make([]float64, n)
	for k := range steps {
		steps[k] = low + (high-low)*float64(k)/float64(n-1)
	}
	return steps
}
