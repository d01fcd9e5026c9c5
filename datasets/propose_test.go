package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMeaning(t *testing.T) {
	for state, levels := range map[State][]string{
		Won:  {"Won", "5 - Closed Won", "closedwon", "Closed - Converted", "Gewonnen", "WON!", "signed", "Success"},
		Lost: {"Lost", "Closed Lost", "closed-lost", "closedlost", "Loss", "Disqualified", "Closed - Not Converted", "not won", "Nicht gewonnen", "No Decision", "junk lead", "Verloren"},
		Open: {"", "Open", "Open - Not Contacted", "Working", "Qualified", "Wonderful", "Lostock", "Not Lost", "former customer", "Prospecting", "-"},
	} {
		for _, l := range levels {
			if got, _ := meaning(l); got != state {
				t.Errorf("%q means %s, want %s", l, got, state)
			}
		}
	}
}

// settings writes the guesses of some keys as "key=value" with - before those
// that are not taken, and ? behind those that are unsure.
func settings(p *Proposal, keys ...string) string {
	var all []string
	for _, g := range p.Settings {
		if !slices.Contains(keys, g.Key) {
			continue
		}
		s := g.Key + "=" + strings.Join(g.Values, "|")
		if !g.Taken {
			s = "-" + s
		}
		if !g.Sure {
			s += "?"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// column repeats values to n rows.
func column(n int, name string, values ...string) *Column {
	all := make([]string, n)
	for i := range all {
		all[i] = values[i%len(values)]
	}
	return rawColumn(name, all...)
}

// counting numbers n rows.
func counting(n int, name, format string, from, step int) *Column {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, from+i*step)
	}
	return rawColumn(name, all...)
}

// inRuns is a column whose values stand each in a run of so many rows.
func inRuns(n int, name string, run int, values ...string) *Column {
	all := make([]string, n)
	for i := range all {
		all[i] = values[i/run]
	}
	return rawColumn(name, all...)
}

func TestPropose(t *testing.T) {
	const n = 60
	status := column(n, "status", "Won", "Lost", "Open")
	answer := column(n, "converted", "no", "no", "yes")
	created := column(n, "created_at", "2018-01-01", "2018-01-09", "2018-02-01")
	closed := column(n, "closed_at", "2018-03-01", "2018-02-09", "")
	for _, c := range []struct {
		name    string
		columns []*Column
		keys    []string
		want    string
	}{
		{"status, dates", []*Column{status, created, closed}, []string{"outcome", "won", "lost", "created", "closed"}, "outcome=status won=Won created=created_at closed=closed_at lost=Lost -lost=Open"},
		{"two candidates", []*Column{column(n, "stage", "Closed Won", "Closed Lost"), answer}, []string{"outcome"}, "outcome=stage -outcome=converted"},
		{"equally likely", []*Column{column(n, "stage", "Closed Won", "Closed Lost"), column(n, "status", "Won", "Lost")}, []string{"outcome"}, "outcome=stage? -outcome=status?"},
		{"values alone", []*Column{column(n, "x", "Won", "Lost", "?"), answer.renamed("newsletter")}, []string{"outcome", "won"}, "outcome=x? won=Won"},
		{"rarely no", []*Column{column(n, "won", "1", "1", "0")}, []string{"won", "lost"}, "won=1? -lost=0"},
		{"a no with closing times is lost", []*Column{answer, created, column(n, "closed_at", "2018-04-01")}, []string{"lost"}, "lost=no?"},
		{"a no without them is open", []*Column{answer, created, column(n, "closed_at", "", "", "2018-04-01")}, []string{"lost"}, "-lost=no?"},
		{"planned closing times say nothing", []*Column{column(n, "stage", "Closed Won", "Closed Lost", "Offer"), created, column(n, "close_date", "2018-04-01")}, []string{"lost"}, "lost=Closed Lost -lost=Offer"},
		{"a level that closes", []*Column{column(n, "status", "Won", "Archive", "Open"), created, column(n, "closed_at", "2018-04-01", "2018-04-02", "")}, []string{"lost"}, "lost=Archive? -lost=Open"},
		{"a day of winning", []*Column{created, column(n, "won_date", "2018-04-01", "", "")}, []string{"won-if", "created", "closed"}, "won-if=won_date:present created=created_at closed=won_date"},
		{"creation by elimination", []*Column{status, created.renamed("first seen"), closed}, []string{"created", "closed"}, "created=first seen? closed=closed_at"},
		{"creation alone", []*Column{answer, created}, []string{"created", "order-by"}, "order-by=created_at"},
		{"days", []*Column{column(n, "Result", "Won", "Loss"), column(n, "Days In Stage", "1"), column(n, "Total Days To Close", "5", "9"), column(n, "Days Qualified", "2")}, []string{"duration", "exclude"},
			"duration=Total Days To Close exclude=Days In Stage exclude=Days Qualified"},
		{"a counter", []*Column{answer, counting(n, "Lead Number", "%d", 9000, -7)}, []string{"order-by", "id"}, "order-by=Lead Number id=Lead Number"},
		{"a number of the row", []*Column{answer, counting(n, "ID", "%d", 1, 1)}, []string{"order-by", "id"}, "-order-by=rows? id=ID"},
		{"a month that comes back", []*Column{column(600, "converted", "no", "no", "yes"), inRuns(600, "month", 150, "nov", "dec", "jan", "nov")}, []string{"order-by"}, "order-by=rows?"},
		{"a file sorted by the month", []*Column{column(600, "converted", "no", "no", "yes"), inRuns(600, "month", 150, "apr", "aug", "dec", "feb")}, []string{"order-by"}, "-order-by=rows?"},
		{"parts of a date", []*Column{answer, column(n, "arrival_year", "2018"), column(n, "arrival_month", "May", "June"), column(n, "arrival_day", "1", "2", "3")}, []string{"created"}, "-created=arrival?"},
		{"suspects", []*Column{answer, column(n, "Lost Reason", "", "Price"), column(n, "probability", "0", "100"), column(n, "last_activity", "Mail", "Call"), column(n, "marital_status", "a", "b"), column(n, "duration", "5", "6")},
			[]string{"exclude"}, "exclude=Lost Reason exclude=probability -exclude=last_activity? exclude=duration"},
		{"an order that another column tells", []*Column{status, column(n, "created_at", "01.02.2018", "02.03.2018"), column(n, "closed_at", "13.05.2018", "14.05.2018", "")}, []string{"dates"}, "dates=dmy"},
		{"an order that nothing tells", []*Column{status, column(n, "created_at", "01/02/2018", "01/03/2018"), column(n, "closed_at", "03/01/2018", "04/02/2018", "")}, []string{"dates"}, "-dates=dmy? -dates=mdy?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Propose(rawTable(c.columns...), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, settings(p, c.keys...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// renamed is the column under another name.
func (c *Column) renamed(name string) *Column {
	d := *c
	d.Name = name
	return &d
}

func TestProposeErrors(t *testing.T) {
	for _, c := range []struct {
		columns []*Column
		outcome string
		want    string
	}{
		{[]*Column{column(30, "status", "New", "Old")}, "", `column "status": none of its values says that a lead was won; there are 2 rarer (30 leads). Say which means won: leadcast train FILE --outcome "status" --won VALUE`},
		{[]*Column{column(30, "vip", "yes", "no")}, "", `no column says what became of a lead, as a status (Won, Lost, Open …), a yes or no, or a day of winning would. Columns of two values are "vip"; if one of them is it, say --outcome COLUMN`},
		{[]*Column{column(30, "name", "a")}, "nme", `column "nme": there is no such column`},
	} {
		_, err := Propose(rawTable(c.columns...), c.outcome)
		var data *Error
		if !errors.As(err, &data) || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// Whatever is in a table, a proposal names columns that are there, values that
// occur, and is the same for the same table; personal values are not quoted.
func TestProposeNamesWhatIsThere(t *testing.T) {
	cell := rapid.SampledFrom([]string{"", "yes", "no", "Won", "Lost", "Open", "1", "0", "2018-01-02", "2018-05-06", "01/02/2018", "13.2.2018", "7", "8.5", "secret@person.example", "NULL"})
	name := rapid.SampledFrom([]string{"status", "converted", "created_at", "closed_at", "won_date", "id", "Lead Number", "days to close", "a\nb", `q"q`, "amount", "account", "year", "lost reason", "y"})
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.IntRange(1, 30).Draw(r, "rows")
		names := rapid.SliceOfNDistinct(name, 1, 6, rapid.ID).Draw(r, "names")
		var columns []*Column
		for _, n := range names {
			columns = append(columns, rawColumn(n, rapid.SliceOfN(cell, rows, rows).Draw(r, "cells")...))
		}
		table := rawTable(columns...)
		p, err := Propose(table, "")
		again, err2 := Propose(table, "")
		if diff := cmp.Diff(p, again); diff != "" || fmt.Sprint(err) != fmt.Sprint(err2) {
			r.Fatal(diff, err, err2)
		}
		var data *Error
		if err != nil {
			if !errors.As(err, &data) {
				r.Fatalf("%T %v", err, err)
			}
			return
		}
		for _, role := range p.Roles.columns() {
			if table.Column(role) == nil {
				r.Fatalf("role %q", role)
			}
		}
		if (len(p.Contract.Won) == 0) != p.Contract.WonPresent {
			r.Fatalf("contract %+v", p.Contract)
		}
		for _, g := range p.Settings {
			if strings.Contains(g.Why, "secret") {
				r.Fatalf("%+v", g)
			}
		}
	})
}

func TestFindJoins(t *testing.T) {
	leads := rawTable(counting(40, "lead_id", "L%d", 1, 1), column(40, "created_at", "2018-01-01"), column(40, "account", "A", "B", ""))
	more := rawTable(counting(9, "lead_id", "M%d", 1, 1), column(9, "created_at", "2018-01-01"), column(9, "account", "A", "B", ""))
	deals := rawTable(counting(10, "lead_id", "L%d", 5, 2), counting(10, "seller", "S%d", 1, 1), column(10, "won_date", "2018-02-01"))
	accounts := rawTable(rawColumn("account", "A", "B", "C"), rawColumn("sector", "x", "y", "z"))
	sellers := rawTable(counting(12, "seller", "S%d", 1, 1), column(12, "city", "Rome"))
	calls := rawTable(rawColumn("lead_id", "L1", "L1", "L2"), rawColumn("minutes", "1", "2", "3"))
	got, parts, joins, left := FindJoins([]*Table{sellers, accounts, deals, calls, leads, more})
	var keys []string
	for _, j := range joins {
		keys = append(keys, fmt.Sprintf("%d:%s", j.Table, j.Key))
	}
	if got != 4 || !slices.Equal(parts, []int{5}) || !slices.Equal(keys, []string{"1:account", "2:lead_id", "0:seller"}) || !slices.Equal(left, []int{3}) {
		t.Errorf("leads %d, more %v, joins %v, left %v", got, parts, keys, left)
	}
	if got, _, joins, left := FindJoins([]*Table{leads}); got != 0 || joins != nil || left != nil {
		t.Errorf("%d %v %v", got, joins, left)
	}
}
