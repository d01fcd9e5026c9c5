package datasets

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rawTable is a table as a reader gives it: row i stood in line i+2.
func rawTable(columns ...*Column) *Table {
	return &Table{Rows: columns[0].Len(), Columns: columns, Place: func(row int) string { return "leads.csv:" + strconv.Itoa(row+2) }}
}

func rawColumn(name string, cells ...string) *Column {
	return &Column{Name: name, Texts: MakeStrings(cells...)}
}

// cells are written with '|' between them; "x*20" stands for twenty times x.
func cells(s string) []string {
	var all []string
	for part := range strings.SplitSeq(s, "|") {
		text, times, ok := strings.Cut(part, "*")
		n, err := strconv.Atoi(times)
		if !ok || err != nil {
			all = append(all, part)
			continue
		}
		all = append(all, slices.Repeat([]string{text}, n)...)
	}
	return all
}

// sequence is n cells of a format with a number in it.
func sequence(format string, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i+1))
	}
	return strings.Join(all, "|")
}

func said(notes []Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Message)
	}
	return strings.Join(all, "; ")
}

func TestInfer(t *testing.T) {
	dmy, mdy := Hints{Dates: "dmy"}, Hints{Dates: "mdy"}
	as := func(k Kind) Hints { return Hints{Kinds: map[string]Kind{"x": k}} }
	tests := []struct {
		name   string // of the column; "x" says nothing
		cells  string
		hints  Hints
		want   Field
		notes  string
		values string // the column read, '|' between, for numbers and times
	}{
		// Numbers.
		{"x", "1|2|", Hints{}, Field{Kind: Number}, "", "1|2|"},
		{"x", "0|1|1|0", Hints{}, Field{Kind: Number}, "", "0|1|1|0"},
		{"x", "1.234,56|7,5", Hints{}, Field{Kind: Number, Decimal: ","}, "", "1234.56|7.5"},
		{"x", "$1,200.00|$7", Hints{}, Field{Kind: Number, Unit: "$"}, "", "1200|7"},
		{"x", "1,200|3,400", Hints{}, Field{Kind: Number}, "numbers such as 1,234, read as thousands though nothing in the table tells: 2", "1200|3400"},
		{"x", "0.123|1.234", Hints{}, Field{Kind: Number}, "", "0.123|1.234"},
		{"x", "5%|7 %|9", Hints{}, Field{Kind: Number, Unit: "%"}, "numbers without % sign, read as percents like the others: 1 of 3", "5|7|9"},
		{"x", "$5|€7", Hints{}, Field{Kind: Category}, "not read as a number: its amounts carry different units ($, €)", ""},
		{"x", "5%|€7", Hints{}, Field{Kind: Category}, "not read as a number: its amounts carry different units (%, €)", ""},
		{"x", "1*9|2*9|14+*4", Hints{}, Field{Kind: Category}, `read as a category: open bounds such as "20+", 4 of them (the first at leads.csv:20)`, ""},
		{"x", sequence("%d", 60) + "|>60*4", Hints{}, Field{Kind: Number, Bounds: true}, `open bounds such as "20+", read as the bound: 4 (the first at leads.csv:62)`, strings.Join(cells(sequence("%d", 60)+"|60*4"), "|")},
		{"x", "1*30|2*30|ca. 3", Hints{}, Field{Kind: Number}, "cells that are no numbers, read as missing: 1 of 61 (the first at leads.csv:62)", strings.Repeat("1|", 30) + strings.Repeat("2|", 30)},
		{"x", "1*6|2*6|never*5", Hints{}, Field{Kind: Category}, "not read as a number: 5 of 17 cells are none (the first at leads.csv:14)", ""},
		{"x", "1|none of it|2", as(Number), Field{Kind: Number}, "cells that are no numbers, read as missing: 1 of 3 (the first at leads.csv:3)", "1||2"},
		{"x", "1|2|None|-|#REF!", Hints{}, Field{Kind: Number, Missing: []string{"#REF!", "-", "None"}}, `read as missing: "-" (1), "#REF!" (1), "None" (1)`, "1|2|||"},
		{"x", "1|n.a.|2", Hints{Missing: []string{"n.a."}}, Field{Kind: Number, Missing: []string{"n.a."}}, `read as missing: "n.a." (1)`, "1||2"},
		// Numbers that are names.
		{"zip", "01234*5|94110*5", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "01234*5|94110*5", Hints{}, Field{Kind: Category}, "", ""},
		{"Region_Code", "3213*5|1117*5", Hints{}, Field{Kind: Category}, "", ""},
		{"seller_id", "7*3|8*3", Hints{}, Field{Kind: Category}, "", ""},
		{"Lead Number", sequence("66%d", 30), Hints{}, Field{Kind: ID}, "", ""},
		{"customerID", "17850.0|17851.0|17852.0", Hints{}, Field{Kind: ID}, "", ""},
		{"x", sequence("100000000000000%d", 9) + "|1000000000000010", Hints{}, Field{Kind: ID}, "", ""},
		{"arrival_date_week_number", "27*9|28*9", Hints{}, Field{Kind: Number}, "", strings.Join(cells("27*9|28*9"), "|")},
		{"nr.employed", "5191|5228.1", Hints{}, Field{Kind: Number}, "", "5191|5228.1"},
		{"Mobile Phone", "441615552001|441615552001|441615552003", Hints{}, Field{Kind: Text}, "", ""},
		{"calls_per_rep", "1|1|3", Hints{}, Field{Kind: Number}, "", "1|1|3"},
		{"phone_calls", "1|1|3", Hints{}, Field{Kind: Number}, "", "1|1|3"},
		// Yes and no.
		{"x", "Yes|No|yes|", Hints{}, Field{Kind: Bool}, "", "1|0|1|"},
		{"x", "No*5", Hints{}, Field{Kind: Bool}, "", "0|0|0|0|0"},
		{"x", "t|f|f", Hints{}, Field{Kind: Bool}, "", "1|0|0"},
		{"x", "F*5", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "TRUE|FALSE|N/A", Hints{}, Field{Kind: Bool, Missing: []string{"N/A"}}, `read as missing: "N/A" (1)`, "1|0|"},
		{"x", "yes|no|unknown", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "1|0|1", as(Bool), Field{Kind: Bool}, "", "1|0|1"},
		// Times.
		{"x", "2018-01-02|2018-01-03 10:00:00|", Hints{}, Field{Kind: Time, Layout: layoutISO}, "", "2018-01-02T00:00:00Z|2018-01-03T10:00:00Z|"},
		{"x", "2018-01-02|2018-01-03", Hints{Zone: "Europe/Berlin"}, Field{Kind: Time, Layout: layoutISO}, "", "2018-01-01T23:00:00Z|2018-01-02T23:00:00Z"},
		{"x", "1/2/2018|13/2/2018", Hints{}, Field{Kind: Time, Layout: layoutDMY}, "", "2018-02-01T00:00:00Z|2018-02-13T00:00:00Z"},
		{"x", "1/2/2018|2/13/2018", Hints{}, Field{Kind: Time, Layout: layoutMDY}, "", "2018-01-02T00:00:00Z|2018-02-13T00:00:00Z"},
		{"x", "1/2/2018|2/3/2018", dmy, Field{Kind: Time, Layout: layoutDMY}, "", "2018-02-01T00:00:00Z|2018-03-02T00:00:00Z"},
		{"x", "1/2/2018|2/3/2018", mdy, Field{Kind: Time, Layout: layoutMDY}, "", "2018-01-02T00:00:00Z|2018-02-03T00:00:00Z"},
		{"x", "1/2/2018|2/13/2018", dmy, Field{Kind: Time, Layout: layoutMDY}, "its dates can only be read as 1/2/2006, whatever --dates says", "2018-01-02T00:00:00Z|2018-02-13T00:00:00Z"},
		{"x", "2 Jan 2018|March 3, 2018", Hints{}, Field{Kind: Time, Layout: layoutWords}, "", "2018-01-02T00:00:00Z|2018-03-03T00:00:00Z"},
		{"x", "Jan-2018|Feb-2018", Hints{}, Field{Kind: Time, Layout: layoutMonth}, "", "2018-01-01T00:00:00Z|2018-02-01T00:00:00Z"},
		{"x", "1514764800|1514764801", as(Time), Field{Kind: Time, Layout: layoutUnix}, "", "2018-01-01T00:00:00Z|2018-01-01T00:00:01Z"},
		{"x", "1514764800000|1514764801000", as(Time), Field{Kind: Time, Layout: layoutUnixMilli}, "", "2018-01-01T00:00:00Z|2018-01-01T00:00:01Z"},
		{"x", "20180101|20180102", as(Time), Field{Kind: Time, Layout: layoutCompact}, "", "2018-01-01T00:00:00Z|2018-01-02T00:00:00Z"},
		{"x", "20180101|20180102", Hints{}, Field{Kind: Number}, "", "20180101|20180102"},
		{"x", "2018-01-02*11|soon", Hints{}, Field{Kind: Time, Layout: layoutISO}, "cells that are no dates, read as missing: 1 of 12 (the first at leads.csv:13)", strings.Repeat("2018-01-02T00:00:00Z|", 11)},
		{"x", "2018-01-02*11|soon*3", Hints{}, Field{Kind: Category}, "not read as a time: 3 of 14 cells are none (the first at leads.csv:13)", ""},
		{"x", "2018-01-02|0000-00-00", Hints{}, Field{Kind: Time, Layout: layoutISO, Missing: []string{"0000-00-00"}}, `read as missing: "0000-00-00" (1)`, "2018-01-02T00:00:00Z|"},
		{"x", "|", Hints{Roles: Roles{Closed: "x"}}, Field{Kind: Time, Layout: layoutISO}, "", "|"},
		{"x", "12-34-5678|98-76-5432", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "1234-56-78|1234-56-79", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "13/13/2018", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "2018-01-02-001|2018-01-02-002", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "2018-01-02 called|2018-01-03 wrote", Hints{}, Field{Kind: Category}, "", ""},
		// Words.
		{"x", "Web*3|Select*2|Phone", Hints{}, Field{Kind: Category, Missing: []string{"Select"}}, `read as missing: "Select" (2)`, ""},
		{"x", "Known*3|None*2", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "EMEA|NA|APAC", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "US|DE|FR|NA", Hints{}, Field{Kind: Category}, "", ""},
		{"x", "red|blue|NA", Hints{}, Field{Kind: Category, Missing: []string{"NA"}}, `read as missing: "NA" (1)`, ""},
		{"x", "a;b|a|b|a;c|c;b|c", Hints{}, Field{Kind: Multi}, "", ""},
		{"x", "mail, phone|mail|phone|web|web, mail", Hints{}, Field{Kind: Multi}, "", ""},
		{"x", "Banking, Investment And Insurance*9|Media*9", Hints{}, Field{Kind: Category}, "", ""},
		{"x", sequence("We spoke for %d minutes about the price and the terms", 30), Hints{}, Field{Kind: Text}, "", ""},
		{"x", "jo@acme.com|al@acme.com", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "https://acme.com/?utm_source=x*5", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "+44 20 7946 1001|+44 20 7946 1002", Hints{}, Field{Kind: Text}, "", ""},
		{"x", "7927b2df-8bba-4d29-b9a2-b6e0beafe620|2a272436-5132-4136-86fa-dcc88c88f482", Hints{}, Field{Kind: ID}, "", ""},
		{"x", "dac32acd4db4c29c230538b72f8dd87d|8c18d1de7f67e60dbd64e3c07d7e9d5d", Hints{}, Field{Kind: ID}, "", ""},
		{"x", "00Q1t000003XyzABCD|00Q1t000003XyzAEFG", Hints{}, Field{Kind: ID}, "", ""},
		{"x", "00Q1t000003XyzA|00Q1t000003XyzB", Hints{}, Field{Kind: ID}, "", ""},
		{"lead_id", sequence("lead_%06d", 12), Hints{}, Field{Kind: ID}, "", ""},
		{"x", sequence("7%d-VHVEG", 12), Hints{}, Field{Kind: ID}, "", ""},
		{"x", "|", Hints{}, Field{Kind: Category}, `empty columns: "x"`, ""},
		// Roles and hints.
		{"x", "1|0", Hints{Roles: Roles{Outcome: "x"}}, Field{Kind: Category}, "", ""},
		{"x", "Yes|No", Hints{Roles: Roles{Outcome: "x"}}, Field{Kind: Category}, "", ""},
		{"x", "17|18", Hints{Roles: Roles{Owner: "x"}}, Field{Kind: Category}, "", ""},
		{"x", "17|17|17|18", Hints{Roles: Roles{ID: "x"}}, Field{Kind: ID}, "", ""},
		{"x", "2018-01-02|2018-01-03", as(Text), Field{Kind: Text}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.cells[:min(len(tt.cells), 30)], func(t *testing.T) {
			table := rawTable(rawColumn(tt.name, cells(tt.cells)...))
			s, notes, err := Infer(table, tt.hints)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Name = tt.name
			if diff := cmp.Diff(tt.want, s.Fields[0]); diff != "" {
				t.Error(diff)
			}
			if got := said(notes); got != tt.notes {
				t.Errorf("notes: %s\n want: %s", got, tt.notes)
			}
			typed, notes, err := s.Apply(table)
			if err != nil {
				t.Fatal(err)
			}
			odd := strings.Contains(tt.notes, "cells that are no ")
			if len(notes) > 0 != odd {
				t.Errorf("applied to its own table: %v", notes)
			}
			switch c := typed.Columns[0]; c.Kind {
			case Number, Time, Bool:
				if got := strings.Join(read(c), "|"); got != tt.values {
					t.Errorf("read %s\nwant %s", got, tt.values)
				}
			}
		})
	}
}

