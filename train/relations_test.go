package train_test

import (
	"context"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// outlooks trains on a company and forecasts all of its leads 90 days ahead of the end.
func outlooks(t *testing.T, c *rows, p train.Plan) []float64 {
	t.Helper()
	b := openBundle(t, run(t, c.table(nil, nil), p).Shipped)
	s, err := b.Read(c.table(nil, nil), p.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Score(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	var f []float64
	for _, score := range all {
		var at [2]float64
		score.Curve.At(at[:], 90)
		f = append(f, at[0], at[1])
	}
	return f
}

// TestRelations changes the table in ways that mean nothing, or are made up
// for elsewhere: the forecasts stay.
func TestRelations(t *testing.T) {
	relabel := func(names map[string]string) func(c *rows, p *train.Plan) {
		return func(c *rows, _ *train.Plan) {
			c.set("source", func(_ int, old string) string { return names[old] })
		}
	}
	relations := []struct {
		name   string
		within float64
		change func(c *rows, p *train.Plan)
	}{
		{"everything 52 weeks later", 0, func(c *rows, p *train.Plan) {
			p.AsOf = datasets.Micros(day(600 + 364))
			for _, name := range []string{"created_at", "closed_at"} {
				c.set(name, func(_ int, old string) string {
					if old == "" {
						return ""
					}
					at, _ := time.Parse(time.RFC3339, old)
					return at.AddDate(0, 0, 364).Format(time.RFC3339)
				})
			}
		}},
		{"a constant column", 0, func(c *rows, _ *train.Plan) { c.add("country", func(int) string { return "Norway" }) }},
		{"an empty column", 0, func(c *rows, _ *train.Plan) { c.add("remark", func(int) string { return "" }) }},
		{"an id that nobody needs", 0, func(c *rows, _ *train.Plan) {
			c.add("uuid", func(i int) string { return "00f-" + strconv.Itoa(1_000_000+i) })
		}},
		{"other names of categories, in the same order", 0, relabel(map[string]string{"call": "1 a", "fair": "2 b", "friend": "3 c", "web": "4 d"})},
		{"other names of categories", 1e-6, relabel(map[string]string{"call": "Z", "fair": "Y", "friend": "B", "web": "Q"})},
		{"other words for outcomes", 0, func(c *rows, p *train.Plan) {
			words := map[string]string{"Won": "Abschluss", "Lost": "Nein", "Open": "In Arbeit"}
			c.set("status", func(_ int, old string) string { return words[old] })
			p.Contract = datasets.Contract{Won: []string{words["Won"]}, Lost: []string{words["Lost"]}}
		}},
		{"dates written otherwise", 0, func(c *rows, p *train.Plan) {
			for _, name := range []string{"created_at", "closed_at"} {
				c.set(name, func(_ int, old string) string {
					if old == "" {
						return "NULL"
					}
					at, _ := time.Parse(time.RFC3339, old)
					return at.Format("02.01.2006 15:04")
				})
			}
		}},
		{"numbers in another unit", 1e-6, func(c *rows, _ *train.Plan) {
			c.set("visits", func(_ int, old string) string {
				v, _ := strconv.Atoi(old)
				return strconv.Itoa(8 * v)
			})
		}},
	}
	for seed := range uint64(2) {
		want := outlooks(t, smallCompany(600, 40+seed), smallPlan())
		for _, k := range relations {
			c, p := smallCompany(600, 40+seed), smallPlan()
			k.change(c, &p)
			worst := 0.0
			for i, v := range outlooks(t, c, p) {
				worst = max(worst, math.Abs(v-want[i]))
			}
			if !(worst <= k.within) {
				t.Errorf("seed %d, %s: forecasts move by up to %v", seed, k.name, worst)
			}
		}
	}
}
