package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// queuePage is what the template of the queue shows.
type queuePage struct {
	Model            *bundle.Manifest
	ID, Host, Sample string
	HasBoard         bool
	AsOf             string
	Filter           *filter
	Chips            []chip
	Facets           []choice
	Orders           []option
	Rows             []*boardRow
	Found, Total     int
	First            int
	Failed           int
	Labels           []string // of the columns shown
	Wins, Value      float64
	Valued, Aged     bool
	Grades           []gradeCount
	Export           string // address of the table
	Back, Forward    string // addresses, "" where there is no such screen
	AUC              float64
}

type gradeCount struct {
	Grade, Link string
	Count       int
	Chosen      bool
}

// choice is a list of which one can be chosen.
type choice struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Text string
	Chosen      bool
}

// queue answers GET /.
func (s *Server) queue(w *reply, r *http.Request) error {
	p := &queuePage{Filter: &filter{}, Model: &s.manifest, ID: s.model.ID(), Host: r.Host, Sample: s.sample()}
	if s.manifest.Judged != nil {
		m := s.manifest.Judged.Metrics
		p.AUC = cmp.Or(m[fmt.Sprintf("auc_%dd", s.manifest.MainHorizon)], m["auc"])
	}
	if s.board != nil {
		f, blank := s.board.filter(r.URL.Query())
		if blank { // a form was sent: go where its address is short enough to be shared
			w.Header().Set("Location", f.address("/"))
			w.WriteHeader(http.StatusSeeOther)
			return nil
		}
		if err := s.fill(r, p, &f); err != nil {
			return err
		}
	}
	return show(w, r, http.StatusOK, "queue.html", p)
}

// show answers with a page.
func show(w *reply, r *http.Request, status int, template string, p any) error {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, template, p); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	w.Write(out.Bytes())
	return nil
}

// fill chooses the rows that a filter leaves.
func (s *Server) fill(r *http.Request, p *queuePage, f *filter) error {
	b := s.board
	q := b.find(f)
	p.HasBoard, p.Total, p.Failed, p.Valued, p.Aged = true, len(b.orders[""]), b.failed, b.valued, b.aged
	p.Filter, p.Chips, p.Wins, p.Value, p.Found = f, f.chips(), q.wins, q.value, len(q.rows)
	p.AsOf, p.Export = s.date(b.asOf), f.address("/leads.csv")
	for _, name := range b.show {
		p.Labels = append(p.Labels, strings.ToLower(plainName(name)))
	}
	p.Facets, p.Orders = f.choices(), b.offered(f.Sort)
	for _, g := range []string{"A", "B", "C", "D"} {
		c := gradeCount{Grade: g, Count: q.grades[g], Chosen: f.Grade == g}
		c.Link = f.without(func(o *filter) {
			if o.Grade = g; c.Chosen {
				o.Grade = ""
			}
		}).address("/")
		p.Grades = append(p.Grades, c)
	}
	screens := max(1, (len(q.rows)+boardScreen-1)/boardScreen)
	screen, _ := strconv.Atoi(r.URL.Query().Get("page"))
	screen = min(max(screen, 1), screens)
	p.First = (screen - 1) * boardScreen
	p.Rows = q.rows[p.First:min(p.First+boardScreen, len(q.rows))]
	if screen > 1 {
		p.Back = f.screen(screen - 1)
	}
	if screen < screens {
		p.Forward = f.screen(screen + 1)
	}
	return s.explain(r.Context(), p.Rows)
}

// screen is the address of a screen of the queue, the first being 1.
func (f *filter) screen(n int) string {
	if n == 1 {
		return f.address("/")
	}
	return f.address("/", "page", strconv.Itoa(n))
}

// choices are the facets as lists to choose from.
func (f *filter) choices() []choice {
	var list []choice
	for i := range f.facets {
		c := choice{f.facets[i].parameter(), f.facets[i].Label, nil}
		if f.levels[i] == -2 { // stays chosen, so that it can be seen
			c.Options = append(c.Options, option{f.picks[i], visible(f.picks[i]), true})
		}
		for k, level := range f.facets[i].Levels {
			c.Options = append(c.Options, option{level, visible(level), int32(k) == f.levels[i]})
		}
		list = append(list, c)
	}
	return list
}

// offered lists the orders that the board has.
func (b *board) offered(chosen string) []option {
	var list []option
	for _, o := range []option{{Value: "", Text: "Most promising first"}, {Value: "value", Text: "Greatest expected value first"},
		{Value: "newest", Text: "Newest first"}, {Value: "oldest", Text: "Open the longest first"}} {
		if _, ok := b.orders[o.Value]; ok {
			o.Chosen = o.Value == chosen
			list = append(list, o)
		}
	}
	return list
}

// LeadLink is the address of a lead's page, which keeps the filter.
func (p *queuePage) LeadLink(r *boardRow) string { return r.address(p.Filter) }

// Least is the least chance as it was typed.
func (p *queuePage) Least() string { return plain(p.Filter.Least) }

// From is the fewest days open.
func (p *queuePage) From() string { return plain(p.Filter.From) }

// To is the most days open.
func (p *queuePage) To() string { return plain(p.Filter.To) }

// address is where a lead's page is found, with the queue that it stands in.
func (r *boardRow) address(f *filter) string {
	var more []string
	if r.nth > 0 {
		more = append(more, "nth", strconv.Itoa(r.nth))
	}
	if r.id == "." || r.id == ".." { // browsers take these for folders
		return f.address("/leads/", append(more, "id", r.id)...)
	}
	return f.address("/leads/"+url.PathEscape(r.id), more...)
}

// sample is a request body with the model's own columns, to try the API with.
func (s *Server) sample() string {
	var parts []string
	r := s.manifest.Schema.Roles
	for _, f := range s.manifest.Schema.Fields {
		if len(parts) == 6 {
			break
		}
		if f.Name != r.ID && f.Name != r.Created && !wanted(&s.manifest, f.Name) {
			continue
		}
		var v any = "…"
		switch f.Kind {
		case datasets.Number:
			v = 1
		case datasets.Bool:
			v = true
		case datasets.Time:
			v = time.UnixMicro(datasets.Micros(s.now())).UTC().Format(time.DateOnly)
		}
		k, _ := json.Marshal(f.Name)
		t, _ := json.Marshal(v)
		parts = append(parts, string(k)+":"+string(t))
	}
	return strings.ReplaceAll(`{"leads":[{`+strings.Join(parts, ", ")+`}]}`, "'", `'\''`)
}