// read shows a typed column.
func read(c *Column) []string {
	var all []string
	for i := range c.Len() {
		switch {
		case c.Kind == Bool && !c.Missing(i):
			all = append(all, fmt.Sprint(c.Nums[i]))
		default:
			all = append(all, c.word(i))
		}
	}
	return all
}

func TestInferErrors(t *testing.T) {
	tests := []struct {
		cells string
		hints Hints
		want  string
	}{
		{"1/2/2018|3/4/2018", Hints{}, `leads.csv:2: column "x": does 1/2/2006 mean 1 February or January 2? No date in the column tells; say --dates dmy or --dates mdy`},
		{"1/2/2018|13/4/2018|4/13/2018", Hints{}, `leads.csv:4: column "x": dates are in two orders: the month first here, the day first at leads.csv:3`},
		{"2018-01-02|13/4/2018", Hints{}, `leads.csv:3: column "x": dates are written in two ways, here like 1/2/2006 and at leads.csv:2 like 2006-01-02: write them in one way, or read the column as text`},
		{"2018-01-02|2018-02-30", Hints{}, `leads.csv:3: column "x": this date or time does not exist: mend it, or leave the cell empty`},
		{"2018-01-02 10:00|2018-01-02 25:00", Hints{}, `leads.csv:3: column "x": this date or time does not exist: mend it, or leave the cell empty`},
		{"31/4/2018|30/4/2018", Hints{}, `leads.csv:2: column "x": this date or time does not exist: mend it, or leave the cell empty`},
		{"soon|later", Hints{Roles: Roles{Created: "x"}}, `leads.csv:2: column "x": is to be read as time, but its cells cannot; the first is here`},
		{"soon|later", Hints{Kinds: map[string]Kind{"x": Number}}, `leads.csv:2: column "x": is to be read as number, but its cells cannot; the first is here`},
		{"soon|later", Hints{Kinds: map[string]Kind{"x": Bool}}, `leads.csv:2: column "x": is to be read as bool, but its cells cannot; the first is here`},
		{"$5|€7", Hints{Roles: Roles{Amount: "x"}}, `column "x": its amounts carry different units ($, €): convert them first, or write the currency in a column of its own (--currency, --rates)`},
		{"1,234.50*10|1.234,50*10", Hints{Roles: Roles{Amount: "x"}}, `leads.csv:12: column "x": numbers are written in two ways, here with a decimal comma, like 1.234,50, and at leads.csv:2 with a decimal point, like 1,234.50 (10 and 10 cells): write them in one way, or read the column as words with --kind x=category`},
		{"2018-01-02 10:00|2018-01-02 10:00 EST", Hints{}, `leads.csv:3: column "x": letters such as EST mean different time zones in different places: write the distance from UTC, such as -05:00, or leave them out and name the zone of the column with --zone, such as America/New_York`},
		{"2018-01-02 10:00|2018-01-02 30:00 EST", Hints{}, `leads.csv:3: column "x": this date or time does not exist: mend it, or leave the cell empty`},
		{"2018-01-02 10:00|2018-01-02 30:00 PM", Hints{}, `leads.csv:3: column "x": this date or time does not exist: mend it, or leave the cell empty`},
		{"1", Hints{Zone: "Mars"}, `time zone "Mars" is not known; give a name such as Europe/Berlin`},
		{"1", Hints{Zone: "Local"}, `time zone "Local" is not known; give a name such as Europe/Berlin`},
		{"1", Hints{Dates: "ymd"}, `dates "ymd": give dmy or mdy`},
		{"1", Hints{Kinds: map[string]Kind{"X ": Number}}, `column "X ": there is no such column; did you mean "x"?`},
		{"1", Hints{Roles: Roles{Closed: "closed"}}, `column "closed": there is no such column`},
	}
	for _, tt := range tests {
		_, _, err := Infer(rawTable(rawColumn("x", cells(tt.cells)...)), tt.hints)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.cells, err, tt.want)
		}
	}
	_, _, err := Infer(rawTable(rawColumn("x", "1"), rawColumn("x", "2")), Hints{})
	if want := `column "x": there are two columns of this name; rename one`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A few odd cells do not stop the work, and words may be in any form.
