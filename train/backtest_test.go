package train_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// listCompany is a smallCompany whose leads close soon or late, and come from
// lists that change every month and say nothing of a lead: but who takes open
// leads for lost believes that the newest list is the worst.
func listCompany(n int, seed uint64) *rows {
	c := smallCompany(n, seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for _, cells := range c.cells {
		created, _ := time.Parse(time.RFC3339, cells[1])
		visits, _ := strconv.ParseFloat(cells[6], 64)
		won := math.Exp(0.3*(visits-8)) / (1 + math.Exp(0.3*(visits-8)))
		open := r.ExpFloat64()
		closed := created.Add(time.Duration(25 * open * open * 24 * float64(time.Hour))).Truncate(time.Hour)
		cells[2], cells[3] = "Open", ""
		if datasets.Micros(closed) < end {
			cells[2], cells[3] = map[bool]string{true: "Won", false: "Lost"}[r.Float64() < won], closed.Format(time.RFC3339)
		}
	}
	c.add("list", func(i int) string {
		created, _ := time.Parse(time.RFC3339, c.at(i, "created_at"))
		return "list " + string(rune('A'+int(created.Sub(start).Hours()/24/30)))
	})
	return c
}

func replayPlan() train.Plan {
	p := smallPlan()
	p.Model, p.Horizons, p.MainHorizon = "linear", []int{30, 60}, 60
	return p
}

func replay(t testing.TB, o train.Replay, table *datasets.Table) *train.Backtest {
	t.Helper()
	b, err := o.Run(context.Background(), table, replayPlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A company of which the truth is known: forecasts come true, and our order
// reaches more wins than each of the others.
func TestBacktestOfATruth(t *testing.T) {
	b := replay(t, train.Replay{Origins: 4}, listCompany(2500, 3).table(nil, nil))
	if len(b.Origins) != 4 || b.Origins[3].Date != day(540).Format(time.DateOnly) || b.To != day(600).Format(time.DateOnly) || b.Resampled != "leads" {
		t.Fatalf("origins %+v until %s", b.Origins, b.To)
	}
	for _, f := range b.Pooled.Horizons {
		if f.Withheld != "" || math.Abs(f.OE.Value-1) > 0.12 || f.OE.Low > 1 || f.OE.High < 1 || !(f.Gain.Low > 0) || !(f.AUC.Low > 0.6) || !(f.Top.Low > 0.1) || f.Slope.Low > 1.1 || f.Slope.High < 0.9 {
			t.Errorf("%d days: %+v", f.Days, f)
		}
		for _, e := range []struct{ low, value, high float64 }{{f.OE.Low, f.OE.Value, f.OE.High}, {f.Slope.Low, f.Slope.Value, f.Slope.High}, {f.AUC.Low, f.AUC.Value, f.AUC.High}, {f.Top.Low, f.Top.Value, f.Top.High}} {
			if !(e.low < e.value && e.value < e.high) {
				t.Errorf("%d days: an interval that does not hold its figure: %+v", f.Days, f)
			}
		}
	}
	if b.Pooled.LogLik == nil || !(b.Pooled.LogLik.Low > 0) {
		t.Errorf("log-likelihood over the base rates: %+v", b.Pooled.LogLik)
	}
	c := b.Pooled.Capacity
	if len(c.Orders) != 4 || c.Withheld != "" || c.Orders[0].Order != "leadcast" {
		t.Fatalf("%+v", c)
	}
	for _, o := range c.Orders[1:] {
		if !(o.Ahead.Low > 0) || !(o.AheadMoney.Low > 0) || math.Abs(c.Orders[0].Reached.Value-o.Reached.Value-o.Ahead.Value) > 1e-9 {
			t.Errorf("%s: %+v ahead %+v, of the money %+v", o.Order, o, o.Ahead, o.AheadMoney)
		}
	}
	for k := range c.Orders {
		for i := 1; i < len(c.Curve); i++ {
			if c.Curve[i].Reached[k] < c.Curve[i-1].Reached[k]-0.03 {
				t.Errorf("%s: more capacity, fewer wins: %+v", c.Orders[k].Order, c.Curve)
			}
		}
	}
	stated := ""
	for _, j := range b.Optimism {
		stated += j.Stated + " "
	}
	if stated != "promise reality promise reality " || len(b.Verdict) != 5 {
		t.Errorf("%q, %+v", stated, b.Verdict)
	}
	for _, s := range b.Verdict {
		if s.Answer == "" || strings.Contains(s.Answer, "NaN") || strings.Contains(s.Answer, "cannot be told") {
			t.Errorf("%s %s", s.Question, s.Answer)
		}
	}
}

// The same at any number of threads; and stopped and gone on with, the same as
// in one go, from models that are not trained twice.
func TestBacktestAgain(t *testing.T) {
	table := smallCompany(900, 8).table(nil, nil)
	kept := map[string][]byte{}
	o := train.Replay{Origins: 2, Keep: func(name string, b []byte) error { kept[name] = bytes.Clone(b); return nil }}
	want := asJSON(t, replay(t, o, table))
	if len(kept) != 5 {
		t.Errorf("%d models", len(kept))
	}
	was := runtime.GOMAXPROCS(1)
	one := asJSON(t, replay(t, train.Replay{Origins: 2}, table))
	runtime.GOMAXPROCS(was)
	if one != want {
		t.Errorf("on one thread\n%s\nelse\n%s", one, want)
	}

	ctx, stop := context.WithCancel(context.Background())
	some := map[string][]byte{}
	halted := train.Replay{Origins: 2, Keep: func(name string, b []byte) error {
		if some[name] = b; len(some) == 2 {
			stop()
		}
		return nil
	}}
	if _, err := halted.Run(ctx, table, replayPlan(), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped, but: %v", err)
	}
	before := len(some)
	again := 0
	rest := train.Replay{Origins: 2, Known: func(name string) []byte { return some[name] }, Keep: func(name string, b []byte) error {
		if again++; !bytes.Equal(b, kept[name]) {
			t.Errorf("another model %s", name)
		}
		return nil
	}}
	if got := asJSON(t, replay(t, rest, table)); got != want {
		t.Errorf("gone on with\n%s\nelse\n%s", got, want)
	}
	if before+again != len(kept) || again == 0 {
		t.Errorf("%d models before, %d after, of %d", before, again, len(kept))
	}
	for name := range some {
		some[name] = some[name][:len(some[name])/2] // cut off: trained again
	}
	again = 0
	if got := asJSON(t, replay(t, rest, table)); got != want || again != len(kept) {
		t.Errorf("from broken files %d models, the same: %v", again, got == want)
	}
	other := 0
	p := replayPlan()
	p.Seed = 2
	rest = train.Replay{Origins: 2, Known: func(name string) []byte { other += len(kept[name]); return nil }}
	if _, err := rest.Run(context.Background(), table, p, nil); err != nil || other > 0 {
		t.Errorf("another plan finds models of this one: %v", err)
	}
}

// What became known at or after an origin changes neither the model of that
// origin nor any before it, be it ours or that of open = lost.
func TestNothingAfterAnOrigin(t *testing.T) {
	models := func(c *rows) (map[string][]byte, *train.Backtest) {
		kept := map[string][]byte{}
		b := replay(t, train.Replay{Origins: 2, Keep: func(name string, b []byte) error {
			kept[name[:strings.LastIndexByte(name, '-')]] = bytes.Clone(b)
			return nil
		}}, c.table(nil, nil))
		return kept, b
	}
	clean, b := models(smallCompany(900, 8))
	first := b.Origins[0].Date
	c := smallCompany(900, 8)
	changed := 0
	for i, cells := range c.cells {
		if cells[3] >= first {
			cells[2], cells[3] = map[string]string{"Won": "Lost", "Lost": "Won"}[cells[2]], day(599).Format(time.RFC3339)
			changed++
		}
		if cells[1] >= first {
			cells[4], cells[5], cells[6] = strconv.Itoa(1_000_000+i), "moon", "-99"
			changed++
		}
	}
	dirty, d := models(c)
	if changed < 100 || d.Origins[0].Date != first || asJSON(t, b.Pooled) == asJSON(t, d.Pooled) {
		t.Fatalf("%d changes from %s on; the first origin is %s", changed, first, d.Origins[0].Date)
	}
	for _, of := range []string{"-forecast", "-open-is-lost"} {
		if a := clean[first+of]; len(a) == 0 || !bytes.Equal(a, dirty[first+of]) {
			t.Errorf("%s%s saw what came after", first, of)
		}
		if last := b.Origins[1].Date; bytes.Equal(clean[last+of], dirty[last+of]) {
			t.Errorf("%s%s did not see the poison either", last, of)
		}
	}
}

// An embargo hides the days before an origin, a window the leads of long ago.
func TestBacktestWindowAndEmbargo(t *testing.T) {
	c := smallCompany(1500, 4)
	c.add("account_id", func(i int) string { return "A" + strconv.Itoa(i/3) })
	table := c.table(nil, nil)
	all := replay(t, train.Replay{Origins: 1}, table).Origins[0]
	late := replay(t, train.Replay{Origins: 1, Embargo: 30}, table)
	window := replay(t, train.Replay{Origins: 1, Window: 300, Capacity: 7}, table)
	if o := late.Origins[0]; o.Date != all.Date || o.Leads >= all.Leads || o.Wins >= all.Wins || o.Open != all.Open || !strings.Contains(late.Training, "30 days of embargo") {
		t.Errorf("with an embargo %+v, without %+v", o, all)
	}
	if o := window.Origins[0]; o.Leads >= all.Leads*3/4 || o.Open != all.Open || window.Pooled.Capacity.Week != 7 {
		t.Errorf("in a window %+v, else %+v", o, all)
	}
	if s := late.Pooled.SeenAccounts; late.Resampled != "accounts" || s == nil || !(*s > 0.3 && *s < 1) || late.Pooled.NewAccounts.Count == 0 {
		t.Errorf("accounts seen: %v, not seen: %+v", s, late.Pooled.NewAccounts)
	}
	if slices.ContainsFunc(late.Notes, func(n string) bool { return strings.Contains(n, "L1") }) {
		t.Errorf("%q", late.Notes)
	}
}

// Where history cannot be replayed one sentence says why.
func TestNoBacktest(t *testing.T) {
	refused := func(table *datasets.Table, p train.Plan, want string) {
		t.Helper()
		_, err := train.Replay{}.Run(context.Background(), table, p, nil)
		var data *datasets.Error
		if !errors.As(err, &data) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(flatCompany(500, 3).table(nil, nil), flatPlan(), "no dates of creation and closing")
	short := smallPlan()
	short.Horizons, short.MainHorizon = []int{500}, 500
	refused(smallCompany(900, 2).table(nil, nil), short, "no past day to replay from")
	refused(smallCompany(40, 2).table(nil, nil), replayPlan(), "wins were known")
}
