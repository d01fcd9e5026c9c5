package serve

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// board is the page of open leads: scored once, shown a screen at a time.
type board struct {
	asOf    int64
	leads   *datasets.Table // raw
	rows    []*boardRow     // most promising first
	byValue []*boardRow     // greatest expected value first
	show    []string        // columns shown beside the id
	failed  int
	wins    float64 // expected number
	value   float64 // expected sum
	valued  bool
	grades  map[string]int

	mu sync.Mutex // guards the reasons of rows
}

// boardRow is one lead of the board; NaN stands for an unknown number.
type boardRow struct {
	ID        string
	Win       float64
	Bar       string // Win as the width of a bar
	Grade     string
	Cycle     float64 // median days from creation to won
	Value     float64 // expected value
	Age       float64 // days open
	Cells     []cell
	Reasons   []reasonText
	row       int // in leads
	explained bool
	search    string
}

type cell struct{ Label, Text string }

// reasonText is a reason in a seller's words.
type reasonText struct {
	Text   string
	Effect float64
}

const (
	boardBlock   = 4096 // leads scored at a time
	boardScreen  = 25   // leads on a screen
	boardReasons = 3
	longestValue = 48 // bytes of a value that is shown
)

func (s *Server) newBoard(leads *datasets.Table, asOf int64) (*board, error) {
	if leads == nil {
		return nil, nil
	}
	if asOf == 0 || asOf == datasets.NoTime {
		asOf = datasets.Micros(s.now())
	}
	b := &board{asOf: asOf, leads: leads, show: s.shown(leads), grades: map[string]int{}}
	for from := 0; from < leads.Rows; from += boardBlock {
		rows := make([]int, min(boardBlock, leads.Rows-from))
		for i := range rows {
			rows[i] = from + i
		}
		block := leads.Gather(rows)
		snapshot, err := s.model.Read(block, asOf)
		if err != nil {
			return nil, fmt.Errorf("serve: the leads of the page: %w", err)
		}
		scores, err := s.model.Score(context.Background(), snapshot, 0)
		if err != nil {
			return nil, fmt.Errorf("serve: the leads of the page: %w", err)
		}
		var created *datasets.Column
		if snapshot.Leads != nil {
			created = snapshot.Leads.Column(s.manifest.Schema.Roles.Created)
		}
		for i := range scores {
			age := math.NaN()
			if created != nil && created.Kind == datasets.Time && i < len(snapshot.AsOf) {
				age = datasets.Days(created.Times[i], snapshot.AsOf[i])
			}
			b.add(&scores[i], block, i, from+i, age)
		}
	}
	slices.SortStableFunc(b.rows, func(x, y *boardRow) int {
		return cmp.Or(cmp.Compare(y.Win, x.Win), strings.Compare(x.ID, y.ID))
	})
	b.byValue = slices.Clone(b.rows)
	slices.SortStableFunc(b.byValue, func(x, y *boardRow) int { return cmp.Compare(y.Value, x.Value) })
	return b, nil
}

// add puts a scored lead on the board.
func (b *board) add(c *bundle.Score, block *datasets.Table, i, row int, age float64) {
	if c.Err != nil || c.Win == nil {
		b.failed++
		return
	}
	r := &boardRow{ID: c.ID, Win: *c.Win, Bar: fmt.Sprintf("%.1f%%", *c.Win*100), Grade: c.Grade, Cycle: number(c.Cycle[1]), Value: number(c.ExpectedValue), Age: age, row: row}
	if r.ID == "" {
		r.ID = "row " + strconv.Itoa(row+1)
	}
	search := []string{r.ID}
	for _, name := range b.show {
		if text := block.Column(name).Texts.At(i); 0 < len(text) && len(text) <= longestValue {
			r.Cells = append(r.Cells, cell{plainName(name), strings.Clone(text)})
			search = append(search, text)
		}
	}
	r.search = strings.ToLower(strings.Join(search, "\n"))
	b.rows = append(b.rows, r)
	b.wins += r.Win
	if c.ExpectedValue != nil {
		b.value += r.Value
		b.valued = true
	}
	b.grades[r.Grade]++
}

// personal are words in the names of columns that may say who a person is, so
// that their values are never shown.
var personal = []string{"name", "mail", "phone", "mobile", "contact", "owner", "address", "street", "birth", "url", "note", "comment", "person", "account", "company",
	"message", "description", "text", "subject"}