func TestTwoForms(t *testing.T) {
	few := rawTable(rawColumn("x", cells("1,234.50*99|1.234,50")...))
	if s, notes, err := Infer(few, Hints{Roles: Roles{Amount: "x"}}); err != nil || s.Fields[0].Kind != Number || said(notes) != "cells that are no numbers, read as missing: 1 of 100 (the first at leads.csv:101)" {
		t.Errorf("%v, %s", err, said(notes))
	}
	half := rawTable(rawColumn("x", cells("1,234.50*9|1.234,50*9")...))
	if s, _, err := Infer(half, Hints{Roles: Roles{Amount: "x"}, Kinds: map[string]Kind{"x": Category}}); err != nil || s.Fields[0].Kind != Category {
		t.Error(err)
	}
}

// One column with decimal commas settles another that does not tell.
func TestDecimalOfTable(t *testing.T) {
	s, notes, err := Infer(rawTable(rawColumn("a", "1,200", "3,400"), rawColumn("b", "1,5", "2,75")), Hints{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Fields[0].Decimal != "," || s.Fields[1].Decimal != "," {
		t.Errorf("fields %+v", s.Fields)
	}
	if want := "numbers such as 1,234, read with a decimal comma as other columns of the table have it: 2"; said(notes) != want {
		t.Errorf("notes %q, want %q", said(notes), want)
	}
	s, _, err = Infer(rawTable(rawColumn("a", "1,200", "3,400"), rawColumn("b", "1,5", "2,75"), rawColumn("c", "1.5", "2.75")), Hints{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Field("a").Decimal != "" {
		t.Error("a table of points and commas settles nothing")
	}
}

// A typed column keeps its kind, but numbers that are names become words.
func TestInferTyped(t *testing.T) {
	number := func(name string, xs ...float64) *Column { return &Column{Name: name, Kind: Number, Nums: xs} }
	table := &Table{Rows: 3, Columns: []*Column{
		number("amount", 1, 2, 3), number("customer_id", 7, 8, 9), number("owner_id", 7, 7, math.NaN()), number("rep", 1.5, 2, 3), number("stage", 1, 1, 2),
		{Name: "at", Kind: Time, Times: []int64{0, 1, 2}}, {Name: "sure", Kind: Bool, Nums: []float64{0, 1, 0}}, {Name: "who", Kind: Text, Texts: MakeStrings("a", "b", "c")},
	}}
	s, notes, err := Infer(table, Hints{Roles: Roles{Outcome: "stage"}})
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	want := []Field{{Name: "amount", Kind: Number}, {Name: "at", Kind: Time}, {Name: "customer_id", Kind: ID}, {Name: "owner_id", Kind: Category},
		{Name: "rep", Kind: Number}, {Name: "stage", Kind: Category}, {Name: "sure", Kind: Bool}, {Name: "who", Kind: Text}}
	if diff := cmp.Diff(want, s.Fields); diff != "" {
		t.Error(diff)
	}
	typed, _, err := s.Apply(table)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"7", "7", ""}, texts(typed.Column("owner_id"))); diff != "" {
		t.Error(diff)
	}
	_, _, err = Infer(table, Hints{Roles: Roles{Created: "amount"}})
	if want := `column "amount": is number in the file and cannot be read as time`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The order of rows has no part in how a column is read.
func TestInferIgnoresRowOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := [][]string{{"1", "2", "1,200", "5%", "7", "x"}, {"1/2/2018", "13/2/2018", "3/4/2018"}, {"yes", "no", "N/A", "None", "1"}, {"a;b", "b", "a", "a;c;b"}, {"1,5", "1.200,3", "12"}, {"007", "12", "13", "14+", "Select"}}
		all := rapid.SliceOfN(rapid.SampledFrom(rapid.SampledFrom(kinds).Draw(t, "kind")), 1, 40).Draw(t, "cells")
		one, _, err := Infer(rawTable(rawColumn("x", all...)), Hints{Dates: "dmy"})
		two, _, err2 := Infer(rawTable(rawColumn("x", rapid.Permutation(all).Draw(t, "order")...)), Hints{Dates: "dmy"})
		if (err == nil) != (err2 == nil) {
			t.Fatal(err, err2)
		}
		if diff := cmp.Diff(one, two); diff != "" {
			t.Fatal(diff)
		}
	})
}

