package serve

import (
	"math"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/train/bundle"
)

// plot is a drawing in a box of 1000 × 1000 that is stretched to where it
// stands, with places as shares of its sides, so that its texts keep their size.
type plot struct {
	Won, Lost string // outlines of the areas, "" where there is none
	Known     string // width of what is drawn
	Partly    bool   // it ends before the last horizon
	Marks     []mark
	Levels    []tick // of the probability
	Losses    bool
}

// mark is a horizon on the plot.
type mark struct {
	X, Y, Label string
	End         bool // at the right edge
	Known       bool
}

type tick struct{ At, Text string }

// outlook is what is forecast at a horizon; NaN where it is not supported.
type outlook struct {
	Days            int
	Won, Lost, Open float64
	Main            bool
}

const curvePoints = 96

// outlooks reads the horizons off a lead's curve.
func (s *Server) outlooks(c *bundle.Score) []outlook {
	list := make([]outlook, len(s.manifest.Horizons))
	for i, h := range s.manifest.Horizons {
		o := outlook{h, math.NaN(), math.NaN(), math.NaN(), h == s.manifest.MainHorizon}
		if i < len(c.WinBy) && c.WinBy[i] != nil {
			o.Won = *c.WinBy[i]
			if len(c.Curve.Rates) == 2 {
				var at [2]float64
				o.Open = c.Curve.At(at[:], float64(h))
				if s.manifest.Losses {
					o.Lost = at[1]
				}
			}
		}
		list[i] = o
	}
	return list
}

// draw draws a lead's curve until the last horizon, but only as far as the data
// support it; nil where they support nothing.
func (s *Server) draw(c *bundle.Score, list []outlook, age float64) *plot {
	if len(c.Curve.Rates) != 2 || len(list) == 0 {
		return nil
	}
	last := float64(list[len(list)-1].Days)
	known := 0.0
	for _, o := range list {
		if !math.IsNaN(o.Won) {
			known = float64(o.Days)
		}
	}
	if !math.IsNaN(age) {
		known = min(last, max(known, s.reach.Longest(age)))
	}
	if known == 0 {
		return nil
	}
	p := &plot{Known: share(known / last), Partly: known < last, Losses: s.manifest.Losses}
	var won, lost []float64
	for i := range curvePoints + 1 {
		var at [2]float64
		c.Curve.At(at[:], known*float64(i)/curvePoints)
		won, lost = append(won, 1-at[0]), append(lost, at[1])
	}
	p.Won = outline(won, known/last, "1000")
	if s.manifest.Losses {
		p.Lost = outline(lost, known/last, "0")
	}
	room := last / 9 // that a label needs
	free := room
	for _, o := range list {
		m := mark{X: share(float64(o.Days) / last), End: float64(o.Days) == last, Known: !math.IsNaN(o.Won)}
		switch days := float64(o.Days); {
		case m.End:
			m.Label = strconv.Itoa(o.Days) + " days"
		case days >= free && days < last-2*room:
			m.Label, free = strconv.Itoa(o.Days), days+room
		}
		if m.Known {
			m.Y = share(1 - o.Won)
		}
		p.Marks = append(p.Marks, m)
	}
	p.Levels = []tick{{"0%", "100 %"}, {"50%", "50 %"}, {"100%", "0"}}
	return p
}

// outline is the area between heights (0 at the top) and an edge, as a path.
func outline(heights []float64, width float64, edge string) string {
	var b strings.Builder
	b.WriteString("M0," + edge)
	for i, y := range heights {
		x := 1000 * width * float64(i) / float64(len(heights)-1)
		b.WriteString("L" + strconv.FormatFloat(x, 'f', 1, 64) + "," + strconv.FormatFloat(1000*clamp(y), 'f', 1, 64))
	}
	b.WriteString("L" + strconv.FormatFloat(1000*width, 'f', 1, 64) + "," + edge + "Z")
	return b.String()
}

// polyline joins points of shares, its y upwards.
func polyline(x, y []float64) string {
	var b strings.Builder
	for i := range x {
		b.WriteString(strconv.FormatFloat(1000*clamp(x[i]), 'f', 1, 64) + "," + strconv.FormatFloat(1000*(1-clamp(y[i])), 'f', 1, 64) + " ")
	}
	return b.String()
}

func clamp(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, 1)
}

// share writes a part of a side.
func share(x float64) string { return strconv.FormatFloat(100*clamp(x), 'f', 2, 64) + "%" }
