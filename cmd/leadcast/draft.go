package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
	"github.com/leadcast/leadcast/train"
)

// draft is leadcast.yaml as `leadcast init` proposes it.
type draft struct {
	*train.Proposal
	files     []string
	joins     []datasets.Guess
	unused    []string // files that could not be joined, and why
	notes     []string // on how the files were read
	separator string
	maxErrors int
	company   *crm.Company // nil where the files are tables of leads
}

// sections are the parts of the file: keys that any command may use stand at
// the top, those that mean something else to another command under train.
var sections = []struct {
	title string
	keys  []string
	train bool
}{
	{"How files are read", []string{"separator", "max-errors", "join", "dates"}, false},
	{"What became of a lead", []string{"outcome", "won", "won-if", "lost"}, false},
	{"When", []string{"created", "closed", "duration", "order-by", "observed-from"}, false},
	{"Whose lead, and what it is worth", []string{"account", "owner", "campaign", "amount"}, false},
	{"The leads", []string{"crm", "files", "id"}, true},
	{"How far ahead", []string{"horizons", "main-horizon"}, true},
	{"Columns not to use, since they would tell the outcome instead of forecasting it", []string{"exclude"}, true},
}

// all is every setting, in the order of the file.
func (d *draft) all() []datasets.Guess {
	guess := func(key, why string, values ...string) datasets.Guess {
		return datasets.Guess{Key: key, Values: values, Why: why, Sure: true, Taken: true}
	}
	list := []datasets.Guess{guess("files", "", d.files...)}
	if d.separator != "" {
		list = append(list, guess("separator", "as told", d.separator))
	}
	if d.maxErrors != 0 {
		list = append(list, guess("max-errors", "as told", strconv.Itoa(d.maxErrors)))
	}
	list = append(list, d.joins...)
	if d.Proposal != nil {
		list = append(list, d.Settings...)
	}
	place := func(key string) int {
		at := 0
		for _, s := range sections {
			if k := slices.Index(s.keys, key); k >= 0 {
				return at + k
			}
			at += len(s.keys)
		}
		return at
	}
	slices.SortStableFunc(list, func(a, b datasets.Guess) int { return place(a.Key) - place(b.Key) })
	return list
}

// lists are the keys that take several values.
var lists = []string{"files", "join", "won", "lost", "horizons", "exclude"}

