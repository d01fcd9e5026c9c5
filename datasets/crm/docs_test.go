package crm

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// alternatives writes the headers that a column of a part goes by.
func (p *part) alternatives(column string) string {
	if fixed, ok := constant(column); ok {
		return "“" + fixed + "”"
	}
	var names []string
	for _, n := range append([]string{column}, p.Columns[column]...) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, " / ")
}

// found says where the column of a unit comes from.
func (m *mapping) found(u *unit, column string) string {
	for _, j := range u.Joins {
		for _, take := range j.Take {
			if j.Prefix != "" && plain(j.Prefix+take) == plain(column) {
				return fmt.Sprintf("%s of `%s`", m.part(j.Part).alternatives(take), block(j.Part))
			}
		}
	}
	return m.part(u.Part).alternatives(column)
}

// markdown writes what is declared of a CRM as one table.
func (m *mapping) markdown() string {
	var b strings.Builder
	row := func(left, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", left, strings.ReplaceAll(fmt.Sprintf(format, args...), "|", "\\|"))
	}
	fmt.Fprintf(&b, "\n## %s: `--crm %s`\n\n| Leadcast | comes from |\n|---|---|\n", m.Title, m.Name)
	for i := range m.Units {
		u := &m.Units[i]
		p := m.part(u.Part)
		row(fmt.Sprintf("**leads** of `%s/%s`", m.Name, u.Unit), "`%s`", strings.Join(append([]string{block(u.Part)}, p.Names...), "` or `"))
		for _, role := range roles {
			if column := u.Roles[role]; column != "" {
				row("`"+role+"`", "%s", m.found(u, column))
			}
			if role != "status" {
				continue
			}
			var rules []string
			for _, r := range u.Status {
				says := strings.Join(r.Values, ", ")
				if r.Filled {
					says = "filled"
				}
				rules = append(rules, fmt.Sprintf("%s where %s is %s", r.Means, m.found(u, r.Column), says))
			}
			row("`status`, the first that applies", "%s; else Open", strings.Join(rules, "; "))
		}
		for _, j := range u.Joins {
			what := "its columns"
			if len(j.Take) > 0 {
				what = strings.Join(j.Take, ", ")
			}
			row(fmt.Sprintf("`%s…`", j.Prefix), "%s of `%s`, where %s is %s", what, block(j.Part), m.part(j.Part).alternatives(j.Key), m.found(u, j.On))
		}
		if len(u.Closed) > 0 {
			row("`closed_at`, where it is missing", "the last change of %s", strings.Join(u.Closed, " or "))
		}
		row("left out by `init`", "%s", strings.Join(u.After, ", "))
	}
	for _, h := range m.History {
		p := m.part(h.Part)
		says := "every column that leads have; the rows are versions of the record"
		if !h.Versions {
			says = fmt.Sprintf("field: %s; new: %s", p.alternatives(h.Field), p.alternatives(h.New))
		}
		row("history `"+block(h.Part)+"`", "%s; when: %s", says, p.alternatives(h.At))
	}
	for _, e := range m.Events {
		p := m.part(e.Part)
		row("events `"+block(e.Part)+"`", "kind: %s; when: %s", p.alternatives(e.Kind), p.alternatives(e.At))
	}
	return b.String()
}

// Every name that a mapping uses is one that it declares, and docs/crm.md shows it.
func TestDocs(t *testing.T) {
	const name, mark = "../../docs/crm.md", "<!-- what maps/ declares -->\n"
	var b strings.Builder
	for _, crm := range Names() {
		m, err := load(crm)
		if err != nil {
			t.Fatal(err)
		}
		m.check(t)
		b.WriteString(m.markdown())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, tables, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatal("docs/crm.md has no mark behind which the tables stand")
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(name, []byte(head+mark+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if tables != b.String() {
		t.Error("docs/crm.md is not what is declared: go test ./datasets/crm -args -update")
	}
}

// check looks for parts, units and columns that nothing declares.
func (m *mapping) check(t *testing.T) {
	t.Helper()
	units := map[string]bool{}
	for _, u := range m.Units {
		units[u.Unit] = true
		if m.part(u.Part) == nil {
			t.Fatalf("%s: unit %s is of no part", m.Name, u.Unit)
		}
		for role := range u.Roles {
			if !slices.Contains(roles, role) {
				t.Errorf("%s/%s: %s is no column of leads", m.Name, u.Unit, role)
			}
		}
		for _, j := range u.Joins {
			if m.part(j.Part) == nil {
				t.Errorf("%s/%s joins %s", m.Name, u.Unit, j.Part)
			}
		}
		for _, r := range u.Status {
			if !slices.Contains([]string{"Won", "Lost", "Open"}, r.Means) || r.Filled == (len(r.Values) > 0) {
				t.Errorf("%s/%s: %s means %q", m.Name, u.Unit, r.Column, r.Means)
			}
		}
	}
	of := func(p string, of map[string][]string) {
		if m.part(p) == nil {
			t.Errorf("%s: %q is no part", m.Name, p)
		}
		for unit, ways := range of {
			if !units[unit] {
				t.Errorf("%s: %s leads to %q", m.Name, p, unit)
			}
			for _, way := range ways {
				if _, via, ok := strings.Cut(way, " via "); ok {
					other, columns, ok := strings.Cut(via, ": ")
					if m.part(other) == nil || !ok || !strings.Contains(columns, " -> ") {
						t.Errorf("%s: %s leads on by %q", m.Name, p, via)
					}
				}
			}
		}
	}
	for _, h := range m.History {
		of(h.Part, h.Of)
	}
	for _, e := range m.Events {
		of(e.Part, e.Of)
	}
	names := map[string]bool{}
	for _, p := range m.Parts {
		if names[p.Part] {
			t.Logf("%s: %s stands twice: each with other columns", m.Name, p.Part)
		}
		names[p.Part] = true
	}
}
