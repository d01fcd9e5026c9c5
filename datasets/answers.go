package datasets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Words by which people and CRMs write what became of a lead. A level that
// holds one of the tokens means so whatever stands beside it ("5 - Closed Won"),
// unless a "not" comes before it; the others count only where they are the
// whole level.
var (
	wonTokens  = []string{"won", "converted", "closedwon", "gewonnen", "gagné", "gagnée", "ganado", "ganada", "vinto"}
	lostTokens = []string{"lost", "loss", "closedlost", "disqualified", "unqualified", "rejected", "unconverted", "verloren", "abgelehnt", "perdu", "perdue", "perdido", "perdida"}
	wonWhole   = []string{"win", "customer", "success", "successful", "signed", "sold", "sale", "purchased", "bought", "accepted", "subscribed", "enrolled", "kunde", "verkauft"}
	lostWhole  = []string{"dead", "junk", "junk lead", "failure", "failed", "declined", "refused", "canceled", "cancelled", "no decision", "closed no decision", "not interested", "abandoned", "absage", "storniert"}
	nots       = []string{"not", "no", "non", "nicht", "never"}
	yesWords   = []string{"yes", "true", "y", "t", "1", "1.0", "ja", "j", "oui", "si", "sí", "wahr"}
	noWords    = []string{"no", "false", "n", "f", "0", "0.0", "nein", "non", "falsch"}
)

// levelWords splits a level into words of lower case.
func levelWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// meaning reads one level of an outcome column: Won, Lost, or Open where its
// words say neither. strong is false where only the column's name could make
// sure that the word is meant so.
func meaning(s string) (state State, strong bool) {
	words := levelWords(s)
	for i, w := range words {
		won, lost := slices.Contains(wonTokens, w), slices.Contains(lostTokens, w)
		switch denied := i > 0 && slices.Contains(nots, words[i-1]); {
		case lost && !denied, won && denied:
			return Lost, true
		case won:
			return Won, true
		}
	}
	switch whole := strings.Join(words, " "); {
	case slices.Contains(wonWhole, whole):
		return Won, false
	case slices.Contains(lostWhole, whole):
		return Lost, false
	}
	return Open, false
}

// LostValues lists those values of an outcome column whose words say that the
// lead was lost, in alphabetical order.
func LostValues(c *Column) []string {
	if c == nil || c.Kind == Number || c.Kind == Bool || c.Kind == Time {
		return nil
	}
	seen := map[string]bool{}
	var lost []string
	for i := 0; i < c.Len() && len(seen) < 200; i++ {
		v := trim(c.Texts.At(i))
		if v == "" || seen[v] {
			continue
		}
		v = strings.Clone(v)
		seen[v] = true
		if state, _ := meaning(v); state == Lost {
			lost = append(lost, v)
		}
	}
	slices.Sort(lost)
	return lost
}

// answers is a column that could be the outcome, with what its levels say.
type answers struct {
	column *Column
	levels []level // the commonest first
	blank  int
	states []State // of the levels
	binary bool    // a yes and a no, and nothing else
	named  bool
	score  int
}

// readAnswers looks at a column as if it were the outcome. ok is false where
// neither its name nor its values speak for it.
func readAnswers(t *Table, c *Column) (a answers, ok bool) {
	g := guesser{table: t}
	if !g.few(c) {
		return a, false
	}
	a.column = c
	a.levels, a.blank = levelsOf(c)
	name := strings.Join(headerWords(c.Name), "_")
	rank := 0
	for k, group := range outcomeNames {
		if slices.Contains(group, name) {
			rank, a.named = outcomeRanks[k], true
			break
		}
	}
	if first := headerWords(c.Name); rank == 0 && len(first) > 1 && slices.Contains([]string{"converted", "won", "churned", "churn", "responded", "subscribed", "purchased"}, first[0]) {
		rank, a.named = 4, true // converted_within_90_days
	}
	var found [3]int
	strong := false
	for _, l := range a.levels {
		state, sure := meaning(l.text)
		a.states = append(a.states, state)
		found[state]++
		strong = strong || sure
	}
	if len(a.levels) == 2 && found[Won]+found[Lost] == 0 {
		for k := range a.levels {
			if isYes(a.levels[k].text) && isNo(a.levels[1-k].text) {
				a.binary, a.states[k] = true, Won
			}
		}
	}
	switch {
	case found[Won] > 0 && found[Lost] > 0 && (a.named || strong):
		a.score = rank + 4
	case found[Won] > 0 && a.named:
		a.score = rank + 3
	case a.binary && a.named:
		a.score = rank + 2
	case a.named && rank > 4 || a.named && slices.Contains(slices.Concat(outcomeNames...), name):
		a.score = rank
	default:
		return a, false
	}
	return a, true
}

func isYes(s string) bool { return slices.Contains(yesWords, strings.ToLower(s)) }
func isNo(s string) bool  { return slices.Contains(noWords, strings.ToLower(s)) }

// levelsOf counts the levels of a column that has few, and its blanks.
func levelsOf(c *Column) (levels []level, blank int) {
	at := map[string]int{}
	for i := range c.Len() {
		s := trim(c.word(i))
		if s == "" || len(s) <= 8 && slices.Contains(missingTokens, s) {
			blank++
			continue
		}
		k, ok := at[s]
		if !ok {
			k = len(levels)
			at[s] = k
			levels = append(levels, level{s, 0, i})
		}
		levels[k].count++
	}
	slices.SortStableFunc(levels, func(a, b level) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.text, b.text)) })
	return levels, blank
}

// of lists the levels of one state, the commonest first.
func (a *answers) of(state State) []string {
	var list []string
	for k, l := range a.levels {
		if a.states[k] == state {
			list = append(list, strings.Clone(l.text))
		}
	}
	return list
}

// common is of without the levels that are too rare to be named.
func (a *answers) common(state State) []string {
	return slices.DeleteFunc(a.of(state), func(v string) bool {
		return slices.ContainsFunc(a.levels, func(l level) bool { return l.text == v && l.count < leastShown })
	})
}

// rows counts the leads of one state.
func (a *answers) rows(state State) (n int) {
	for k, l := range a.levels {
		if a.states[k] == state {
			n += l.count
		}
	}
	return n
}

// leastShown is how many leads a level must have before a comment names it.
const leastShown = 20

// told lists the levels of a state with their counts; rare ones are only counted.
func (a *answers) told(state State) string {
	var list []string
	rare, leads := 0, 0
	for k, l := range a.levels {
		switch {
		case a.states[k] != state:
		case l.count < leastShown:
			rare, leads = rare+1, leads+l.count
		default:
			list = append(list, l.String())
		}
	}
	if rare > 0 {
		list = append(list, fmt.Sprintf("%d rarer (%d leads)", rare, leads))
	}
	return listed(list)
}

// outcomes lists the columns that could be the outcome, the likeliest first,
// in the order of the table where two are as likely.
func outcomes(t *Table) []answers {
	var all []answers
	for _, c := range t.Columns {
		if a, ok := readAnswers(t, c); ok {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b answers) int { return cmp.Compare(b.score, a.score) })
	return all
}
