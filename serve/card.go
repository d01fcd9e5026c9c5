package serve

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train/bundle"
)

// report is what the card reads of the report that training left in the bundle.
type report struct {
	Split       string         `json:"split"`
	Counts      map[string]int `json:"counts"`
	Leaderboard []struct {
		Model    string  `json:"model"`
		Gain     float64 `json:"gain"`
		GainLow  float64 `json:"gain_low"`
		GainHigh float64 `json:"gain_high"`
		AUC      float64 `json:"auc"`
		Champion bool    `json:"champion"`
	} `json:"leaderboard"`
	Judged struct {
		Horizons []judged `json:"horizons"`
	} `json:"judged"`
}

// judged is how the model did at a horizon; 0 days stands for "ever".
type judged struct {
	Days        int        `json:"days"`
	Leads       int        `json:"leads"`
	Won         int        `json:"won"`
	AUC         estimate   `json:"auc"`
	OE          estimate   `json:"observed_expected"`
	LogLoss     float64    `json:"log_loss"`
	BaseLoss    float64    `json:"base_log_loss"`
	Top         float64    `json:"gain_top_10"`
	Reliability []judgeBin `json:"reliability"`
	Gains       []float64  `json:"gains"`
}

type estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

type judgeBin struct {
	N         float64 `json:"n"`
	Observed  float64 `json:"observed"`
	Predicted float64 `json:"predicted"`
}

// cardPage is what the template of the model card shows.
type cardPage struct {
	Model    *bundle.Manifest
	ID       string
	Report   *report // nil where the bundle holds none
	Main     *judged // at the main horizon, else the last
	Points   []dot   // of its reliability
	Scale    string  // the greatest chance drawn
	Gains    string  // its gain curve
	Reach    bundle.Reach
	Columns  []usedColumn
	Grades   []gradeRange
	HasBoard bool
}

// dot is a group of leads with about the same forecast.
type dot struct {
	X, Y, Low, High     string // of the observed share and its interval
	Predicted, Observed float64
	Leads               float64
}

// usedColumn is a column of the user's table with the kinds of feature made of it.
type usedColumn struct {
	Label string
	As    []string
}

type gradeRange struct {
	Grade, From, To string
	Open            int
}

// newCard makes the page of the model once; nothing on it changes.
func (s *Server) newCard(o *Options) *cardPage {
	m := &s.manifest
	p := &cardPage{Model: m, ID: s.model.ID(), Reach: o.Reach, HasBoard: s.board != nil}
	var r report
	if o.Report != nil && json.Unmarshal(o.Report, &r) == nil {
		p.Report = &r
		for i := range r.Judged.Horizons {
			if h := &r.Judged.Horizons[i]; p.Main == nil || h.Days <= m.MainHorizon {
				p.Main = h
			}
		}
	}
	if p.Main != nil {
		p.reliability()
		p.gains()
	}
	counts := map[string]int{}
	if s.board != nil {
		for _, row := range s.board.orders[""] {
			counts[row.Grade]++
		}
	}
	to := percent(1)
	for i, g := range []string{"A", "B", "C", "D"} {
		from := percent(0)
		if i < len(m.Grades) {
			from = percent(m.Grades[i])
		}
		p.Grades = append(p.Grades, gradeRange{g, from, to, counts[g]})
		to = from
	}
	p.Columns = columns(o.Outputs)
	return p
}

// columns says how the model reads each column of the user's table.
func columns(outputs []features.Output) []usedColumn {
	var list []usedColumn
	for _, o := range outputs {
		label, as := plainName(o.Origin), visible(o.Kind)
		at := slices.IndexFunc(list, func(c usedColumn) bool { return c.Label == label })
		if at < 0 {
			at, list = len(list), append(list, usedColumn{Label: label})
		}
		if !slices.Contains(list[at].As, as) {
			list[at].As = append(list[at].As, as)
		}
	}
	return list
}

// reliability places the groups of equal size, each with the 95 % interval of
// Wilson (1927) around what was observed.
func (p *cardPage) reliability() {
	most := 0.0
	bins := p.Main.Reliability[:min(len(p.Main.Reliability), 50)]
	type interval struct{ low, high float64 }
	spans := make([]interval, len(bins))
	for i, b := range bins {
		spans[i].low, spans[i].high = wilson(b.Observed, b.N)
		most = max(most, b.Predicted, spans[i].high)
	}
	scale := 1.0
	for _, s := range []float64{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8} {
		if most <= s {
			scale = s
			break
		}
	}
	p.Scale = percent(scale)
	for i, b := range bins {
		p.Points = append(p.Points, dot{share(b.Predicted / scale), share(1 - b.Observed/scale), share(1 - spans[i].low/scale), share(1 - spans[i].high/scale),
			b.Predicted, b.Observed, b.N})
	}
}

func wilson(share, n float64) (low, high float64) {
	const z = 1.959963984540054
	if !(n > 0) || !(share >= 0 && share <= 1) {
		return 0, 0
	}
	middle := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return middle - half, middle + half
}

// gains draws which share of the wins lies among the leads scored highest.
func (p *cardPage) gains() {
	g := p.Main.Gains[:min(len(p.Main.Gains), 100)]
	if len(g) == 0 {
		return
	}
	x, y := []float64{0}, []float64{0}
	for i, v := range g {
		x, y = append(x, float64(i+1)/float64(len(g))), append(y, v)
	}
	p.Gains = polyline(x, y)
}

// model answers GET /model.
func (s *Server) cardPage(w *reply, r *http.Request) error {
	return show(w, r, http.StatusOK, "model.html", s.card)
}

// Within says a horizon.
func (j *judged) Within() string {
	if j.Days == 0 {
		return "ever"
	}
	return strconv.Itoa(j.Days) + " days"
}
