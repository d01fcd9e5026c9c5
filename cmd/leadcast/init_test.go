package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// trainCommandWith is `leadcast train` with these flags or this configuration,
// up to its plan.
func trainCommandWith(t *testing.T, config string, args ...string) *training {
	t.Helper()
	var tr training
	p := &program{config: config}
	root, c := &cobra.Command{Use: "leadcast"}, &cobra.Command{Use: "train"}
	root.AddCommand(c)
	tr.flags(c)
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if config != "" {
		if err := p.applyConfig(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.settle(); err != nil {
		t.Fatal(err)
	}
	if tr.files == nil {
		tr.files = c.Flags().Args()
	}
	return &tr
}

// accepts fails where training would refuse the files: it is stopped only when
// the work of learning begins.
func accepts(t *testing.T, tr *training) {
	t.Helper()
	table, _, err := tr.read(t.Context(), &program{}, tr.files)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := train.Run(ctx, table, tr.plan, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("train refuses what init wrote: %v", err)
	}
}

// drafts are the invented exports of testdata/init.
var drafts = []struct {
	name, files string
	roles       datasets.Roles
	contract    datasets.Contract
}{
	{"salesforce", "salesforce.csv", datasets.Roles{ID: "Opportunity ID", Created: "Created Date", Closed: "Close Date", Outcome: "Stage", Amount: "Amount", Account: "Account Name", Owner: "Opportunity Owner"},
		datasets.Contract{Won: []string{"Closed Won"}, Lost: []string{"Closed Lost"}}},
	{"hubspot", "hubspot.csv", datasets.Roles{ID: "Record ID", Created: "Create Date", Closed: "Close Date", Outcome: "Deal Stage", Amount: "Amount", Owner: "Deal owner"},
		datasets.Contract{Won: []string{"closedwon"}, Lost: []string{"closedlost"}}},
	{"german", "german.csv", datasets.Roles{ID: "Lead-Nr", Created: "Erstellt am", Closed: "Abgeschlossen am", Outcome: "Status", Amount: "Angebotswert"},
		datasets.Contract{Won: []string{"Gewonnen"}, Lost: []string{"Verloren", "Archiv"}}},
	{"flat", "flat.csv", datasets.Roles{ID: "customer_id", Outcome: "subscribed"}, datasets.Contract{Won: []string{"yes"}}},
	{"joined", "deals.csv leads.csv", datasets.Roles{ID: "lead_id", Created: "created_at", Closed: "won_date", Outcome: "won_date"}, datasets.Contract{WonPresent: true}},
}

// TestInit compares what init writes and prints with testdata/init, and gives
// it to train through the reader of the configuration.
func TestInit(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "init"))
	for _, d := range drafts {
		t.Run(d.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "leadcast.yaml")
			a := must(t, append([]string{"init", "-o", file}, strings.Fields(d.files)...)...)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, d.name+".yaml", string(text))
			golden(t, d.name+".txt", strings.ReplaceAll(a.stdout, file, "my.yaml"))
			tr := trainCommandWith(t, file)
			if diff := cmp.Diff(d.roles, tr.plan.Roles); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(d.contract, tr.plan.Contract); diff != "" {
				t.Error(diff)
			}
			accepts(t, tr)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}

// What init writes into a folder, train takes there without a word more.
func TestInitThenTrain(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "init", "flat.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "flat.csv", string(text))
	must(t, "init", "flat.csv")
	if a := must(t, "train"); !strings.Contains(a.stdout, "400 leads: 61 won, 339 lost, 0 open") || !strings.Contains(a.stdout, "Written: model.leadcast") {
		t.Errorf("train prints\n%s", a.stdout)
	}
	if a := leadcast(t, "", "train", "nix.csv"); a.stderr != "leadcast: there is no file \"nix.csv\"\n" {
		t.Errorf("the files of the command line count first: %s", a.stderr)
	}
	if a := leadcast(t, "", "init", "flat.csv"); a.code != exitUsage || !strings.Contains(a.stderr, "leadcast.yaml is there already: --force writes over it") {
		t.Errorf("exit %d, %s", a.code, a.stderr)
	}
	write(t, "leadcast.yaml", "outcome: [broken\n")
	must(t, "init", "flat.csv", "--force")
	must(t, "inspect", "model.leadcast") // the file is one that other commands can read past
}

