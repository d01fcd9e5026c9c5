package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// Segment is the leads by the values of one column.
type Segment struct {
	Column string  `json:"column"`
	Levels []Level `json:"levels"`
	spread float64
}

// Level is the leads of one value, or of a range of numbers.
type Level struct {
	Name   string `json:"name"`
	Counts Counts `json:"leads"`
	Share  *Share `json:"share,omitempty"`
}

const (
	mostSegments = 5
	mostLevels   = 8
)

// segments shows the columns by which leads fare most differently: those that
// training would read, and that tell of no person.
func (a *auditor) segments() {
	var all []Segment
	for _, c := range a.leads.Columns {
		i := slices.IndexFunc(a.Fields, func(f Field) bool { return f.Name == c.Name })
		if r := a.known.Roles; !a.Fields[i].Used || c.Name == r.Owner || c.Name == r.Account || c.Name == r.Created || features.Personal(c) != "" || staff(c.Name) {
			continue
		}
		if s := a.segment(c); s != nil {
			all = append(all, *s)
		}
	}
	slices.SortStableFunc(all, func(x, y Segment) int { return cmp.Compare(y.spread, x.spread) })
	a.Segments = append(a.Segments, all[:min(len(all), mostSegments)]...)
}

// staff: columns of this kind name the company's own people.
func staff(header string) bool {
	return slices.ContainsFunc([]string{"manager", "agent", "rep", "owner", "assigned", "seller", "sdr", "advisor"}, func(w string) bool {
		return slices.Contains(strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return !unicode.IsLetter(r) }), w)
	})
}

// segment is the leads by one column; nil where it has no few values that many
// leads share.
func (a *auditor) segment(c *datasets.Column) *Segment {
	names, rows := groups(c)
	s := &Segment{Column: c.Name}
	var rest []int
	for k, name := range names {
		if len(rows[k]) < fewestJudged || len(s.Levels) == mostLevels {
			rest = append(rest, rows[k]...)
			continue
		}
		s.Levels = append(s.Levels, Level{name, a.count(rows[k]), a.share(rows[k])})
	}
	if len(s.Levels) < 2 || 2*len(rest) > a.leads.Rows {
		return nil
	}
	if len(rest) >= fewestJudged {
		s.Levels = append(s.Levels, Level{"others", a.count(rest), a.share(rest)})
	}
	if a.Overall == nil {
		return nil
	}
	for _, l := range s.Levels { // how much of the outcome's variance the levels explain
		if l.Share != nil {
			d := l.Share.Value - a.Overall.Value
			s.spread += d * d * float64(l.Counts.Total) / float64(a.leads.Rows)
		}
	}
	return s
}

// groups are the rows by the values of a column: the commonest first, numbers
// by their size, those of many values by quarters.
func groups(c *datasets.Column) (names []string, rows [][]int) {
	switch c.Kind {
	case datasets.Category, datasets.Bool, datasets.Number:
	default:
		return nil, nil
	}
	cuts := quarters(c)
	type group struct {
		name  string
		place float64
		rows  []int
	}
	at := map[string]*group{}
	var all []*group
	for i := range c.Len() {
		name, place := "(empty)", math.Inf(1)
		switch {
		case c.Missing(i):
		case c.Kind == datasets.Bool:
			name = map[bool]string{true: "yes", false: "no"}[c.Nums[i] != 0]
		case cuts != nil:
			k, _ := slices.BinarySearch(cuts, math.Nextafter(c.Nums[i], math.Inf(1)))
			name, place = between(cuts, k), float64(k)
		case c.Nums != nil:
			name, place = rough(c.Nums[i]), c.Nums[i]
		default:
			name = c.Texts.At(i)
		}
		if c.Kind != datasets.Number {
			place = 0
		}
		g := at[name]
		if g == nil {
			g = &group{name: strings.Clone(name), place: place}
			at[g.name] = g
			all = append(all, g)
		}
		g.rows = append(g.rows, i)
	}
	slices.SortStableFunc(all, func(x, y *group) int {
		return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(len(y.rows), len(x.rows)), cmp.Compare(x.name, y.name))
	})
	for _, g := range all {
		names, rows = append(names, g.name), append(rows, g.rows)
	}
	return names, rows
}

// between names the values from one cut to the next.
func between(cuts []float64, k int) string {
	switch {
	case k == 0:
		return "below " + rough(cuts[0])
	case k == len(cuts):
		return rough(cuts[k-1]) + " and more"
	}
	return fmt.Sprintf("%s to below %s", rough(cuts[k-1]), rough(cuts[k]))
}

// quarters are the cuts of a column of many numbers into four, rounded so that
// they say what leads are like and not whose they are; nil for few numbers.
func quarters(c *datasets.Column) []float64 {
	if c.Kind != datasets.Number {
		return nil
	}
	var known []float64
	different := map[float64]bool{}
	for _, v := range c.Nums {
		if !math.IsNaN(v) {
			known = append(known, v)
			if len(different) <= mostLevels {
				different[v] = true
			}
		}
	}
	if len(different) <= mostLevels || len(known) < 4*fewestJudged {
		return nil
	}
	slices.Sort(known)
	var cuts []float64
	for k := 1; k < 4; k++ {
		cuts = append(cuts, twoDigits(known[k*len(known)/4]))
	}
	return slices.Compact(cuts)
}

// twoDigits rounds to two digits that count; smaller whole numbers stay.
func twoDigits(v float64) float64 {
	if v == math.Trunc(v) && math.Abs(v) < 1000 {
		return v
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	return math.Round(v/scale) * scale
}

func rough(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) }
