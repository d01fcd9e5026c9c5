package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
	"github.com/leadcast/leadcast/train"
)

// first is the flags of `leadcast init`.
type first struct {
	input
	out, outcome string
	force        bool
}

func (p *program) initCommand() *cobra.Command {
	var f first
	c := &cobra.Command{
		Use:   "init FILE…",
		Short: "Look at an export and write leadcast.yaml for it",
		Long: "Looks at a file of leads, or at several that belong together, and guesses which column\n" +
			"says what became of a lead, when it was created and closed, what should be left out,\n" +
			"and how far ahead the data let one look. It writes that down with its reasons, as a\n" +
			"file that `leadcast train` takes as it is, and says what it was not sure of.",
		Example: "  leadcast init leads.csv && leadcast train\n" +
			"  leadcast init leads.csv deals.csv accounts.csv\n" +
			"  leadcast init exports/ --crm salesforce\n" +
			"  LEADCAST_DSN=postgres://user:password@host/warehouse leadcast init postgres: --crm hubspot\n" +
			"  leadcast init leads.csv --outcome stage -o - | less",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.init(c.Context(), &f, args) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "out", "o", defaultConfig, "file to write; - is standard output")
	flags.BoolVar(&f.force, "force", false, "write over a file that is there")
	flags.StringVar(&f.outcome, "outcome", "", "column that says what became of a lead, where it is not found by itself")
	flags.StringVar(&f.crm, "crm", "", "the files, folder or database hold the tables of this CRM: "+strings.Join(crm.Names(), ", "))
	flags.StringVar(&f.separator, "separator", "", "cell separator where it is not found by itself (a character, or tab)")
	flags.IntVar(&f.maxErrors, "max-errors", 0, "leave out up to this many broken rows instead of stopping")
	return c
}