// Ambiguous dates are a question; until it is answered train asks it too.
func TestInitAsks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "init", "ambiguous.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "ambiguous.csv", string(text))
	a := must(t, "init", "ambiguous.csv")
	for _, want := range []string{"does 1/2/2006 mean 1 February (dmy) or January 2 (mdy)?", "mdy is likelier: with the day first 37 leads would be closed before they were created, with the month first 0", "choose the order of the dates in leadcast.yaml, then leadcast train"} {
		if !strings.Contains(a.stdout, want) {
			t.Errorf("init does not print %q:\n%s", want, a.stdout)
		}
	}
	if a := leadcast(t, "", "train"); a.code != exitData || !strings.Contains(a.stderr, "say --dates dmy or --dates mdy") {
		t.Errorf("exit %d, %s", a.code, a.stderr)
	}
	file, err := os.ReadFile("leadcast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "leadcast.yaml", strings.Replace(string(file), "# dates: mdy", "dates: mdy", 1))
	tr := trainCommandWith(t, "leadcast.yaml")
	if tr.plan.Dates != "mdy" {
		t.Errorf("dates %q", tr.plan.Dates)
	}
	accepts(t, tr)
}

// Every commented setting can be taken by removing its "# ".
func TestInitComments(t *testing.T) {
	for _, d := range drafts {
		text, err := os.ReadFile(filepath.Join("testdata", "init", d.name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for i, l := range lines {
			indent := l[:len(l)-len(strings.TrimLeft(l, " "))]
			rest, commented := strings.CutPrefix(l[len(indent):], "# ")
			if !commented || !setting(rest) {
				continue
			}
			taken := slices.Clone(lines)
			taken[i] = indent + rest
			key, _, _ := strings.Cut(rest, ":")
			for k := range taken { // a key stands once
				if k != i && strings.HasPrefix(strings.TrimSpace(taken[k]), key+":") {
					taken[k] = ""
				}
			}
			var v map[string]any
			if err := yaml.Unmarshal([]byte(strings.Join(taken, "\n")), &v); err != nil {
				t.Errorf("%s.yaml:%d: %v", d.name, i+1, err)
			}
		}
	}
}

// setting reports whether a comment is a setting, by its first word.
func setting(s string) bool {
	for _, section := range sections {
		for _, key := range section.keys {
			if strings.HasPrefix(s, key+": ") {
				return true
			}
		}
	}
	return strings.HasPrefix(s, "  - ")
}

func TestInitErrors(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "init"))
	for _, c := range []struct {
		line string
		code int
		says string
	}{
		{"init", 2, "leadcast init wants the file of leads; `leadcast init --help` shows examples"},
		{"init -", 2, "init wants files, not standard input: leadcast train is to read them again"},
		{"init nix.csv", 2, `there is no file "nix.csv"`},
		{"init flat.csv -o flat.csv", 2, "--out flat.csv would write over what is read"},
		{"init nothing.csv", 3, `no column says what became of a lead, as a status (Won, Lost, Open …), a yes or no, or a day of winning would. Columns of two values are "source", "vip"; if one of them is it, say --outcome COLUMN`},
		{"init nothing.csv --outcome source", 3, `column "source": none of its values says that a lead was won; there are "Fair" (24), 1 rarer (16 leads). Say which means won: leadcast train FILE --outcome "source" --won VALUE`},
		{"init nothing.csv --outcome vipp", 3, `column "vipp": there is no such column`},
		{"init nothing.csv --outcome lead_id", 3, `column "lead_id": cannot be the outcome: it has too many values, or is filled in every row or none`},
		{"init leads.csv", 3, "no column says what became of a lead, as a status (Won, Lost, Open …), a yes or no, or a day of winning would. If it is in another file, give that too: leadcast init leads.csv deals.csv; if a column has it under another name, say --outcome COLUMN"},
	} {
		args := strings.Fields(c.line)
		if !slices.Contains(args, "-o") && len(args) > 1 {
			args = append(args, "-o", filepath.Join(t.TempDir(), "leadcast.yaml"))
		}
		a := leadcast(t, "", args...)
		if want := "leadcast: " + c.says + "\n"; a.code != c.code || a.stderr != want {
			t.Errorf("%s: got exit %d, %swant exit %d, %s", c.line, a.code, a.stderr, c.code, want)
		}
	}
}

