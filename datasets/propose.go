package datasets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Guess is one setting of training that was guessed.
type Guess struct {
	Key    string   `json:"key"`    // as `leadcast train` calls it: outcome, won, id, exclude, …
	Values []string `json:"values"` // one a list entry
	Why    string   `json:"why"`    // in plain words, without a value of a lead
	Sure   bool     `json:"sure"`
	Taken  bool     `json:"taken"` // false: another possibility, not taken
}

// Proposal is what can be guessed of a table of leads. The settings are in the
// order in which a person would go through them.
type Proposal struct {
	Roles    Roles
	Contract Contract
	Dates    string // "dmy" or "mdy" where a date column does not tell by itself and another does
	Asked    bool   // dates are ambiguous and nothing in the table tells: a person must choose …
	Likelier string // … and "dmy" or "mdy" is the order in which fewer leads are closed before they are created
	Settings []Guess
}

// Add puts a guess behind the others.
func (p *Proposal) Add(key string, sure, taken bool, why string, values ...string) {
	p.Settings = append(p.Settings, Guess{key, values, why, sure, taken})
}

// Takes reports whether a setting is taken with this value.
func (p *Proposal) Takes(key, value string) bool {
	return slices.ContainsFunc(p.Settings, func(g Guess) bool { return g.Key == key && g.Taken && slices.Contains(g.Values, value) })
}

// Propose guesses the roles, the outcome contract and what should be left out
// of a raw table by headers and values alone. outcome names the column of the
// outcome where a person has said it, else "". Where no column tells what
// became of a lead, or none of its values means won, the error is an *Error
// that says what would help.
func Propose(t *Table, outcome string) (*Proposal, error) {
	if err := checkHints(t, Hints{Roles: Roles{Outcome: outcome}}); err != nil {
		return nil, err
	}
	if t.Rows == 0 {
		return nil, &Error{Message: "the file has a header but no rows"}
	}
	g := &proposer{Proposal: &Proposal{}, table: t, times: map[string]*Column{}}
	g.roles, g.notes = GuessRoles(t)
	g.dates()
	if err := g.outcome(outcome); err != nil {
		return nil, err
	}
	g.clocks()
	g.losses()
	g.who()
	g.suspects()
	return g.Proposal, nil
}

// proposer collects a proposal.
type proposer struct {
	*Proposal
	table  *Table
	roles  Roles // by GuessRoles
	notes  []Note
	times  map[string]*Column // the columns that hold times, read
	answer answers            // the outcome
}

// dates reads every column of times, and finds out what 1/2/2006 means.
func (g *proposer) dates() {
	var asked, told []string
	order := ""
	fits := (&guesser{table: g.table}).times
	for _, c := range g.table.Columns {
		if !fits(c) {
			continue
		}
		one := &Table{Rows: g.table.Rows, Columns: []*Column{c}, Place: g.table.Place}
		schema, _, err := Infer(one, Hints{})
		if err != nil {
			if schema, _, err = Infer(one, Hints{Dates: "dmy"}); err != nil {
				continue // broken dates: training says where
			}
			asked = append(asked, c.Name)
		} else if l := schema.Fields[0].Layout; l == layoutDMY || l == layoutMDY {
			told = append(told, c.Name)
			order = map[string]string{layoutDMY: "dmy", layoutMDY: "mdy"}[l]
		}
		typed, _, err := schema.Apply(one)
		if err == nil && typed.Columns[0].Kind == Time {
			g.times[c.Name] = typed.Columns[0]
		}
	}
	switch names := strings.Join(quoted(asked), ", "); {
	case len(asked) == 0:
	case order != "":
		g.Dates = order
		g.Add("dates", true, true, fmt.Sprintf("%s could be read in both orders, but %s can only be %s", names, strconv.Quote(told[0]), dateOrder(order)), order)
		for _, name := range asked {
			g.times[name] = g.reread(name, order)
		}
	default:
		g.Asked, g.Likelier = true, "dmy"
		why := fmt.Sprintf("does 1/2/2006 mean 1 February (dmy) or January 2 (mdy)? Every day in %s is at most 12, so the file does not tell", names)
		g.Add("dates", false, false, why, "dmy")
		g.Add("dates", false, false, "the other order", "mdy")
	}
}

// reread reads a column of times again in one of the two orders.
func (g *proposer) reread(name, order string) *Column {
	one := &Table{Rows: g.table.Rows, Columns: []*Column{g.table.Column(name)}, Place: g.table.Place}
	if schema, _, err := Infer(one, Hints{Dates: order}); err == nil {
		if typed, _, err := schema.Apply(one); err == nil && typed.Columns[0].Kind == Time {
			return typed.Columns[0]
		}
	}
	return g.times[name]
}

func dateOrder(order string) string {
	return map[string]string{"dmy": "the day first", "mdy": "the month first"}[order]
}