// The number of processors has no part in it either.
func TestInferOnAnyProcessors(t *testing.T) {
	table := wideTable(300)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, oneNotes, err := Infer(table, Hints{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(8)
	many, manyNotes, err := Infer(table, Hints{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, many) + cmp.Diff(oneNotes, manyNotes); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkInfer(b *testing.B) {
	t := wideTable(100_000)
	b.ResetTimer()
	for b.Loop() {
		if _, _, err := Infer(t, Hints{}); err != nil {
			b.Fatal(err)
		}
	}
}

// wideTable has forty columns of all kinds.
func wideTable(rows int) *Table {
	formats := []func(i int) string{
		func(i int) string { return fmt.Sprintf("lead_%06d", i) },
		func(i int) string { return fmt.Sprintf("2018-%02d-%02d %02d:%02d:00", i%12+1, i%28+1, i%24, i%60) },
		func(i int) string { return strconv.FormatFloat(float64(i*7919%100_003)/100, 'f', 2, 64) },
		func(i int) string { return strconv.Itoa(i % 17) },
		func(i int) string { return []string{"Web", "Phone", "Partner", "Select"}[i%4] },
		func(i int) string { return []string{"Yes", "No"}[i%2] },
		func(i int) string { return fmt.Sprintf("Company %d Ltd", i%3000) },
		func(i int) string { return []string{"", "a;b", "a", "b;c"}[i%4] },
	}
	var columns []*Column
	for k := range 40 {
		var texts Strings
		for i := range rows {
			texts.Append(formats[k%len(formats)](i*31 + k))
		}
		columns = append(columns, &Column{Name: fmt.Sprintf("c%d", k), Texts: texts})
	}
	return rawTable(columns...)
}
