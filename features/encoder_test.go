package features

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/leadcast/leadcast/datasets"
	"pgregory.net/rapid"
)

// One lead at a time, any cut into batches and all at once give the same bits.
func TestBatchAndOneByOneAgree(t *testing.T) {
	past := world(400, 1)
	past.Events = history400()
	spec := worldSpec()
	spec.Columns = append(spec.Columns, eventSpec())
	e := mustFit(t, spec, past)
	rapid.Check(t, func(r *rapid.T) {
		s := world(rapid.IntRange(1, 40).Draw(r, "rows"), rapid.Uint64().Draw(r, "seed"))
		s.Events = past.Events
		all, notes := mustEncode(t, e, s)
		told := 0
		for i := range s.Leads.Rows {
			one, n := mustEncode(t, e, gather(s, i))
			same(t, all, i, one, 0)
			told += len(n)
		}
		if told != len(notes) {
			t.Fatalf("%d notes one by one, %d at once", told, len(notes))
		}
	})
}

// The order of leads and the cut into snapshots leave no trace in the bytes.
func TestFitKnowsNoOrder(t *testing.T) {
	past := world(500, 2)
	want := mustBytes(t, mustFit(t, worldSpec(), past))
	rapid.Check(t, func(r *rapid.T) {
		rows := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0)).Perm(500)
		cut := rapid.IntRange(0, 500).Draw(r, "cut")
		if got := mustBytes(t, mustFit(t, worldSpec(), gather(past, rows[:cut]...), gather(past, rows[cut:]...))); !bytes.Equal(got, want) {
			t.Fatalf("another order gives another encoder:\n%s\n%s", got, want)
		}
	})
}

func TestCodecRoundTrip(t *testing.T) {
	past := world(500, 3)
	past.Events = history400()
	spec := worldSpec()
	spec.Columns = append(spec.Columns, eventSpec())
	e := mustFit(t, spec, past)
	b := mustBytes(t, e)
	d, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if again := mustBytes(t, d); !bytes.Equal(again, b) {
		t.Errorf("bytes change:\n%s\n%s", b, again)
	}
	if !slices.Equal(e.Outputs(), d.Outputs()) {
		t.Error("outputs change")
	}
	want, _ := mustEncode(t, e, past)
	got, _ := mustEncode(t, d, past)
	for i := range past.Leads.Rows {
		same(t, want, i, got, i)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		``, `null`, `{}`, `{"format":2,"columns":[]}`, `{"format":1,"columns":[]} 1`, `{"format":1,"columns":[],"more":1}`,
		`{"format":1,"columns":[{"column":"a","kind":"nothing","learned":{}}]}`,
		`{"format":1,"columns":[{"column":"","kind":"number","learned":{}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number"}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number","learned":null}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number","learned":{"range":[1]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number","learned":{"range":[2,1]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number","key":"id","learned":{}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"number","learned":{}},{"column":"a","kind":"number","learned":{}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"category","learned":{"kept":["b","a"]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"category","learned":{"kept":["a","a"]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"category","learned":{"kept":[""]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"text","learned":{"buckets":[70000]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"text","learned":{"buckets":[7,7]}}]}`,
		`{"format":1,"columns":[{"column":"a","kind":"events","learned":{"types":{"kept":[]}}}]}`,
	} {
		if e, err := Decode([]byte(text)); err == nil || e != nil {
			t.Errorf("%s is read as an encoder", text)
		}
	}
}

