package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
)

//go:embed backtest.html
var backtestText string

var backtestTemplate = template.Must(template.Must(pageTemplate.Clone()).New("backtest").Funcs(template.FuncMap{
	"hundred": func(e metric.Estimate) template.HTML {
		return spread(e, func(v float64) string { return fmt.Sprintf("%.0f", 100*v) })
	},
	"share": func(e metric.Estimate) template.HTML { return spread(e, percent) },
	"lead":  func(e metric.Estimate) template.HTML { return spread(e, points) },
	"slope": func(e metric.Estimate) template.HTML {
		return spread(e, func(v float64) string { return fmt.Sprintf("%.2f", v) })
	},
	"gain": func(e metric.Estimate) template.HTML {
		return spread(e, func(v float64) string { return fmt.Sprintf("%+.4f", v) })
	},
	"leads": func(v float64) string { return whole(int(math.Round(v))) },
}).Parse(backtestText))

// spread writes a figure above its interval, both numbers.
func spread(e metric.Estimate, number func(float64) string) template.HTML {
	return template.HTML("<span>" + number(e.Value) + " <small>" + strings.TrimSuffix(number(e.Low), " points") + " – " + strings.TrimSuffix(number(e.High), " points") + "</small></span>")
}

// backtest is what the template of a back-test shows.
type backtest struct {
	*train.Backtest
	Version string
	Style   template.CSS
	Main    *train.Figures // pooled, at the main horizon
	Figures map[string]slot
}

// Replayed is the number of origins that there are figures of.
func (b *backtest) Replayed() (n int) {
	for _, o := range b.Origins {
		if o.Withheld == "" {
			n++
		}
	}
	return n
}

// Lines are the pooled figures by horizon, and those of parts at the main one.
func (b *backtest) Lines() []line {
	var list []line
	for _, f := range b.Pooled.Horizons {
		list = append(list, line{fmt.Sprintf("%d days", f.Days), f})
	}
	after := fmt.Sprintf(", %d days", b.MainHorizon)
	list = append(list, line{"Open then" + after, b.Pooled.Open}, line{"Created after" + after, b.Pooled.New})
	if f := b.Pooled.NewAccounts; f != nil {
		list = append(list, line{"Accounts not seen before" + after, *f})
	}
	return list
}

type line struct {
	Name string
	train.Figures
}

// At is the figures of an origin at the main horizon.
func (b *backtest) At(o train.Origin) *train.Figures { return at(&o.Forecasts, b.MainHorizon) }

func at(f *train.Forecasts, days int) *train.Figures {
	for i := range f.Horizons {
		if f.Horizons[i].Days == days {
			return &f.Horizons[i]
		}
	}
	return &train.Figures{Withheld: "not followed"}
}

// WriteBacktest writes a back-test as one HTML page that needs no other file
// and no network. The same back-test gives the same bytes.
func WriteBacktest(w io.Writer, b *train.Backtest, version string) error {
	p := &backtest{b, version, template.CSS(styleText), at(&b.Pooled.Forecasts, b.MainHorizon), map[string]slot{}}
	for name, plots := range map[string][]Plot{"reliability": reliable(b), "time": overTime(b), "capacity": capacities(b)} {
		var s slot
		for i := range plots {
			s.Figures = append(s.Figures, drawn{plots[i].Title, plots[i].note, plots[i].inline()})
		}
		p.Figures[name] = s
	}
	var page bytes.Buffer
	if err := backtestTemplate.Execute(&page, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(page.Bytes())
	return err
}

// reliable draws what came against what was forecast, of all origins together.
func reliable(b *train.Backtest) []Plot {
	var list []Plot
	for _, h := range b.Pooled.Horizons {
		if h.Withheld != "" {
			continue
		}
		list = append(list, reliability(h.Days, h.Reliability, h.OE))
	}
	return list
}

// overTime draws what came for 100 forecast, and the gain over the base rates,
// origin by origin.
func overTime(b *train.Backtest) []Plot {
	var days, scored []string
	var came, gain []metric.Estimate
	for _, o := range b.Origins {
		if h := at(&o.Forecasts, b.MainHorizon); h.Withheld == "" {
			days, came = append(days, o.Date), append(came, metric.Estimate{Value: 100 * h.OE.Value, Low: 100 * h.OE.Low, High: 100 * h.OE.High})
		}
		if l := o.Forecasts.LogLik; l != nil {
			scored, gain = append(scored, o.Date), append(gain, *l)
		}
	}
	var list []Plot
	if len(days) > 0 {
		list = append(list, Plot{Name: "came", Title: "Wins for 100 forecast", note: fmt.Sprintf("By origin, within %d days, with 95 %% intervals", b.MainHorizon), high: 230, plot: spans(days, came, 100), alt: "Observed for 100 expected wins, by origin"})
	}
	if len(scored) > 0 {
		list = append(list, Plot{Name: "gain", Title: "Gain over the average", note: "By origin: log-likelihood a forecast, with 95 % intervals", high: 230, plot: spans(scored, gain, 0), alt: "Log-likelihood over the base rates, by origin"})
	}
	return list
}

// spans draws figures with their intervals side by side; the dashed line is
// where they would be if all were as it should be, or of no use.
func spans(names []string, figures []metric.Estimate, line float64) *plot.Plot {
	p := blank()
	grid(p)
	low, high := line, line
	for _, e := range figures {
		low, high = min(low, e.Low), max(high, e.High)
	}
	room := 0.06 * (high - low)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, float64(len(names))-0.5, low-room, high+room
	var marks plot.ConstantTicks
	for i, name := range names {
		if step := (len(names) + 4) / 5; i%step == 0 {
			marks = append(marks, plot.Tick{Value: float64(i), Label: name[:len("2006-01")]})
		}
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = marks, ticks{}
	curve(p, []float64{p.X.Min, p.X.Max}, []float64{line, line}, stroke("soft", 1, 3, 3))
	p.Add(drawing(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		for i, e := range figures {
			c.StrokeLine2(stroke("pale", 2.5), x(float64(i)), y(e.Low), x(float64(i)), y(e.High))
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: theme["accent"], Radius: 3.2, Shape: draw.CircleGlyph{}}, vg.Point{X: x(float64(i)), Y: y(e.Value)})
		}
	}))
	return p
}

// capacities draws the wins that each order reaches at several capacities.
func capacities(b *train.Backtest) []Plot {
	c := b.Pooled.Capacity
	if c.Withheld != "" {
		return nil
	}
	p := blank()
	grid(p)
	last := c.Curve[len(c.Curve)-1]
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, last.Share, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{percent: true}, ticks{percent: true, at: []float64{0, 0.25, 0.5, 0.75, 1}}
	p.X.Label.Text = "of the open leads worked a week"
	styles := []draw.LineStyle{stroke("accent", 2.4), stroke("soft", 1.4), stroke("soft", 1.4, 5, 3), stroke("soft", 1.4, 1.5, 2.5)}
	for k := len(c.Orders) - 1; k >= 0; k-- {
		x, y := []float64{0}, []float64{0}
		for _, s := range c.Curve {
			x, y = append(x, s.Share), append(y, s.Reached[k])
		}
		curve(p, x, y, styles[k])
	}
	return []Plot{{Name: "capacity", Title: "Wins on the desk in time", note: "Share of the wins that were worked before they came", high: 250, plot: p, alt: "Share of the wins reached by the capacity a week, for each order of the leads"}}
}
