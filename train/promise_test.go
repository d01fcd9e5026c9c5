package train_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// everyField lets cmp look at fields that are not exported, too.
var everyField = cmp.Exporter(func(reflect.Type) bool { return true })

// TestSameBundle trains at several numbers of threads, on shuffled rows and
// columns, and again: one bundle, byte for byte.
func TestSameBundle(t *testing.T) {
	c := smallCompany(700, 5)
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 12 { // leads that are written down twice
		c.cells = append(c.cells, slices.Clone(c.cells[i]))
	}
	for i := range 12 { // and some whose second line says something else
		again := slices.Clone(c.cells[50+i])
		again[c.column("visits")] = strconv.Itoa(11 - i)
		c.cells = append(c.cells, again)
	}
	want := run(t, c.table(nil, nil), smallPlan())
	check := func(name string, table *datasets.Table) {
		t.Helper()
		if got := run(t, table, smallPlan()); !bytes.Equal(got.Shipped, want.Shipped) || !bytes.Equal(got.Judged, want.Judged) {
			t.Errorf("%s: another bundle %s, else %s", name, got.Report.Bundle, want.Report.Bundle)
		} else if name == "again" && !cmp.Equal(got.Report, want.Report, cmpopts.EquateNaNs(), everyField) {
			t.Errorf("%s: another report", name)
		}
	}
	check("again", c.table(nil, nil))
	for _, n := range []int{1, 2, 8, 16} {
		was := runtime.GOMAXPROCS(n)
		check(strconv.Itoa(n)+" threads", c.table(nil, nil))
		runtime.GOMAXPROCS(was)
	}
	for range 2 {
		check("rows shuffled", c.table(r.Perm(len(c.cells)), nil))
		check("columns shuffled", c.table(nil, r.Perm(len(c.names))))
	}
	check("both shuffled", c.table(r.Perm(len(c.cells)), r.Perm(len(c.names))))
}

// TestSameFlatBundle is the same for a table without times.
func TestSameFlatBundle(t *testing.T) {
	c := flatCompany(500, 3)
	r := rand.New(rand.NewPCG(9, 9))
	want := run(t, c.table(nil, nil), flatPlan())
	for range 3 {
		got := run(t, c.table(r.Perm(len(c.cells)), r.Perm(len(c.names))), flatPlan())
		if !bytes.Equal(got.Shipped, want.Shipped) {
			t.Errorf("shuffled: %s, else %s", got.Report.Bundle, want.Report.Bundle)
		}
	}
}

// cutOf is the day from which the hold-out of a run was judged.
func cutOf(t *testing.T, r *train.Result) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, r.Report.Judged.From)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestNothingOfTheHoldOut poisons everything that became known in the hold-out
// – all fields of leads created in it, all outcomes that fell in it – and finds
// the same judged bundle, byte for byte. So nothing of the hold-out was in its fit.
func TestNothingOfTheHoldOut(t *testing.T) {
	c := smallCompany(900, 6)
	p := smallPlan()
	clean := run(t, c.table(nil, nil), p)
	from := cutOf(t, clean).AddDate(0, 0, 1) // the cut lies within a day
	poisoned := smallCompany(900, 6)
	r := rand.New(rand.NewPCG(1, 7))
	changed := 0
	for i, cells := range poisoned.cells {
		created, _ := time.Parse(time.RFC3339, cells[1])
		closed, err := time.Parse(time.RFC3339, cells[3])
		if !created.Before(from) {
			cells[4], cells[5], cells[6] = strconv.Itoa(1000+i), []string{"web", "fair"}[r.IntN(2)], strconv.Itoa(11)
			changed++
		}
		if err != nil || closed.Before(from) {
			if err != nil { // open: won at the very end
				cells[2], cells[3] = "Won", day(599).Format(time.RFC3339)
				if created.After(day(599)) {
					cells[3] = created.Format(time.RFC3339)
				}
				changed++
			}
			continue
		}
		cells[2] = map[string]string{"Won": "Lost", "Lost": "Won"}[cells[2]]
		cells[3] = max(from.Format(time.RFC3339), cells[1])
		changed++
	}
	if changed < 200 {
		t.Fatalf("only %d changes", changed)
	}
	dirty := run(t, poisoned.table(nil, nil), p)
	if !reflect.DeepEqual(clean.Report.Judged.Leads, dirty.Report.Judged.Leads) || clean.Report.Judged.From != dirty.Report.Judged.From {
		t.Fatalf("the hold-out itself moved: %v, %v", clean.Report.Judged.From, dirty.Report.Judged.From)
	}
	if bytes.Equal(clean.Shipped, dirty.Shipped) {
		t.Error("the shipped bundle did not see the poison either")
	}
	a, b := openBundle(t, clean.Judged).Manifest, openBundle(t, dirty.Judged).Manifest
	if !reflect.DeepEqual(a.Sections, b.Sections) {
		t.Errorf("the judged bundle holds something of the hold-out: sections\n%v\n%v", a.Sections, b.Sections)
	}
	if !bytes.Equal(clean.Judged, dirty.Judged) {
		t.Errorf("the manifest of the judged bundle tells of the hold-out:\n%+v\n%+v", a, b)
	}
}

