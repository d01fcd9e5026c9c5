package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/models/metric"
)

// How much a column may tell of the outcome before it is suspected.
const (
	surelyTold   = 0.98 // AUC of the column alone
	maybeTold    = 0.90
	doubtful     = 0.75 // of a column that is suspected by its name
	fewestLevel  = 50   // leads of a level that is never won, or always …
	leastLevel   = 0.01 // … and its share of all
	chance       = 1e-6
	manyLevels   = 50
	leastInLevel = 20
)

// telling proposes to leave out columns that separate won from other leads, or
// closed from open ones, nearly by themselves, and those that training would withhold.
func (p *Proposal) telling(s *study) {
	for _, w := range s.withheld {
		p.suspect(w.Column, true, strings.Replace(w.Reason, "; --keep overrides", "; under keep instead of exclude it is used", 1))
	}
	p.doubts(s)
	won, closed, decided := s.answers()
	for _, c := range s.leads.Columns {
		if !s.used(c.Name) || s.special(c.Name) || p.Takes("exclude", c.Name) {
			continue
		}
		why, sure := filledOnly(c, won, decided)
		if !sure {
			if more, surely := tells(c, won, decided, "won"); more != "" {
				why, sure = more, surely
			}
		}
		if why == "" && c.Kind != datasets.Time && s.timed && s.losses && len(decided) < s.leads.Rows {
			why, sure = tells(c, closed, everyRow[int](s.leads.Rows), "closed")
		}
		if why != "" {
			p.suspect(c.Name, sure, why)
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

// doubts leaves out columns that are suspected by their names and tell much of
// the outcome besides.
func (p *Proposal) doubts(s *study) {
	for i, g := range p.Settings {
		if g.Key != "exclude" || g.Taken || !s.used(g.Values[0]) {
			continue
		}
		c := s.leads.Column(g.Values[0])
		if auc := s.alone(c); auc > doubtful && auc <= surelyTold {
			g.Why += fmt.Sprintf("; by itself it tells much of the outcome (AUC %.2f)", auc)
			g.Taken = true
			p.Settings[i] = g
		}
	}
}

// answers says of each lead whether it was won and whether it was closed, and
// which leads can be compared by the first: the closed ones where losses are recorded.
func (s *study) answers() (won, closed []float64, decided []int) {
	won, closed = make([]float64, len(s.out.State)), make([]float64, len(s.out.State))
	for i, st := range s.out.State {
		if st == datasets.Won {
			won[i] = 1
		}
		if st != datasets.Open {
			closed[i] = 1
		}
		if st != datasets.Open || !s.losses {
			decided = append(decided, i)
		}
	}
	return won, closed, decided
}

// alone is the AUC of won leads against the others by one column.
func (s *study) alone(c *datasets.Column) float64 {
	won, _, decided := s.answers()
	return levelsOf(c, won, decided).auc()
}

// filledOnly finds a column that is filled on won leads alone, or never on one.
func filledOnly(c *datasets.Column, won []float64, rows []int) (why string, sure bool) {
	filled, of, all := 0, 0, 0
	for _, i := range rows {
		all += int(won[i])
		if !c.Missing(i) {
			filled++
			of += int(won[i])
		}
	}
	base := float64(all) / float64(len(rows))
	switch {
	case filled < leastInLevel || filled == len(rows):
	case of == filled && float64(filled)*math.Log(base) < math.Log(chance):
		return fmt.Sprintf("filled on %d leads, and all of them were won: it seems to be filled in at closing", filled), true
	case of == 0 && float64(filled)*math.Log(1-base) < math.Log(chance):
		return fmt.Sprintf("filled on %d leads, and none of them was won: is it filled in at closing?", filled), false
	}
	return "", false
}

// used reports whether a column is a feature as it stands: names of persons
// and ids are not.
func (s *study) used(name string) bool {
	return slices.ContainsFunc(s.spec.Columns, func(c features.ColumnSpec) bool { return c.Column == name })
}

// special are columns of a part of their own that are features too.
func (s *study) special(name string) bool {
	r := s.plan.Roles
	return slices.Contains([]string{r.Created, r.Account, r.Owner, r.Campaign, r.Amount}, name)
}

// suspect adds a column to those to be left out, or a reason to its doubt.
func (p *Proposal) suspect(column string, sure bool, why string) {
	for i, g := range p.Settings {
		if g.Key == "exclude" && slices.Contains(g.Values, column) {
			if g.Why += "; " + why; sure && !g.Sure {
				g.Why = why
			}
			g.Sure, g.Taken = g.Sure || sure, g.Taken || sure
			p.Settings[i] = g
			return
		}
	}
	p.Add("exclude", sure, sure, why, column)
}

// tells judges how well a column alone tells y (0 or 1) on some rows: by its
// AUC, and by levels that say so without an exception. why is "" where it does not.
func tells(c *datasets.Column, y []float64, rows []int, word string) (why string, sure bool) {
	l := levelsOf(c, y, rows)
	if l.positives < 10 || l.positives > len(rows)-10 {
		return "", false
	}
	switch auc := l.auc(); {
	case auc > surelyTold:
		return fmt.Sprintf("by itself it tells nearly always whether a lead was %s (AUC %.3f): it seems to be written at closing", word, auc), true
	case auc > maybeTold:
		return fmt.Sprintf("by itself it tells very well whether a lead was %s (AUC %.3f): is it known when a lead is created?", word, auc), false
	case l.numeric || c.Kind == datasets.Text: // numbers have no levels, and texts are words of people
		return "", false
	}
	return l.pure(word), false
}

// levelled is a column on some rows with what became of the leads of each
// level. Missing values are a level.
type levelled struct {
	column    *datasets.Column
	y         []float64
	rows      []int
	names     []string
	levels    map[string]*[2]int // leads, and those with y
	positives int
	numeric   bool // numbers or times of many values
}

func levelsOf(c *datasets.Column, y []float64, rows []int) *levelled {
	l := &levelled{column: c, y: y, rows: rows, levels: map[string]*[2]int{}}
	for _, i := range rows {
		l.positives += int(y[i])
		if l.numeric {
			continue
		}
		v := l.name(i)
		n := l.levels[v]
		if n == nil {
			n, v = new([2]int), strings.Clone(v)
			l.levels[v] = n
			l.names = append(l.names, v)
		}
		n[0]++
		n[1] += int(y[i])
		l.numeric = c.Texts.Offsets == nil && len(l.levels) > manyLevels
	}
	return l
}

func (l *levelled) name(row int) string {
	if l.column.Missing(row) {
		return ""
	}
	return cell(l.column, row)
}

// auc is that of the column alone, whichever way it points: numbers by their
// size, levels by their share of y, the rare ones pooled.
func (l *levelled) auc() float64 {
	label, score := make([]float64, len(l.rows)), make([]float64, len(l.rows))
	for k, i := range l.rows {
		label[k] = l.y[i]
		switch {
		case l.numeric && l.column.Missing(i):
			score[k] = math.Inf(-1)
		case l.numeric && l.column.Times != nil:
			score[k] = float64(l.column.Times[i])
		case l.numeric:
			score[k] = l.column.Nums[i]
		default:
			score[k] = float64(l.positives) / float64(len(l.rows))
			if n := l.levels[l.name(i)]; n[0] >= leastInLevel {
				score[k] = float64(n[1]) / float64(n[0])
			}
		}
	}
	auc := metric.AUC(label, score, nil)
	return max(auc, 1-auc)
}

// pure names the largest level of which no lead, or every lead, is so, where
// chance would hardly make it; "" where there is none.
func (l *levelled) pure(word string) string {
	slices.SortFunc(l.names, func(a, b string) int { return cmp.Or(cmp.Compare(l.levels[b][0], l.levels[a][0]), cmp.Compare(a, b)) })
	base := float64(l.positives) / float64(len(l.rows))
	for _, v := range l.names {
		n, odds := l.levels[v], 1-base
		what := "none of the %d leads %s was %s"
		if n[1] == n[0] {
			odds, what = base, "all of the %d leads %s were %s"
		} else if n[1] > 0 {
			continue
		}
		if leads := float64(n[0]); leads < fewestLevel || leads < leastLevel*float64(len(l.rows)) || leads*math.Log(odds) > math.Log(chance) {
			continue
		}
		of := "that have " + strconv.Quote(v) + " here"
		if v == "" {
			of = "where it is empty"
		}
		return fmt.Sprintf(what+": is it known when a lead is created?", n[0], of, word)
	}
	return ""
}
