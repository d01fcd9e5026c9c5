package serve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

// leadPage is what the template of a lead's page shows.
type leadPage struct {
	Model                *bundle.Manifest
	Lead                 *boardRow
	Score                *bundle.Score
	AsOf, Created        string
	Position, Found      int // in the queue; 0 where the filter leaves it out
	Queue, Before, After string
	GradeFrom            string // the chance that its grade begins with
	Amount               float64
	Cycle                [3]float64
	Base                 float64 // chance of the typical lead
	Bars, Lesser         []bar
	Rest                 float64 // of the lesser ones, together
	Curve                *plot
	NoCurve              string // why there is none
	Outlook              []outlook
	Fields               []fieldText
	Hidden               []string // columns whose values are not shown
	Warnings             []string
}

// bar is a reason as a bar to the left or right of an axis.
type bar struct {
	Text, Count, Days string
	Effect            float64
	X, Width, Axis    string
}

type fieldText struct{ Label, Text, Note string }

// mostBars is the number of reasons that are shown at once, and leastBar the
// effect below which they are not.
const (
	mostBars = 10
	leastBar = 0.0005
)

// lead answers GET /leads/{id}.
func (s *Server) lead(w *reply, r *http.Request) error {
	q := r.URL.Query()
	id := strings.TrimPrefix(r.URL.Path, "/leads/")
	if id == "" {
		id = q.Get("id")
	}
	var same []*boardRow
	if s.board != nil {
		same = s.board.byID[id]
	}
	nth, _ := strconv.Atoi(q.Get("nth"))
	if nth < 0 || nth >= len(same) {
		return show(w, r, http.StatusNotFound, "missing.html", map[string]any{"ID": visible(shorten(id)), "HasBoard": s.board != nil})
	}
	p := &leadPage{Model: &s.manifest, Lead: same[nth], AsOf: s.date(s.board.asOf)}
	p.place(s.board, q)
	if err := s.tell(r.Context(), p); err != nil {
		return err
	}
	return show(w, r, http.StatusOK, "lead.html", p)
}

// place finds the lead in the filtered queue.
func (p *leadPage) place(b *board, q map[string][]string) {
	f, _ := b.filter(q)
	rows := b.find(&f).rows
	at := slices.Index(rows, p.Lead)
	if p.Queue = f.address("/"); at < 0 {
		return
	}
	p.Position, p.Found = at+1, len(rows)
	p.Queue = f.screen(at/boardScreen+1) + "#r" + strconv.Itoa(p.Lead.Row)
	if at > 0 {
		p.Before = rows[at-1].address(&f)
	}
	if at+1 < len(rows) {
		p.After = rows[at+1].address(&f)
	}
}

// tell asks the model for everything about one lead.
func (s *Server) tell(ctx context.Context, p *leadPage) error {
	raw := s.board.leads.Gather([]int{p.Lead.Row})
	snapshot, c, err := s.one(ctx, raw)
	if err != nil {
		return err
	}
	m := &s.manifest
	p.Score = c
	for i := range c.Cycle {
		p.Cycle[i] = number(c.Cycle[i])
	}
	if snapshot.Leads == nil {
		return errors.New("the model read no leads")
	}
	if created := snapshot.Leads.Column(m.Schema.Roles.Created); created != nil && created.Kind == datasets.Time && !created.Missing(0) {
		p.Created = s.date(created.Times[0])
	}
	p.Amount = math.NaN()
	if c.ExpectedValue != nil && c.Win != nil && *c.Win > 0 {
		p.Amount = *c.ExpectedValue / *c.Win
	}
	if at := strings.Index("ABC", c.Grade); c.Grade != "" && at >= 0 {
		p.GradeFrom = percent(m.Grades[at])
	}
	s.weigh(p, raw)
	if m.Timed {
		p.Outlook = s.outlooks(c)
		if p.Curve = s.draw(c, p.Outlook, p.Lead.Age); p.Curve == nil {
			p.NoCurve = "Too few leads were followed beyond this age to draw what comes next."
		}
	} else {
		p.NoCurve = "The data that the model learned from had no times, so it says how likely a lead is won, but not when."
	}
	for _, text := range c.Warnings {
		p.Warnings = append(p.Warnings, visible(text))
	}
	s.list(p, raw)
	return nil
}