func (p *program) init(ctx context.Context, f *first, files []string) error {
	if f.out != "-" {
		if err := writableFile(f.out, files...); err != nil {
			return err
		}
		if _, err := os.Lstat(f.out); !errors.Is(err, fs.ErrNotExist) && !f.force {
			return usagef("%s is there already: --force writes over it, -o FILE writes another, -o - shows it", f.out)
		}
	}
	if slices.Contains(files, "-") {
		return usagef("init wants files, not standard input: leadcast train is to read them again")
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 2)
	d, table, err := p.gather(ctx, f, files)
	if err != nil {
		return err
	}
	bar.say("looking at "+filepath.Base(d.files[0]), 1, 2)
	if err := d.propose(table, f.outcome); err != nil {
		return err
	}
	bar.end()
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.out == "-" {
		if p.json {
			return p.printJSON(d.json(""))
		}
		_, err := p.stdout.Write(d.yaml())
		return err
	}
	if err := renameio.WriteFile(f.out, d.yaml(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", f.out, err)
	}
	if p.json {
		return p.printJSON(d.json(f.out))
	}
	p.printDraft(d, f.out)
	return nil
}

// propose guesses what to settle for the leads, in the CRM's own words where
// it is known.
func (d *draft) propose(table *datasets.Table, outcome string) (err error) {
	var after []string
	if d.company != nil {
		after = d.company.Exclude(table)
	}
	if d.Proposal, err = train.Propose(table.Drop(after...), outcome); err != nil && d.company != nil {
		d.Proposal, err = unripe(table, err), nil
	}
	if err != nil {
		return err
	}
	for i := range d.Settings {
		if g := &d.Settings[i]; g.Key == "outcome" && d.company != nil && outcome == "status" {
			g.Why = "what the mapping of " + d.company.Title() + " says"
		}
	}
	for _, name := range after {
		d.Add("exclude", true, true, "in "+d.company.Title()+" it follows the outcome, or changes on the way there", name)
	}
	return nil
}

// gather reads the files, finds out which are the leads and how the others go
// beside them, and joins them as training will.
func (p *program) gather(ctx context.Context, f *first, files []string) (*draft, *datasets.Table, error) {
	if f.crm != "" {
		return p.gatherCompany(ctx, f, files)
	}
	var err error
	if files, err = inFolders(files); err != nil {
		return nil, nil, err
	}
	tables := make([]*datasets.Table, len(files))
	for i, file := range files {
		if tables[i], _, err = f.readOne(ctx, p, []string{file}); err != nil {
			return nil, nil, err
		}
	}
	d := &draft{separator: f.separator, maxErrors: f.maxErrors}
	leads, more, joins, left := datasets.FindJoins(tables)
	d.files = append(d.files, files[leads])
	for _, i := range more {
		d.files = append(d.files, files[i])
	}
	for _, j := range joins {
		f.joins = append(f.joins, files[j.Table]+":"+j.Key)
		d.joins = append(d.joins, datasets.Guess{Key: "join", Values: []string{files[j.Table] + ":" + j.Key}, Why: j.Why, Sure: true, Taken: true})
	}
	for _, i := range left {
		d.unused = append(d.unused, fmt.Sprintf("%s is not used: it has no column that the leads have under the same name and that names at most one of its rows", filepath.Base(files[i])))
	}
	table, notes, err := f.read(ctx, p, d.files)
	for _, n := range notes {
		if !strings.Contains(n.Message, " rows found a match, ") {
			d.notes = append(d.notes, n.Message)
		}
	}
	return d, table, err
}

// gatherCompany puts the leads together from the tables of a CRM.
func (p *program) gatherCompany(ctx context.Context, f *first, files []string) (*draft, *datasets.Table, error) {
	c, leads, err := f.company(ctx, p, files)
	if err != nil {
		return nil, nil, err
	}
	d := &draft{files: files, separator: f.separator, maxErrors: f.maxErrors, company: c}
	var found []string
	for _, m := range c.Matches() {
		found = append(found, m.Part+" ("+m.Table+")")
	}
	d.joins = append(d.joins, datasets.Guess{Key: "crm", Values: []string{c.Name()}, Why: "the tables of " + c.Title() + ": " + strings.Join(found, ", "), Sure: true, Taken: true})
	for _, n := range c.Notes() {
		d.notes = append(d.notes, n.Message)
	}
	if f.outcome == "" && leads.Column("status") != nil {
		f.outcome = "status"
	}
	return d, leads, nil
}

// unripe is the proposal for leads of a CRM from which nothing can be learnt
// yet: what the mapping says, and why.
func unripe(leads *datasets.Table, why error) *train.Proposal {
	p := &train.Proposal{Proposal: &datasets.Proposal{}, Problem: why.Error()}
	for _, s := range [][3]string{{"outcome", "status", "as the mapping says"}, {"won", "Won", ""}, {"lost", "Lost", ""}, {"created", "created_at", ""}, {"closed", "closed_at", ""}, {"account", "account_id", ""},
		{"owner", "owner_id", ""}, {"amount", "amount", ""}, {"id", "lead_id", ""}} {
		if column := map[bool]string{true: "status", false: s[1]}[s[0] == "won" || s[0] == "lost"]; leads.Column(column) != nil {
			p.Add(s[0], true, true, s[2], s[1])
		}
	}
	if status := leads.Column("status"); status != nil {
		p.Problem = fmt.Sprintf("of %d leads none was won yet", leads.Rows)
	}
	return p
}

// printDraft tells what was found, what was unsure, and what to do next.
func (p *program) printDraft(d *draft, file string) {
	say := func(format string, args ...any) { fmt.Fprintln(p.stdout, printable(fmt.Sprintf(format, args...))) }
	if n := d.Leads; n != nil {
		today := ""
		if d.Today != "" {
			today = "; today is taken to be " + d.Today
		}
		say("%s: %d leads: %d won, %d lost, %d open%s", filepath.Base(d.files[0]), n["leads"], n["won"], n["lost"], n["open"], today)
	}
	p.heading("Found")
	for _, g := range d.all() {
		if g.Taken && g.Key != "exclude" {
			say("  %-13s %s", g.Key, strings.Join(g.Values, ", "))
		}
	}
	if excluded := d.values("exclude", true, true, false); len(excluded) > 0 {
		say("  %-13s %s", "left out", strings.Join(excluded, ", "))
	}
	unsure := d.unsure()
	if len(unsure) > 0 {
		p.heading("Not sure of")
		for _, u := range unsure {
			say("  · %s", u)
		}
	}
	say("\nWritten: %s, with a reason beside every line", file)
	train := "leadcast train"
	if filepath.Clean(file) != defaultConfig {
		train += " --config " + file
	}
	switch {
	case d.Asked:
		say("Next: choose the order of the dates in %s, then %s (until then it stops and asks)", file, train)
	case d.Problem != "":
		say("As it is, training would stop: %s", d.Problem)
	default:
		say("Next: %s", train)
	}
}

// values are those of one key whose guesses are taken or not, and sure or not.
func (d *draft) values(key string, taken bool, sure ...bool) (list []string) {
	for _, g := range d.all() {
		if g.Key == key && g.Taken == taken && slices.Contains(sure, g.Sure) {
			list = append(list, g.Values...)
		}
	}
	return list
}

// unsure are the questions that are left to a person, a line each.
func (d *draft) unsure() (list []string) {
	for _, g := range d.all() {
		name := g.Key + ": " + strings.Join(g.Values, ", ")
		switch {
		case g.Key == "dates", len(g.Values) == 0:
			name = g.Key
		case !g.Taken:
			name += " (not taken)"
		}
		if !g.Sure && g.Key != "exclude" && !(g.Key == "dates" && g.Values[0] == "mdy") {
			list = append(list, name+" – "+g.Why)
		}
	}
	list = append(list, d.unused...)
	if names := d.values("exclude", true, false); len(names) > 0 {
		list = append(list, "left out, since by their names they change after a lead is created, and they tell much of the outcome; if they do not change, remove their lines: "+strings.Join(names, ", "))
	}
	if names := d.values("exclude", false, false); len(names) > 0 {
		list = append(list, "used, but is any of these columns filled in or changed after a lead is created? Then take its line: "+strings.Join(names, ", "))
	}
	return list
}
