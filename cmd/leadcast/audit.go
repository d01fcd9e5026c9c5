package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/audit"
	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/crm"
	"github.com/leadcast/leadcast/train/report"
)

func (p *program) auditCommand() *cobra.Command {
	var f first
	c := &cobra.Command{
		Use:   "audit FILE…",
		Short: "Look at raw leads: what is there, what is wrong, what to settle first",
		Long: "Looks at an export before anything is learnt from it: how many leads there are and how\n" +
			"many can be judged yet, which fields are missing or have changed, which tell the outcome\n" +
			"instead of forecasting it, what contradicts itself or stands twice, where personal data\n" +
			"are, and how many wins each horizon needs. It begins with what matters most. Files that\n" +
			"belong together are joined as `leadcast init` does; one with the columns lead_id, field,\n" +
			"old, new and happened_at is taken for the history of the fields.",
		Example: "  leadcast audit leads.csv\n" +
			"  leadcast audit leads.csv accounts.csv history.csv -o audit.html\n" +
			"  leadcast audit exports/ --crm salesforce\n" +
			"  leadcast audit leads.csv --outcome stage --json > audit.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.audit(c.Context(), &f, args) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "also write the whole audit into this HTML file")
	flags.StringVar(&f.outcome, "outcome", "", "column that says what became of a lead, where it is not found by itself")
	flags.StringVar(&f.crm, "crm", "", "the files, folder or database hold the tables of this CRM: "+strings.Join(crm.Names(), ", "))
	flags.StringVar(&f.separator, "separator", "", "cell separator where it is not found by itself (a character, or tab)")
	flags.IntVar(&f.maxErrors, "max-errors", 0, "leave out up to this many broken rows instead of stopping")
	return c
}

func (p *program) audit(ctx context.Context, f *first, files []string) error {
	if f.out != "" {
		if err := writableFile(f.out, files...); err != nil {
			return err
		}
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 3)
	files, history, err := f.history(ctx, p, files)
	if err != nil {
		return err
	}
	d, leads, err := p.gather(ctx, f, files)
	if err != nil {
		return err
	}
	bar.say(fmt.Sprintf("looking at %d rows", leads.Rows), 1, 3)
	if d.company != nil {
		if history, err = changesOf(ctx, d.company); err != nil {
			return err
		}
	}
	in := audit.Input{Leads: leads, History: history}
	if d.Proposal, err = propose(d.company, leads, f.outcome); err != nil {
		var data *datasets.Error
		if !errors.As(err, &data) || f.outcome != "" {
			return err
		}
		in.Problem = err.Error()
	}
	in.Proposal = d.Proposal
	a, err := audit.New(in)
	if err != nil {
		return err
	}
	if a.Files = d.files; d.Proposal != nil {
		a.Settings = string(d.yaml())
	}
	bar.say("drawing", 2, 3)
	if f.out != "" {
		var page bytes.Buffer
		if err := report.WriteAudit(&page, a, version()); err != nil {
			return err
		}
		if err := renameio.WriteFile(f.out, page.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", f.out, err)
		}
	}
	bar.end()
	if p.json {
		return p.printJSON(a)
	}
	p.printAudit(a, d, f.out)
	return nil
}

// history takes the file that holds the changes of fields out of some files.
func (f *first) history(ctx context.Context, p *program, files []string) (leads []string, history *datasets.Table, err error) {
	if files, err = inFolders(files); err != nil || len(files) < 2 || f.crm != "" {
		return files, nil, err
	}
	for _, file := range files {
		t, _, err := f.readOne(ctx, p, []string{file})
		if err != nil {
			return nil, nil, err
		}
		if history == nil && !slices.ContainsFunc([]string{"lead_id", "field", "old", "new", "happened_at"}, func(c string) bool { return t.Column(c) == nil }) {
			history = t
			continue
		}
		leads = append(leads, file)
	}
	if len(leads) == 0 {
		return nil, nil, usagef("all files are histories of fields; name that of the leads too")
	}
	return leads, history, nil
}

// changesOf reads the histories of fields that a CRM keeps as one table.
func changesOf(ctx context.Context, c *crm.Company) (*datasets.Table, error) {
	all := &datasets.Table{}
	for _, name := range []string{"lead_id", "field", "old", "new", "happened_at"} {
		all.Columns = append(all.Columns, &datasets.Column{Name: name, Texts: datasets.Strings{Offsets: []int64{0}}})
	}
	for b, err := range c.Blocks(ctx) {
		switch {
		case err != nil:
			return nil, err
		case b.Name == "leads":
			continue
		case b.Column("field") == nil: // events, behind the histories
			return all, nil
		}
		for _, to := range all.Columns {
			from := b.Column(to.Name)
			for i := range b.Rows {
				text := ""
				if from != nil && from.Texts.Offsets != nil {
					text = from.Texts.At(i)
				}
				to.Texts.Append(text)
			}
		}
		all.Rows += b.Rows
	}
	return all, nil
}

// printAudit prints an audit: what matters most, then a table a subject.
func (p *program) printAudit(a *audit.Audit, d *draft, page string) {
	say := func(format string, args ...any) { fmt.Fprintln(p.stdout, printable(fmt.Sprintf(format, args...))) }
	say("%s: %s", filepath.Base(d.files[0]), a.Summary())
	for i, point := range a.First {
		say("  %d. %s. %s", i+1, point.Title, point.Text)
	}
	p.printCohorts(a)
	p.printHorizons(a)
	if len(a.Leaks) > 0 {
		p.heading("Fields that tell the outcome, or may")
		for _, l := range a.Leaks {
			sure := ""
			if !l.Sure {
				sure = " (?)"
			}
			say("  · %s%s: %s: %s", l.Column, sure, l.Mechanism, l.Why)
		}
	}
	p.printFields(a)
	p.printSegments(a)
	p.heading("History")
	say("  %s", a.History)
	if len(a.Contradictions) > 0 {
		p.heading("What cannot be, or hardly")
		for _, c := range a.Contradictions {
			say("  · %s", c)
		}
	}
	p.heading("Records of the same person")
	say("  %s", a.Duplicates.Summary())
	if len(a.Personal) > 0 {
		p.heading("Personal data")
		for _, x := range a.Personal {
			say("  · %s: %s", x.Kind, strings.Join(x.Columns, ", "))
		}
	}
	say("")
	if page != "" {
		say("Written: %s", page)
	}
	if d.Proposal != nil {
		say("Next: leadcast init, with the same files, writes what to settle as leadcast.yaml; %s in it for a person", count(len(a.Unsure), "question"))
	}
}

func (p *program) printCohorts(a *audit.Audit) {
	if len(a.Cohorts) == 0 {
		return
	}
	won := "won"
	if a.MainHorizon > 0 {
		won = fmt.Sprintf("won within %d days", a.MainHorizon)
	}
	title := "Leads by " + a.CohortsBy + " of creation"
	if strings.HasPrefix(a.CohortsBy, "tenth") {
		title = "Leads in their order" + strings.TrimPrefix(a.CohortsBy, "tenth") + ", by tenths"
	}
	p.heading(title)
	w := p.sheet(strings.Fields(a.CohortsBy)[0], "leads", "won", "lost", "open", won, "can be judged")
	for _, c := range a.Cohorts {
		w.AppendRow(table.Row{c.Name, c.Counts.Total, c.Counts.Won, c.Counts.Lost, c.Counts.Open, share(c.Share), c.Judged()})
	}
	w.Render()
}

// share writes a share with its interval in percent.
func share(s *audit.Share) string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*s.Value, 100*s.Low, 100*s.High)
}

