package scorecard

import (
	"fmt"
	"strconv"
	"strings"
)

// Row is a line of a printed scorecard.
type Row struct {
	Column string  `json:"column"`
	Bin    string  `json:"bin"` // in words
	Leads  float64 `json:"leads"`
	Won    float64 `json:"won_share"`
	WoE    float64 `json:"woe"`
	Points float64 `json:"points"`
}

// Table is the printed form of the model: what every row starts with, then the
// bins of the columns that count, those that no row fell in left out unless
// they add something. names gives, by the position of a column, the names of a
// category's levels or of the numbers 0 and 1 of a yes/no column, nil where
// there are none; nil means none at all.
func (m *Model) Table(names func(column int) []string) []Row {
	list := []Row{{Column: "(start)", Points: m.start}}
	for j := range m.columns {
		t := &m.columns[j]
		if !t.counts() {
			continue
		}
		var levels []string
		if names != nil {
			levels = names(j)
		}
		for k, c := range t.Cells {
			if c.Leads == 0 && c.Value == 0 {
				continue
			}
			r := Row{Column: t.Name, Bin: t.words(k, levels), Leads: c.Leads, WoE: c.WoE, Points: c.Value}
			if c.Leads > 0 {
				r.Won = c.Won / c.Leads
			}
			list = append(list, r)
		}
	}
	return list
}

// counts reports whether the column adds anything to any row.
func (t *Column) counts() bool {
	for _, c := range t.Cells {
		if c.Value != 0 {
			return true
		}
	}
	return false
}

// words says which values a cell holds.
func (t *Column) words(k int, levels []string) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch last := len(t.Cells) - 1; {
	case k == last:
		return "missing"
	case t.Category && k == last-1:
		return "all others"
	case t.Category:
		var held []string
		for level, b := range t.Bin {
			if b != k {
				continue
			}
			if level < len(levels) {
				held = append(held, levels[level])
			} else {
				held = append(held, fmt.Sprint("level ", level+1))
			}
		}
		return strings.Join(held, ", ")
	case len(t.Cuts) == 0:
		return "any number"
	case len(t.Cuts) == 1 && len(levels) == 2:
		return levels[k]
	case k == 0:
		return "up to " + number(t.Cuts[0])
	case k == len(t.Cuts):
		return "above " + number(t.Cuts[k-1])
	default:
		return "above " + number(t.Cuts[k-1]) + " to " + number(t.Cuts[k])
	}
}
