package crm_test

import (
	"context"
	encoding "encoding/csv"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rows is a source of one table, in blocks of two rows.
type rows struct {
	name  string
	cells [][]string
}

func (r rows) Blocks(context.Context) iter.Seq2[datasets.Block, error] {
	return func(yield func(datasets.Block, error) bool) {
		for at := 1; at == 1 || at < len(r.cells); at += 2 {
			part := r.cells[at:min(at+2, len(r.cells))]
			t := &datasets.Table{Rows: len(part)}
			for k, name := range r.cells[0] {
				c := &datasets.Column{Name: name}
				for _, row := range part {
					c.Texts.Append(row[k])
				}
				t.Columns = append(t.Columns, c)
			}
			if !yield(datasets.Block{Name: r.name, Table: t}, nil) {
				return
			}
		}
	}
}

// folder reads the fixture of a CRM.
func folder(t *testing.T, name string) (tables []crm.Table) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", name, "*.csv"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixture", name, err)
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := encoding.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(p, err)
		}
		f.Close()
		tables = append(tables, table(strings.TrimSuffix(filepath.Base(p), ".csv"), cells...))
	}
	return tables
}

func table(name string, cells ...[]string) crm.Table {
	return crm.Table{Name: name, Columns: cells[0], Source: func([]string) datasets.Source { return rows{name, cells} }}
}

// told writes a company as text: what is found, and every table of it.
func told(t *testing.T, c *crm.Company) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", c.Name())
	for _, m := range c.Matches() {
		fmt.Fprintf(&b, "%s: %s\n", m.Part, m.Table)
	}
	last := ""
	var leads *datasets.Table
	for block, err := range c.Blocks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if block.Name != last {
			fmt.Fprintf(&b, "\n## %s\n%s\n", block.Name, strings.Join(block.Names(), ","))
			last = block.Name
		}
		if block.Name == "leads" {
			leads = block.Table
		} else {
			shape(t, block)
		}
		for i := range block.Rows {
			var cells []string
			for _, col := range block.Columns {
				switch {
				case col.Missing(i):
					cells = append(cells, "")
				case col.Kind == datasets.Time:
					cells = append(cells, datasets.FormatTime(col.Times[i]))
				case col.Nums != nil:
					cells = append(cells, fmt.Sprint(col.Nums[i]))
				default:
					cells = append(cells, col.Texts.At(i))
				}
			}
			fmt.Fprintln(&b, strings.Join(cells, ","))
		}
	}
	fmt.Fprintf(&b, "\n## after the outcome\n%s\n", strings.Join(c.Exclude(leads), ", "))
	for _, n := range c.Notes() {
		fmt.Fprintf(&b, "· %s\n", n.Message)
	}
	return b.String()
}

// shape holds a block against what docs/design.md promises of it.
func shape(t *testing.T, b datasets.Block) {
	t.Helper()
	at, known, lead := b.Column("happened_at"), b.Column("known_at"), b.Column("lead_id")
	history := b.Column("field") != nil
	if at == nil || known == nil || lead == nil || at.Kind != datasets.Time || known.Kind != datasets.Time || lead.Kind != datasets.ID || history == (b.Column("kind") != nil) || history && b.Column("new") == nil {
		t.Fatalf("%s has columns %v", b.Name, b.Names())
	}
	for i := range b.Rows {
		if at.Times[i] == datasets.NoTime || known.Times[i] < at.Times[i] || lead.Missing(i) {
			t.Errorf("%s: row %d happened %d, known %d", b.Name, i, at.Times[i], known.Times[i])
		}
	}
}

// Every CRM has a fixture, and what becomes of it is written down.
func TestFixtures(t *testing.T) {
	for _, name := range crm.Names() {
		t.Run(name, func(t *testing.T) {
			all, err := crm.Find(name, folder(t, name))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, c := range all {
				b.WriteString(told(t, c) + "\n")
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The same company under the names of another replica gives the same tables.
func TestNamesOfReplicas(t *testing.T) {
	tables := folder(t, "salesforce")
	all, err := crm.Find("salesforce/opportunity", tables)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for b, err := range all[0].Blocks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(b.Name, b.Rows))
	}
	snake := func(s string) string {
		var b strings.Builder
		for i, r := range strings.ReplaceAll(s, "__c", "_c") {
			if i > 0 && r >= 'A' && r <= 'Z' {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		}
		return strings.ToLower(b.String())
	}
	var renamed []crm.Table
	for _, t := range tables {
		cells := [][]string{{}}
		for _, c := range t.Columns {
			cells[0] = append(cells[0], snake(c))
		}
		renamed = append(renamed, table("stg_sf_"+snake(t.Name)+"_data_2024", append(cells, t.Source(nil).(rows).cells[1:]...)...))
	}
	slices.Reverse(renamed)
	if all, err = crm.Find("salesforce/opportunity", renamed); err != nil {
		t.Fatal(err)
	}
	for b, err := range all[0].Blocks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(b.Name, b.Rows))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What lies beside the leads is all that the blocks hold, the histories in one.
func TestBeside(t *testing.T) {
	for _, name := range crm.Names() {
		all, err := crm.Find(name, folder(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			want := map[string]int{}
			for b, err := range c.Blocks(t.Context()) {
				switch {
				case err != nil:
					t.Fatal(err)
				case b.Rows > 0 && b.Column("field") != nil:
					want["history"] += b.Rows
				case b.Rows > 0 && b.Name != "leads":
					want[b.Name] += b.Rows
				}
			}
			tables, err := c.Beside(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for name, table := range tables {
				got[name] = table.Rows
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
				t.Errorf("%s: %s", c.Name(), diff)
			}
		}
	}
}

func TestFindRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"siebel": "there is no CRM \"siebel\"; there is dynamics, hubspot", "hubspot/ticket": "a lead is one of deal, contact, not \"ticket\"", "pardot": "none of the 1 tables is the one of Pardot",
	} {
		_, err := crm.Find(name, []crm.Table{table("deals", []string{"id", "createdate"})})
		var e *datasets.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func Example() {
	deals := table("deals", []string{"Record ID", "Create Date", "Deal Stage", "Amount"},
		[]string{"1", "2024-01-02", "Closed Won", "100"}, []string{"2", "2024-01-03", "Offer", "50"})
	all, err := crm.Find("hubspot", []crm.Table{deals})
	if err != nil {
		panic(err)
	}
	leads, err := all[0].Leads(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(all[0].Name(), leads.Names())
	fmt.Println(leads.Column("status").Texts.At(0), leads.Column("status").Texts.At(1))
	// Output:
	// hubspot/deal [lead_id created_at status amount Deal Stage]
	// Won Open
}
