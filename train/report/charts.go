package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ticks are the marks of an axis.
type ticks struct {
	percent bool
	at      []float64 // nil: where they fit
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	list := plot.DefaultTicks{}.Ticks(low, high)
	if t.at != nil {
		list = nil
		for _, v := range t.at {
			list = append(list, plot.Tick{Value: v, Label: "x"})
		}
	}
	var kept []plot.Tick
	for _, k := range list {
		if k.IsMinor() || k.Value < low-1e-9 || k.Value > high+1e-9 {
			continue
		}
		k.Label = short(k.Value)
		if t.percent {
			k.Label = strconv.FormatFloat(math.Round(1e4*k.Value)/100, 'g', 4, 64) + nbsp + "%"
		}
		kept = append(kept, k)
	}
	return kept
}

// short writes a number of an axis: 250, 12k, 1.5M.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case a >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(math.Round(1e6*v)/1e6, 'g', 6, 64)
}

// grid are thin level lines at the marks.
func grid(p *plot.Plot) {
	p.Add(&plotter.Grid{Horizontal: stroke("line", 0.8)})
}

// curve adds a line.
func curve(p *plot.Plot, x, y []float64, style draw.LineStyle) {
	points := make(plotter.XYs, len(x))
	for i := range x {
		points[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	p.Add(&plotter.Line{XYs: points, LineStyle: style})
}

// drawing is a plotter made of a function.
type drawing func(c draw.Canvas, p *plot.Plot)

// Plot implements plot.Plotter.
func (d drawing) Plot(c draw.Canvas, p *plot.Plot) { d(c, p) }

// stacked draws what becomes of a lead over time: won below, lost above, open
// between them; the three fill the height.
func stacked(curve []moment) *plot.Plot {
	p := blank()
	last := curve[len(curve)-1]
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, last.Days, 0, 1
	p.Y.Tick.Marker = ticks{percent: true, at: []float64{0, 0.25, 0.5, 0.75, 1}}
	p.X.Tick.Marker = ticks{}
	p.X.Label.Text = "days from now"
	p.X.Padding, p.Y.Padding = 4, 4
	p.Add(drawing(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		band := func(colour string, low, high func(moment) float64) {
			var outline []vg.Point
			for _, m := range curve {
				outline = append(outline, vg.Point{X: x(m.Days), Y: y(high(m))})
			}
			for i := len(curve) - 1; i >= 0; i-- {
				outline = append(outline, vg.Point{X: x(curve[i].Days), Y: y(low(curve[i]))})
			}
			c.FillPolygon(theme[colour], outline)
		}
		zero := func(moment) float64 { return 0 }
		won := func(m moment) float64 { return m.Won }
		open := func(m moment) float64 { return m.Won + m.Open }
		one := func(moment) float64 { return 1 }
		band("grey", open, one)
		band("pale", won, open)
		band("accent", zero, won)
		labels := []struct {
			text  string
			share float64
			y     vg.Length
			style string
		}{{"won", last.Won, y(last.Won / 2), "accent"}, {"open", last.Open, y(last.Won + last.Open/2), "soft"}, {"lost", last.Lost, y(1 - last.Lost/2), "soft"}}
		const apart = 25
		labels[0].y = max(labels[0].y, y(0)+8)
		labels[2].y = min(labels[2].y, y(1)-8)
		labels[1].y = min(max(labels[1].y, labels[0].y+apart), labels[2].y-apart)
		for _, l := range labels {
			if l.text == "lost" && l.share == 0 {
				continue
			}
			c.FillText(letters(11, l.style, true), vg.Point{X: x(last.Days) + 6, Y: l.y + 1}, percent(l.share))
			c.FillText(letters(9.5, "soft", false), vg.Point{X: x(last.Days) + 6, Y: l.y - 10}, l.text)
		}
	}))
	return p
}

// calibration draws observed against forecast, each group with its 95 %
// interval; on the line forecasts are true.
func calibration(predicted, observed []float64, n []int) *plot.Plot {
	p := blank()
	grid(p)
	top := 0.0
	low, high := make([]float64, len(n)), make([]float64, len(n))
	for i := range n {
		low[i], high[i] = wilson(observed[i], n[i])
		top = max(top, predicted[i], min(high[i], 1.6*max(observed[i], predicted[i])))
	}
	top = min(1, top*1.05)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, top, 0, top
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{percent: true}, ticks{percent: true}
	p.X.Label.Text = "forecast"
	curve(p, []float64{0, top}, []float64{0, top}, stroke("soft", 1, 3, 3))
	p.Add(drawing(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		for i := range n {
			at := x(predicted[i])
			c.StrokeLine2(stroke("pale", 2.5), at, y(low[i]), at, y(min(high[i], top)))
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: theme["accent"], Radius: 3.2, Shape: draw.CircleGlyph{}}, vg.Point{X: at, Y: y(observed[i])})
		}
	}))
	return p
}