// Memory is bounded by the length of what is read, for the texts with the
// most matrix columns a byte.
func TestDecodeIsBounded(t *testing.T) {
	for _, column := range []string{
		`{"column":"%d","kind":"date","learned":{"month":true}}`,
		`{"column":"%d","kind":"text","learned":{"buckets":[` + few(32, "%[2]d") + `]}}`,
		`{"column":"%d","kind":"multi","learned":{"kept":[` + few(64, `"%[2]c"`) + `]}}`,
		`{"column":"%d","kind":"category","learned":{"kept":[` + few(5000, `"%[2]c"`) + `]}}`,
		`{"column":"%d","kind":"phone","learned":{}}`,
	} {
		var b strings.Builder
		b.WriteString(`{"format":1,"columns":[`)
		for k := 0; b.Len() < 1<<17; k++ {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.Replace(column, "%d", fmt.Sprint(k), 1))
		}
		b.WriteString("]}")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode([]byte(b.String()))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(64*b.Len()+1<<20) {
			t.Errorf("%d bytes like %.60s take %d bytes of memory", b.Len(), column, used)
		}
	}
}

// few lists n different values in rising order.
func few(n int, format string) string {
	var list []string
	for k := range n {
		list = append(list, fmt.Sprintf(format, nil, 1000+k))
	}
	return strings.Join(list, ",")
}

func FuzzDecode(f *testing.F) {
	past := world(300, 4)
	e := mustFit(f, worldSpec(), past)
	f.Add(mustBytes(f, e))
	f.Add([]byte(`{"format":1,"columns":[{"column":"a","kind":"category","learned":{"kept":["b"]}},{"column":"a","kind":"text","learned":{"buckets":[1,2]}}]}`))
	few := gather(past, 0, 1, 2, 3, 4)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		m, _ := mustEncode(t, e, few)
		if len(m.Columns) != len(e.Outputs()) {
			t.Fatal("outputs and matrix differ")
		}
		again, err := Decode(mustBytes(t, e))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		n, _ := mustEncode(t, again, few)
		for i := range few.Leads.Rows {
			same(t, m, i, n, i)
		}
	})
}

// What a serving program meets and training did not: absent columns, columns
// of another kind and unknown values are notes, never errors, and never quoted.
func TestEncodeMeetsTheUnknown(t *testing.T) {
	e := mustFit(t, worldSpec(), world(300, 5))
	strange := Snapshot{Leads: table(textColumn("industry", datasets.Category, "Secret Ltd"), textColumn("size", datasets.Text, "many"), numColumn("email", 3), textColumn("unknown", datasets.Text, "x"))}
	m, notes := mustEncode(t, e, strange)
	if got := outputsOf(m, 0); !strings.HasPrefix(got, "industry #") || strings.Count(got, " -") != len(m.Columns)-1 {
		t.Errorf("all but the industry should be missing: %s", got)
	}
	if len(notes) != len(worldSpec().Columns) {
		t.Errorf("%d notes for %d columns: %v", len(notes), len(worldSpec().Columns), notes)
	}
	for _, n := range notes {
		if strings.Contains(n.Message, "Secret") || strings.Contains(n.Message, "many") || n.Column == "" {
			t.Errorf("a note with a value or without a column: %v", n)
		}
	}
	empty, notes := mustEncode(t, e, gather(world(3, 1)))
	if empty.Rows != 0 || len(notes) != 0 {
		t.Errorf("no leads: %d rows, notes %v", empty.Rows, notes)
	}
	for k := range empty.Columns {
		if o := e.Outputs()[k]; empty.Columns[k].Categorical() != (o.Levels > 0) {
			t.Errorf("column %q changes its kind without rows", o.Name)
		}
	}
}

// Any text in any column is encoded without a panic, and alone as in company.
func FuzzEncodeText(f *testing.F) {
	f.Add("a@b.c;d,e", "https://u:p@x/%zz?utm_source=%&utm_medium==#?")
	f.Add("\xff@\xff.", "+0 (0)//?&#")
	f.Add("@..@.", "www.")
	e := mustFit(f, worldSpec(), world(300, 10))
	f.Fuzz(func(t *testing.T, a, b string) {
		s := Snapshot{Leads: &datasets.Table{Rows: 2}}
		for _, name := range []string{"industry", "notes", "job title", "email", "phone", "landing page", "interests"} {
			s.Leads.Columns = append(s.Leads.Columns, textColumn(name, datasets.Text, a, b))
		}
		both, _ := mustEncode(t, e, s)
		for i := range 2 {
			one, _ := mustEncode(t, e, Snapshot{Leads: s.Leads.Gather([]int{i})})
			same(t, both, i, one, 0)
		}
		Infer(s.Leads, &datasets.Schema{}, nil)
	})
}

