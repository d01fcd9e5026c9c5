package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// clocks finds what tells when a lead was created and closed: two dates, a
// column of days, or at least what came first.
func (g *proposer) clocks() {
	if g.roles.Created != "" && g.times[g.roles.Created] != nil {
		g.Roles.Created = g.roles.Created
	}
	if g.roles.Closed != "" && g.times[g.roles.Closed] != nil && g.Roles.Closed == "" {
		g.Roles.Closed = g.roles.Closed
	}
	if g.Roles.Closed == "" {
		finder := guesser{table: g.table}
		finder.find(&g.Roles.Closed, "the closing time", closedNames, func(c *Column) bool { return g.times[c.Name] != nil })
	}
	created, guessed := g.Roles.Created, false
	if created == "" && g.Roles.Closed != "" {
		g.Roles.Created, guessed = g.firstTime(), true
		created = g.Roles.Created
	}
	switch {
	case created != "" && g.Roles.Closed != "":
		g.dated(guessed)
		return
	case g.byDays():
		g.order()
	case created != "":
		g.Add("order-by", true, true, "a day of creation, "+g.filledShare(created)+", but no column says when leads were closed: it tells what came first, and there is no forecast of when", created)
		g.Roles.Created, g.Roles.Order = "", created
	default:
		g.order()
	}
	g.Roles.Closed = ""
}

// backwards counts the rows that have both times, and those of them that are
// closed more than two days before they are created.
func backwards(created, closed *Column) (both, wrong int) {
	for i := range created.Times {
		if created.Times[i] != NoTime && closed.Times[i] != NoTime {
			both++
			if closed.Times[i] < created.Times[i]-2*MicrosPerDay {
				wrong++
			}
		}
	}
	return both, wrong
}

// likelier finds the order of ambiguous dates in which fewer leads are closed
// before they are created. It is said and not taken: it may be chance.
func (g *proposer) likelier() {
	wrong := map[string]int{}
	for _, order := range []string{"dmy", "mdy"} {
		_, wrong[order] = backwards(g.reread(g.Roles.Created, order), g.reread(g.Roles.Closed, order))
	}
	if wrong["mdy"] < wrong["dmy"] {
		g.Likelier = "mdy"
	}
	g.times[g.Roles.Created], g.times[g.Roles.Closed] = g.reread(g.Roles.Created, g.Likelier), g.reread(g.Roles.Closed, g.Likelier)
	if wrong["dmy"] == wrong["mdy"] {
		return
	}
	k := slices.IndexFunc(g.Settings, func(s Guess) bool { return s.Key == "dates" })
	g.Settings[k].Why += fmt.Sprintf("; %s is likelier: with the day first %d leads would be closed before they were created, with the month first %d", g.Likelier, wrong["dmy"], wrong["mdy"])
}

// dated says which columns are the times, and how well they fit.
func (g *proposer) dated(guessed bool) {
	if g.Asked {
		g.likelier()
	}
	created, closed := g.times[g.Roles.Created], g.times[g.Roles.Closed]
	both, backwards := backwards(created, closed)
	why := "when a lead was created, by its name; "
	if guessed {
		why = "the only other column of times; "
	}
	why += g.filledShare(created.Name) + ", "
	switch sure := !guessed && 50*backwards <= both; {
	case both > 0 && backwards == 0:
		g.Add("created", sure, true, fmt.Sprintf("%snever later than %s", why, strconv.Quote(closed.Name)), created.Name)
	default:
		g.Add("created", sure, true, fmt.Sprintf("%slater than %s in %s of the rows that have both", why, strconv.Quote(closed.Name), percent(backwards, both)), created.Name)
	}
	g.Add("closed", true, true, "when it was won or lost; "+g.filledShare(closed.Name), closed.Name)
	for _, c := range g.table.Columns {
		name := strings.Join(headerWords(c.Name), "_")
		if c.Name != closed.Name && g.times[c.Name] != nil && slices.Contains(slices.Concat(closedNames...), name) {
			g.Add("closed", false, false, "could be meant too; "+g.filledShare(c.Name), c.Name)
		}
	}
}

func (g *proposer) filledShare(name string) string {
	return percent(present(g.table.Column(name)), g.table.Rows) + " filled"
}

