package features

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
)

// TestKinds fits each kind on a small past and encodes leads whose outputs are
// written out by hand.
func TestKinds(t *testing.T) {
	var (
		monday = stamp("2024-01-01T00:00") // a Monday
		march  = stamp("2024-03-07T15:30") // a Thursday
		old    = stamp("2020-06-15T00:00")
		nan    = math.NaN()
		none   = int64(datasets.NoTime)
	)
	spread := make([]float64, 100)
	for i := range spread {
		spread[i] = float64(i)
	}
	both := func(a, b int64) []int64 { return slices.Repeat([]int64{a, b}, 20) }
	asOf := func(n int, t int64) []int64 { return slices.Repeat([]int64{t}, n) }
	tests := []struct {
		kind      string
		past, now *datasets.Column
		asOf      int64
		want      []string
		notes     []int // rows with a note
	}{
		{"number", numColumn("n", spread...), numColumn("n", 5, nan, 1e9, math.Inf(1)), none,
			[]string{"n 5", "n -", "n 1e+09", "n -"}, []int{2}},
		{"category", textColumn("c", datasets.Category, append(repeat(100, "b", "a"), repeat(19, "rare")...)...),
			textColumn("c", datasets.Category, "a", " b ", "", "rare", "new"), none,
			[]string{"c #0", "c #1", "c -", "c #2", "c #2"}, []int{3, 4}},
		{"codes", textColumn("c", datasets.Category, append(repeat(80, "b", "a"), repeat(19, "rare")...)...), // rare ones are common
			textColumn("c", datasets.Category, "a", "rare", "new"), none,
			[]string{"c #0", "c #2", "c #3"}, []int{2}},
		{"multi", textColumn("m", datasets.Multi, repeat(20, "x; y, z", "x")...),
			textColumn("m", datasets.Multi, "x", "y, z;x;x", "", "x,q"), none,
			[]string{"m count 1, m = x 1, m = y, z 0", "m count 2, m = x 1, m = y, z 1", "m count -, m = x -, m = y, z -", "m count 2, m = x 1, m = y, z 0"}, []int{3}},
		{"created", timeColumn("t", both(monday, march)...), timeColumn("t", march, none, monday), march,
			[]string{"t weekday #3, t hour 15", "t weekday -, t hour -", "t weekday #0, t hour 0"}, nil},
		{"created", timeColumn("t", both(old, monday)...), timeColumn("t", old), none,
			[]string{"t weekday #0, t month 6"}, nil},
		{"date", timeColumn("d", both(monday, none)...), timeColumn("d", monday, march, none), march,
			[]string{"d days before as-of 66.64583333333333, d day of month 1, d weekday #0",
				"d days before as-of -, d day of month -, d weekday -", "d days before as-of -, d day of month -, d weekday -"}, nil},
		{"date", timeColumn("d", both(monday, none)...), timeColumn("d", monday), none,
			[]string{"d days before as-of -, d day of month 1, d weekday #0"}, nil},
		{"phone", textColumn("p", datasets.Text, "1"), textColumn("p", datasets.Text, "+44 20 7946 0018", "0049 30 1", "212-555-0199", ""), none,
			[]string{"p has country prefix 1, p digits 12", "p has country prefix 1, p digits 7", "p has country prefix 0, p digits 10", "p has country prefix -, p digits -"}, nil},
		{"phone", numColumn("p", 1), numColumn("p", 4915123456789, nan), none,
			[]string{"p has country prefix 0, p digits 13", "p has country prefix -, p digits -"}, nil},
		{"email", textColumn("e", datasets.Text, append(repeat(20, "a@b.com"), "x@y.zw")...),
			textColumn("e", datasets.Text, "Jane.Doe@Acme.com", "info@gmail.com", "k7@yopmail.com", "dean@mit.edu", "x@army.mil", "a@oxford.ac.uk", "yahoo", "", "joe@yahoo.com"), none,
			[]string{"e domain kind #0, e top-level domain #0, e local part #2", "e domain kind #1, e top-level domain #0, e local part #1",
				"e domain kind #4, e top-level domain #0, e local part #3", "e domain kind #2, e top-level domain #1, e local part #0",
				"e domain kind #3, e top-level domain #1, e local part #0", "e domain kind #2, e top-level domain #1, e local part #0",
				"e domain kind #5, e top-level domain -, e local part -", "e domain kind -, e top-level domain -, e local part -",
				"e domain kind #1, e top-level domain #0, e local part #0"}, nil},
		{"url", textColumn("u", datasets.Text, repeat(20, "https://a.b/?utm_source=Mail&utm_medium=cpc")...),
			textColumn("u", datasets.Text, "http://www.google.de/a/b/?x=1&utm_source=mail#top", "acme.io", "https://x.com/me?utm_medium=new%20one", ""), none,
			[]string{"u host kind #1, u path depth 2, u utm_source #0, u utm_medium -",
				"u host kind #0, u path depth 0, u utm_source -, u utm_medium -",
				"u host kind #2, u path depth 1, u utm_source -, u utm_medium #1",
				"u host kind -, u path depth -, u utm_source -, u utm_medium -"}, []int{2}},
		{"text", textColumn("w", datasets.Text, repeat(20, "a great api", "great", "")...), textColumn("w", datasets.Text, "API, Api!", "great", "ünknown", ""), none,
			[]string{"w words 2, w letters 9, w word WORD 1, w word WORD 0", "w words 1, w letters 5, w word WORD 0, w word WORD 1",
				"w words 1, w letters 7, w word WORD 0, w word WORD 0", "w words -, w letters -, w word WORD -, w word WORD -"}, nil},
		{"title", textColumn("j", datasets.Text, "x"), textColumn("j", datasets.Text, "CEO", "Vice President, Marketing", "Senior sales manager", "Wizard", ""), none,
			[]string{"j rank 7, j department #11, j words 1, j letters 3", "j rank 6, j department #1, j words 3, j letters 25",
				"j rank 4, j department #0, j words 3, j letters 20", "j rank -, j department -, j words 1, j letters 6", "j rank -, j department -, j words -, j letters -"}, nil},
	}
	for k, test := range tests {
		t.Run(test.kind+strconv.Itoa(k), func(t *testing.T) {
			spec := Spec{Columns: []ColumnSpec{{Column: test.past.Name, Kind: test.kind}}}
			e := mustFit(t, spec, Snapshot{Leads: table(test.past), AsOf: asOf(test.past.Len(), test.asOf)})
			m, notes := mustEncode(t, e, Snapshot{Leads: table(test.now), AsOf: asOf(test.now.Len(), test.asOf)})
			for i, want := range test.want {
				got := outputsOf(m, i)
				if test.kind == "text" { // the order of the buckets is that of their hashes
					got, want = sortedWords(got), sortedWords(want)
				}
				if got != want {
					t.Errorf("row %d:\n got %s\nwant %s", i, got, want)
				}
			}
			var rows []int
			for _, n := range notes {
				rows = append(rows, n.Row)
			}
			if !slices.Equal(rows, test.notes) {
				t.Errorf("notes on rows %v, want %v: %v", rows, test.notes, notes)
			}
		})
	}
}

