package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// losses says which values mean lost and which are still open: by their words,
// else by whether such leads have a closing time.
func (g *proposer) losses() {
	if g.Contract.WonPresent {
		g.Add("lost", true, false, "losses are not recorded: whoever is not won counts as open", "Lost")
		return
	}
	a := &g.answer
	timed := g.Roles.Duration != "" || g.Roles.Closed != ""
	byWords := a.of(Lost)
	var byTime []string
	if g.Roles.Closed != "" {
		byTime = g.closedLevels()
	}
	g.Contract.Lost = append(byWords, byTime...)
	if len(byWords)+len(byTime) > 0 {
		why := "their words say so: " + a.told(Lost)
		if len(byWords) == 1 {
			why = fmt.Sprintf("its word says so: %d of %d rows", a.rows(Lost), g.table.Rows)
		}
		if len(byTime) > 0 {
			also := ""
			if len(byWords) > 0 {
				also = "; the rest by its words"
			}
			why = fmt.Sprintf("%s: its leads have closing times as the won ones do%s", strings.Join(quoted(byTime), ", "), also)
			for k, l := range a.levels {
				if slices.Contains(byTime, l.text) {
					a.states[k] = Lost
				}
			}
		}
		g.Add("lost", len(byTime) == 0, true, why, g.Contract.Lost...)
	}
	rest := a.told(Open)
	switch {
	case !timed && len(g.Contract.Lost) == 0:
		g.Add("lost", a.binary || len(a.levels) == 2, false, "there are no times, so every other value counts as lost: "+rest, a.common(Open)...)
	case rest == "":
	case !timed:
		g.Add("lost", false, false, "neither won nor lost, and the file has no times, so these leads are left out: "+rest, a.common(Open)...)
	case len(g.Contract.Lost) == 0:
		g.Add("lost", false, false, "no value says that a lead was lost, so these count as open: "+rest+". Take out what is not lost and take this line, if some are", a.common(Open)...)
	default:
		g.Add("lost", true, false, "the rest counts as open: "+rest, a.common(Open)...)
	}
}

// closedLevels lists the levels without a meaning whose leads have closing
// times like the won ones, where other levels, or blanks, have none; a no
// beside a yes is enough by itself.
func (g *proposer) closedLevels() []string {
	a := &g.answer
	closed := g.times[g.Roles.Closed]
	at := map[string]int{}
	for k, l := range a.levels {
		at[l.text] = k
	}
	filled := make([]int, len(a.levels))
	for i := range g.table.Rows {
		if k, ok := at[trim(a.column.word(i))]; ok && closed.Times[i] != NoTime {
			filled[k]++
		}
	}
	var full []string
	others := a.binary
	for k, l := range a.levels {
		switch {
		case a.states[k] != Open:
		case 10*filled[k] >= 9*l.count && l.count >= leastShown: // rarer ones are not named in a file
			full = append(full, strings.Clone(l.text))
		case 10*filled[k] <= l.count:
			others = true
		}
	}
	if !others {
		return nil
	}
	return full
}

// who names the columns that say whose a lead is, what it is worth and where
// it came from.
func (g *proposer) who() {
	r := &g.Roles
	for _, role := range []struct {
		key   string
		dst   *string
		guess string
		what  string
	}{
		{"id", &r.ID, g.roles.ID, "the lead's own id"},
		{"account", &r.Account, g.roles.Account, "whose lead it is: leads of one account count together in intervals and in random splits"},
		{"owner", &r.Owner, g.roles.Owner, "who works the lead"},
		{"campaign", &r.Campaign, g.roles.Campaign, "where it came from"},
		{"amount", &r.Amount, g.roles.Amount, "what it is worth: for the expected value"},
	} {
		taken := slices.Contains(g.Roles.columns(), role.guess)
		if role.guess != "" && (!taken || role.key == "id" && role.guess == r.Order) {
			*role.dst = role.guess
			g.Add(role.key, true, true, role.what+"; by its name; "+g.filledShare(role.guess), role.guess)
			continue
		}
		for _, n := range g.notes {
			if strings.HasPrefix(n.Message, "the "+role.key+" could be ") {
				g.Add(role.key, false, false, n.Message, role.key)
			}
		}
	}
}

// suspects proposes to leave out columns whose headers say that they tell the
// outcome.
func (g *proposer) suspects() {
	special := append(g.Roles.columns(), g.Roles.Order)
	for _, c := range g.table.Columns {
		if slices.Contains(special, c.Name) {
			continue
		}
		if why, sure := Suspect(c.Name, g.Roles); why != "" {
			g.Add("exclude", sure, sure, why, c.Name)
		}
	}
}