// firstTime is the only column of times beside the closing time that comes
// before it; "" for none or several.
func (g *proposer) firstTime() string {
	closed := g.times[g.Roles.Closed]
	var found []string
	for _, c := range g.table.Columns {
		t := g.times[c.Name]
		if t == nil || c.Name == closed.Name {
			continue
		}
		both, before := 0, 0
		for i, at := range t.Times {
			if at != NoTime && closed.Times[i] != NoTime {
				both++
				if at <= closed.Times[i] {
					before++
				}
			}
		}
		if both > 0 && 50*before >= 49*both && 10*present(t) >= 9*t.Len() {
			found = append(found, c.Name)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	for _, name := range found {
		g.Add("created", false, false, "could be when a lead was created: before "+strconv.Quote(closed.Name)+" in nearly every row", name)
	}
	return ""
}

// byDays takes a column of days from creation to closing.
func (g *proposer) byDays() bool {
	best := ""
	for _, c := range g.table.Columns {
		words := headerWords(c.Name)
		has := func(list ...string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
		}
		ends := has("closing", "close", "closed", "cycle") || has("open") && has("days", "age")
		if has("days", "cycle") && ends && !has("stage", "ratio", "since", "last", "expected", "planned") && (&guesser{table: g.table}).numbers(c) && best == "" {
			best = c.Name
		}
	}
	if best == "" {
		return false
	}
	g.Roles.Duration = best
	g.Add("duration", true, true, "days from creation to closing, by its name; "+g.filledShare(best)+". The file has no dates of both, so forecasts are by age alone", best)
	return true
}

// order looks for what tells which lead came first where there are no times.
func (g *proposer) order() {
	for _, c := range g.table.Columns {
		if !endsIn(c.Name, []string{"number", "no", "nr", "num", "sequence", "id"}) || c.Name == g.Roles.Duration {
			continue
		}
		steps, rising, counter := g.sequence(c)
		switch {
		case !counter:
			continue
		case steps == 1:
			g.Add("order-by", false, false, "it only counts the rows of the file; if they are in order of time, take this line", "rows")
			return
		case rising >= 0.95 || endsIn(c.Name, []string{"number", "no", "nr"}):
			how := "the file is sorted by it"
			if rising < 0.95 {
				how = "its name says so, though the file is not sorted by it"
			}
			g.Roles.Order = c.Name
			g.Add("order-by", rising >= 0.95, true, "a counter of the CRM: whole numbers with gaps, and "+how+"; it stands for time, so that the hold-out is what came last", c.Name)
			return
		}
	}
	for _, c := range g.table.Columns {
		why, _ := Suspect(c.Name, g.Roles)
		if t := g.times[c.Name]; t != nil && 20*present(t) >= 19*t.Len() && c.Name != g.Roles.Closed && why == "" {
			g.Add("order-by", false, false, "a time, "+g.filledShare(c.Name)+"; if it is known when a lead is created, it can tell what came first", c.Name)
		}
	}
	g.parts()
	if g.runs() {
		return
	}
	g.Add("order-by", false, false, "if the rows of the file are in order of time, take this line: the hold-out is then what came last, which is honest; else leads are held out at random", "rows")
}

// sequence tells whether a column counts: distinct whole numbers. steps is how
// far it goes a row, rising the share of rows that go on in one direction.
func (g *proposer) sequence(c *Column) (steps, rising float64, counter bool) {
	seen := make(map[float64]struct{}, c.Len())
	up, down, last := 0, 0, 0.0
	low, high := 0.0, 0.0
	for i := range c.Len() {
		x, err := strconv.ParseFloat(trim(c.word(i)), 64)
		if err != nil || x != float64(int64(x)) {
			return 0, 0, false
		}
		seen[x] = struct{}{}
		if i == 0 {
			low, high = x, x
		} else if x >= last {
			up++
		} else {
			down++
		}
		low, high, last = min(low, x), max(high, x), x
	}
	n := c.Len()
	if n < 2 || 100*len(seen) < 95*n {
		return 0, 0, false
	}
	return (high - low) / float64(n-1), float64(max(up, down)) / float64(n-1), true
}

// runs looks for a column of few values that stand in long runs, as the month
// does in a file that was written as time went by. One that comes back to what
// it was, as months do, cannot have been sorted by; else a person has to say.
func (g *proposer) runs() bool {
	for _, c := range g.table.Columns {
		if !hasWord(c.Name, []string{"month", "year", "quarter", "week", "monat", "jahr", "wave"}) || c.Name == g.Roles.Outcome {
			continue
		}
		changes, values := 0, map[string]bool{}
		for i := range c.Len() {
			values[c.word(i)] = true
			if i > 0 && c.word(i) != c.word(i-1) {
				changes++
			}
		}
		if 100*changes < c.Len() {
			why := fmt.Sprintf("%s changes only %d times in %d rows", strconv.Quote(c.Name), changes, c.Len())
			if returns := changes >= len(values) && len(values) > 1; returns {
				g.Add("order-by", false, true, why+" and comes back to values that it had, so the file is in order of time: the hold-out is what came last", "rows")
			} else {
				g.Add("order-by", false, false, why+", so the file seems to be in order of time: if it is, take this line", "rows")
			}
			return true
		}
	}
	return false
}

// parts finds dates whose year, month and day stand in columns of their own.
func (g *proposer) parts() {
	stems := map[string][]string{}
	var order []string
	for _, c := range g.table.Columns {
		words := headerWords(c.Name)
		for _, part := range []string{"year", "day", "month"} {
			if k := slices.Index(words, part); k > 0 && !slices.Contains(words, "week") {
				stem := strings.Join(words[:k], " ")
				if len(stems[stem]) == 0 {
					order = append(order, stem)
				}
				stems[stem] = append(stems[stem], strconv.Quote(c.Name))
				break
			}
		}
	}
	for _, stem := range order {
		if len(stems[stem]) >= 3 {
			g.Add("created", false, false, fmt.Sprintf("%s hold the parts of one date: put them together into one column of days such as 2018-05-31 and name it here, if it is when leads were created", strings.Join(stems[stem], ", ")), strings.ReplaceAll(stem, " ", "_"))
		}
	}
}
