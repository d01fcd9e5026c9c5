package datasets

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// day n is n days after 1970-01-01, day(−1) is missing.
func day(n float64) int64 {
	if n == -1 {
		return NoTime
	}
	return int64(n * MicrosPerDay)
}

func days(ns ...float64) []int64 {
	all := make([]int64, len(ns))
	for i, n := range ns {
		all[i] = day(n)
	}
	return all
}

// deals is a typed table of creation days, outcomes and closing days.
func deals(created []float64, outcome []string, closed []float64) *Table {
	return &Table{
		Rows: len(outcome),
		Columns: []*Column{
			{Name: "created", Kind: Time, Times: days(created...)},
			{Name: "status", Kind: Category, Texts: MakeStrings(outcome...)},
			{Name: "closed", Kind: Time, Times: days(closed...)},
		},
		Place: func(row int) string { return "leads.csv:" + strconv.Itoa(row+2) },
	}
}

var dealRoles = Roles{Created: "created", Outcome: "status", Closed: "closed"}

func wonLost() Contract { return Contract{Won: []string{"Won"}, Lost: []string{"Lost"}} }

// shown is what a test says of an Outcomes: ends in days.
type shown struct {
	Rows  []int
	State string // w, l, o a row
	Days  []float64
	Entry []float64 // nil for all zero
	End   float64
}

func show(o *Outcomes) shown {
	s := shown{Rows: o.Rows, Days: o.Days}
	for i, state := range o.State {
		s.State += state.String()[:1]
		if o.Entry[i] != 0 {
			s.Entry = o.Entry
		}
	}
	s.End = -1
	if o.End != NoTime {
		s.End = float64(o.End) / MicrosPerDay
	}
	return s
}

var sameShown = []cmp.Option{cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)}