// The bytes of an encoder and the bits of a matrix are kept by bundles for
// years, and are the same on every machine.
func TestNothingHasChanged(t *testing.T) {
	past := world(300, 11)
	past.Events = history400()
	spec := worldSpec()
	spec.Columns = append(spec.Columns, eventSpec())
	e := mustFit(t, spec, past)
	h := sha256.New()
	h.Write(mustBytes(t, e))
	m, _ := mustEncode(t, e, past)
	row := make([]float64, len(m.Columns))
	for i := range m.Rows {
		m.Row(row, i)
		for _, x := range row {
			fmt.Fprintf(h, "%x ", x)
		}
	}
	if got, want := hex.EncodeToString(h.Sum(nil))[:16], "f7b6d4f0a10d92eb"; got != want {
		t.Errorf("bytes or matrix changed: %s, want %s; raise the format", got, want)
	}
}

func TestOneLeadIsCheap(t *testing.T) {
	spec, s := wide(500, 20)
	e := mustFit(t, spec, s)
	one := gather(s, 17)
	if n := testing.AllocsPerRun(100, func() { mustEncode(t, e, one) }); n > 12 {
		t.Errorf("%v allocations for one lead", n)
	}
}

func TestErrors(t *testing.T) {
	past := world(30, 6)
	broken := world(30, 6)
	broken.AsOf = broken.AsOf[:3]
	long := Snapshot{Leads: &datasets.Table{Rows: 2, Columns: []*datasets.Column{numColumn("size", 1)}}}
	one := func(c ColumnSpec) Spec { return Spec{Columns: []ColumnSpec{c}} }
	tests := []struct {
		name string
		spec Spec
		past Snapshot
		want string
	}{
		{"unknown kind", one(ColumnSpec{Column: "size", Kind: "numbers"}), past, `column "size": no such kind of feature: "numbers"; use one of category, codes, created`},
		{"unknown column", one(ColumnSpec{Column: "Job-Title", Kind: "text"}), past, `did you mean "job title"?`},
		{"wrong kind", one(ColumnSpec{Column: "industry", Kind: "number"}), past, `column "industry": the column is of kind category, which cannot be used as number`},
		{"no name", one(ColumnSpec{Kind: "number"}), past, "has no name"},
		{"not UTF-8", one(ColumnSpec{Column: "\xff", Kind: "number"}), past, "not UTF-8"},
		{"twice", Spec{Columns: []ColumnSpec{{Column: "size", Kind: "number"}, {Column: "size", Kind: "number"}}}, past, "twice"},
		{"no key", one(ColumnSpec{Column: "mails", Kind: "events"}), past, "needs a key"},
		{"lengths", worldSpec(), broken, "30 leads with 3 as-of times"},
		{"column length", one(ColumnSpec{Column: "size", Kind: "number"}), long, "has 1 values for 2 rows"},
		{"no leads", worldSpec(), Snapshot{}, "without leads"},
	}
	for _, test := range tests {
		if _, err := Fit(context.Background(), test.spec, once(test.past)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
	if _, _, err := mustFit(t, worldSpec(), past).Encode(broken); err == nil {
		t.Error("Encode takes a snapshot of differing lengths")
	}
	bad := errors.New("disk on fire")
	if _, err := Fit(context.Background(), worldSpec(), func(yield func(Snapshot, error) bool) { yield(Snapshot{}, bad) }); !errors.Is(err, bad) {
		t.Errorf("the source's error is lost: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fit(ctx, worldSpec(), once(past)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fit gives %v", err)
	}
}

func TestNamesAreUnique(t *testing.T) {
	past := Snapshot{Leads: table(timeColumn("d", 1, 2), numColumn("d weekday", 1, 2), numColumn("d weekday (number)", 1, 2))}
	e := mustFit(t, Spec{Columns: []ColumnSpec{{Column: "d", Kind: "date"}, {Column: "d", Kind: "created"}, {Column: "d weekday", Kind: "number"}, {Column: "d weekday (number)", Kind: "number"}}}, past)
	seen := map[string]bool{}
	for _, o := range e.Outputs() {
		if seen[o.Name] {
			t.Errorf("%q stands for two columns", o.Name)
		}
		seen[o.Name] = true
	}
}

// 200 canaries in every sort of column: none is found in the bytes, neither
// plain nor in hexadecimal or base64.
func TestNoCanaryInTheBytes(t *testing.T) {
	const n = 1000
	past := world(n, 7)
	var canaries []string
	plant := func(column string, format string) {
		c := past.Leads.Column(column)
		values := make([]string, n)
		for i := range n {
			values[i] = c.Texts.At(i)
		}
		for k := range 25 {
			canary := fmt.Sprintf(format, k)
			canaries = append(canaries, canary)
			for copies := range 1 + k%19 { // up to 19 leads share it
				values[(k*39+copies*7)%n] = canary
			}
		}
		c.Texts = datasets.MakeStrings(values...)
	}
	plant("industry", "Canary Works %03d")
	plant("notes", "canarynote%03d")
	plant("job title", "Keeper of canary%03d")
	plant("email", "canary%03d.bird@canary%03[1]d.cage%[1]d")
	plant("phone", "+49 999 000%03d")
	plant("landing page", "https://canary%03d.net/?utm_source=canary%03[1]d&utm_campaign=bird%03[1]d")
	plant("interests", "canary%03d;api")
	size := past.Leads.Column("size")
	for k := range 25 {
		x := 1000.5 + float64(k)*12345
		size.Nums[k*3] = x
		canaries = append(canaries, fmt.Sprint(x))
	}
	if len(canaries) != 200 {
		t.Fatalf("%d canaries", len(canaries))
	}
	b := mustBytes(t, mustFit(t, worldSpec(), past))
	for _, canary := range append(canaries, "canary", "Canary", "bird", "cage") {
		for _, form := range []string{canary, strings.ToLower(canary), hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(canary))} {
			if bytes.Contains(b, []byte(form)) {
				t.Errorf("%q is in the encoder's bytes", form)
			}
		}
	}
	for _, common := range []string{"Retail", "cpc"} { // the test can see what is there
		if !bytes.Contains(b, []byte(common)) {
			t.Errorf("%q is not in the encoder's bytes", common)
		}
	}
}

func wide(rows, columns int) (Spec, Snapshot) {
	base := world(rows, 8)
	var spec Spec
	s := Snapshot{AsOf: base.AsOf, Leads: &datasets.Table{Rows: rows}}
	kinds := worldSpec().Columns
	for k := range columns {
		use := kinds[k%len(kinds)]
		c := *base.Leads.Column(use.Column)
		c.Name = fmt.Sprint(use.Column, k)
		s.Leads.Columns = append(s.Leads.Columns, &c)
		spec.Columns = append(spec.Columns, ColumnSpec{Column: c.Name, Kind: use.Kind})
	}
	return spec, s
}

func BenchmarkEncodeOneLead20Columns(b *testing.B) {
	spec, s := wide(2000, 20)
	e := mustFit(b, spec, s)
	one := gather(s, 17)
	b.ReportAllocs()
	for b.Loop() {
		mustEncode(b, e, one)
	}
}

func BenchmarkEncode100kLeads40Columns(b *testing.B) {
	spec, s := wide(100_000, 40)
	e := mustFit(b, spec, s)
	b.ReportAllocs()
	for b.Loop() {
		mustEncode(b, e, s)
	}
}

func BenchmarkFit100kLeads40Columns(b *testing.B) {
	spec, s := wide(100_000, 40)
	for b.Loop() {
		mustFit(b, spec, s)
	}
}