func isPersonal(column string) bool {
	low := strings.ToLower(column)
	return slices.ContainsFunc(personal, func(p string) bool { return strings.Contains(low, p) })
}

// mayShow tells whether the values of a column may be shown: one of a limited
// set, or a number, and nobody's name.
func (s *Server) mayShow(column string) bool {
	f, r := s.manifest.Schema.Field(column), s.manifest.Schema.Roles
	if f == nil || isPersonal(column) || column == r.ID || column == r.Account || column == r.Owner {
		return false
	}
	switch f.Kind {
	case datasets.Category, datasets.Multi, datasets.Bool, datasets.Number:
		return true
	}
	return false
}

// telling are words of columns that sellers ask for first.
var telling = []string{"source", "channel", "campaign", "industry", "segment", "product", "title", "region", "country"}

// shown chooses the columns beside the id: the campaign, then the categories
// that matter most to the model.
func (s *Server) shown(leads *datasets.Table) []string {
	r := s.manifest.Schema.Roles
	var names []string
	for _, f := range s.manifest.Schema.Fields {
		if f.Kind == datasets.Category && s.mayShow(f.Name) && isText(leads.Column(f.Name)) && f.Name != r.Outcome && f.Name != r.Closed &&
			!withheld(&s.manifest, f.Name) && !strings.HasSuffix(strings.ToLower(f.Name), "id") {
			names = append(names, f.Name)
		}
	}
	weight := func(name string) float64 {
		if name == r.Campaign {
			return math.Inf(1)
		}
		told := slices.IndexFunc(telling, func(word string) bool { return strings.Contains(strings.ToLower(name), word) })
		return s.manifest.Importance[name] - float64(uint(told)%16)*1e-6 // without importances, by what sellers ask for
	}
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(weight(y), weight(x)), strings.Compare(x, y)) })
	return names[:min(3, len(names))]
}

func isText(c *datasets.Column) bool { return c != nil && c.Nums == nil && c.Times == nil }

// plainName makes a column's name readable: "lead_source" → "Lead source".
func plainName(column string) string {
	t := strings.TrimSpace(strings.NewReplacer("_", " ", ".", " ", "(", "", ")", "").Replace(shorten(column)))
	if t == "" {
		return column
	}
	return strings.ToUpper(t[:1]) + t[1:]
}

// explain finds the reasons of the rows that do not have them yet.
func (s *Server) explain(ctx context.Context, rows []*boardRow) error {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	var want []*boardRow
	var at []int
	for _, r := range rows {
		if !r.explained {
			want, at = append(want, r), append(at, r.row)
		}
	}
	if len(want) == 0 {
		return nil
	}
	raw := b.leads.Gather(at)
	scores, err := s.forecastAll(ctx, raw, b.asOf, boardReasons)
	if err != nil {
		return err
	}
	for i, r := range want {
		for _, reason := range scores[i].Reasons {
			r.Reasons = append(r.Reasons, reasonText{s.inWords(raw, i, reason.Column), reason.Effect})
		}
		r.explained = true
	}
	return nil
}

// inWords says a reason: "Source is Webinar", or the column alone where its
// value may be personal.
func (s *Server) inWords(raw *datasets.Table, row int, column string) string {
	name := plainName(column)
	c := raw.Column(column)
	if c == nil || row >= c.Texts.Len() || !s.mayShow(column) {
		return name
	}
	switch v := c.Texts.At(row); {
	case v == "":
		return name + " is empty"
	case len(v) > longestValue: // more likely somebody's words than one of a set
		return name
	default:
		return name + " is " + v
	}
}

// boardPage is what the template of the page shows.
type boardPage struct {
	Model            *bundle.Manifest
	ID, Host, Sample string
	HasBoard         bool
	AsOf             string
	Rows             []*boardRow
	Found, Total     int
	First            int
	Failed           int
	Labels           []string // of the columns shown
	Wins             float64
	Valued           bool
	Value            float64
	Grades           []gradeCount
	Query, Sort      string
	Grade            string
	Back, Forward    string // addresses, "" where there is no such screen
	AUC              float64
}

type gradeCount struct {
	Grade, Link string
	Count       int
	Chosen      bool
}

