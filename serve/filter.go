package serve

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// filter says which leads of the queue to show, and in which order. It lives in
// the address, so that it can be shared; what is not understood there asks for
// nothing.
type filter struct {
	Query, Grade, Sort string
	Least              float64  // chance in percent; NaN: any
	From, To           float64  // days open; NaN: any
	picks              []string // wanted level of each facet; "": any
	levels             []int32  // their numbers; −1: any, −2: there is no such level
	words              string
	facets             []facet
}

// filter reads a filter off an address; blank tells that it holds names without
// a value, as forms send them.
func (b *board) filter(q url.Values) (f filter, blank bool) {
	f = filter{Query: q.Get("q"), Grade: q.Get("grade"), Sort: q.Get("sort"), Least: measure(q.Get("chance")), From: measure(q.Get("from")), To: measure(q.Get("to")),
		picks: make([]string, len(b.facets)), levels: make([]int32, len(b.facets)), facets: b.facets}
	if _, ok := b.orders[f.Sort]; !ok {
		f.Sort = ""
	}
	f.words = strings.ToLower(strings.TrimSpace(f.Query))
	for i := range b.facets {
		f.levels[i] = -1
		if f.picks[i] = q.Get(b.facets[i].parameter()); f.picks[i] == "" {
			continue
		}
		level, ok := b.facets[i].index[f.picks[i]]
		if !ok {
			level = -2
		}
		f.levels[i] = level
	}
	for _, v := range q {
		blank = blank || slices.Contains(v, "")
	}
	return f, blank
}

// measure reads a number that is not negative, NaN where there is none.
func measure(text string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(strings.Replace(text, ",", ".", 1)), "%"), 64)
	if err != nil || !(v >= 0) || v > 1e6 {
		return math.NaN()
	}
	return v
}

// plain writes a number as it was typed.
func plain(f float64) string {
	if math.IsNaN(f) {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// takes reports whether a lead passes, whatever its grade.
func (f *filter) takes(r *boardRow) bool {
	if r.Win*100 < f.Least || r.Age < f.From || r.Age > f.To {
		return false
	}
	if math.IsNaN(r.Age) && !(math.IsNaN(f.From) && math.IsNaN(f.To)) {
		return false
	}
	for i, level := range f.levels {
		if level != -1 && r.levels[i] != level {
			return false
		}
	}
	return strings.Contains(r.search, f.words)
}

// address is where this filter is found below a path; more adds to it.
func (f *filter) address(path string, more ...string) string {
	v := url.Values{}
	set := func(name, text string) {
		if text != "" {
			v.Set(name, text)
		}
	}
	set("q", f.Query)
	set("grade", f.Grade)
	set("sort", f.Sort)
	set("chance", plain(f.Least))
	set("from", plain(f.From))
	set("to", plain(f.To))
	for i, pick := range f.picks {
		set(f.facets[i].parameter(), pick)
	}
	for i := 0; i+1 < len(more); i += 2 {
		set(more[i], more[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// without is a copy after a change.
func (f filter) without(change func(*filter)) *filter {
	f.picks = slices.Clone(f.picks)
	change(&f)
	return &f
}

// chip is one part of a filter, with the address that lacks it.
type chip struct{ Text, Link string }

// chips lists what the filter asks for.
func (f *filter) chips() (list []chip) {
	add := func(ok bool, text string, change func(*filter)) {
		if ok {
			list = append(list, chip{visible(text), f.without(change).address("/")})
		}
	}
	add(f.words != "", "“"+f.Query+"”", func(g *filter) { g.Query = "" })
	add(f.Grade != "", "Grade "+f.Grade, func(g *filter) { g.Grade = "" })
	for i, pick := range f.picks {
		add(pick != "", f.facets[i].Label+": "+pick, func(g *filter) { g.picks[i] = "" })
	}
	add(!math.IsNaN(f.Least), "Chance "+plain(f.Least)+" % or more", func(g *filter) { g.Least = math.NaN() })
	add(!math.IsNaN(f.From), "Open "+daysText(f.From)+" or more", func(g *filter) { g.From = math.NaN() })
	add(!math.IsNaN(f.To), "Open "+daysText(f.To)+" or less", func(g *filter) { g.To = math.NaN() })
	return list
}

// selection is what a filter leaves of the queue.
type selection struct {
	rows   []*boardRow
	wins   float64 // expected number
	value  float64 // expected sum
	grades map[string]int
}

// find walks the queue in the order of the filter; the grades are counted
// whichever of them is asked for.
func (b *board) find(f *filter) *selection {
	q := &selection{grades: map[string]int{}}
	for _, r := range b.orders[f.Sort] {
		if !f.takes(r) {
			continue
		}
		q.grades[r.Grade]++
		if f.Grade != "" && r.Grade != f.Grade {
			continue
		}
		q.rows = append(q.rows, r)
		q.wins += r.Win
		if !math.IsNaN(r.Value) {
			q.value += r.Value
		}
	}
	return q
}
