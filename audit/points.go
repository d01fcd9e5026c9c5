package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// mostPoints is how many things stand first.
const mostPoints = 4

// first chooses the things that matter most. The order of the weights is that
// of the harm: what stops training, what makes its figures untrue, what makes
// them worse, what is to be known.
func (a *auditor) first() {
	var all []Point
	say := func(weight float64, section, title, format string, args ...any) {
		all = append(all, Point{title, fmt.Sprintf(format, args...), section, weight})
	}
	if a.Problem != "" {
		say(100, "settings", "As it is, nothing can be learnt from this", "%s.", capital(strings.TrimSuffix(a.Problem, ".")))
	}
	a.tells(say)
	a.few(say)
	a.changes(say)
	a.young(say)
	a.reach(say)
	a.rest(say)
	slices.SortStableFunc(all, func(x, y Point) int { return cmp.Compare(y.weight, x.weight) })
	a.First = all[:min(len(all), mostPoints)]
}

type sayer func(weight float64, section, title, format string, args ...any)

// tells is about columns that tell the outcome.
func (a *auditor) tells(say sayer) {
	var sure, maybe []string
	for _, l := range a.Leaks {
		switch {
		case l.Sure:
			sure = append(sure, l.Column)
		case l.AUC > 0.75:
			maybe = append(maybe, l.Column)
		}
	}
	if len(sure) > 0 {
		more := ""
		if len(maybe) > 0 {
			more = fmt.Sprintf(" Ask about %s too.", named(maybe))
		}
		say(90, "leaks", fmt.Sprintf("%s the outcome instead of forecasting it", plural(len(sure), "field tells", "fields tell")),
			"Training leaves out %s: with %s a model would look splendid and be of no use.%s", named(sure), map[bool]string{true: "it", false: "them"}[len(sure) == 1], more)
	} else if len(maybe) > 0 {
		say(78, "leaks", fmt.Sprintf("%s the outcome", plural(len(maybe), "field may tell", "fields may tell")), "%s: ask whether they are known when a lead is created.", named(maybe))
	}
}

// few is about wins.
func (a *auditor) few(say sayer) {
	h := a.horizonAt()
	if a.out == nil || h == nil {
		return
	}
	within := ""
	if h.Days > 0 {
		within = fmt.Sprintf(" within %d days", h.Days)
	}
	switch {
	case h.Wins < winsForTwenty:
		pace := ""
		if !math.IsNaN(h.Months) {
			pace = fmt.Sprintf(", at today's pace in %s", months(h.Months))
		}
		say(85, "horizons", "Wins are few", "%d leads were won%s. A sum of wins is known to ± 20 %% from %d on%s.", h.Wins, within, winsForTwenty, pace)
	case h.ForTen > 0:
		say(36, "horizons", "Enough wins to begin with", "%s won%s: a sum of wins is known to ± 20 %%; for ± 10 %% it takes %d.", plural(h.Wins, "lead was", "leads were"), within, winsForTen)
	default:
		say(35, "horizons", "Wins are plenty", "%s won%s: sums of wins are known to ± 10 %% or better.", plural(h.Wins, "lead was", "leads were"), within)
	}
}

// horizonAt is the main horizon.
func (a *Audit) horizonAt() *Horizon {
	for i := range a.Horizons {
		if a.Horizons[i].Days == a.MainHorizon {
			return &a.Horizons[i]
		}
	}
	return nil
}

// changes is about what is not the same over time.
func (a *auditor) changes(say sayer) {
	if first, last, ok := a.ends(); ok && a.moved() {
		word := "rose"
		if last.value < first.value {
			word = "fell"
		}
		switch from, to := percent(first.value), percent(last.value); {
		case a.guessed:
			say(76, "cohorts", "The share of wins changes along the file", "It %s from %s in its first third to %s in its last. If the rows are in the order of time, say order-by: rows, or the model is judged too well.", word, from, to)
		default:
			say(76, "cohorts", "The share of wins has changed much", "It %s from %s to %s between the first and the last third of the time. A model of the past is off by as much if it goes on; judge it forward in time only.", word, from, to)
		}
	}
	var drifting, empty []string
	used := 0
	for _, f := range a.Fields {
		if !f.Used {
			continue
		}
		used++
		if f.drifts || math.Abs(f.Late-f.Early) > fillPoints {
			drifting = append(drifting, f.Name)
		}
		if f.Filled < scarce {
			empty = append(empty, f.Name)
		}
	}
	if len(drifting) > 0 {
		say(30+30*float64(len(drifting))/float64(used), "fields", fmt.Sprintf("%s over time", plural(len(drifting), "field has changed", "fields have changed")), "%s: the last third of the leads does not look like the first.", named(drifting))
	}
	if len(empty) > 0 {
		say(25+40*float64(len(empty))/float64(used), "fields", fmt.Sprintf("%s mostly empty", plural(len(empty), "field is", "fields are")), "%s: filled on less than half of the leads.", named(empty))
	}
}

