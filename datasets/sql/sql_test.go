package sql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	source "github.com/leadcast/leadcast/datasets/sql"
)

// file makes a SQLite database by a script.
func file(t testing.TB, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a ?% b.db")
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f").Replace(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, address string, environment map[string]string) *source.Database {
	t.Helper()
	a, ok, err := source.Parse(address, func(name string) string { return environment[name] })
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	d, err := source.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// cells gives a table as rows of text.
func cells(t *datasets.Table) (rows [][]string) {
	for i := range t.Rows {
		var row []string
		for _, c := range t.Columns {
			switch {
			case c.Missing(i):
				row = append(row, "")
			case c.Kind == datasets.Time:
				row = append(row, datasets.FormatTime(c.Times[i]))
			case c.Nums != nil:
				row = append(row, fmt.Sprint(c.Nums[i]))
			default:
				row = append(row, c.Texts.At(i))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// bounded is the most that a reading may hold: a few blocks.
const bounded = 24 << 20

// stream reads a table whose first column counts from 1, and gives how much
// the heap grew at most while it did.
func stream(t *testing.T, s *source.Source, rows int) uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most, seen, blocks := m.HeapAlloc, uint64(0), 0, 0
	for b, err := range s.Blocks(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if first := fmt.Sprint(seen + 1); b.Rows > 0 && b.Columns[0].Texts.At(0) != first {
			t.Fatalf("row %d begins with %q", seen+1, b.Columns[0].Texts.At(0))
		}
		seen += b.Rows
		if blocks++; blocks%16 == 0 {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc-min(before, m.HeapAlloc))
		}
	}
	if seen != rows {
		t.Fatalf("%d rows, not %d", seen, rows)
	}
	return most
}

func TestSQLiteTables(t *testing.T) {
	path := file(t, `CREATE TABLE deals (id TEXT PRIMARY KEY, amount NUMERIC, "odd ""name" TEXT, at TIMESTAMP);
		INSERT INTO deals VALUES ('b', 1.5, 'x', '2024-01-02 03:04:05'), ('a', 10, NULL, NULL), ('C', NULL, 'é', '2024-01-02');
		CREATE TABLE stages (pipeline INT, stage INT, label TEXT, PRIMARY KEY (stage, pipeline)) WITHOUT ROWID; CREATE VIEW won AS SELECT id FROM deals;`)
	d := open(t, "sqlite:"+path, nil)
	tables, err := d.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]source.Table{
		{Table: "deals", Columns: []string{"id", "amount", `odd "name`, "at"}, Key: []string{"id"}},
		{Table: "stages", Columns: []string{"pipeline", "stage", "label"}, Key: []string{"stage", "pipeline"}},
		{Table: "won", Columns: []string{"id"}},
	}, tables); diff != "" {
		t.Error(diff)
	}
	table, err := datasets.ReadAll(t.Context(), d.Read(tables...), "deals")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"C", "", "é", "2024-01-02T00:00:00Z"}, {"a", "10", "", ""}, {"b", "1.5", "x", "2024-01-02T03:04:05Z"}}, cells(table)); diff != "" {
		t.Error(diff)
	}
	if at := table.At(1); at != "table deals, row 2" {
		t.Error(at)
	}
}

