package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/leadcast/leadcast/audit"
)

//go:embed audit.html
var auditText string

var auditTemplate = template.Must(template.Must(pageTemplate.Clone()).New("audit").Funcs(template.FuncMap{
	"between": func(s *audit.Share) template.HTML {
		if s == nil {
			return "–"
		}
		return template.HTML("<span>" + percent(s.Value) + " <small>" + percent(s.Low) + " – " + percent(s.High) + "</small></span>")
	},
	"part": func(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) },
	"bar": func(s *audit.Share) float64 {
		if s == nil {
			return 0
		}
		return 100 * s.Value
	},
	"known": func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return percent(v)
	},
	"auc": func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return fmt.Sprintf("%.2f", v)
	},
	"months": func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		if v > 120 {
			return "> 120"
		}
		return fmt.Sprintf("%.0f", math.Ceil(v))
	},
}).Parse(auditText))

// audited is what the template of an audit shows.
type audited struct {
	*audit.Audit
	Version string
	Style   template.CSS
}

// Usable is the number of fields that training would read.
func (a *audited) Usable() (n int) {
	for _, f := range a.Fields {
		if f.Used {
			n++
		}
	}
	return n
}

// Won says within how long wins count.
func (a *audited) Won() string {
	if a.MainHorizon == 0 {
		return "Won"
	}
	return fmt.Sprintf("Won within %d days", a.MainHorizon)
}

// Highest is the highest share of a cohort or a segment, in percent, that bars
// are drawn to.
func (a *audited) Highest() float64 {
	highest := 1.0
	for _, c := range a.Cohorts {
		if c.Share != nil {
			highest = max(highest, 100*c.Share.Value)
		}
	}
	for _, s := range a.Segments {
		for _, l := range s.Levels {
			if l.Share != nil {
				highest = max(highest, 100*l.Share.Value)
			}
		}
	}
	return highest
}

// Width is the width of a bar in percent of the widest.
func (a *audited) Width(s *audit.Share) string {
	if s == nil {
		return "0"
	}
	return fmt.Sprintf("%.1f", 100*100*s.Value/a.Highest())
}

// WriteAudit writes an audit as one HTML page that needs no other file and no
// network. The same audit gives the same bytes.
func WriteAudit(w io.Writer, a *audit.Audit, version string) error {
	var page bytes.Buffer
	if err := auditTemplate.Execute(&page, &audited{a, version, template.CSS(styleText)}); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(page.Bytes())
	return err
}
