package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"github.com/leadcast/leadcast/models/metric"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

//go:embed page.html
var pageText string

//go:embed style.css
var styleText string

var functions = template.FuncMap{
	"percent": percent, "points": points, "whole": whole, "money": money, "inDays": inDays, "day": longDay, "clean": clean, "plain": plain, "maybe": maybe, "plural": plural,
	"signed":  func(v float64) string { return fmt.Sprintf("%+.4f", v) },
	"offBy":   func(days *float64) string { return fmt.Sprintf("%+.0f", math.Round(*days)+0) }, // +0 and never −0
	"known":   func(e metric.Estimate) bool { return !math.IsNaN(e.Value) },
	"fixed":   func(digits int, v float64) string { return fmt.Sprintf("%.*f", digits, v) },
	"times":   func(a, b float64) float64 { return a * b },
	"slot":    func(name string, p *page) slot { return slot{p.Missing(name), p.Figures[name]} },
	"month":   monthName,
	"short":   func(id string) string { return id[:min(12, len(id))] },
	"pValue":  pValue,
	"words":   words,
	"tenths":  tenths,
	"upper":   func(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] },
	"name":    named,
	"covered": func(m month) float64 { return float64(m.Followed) / float64(m.Leads) },
}

var pageTemplate = template.Must(template.New("page").Funcs(functions).Parse(pageText))

// slot is the figures of a section, or the sentence that stands in their place.
type slot struct {
	Why     string
	Figures []drawn
}

// drawn is a figure as the page shows it.
type drawn struct {
	Title, Note string
	SVG         template.HTML
}

// page is what the template shows.
type page struct {
	*Report
	Manifest *bundle.Manifest
	Version  string
	Style    template.CSS
	Figures  map[string][]drawn
	Main     *train.AtHorizon // judged at the main horizon, else at the longest judged one
}

// Write writes the report as one HTML page that needs no other file and no
// network. The same report gives the same bytes.
func (r *Report) Write(w io.Writer) error {
	p := &page{Report: r, Manifest: r.manifest, Version: r.version, Style: template.CSS(styleText), Figures: map[string][]drawn{}, Main: r.judgedAt()}
	for _, s := range r.sections() {
		for i := range s.plots {
			f := &s.plots[i]
			p.Figures[s.name] = append(p.Figures[s.name], drawn{f.Title, f.note, f.inline()})
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Missing says why a section is empty; "" where it is not.
func (p *page) Missing(section string) string {
	switch section {
	case "counting", "typical", "cycles":
		if p.untimed != "" {
			return p.untimed
		}
	}
	return p.missing[section]
}

// judgedAt is the evaluation at the main horizon, or at the longest judged
// one; nil where nothing was judged.
func (r *Report) judgedAt() *train.AtHorizon {
	if h := r.main(); h != nil {
		return h
	}
	if n := len(r.Judged.Horizons); n > 0 {
		return &r.Judged.Horizons[n-1]
	}
	return nil
}

// Within is a horizon in words, after a word; nothing without times.
func (r *Report) Within(days int) string { return within(days) }

func within(days int) string {
	if days == 0 {
		return ""
	}
	return " within " + plural(days, "day", "days")
}

// Fate says what has become of the leads.
func (r *Report) Fate() string {
	parts := []string{whole(r.Leads.Won) + " won"}
	if r.Leads.Lost > 0 {
		parts = append(parts, whole(r.Leads.Lost)+" lost")
	}
	switch {
	case r.Leads.Open == 0:
	case r.Timed:
		parts = append(parts, whole(r.Leads.Open)+" still open")
	default:
		parts = append(parts, whole(r.Leads.Open)+" without an outcome")
	}
	return enumerate(parts)
}

// Ranking says in plain words how good the order of leads is.
func (r *Report) Ranking() string {
	h := r.judgedAt()
	if h == nil || len(h.Gains) != 20 {
		return ""
	}
	return fmt.Sprintf("Of 100 wins, %.0f are among the 20 %% of leads ranked first; in no particular order it would be 20.", 100*h.Gains[3])
}

// Columns is the number of the user's columns that the model reads.
func (r *Report) Columns() int { return r.columns }

// Truth says in plain words whether the numbers come true.
func (r *Report) Truth() string {
	h := r.judgedAt()
	if h == nil || math.IsNaN(h.OE.Value) {
		return ""
	}
	return fmt.Sprintf("For every 100 wins forecast, %.0f came (95 %% interval %.0f to %.0f).", 100*h.OE.Value, 100*h.OE.Low, 100*h.OE.High)
}

// Groups are the lines of the table of calibration: by horizon, by age, and
// the segments that came otherwise than forecast.
func (r *Report) Groups() []train.Calibration {
	var list []train.Calibration
	for _, c := range r.Judged.Calibration {
		if c.By == "horizon" || c.By == "age" {
			list = append(list, c)
		}
	}
	off, _ := r.Judged.Surprises()
	return append(list, off...)
}

// Surprise says of how many segments more or fewer were won than forecast.
func (r *Report) Surprise() string {
	off, of := r.Judged.Surprises()
	switch {
	case of == 0:
		return ""
	case len(off) == 0:
		return fmt.Sprintf("None of the %d segments that were large enough (frequent values of columns) was won more or less often than forecast, against all leads, beyond chance.", of)
	}
	return fmt.Sprintf("Of the %d segments that were large enough (frequent values of columns) %d came otherwise than forecast, against all leads, beyond chance: see the end of the table.", of, len(off))
}

// Unripe sums up the months that were not yet followed to the main horizon.
func (r *Report) Unripe() string {
	if len(r.Immature) == 0 {
		return ""
	}
	leads, first, last := 0, r.Immature[0].Month, r.Immature[len(r.Immature)-1].Month
	for _, m := range r.Immature {
		leads += m.Leads - m.Followed
	}
	months := monthName(first)
	if last != first {
		months += " to " + monthName(last)
	}
	return fmt.Sprintf("%s created from %s are younger than %d days: what will become of them is not known yet.", plural(leads, "lead", "leads"), months, r.HorizonDays)
}

// Steps are the words of the recipe to make this report again.
func (r *Report) Steps() string {
	return "leadcast report MODEL LEADS" + map[bool]string{true: " --as-of " + strings.TrimSuffix(r.AsOf, "T00:00:00Z")}[r.AsOf != ""]
}

func monthName(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return t.Format("January 2006")
}

func pValue(p float64) string {
	if p < 0.001 {
		return "below 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
