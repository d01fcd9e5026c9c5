package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// workFolder is a folder with leads.csv, model.leadcast and a few other files,
// in which the test then runs.
func workFolder(t *testing.T) {
	model := trainTimed(t)
	leads, err := os.ReadFile(filepath.Join("testdata", "dirty", "timed.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	bytes, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "model.leadcast", string(bytes))
	write(t, "leads.csv", string(leads))
	write(t, "deals.csv", "lead_id,price\nL001,5\nL002,6\nL001,7\n")
	write(t, "keys", "# keys\nsecret\n")
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wrong is what people get wrong on the command line, and what they are told.
var wrong = []struct {
	line string
	code int
	says string
}{
	{"nix", 2, "there is no command \"nix\"; `leadcast --help` lists them"},
	{"help nix", 2, "there is no command \"nix\"; `leadcast --help` lists them"},
	{"flags nix", 2, "there is no command \"nix\"; `leadcast --help` lists them"},
	{"datasets nix", 2, "there is no command \"nix\"; `leadcast datasets --help` lists them"},
	{"datasets generate nix", 2, "there is no command \"nix\"; `leadcast datasets generate --help` lists them"},
	{"completion nix", 2, "there is no command \"nix\"; `leadcast completion --help` lists them"},
	{"completion bash nix", 2, `unknown command "nix" for "leadcast completion bash"`},
	{"--nix", 2, "unknown flag: --nix; `leadcast --help` shows the flags"},
	{"train -x", 2, "unknown shorthand flag: 'x' in -x; `leadcast train --help` shows the flags"},
	{"train --nix", 2, "unknown flag: --nix; `leadcast train --help` shows the flags"},
	{"train leads.csv --won", 2, "flag needs an argument: --won; `leadcast train --help` shows the flags"},
	{"train", 2, "leadcast train wants the file of leads; `leadcast train --help` shows examples"},
	{"score model.leadcast", 2, "leadcast score wants a model and the file of leads; `leadcast score --help` shows examples"},
	{"explain model.leadcast", 2, "leadcast explain wants a model and the file of leads; `leadcast explain --help` shows examples"},
	{"explain model.leadcast leads.csv", 2, "--id says which lead to explain"},
	{"explain model.leadcast leads.csv --id nobody", 3, "column \"lead_id\": no lead of the file has this id"},
	{"explain model.leadcast leads.csv --id row:0", 3, "there is no row 0: the file has 100"},
	{"evaluate model.leadcast", 2, "leadcast evaluate wants a model and a file of leads; `leadcast evaluate --help` shows examples"},
	{"inspect", 2, "leadcast inspect wants one model; `leadcast inspect --help` shows examples"},
	{"inspect model.leadcast model.leadcast", 2, "leadcast inspect wants one model; `leadcast inspect --help` shows examples"},
	{"serve", 2, "leadcast serve wants one model; `leadcast serve --help` shows examples"},
	{"datasets generate crm leads.csv", 2, "leadcast datasets generate crm wants no file; `leadcast datasets generate crm --help` shows examples"},
	{"datasets generate crm --leads 5", 2, "--leads wants 100 to 10000000, not 5"},
	{"datasets generate crm --seed -1", 2, "invalid argument \"-1\" for \"--seed\" flag; `leadcast datasets generate crm --help` shows the flags"},

	{"train leads.csv", 2, "no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE"},
	{"train leads.csv --outcome status", 2, `say which values of "status" mean won: --won VALUE`},
	{"train nix.csv --outcome status --won Won", 2, `there is no file "nix.csv"`},
	{"train folder --outcome status --won Won", 3, "folder: there is no table in this folder; files that end in .csv, .tsv, .txt, .jsonl, .ndjson, .parquet (also .gz, .zst) are read"},
	{"train leads.csv --outcome status --won Won --as-of 31.5.2018", 2, `--as-of wants a date such as 2018-05-31 or a time such as 2018-05-31T08:00:00Z, not "31.5.2018"`},
	{"train leads.csv --outcome status --won Won --observed-from soon", 2, `--observed-from wants a date such as 2018-05-31 or a time such as 2018-05-31T08:00:00Z, not "soon"`},
	{"train leads.csv --outcome status --won Won --horizons soon", 2, `--horizons wants a number of days such as 90d, not "soon"`},
	{"train leads.csv --outcome status --won Won --horizons -5d", 2, `--horizons wants a number of days such as 90d, not "-5d"`},
	{"train leads.csv --outcome status --won Won --horizons 30d --main-horizon 45d", 2, "the main horizon of 45 days is not among the horizons [30]"},
	{"train leads.csv --outcome status --won Won --horizons 20y", 2, "horizons are from 1 to 3650 days"},
	{"train leads.csv --outcome status --won Won --silent-after x", 2, `--silent-after wants a number of days such as 90d, not "x"`},
	{"train leads.csv --outcome status --won Won --dates ymd", 2, `--dates wants dmy or mdy, not "ymd"`},
	{"train leads.csv --outcome status --won Won --zone Mars", 2, `--zone wants a name such as Europe/Berlin, not "Mars"`},
	{"train leads.csv --outcome status --won Won --where source", 2, `--where wants COLUMN=VALUE (also != < <= > >= ~), not "source"`},
	{"train leads.csv --outcome status --won Won --kind source=words", 2, `--kind wants COLUMN=number|bool|category|multi|time|text|id, not "source=words"`},
	{"train leads.csv --outcome status --won Won --model forest", 2, `there is no model "forest"; there are [blend base gbm linear…`},
	{"train leads.csv --outcome status --won Won --separator ;;", 2, `--separator wants one character or tab, not ";;"`},
	{"train leads.csv --outcome status --won Won --join deals.csv", 2, `--join wants FILE:KEY, not "deals.csv"`},
	{"train leads.csv --outcome status --won Won --join nix.csv:lead_id", 2, `there is no file "nix.csv"`},
	{"train leads.csv --outcome status --won Won --split nix.csv", 2, `there is no file "nix.csv"`},
	{"train leads.csv --outcome status --won Won -o nix/model", 2, `there is no folder "nix" to write model into`},
	{"train leads.csv --outcome status --won Won -o folder", 2, `--out wants a file: "folder" is a folder`},
	{"train leads.csv --outcome status --won Won -o leads.csv", 2, "--out leads.csv would write over what is read"},
	{"train leads.csv --outcome status --won Won -o -", 2, `--out wants a file, not "-"`},
	{"train leads.csv --outcome status --won Won --config nix.yaml", 2, `there is no file "nix.yaml"`},
	{"train leads.csv --won-if closed_at", 2, `--won-if wants COLUMN:present, not "closed_at"`},
	{"train leads.csv --won-if closed_at:present --outcome status", 2, "--won-if and --outcome name different columns"},

	{"train leads.csv --won-if nix:present", 3, `column "nix": there is no such column; the file has lead_id, created_at, status, closed_at, source`},
	{"train leads.csv --outcome Status --won Won", 3, `column "Status": there is no such column; did you mean "status"?`},
	{"train leads.csv --outcome status --won Win", 3, `column "status": the declared value "Win" never occurs; there are "Won" (60), "Lost" (38), "Open" (2)`},
	{"train leads.csv --outcome status --won Won,Lost --lost Lost", 3, `column "status": the value "Lost" is declared to mean both won and lost`},
	{"train leads.csv --outcome status --won Won --exclude nix", 3, `column "nix": there is no such column; the file has lead_id, created_at, status, closed_at, source`},
	{"train leads.csv --outcome status --won Won --join deals.csv:lead_id", 3, `deals.csv:4: column "lead_id": this key stands at deals.csv:2 already; a joined table has at most one row a key`},
	{"train leads.csv --outcome status --won Won --join deals.csv:id", 3, `deals.csv: column "id": there is no such column, which --join names as the key`},
	{"train leads.csv --outcome status --won Won --split deals.csv", 3, "deals.csv: wants two columns: an id (or row_id, the row's number from 0), and one that says train or test in every row"},
	{"train leads.csv --outcome status --won Won --where source=Fax", 3, "no row is left by --where"},
	{"train leads.csv --outcome status --won Won", 3, "the main horizon of 90 days is not supported: of 100 leads, of which 60 are won, 9 were still open after that long (50 are needed) and 27 were won in its second half (10 are needed); up to 52 days are supported: choose a shorter one with --main-horizon, or wait until about 2019-08-27"},
	{"train leads.csv leads.csv deals.csv --outcome status --won Won", 3, `deals.csv:1: column "price": is not in leads.csv: files that are read together must have the same columns`},

	{"score nix leads.csv", 2, `there is no file "nix"`},
	{"score folder leads.csv", 2, `"folder" is a folder, not a model`},
	{"score leads.csv leads.csv", 3, "leads.csv: not a Leadcast bundle; `leadcast train` writes one"},
	{"score model.leadcast nix.csv", 2, `there is no file "nix.csv"`},
	{"score model.leadcast leads.csv --only won", 2, `--only wants open, not "won"`},
	{"score model.leadcast leads.csv --reasons 11", 2, "--reasons wants 0 to 10, not 11"},
	{"score model.leadcast leads.csv --reasons few", 2, "invalid argument \"few\" for \"--reasons\" flag; `leadcast score --help` shows the flags"},
	{"score model.leadcast leads.csv --as-of never", 2, `--as-of wants a date such as 2018-05-31 or a time such as 2018-05-31T08:00:00Z, not "never"`},
	{"score model.leadcast leads.csv -o nix/scores.csv", 2, `there is no folder "nix" to write scores.csv into`},
	{"score model.leadcast leads.csv -o ./leads.csv", 2, "--out ./leads.csv would write over what is read"},
	{"score model.leadcast leads.csv -o model.leadcast", 2, "--out model.leadcast would write over what is read"},
	{"compare model.leadcast leads.csv", 2, "leadcast compare wants two models and a file of leads; `leadcast compare --help` shows examples"},
	{"compare model.leadcast model.leadcast leads.csv", 3, "the file ends on 2017-05-23, and one of the models knows all until 2017-05-23: give a file that was exported later"},
	{"train leads.csv --outcome status --won Won --rates nix", 2, `there is no file "nix"`},
	{"evaluate nix leads.csv", 2, `there is no file "nix"`},
	{"evaluate model.leadcast leads.csv", 3, "leads.csv: ends on 2017-05-23, and the model knows all until 2017-05-23: give a file that was exported later"},
	{"report model.leadcast", 2, "leadcast report wants a model and the file of leads; `leadcast report --help` shows examples"},
	{"report nix leads.csv", 2, `there is no file "nix"`},
	{"report model.leadcast leads.csv -o ./leads.csv", 2, "--out ./leads.csv would write over what is read"},
	{"report model.leadcast leads.csv -o nix/report.html", 2, `there is no folder "nix" to write report.html into`},
	{"report model.leadcast leads.csv --plots keys", 2, `--plots wants a folder: "keys" is a file`},
	{"report model.leadcast leads.csv --as-of never", 2, `--as-of wants a date such as 2018-05-31 or a time such as 2018-05-31T08:00:00Z, not "never"`},
	{"report model.leadcast leads.csv --as-of 1999-01-01", 3, "no lead is left to report on"},
	{"report model.leadcast deals.csv", 3, `column "status": is not in the file, and a report needs to know what became of the leads`},
	{"inspect leads.csv", 3, "leads.csv: not a Leadcast bundle; `leadcast train` writes one"},
	{"serve nix", 2, `there is no file "nix"`},
	{"serve model.leadcast --addr 8080", 2, `address "8080" is not host:port, such as 127.0.0.1:8080`},
	{"serve model.leadcast --addr 0.0.0.0:8080", 2, `"0.0.0.0:8080" can be reached from other machines: give --api-key-file with the SHA-256 of at least one key, or listen on 127.0.0.1`},
	{"serve model.leadcast --addr :8080", 2, `":8080" can be reached from other machines: give --api-key-file with the SHA-256 of at least one key, or listen on 127.0.0.1`},
	{"serve model.leadcast --api-key-file nix", 2, `there is no file "nix"`},
	{"serve model.leadcast --api-key-file keys", 2, `keys: key file line 2: the first word must be a SHA-256 in 64 hexadecimal digits (printf %s "$KEY" | sha256sum)`},
	{"serve model.leadcast --leads nix.csv", 2, `there is no file "nix.csv"`},
	{"serve model.leadcast --addr 127.0.0.1:99999", 2, "cannot listen on 127.0.0.1:99999: listen tcp: address 99999: invalid port"},
}

func TestWrongInvocations(t *testing.T) {
	workFolder(t)
	for _, w := range wrong {
		a := leadcast(t, "", strings.Fields(w.line)...)
		want := "leadcast: " + w.says + "\n"
		if begin, more := strings.CutSuffix(w.says, "…"); more && strings.HasPrefix(a.stderr, "leadcast: "+begin) {
			want = a.stderr // a list that grows
		}
		if a.code != w.code || a.stderr != want || a.stdout != "" {
			t.Errorf("leadcast %s\n got exit %d, %s%s\nwant exit %d, %s", w.line, a.code, a.stderr, a.stdout, w.code, want)
		}
	}
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files, " "); got != "deals.csv folder keys leads.csv model.leadcast" {
		t.Errorf("files that nobody asked for: %s", got)
	}
}

// config is leadcast.yaml as people write it, and what they are told.
var config = []struct {
	name, text string
	line       string
	code       int
	says       string
}{
	{"unknown key", "outcome: status\nwonn: Won\n", "train leads.csv", 2, "leadcast.yaml:2: there is no flag \"wonn\"; `leadcast flags` lists what may stand here"},
	{"unknown key under a command", "outcome: status\ntrain:\n  wonn: Won\n", "train leads.csv", 2, "leadcast.yaml:3: there is no flag \"wonn\"; `leadcast flags` lists what may stand here"},
	{"a flag under a command that lacks it", "score:\n  won: Won\n", "train leads.csv", 2, "leadcast.yaml:2: there is no flag \"won\"; `leadcast flags` lists what may stand here"},
	{"unknown command", "guess:\n  won: Won\n", "train leads.csv", 2, `leadcast.yaml:1: there is no command "guess" to set flags of`},
	{"a list where one value is wanted", "outcome: [status, stage]\n", "train leads.csv", 2, "leadcast.yaml:1: outcome: wants one value"},
	{"no value", "won:\noutcome: status\n", "train leads.csv", 2, "leadcast.yaml:1: won: wants one value"},
	{"not a number", "max-errors: many\n", "train leads.csv", 2, `leadcast.yaml:1: max-errors: "many" is not what the flag takes`},
	{"a list and no mapping", "- won\n", "train leads.csv", 2, "leadcast.yaml:1: wants lines of the form `flag: value`"},
	{"the flag's own check", "outcome: status\nwon: Won\ndates: ymd\n", "train leads.csv", 2, `--dates wants dmy or mdy, not "ymd"`},
	{"flags win", "outcome: nix\nwon: Won\n", "train leads.csv --outcome status --won Win", 3, `column "status": the declared value "Win" never occurs; there are "Won" (60), "Lost" (38), "Open" (2)`},
	{"a list with a comma in a value", "outcome: status\nwon: [Won, 'Closed, won']\n", "train leads.csv", 3, `column "status": the declared value "Closed, won" never occurs; there are "Won" (60), "Lost" (38), "Open" (2)`},
	{"several conditions", "outcome: status\nwon: Won\nwhere:\n  - source=Web\n  - status=Nix\n", "train leads.csv", 3, "no row is left by --where"},
	{"numbers and dates as they are", "outcome: status\nwon: 1\nas-of: 2017-05-01\n", "train leads.csv", 3, `column "status": the declared value "1" never occurs; there are "Won" (60), "Lost" (38), "Open" (2)`},
	{"for another command", "addr: 127.0.0.1:1\nscore:\n  reasons: 5\n", "train leads.csv", 2, "no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE"},
	{"a command's own word wins over the common one", "outcome: status\nwon: Win\ntrain:\n  won: Wonne\n", "train leads.csv", 3, `column "status": the declared value "Wonne" never occurs; there are "Won" (60), "Lost" (38), "Open" (2)`},
}

func TestConfig(t *testing.T) {
	workFolder(t)
	for _, c := range config {
		write(t, "leadcast.yaml", c.text)
		a := leadcast(t, "", strings.Fields(c.line)...)
		if want := "leadcast: " + c.says + "\n"; a.code != c.code || a.stderr != want {
			t.Errorf("%s: got exit %d, %swant exit %d, %s", c.name, a.code, a.stderr, c.code, want)
		}
	}
	for name, text := range map[string]string{"broken": "won: [Won\n", "twice": "won: Won\nwon: Lost\n"} {
		write(t, "leadcast.yaml", text)
		if a := leadcast(t, "", "train", "leads.csv"); a.code != exitUsage || !strings.HasPrefix(a.stderr, "leadcast: leadcast.yaml:") {
			t.Errorf("%s: exit %d, %s", name, a.code, a.stderr)
		}
	}
}

// Every flag of every command can stand in the file, as it can on the line.
func TestConfigTakesEveryFlag(t *testing.T) {
	root := (&program{}).root()
	var visit func(c *cobra.Command)
	seen := 0
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			visit(sub)
		}
		for _, f := range every(c.LocalFlags().VisitAll) {
			if f.Name == "help" || f.Name == "config" || c.HasParent() && c.Parent().Name() == "completion" {
				continue
			}
			value := map[string]string{"int": "7", "uint64": "7", "bool": "true", "duration": "7s"}[f.Value.Type()]
			if value == "" {
				value = "seven"
			}
			if strings.HasPrefix(f.Value.Type(), "stringS") || f.Value.Type() == "stringArray" {
				value = "[seven, 'e,ight']"
			}
			name := filepath.Join(t.TempDir(), "flags.yaml")
			write(t, name, fmt.Sprintf("%s: %s\n", f.Name, value))
			p := &program{config: name}
			if err := p.applyConfig(c); err != nil {
				t.Errorf("%s --%s: %v", c.CommandPath(), f.Name, err)
			}
			want := map[string]string{"seven": "seven", "7": "7", "7s": "7s", "true": "true"}[value]
			if want == "" {
				want = `[seven,"e,ight"]`
			}
			if got := f.Value.String(); got != want {
				t.Errorf("%s --%s: got %s, want %s", c.CommandPath(), f.Name, got, want)
			}
			seen++
		}
	}
	visit(root)
	if seen < 50 {
		t.Errorf("only %d flags", seen)
	}
}

