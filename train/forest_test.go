package train_test

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/train"
)

// beside are the models that are compared without being blended.
var beside = []string{"scorecard", "golearn-forest", "golearn-tree", "golearn-bayes"}

// TestBeside: on a table without times they stand on the leaderboard and have
// no weight; as champions they are the whole recipe, their forecasts and
// reasons add up, and their bundle is the same at any number of threads.
func TestBeside(t *testing.T) {
	c, p := flatCompany(500, 4), flatPlan()
	r := run(t, c.table(nil, nil), p)
	for _, name := range beside {
		at := slices.IndexFunc(r.Report.Leaderboard, func(e train.Entry) bool { return e.Model == name })
		if at < 0 || r.Report.Leaderboard[at].Weight != 0 || strings.Contains(r.Report.Manifest.Recipe, name) {
			t.Errorf("%s: on the leaderboard at %d, recipe %q", name, at, r.Report.Manifest.Recipe)
		}
	}
	if r.Report.Classifiers != nil {
		t.Error("classifiers at a horizon of a table without times")
	}
	for _, name := range beside[:2] {
		p.Model = name
		r := run(t, c.table(nil, nil), p)
		b := openBundle(t, r.Shipped)
		if recipe := b.Manifest.Recipe; !strings.HasPrefix(recipe, name+" ") || strings.Contains(recipe, "+") {
			t.Errorf("recipe %q", recipe)
		}
		if said := strings.Contains(b.Manifest.Promise, "golearn"); said != strings.HasPrefix(name, "golearn") {
			t.Errorf("%s promises %q", name, b.Manifest.Promise)
		}
		if (b.Points() != nil) != (name == "scorecard") {
			t.Errorf("%s: a printed scorecard: %v", name, b.Points() != nil)
		}
		snapshot, err := b.Read(c.table(nil, nil), end)
		if err != nil {
			t.Fatal(err)
		}
		all, err := b.Score(t.Context(), snapshot, 10)
		if err != nil {
			t.Fatal(err)
		}
		var mean []float64
		for _, s := range all {
			base := *s.Win
			for _, reason := range s.Reasons {
				base -= reason.Effect
			}
			mean = append(mean, base)
		}
		if spread := slices.Max(mean) - slices.Min(mean); !(spread < 1e-9) {
			t.Errorf("%s: forecasts less their reasons differ by %v", name, spread)
		}
		was := runtime.GOMAXPROCS(1)
		again := run(t, c.table(nil, nil), p)
		runtime.GOMAXPROCS(was)
		if !bytes.Equal(again.Shipped, r.Shipped) {
			t.Errorf("%s: another bundle on one thread", name)
		}
	}
}

// TestScorecardBins: ChiMerge's bins are in the printed table and make the same
// bundle again; golearn's are there too, and the bundle does not promise that.
func TestScorecardBins(t *testing.T) {
	c, p := flatCompany(800, 7), flatPlan()
	p.Model, p.NoRefit = "scorecard", true
	bins := map[string]string{}
	for _, name := range []string{"", "quantile", "chimerge", "golearn-chimerge"} {
		p.ScorecardBins = name
		r := run(t, c.table(nil, nil), p)
		b := openBundle(t, r.Shipped)
		for _, row := range b.Points().Rows {
			if row.Column == "visits" {
				bins[name] += row.Bin + "; "
			}
		}
		if free := strings.HasPrefix(b.Manifest.Promise, "not reproducible: golearn's ChiMerge"); free != (name == "golearn-chimerge") {
			t.Errorf("%s promises %q", name, b.Manifest.Promise)
		}
		if name == "chimerge" && !bytes.Equal(run(t, c.table(nil, nil), p).Shipped, r.Shipped) {
			t.Error("another bundle at the second run")
		}
	}
	if bins[""] != bins["quantile"] || bins["chimerge"] == bins["quantile"] || bins["golearn-chimerge"] == "" {
		t.Errorf("bins %q", bins)
	}
	p.ScorecardBins = "thirds"
	if _, err := train.Run(t.Context(), c.table(nil, nil), p, nil); err == nil || !strings.Contains(err.Error(), `no scorecard bins "thirds"`) {
		t.Error(err)
	}
}

