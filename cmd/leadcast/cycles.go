package main

import (
	"context"
	"fmt"
	"math"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train/report"
)

// cycling is the flags of `leadcast cycles`.
type cycling struct {
	input
	by, asOf string
}

func (p *program) cyclesCommand() *cobra.Command {
	var y cycling
	c := &cobra.Command{
		Use:   "cycles MODEL FILE…",
		Short: "Tell how long it takes to win, by segment, by quarter, and for leads long open",
		Long: "Prints the days from creation to won of leads that are won: the mean and the days by\n" +
			"which 1 in 10, half and 9 in 10 of the wins have come, by a column, by quarter of\n" +
			"creation, and for leads that have been open for some days. Leads that are still\n" +
			"open count for as long as they were watched, so young groups do not look fast; the\n" +
			"plain mean of the wins so far stands beside it with what it is off by. The model\n" +
			"says which columns mean what; `leadcast score` gives each lead its own days.",
		Example: "  leadcast cycles model.leadcast leads.csv --by source\n  leadcast cycles model.leadcast leads.csv --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.cycles(c.Context(), &y, args[0], args[1:]) },
	}
	f := c.Flags()
	f.StringVar(&y.by, "by", "", "column to group by (default: the campaign or what comes near it)")
	f.StringVar(&y.asOf, "as-of", "", "what was known by this day (default: the end of the leads)")
	y.input.flags(c)
	further(c, "by", "as-of", "join", "where", "help")
	return c
}

func (p *program) cycles(ctx context.Context, y *cycling, model string, files []string) error {
	asOf, err := moment("as-of", y.asOf)
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	b, leads, notes, err := y.modelAndLeads(ctx, p, model, files, bar, 2)
	if err != nil {
		return err
	}
	found, err := report.NewCycles(report.Input{Bundle: b, Leads: leads, AsOf: asOf}, y.by)
	if err != nil {
		return inFile(files[0], err)
	}
	bar.end()
	p.notes(notes)
	if p.json {
		return p.printJSON(found)
	}
	fmt.Fprintf(p.stdout, "Days from creation to won, of leads that are won within %.0f days\n", found.WithinDays)
	p.printCycles("", []report.Cycle{found.All})
	if found.Segment != "" {
		p.printCycles("By "+printable(found.Segment), found.Segments)
	}
	p.printCycles("By quarter of creation", found.Cohorts)
	p.heading("By the days that a lead has been open")
	w := p.sheet("open for", "later wins", "1 in 10 by", "half by", "9 in 10 by")
	for _, o := range found.Open {
		w.AppendRow(table.Row{fmt.Sprintf("%.0f days", o.Days), o.Won, dayText(&o.P10), dayText(&o.P50), dayText(&o.P90)})
	}
	w.Render()
	fmt.Fprintln(p.stdout, "A plain mean of the wins so far is off by what the last column says: slow wins of young leads are still to come.")
	return nil
}

func (p *program) printCycles(heading string, groups []report.Cycle) {
	if len(groups) == 0 {
		return
	}
	p.heading(heading)
	w := p.sheet("group", "leads", "won", "1 in 10 by", "half by", "9 in 10 by", "mean", "mean so far", "off by")
	for _, g := range groups {
		off := ""
		if g.Bias != nil {
			off = fmt.Sprintf("%+.0f", math.Round(*g.Bias)+0)
		}
		w.AppendRow(table.Row{printable(g.Group), g.Leads, g.Won, dayText(g.P10), dayText(g.P50), dayText(g.P90), dayText(g.Mean), dayText(g.SoFar), off})
	}
	w.Render()
}

// dayText writes a number of days, nothing where it is not known.
func dayText(d *float64) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", *d)
}