func TestContractRead(t *testing.T) {
	const none = NoTime
	silent := wonLost()
	silent.SilentAfter = 10
	tests := []struct {
		name     string
		table    *Table
		contract Contract
		asOf     int64
		want     shown
		notes    string
	}{
		{"plain", deals([]float64{0, 1, 2}, []string{"Won", "lost ", "Open"}, []float64{5, 4, -1}), wonLost(), none,
			shown{[]int{0, 1, 2}, "wlo", []float64{5, 3, 4}, nil, 6},
			`neither won nor lost, so open: "Open" (1)`},
		{"as-of given", deals([]float64{0, 1, 4}, []string{"Won", "Lost", "Won"}, []float64{5, 4, 6}), wonLost(), day(4),
			shown{[]int{0, 1}, "oo", []float64{4, 3}, nil, 4},
			"leads created at or after the as-of 1970-01-05, which do not exist yet: 1 (the first at leads.csv:4); leads closed at or after the as-of 1970-01-05, taken as open: 2 (the first at leads.csv:2)"},
		{"a plan is not the end of the data", deals([]float64{0, 1}, []string{"Won", "Open"}, []float64{5, 900}), Contract{Won: []string{"Won"}}, none,
			shown{[]int{0, 1}, "wo", []float64{5, 5}, nil, 6},
			`neither won nor lost, so open: "Open" (1); open leads with a closing time to come (a plan), which is not used: 1 (the first at leads.csv:3)`},
		{"reopened", deals([]float64{0, 1}, []string{"Won", "Open"}, []float64{5, 3}), Contract{Won: []string{"Won"}}, none,
			shown{[]int{0, 1}, "wo", []float64{5, 5}, nil, 6},
			`neither won nor lost, so open: "Open" (1); open leads with a closing time in the past (reopened), taken as open: 1 (the first at leads.csv:3)`},
		{"closed without time", deals([]float64{0, 1}, []string{"Won", "Lost"}, []float64{5, -1}), wonLost(), none,
			shown{[]int{0}, "w", []float64{5}, nil, 6},
			"won or lost leads without closing time, left out: 1 (the first at leads.csv:3)"},
		{"no creation time", deals([]float64{0, -1}, []string{"Won", "Lost"}, []float64{5, 3}), wonLost(), none,
			shown{[]int{0}, "w", []float64{5}, nil, 6},
			"leads without creation time, left out: 1 (the first at leads.csv:3)"},
		{"closed long before created", deals([]float64{0, 9}, []string{"Won", "Lost"}, []float64{5, 6}), wonLost(), none,
			shown{[]int{0}, "w", []float64{5}, nil, 10},
			"leads closed more than 2 days before they were created, left out: 1 (the first at leads.csv:3)"},
		{"closed a little before created", deals([]float64{0, 9}, []string{"Won", "Lost"}, []float64{5, 7.5}), wonLost(), none,
			shown{[]int{0, 1}, "wl", []float64{5, 0}, nil, 10},
			"leads closed up to 2 days before they were created, taken as closed at creation: 1 (the first at leads.csv:3)"},
		{"silence", deals([]float64{0, 0, 15, 10, 0}, []string{"Won", "Open", "Open", "Won", "Lost"}, []float64{12, -1, -1, 20, 10}), silent, none,
			shown{[]int{0, 1, 2, 3, 4}, "llowl", []float64{10, 10, 6, 10, 10}, nil, 21},
			`neither won nor lost, so open: "Open" (2); leads open for more than 10 days, taken as lost on that day: 1 (the first at leads.csv:3); leads won after more than 10 days of silence, taken as lost on that day as it would have been seen: 1 (the first at leads.csv:2)`},
		{"delayed entry", deals([]float64{5, 5, 30, 12}, []string{"Won", "Won", "Won", "Open"}, []float64{10, 25, 40, -1}), Contract{Won: []string{"won"}, ObservedAt: day(20)}, none,
			shown{[]int{1, 2, 3}, "wwo", []float64{20, 10, 29}, []float64{15, 0, 8}, 41},
			`neither won nor lost, so open: "Open" (1); leads whose outcome came before outcomes were recorded, left out: 1 (the first at leads.csv:2)`},
		{"nothing observed yet", deals([]float64{5}, []string{"Won"}, []float64{25}), Contract{Won: []string{"won"}, ObservedAt: day(20)}, day(15),
			shown{nil, "", nil, nil, 15},
			"leads closed at or after the as-of 1970-01-16, taken as open: 1 (the first at leads.csv:2)"},
		{"other is lost", deals([]float64{0, 0, 0}, []string{"Won", "Gone", ""}, []float64{1, 2, -1}), Contract{Won: []string{"Won"}, OtherLost: true}, none,
			shown{[]int{0, 1, 2}, "wlo", []float64{1, 2, 3}, nil, 3},
			"neither won nor lost, so open: empty (1)"},
		{"no losses recorded", deals([]float64{0, 0}, []string{"Won", ""}, []float64{1, -1}), Contract{Won: []string{"Won"}}, none,
			shown{[]int{0, 1}, "wo", []float64{1, 2}, nil, 2},
			"neither won nor lost, so open: empty (1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, notes, err := tt.contract.Read(tt.table, dealRoles, tt.asOf)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, show(o), sameShown...); diff != "" {
				t.Error(diff)
			}
			if got := said(notes); got != tt.notes {
				t.Errorf("notes: %s\n want: %s", got, tt.notes)
			}
			for i, s := range o.State {
				if (s == Open) != (o.Closed[i] == NoTime) {
					t.Errorf("row %d is %s and closed at %d", i, s, o.Closed[i])
				}
			}
		})
	}
}

// The data end with the day, second or microsecond of the latest time.
func TestEndOfData(t *testing.T) {
	for _, tt := range []struct {
		closed int64
		want   string
	}{{0, "1970-01-02T00:00:00Z"}, {90_000_000, "1970-01-01T00:01:31Z"}, {90_000_001, "1970-01-01T00:01:30.000002Z"}, {-MicrosPerDay, "1970-01-02T00:00:00Z"}} {
		table := deals([]float64{0}, []string{"Won"}, []float64{0})
		table.Column("closed").Times[0] = tt.closed
		o, _, err := Contract{Won: []string{"Won"}}.Read(table, dealRoles, NoTime)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatTime(o.End); got != tt.want {
			t.Errorf("closed at %d: the data end at %s, want %s", tt.closed, got, tt.want)
		}
	}
}

