package serve

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// board holds the open leads: scored once, when the server starts, and never
// changed but for the reasons, which are found when a screen shows them.
type board struct {
	asOf   int64
	leads  *datasets.Table        // raw
	orders map[string][]*boardRow // by the name of an order; "" is most promising first
	byID   map[string][]*boardRow // as the file has them
	show   []string               // columns shown beside the id
	facets []facet
	failed int
	valued bool // expected values are known
	aged   bool // days open are known

	mu sync.Mutex // lets one page at a time ask the model, and guards the reasons of rows
}

// boardRow is one lead of the board; NaN stands for an unknown number.
type boardRow struct {
	ID        string // as it is shown
	Win       float64
	Bar       string // Win as the width of a bar
	Grade     string
	Cycle     float64 // median days from creation to won
	Value     float64 // expected value
	Age       float64 // days open
	Cells     []cell
	Reasons   []reasonText
	Row       int // in leads
	id        string
	nth       int     // of the leads of this id
	levels    []int32 // its value of each facet
	search    string
	explained bool
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
)

func (s *Server) newBoard(leads *datasets.Table, asOf int64) (*board, error) {
	if leads == nil {
		return nil, nil
	}
	if asOf == 0 || asOf == datasets.NoTime {
		asOf = datasets.Micros(s.now())
	}
	columns := s.tellingColumns(leads)
	b := &board{asOf: asOf, leads: leads, show: columns[:min(boardCells, len(columns))], facets: s.facets(leads, columns), byID: map[string][]*boardRow{}}
	var rows []*boardRow
	for from := 0; from < leads.Rows; from += boardBlock {
		at := make([]int, min(boardBlock, leads.Rows-from))
		for i := range at {
			at[i] = from + i
		}
		snapshot, err := s.model.Read(leads.Gather(at), asOf)
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
			if r := b.row(&scores[i], from+i, age); r != nil {
				rows = append(rows, r)
			}
		}
	}
	b.order(rows)
	return b, nil
}

// row makes the row of a scored lead, nil where it could not be scored.
func (b *board) row(c *bundle.Score, row int, age float64) *boardRow {
	if c.Err != nil || c.Win == nil {
		b.failed++
		return nil
	}
	r := &boardRow{id: c.ID, Win: *c.Win, Bar: fmt.Sprintf("%.1f%%", *c.Win*100), Grade: c.Grade, Cycle: number(c.Cycle[1]), Value: number(c.ExpectedValue), Age: age, Row: row}
	if r.id == "" {
		r.id = "row " + strconv.Itoa(row+1)
	}
	r.ID = visible(r.id)
	r.nth = len(b.byID[r.id])
	b.byID[r.id] = append(b.byID[r.id], r)
	search := []string{r.id}
	for _, name := range b.show {
		if text := b.leads.Column(name).Texts.At(row); 0 < len(text) && len(text) <= longestValue {
			r.Cells = append(r.Cells, cell{plainName(name), visible(text)})
			search = append(search, text)
		}
	}
	r.search = strings.ToLower(strings.Join(search, "\n"))
	r.levels = make([]int32, len(b.facets))
	for i := range b.facets {
		r.levels[i] = b.facets[i].level(b.leads, row)
	}
	b.valued = b.valued || c.ExpectedValue != nil
	b.aged = b.aged || !math.IsNaN(age)
	return r
}

// order sorts the rows in every way that is offered.
func (b *board) order(rows []*boardRow) {
	slices.SortStableFunc(rows, func(x, y *boardRow) int {
		return cmp.Or(cmp.Compare(y.Win, x.Win), strings.Compare(x.id, y.id))
	})
	b.orders = map[string][]*boardRow{"": rows}
	by := func(name string, ok bool, of func(*boardRow) float64) { // greatest first, unknown ones last
		if ok {
			b.orders[name] = slices.Clone(rows)
			slices.SortStableFunc(b.orders[name], func(x, y *boardRow) int { return cmp.Compare(of(y), of(x)) })
		}
	}
	by("value", b.valued, func(r *boardRow) float64 { return r.Value })
	by("oldest", b.aged, func(r *boardRow) float64 { return r.Age })
	by("newest", b.aged, func(r *boardRow) float64 { return -r.Age })
}

// telling are words of columns that sellers ask for first.
var telling = []string{"source", "channel", "campaign", "industry", "segment", "product", "title", "region", "country"}

// boardCells is the number of columns shown beside the id.
const boardCells = 3

// tellingColumns lists the columns of categories that may be shown: the campaign,
// then those that matter most to the model.
func (s *Server) tellingColumns(leads *datasets.Table) []string {
	r := s.manifest.Schema.Roles
	var names []string
	for _, f := range s.manifest.Schema.Fields {
		if f.Kind == datasets.Category && s.manifest.MayShow(f.Name) && isText(leads.Column(f.Name)) && f.Name != r.Outcome && f.Name != r.Closed &&
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
	return names
}

func isText(c *datasets.Column) bool { return c != nil && c.Nums == nil && c.Times == nil }

// explain finds the reasons of the rows that do not have them yet.
func (s *Server) explain(ctx context.Context, rows []*boardRow) error {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	var want []*boardRow
	var at []int
	for _, r := range rows {
		if !r.explained {
			want, at = append(want, r), append(at, r.Row)
		}
	}
	if len(want) == 0 {
		return nil
	}
	raw := b.leads.Gather(at)
	scores, err := s.forecastAll(ctx, raw, b.asOf, wish{reasons: boardReasons})
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