// TestNothingAfterAsOf poisons what came after the as-of: the bundle stays.
func TestNothingAfterAsOf(t *testing.T) {
	p := smallPlan()
	p.AsOf = datasets.Micros(day(500))
	clean := run(t, smallCompany(900, 7).table(nil, nil), p)
	poisons := map[string]func(c *rows){
		"leads gone": func(c *rows) {
			c.cells = slices.DeleteFunc(c.cells, func(cells []string) bool { return cells[1] >= day(500).Format(time.RFC3339) })
		},
		"outcomes turned": func(c *rows) {
			for _, cells := range c.cells {
				if cells[3] >= day(500).Format(time.RFC3339) {
					cells[2], cells[3] = map[string]string{"Won": "Lost", "Lost": "Won"}[cells[2]], day(599).Format(time.RFC3339)
				}
			}
		},
		"all open": func(c *rows) {
			for _, cells := range c.cells {
				if cells[3] >= day(500).Format(time.RFC3339) {
					cells[2], cells[3] = "Open", ""
				}
			}
		},
		"absurd fields": func(c *rows) {
			for i, cells := range c.cells {
				if cells[1] >= day(500).Format(time.RFC3339) {
					cells[4], cells[5], cells[6] = strconv.Itoa(i*1_000_000), "moon", "-99"
				}
			}
		},
		"fields of another kind": func(c *rows) {
			for i, cells := range c.cells {
				if cells[1] >= day(500).Format(time.RFC3339) {
					cells[5], cells[6] = strconv.Itoa(i), "many"
				}
			}
		},
	}
	for _, name := range slices.Sorted(maps.Keys(poisons)) {
		c := smallCompany(900, 7)
		poisons[name](c)
		if got := run(t, c.table(nil, nil), p); !bytes.Equal(got.Shipped, clean.Shipped) || !bytes.Equal(got.Judged, clean.Judged) {
			a, b := openBundle(t, clean.Shipped).Manifest, openBundle(t, got.Shipped).Manifest
			t.Errorf("%s after the as-of: bundle %s, else %s; sections alike: %v", name, got.Report.Bundle, clean.Report.Bundle, reflect.DeepEqual(a.Sections, b.Sections))
		}
	}
	if m := openBundle(t, clean.Shipped).Manifest; m.AsOf != day(500).Format(time.RFC3339) {
		t.Errorf("as-of in the manifest: %s", m.AsOf)
	}
}

// TestJudgedAndShipped: the shipped manifest names the judged bundle and its
// figures; --no-refit ships the judged one.
func TestJudgedAndShipped(t *testing.T) {
	c := smallCompany(900, 6)
	r := run(t, c.table(nil, nil), smallPlan())
	judged, shipped := openBundle(t, r.Judged), openBundle(t, r.Shipped)
	j := shipped.Manifest.Judged
	if j == nil || j.Bundle != judged.ID() || r.Report.Judged.Bundle != judged.ID() || r.Report.Bundle != shipped.ID() {
		t.Fatalf("judged %s, shipped %s tells of %+v", judged.ID(), shipped.ID(), j)
	}
	if judged.Manifest.Judged != nil {
		t.Error("the judged bundle tells of a judgement")
	}
	for _, h := range r.Report.Judged.Horizons {
		if got := j.Metrics["auc_"+strconv.Itoa(h.Days)+"d"]; got != h.AUC.Value || !(got > 0.4 && got < 1) {
			t.Errorf("AUC at %d days: %v in the manifest, %v in the report", h.Days, got, h.AUC.Value)
		}
	}
	if len(r.Report.Judged.Horizons) == 0 || judged.Manifest.Leads >= shipped.Manifest.Leads || judged.Manifest.Wins >= shipped.Manifest.Wins {
		t.Errorf("judged on %d horizons, fitted on %d leads and %d; wins %d and %d", len(r.Report.Judged.Horizons), judged.Manifest.Leads, shipped.Manifest.Leads, judged.Manifest.Wins, shipped.Manifest.Wins)
	}
	if judged.Manifest.Recipe != shipped.Manifest.Recipe {
		t.Errorf("recipes %q and %q", judged.Manifest.Recipe, shipped.Manifest.Recipe)
	}
	p := smallPlan()
	p.NoRefit = true
	as := run(t, c.table(nil, nil), p)
	if !bytes.Equal(as.Shipped, r.Judged) || !bytes.Equal(as.Judged, r.Judged) {
		t.Error("--no-refit ships something else than the judged bundle")
	}
	if got, want := judged.Manifest.AsOf[:10], r.Report.Judged.From; got != want {
		t.Errorf("the judged bundle claims to know everything until %s; it was cut at %s", got, want)
	}
}

// TestSeedMatters only where something is random.
func TestSeedMatters(t *testing.T) {
	c := smallCompany(700, 5)
	p := smallPlan()
	a := run(t, c.table(nil, nil), p)
	p.Seed = 2
	b := run(t, c.table(nil, nil), p)
	if a.Report.Bundle == b.Report.Bundle {
		t.Error("two seeds, one bundle")
	}
}

// TestCancelled ends training with the context's error.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	_, err := train.Run(ctx, smallCompany(700, 5).table(nil, nil), smallPlan(), func(stage string, done, total int) {
		if done > total || stage == "" {
			t.Errorf("step %d of %d: %q", done, total, stage)
		}
		if steps++; steps == 4 {
			cancel()
		}
	})
	if err == nil || ctx.Err() == nil || steps > 6 {
		t.Errorf("%d steps, then %v", steps, err)
	}
}
