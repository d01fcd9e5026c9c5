package report

import (
	"fmt"
	"strings"

	"github.com/leadcast/leadcast/models/metric"
)

// section is a part of the report with its figures.
type section struct {
	name  string
	plots []Plot
}

// Plots are the figures of the report, in its order.
func (r *Report) Plots() []Plot {
	var list []Plot
	for _, s := range r.sections() {
		list = append(list, s.plots...)
	}
	return list
}

// sections draws everything.
func (r *Report) sections() []section {
	return []section{
		{"counting", r.countingPlots()},
		{"typical", r.typicalPlots()},
		{"reliability", r.reliabilityPlots()},
		{"gain", r.gainPlots()},
		{"influence", r.influencePlots()},
		{"dependence", r.dependencePlots()},
		{"cycles", r.cyclePlots()},
		{"campaigns", r.campaignPlots()},
	}
}

func (r *Report) countingPlots() []Plot {
	var list []Plot
	top := 0.0 // one scale for all, for they are compared
	for _, n := range r.Counting {
		top = max(top, n.OpenAsLost, n.Censored)
		if n.ClosedOnly != nil {
			top = max(top, *n.ClosedOnly)
		}
	}
	for i, n := range r.Counting {
		rows := []row{{label: "Open leads count as lost", text: tenths(n.OpenAsLost), value: n.OpenAsLost, quiet: true}}
		if n.ClosedOnly != nil {
			rows = append(rows, row{label: "Closed leads only", text: tenths(*n.ClosedOnly), value: *n.ClosedOnly, quiet: true})
		}
		rows = append(rows, row{label: "Each for as long as it was watched", text: tenths(n.Censored), value: n.Censored})
		p, high := bars(rows, top)
		list = append(list, Plot{Name: fmt.Sprintf("counting-%d", i+1), Title: n.Group, note: fmt.Sprintf("Won within %d days, %s leads", r.HorizonDays, whole(n.Leads)), high: high, plot: p,
			alt: fmt.Sprintf("%s: %s won if open leads count as lost, %s of closed leads, %s by Aalen–Johansen", n.Group, tenths(n.OpenAsLost), maybe(n.ClosedOnly), tenths(n.Censored))})
	}
	return list
}

func (r *Report) typicalPlots() []Plot {
	var list []Plot
	for _, t := range r.Typical {
		note := fmt.Sprintf("Open %s", plural(int(t.Age), "day", "days"))
		if t.Age == 0 {
			note = "Just created"
		}
		list = append(list, Plot{Name: "typical-" + strings.ToLower(strings.Fields(t.Place)[1]), Title: t.Place, note: fmt.Sprintf("%s; won within %d days: %s", note, r.HorizonDays, percent(t.Win)), high: 210, side: 44, plot: stacked(t.Curve),
			alt: fmt.Sprintf("%s: %s to be won within %d days", t.Place, percent(t.Win), r.HorizonDays)})
	}
	return list
}

func (r *Report) reliabilityPlots() []Plot {
	var list []Plot
	for _, h := range r.Judged.Horizons {
		if len(h.Reliability) > 0 {
			list = append(list, reliability(h.Days, h.Reliability, h.OE))
		}
	}
	return list
}

// reliability draws what came against what was forecast.
func reliability(days int, bins metric.Reliability, oe metric.Estimate) Plot {
	var predicted, observed []float64
	var n []int
	for _, b := range bins {
		predicted, observed, n = append(predicted, b.Predicted), append(observed, b.Observed), append(n, b.N)
	}
	return Plot{Name: strings.TrimSuffix(fmt.Sprintf("reliability-%dd", days), "-0d"), Title: "Won" + within(days), note: fmt.Sprintf("%d groups of about %s leads; share that was won", len(n), whole(n[0])), high: 230, plot: calibration(predicted, observed, n),
		alt: fmt.Sprintf("Forecast against what came, won%s: %.2f observed for each expected", within(days), oe.Value)}
}