// --help shows at most a dozen flags and an example; `flags` lists them all.
func TestHelp(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			visit(sub)
		}
		if c.Name() == "help" || c.Name() == "completion" || c.HasParent() && c.Parent().Name() == "completion" {
			return
		}
		path := strings.Fields(c.CommandPath())[1:]
		help := must(t, append(path, "--help")...).stdout
		shown := 0
		_, flags, _ := strings.Cut(help, "\nFlags:\n")
		for line := range strings.Lines(flags) {
			if strings.HasPrefix(strings.TrimSpace(line), "-") {
				shown++
			}
		}
		if shown > 12 {
			t.Errorf("%s --help shows %d flags", c.CommandPath(), shown)
		}
		if len(c.Commands()) == 0 && !strings.Contains(help, "Examples:") {
			t.Errorf("%s --help has no example", c.CommandPath())
		}
		all := must(t, append([]string{"flags"}, path...)...).stdout
		for _, f := range every(c.LocalFlags().VisitAll) {
			if f.Name != "help" && !strings.Contains(all, "--"+f.Name+" ") {
				t.Errorf("leadcast flags %v lacks --%s", path, f.Name)
			}
		}
	}
	visit((&program{}).root())
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if a := must(t, "completion", shell); !strings.Contains(a.stdout, "leadcast") {
			t.Errorf("no completion for %s", shell)
		}
	}
	if a := must(t, "--version"); !strings.HasPrefix(a.stdout, "leadcast version ") {
		t.Errorf("version: %s", a.stdout)
	}
	var flags []map[string]string
	if err := json.Unmarshal([]byte(must(t, "flags", "--json").stdout), &flags); err != nil || len(flags) < 50 {
		t.Errorf("flags --json: %v, %d flags", err, len(flags))
	}
}

func TestBusyPort(t *testing.T) {
	workFolder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := leadcast(t, "", "serve", "model.leadcast", "--addr", l.Addr().String())
	if want := fmt.Sprintf("leadcast: %s is in use by another program: choose another with --addr\n", l.Addr()); a.code != exitUsage || a.stderr != want {
		t.Errorf("exit %d, %s", a.code, a.stderr)
	}
}