// ends are the shares of wins in the first and the last third of the cohorts
// that can be judged.
func (a *auditor) ends() (first, last estimate, ok bool) {
	var judged []Cohort
	for _, c := range a.Cohorts {
		if c.Share != nil && c.Ripe {
			judged = append(judged, c)
		}
	}
	if len(judged) < 4 {
		return first, last, false
	}
	third := max(1, len(judged)/3)
	return mean(judged[:third]), mean(judged[len(judged)-third:]), true
}

// moved reports whether these differ by half and beyond chance.
func (a *auditor) moved() bool {
	first, last, ok := a.ends()
	return ok && max(first.value, last.value) > 1.5*min(first.value, last.value) && math.Abs(first.value-last.value) > 4*math.Hypot(first.se, last.se)
}

type estimate struct{ value, se float64 }

func mean(list []Cohort) (e estimate) {
	n := 0.0
	for _, c := range list {
		w := float64(c.Counts.Total)
		se := (c.Share.High - c.Share.Low) / 3.92
		e.value, e.se, n = e.value+w*c.Share.Value, e.se+w*w*se*se, n+w
	}
	return estimate{e.value / n, math.Sqrt(e.se) / n}
}

// young is about leads that nobody can judge yet, and losses that nobody writes down.
func (a *auditor) young(say sayer) {
	switch {
	case a.out == nil:
		return
	case !a.timed:
		say(65, "cohorts", "There are no dates of creation and closing", "So nobody can say when a lead will be won, or which leads are too young to judge. A column of each would give both.")
	case a.Leads.Lost == 0:
		say(58, "cohorts", "Losses are not recorded", "A lead is won or still open, however old it is. That is no obstacle, but a day after which silence counts as lost (silent-after) makes lists shorter.")
	}
	followed, total, until := 0, 0, ""
	for _, c := range a.Cohorts {
		followed, total = followed+c.Followed, total+c.Counts.Total
		if c.Ripe {
			until = c.Name
		}
	}
	if a.dated && total > 0 && 10*followed < 9*total {
		text := fmt.Sprintf("%s of the leads are younger than the main horizon of %d days", percent(1-float64(followed)/float64(total)), a.MainHorizon)
		if until != "" {
			text += fmt.Sprintf("; only those created up to %s can be judged", until)
		}
		say(55+20*(1-float64(followed)/float64(total)), "cohorts", "Not all leads are ripe", "%s. Open is not lost: a share of wins that counts them so is too low.", text)
	}
	if share := float64(a.Duplicates.Extra) / float64(max(1, a.leads.Rows)); share > 0.02 {
		say(66+30*share, "duplicates", fmt.Sprintf("%s of records stand for a person who is there already", percent(share)), "%s in %s. They count one customer several times, and the same person in training and in the hold-out flatters a model.", plural(a.Duplicates.Leads, "record", "records"), plural(a.Duplicates.Groups, "group", "groups"))
	}
}

// reach is about fields that change and have no history.
func (a *auditor) reach(say sayer) {
	var lost, kept []string
	for _, f := range a.Fields {
		switch {
		case f.Reach == exact && f.Role != "outcome":
			kept = append(kept, f.Name)
		case f.Reach == unrecoverable && f.worked:
			lost = append(lost, f.Name)
		}
	}
	switch {
	case len(lost) == 0 && len(kept) == 0:
		a.History = "No history of fields was given, and no field seems to change: all count as known from a lead's creation on. If some change, name them under changes."
	case len(lost) == 0:
		a.History = fmt.Sprintf("The history gives %s at any past moment; the other fields count as known from a lead's creation on.", named(kept))
	default:
		a.History = fmt.Sprintf("%s after a lead is created, and what stood there before is not kept: %s. A forecast may not use %s.", plural(len(lost), "field changes", "fields change"), named(lost), map[bool]string{true: "it", false: "them"}[len(lost) == 1])
		if len(kept) > 0 {
			a.History += fmt.Sprintf(" The history gives %s at any past moment.", named(kept))
		}
		weight := 30.0
		if len(lost) > 3 {
			weight = 60
		}
		say(weight, "history", "History is gone for "+plural(len(lost), "field", "fields"), "%s: changed while a lead is worked, and what stood there before is not kept. An export of the field history brings it back.", named(lost))
	}
}