// outcome finds the column that says what became of a lead, and which of its
// values mean won.
func (g *proposer) outcome(named string) error {
	all := outcomes(g.table)
	if named != "" {
		if a, ok := g.asOutcome(named); ok {
			all = append([]answers{a}, slices.DeleteFunc(all, func(o answers) bool { return o.column.Name == named })...)
		} else {
			return g.wonDate(named)
		}
	}
	var able []answers
	for _, a := range all {
		if len(a.of(Won)) > 0 {
			able = append(able, a)
		}
	}
	switch {
	case len(able) == 0 && named == "":
		if err := g.wonDate(""); err == nil || len(all) == 0 {
			return err
		}
		return all[0].unclear()
	case named != "" && len(all[0].of(Won)) == 0:
		return all[0].unclear()
	}
	a := able[0]
	g.answer, g.Roles.Outcome = a, a.column.Name
	sure := len(able) == 1 || a.score > able[1].score
	why := "it says what became of a lead, by its name and its values"
	switch {
	case named != "":
		why, sure = "as told", true
	case !a.named:
		why, sure = "its values say what became of a lead", false
	case a.binary:
		why = "a yes or no, named like an outcome"
	}
	if a.blank > 0 {
		why += fmt.Sprintf("; empty in %d of %d rows", a.blank, g.table.Rows)
		sure = sure && 10*a.blank < g.table.Rows
	}
	g.Add("outcome", sure, true, why, a.column.Name)
	for _, o := range able[1:] {
		g.Add("outcome", sure, false, fmt.Sprintf("would do too: its won values are %s; its other values are %s", o.told(Won), either(listed([]string{o.told(Lost), o.told(Open)}))), o.column.Name)
	}
	g.won()
	return nil
}

// unclear says that no value of a column means won.
func (a *answers) unclear() error {
	return &Error{Column: a.column.Name, Message: "none of its values says that a lead was won; there are " + either(listed([]string{a.told(Open), a.told(Lost)})) +
		". Say which means won: leadcast train FILE --outcome " + strconv.Quote(a.column.Name) + " --won VALUE"}
}

// either tidies a list of two of which either may be empty.
func either(s string) string {
	if s = strings.Trim(s, ", "); s == "" {
		return "none"
	}
	return s
}

// asOutcome reads a column that a person has named.
func (g *proposer) asOutcome(name string) (answers, bool) {
	c := g.table.Column(name)
	if a, ok := readAnswers(g.table, c); ok {
		return a, true
	}
	if !(&guesser{table: g.table}).few(c) || (&guesser{table: g.table}).names(c) {
		return answers{}, false
	}
	a := answers{column: c}
	a.levels, a.blank = levelsOf(c)
	for _, l := range a.levels {
		state, _ := meaning(l.text)
		if len(a.levels) == 2 && isYes(l.text) {
			state, a.binary = Won, true
		}
		a.states = append(a.states, state)
	}
	return a, true
}

// won says which values mean won.
func (g *proposer) won() {
	a := &g.answer
	g.Contract.Won = a.of(Won)
	rows := a.rows(Won)
	why := fmt.Sprintf("their words say so: %s", a.told(Won))
	if len(g.Contract.Won) == 1 {
		why = fmt.Sprintf("its word says so: %d of %d rows", rows, g.table.Rows)
	}
	sure := true
	if a.binary {
		why = fmt.Sprintf("yes is taken for won: %s of the rows", percent(rows, g.table.Rows))
		if 2*rows > g.table.Rows {
			why += "; that is most of them, so see that it is not the other way round"
			sure = false
		}
		if name := strings.Join(headerWords(a.column.Name), " "); strings.Contains(name, "churn") || strings.Contains(name, "cancel") || name == "exited" || name == "attrition" {
			why += `; here "won" is what is forecast, though nobody wishes for it`
		}
	}
	g.Add("won", sure, true, why, g.Contract.Won...)
}

// wonDate looks for a column that is filled only where a lead was won.
func (g *proposer) wonDate(named string) error {
	won := [][]string{{"won_date", "won_at", "date_won", "converted_at", "converted_date", "conversion_date", "date_converted", "won_time", "gewonnen_am", "became_a_customer_date", "signed_at", "purchased_at", "purchase_date"}}
	role := named
	if named == "" {
		finder := guesser{table: g.table}
		finder.find(&role, "the day of winning", won, finder.times)
	}
	if c := g.table.Column(role); c != nil {
		if n := present(c); n > 0 && n < c.Len() {
			g.Roles.Outcome, g.Contract.WonPresent = role, true
			if g.times[role] != nil {
				g.Roles.Closed = role
			}
			why := fmt.Sprintf("no column says what became of a lead; this one is filled in %d of %d rows, and where it is, the lead was won", n, c.Len())
			g.Add("won-if", named != "" || g.times[role] != nil, true, why, role+":present")
			return nil
		}
	}
	message := "no column says what became of a lead, as a status (Won, Lost, Open …), a yes or no, or a day of winning would"
	var two []string
	for _, c := range g.table.Columns {
		if (&guesser{table: g.table}).few(c) {
			if levels, _ := levelsOf(c); len(levels) == 2 {
				two = append(two, strconv.Quote(c.Name))
			}
		}
	}
	switch {
	case named != "":
		return &Error{Column: named, Message: "cannot be the outcome: it has too many values, or is filled in every row or none"}
	case len(two) > 0:
		message += ". Columns of two values are " + listed(two) + "; if one of them is it, say --outcome COLUMN"
	default:
		message += ". If it is in another file, give that too: leadcast init leads.csv deals.csv; if a column has it under another name, say --outcome COLUMN"
	}
	return &Error{Message: message}
}

// present counts the filled cells of a column.
func present(c *Column) (n int) {
	for i := range c.Len() {
		if s := trim(c.word(i)); s != "" && !slices.Contains(missingTokens, s) {
			n++
		}
	}
	return n
}

func percent(n, of int) string {
	p := 100 * float64(n) / float64(max(of, 1))
	switch {
	case n > 0 && p < 0.1:
		return "less than 0.1 %"
	case p < 10 && p != math.Trunc(p), n < of && p > 99.5:
		return fmt.Sprintf("%.1f %%", math.Floor(10*p)/10)
	}
	return fmt.Sprintf("%.0f %%", p)
}
