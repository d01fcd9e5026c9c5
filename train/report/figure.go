package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"regexp"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Plot is one figure of the report.
type Plot struct {
	Name  string // of its file, without an ending
	Title string
	note  string // what the axes are
	alt   string
	high  vg.Length
	side  vg.Length // room for labels at the right
	plot  *plot.Plot
}

// wide is the width of a figure: that of a phone, so that its letters have
// their own size there; on a desk figures stand side by side.
const wide = 340

// The house's colours. In the page each is the variable of that name, which
// has another value in the dark.
var theme = map[string]color.RGBA{
	"ink":    {0x17, 0x20, 0x26, 0xff},
	"soft":   {0x5b, 0x6a, 0x73, 0xff},
	"line":   {0xe2, 0xe8, 0xea, 0xff},
	"accent": {0x0f, 0x76, 0x6e, 0xff},
	"pale":   {0xa7, 0xd5, 0xcf, 0xff},
	"grey":   {0xc4, 0xcf, 0xd4, 0xff},
	"track":  {0xe6, 0xec, 0xee, 0xff},
}

var (
	colours = regexp.MustCompile(`(fill|stroke):#[0-9A-F]{6}`)
	fonts   = regexp.MustCompile(`font-family:[^;]*;font-variant:[^;]*;font-weight:([^;]*);font-style:normal;?`)
	prolog  = regexp.MustCompile(`(?s)^.*?<svg width="[^"]*" height="[^"]*" viewBox="([^"]*)".*?>`)
)

// letters is a text style of the house.
func letters(size vg.Length, colour string, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = 3 // WeightBold of golang.org/x/image/font
	}
	return text.Style{Color: theme[colour], Font: f, Handler: plot.DefaultTextHandler}
}

func stroke(colour string, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: theme[colour], Width: width, Dashes: dashes}
}

// drawOn draws the figure, below its title where it must stand alone.
func (p *Plot) drawOn(c vg.CanvasSizer, alone bool) {
	area := draw.New(c)
	if alone {
		area.SetColor(color.White)
		area.Fill(area.Rectangle.Path())
		area = draw.Crop(area, margin, -margin, margin, -margin)
		top := area.Max.Y
		area.FillText(letters(13, "ink", true), vg.Point{X: area.Min.X, Y: top - 12}, fit(p.Title, letters(13, "ink", true), wide))
		if p.note != "" {
			area.FillText(letters(9, "soft", false), vg.Point{X: area.Min.X, Y: top - 27}, fit(p.note, letters(9, "soft", false), wide))
		}
		area.Max.Y -= head
	}
	area.Max.X -= p.side
	p.plot.Draw(area)
}

const margin, head = 14, 40 // around a figure that stands alone, and for its title

func (p *Plot) sheet() (w, h vg.Length) { return wide + 2*margin, p.high + 2*margin + head }

// SVG writes the figure as a file for slides.
func (p *Plot) SVG(w io.Writer) error {
	width, height := p.sheet()
	c := vgsvg.NewWith(vgsvg.UseWH(width, height))
	p.drawOn(c, true)
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, fonts.ReplaceAllString(b.String(), `font-family:Arial,Helvetica,Liberation Sans,sans-serif;font-weight:$1;`))
	return err
}

// PNG writes the figure as a picture for slides.
func (p *Plot) PNG(w io.Writer) error {
	width, height := p.sheet()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(288))
	p.drawOn(c, true)
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// inline is the figure as a part of the page: its letters are those of the
// page, its colours the page's variables. Texts were escaped when drawn.
func (p *Plot) inline() template.HTML {
	c := vgsvg.NewWith(vgsvg.UseWH(wide, p.high))
	p.drawOn(c, false)
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		panic(err) // a buffer takes everything
	}
	s := prolog.ReplaceAllString(b.String(), fmt.Sprintf(`<svg viewBox="$1" role="img" aria-label="%s">`, template.HTMLEscapeString(p.alt)))
	s = fonts.ReplaceAllString(s, `font-weight:$1;`)
	s = colours.ReplaceAllStringFunc(s, variable)
	return template.HTML(strings.ReplaceAll(strings.ReplaceAll(s, "font-weight:normal;", ""), "\n", ""))
}

// variable gives a colour the name that it has in the page.
func variable(style string) string {
	property, hex, _ := strings.Cut(style, ":")
	for name, c := range theme {
		if hex == fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) {
			return property + ":var(--" + name + ")"
		}
	}
	return style
}

// blank is a plot in the house's style.
func blank() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width, a.Tick.LineStyle.Width, a.Tick.Length = 0, 0, 0
		a.Padding = 6
		align := a.Tick.Label
		a.Tick.Label = letters(10, "soft", false)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
		align = a.Label.TextStyle
		a.Label.TextStyle = letters(10, "soft", false)
		a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = align.XAlign, align.YAlign
		a.Label.Padding = 3
	}
	return p
}

// fit shortens a text to a width.
func fit(s string, style text.Style, width vg.Length) string {
	if style.Width(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && style.Width(string(r)+"…") > width {
		r = r[:len(r)-1]
	}
	return strings.TrimRightFunc(string(r), unicode.IsSpace) + "…"
}
