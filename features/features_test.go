package features

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/matrix"
)

func stamp(s string) int64 {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

func textColumn(name string, kind datasets.Kind, values ...string) *datasets.Column {
	return &datasets.Column{Name: name, Kind: kind, Texts: datasets.MakeStrings(values...)}
}

func numColumn(name string, values ...float64) *datasets.Column {
	return &datasets.Column{Name: name, Kind: datasets.Number, Nums: values}
}

func timeColumn(name string, values ...int64) *datasets.Column {
	return &datasets.Column{Name: name, Kind: datasets.Time, Times: values}
}

func table(columns ...*datasets.Column) *datasets.Table {
	return &datasets.Table{Rows: columns[0].Len(), Columns: columns}
}

func once(pieces ...Snapshot) iter.Seq2[Snapshot, error] {
	return func(yield func(Snapshot, error) bool) {
		for _, s := range pieces {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func mustFit(t testing.TB, spec Spec, pieces ...Snapshot) *Encoder {
	t.Helper()
	e, err := Fit(context.Background(), spec, once(pieces...))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustEncode(t testing.TB, e *Encoder, s Snapshot) (*matrix.Matrix, []datasets.Note) {
	t.Helper()
	m, notes, err := e.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return m, notes
}

func mustBytes(t testing.TB, e *Encoder) []byte {
	t.Helper()
	b, err := e.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same fails unless row i of a has the bits of row j of b in every column.
func same(t testing.TB, a *matrix.Matrix, i int, b *matrix.Matrix, j int) {
	t.Helper()
	if len(a.Columns) != len(b.Columns) {
		t.Fatalf("%d columns, want %d", len(b.Columns), len(a.Columns))
	}
	for k := range a.Columns {
		p, q := &a.Columns[k], &b.Columns[k]
		if p.Name != q.Name || math.Float64bits(p.Value(i)) != math.Float64bits(q.Value(j)) {
			t.Fatalf("column %q row %d: %v, column %q row %d: %v", p.Name, i, p.Value(i), q.Name, j, q.Value(j))
		}
	}
}

// world is a snapshot with a column of every kind, made from a seed.
func world(rows int, seed uint64) Snapshot {
	state := seed*2654435761 + 88172645463325252
	next := func(n int) int {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		return int(state % uint64(n))
	}
	pick := func(of ...string) string { return of[next(len(of))] }
	ids, industry, notes, job, mail, phones, links, interest := make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows)
	size, opt := make([]float64, rows), make([]float64, rows)
	made, seen, asOf := make([]int64, rows), make([]int64, rows), make([]int64, rows)
	start := stamp("2021-01-01T08:00")
	for i := range rows {
		ids[i] = fmt.Sprintf("L%05d", i)
		industry[i] = pick("Retail", "Banking", "Health", "")
		if next(20) == 0 {
			industry[i] = fmt.Sprint("Niche ", next(900))
		}
		notes[i] = pick("", "asked for a demo of the api", "called twice about price", "wants an integration with our shop", "Price is too high")
		job[i] = pick("", "VP of Sales", "Marketing Manager", "Software Engineer", "CEO", "Vice President Finance")
		mail[i] = pick("", "jane.doe@acme.com", "info@shop.de", "k77@gmail.com", "not an address", "prof@uni.ac.uk")
		phones[i] = pick("", "+49 151 2345678", "(212) 555-0199")
		links[i] = pick("", "https://www.google.com/search?q=x", "https://acme.io/a/b?utm_source=News&utm_medium=cpc&utm_campaign=spring", "facebook.com")
		interest[i] = pick("", "api; sso", "api", "audit;api;sso", "reports, api")
		size[i] = float64(next(5000))
		if next(7) == 0 {
			size[i] = math.NaN()
		}
		opt[i] = float64(next(2))
		made[i] = start + int64(next(900))*datasets.MicrosPerDay + int64(next(86400))*1_000_000
		asOf[i] = made[i] + int64(next(100))*datasets.MicrosPerDay
		seen[i] = made[i] + int64(next(200)-100)*datasets.MicrosPerDay
	}
	asOf[0], seen[0] = datasets.NoTime, datasets.NoTime
	return Snapshot{AsOf: asOf, Leads: table(
		textColumn("id", datasets.ID, ids...), textColumn("industry", datasets.Category, industry...), textColumn("notes", datasets.Text, notes...),
		textColumn("job title", datasets.Text, job...), textColumn("email", datasets.Text, mail...), textColumn("phone", datasets.Text, phones...),
		textColumn("landing page", datasets.Text, links...), textColumn("interests", datasets.Multi, interest...), numColumn("size", size...),
		&datasets.Column{Name: "opt in", Kind: datasets.Bool, Nums: opt}, timeColumn("created_at", made...), timeColumn("last_seen", seen...))}
}

func worldSpec() Spec {
	return Spec{Columns: []ColumnSpec{{Column: "industry", Kind: "category"}, {Column: "notes", Kind: "text"}, {Column: "job title", Kind: "title"},
		{Column: "email", Kind: "email"}, {Column: "phone", Kind: "phone"}, {Column: "landing page", Kind: "url"}, {Column: "interests", Kind: "multi"},
		{Column: "size", Kind: "number"}, {Column: "opt in", Kind: "number"}, {Column: "created_at", Kind: "created"}, {Column: "last_seen", Kind: "date"}}}
}

func gather(s Snapshot, rows ...int) Snapshot {
	g := Snapshot{Leads: s.Leads.Gather(rows), Events: s.Events}
	for _, r := range rows {
		g.AsOf = append(g.AsOf, s.AsOf[r])
	}
	return g
}

// outputsOf lists "name = value" of a row, codes as #code, missing as "-".
func outputsOf(m *matrix.Matrix, row int) string {
	var b strings.Builder
	for k := range m.Columns {
		c := &m.Columns[k]
		if k > 0 {
			b.WriteString(", ")
		}
		switch v := c.Value(row); {
		case math.IsNaN(v):
			fmt.Fprintf(&b, "%s -", c.Name)
		case c.Categorical():
			fmt.Fprintf(&b, "%s #%v", c.Name, v)
		default:
			fmt.Fprintf(&b, "%s %v", c.Name, v)
		}
	}
	return b.String()
}

func repeat(n int, values ...string) []string {
	return slices.Repeat(values, n)
}