func TestInitJSON(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "init"))
	var got struct {
		Files    []string
		Leads    map[string]int
		Settings []datasets.Guess
	}
	a := must(t, "init", "nothing.csv", "--outcome", "vip", "-o", "-", "--json")
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Files, []string{"nothing.csv"}) || got.Leads["leads"] != 40 {
		t.Errorf("%+v", got)
	}
	for _, key := range []string{"files", "outcome", "won", "order-by", "id"} {
		if !slices.ContainsFunc(got.Settings, func(g datasets.Guess) bool { return g.Key == key && g.Taken && len(g.Values) == 1 }) {
			t.Errorf("no %s in %+v", key, got.Settings)
		}
	}
}

// hostile are texts that trip writers of YAML.
var hostile = []string{"", " ", "a: b", "#x", "a #b", "- x", "-", "?", "'", `"`, "it's", `"q"`, "[a]", "{a}", "&a", "*a", "!a", "%a", "@a", "`a`", "|", ">", "a,b", `a,"b`, "~", "null", "True", "NO", "1", "1.0", "0x1F", "1e3",
	"2018-01-01", "\n", "a\nb", "a\r\nb", "\t", "tab\there", "\u0085", "\u2028", "\ufeff", "\x00", "\x1b[31m", "名前", "Ünïcode", "🙂", "a\\n", "...", "---", "trailing ", " leading", "<<", "=", "y", "on", "a=b", "a:present"}

// Whatever columns are called and files hold, the strict reader of train takes
// back what init wrote.
func TestDraftIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flags.yaml")
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(1, 12, -1))
		name := text.Filter(func(s string) bool { return s != "" })
		list := rapid.SliceOfN(name, 1, 4).Draw(r, "list")
		d := &draft{files: list, Proposal: &train.Proposal{Proposal: &datasets.Proposal{}, Problem: text.Draw(r, "problem"), Notes: []string{text.Draw(r, "note")}}}
		id, outcome, won, excluded := name.Draw(r, "id"), name.Draw(r, "outcome"), name.Draw(r, "won"), rapid.SliceOfN(name, 1, 3).Draw(r, "exclude")
		d.Add("id", rapid.Bool().Draw(r, "sure"), true, text.Draw(r, "why"), id)
		d.Add("outcome", true, true, text.Draw(r, "why"), outcome)
		d.Add("outcome", false, false, text.Draw(r, "why"), won)
		d.Add("won", true, true, "", won, won)
		for _, x := range excluded {
			d.Add("exclude", true, true, text.Draw(r, "why"), x)
			d.Add("exclude", false, false, text.Draw(r, "why"), x)
		}
		d.joins = []datasets.Guess{{Key: "join", Values: []string{won + ":key"}, Taken: true}}
		if err := os.WriteFile(file, d.yaml(), 0o600); err != nil {
			r.Fatal(err)
		}
		var tr training
		root, c := &cobra.Command{Use: "leadcast"}, &cobra.Command{Use: "train"}
		root.AddCommand(c)
		tr.flags(c)
		if err := (&program{config: file}).applyConfig(c); err != nil {
			r.Fatalf("%v in\n%s", err, d.yaml())
		}
		got := []any{tr.files, tr.plan.Roles.ID, tr.plan.Roles.Outcome, tr.won, tr.plan.Exclude, tr.joins}
		want := []any{list, id, outcome, []string{won, won}, excluded, []string{won + ":key"}}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatalf("%s in\n%s", diff, d.yaml())
		}
	})
}

// FuzzScalar: every text is read back as it was.
func FuzzScalar(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		for _, text := range []string{fmt.Sprintf("k: %s  # x\n", scalar(s)), fmt.Sprintf("k: [%s]\n", scalar(s)), fmt.Sprintf("k:\n  - %s  # x\n", scalar(s))} {
			var v struct{ K any }
			if err := yaml.Unmarshal([]byte(text), &v); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if list, ok := v.K.([]any); ok {
				v.K = list[0]
			}
			if fmt.Sprint(v.K) != s {
				t.Fatalf("%q is read as %q", s, fmt.Sprint(v.K))
			}
		}
	})
}