// one scores a single lead with all its reasons; one page at a time.
func (s *Server) one(ctx context.Context, raw *datasets.Table) (features.Snapshot, *bundle.Score, error) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	snapshot, err := s.model.Read(raw, s.board.asOf)
	if err != nil {
		return snapshot, nil, err
	}
	scores, err := s.model.Score(ctx, snapshot, bundle.Every)
	if err == nil && (len(scores) != 1 || scores[0].Err != nil || scores[0].Win == nil) {
		err = errors.New("the model did not score a lead again")
	}
	if err != nil {
		return snapshot, nil, err
	}
	return snapshot, &scores[0], nil
}

// weigh draws the reasons as bars. They sum to the distance from the typical
// lead that has been open as long.
func (s *Server) weigh(p *leadPage, raw *datasets.Table) {
	p.Base = math.NaN()
	if p.Score.Base != nil {
		p.Base = *p.Score.Base
	}
	left, right := 0.0, 0.0 // the longest bar to each side
	for _, r := range p.Score.Reasons {
		left, right = max(left, -r.Effect), max(right, r.Effect)
	}
	for i, r := range p.Score.Reasons {
		whole := left + right
		b := bar{Text: s.inWords(raw, 0, r.Column), Effect: r.Effect, Axis: share(left / whole), Width: share(math.Abs(r.Effect) / whole)}
		b.X = share((left + min(r.Effect, 0)) / whole)
		if r.Like > 0 {
			b.Count = fmt.Sprintf("%s like this, %s won", amount(float64(r.Like)), amount(float64(r.Won)))
		}
		if r.Days != nil && math.Abs(*r.Days) >= 0.5 {
			b.Days = longer(*r.Days)
		}
		if i < mostBars && math.Abs(r.Effect) >= leastBar {
			p.Bars = append(p.Bars, b)
			continue
		}
		p.Lesser = append(p.Lesser, b)
		p.Rest += r.Effect
	}
}

// longer says an effect on the typical cycle.
func longer(days float64) string {
	if days < 0 {
		return daysText(-days) + " sooner"
	}
	return daysText(days) + " later"
}

// list writes the lead's fields. Values that may say who somebody is are not
// shown, nor whether there are any.
func (s *Server) list(p *leadPage, raw *datasets.Table) {
	r := s.manifest.Schema.Roles
	roles := map[string]string{r.Owner: "who works the lead", r.Created: "when it was created", r.Amount: "its value", r.Campaign: "its campaign"}
	for _, c := range raw.Columns {
		if c.Name == r.ID || !isText(c) {
			continue
		}
		text := c.Texts.At(0)
		if !s.mayList(c.Name) || len(text) > longestValue {
			p.Hidden = append(p.Hidden, plainName(c.Name))
			continue
		}
		f := fieldText{Label: plainName(c.Name), Text: visible(text)}
		switch at := slices.IndexFunc(s.manifest.Withheld, func(w bundle.Withheld) bool { return w.Column == c.Name }); {
		case at >= 0:
			f.Note = "not used: withheld from training"
		case c.Name == r.Outcome || c.Name == r.Closed:
			f.Note = "what is forecast"
		case s.used != nil && !s.used[c.Name] && roles[c.Name] == "":
			f.Note = "not used by the model"
		}
		p.Fields = append(p.Fields, f)
	}
}

// mayList tells whether a lead's page may show the values of a column: those
// that the queue may show, dates, and who works the lead.
func (s *Server) mayList(column string) bool {
	f, r := s.manifest.Schema.Field(column), s.manifest.Schema.Roles
	return s.manifest.MayShow(column) || column == r.Owner || column == r.Campaign || f != nil && f.Kind == datasets.Time && !bundle.MayTellWho(column)
}