// page answers GET /.
func (s *Server) page(w *reply, r *http.Request) error {
	p := &boardPage{Model: &s.manifest, ID: s.model.ID(), Host: r.Host, Sample: s.sample()}
	if s.manifest.Judged != nil {
		m := s.manifest.Judged.Metrics
		p.AUC = cmp.Or(m[fmt.Sprintf("auc_%dd", s.manifest.MainHorizon)], m["auc"])
	}
	if s.board != nil {
		if err := s.fill(r, p); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "board.html", p); err != nil {
		return err
	}
	return fixed("text/html; charset=utf-8", out.Bytes())(w, r)
}

// fill chooses the rows that a request asks for.
func (s *Server) fill(r *http.Request, p *boardPage) error {
	b, q := s.board, r.URL.Query()
	p.HasBoard, p.Total, p.Failed, p.Wins = true, len(b.rows), b.failed, b.wins
	p.Valued, p.Value = b.valued, b.value
	p.AsOf = time.UnixMicro(b.asOf).In(s.zone).Format("2 January 2006")
	for _, name := range b.show {
		p.Labels = append(p.Labels, strings.ToLower(plainName(name)))
	}
	p.Query, p.Grade, p.Sort = q.Get("q"), q.Get("grade"), q.Get("sort")
	from := b.rows
	if p.Sort == "value" && b.valued {
		from = b.byValue
	} else {
		p.Sort = ""
	}
	link := func(grade string, screen int) string {
		v := url.Values{}
		for k, t := range map[string]string{"q": p.Query, "grade": grade, "sort": p.Sort} {
			if t != "" {
				v.Set(k, t)
			}
		}
		if screen > 1 {
			v.Set("page", strconv.Itoa(screen))
		}
		return "/?" + v.Encode()
	}
	for _, g := range []string{"A", "B", "C", "D"} {
		c := gradeCount{Grade: g, Count: b.grades[g], Chosen: p.Grade == g, Link: link(g, 1)}
		if c.Chosen {
			c.Link = link("", 1)
		}
		p.Grades = append(p.Grades, c)
	}
	words := strings.ToLower(strings.TrimSpace(p.Query))
	var found []*boardRow
	for _, row := range from {
		if (p.Grade == "" || row.Grade == p.Grade) && strings.Contains(row.search, words) {
			found = append(found, row)
		}
	}
	screens := max(1, (len(found)+boardScreen-1)/boardScreen)
	screen, _ := strconv.Atoi(q.Get("page"))
	screen = min(max(screen, 1), screens)
	p.Found, p.First = len(found), (screen-1)*boardScreen
	p.Rows = found[p.First:min(p.First+boardScreen, len(found))]
	if screen > 1 {
		p.Back = link(p.Grade, screen-1)
	}
	if screen < screens {
		p.Forward = link(p.Grade, screen+1)
	}
	return s.explain(r.Context(), p.Rows)
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

// The texts of numbers on pages.

func percent(p float64) string {
	if p > 0 && p < 0.0095 {
		return strconv.FormatFloat(p*100, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p*100, 'f', 0, 64) + " %"
}

func points(effect float64) string {
	sign := "+"
	if effect < 0 {
		sign = "−"
	}
	return sign + strconv.FormatFloat(math.Abs(effect)*100, 'f', 1, 64)
}

// amount writes a number without decimals, its thousands apart.
func amount(f float64) string {
	if math.IsNaN(f) || math.Abs(f) > 1e15 {
		return "–"
	}
	t := strconv.FormatFloat(math.Abs(f), 'f', 0, 64)
	for i := len(t) - 3; i > 0; i -= 3 {
		t = t[:i] + "\u202f" + t[i:]
	}
	if f <= -0.5 {
		t = "−" + t
	}
	return t
}

func daysText(f float64) string {
	switch t := amount(f); t {
	case "–":
		return t
	case "1":
		return "1 day"
	default:
		return t + " days"
	}
}

// number is the number at p, NaN where there is none.
func number(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

// day writes a moment of the manifest as a date to read.
func day(moment string) string {
	t, err := time.Parse(time.DateOnly, moment[:min(len(time.DateOnly), len(moment))])
	if err != nil {
		return moment
	}
	return strings.ReplaceAll(t.Format("2 January 2006"), " ", "\u00a0")
}