func TestFind(t *testing.T) {
	path := file(t, `CREATE TABLE "Deals" (id INT); CREATE TABLE stages (id INT);`)
	for address, want := range map[string]string{
		"#Deals": "Deals", "#deals": "Deals", "#SELECT id FROM stages;": "", "#with x as (select 1 AS id) select * from x -- all": "",
	} {
		d := open(t, "sqlite:"+path+address, nil)
		found, err := d.Find(t.Context())
		if err != nil || found.Table != want {
			t.Errorf("%s: %q, %v", address, found.Table, err)
		}
		for b, err := range d.Read(found).Blocks(t.Context()) {
			if err != nil || len(b.Columns) != 1 {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	for address, want := range map[string]string{"#dealz": `there is no table "dealz"; there is Deals, stages`, "": "say which table: sqlite:"} {
		var e *datasets.Error
		if _, err := open(t, "sqlite:"+path+address, nil).Find(t.Context()); !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestSQLiteErrors(t *testing.T) {
	path := file(t, `CREATE TABLE deals (id INT, name TEXT); INSERT INTO deals VALUES (1, 'secret@example.com');`)
	for query, want := range map[string]string{
		"SELECT absent FROM deals": "no such column", "SELECT * FROM nowhere": "no such table", "SELECT FROM WHERE": "not SQL",
		"WITH x AS (SELECT 1) DELETE FROM deals": "not SQL", "SELECT 1; DELETE FROM deals": "not SQL",
	} {
		d := open(t, "sqlite:"+path, nil)
		_, err := datasets.ReadAll(t.Context(), d.Read(source.Table{Name: "leads", Query: query}), "leads")
		var e *datasets.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", query, err)
		}
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	if err := os.WriteFile(broken, []byte(strings.Repeat("no database ", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "sqlite:"+broken, nil).Tables(t.Context()); err == nil || !strings.Contains(err.Error(), "no SQLite database") {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	environment := func(name string) string {
		return map[string]string{"LEADCAST_DSN": "postgres://u:hidden@h/db", "CRM": "host=h password=hidden"}[name]
	}
	for text, want := range map[string]struct{ shown, table, query string }{
		"sqlite:crm.db":                         {"sqlite:crm.db", "", ""},
		"sqlite:dir/crm.db#Lead":                {"sqlite:dir/crm.db#Lead", "Lead", ""},
		"postgres:":                             {"postgres:", "", ""},
		"postgres:crm.leads":                    {"postgres:crm.leads", "crm.leads", ""},
		"postgres:#leads":                       {"postgres:leads", "leads", ""},
		"postgres:select a#b from t":            {"postgres:select a#b from t", "", "select a#b from t"},
		"postgres:env:CRM#leads":                {"postgres:env:CRM#leads", "leads", ""},
		"postgres:env:CRM":                      {"postgres:env:CRM", "", ""},
		"postgres://me@host:5432/crm#lead":      {"postgres://me@host:5432/crm#lead", "lead", ""},
		"postgresql://host/crm?sslmode=disable": {"postgresql://host/crm?sslmode=disable", "", ""},
	} {
		a, ok, err := source.Parse(text, environment)
		if err != nil || !ok || a.String() != want.shown || a.Table != want.table || a.Query != want.query {
			t.Errorf("%s: %v %q %q %q %v", text, ok, a, a.Table, a.Query, err)
		}
		if again, _, _ := source.Parse(a.String(), environment); again != a && a.String() == text {
			t.Errorf("%s reads back as %q", text, again)
		}
	}
	for _, text := range []string{"leads.csv", "C:/leads.csv", "-", "dir/sqlite:x", ""} {
		if _, ok, err := source.Parse(text, environment); ok || err != nil {
			t.Errorf("%q is an address: %v", text, err)
		}
	}
	for _, text := range []string{"sqlite:", "postgres:env:NOWHERE", "postgres:env:", "postgres://u:hidden@h/db", "postgres://h/db?password=hidden", "postgres://%zz", "sqlite:a#"} {
		if a, _, err := source.Parse(text, environment); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"sqlite:a#b", "postgres:env:X#SELECT 1", "postgres://u:p@h/d?sslmode=require#t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok, err := source.Parse(s, func(string) string { return "host=h password=hidden" })
		if err != nil || !ok {
			return
		}
		if strings.Contains(a.String(), "hidden") && !strings.Contains(s, "hidden") {
			t.Errorf("%q shows what the environment holds", s)
		}
		if b, ok, err := source.Parse(a.String(), func(string) string { return "host=h password=hidden" }); err != nil || !ok || b != a {
			t.Errorf("%q: %q reads back as %q: %v", s, a, b, err)
		}
	})
}

// A reading that goes on behind any row that it has delivered gives the rest.
func TestResume(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(r, "rows")
		var script strings.Builder
		kind := rapid.SampledFrom([]string{"TEXT", "INT"}).Draw(r, "kind")
		fmt.Fprintf(&script, "CREATE TABLE a (x %s, y TEXT, z INT, PRIMARY KEY (x, y));", kind)
		for i := range n {
			fmt.Fprintf(&script, "INSERT INTO a VALUES ('%d', 'k%d', %d);", rapid.IntRange(-3, 12).Draw(r, "x"), i, i)
		}
		d := open(t, "sqlite:"+file(t, script.String()), nil)
		read := func(after []string) [][]string {
			table, err := datasets.ReadAll(t.Context(), d.Read(source.Table{Table: "a", After: after}), "a")
			if err != nil {
				r.Fatal(err)
			}
			return cells(table)
		}
		all := read(nil)
		k := rapid.IntRange(0, n-1).Draw(r, "cut")
		if diff := cmp.Diff(append([][]string(nil), all[k+1:]...), read(all[k][:2])); diff != "" {
			r.Fatal(diff)
		}
	})
}

func TestBoundedMemory(t *testing.T) {
	const rows = 200_000
	path := file(t, fmt.Sprintf(`CREATE TABLE activities (id INTEGER PRIMARY KEY, lead_id TEXT, kind TEXT, at TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
		INSERT INTO activities SELECT i, printf('L%%07d', i %% 50000), 'email', '2024-01-01T00:00:00Z' FROM n;`, rows))
	if most := stream(t, open(t, "sqlite:"+path, nil).Read(source.Table{Table: "activities"}), rows); most > bounded {
		t.Errorf("the heap grew by %d MiB", most>>20)
	}
}

func TestStop(t *testing.T) {
	path := file(t, `CREATE TABLE a (x INT); INSERT INTO a VALUES (1); CREATE TABLE b (x INT);`)
	d := open(t, "sqlite:"+path, nil)
	for range d.Read(source.Table{Table: "a"}, source.Table{Table: "b"}).Blocks(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range d.Read(source.Table{Table: "a"}).Blocks(ctx) {
		if err == nil {
			t.Error("read on after the end was asked for")
		}
	}
	var names []string
	for b, err := range d.Read(source.Table{Table: "a", Name: "leads"}, source.Table{Table: "b"}).Blocks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(b.Name, b.Rows))
	}
	if !slices.Equal(names, []string{"leads1", "b0"}) {
		t.Error(names)
	}
}