// wilson is the 95 % interval of a share (Wilson 1927, JASA 22:209).
func wilson(p float64, n int) (low, high float64) {
	const z = 1.96
	m := float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, centre-half), min(1, centre+half)
}

// gains draws the share of wins among the leads ranked first.
func gains(share []float64) *plot.Plot {
	p := blank()
	grid(p)
	x, y := []float64{0}, []float64{0}
	for i, g := range share {
		x, y = append(x, float64(i+1)/float64(len(share))), append(y, g)
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	quarters := ticks{percent: true, at: []float64{0, 0.25, 0.5, 0.75, 1}}
	p.X.Tick.Marker, p.Y.Tick.Marker = quarters, quarters
	p.X.Label.Text = "leads worked, best first"
	curve(p, []float64{0, 1}, []float64{0, 1}, stroke("soft", 1, 3, 3))
	curve(p, x, y, stroke("accent", 2.2))
	return p
}

// lift draws how many times more wins the leads ranked first have than leads
// drawn at random.
func liftCurve(share []float64) *plot.Plot {
	p := blank()
	grid(p)
	var x, y []float64
	top := 1.0
	for i, g := range share {
		at := float64(i+1) / float64(len(share))
		x, y = append(x, at), append(y, g/at)
		top = max(top, g/at)
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, math.Ceil(top)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{percent: true, at: []float64{0, 0.25, 0.5, 0.75, 1}}, ticks{}
	p.X.Label.Text = "leads worked, best first"
	curve(p, []float64{0, 1}, []float64{1, 1}, stroke("soft", 1, 3, 3))
	curve(p, x, y, stroke("accent", 2.2))
	return p
}

// dependence draws the mean chance over the values of a number, one dot after
// the other: their distances would say little where a few values are huge.
func dependence(points []point) *plot.Plot {
	p := blank()
	grid(p)
	var x, y []float64
	var marks plot.ConstantTicks
	top := 0.0
	for i, q := range points {
		x, y = append(x, float64(i)), append(y, q.Win)
		top = max(top, q.Win)
		if step := (len(points) + 5) / 6; i%step == 0 {
			marks = append(marks, plot.Tick{Value: float64(i), Label: short(*q.Number)})
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, x[len(x)-1], 0, top*1.12
	p.X.Tick.Marker, p.Y.Tick.Marker = marks, ticks{percent: true}
	curve(p, x, y, stroke("accent", 2.2))
	p.Add(drawing(func(c draw.Canvas, p *plot.Plot) {
		tx, ty := p.Transforms(&c)
		for i := range x {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: theme["accent"], Radius: 2.6, Shape: draw.CircleGlyph{}}, vg.Point{X: tx(x[i]), Y: ty(y[i])})
		}
	}))
	return p
}

// row is a line of a figure of bars: a bar from zero to value, or, with high
// above low, a span from low to high with a dot at value.
type row struct {
	label, text      string
	low, value, high float64
	quiet            bool // in grey
	empty            bool // only its texts
}

const rowHigh = 33

// bars draws rows of bars or spans below their labels, on a scale that reaches
// to top at least; tall is its height.
func bars(rows []row, top float64) (p *plot.Plot, tall vg.Length) {
	p = blank()
	p.HideAxes()
	p.X.Padding, p.Y.Padding = 0, 0
	for _, r := range rows {
		if !r.empty {
			top = max(top, r.value, r.high)
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.Add(drawing(func(c draw.Canvas, _ *plot.Plot) {
		at := func(v float64) vg.Length { return c.Min.X + vg.Length(v/max(top, 1e-12))*(c.Max.X-c.Min.X) }
		for i, r := range rows {
			y := c.Max.Y - vg.Length(i)*rowHigh
			value := letters(11, "ink", true)
			value.XAlign = draw.XRight
			c.FillText(value, vg.Point{X: c.Max.X, Y: y - 12}, r.text)
			label := letters(11, "ink", false)
			c.FillText(label, vg.Point{X: c.Min.X, Y: y - 12}, fit(r.label, label, c.Max.X-c.Min.X-value.Width(r.text)-10))
			colour, pale, dot := "accent", "pale", "accent"
			if r.quiet {
				colour, pale, dot = "grey", "grey", "soft"
			}
			block := func(colour string, from, to, half vg.Length) {
				if to > from {
					c.FillPolygon(theme[colour], []vg.Point{{X: from, Y: y - 21 - half}, {X: to, Y: y - 21 - half}, {X: to, Y: y - 21 + half}, {X: from, Y: y - 21 + half}})
				}
			}
			block("track", c.Min.X, c.Max.X, 3)
			switch {
			case r.empty:
			case r.high > r.low:
				block(pale, at(r.low), at(r.high), 3)
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: theme[dot], Radius: 4, Shape: draw.CircleGlyph{}}, vg.Point{X: min(max(at(r.value), c.Min.X+4), c.Max.X-4), Y: y - 21})
			default:
				block(colour, c.Min.X, max(at(r.value), c.Min.X+1), 3)
			}
		}
	}))
	return p, vg.Length(len(rows)) * rowHigh
}