// sortedWords takes the hashes out of the names of word indicators.
func sortedWords(s string) string {
	fields := strings.Split(s, ", ")
	for i, f := range fields {
		if before, after, ok := strings.Cut(f, " word "); ok {
			_, value, _ := strings.Cut(after, " ")
			fields[i] = before + " word " + value
		}
	}
	slices.Sort(fields)
	return strings.Join(fields, ", ")
}

func TestWords(t *testing.T) {
	var a, b []uint64
	words("Größe ist wichtig, x 42", func(h uint64) { a = append(a, h) })
	words("größe IST, wichtig! 42", func(h uint64) { b = append(b, h) })
	if !slices.Equal(a, b) || len(a) != 4 {
		t.Errorf("%x and %x", a, b)
	}
	words("api", func(h uint64) {
		if want := uint64(0x1acb604947b13cd3); h != want { // computed apart; bundles hold buckets, so it may never change
			t.Errorf("hash of api %#x, want %#x", h, want)
		}
	})
}

func TestCalendar(t *testing.T) {
	var c calendar
	c.add(stamp("2020-01-01T00:00"))
	c.add(stamp("2021-12-30T00:00")) // 729 days
	if c.settle(); c.Month {
		t.Error("less than two years give the month")
	}
	c.add(stamp("2021-12-31T00:00"))
	if c.settle(); !c.Month {
		t.Error("two years do not give the month")
	}
}

