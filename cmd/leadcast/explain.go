package main

import (
	"context"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train/bundle"
)

// explaining is what the flags of `explain` say.
type explaining struct {
	input
	id, asOf string
}

func (p *program) explainCommand() *cobra.Command {
	var e explaining
	c := &cobra.Command{
		Use:   "explain MODEL FILE… --id ID",
		Short: "Say why a lead has the forecast that it has",
		Long: "Prints the forecast of one lead and what each column adds to it or takes away,\n" +
			"against the typical lead that has been open as long: in percentage points of the\n" +
			"chance and in days of the typical cycle. The parts add up to the whole difference.\n" +
			"Beside them stands how many leads of the training data had a value like this and\n" +
			"were followed long enough, and how many of these were won.",
		Example: "  leadcast explain model.leadcast new.csv --id 4711\n" +
			"  leadcast explain model.leadcast leads.csv --id 4711 --as-of 2018-05-31 --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.explain(c.Context(), &e, args[0], args[1:]) },
	}
	f := c.Flags()
	f.StringVar(&e.id, "id", "", "id of the lead, or its row as row:17 (the first has 1)")
	f.StringVar(&e.asOf, "as-of", "", "look from this day on (default: now)")
	e.input.flags(c)
	further(c, "id", "as-of", "join", "where", "help")
	return c
}

func (p *program) explain(ctx context.Context, e *explaining, model string, files []string) error {
	if e.id == "" {
		return usagef("--id says which lead to explain")
	}
	asOf, err := p.lookFrom(e.asOf)
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	b, raw, _, err := e.modelAndLeads(ctx, p, model, files, bar, 1)
	if err != nil {
		return err
	}
	bar.end()
	row, err := findLead(b, raw, e.id)
	if err != nil {
		return err
	}
	raw = raw.Gather([]int{row})
	snapshot, err := b.Read(raw, asOf)
	if err != nil {
		return err
	}
	scores, err := b.Score(ctx, snapshot, bundle.Every)
	if err != nil {
		return err
	}
	s := &scores[0]
	if s.Err != nil {
		return &datasets.Error{Message: "the lead cannot be scored: " + s.Err.Error()}
	}
	if p.json {
		return p.printJSON(explanation(b, s))
	}
	p.printExplanation(b, s, raw)
	return nil
}

// findLead is the row of a raw table that has the id.
func findLead(b *bundle.Bundle, raw *datasets.Table, id string) (int, error) {
	var row int
	if _, err := fmt.Sscanf(id, "row:%d", &row); err == nil {
		if row < 1 || row > raw.Rows {
			return 0, &datasets.Error{Message: fmt.Sprintf("there is no row %d: the file has %d", row, raw.Rows)}
		}
		return row - 1, nil
	}
	name := b.Manifest.Schema.Roles.ID
	if name == "" {
		return 0, usagef("the model knows no id column: name the row with --id row:17")
	}
	snapshot, err := b.Read(raw, datasets.NoTime)
	if err != nil {
		return 0, err
	}
	if rows := b.Find(snapshot, id); len(rows) > 0 {
		return rows[len(rows)-1], nil
	}
	return 0, &datasets.Error{Column: name, Message: "no lead of the file has this id"}
}

// explained is the answer of `explain --json`.
type explained struct {
	Model    string          `json:"model"`
	ID       string          `json:"id"`
	Horizon  int             `json:"horizon_days,omitempty"`
	Win      *float64        `json:"p_win"`
	Base     *float64        `json:"p_base"`
	Cycle    *float64        `json:"cycle_p50_days"`
	BaseDays *float64        `json:"cycle_base_days"`
	Grade    string          `json:"grade"`
	Reasons  []explainedPart `json:"reasons"`
	Warnings []string        `json:"warnings"`
}

type explainedPart struct {
	Column string   `json:"column"`
	Effect float64  `json:"effect"`
	Days   *float64 `json:"effect_days"`
	Like   int      `json:"like_this"`
	Won    int      `json:"won"`
}

func explanation(b *bundle.Bundle, s *bundle.Score) explained {
	x := explained{Model: b.ID(), ID: s.ID, Win: s.Win, Base: s.Base, Cycle: s.Cycle[1], BaseDays: s.BaseDays, Grade: s.Grade,
		Reasons: []explainedPart{}, Warnings: append([]string{}, s.Warnings...)}
	if b.Manifest.Timed {
		x.Horizon = b.Manifest.MainHorizon
	}
	for _, r := range s.Reasons {
		x.Reasons = append(x.Reasons, explainedPart(r))
	}
	return x
}

// printExplanation prints the parts of a forecast, strongest first.
func (p *program) printExplanation(b *bundle.Bundle, s *bundle.Score, raw *datasets.Table) {
	for _, w := range s.Warnings {
		fmt.Fprintln(p.stderr, "note:", printable(w))
	}
	if s.Win == nil {
		fmt.Fprintln(p.stdout, "There is no forecast for this lead; the note says why.")
		return
	}
	within, typical := "", "the typical lead"
	if b.Manifest.Timed {
		within = fmt.Sprintf(" within %d days", b.Manifest.MainHorizon)
		typical += " open as long"
	}
	fmt.Fprintf(p.stdout, "chance to be won%s: %.1f %% (grade %s); of %s: %.1f %%\n", within, 100**s.Win, s.Grade, typical, 100**s.Base)
	if s.BaseDays != nil {
		fmt.Fprintf(p.stdout, "typical cycle, if won: %.0f days; of the typical lead open as long: %.0f days\n", *s.Cycle[1], *s.BaseDays)
	}
	fmt.Fprintln(p.stdout)
	header := table.Row{"column", "value", "in points"}
	if s.BaseDays != nil {
		header = append(header, "in days")
	}
	w := p.sheet(append(header, "leads like this", "won"+within)...)
	for _, r := range s.Reasons {
		row := table.Row{printable(r.Column), printable(shownValue(b, raw, r.Column)), fmt.Sprintf("%+.1f", 100*r.Effect)}
		if r.Days != nil {
			row = append(row, fmt.Sprintf("%+.1f", *r.Days))
		}
		if r.Like > 0 {
			row = append(row, fmt.Sprint(r.Like), fmt.Sprintf("%d (%.0f %%)", r.Won, 100*float64(r.Won)/float64(r.Like)))
		}
		w.AppendRow(row)
	}
	total := table.Row{"together", "", fmt.Sprintf("%+.1f", 100*(*s.Win-*s.Base))}
	if s.BaseDays != nil {
		total = append(total, fmt.Sprintf("%+.1f", *s.Cycle[1]-*s.BaseDays))
	}
	w.AppendFooter(total)
	w.Render()
}

// shownValue is what a column says of the lead, where that is nobody's name.
func shownValue(b *bundle.Bundle, raw *datasets.Table, column string) string {
	c := raw.Column(column)
	switch {
	case c == nil:
		return ""
	case !b.Manifest.MayShow(column):
		return "(not shown)"
	case c.Texts.At(0) == "":
		return "(empty)"
	}
	text := []rune(c.Texts.At(0))
	if len(text) > 32 {
		text = append(text[:31], '…')
	}
	return string(text)
}
