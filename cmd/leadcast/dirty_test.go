package main

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/leadcast/leadcast/train/bundle"
)

var update = flag.Bool("update", false, "write testdata/expected.txt anew, to be read before it is kept")

// TestDirtyFiles runs every command of testdata/expected.txt on the files of
// testdata/dirty and compares all that it says with what is written there.
func TestDirtyFiles(t *testing.T) {
	expected := filepath.Join("testdata", "expected.txt")
	text, err := os.ReadFile(expected)
	if err != nil {
		t.Fatal(err)
	}
	model := trainTimed(t)
	list, err := filepath.Abs(expected)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join("testdata", "dirty"))
	cases := strings.Split(strings.TrimPrefix(string(text), "$ leadcast "), "\n$ leadcast ")
	var written strings.Builder
	named := map[string]bool{}
	for _, c := range cases {
		line, want, _ := strings.Cut(c, "\n")
		got := dirty(t, model, strings.Fields(line), named)
		if got != strings.TrimSuffix(want, "\n")+"\n" && !*update {
			t.Errorf("leadcast %s\n--- got\n%s--- want\n%s", line, got, want)
		}
		fmt.Fprintf(&written, "$ leadcast %s\n%s\n", line, got)
	}
	if *update {
		if err := os.WriteFile(list, []byte(strings.TrimSuffix(written.String(), "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !named[f.Name()] {
			t.Errorf("no command reads %s", f.Name())
		}
	}
	if len(cases) < 100 {
		t.Errorf("only %d files", len(cases))
	}
}

// trainTimed trains the model that files are scored with.
func trainTimed(t *testing.T) string {
	model := filepath.Join(t.TempDir(), "timed.leadcast")
	must(t, "train", filepath.Join("testdata", "dirty", "timed.csv"), "--outcome", "status", "--won", "Won", "--lost", "Lost", "--horizons", "30d", "-o", model)
	return model
}

// dirty runs one command and writes down all that a reader of its files would
// need to know that nothing was misread.
func dirty(t *testing.T, model string, args []string, named map[string]bool) string {
	if args[0] == "score" {
		named[args[2]] = true
		args[1] = model
		a := leadcast(t, "", args...)
		return fmt.Sprintf("exit %d\n%s%s", a.code, a.stderr, scored(t, a))
	}
	named[args[1]] = true
	out := filepath.Join(t.TempDir(), "model.leadcast")
	a := leadcast(t, "", append(args, "--model", "base", "--json", "-o", out)...)
	if _, err := os.Stat(out); (err == nil) != (a.code == exitOK) {
		t.Errorf("leadcast %v: exit %d and a model written: %v", args, a.code, err == nil)
	}
	if a.code != exitOK {
		return fmt.Sprintf("exit %d\n%s%s", a.code, a.stderr, a.stdout)
	}
	return "exit 0\n" + a.stderr + learned(t, a.stdout)
}

// learned tells how a table was read, from the report of a training run.
func learned(t *testing.T, report string) string {
	var r struct {
		Counts   map[string]int
		Notes    []string
		Manifest struct {
			AsOf   string `json:"as_of"`
			Schema struct {
				Fields []struct{ Name, Kind, Layout, Decimal, Unit string }
			}
			Withheld []bundle.Withheld
		}
	}
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d leads: %d won, %d lost, %d open", r.Counts["leads"], r.Counts["won"], r.Counts["lost"], r.Counts["open"])
	if r.Manifest.AsOf != "" {
		fmt.Fprintf(&b, " at %s", r.Manifest.AsOf)
	}
	b.WriteByte('\n')
	for i, f := range r.Manifest.Schema.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(printable(f.Name) + " " + f.Kind)
		if f.Kind == "time" {
			b.WriteString(" " + f.Layout)
		}
		if f.Decimal+f.Unit != "" {
			b.WriteString(" " + f.Decimal + f.Unit)
		}
	}
	b.WriteByte('\n')
	for _, n := range r.Notes {
		b.WriteString("· " + printable(n) + "\n")
	}
	for _, w := range r.Manifest.Withheld {
		b.WriteString("withheld " + printable(w.Column+": "+w.Reason) + "\n")
	}
	return b.String()
}

// scored gives the id, whether there is a forecast, and the warnings of every row.
func scored(t *testing.T, a answer) string {
	if a.code != exitOK {
		return a.stdout
	}
	rows, err := csv.NewReader(strings.NewReader(a.stdout)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	var b strings.Builder
	for _, r := range rows[1:] {
		forecast := "no forecast"
		if r[at["p_win"]] != "" {
			forecast = "forecast"
		}
		b.WriteString(printable(fmt.Sprintf("%s: %s; %s\n", r[at["lead_id"]], forecast, r[at["warnings"]])))
	}
	return b.String()
}

// Files that are too large to lie in testdata.
func TestLargeDirtyFiles(t *testing.T) {
	tidy, err := os.ReadFile(filepath.Join("testdata", "dirty", "crlf.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(tidy), "\r", "")), "\n")
	with := func(name string, cell func(row int) string) string {
		var b strings.Builder
		for i, line := range lines {
			b.WriteString(line + ",")
			if i == 0 {
				b.WriteString(name + "\n")
			} else {
				b.WriteString(cell(i) + "\n")
			}
		}
		return b.String()
	}
	wide := func(n int) string {
		var names, numbers strings.Builder
		for k := range n {
			fmt.Fprintf(&names, ",c%d", k)
			fmt.Fprintf(&numbers, ",%d", k%7)
		}
		return with(names.String()[1:], func(int) string { return numbers.String()[1:] })
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, says string
		code             int
	}{
		{"wide.csv", wide(2000), "", exitOK},
		{"wider.csv", wide(10_000), "leadcast: wider.csv:1: more than 10,000 columns: is this a table with one lead a line?\n", exitData},
		{"long.csv", with("note", func(i int) string { return strings.Repeat("a", 10<<20*(i/20%2)) }), "leadcast: long.csv:21: a cell is longer than 1 MiB: is a quote before it never closed?\n", exitData},
		{"packed.csv.zst", string(z.EncodeAll([]byte(with("note", func(int) string { return "x" })), nil)), "", exitOK},
		{"no-end.csv", strings.Join(lines, "\n"), "", exitOK},
		{"many-values.csv", with("interests", func(i int) string { return strings.Repeat(fmt.Sprintf("v%d;", i), 5000) }), "", exitOK},
		{"deep-text.csv", with("message", func(i int) string { return strings.Repeat("word ", 20_000) }), "", exitOK},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, c.name), c.text)
		a := leadcast(t, "", "train", filepath.Join(dir, c.name), "--outcome", "status", "--won", "Won", "--lost", "Lost", "--model", "base", "-o", filepath.Join(dir, "m"))
		if a.code != c.code || a.stderr != c.says {
			t.Errorf("%s: exit %d, %swant exit %d, %s", c.name, a.code, a.stderr, c.code, c.says)
		}
		if c.code == exitOK && !strings.HasPrefix(a.stdout, "40 leads: 23 won, 17 lost, 0 open\n") {
			t.Errorf("%s: %s", c.name, a.stdout)
		}
	}
}
