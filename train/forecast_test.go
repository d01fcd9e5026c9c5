package train_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// outlook forecasts the open leads of a company.
func outlook(t *testing.T, b *bundle.Bundle, open *datasets.Table, refits []*bundle.Bundle) (features.Snapshot, *train.Outlook) {
	t.Helper()
	s, err := b.Read(open, end)
	if err != nil {
		t.Fatal(err)
	}
	o, err := train.Forecast(context.Background(), b, s, end, "month", refits)
	if err != nil {
		t.Fatal(err)
	}
	return s, o
}

// TestForecast: the periods add up to the forecasts of the leads, and the
// interval of all is that of a Poisson-binomial sum.
func TestForecast(t *testing.T) {
	table := smallCompany(1500, 9).table(nil, nil)
	b := openBundle(t, run(t, table, smallPlan()).Shipped)
	typed, err := b.Read(table, end)
	if err != nil {
		t.Fatal(err)
	}
	open := table.Gather(b.OpenRows(typed.Leads))
	horizon := b.Manifest.Horizons[len(b.Manifest.Horizons)-1]
	if _, o := outlook(t, b, open, nil); len(o.Notes) != 3 || o.Total.Leads >= o.Leads {
		t.Errorf("old leads are not spoken of: %d of %d, %q", o.Total.Leads, o.Leads, o.Notes)
	}
	var young []int
	for i, created := range typed.Leads.Gather(b.OpenRows(typed.Leads)).Column("created_at").Times {
		if b.Reach().Longest(datasets.Days(created, end)) >= float64(horizon) {
			young = append(young, i)
		}
	}
	open = open.Gather(young)
	s, o := outlook(t, b, open, nil)
	scores, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	wins, variance := 0.0, 0.0
	var at [2]float64
	for _, score := range scores {
		score.Curve.At(at[:], float64(horizon))
		wins += at[0]
		variance += at[0] * (1 - at[0])
	}
	if o.Leads != open.Rows || math.Abs(o.Total.Wins.Expected-wins) > 1e-9*wins {
		t.Errorf("%d leads bring %g wins, their forecasts add up to %g", o.Leads, o.Total.Wins.Expected, wins)
	}
	sum, money := 0.0, 0.0
	for _, p := range o.Periods {
		sum += p.Wins.Expected
		money += p.Revenue.Expected
		for _, r := range []train.Range{p.Wins, *p.Revenue} {
			if !(r.Low95 <= r.Low80 && r.Low80 <= r.High80 && r.High80 <= r.High95) {
				t.Errorf("%s: %+v", p.From, r)
			}
		}
	}
	if math.Abs(sum-wins) > 1e-9*wins || math.Abs(money-o.Total.Revenue.Expected) > 1e-9*money {
		t.Errorf("periods add up to %g wins and %g, together %g and %g", sum, money, wins, o.Total.Revenue.Expected)
	}
	if half, want := (o.Total.Wins.High95-o.Total.Wins.Low95)/2, 1.96*math.Sqrt(variance); math.Abs(half-want) > 0.1*want+1 {
		t.Errorf("the 95 %% interval is ±%.1f wide, a Poisson-binomial one ±%.1f", half, want)
	}
	if first, last := o.Periods[0], o.Periods[len(o.Periods)-1]; first.From != o.AsOf || last.To != o.Total.To {
		t.Errorf("%+v … %+v", first, last)
	}
}

// TestRefits: intervals are wider where they know how unsure the model is, and
// are the same each time.
func TestRefits(t *testing.T) {
	table := smallCompany(700, 10).table(nil, nil)
	p := smallPlan()
	b := openBundle(t, run(t, table, p).Shipped)
	typed, err := b.Read(table, end)
	if err != nil {
		t.Fatal(err)
	}
	open := table.Gather(b.OpenRows(typed.Leads))
	refits, err := train.Refits(context.Background(), table, p, 12, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, without := outlook(t, b, open, nil)
	_, with := outlook(t, b, open, refits)
	_, again := outlook(t, b, open, refits)
	if a, b := with.Total.Wins, without.Total.Wins; a.High95-a.Low95 < 1.05*(b.High95-b.Low95) || a.Expected != b.Expected {
		t.Errorf("with refits %+v, without %+v", a, b)
	}
	x, _ := json.Marshal(with)
	y, _ := json.Marshal(again)
	if with.Refits != 12 || !bytes.Equal(x, y) {
		t.Errorf("%s\n%s", x, y)
	}
}