func TestOpenRows(t *testing.T) {
	table := deals(make([]float64, 4), []string{"Won", "lost", "Talks", ""}, make([]float64, 4))
	for _, tt := range []struct {
		contract Contract
		roles    Roles
		want     []int
	}{
		{wonLost(), dealRoles, []int{2, 3}},
		{Contract{Won: []string{"Won"}, OtherLost: true}, dealRoles, []int{3}},
		{Contract{WonPresent: true}, dealRoles, []int{3}},
		{wonLost(), Roles{}, []int{0, 1, 2, 3}},
	} {
		if diff := cmp.Diff(tt.want, tt.contract.OpenRows(table, tt.roles)); diff != "" {
			t.Errorf("%+v: %s", tt.contract, diff)
		}
	}
}

// A year without any data is told of.
func TestStrayTimes(t *testing.T) {
	c := Contract{Won: []string{"Won"}}
	for _, tt := range []struct {
		created []float64
		asOf    int64
		notes   string
	}{
		{[]float64{0, 100, 470}, NoTime, "the latest time in the data, 1971-04-16, is far from the others, which end 1970-04-11: if it is a mistake, say --as-of"},
		{[]float64{0, 100, 460}, NoTime, ""},
		{[]float64{0, 1, 2}, day(400), "the as-of 1971-02-05 is long after the latest time in the data, 1970-01-04: leads open then count as watched until the as-of"},
		{[]float64{0, 1, 2}, day(300), ""},
	} {
		closed := []float64{1, 2, 3}
		for i := range closed {
			closed[i] = max(closed[i], tt.created[i])
		}
		_, notes, err := c.Read(deals(tt.created, []string{"Won", "Won", "Won"}, closed), dealRoles, tt.asOf)
		if err != nil {
			t.Fatal(err)
		}
		if got := said(notes); got != tt.notes {
			t.Errorf("notes %s\n want %s", got, tt.notes)
		}
	}
}