// TestGolearnLimit: what is not done in time is left out, with a note, and the
// bundle promises less; named as the champion it ends training.
func TestGolearnLimit(t *testing.T) {
	c, p := flatCompany(500, 4), flatPlan()
	p.NoRefit, p.GolearnLimit = true, time.Nanosecond
	r := run(t, c.table(nil, nil), p)
	for _, name := range beside[1:] {
		if slices.ContainsFunc(r.Report.Leaderboard, func(e train.Entry) bool { return e.Model == name }) || !said(r, name+": left out: not done within 1e-09 s") {
			t.Errorf("%s is not left out, or without a word: %q", name, r.Report.Notes)
		}
	}
	if !strings.HasPrefix(openBundle(t, r.Shipped).Manifest.Promise, "not reproducible: golearn was not done in time") {
		t.Error(openBundle(t, r.Shipped).Manifest.Promise)
	}
	p.Model = "golearn-tree"
	if _, err := train.Run(t.Context(), c.table(nil, nil), p, nil); err == nil || !strings.Contains(err.Error(), "golearn-tree: not done within 1e-09 s; give it longer with --golearn-limit") {
		t.Error(err)
	}
	timed := smallPlan()
	timed.NoRefit, timed.GolearnLimit = true, time.Nanosecond
	if r := run(t, smallCompany(2500, 5).table(nil, nil), timed); len(r.Report.Classifiers) != 2 || !said(r, "golearn-forest: left out: not done within") {
		t.Errorf("%d classifiers, notes %q", len(r.Report.Classifiers), r.Report.Notes)
	}
}

// TestPrintedPoints: a lead's points by the printed table give its forecast.
func TestPrintedPoints(t *testing.T) {
	c, p := flatCompany(800, 7), flatPlan()
	p.Model = "scorecard"
	b := openBundle(t, run(t, c.table(nil, nil), p).Shipped)
	card := b.Points()
	won := scores(t, b, c.table(nil, nil))
	seen := map[float64]bool{}
	for i, s := range won {
		sum := 0.0
		for _, r := range card.Rows {
			switch r.Column {
			case "(start)":
				sum += r.Points
			case "source":
				if r.Bin == c.at(i, "source") {
					sum += r.Points
				}
			case "visits":
				if within(t, r.Bin, c.at(i, "visits")) {
					sum += r.Points
				}
			default:
				t.Fatalf("a column %q", r.Column)
			}
		}
		seen[sum] = true
		if want := 1 / (1 + math.Pow(2, (card.Even-sum)/card.Double)); math.Abs(want-*s.Win) > 1e-9 {
			t.Fatalf("lead %d: %v points are %v, the bundle says %v", i+1, sum, want, *s.Win)
		}
	}
	if len(seen) < 3 {
		t.Errorf("%d different sums of points", len(seen))
	}
}

// within reads a bin in words.
func within(t *testing.T, bin, cell string) bool {
	t.Helper()
	v, words := number(t, cell), strings.Fields(bin)
	switch {
	case bin == "missing":
		return false
	case words[0] == "up":
		return v <= number(t, words[2])
	case len(words) == 2:
		return v > number(t, words[1])
	}
	return v > number(t, words[1]) && v <= number(t, words[3])
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestClassifiers: on a table with times they stand next to the champion, all
// on the same leads; where too few leads were followed a note says so.
func TestClassifiers(t *testing.T) {
	r := run(t, smallCompany(2500, 5).table(nil, nil), smallPlan())
	var names []string
	for _, c := range r.Report.Classifiers {
		names = append(names, c.Model)
		if first := r.Report.Classifiers[0]; c.Leads != first.Leads || c.Won != first.Won || c.Leads < 50 || c.Won < 10 {
			t.Errorf("%s: %d leads, %d won", c.Model, c.Leads, c.Won)
		}
		if !(c.AUC.Low < c.AUC.Value && c.AUC.Value < c.AUC.High && c.AUC.Value > 0.5) || !(c.LogLoss > 0) || !(c.Brier > 0 && c.Brier < 0.3) {
			t.Errorf("%+v", c)
		}
	}
	if !slices.Equal(names, append([]string{"champion"}, beside...)) {
		t.Errorf("classifiers %v; notes %q", names, r.Report.Notes)
	}
	few := run(t, smallCompany(700, 5).table(nil, nil), smallPlan())
	if few.Report.Classifiers != nil || !said(few, "too few leads were followed") {
		t.Errorf("%d classifiers of few leads, notes %q", len(few.Report.Classifiers), few.Report.Notes)
	}
}

func TestGolearnNeedsNoTimes(t *testing.T) {
	for _, name := range beside {
		p := smallPlan()
		p.Model = name
		if got := complaint(t, smallCompany(700, 5).table(nil, nil), p); !strings.Contains(got, name+" needs a table without times") {
			t.Error(got)
		}
	}
}