func (r *Report) gainPlots() []Plot {
	h := r.judgedAt()
	if h == nil || len(h.Gains) == 0 {
		return nil
	}
	return []Plot{
		{Name: "gain", Title: "Wins found", note: "Share of all wins; dashed: in no order", high: 230, plot: gains(h.Gains), alt: r.Ranking()},
		{Name: "lift", Title: "Times better than chance", note: "Dashed: in no particular order", high: 230, plot: liftCurve(h.Gains), alt: "Lift by share of leads worked"},
	}
}

const mostInfluences = 12

func (r *Report) influencePlots() []Plot {
	var rows []row
	for _, f := range r.Influence[:min(mostInfluences, len(r.Influence))] {
		rows = append(rows, row{label: plain(f.Column), text: effect(f.Effect), value: f.Effect})
	}
	if len(rows) == 0 {
		return nil
	}
	p, high := bars(rows, 0)
	return []Plot{{Name: "influence", Title: "What moves the chance", note: "Mean change, up or down, in percentage points", high: high, plot: p, alt: "Columns by how much they move forecasts"}}
}

func (r *Report) dependencePlots() []Plot {
	var list []Plot
	for _, f := range r.Influence {
		if len(f.Points) < 2 {
			continue
		}
		d := Plot{Name: fmt.Sprintf("dependence-%d", len(list)+1), Title: plain(f.Column), note: "Mean chance" + r.Within(r.HorizonDays), high: 210, alt: "Mean chance by " + plain(f.Column)}
		if f.tried > len(f.Points) {
			d.note += fmt.Sprintf(", ends of %d values", f.tried)
		}
		if f.number {
			if len(f.Points) == dependSteps {
				d.note += ", a dot for every 9 % of leads"
			}
			d.plot = dependence(f.Points)
		} else {
			var rows []row
			for _, q := range f.Points {
				rows = append(rows, row{label: q.Value, text: percent(q.Win), value: q.Win})
			}
			d.plot, d.high = bars(rows, 0)
		}
		list = append(list, d)
	}
	return list
}

func (r *Report) cyclePlots() []Plot {
	if r.Cycles == nil {
		return nil
	}
	var list []Plot
	add := func(name, title string, groups []Cycle) {
		var rows []row
		for _, g := range groups {
			one := row{label: fmt.Sprintf("%s (%s leads)", g.Group, whole(g.Leads)), text: rangeOf(g), empty: g.P50 == nil}
			if g.P50 != nil {
				one.low, one.value, one.high = *g.P10, *g.P50, *g.P90
				one.quiet = g.borrowed()
			}
			rows = append(rows, one)
		}
		if len(rows) > 0 {
			p, high := bars(rows, 0)
			list = append(list, Plot{Name: name, Title: title, note: "Days to half of the wins (1 in 10 – 9 in 10)", high: high, plot: p, alt: title})
		}
	}
	if r.Cycles.Segment != "" {
		add("cycle-by-segment", "By "+strings.ToLower(plain(r.Cycles.Segment)), r.Cycles.Segments)
	}
	add("cycle-by-quarter", "By quarter of creation", r.Cycles.Cohorts)
	return list
}

func (r *Report) campaignPlots() []Plot {
	if r.Campaigns == nil {
		return nil
	}
	var rows []row
	for _, a := range r.Campaigns.Arms {
		one := row{label: fmt.Sprintf("%s (%s leads)", named(a.Name), whole(a.Leads)), text: "not yet", empty: true}
		if a.Ripe && a.PWin != nil && a.CI != nil {
			one = row{label: one.label, text: percent(*a.PWin), low: a.CI[0], value: *a.PWin, high: a.CI[1]}
		}
		rows = append(rows, one)
	}
	if len(rows) == 0 {
		return nil
	}
	days := 0
	if h := r.Campaigns.Horizon; h != nil {
		days = *h
	}
	p, high := bars(rows, 0)
	return []Plot{{Name: "campaigns", Title: "Won" + r.Within(days), note: "Share of each campaign's leads, with its 95 % interval", high: high, plot: p, alt: "Campaigns by share won"}}
}

// rangeOf says a span of days in words.
func rangeOf(g Cycle) string {
	if g.P50 == nil {
		return "not known"
	}
	return fmt.Sprintf("%s (%s–%s)", inDays(g.P50), inDays(g.P10), inDays(g.P90))
}