// Other columns than two dates and a status.
func TestContractReadOtherColumns(t *testing.T) {
	status := &Column{Name: "status", Kind: Category, Texts: MakeStrings("Won", "Loss", "Won", "Open")}
	length := &Column{Name: "length", Kind: Number, Nums: []float64{5, math.NaN(), -3, 20}}
	created := &Column{Name: "created", Kind: Time, Times: days(0, 0, 0, 1)}
	wonAt := &Column{Name: "won_at", Kind: Time, Times: days(4, -1, 6, -1)}
	churn := &Column{Name: "churn", Kind: Bool, Nums: []float64{1, 0, math.NaN(), 1}}
	y := &Column{Name: "y", Kind: Number, Nums: []float64{1, 0, 0, 1}}
	table := &Table{Rows: 4, Columns: []*Column{status, length, created, wonAt, churn, y}}
	nan := math.NaN()
	tests := []struct {
		name     string
		contract Contract
		roles    Roles
		want     shown
		notes    string
	}{
		{"flat", Contract{Won: []string{"Won"}, OtherLost: true}, Roles{Outcome: "status"}, shown{[]int{0, 1, 2, 3}, "wlwl", []float64{nan, nan, nan, nan}, nil, -1}, ""},
		{"flat yes and no", Contract{Won: []string{"Yes"}, OtherLost: true}, Roles{Outcome: "churn"}, shown{[]int{0, 1, 3}, "wlw", []float64{nan, nan, nan}, nil, -1}, "rows without outcome, left out: 1 (the first at row 3)"},
		{"flat 1 and 0", Contract{Won: []string{"1.0"}, Lost: []string{"0"}}, Roles{Outcome: "y"}, shown{[]int{0, 1, 2, 3}, "wllw", []float64{nan, nan, nan, nan}, nil, -1}, ""},
		{"durations", Contract{Won: []string{"won"}, Lost: []string{"loss"}, SilentAfter: 10}, Roles{Outcome: "status", Duration: "length"}, shown{[]int{0, 3}, "wl", []float64{5, 10}, nil, -1},
			`neither won nor lost, so open: "Open" (1); leads without duration or with a negative one, left out: 2 (the first at row 2); leads open for more than 10 days, taken as lost on that day: 1 (the first at row 4)`},
		{"durations from a date", Contract{Won: []string{"won"}, Lost: []string{"loss"}}, Roles{Outcome: "status", Created: "created", Duration: "length"}, shown{[]int{0, 3}, "wo", []float64{5, 20}, nil, 22},
			`neither won nor lost, so open: "Open" (1); leads without duration or with a negative one, left out: 2 (the first at row 2)`},
		{"won where present", Contract{WonPresent: true}, Roles{Outcome: "won_at", Created: "created"}, shown{[]int{0, 1, 2, 3}, "wowo", []float64{4, 7, 6, 6}, nil, 7}, ""},
		{"lost by name among the present", Contract{WonPresent: true, Lost: []string{"Loss"}}, Roles{Outcome: "status"}, shown{[]int{0, 1, 2, 3}, "wlww", []float64{nan, nan, nan, nan}, nil, -1}, ""},
		{"present in a flat table", Contract{WonPresent: true, OtherLost: true}, Roles{Outcome: "won_at"}, shown{[]int{0, 1, 2, 3}, "wlwl", []float64{nan, nan, nan, nan}, nil, -1},
			"closing times are of no use without creation times (--created)"},
		{"ids repeat", Contract{Won: []string{"Won"}, OtherLost: true}, Roles{Outcome: "status", ID: "y"}, shown{[]int{0, 1, 2, 3}, "wlwl", []float64{nan, nan, nan, nan}, nil, -1},
			"rows that repeat an id, each taken as a lead of its own: 2 (the first at row 3)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, notes, err := tt.contract.Read(table, tt.roles, NoTime)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, show(o), sameShown...); diff != "" {
				t.Error(diff)
			}
			if got := said(notes); got != tt.notes {
				t.Errorf("notes: %s\n want: %s", got, tt.notes)
			}
		})
	}
}

