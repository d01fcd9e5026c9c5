//go:build long

package train_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/leadcast/leadcast/train"
)

// TestTruthLong is the full comparison: ten companies of 20,000 leads.
func TestTruthLong(t *testing.T) { truthOf(t, 10, 20000, 0.02, 0.85) }

// TestTruthLargeLong is one company of 200,000 leads.
func TestTruthLargeLong(t *testing.T) {
	c := learn(t, 200000, 11)
	f := c.against()
	t.Logf("200,000 leads: expected ÷ true %.3f, gap closed %.3f", f.ratio, f.gap)
	for k, r := range f.ratio {
		if math.Abs(r-1) > 0.03 {
			t.Errorf("expected ÷ true at %d days is %.3f", horizons[k], r)
		}
	}
}

// TestForecastLong: of twelve companies, the 95 % interval of the wins of the
// next half year holds what came in at least ten, and the 80 % one in seven.
func TestForecastLong(t *testing.T) {
	const companies = 12
	wide, narrow := 0, 0
	for seed := range uint64(companies) {
		c := learn(t, 4000, 300+seed)
		refits, err := train.Refits(context.Background(), c.leads, crmPlan(c.asOf), 20, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := c.score(c.leads.Gather(c.b.OpenRows(c.typed())), c.asOf)
		o, err := train.Forecast(context.Background(), c.b, s, c.asOf, "quarter", refits)
		if err != nil {
			t.Fatal(err)
		}
		came := 0.0
		outcomes := table(t, filepath.Join(c.dir, "truth", "outcomes.csv"))
		for i := range outcomes.Rows {
			closed := outcomes.Column("closed_at").Texts.At(i)
			if outcomes.Column("status").Texts.At(i) == "Won" && closed[:10] < o.Total.To {
				came++
			}
		}
		w := o.Total.Wins
		t.Logf("%.1f wins expected (80 %% %.0f – %.0f, 95 %% %.0f – %.0f), %.0f came", w.Expected, w.Low80, w.High80, w.Low95, w.High95, came)
		if came >= w.Low95 && came <= w.High95 {
			wide++
		}
		if came >= w.Low80 && came <= w.High80 {
			narrow++
		}
	}
	if wide < 10 || narrow < 7 {
		t.Errorf("of %d companies %d lie in the 95 %% interval and %d in the 80 %% one", companies, wide, narrow)
	}
}