// rest is about all else.
func (a *auditor) rest(say sayer) {
	if left := a.Rows - a.Leads.Total; a.out != nil && 20*left > a.Rows {
		say(80, "contradictions", fmt.Sprintf("%s of the rows are left out", percent(float64(left)/float64(a.Rows))), "%s of %s contradict themselves or say nothing; below stands why.", whole(left), plural(a.Rows, "row", "rows"))
	}
	if len(a.Personal) > 0 {
		n := 0
		var kinds []string
		for _, p := range a.Personal {
			n += len(p.Columns)
			kinds = append(kinds, p.Kind)
		}
		say(40, "personal", plural(n, "column holds", "columns hold")+" personal data", "%s. Nothing of them is kept in a model but their form.", capital(enumerate(kinds)))
	}
	for _, g := range a.Unsure {
		if g.Key == "dates" {
			say(95, "settings", "The order of the dates is not clear", "%s.", strings.TrimSuffix(g.Why, "."))
			break
		}
	}
}

// capital begins a sentence.
func capital(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

func named(names []string) string {
	const most = 5
	if more := len(names) - most; more > 1 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return enumerate(names)
}

func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return whole(n) + " " + many
}

func whole(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func percent(p float64) string {
	if p > 0 && p < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*p)
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}

func months(m float64) string {
	if m < 1.5 {
		return "about a month"
	}
	if m > 24 {
		return fmt.Sprintf("%.0f years", m/12)
	}
	return fmt.Sprintf("%.0f months", m)
}

// Summary says in one sentence what there is.
func (a *Audit) Summary() string {
	if a.Horizons == nil || a.Leads.Total == 0 {
		return plural(a.Rows, "row", "rows") + "; what became of them is not known"
	}
	s := fmt.Sprintf("%s: %s won (%s)", plural(a.Leads.Total, "lead", "leads"), whole(a.Leads.Won), percent(float64(a.Leads.Won)/float64(a.Leads.Total)))
	if a.Leads.Lost > 0 {
		s += fmt.Sprintf(", %s lost", whole(a.Leads.Lost))
	}
	if a.Leads.Open > 0 {
		s += fmt.Sprintf(", %s open", whole(a.Leads.Open))
	}
	if a.From != "" {
		s += fmt.Sprintf("; created from %s, looked at on %s", a.From, a.Today)
	}
	return s
}

// Judged says whether a cohort can be judged yet.
func (c Cohort) Judged() string {
	switch {
	case c.Ripe && c.Share != nil:
		return "yes"
	case c.Ripe && c.Counts.Total < fewestJudged:
		return "too few leads"
	case c.Ripe:
		return "no: outcomes were not recorded then"
	case c.Followed == 0:
		return "not yet"
	}
	return fmt.Sprintf("%s of it", percent(float64(c.Followed)/float64(c.Counts.Total)))
}

// Summary says in words how many records stand for persons that are there already.
func (d Duplicates) Summary() string {
	if len(d.By) == 0 {
		return "Nothing by which persons can be told (an e-mail address, a telephone number, a name with a company) stands in the file."
	}
	var by []string
	for _, k := range d.By {
		by = append(by, k.Name)
	}
	if d.Groups == 0 {
		return "None: no two records have " + strings.Join(by, ", or ") + "."
	}
	s := fmt.Sprintf("%s stand for %s, by %s; the most for one is %d.", plural(d.Leads, "record", "records"), plural(d.Groups, "person", "persons"), strings.Join(by, ", or "), d.Largest)
	if d.Differing > 0 {
		s += fmt.Sprintf(" Of %s one record was won and another lost.", plural(d.Differing, "person", "persons"))
	}
	return s + " The first: " + strings.Join(d.Places, "; ") + "."
}

// String gives "column: message: count".
func (c Contradiction) String() string {
	s := c.Message
	if c.Column != "" {
		s = c.Column + ": " + s
	}
	if c.Count > 0 {
		s += ": " + whole(c.Count)
	}
	return s
}