func TestContractErrors(t *testing.T) {
	table := deals([]float64{0, 1, 2}, []string{"Won", "Lost", "Won"}, []float64{5, 4, 3})
	many := deals(make([]float64, 14), []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"}, make([]float64, 14))
	tests := []struct {
		name     string
		table    *Table
		contract Contract
		roles    Roles
		want     string
	}{
		{"no outcome", table, wonLost(), Roles{}, "no column tells the outcome: name it (--outcome)"},
		{"no such outcome", table, wonLost(), Roles{Outcome: "Status"}, `column "Status": there is no such column; did you mean "status"?`},
		{"no won", table, Contract{}, dealRoles, `column "status": no value is declared to mean won (--won); there are "Won" (2), "Lost" (1)`},
		{"won never occurs", table, Contract{Won: []string{"Closed Won"}}, dealRoles, `column "status": the declared value "Closed Won" never occurs; there are "Won" (2), "Lost" (1)`},
		{"lost never occurs", table, Contract{Won: []string{"Won"}, Lost: []string{"Loss"}}, dealRoles, `column "status": the declared value "Loss" never occurs; there are "Won" (2), "Lost" (1)`},
		{"many values", many, Contract{Won: []string{"z"}}, dealRoles, `column "status": the declared value "z" never occurs; there are "a" (1), "b" (1), "c" (1), "d" (1), "e" (1), "f" (1), "g" (1), "h" (1), "i" (1), "j" (1), "k" (1), "l" (1) and 2 more`},
		{"both", table, Contract{Won: []string{"Won"}, Lost: []string{"won"}}, dealRoles, `column "status": the value "Won" is declared to mean both won and lost`},
		{"no closing times", table, wonLost(), Roles{Outcome: "status", Created: "created"}, `there are creation times (column "created") but no closing times: name their column (--closed), or the column of days from creation to closing (--duration)`},
		{"creation is no time", table, wonLost(), Roles{Outcome: "status", Created: "status", Closed: "closed"}, `column "status": is read as category, but creation times are times`},
		{"duration is no number", table, wonLost(), Roles{Outcome: "status", Created: "created", Duration: "closed"}, `column "closed": is read as time, but durations are numbers`},
		{"observed without creation", table, Contract{Won: []string{"Won"}, ObservedAt: 1}, Roles{Outcome: "status"}, `outcomes that are recorded only from a date on need creation times: name their column (--created)`},
		{"nothing present", deals([]float64{0}, []string{""}, []float64{1}), Contract{WonPresent: true}, dealRoles, `column "status": is empty in every row, so nothing is won`},
		{"no rows", deals(nil, nil, nil), wonLost(), dealRoles, `column "status": the declared value "Won" never occurs; the table has no rows`},
	}
	for _, tt := range tests {
		_, _, err := tt.contract.Read(tt.table, tt.roles, NoTime)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// What was known at t is what reading with the as-of t gives, and shows
// nothing that happened at or after t.
func TestAtShowsThePastOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		day := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-1, 40).Draw(t, "day")) })
		table := deals(
			rapid.SliceOfN(day, n, n).Draw(t, "created"),
			append(rapid.SliceOfN(rapid.SampledFrom([]string{"Won", "Lost", "Open", ""}), n, n).Draw(t, "status"), "Won", "Lost")[:n],
			rapid.SliceOfN(day, n, n).Draw(t, "closed"))
		// The contract wants each declared value to occur.
		table = table.Gather(append(seq(n), n-1))
		table.Columns[1].Texts = MakeStrings(append(texts(table.Columns[1])[:n], "Won")...)
		c := Contract{Won: []string{"Won"}, OtherLost: rapid.Bool().Draw(t, "other"), SilentAfter: float64(rapid.IntRange(0, 20).Draw(t, "silent"))}
		if rapid.Bool().Draw(t, "late") {
			c.ObservedAt = int64(rapid.IntRange(1, 30).Draw(t, "observed")) * MicrosPerDay
		}
		all, _, err := c.Read(table, dealRoles, NoTime)
		if err != nil {
			t.Fatal(err)
		}
		at := int64(rapid.IntRange(0, 41).Draw(t, "at")) * MicrosPerDay
		past := all.At(at)
		if all.End == NoTime || at >= all.End {
			if past != all {
				t.Fatal("a look from after the end shows something else")
			}
			return
		}
		read, _, err := c.Read(table, dealRoles, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read, past, cmpopts.IgnoreUnexported(Outcomes{})); diff != "" {
			t.Fatalf("read as of %d and seen at %d differ: %s", at, at, diff)
		}
		for i := range past.Rows {
			if past.Created[i] >= at || past.Closed[i] >= at || Days(past.Created[i], at) < past.Days[i] {
				t.Fatalf("row %d shows the future: %+v", i, past)
			}
			if past.Days[i] < 0 || past.Entry[i] > past.Days[i] {
				t.Fatalf("row %d was seen for no time: %+v", i, past)
			}
		}
	})
}

func seq(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func texts(c *Column) []string {
	var all []string
	for i := range c.Len() {
		all = append(all, c.Texts.At(i))
	}
	return all
}

// Closings in the year 9999 stand for none, and do not move the end of the data.
func TestNeverClosed(t *testing.T) {
	table := deals([]float64{0, 1, 2}, []string{"Won", "Open", "Won"}, []float64{5, 0, 0})
	at := table.Column("closed").Times
	at[1] = Micros(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
	at[2] = at[1]
	o, notes, err := Contract{Won: []string{"Won"}}.Read(table, dealRoles, NoTime)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shown{Rows: []int{0, 1}, State: "wo", Days: []float64{5, 5}, End: 6}, show(o), sameShown...); diff != "" {
		t.Error(diff)
	}
	want := `neither won nor lost, so open: "Open" (1); closing times in the year 9000 or later, which stand for never, taken as missing: 2 (the first at leads.csv:3); won or lost leads without closing time, left out: 1 (the first at leads.csv:4)`
	if said(notes) != want {
		t.Errorf("%s\nwant %s", said(notes), want)
	}
}