func (p *program) printHorizons(a *audit.Audit) {
	if len(a.Horizons) == 0 {
		return
	}
	p.heading("Wins that each horizon has and needs")
	w := p.sheet("won within", "followed", "wins", "can be forecast", "more for ± 20 %", "for ± 10 %", "months until then")
	for _, h := range a.Horizons {
		name, until := "ever", "–"
		if h.Days > 0 {
			name = fmt.Sprintf("%d days", h.Days)
		}
		if !math.IsNaN(h.Months) {
			if until = "> 120"; h.Months < 120 {
				until = fmt.Sprintf("%.0f", math.Ceil(h.Months))
			}
		}
		w.AppendRow(table.Row{name, h.Followed, h.Wins, map[bool]string{true: "yes", false: "no"}[h.Supported], h.ForTwenty, h.ForTen, until})
	}
	w.Render()
}

// printFields prints the fields of which there is something to say.
func (p *program) printFields(a *audit.Audit) {
	var odd []audit.Field
	used := 0
	for _, f := range a.Fields {
		if f.Used {
			used++
		}
		if f.Warning != "" {
			odd = append(odd, f)
		}
	}
	p.heading(fmt.Sprintf("Fields: %d, of which %d can be used", len(a.Fields), used))
	if len(odd) == 0 {
		fmt.Fprintln(p.stdout, "  none of them is mostly empty or has changed over time")
		return
	}
	w := p.sheet("field", "filled", "first third", "last third", "values changed", "")
	for _, f := range odd {
		w.AppendRow(table.Row{printable(f.Name), percentOf(f.Filled), percentOf(f.Early), percentOf(f.Late), percentOf(f.Drift), f.Warning})
	}
	w.Render()
}

func percentOf(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

func (p *program) printSegments(a *audit.Audit) {
	if len(a.Segments) == 0 {
		return
	}
	p.heading("Where the share of wins differs most; of all leads it is " + share(a.Overall))
	w := p.sheet("field", "", "leads", "won", "share won (95 %)")
	for _, s := range a.Segments {
		name := printable(s.Column)
		for _, l := range s.Levels {
			w.AppendRow(table.Row{name, printable(l.Name), l.Counts.Total, l.Counts.Won, share(l.Share)})
			name = ""
		}
	}
	w.Render()
}
