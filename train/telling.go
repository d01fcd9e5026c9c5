package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// doubtful is the AUC from which on a column that may tell the outcome is worth
// a word; one that is suspected by its name is then left out.
const doubtful = 0.75

// mayTell begins the note on a column that is used all the same.
const mayTell = "used, but it may tell the outcome: "

// telling proposes to leave out columns that separate won from other leads, or
// closed from open ones, nearly by themselves, and those that training would withhold.
func (p *Proposal) telling(s *study) {
	for _, w := range s.withheld {
		p.suspect(w.Column, true, strings.Replace(w.Reason, "; --keep overrides", "; under keep instead of exclude it is used", 1))
	}
	for _, l := range s.leaks {
		if l.Sure || !s.used(l.Column) {
			continue
		}
		p.suspect(l.Column, false, l.Why)
		named, _ := datasets.Suspect(l.Column, s.plan.Roles)
		for i, g := range p.Settings {
			if g.Key == "exclude" && slices.Contains(g.Values, l.Column) && named != "" && l.AUC > doubtful {
				p.Settings[i].Taken = true
			}
		}
	}
	p.companions()
}

// companions leaves out suspected columns that belong to one that is left out:
// the date of a status tells as much as the status.
func (p *Proposal) companions() {
	for i, g := range p.Settings {
		if g.Key != "exclude" || g.Taken {
			continue
		}
		for _, other := range p.Settings {
			name, of := strings.ToLower(g.Values[0]), ""
			if other.Key == "exclude" && other.Taken {
				of = strings.ToLower(other.Values[0])
			}
			if rest := strings.TrimPrefix(name, of); of != "" && len(rest) < len(name) && strings.IndexAny(rest, "_ .-") == 0 {
				p.Settings[i].Taken = true
				p.Settings[i].Why += fmt.Sprintf("; it belongs to %q, which tells the outcome", other.Values[0])
				break
			}
		}
	}
}

// used reports whether a column is a feature as it stands: names of persons
// and ids are not.
func (s *study) used(name string) bool {
	return slices.ContainsFunc(s.spec.Columns, func(c features.ColumnSpec) bool { return c.Column == name })
}

// suspect adds a column to those to be left out, or a reason to its doubt.
func (p *Proposal) suspect(column string, sure bool, why string) {
	for i, g := range p.Settings {
		if g.Key == "exclude" && slices.Contains(g.Values, column) {
			if sure && !g.Sure || strings.HasPrefix(why, g.Why) {
				g.Why = why
			} else {
				g.Why += "; " + why
			}
			g.Sure, g.Taken = g.Sure || sure, g.Taken || sure
			p.Settings[i] = g
			return
		}
	}
	p.Add("exclude", sure, sure, why, column)
}