func TestFewestLeads(t *testing.T) {
	for n, want := range map[int][2]int{2: {1, 0}, 3: {2, 0}, 19: {2, 0}, 20: {2, 1}} { // levels with "other", and those that can be read
		e := mustFit(t, Spec{Columns: []ColumnSpec{{Column: "c", Kind: "codes"}}}, Snapshot{Leads: table(textColumn("c", datasets.Category, repeat(n, "v")...))})
		if got := [2]int{e.Outputs()[0].Levels, len(e.Levels(0))}; got != want {
			t.Errorf("a value of %d leads: %v levels, want %v", n, got, want)
		}
	}
}

// Where more than a tenth of the leads would be pooled, values that three leads
// share are told apart without being kept, and the rest falls into so many codes
// that three leads share each.
func TestRareValuesAreKnownByFingerprint(t *testing.T) {
	values := repeat(40, "common")
	for k := range 20 {
		values = append(values, repeat(3, fmt.Sprint("three", k))...)
		values = append(values, fmt.Sprint("one", k))
	}
	const others = 20 / 3
	e := mustFit(t, Spec{Columns: []ColumnSpec{{Column: "c", Kind: "codes"}}}, Snapshot{Leads: table(textColumn("c", datasets.Category, values...))})
	if o := e.Outputs()[0]; o.Levels != 21+others {
		t.Errorf("%d levels, want %d", o.Levels, 21+others)
	}
	m, _ := mustEncode(t, e, Snapshot{Leads: table(textColumn("c", datasets.Category, "common", "three0", "three1", "one0", "never seen", "", "one0"))})
	codes := m.Columns[0].Codes
	if a, b := codes[1], codes[2]; codes[0] != 0 || a == b || min(a, b) < 1 || max(a, b) > 20 || min(codes[3], codes[4]) < 21 || max(codes[3], codes[4]) >= 21+others || codes[5] != -1 || codes[6] != codes[3] {
		t.Errorf("codes %v", codes)
	}
	if bytes.Contains(mustBytes(t, e), []byte("three")) {
		t.Error("a rare value can be read")
	}
}

func TestRangeIsRoundedAndOrderFree(t *testing.T) {
	var up, down number
	for i := range 1000 {
		up.low.add(float64(i) + 0.123)
		up.high.add(-float64(i) - 0.123)
		down.low.add(float64(999-i) + 0.123)
		down.high.add(-float64(999-i) - 0.123)
	}
	up.settle()
	down.settle()
	if !slices.Equal(up.Range, down.Range) || !slices.Equal(up.Range, []float64{19, 980}) {
		t.Errorf("%v and %v, want [19 980]", up.Range, down.Range)
	}
}

func TestDomainKind(t *testing.T) {
	for host, want := range map[string]string{"acme.com": "business", "yahoo.co.uk": "free", "yahoo.fr": "free", "live.acme.com": "business", "web.de": "free",
		"x.edu.au": "education", "cam.ac.uk": "education", "ac.me": "business", "salud.gob.mx": "government", "mail.gov.uk": "government"} {
		if got := domains[domainKind(host)]; got != want {
			t.Errorf("%s is %s, want %s", host, got, want)
		}
	}
}