// yaml writes the file. Guesses that are not taken are comments, so that the
// file is as it is what training is to take.
func (d *draft) yaml() []byte {
	var b bytes.Buffer
	names := make([]string, len(d.files))
	for i, f := range d.files {
		names[i] = filepath.Base(f)
	}
	fmt.Fprintf(&b, "# What `leadcast init` guessed of %s. `leadcast train` takes this file as it is.\n", remark(strings.Join(names, ", ")))
	b.WriteString("# Behind each setting stands why. A line that begins with # is not taken: remove its \"# \" to take it.\n")
	b.WriteString("# (?) marks what is not sure. `leadcast flags train` lists all that may stand here.\n")
	if n := d.Leads; n != nil {
		fmt.Fprintf(&b, "# %d leads: %d won, %d lost, %d open", n["leads"], n["won"], n["lost"], n["open"])
		if d.Today != "" {
			fmt.Fprintf(&b, "; today is taken to be %s", d.Today)
		}
		b.WriteString(".\n")
	}
	if d.Problem != "" && !d.Asked {
		fmt.Fprintf(&b, "# As it is, training would stop: %s\n", remark(d.Problem))
	}
	under := false
	for _, s := range sections {
		lines := d.lines(s.keys)
		if len(lines) == 0 {
			continue
		}
		indent := ""
		if s.train {
			indent = "  "
			if !under {
				b.WriteString("\ntrain:\n")
				under = true
			} else {
				b.WriteString("\n")
			}
		} else {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s# %s\n", indent, s.title)
		writeLines(&b, indent, lines)
	}
	d.epilogue(&b)
	return b.Bytes()
}

// line is a line of the file: a setting, or an entry of one, with its comment.
type line struct{ text, why string }

// lines writes the settings of some keys.
func (d *draft) lines(keys []string) []line {
	var lines []line
	for _, key := range keys {
		var taken, others []datasets.Guess
		for _, g := range d.all() {
			switch {
			case g.Key != key:
			case g.Taken:
				taken = append(taken, g)
			default:
				others = append(others, g)
			}
		}
		long := key == "exclude" || key == "join"
		if long && len(taken) > 0 {
			lines = append(lines, line{key + ":", ""})
		} else if long && len(others) > 0 {
			lines = append(lines, line{"# " + key + ":", ""})
		}
		for _, g := range append(taken, others...) {
			lines = append(lines, settingLine(g, long))
		}
	}
	return lines
}

// settingLine writes one guess, as an entry of a list with a line each or as a
// line of its own.
func settingLine(g datasets.Guess, entry bool) line {
	values := make([]string, len(g.Values))
	for i, v := range g.Values {
		values[i] = scalar(v)
	}
	text := strings.Join(values, ", ")
	switch {
	case len(values) == 0: // nothing that may be named
		return line{"# " + remark(g.Why), ""}
	case entry:
		text = "  - " + text
	case slices.Contains(lists, g.Key):
		text = g.Key + ": [" + text + "]"
	default:
		text = g.Key + ": " + text
	}
	if !g.Taken {
		text = "# " + text
	}
	why := remark(g.Why)
	if !g.Sure && why != "" {
		why = "(?) " + why
	}
	return line{text, why}
}

// widest is the width to which comments are moved right to stand below one
// another.
const widest = 44

func writeLines(b *bytes.Buffer, indent string, lines []line) {
	width := 0
	for _, l := range lines {
		if n := utf8.RuneCountInString(l.text); l.why != "" && n <= widest {
			width = max(width, n)
		}
	}
	for _, l := range lines {
		b.WriteString(indent + l.text)
		if l.why != "" {
			fmt.Fprintf(b, "%s  # %s", strings.Repeat(" ", max(0, width-utf8.RuneCountInString(l.text))), l.why)
		}
		b.WriteByte('\n')
	}
}

// epilogue says as comments what else is worth knowing.
func (d *draft) epilogue(b *bytes.Buffer) {
	say := func(title string, list []string) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(b, "\n# %s\n", title)
		for _, s := range list {
			fmt.Fprintf(b, "#   %s\n", remark(s))
		}
	}
	say("Files that are not used", d.unused)
	if d.Proposal != nil {
		say("How the columns are read; `kind: [COLUMN=category]` under train says otherwise", d.Kinds)
		say("Worth knowing", append(slices.Clone(d.notes), d.Notes...))
	}
}

// plainScalar are texts that YAML reads as they are, and as texts.
var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./]*( [A-Za-z0-9_./]+)*$`)

// numbered are texts that the flags take in any form: dates and days.
var numbered = regexp.MustCompile(`^[0-9]+d$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[A-Za-z][A-Za-z0-9_]*:present$`)

// scalar writes a text so that YAML reads it back as the same text.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
	default:
		if plainScalar.MatchString(s) || numbered.MatchString(s) {
			return s
		}
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == '\'' }) && utf8.ValidString(s) {
		return "'" + s + "'"
	}
	return escaped(s)
}

// escaped writes a text in double quotes.
func escaped(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f || r < 0x10000 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// remark makes a text fit for a comment: one line of printable characters.
func remark(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// draftJSON is what `leadcast init --json` prints.
type draftJSON struct {
	Files    []string         `json:"files"`
	Written  string           `json:"written"` // "" with -o -
	Leads    map[string]int   `json:"leads"`   // leads, won, lost, open; null where training would not take the file
	AsOf     string           `json:"as_of"`
	Settings []datasets.Guess `json:"settings"`
	Asked    bool             `json:"dates_asked"` // a person must choose the order of the dates
	Unused   []string         `json:"unused"`
	Problem  string           `json:"problem"` // why training would stop, "" where it would not
	Notes    []string         `json:"notes"`
}

func (d *draft) json(written string) draftJSON {
	return draftJSON{d.files, written, d.Leads, d.Today, d.all(), d.Asked, d.unused, d.Problem, append(slices.Clone(d.notes), d.Notes...)}
}
