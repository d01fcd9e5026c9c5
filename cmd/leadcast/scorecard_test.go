package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leadFile writes leads whose visits and newsletter decide, with times or without.
func leadFile(t *testing.T, times bool) string {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	var b strings.Builder
	b.WriteString("lead_id,outcome,visits,newsletter,source")
	if times {
		b.WriteString(",created,closed")
	}
	b.WriteByte('\n')
	for i := range 1200 {
		visits, letter, outcome := r.IntN(10), r.IntN(2), "lost"
		if r.IntN(12) < visits/2+3*letter {
			outcome = "won"
		}
		fmt.Fprintf(&b, "L%d,%s,%d,%s,%s", i, outcome, visits, []string{"no", "yes"}[letter], []string{"web", "fair"}[r.IntN(2)])
		if times {
			created := today.AddDate(0, 0, -600+i/2)
			fmt.Fprintf(&b, ",%s,%s", created.Format("2006-01-02"), created.AddDate(0, 0, 1+r.IntN(60)).Format("2006-01-02"))
		}
		b.WriteByte('\n')
	}
	name := filepath.Join(t.TempDir(), "leads.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// shows checks that a print holds some words, in their order.
func shows(t *testing.T, print string, words ...string) {
	t.Helper()
	rest := print
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q is not shown, or not there:\n%s", w, print)
		}
		rest = after
	}
}

// A scorecard is printed by inspect, in words, and is in its JSON.
func TestScorecardIsPrinted(t *testing.T) {
	leads, model := leadFile(t, false), filepath.Join(t.TempDir(), "m.leadcast")
	args := []string{"train", leads, "--outcome", "outcome", "--won", "won", "--id", "lead_id", "--order-by", "rows", "-o", model}
	shows(t, must(t, append(args, "--model", "scorecard")...).stdout, "Leaderboard", "scorecard ★", "golearn-forest", "golearn-tree", "golearn-bayes", "base", "This recipe (scorecard ")
	shows(t, must(t, "inspect", model).stdout, "Scorecard: add up a lead's points;", "double the odds", "(start)", "newsletter", "no", "yes", "visits", "up to ", "Columns that the model reads")
	shows(t, must(t, "inspect", model, "--json").stdout, `"scorecard": {`, `"even": `, `"double": `, `"rows": [`, `"points": `)
	must(t, append(args, "--model", "golearn-tree")...)
	if shown := must(t, "inspect", model).stdout; strings.Contains(shown, "Scorecard") || !strings.Contains(shown, "golearn") {
		t.Errorf("a tree is shown as\n%s", shown)
	}
}

// Bins are chosen with a flag or in leadcast.yaml, and golearn's say in the
// manifest that they are not reproducible.
func TestScorecardBins(t *testing.T) {
	leads, dir := leadFile(t, false), t.TempDir()
	t.Chdir(dir)
	args := []string{"train", leads, "--outcome", "outcome", "--won", "won", "--id", "lead_id", "--order-by", "rows", "--model", "scorecard", "--no-refit"}
	card := func(more ...string) string {
		must(t, append(args, more...)...)
		return must(t, "inspect", "model.leadcast").stdout
	}
	plain, merged := card(), card("--scorecard-bins", "chimerge")
	write(t, "leadcast.yaml", "train:\n  scorecard-bins: chimerge\n")
	if same := card(); same != merged || plain == merged || strings.Contains(merged, "not reproducible") {
		t.Errorf("with quantiles\n%s\nwith ChiMerge\n%s\nby leadcast.yaml\n%s", plain, merged, same)
	}
	shows(t, card("--scorecard-bins", "golearn-chimerge"), "promise: not reproducible: golearn's ChiMerge adds up in a random order", "Scorecard")
	if a := leadcast(t, "", append(args, "--scorecard-bins", "thirds")...); a.code != exitUsage || !strings.Contains(a.stderr, `there are no scorecard bins "thirds"`) {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
	if a := leadcast(t, "", append(args, "--model", "golearn-tree", "--golearn-limit", "1ns")...); a.code != exitFault || !strings.Contains(a.stderr, "golearn-tree: not done within 1e-09 s; give it longer with --golearn-limit") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}

// With times, classifiers stand in a table of their own and cannot be champions.
func TestClassifiersArePrinted(t *testing.T) {
	leads, model := leadFile(t, true), filepath.Join(t.TempDir(), "m.leadcast")
	args := []string{"train", leads, "--outcome", "outcome", "--won", "won", "--lost", "lost", "--id", "lead_id", "--created", "created", "--closed", "closed", "--horizons", "30d", "-o", model}
	shows(t, must(t, args...).stdout, "This recipe", "Won within 30 days or not, as of creation", "champion", "scorecard", "golearn-forest", "golearn-tree", "golearn-bayes", "Written")
	if a := leadcast(t, "", append(args, "--model", "golearn-forest")...); a.code != exitData || !strings.Contains(a.stderr, "golearn-forest needs a table without times") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
}
