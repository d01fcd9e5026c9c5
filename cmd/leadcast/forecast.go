package main

import (
	"context"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// forecasting is what the flags of `forecast` say.
type forecasting struct {
	input
	by, asOf string
	history  []string
	refits   int
}

func (p *program) forecastCommand() *cobra.Command {
	var f forecasting
	c := &cobra.Command{
		Use:   "forecast MODEL FILE…",
		Short: "Add up what the leads that are open now will bring, month by month",
		Long: "Forecasts the open leads of the file and adds up the wins and, where there is an amount,\n" +
			"the revenue that they are expected to bring in each month, week or quarter, with 80 %\n" +
			"and 95 % intervals. With --history, the leads that the model was trained on, the model\n" +
			"is fitted 50 times again to accounts drawn with replacement, so that the intervals know\n" +
			"how unsure it is; without, they only know that leads are chances. Leads that are yet to\n" +
			"come are not in the sums.",
		Example: "  leadcast forecast model.leadcast open.csv --by month --history leads.csv\n" +
			"  leadcast forecast model.leadcast leads.csv --by quarter --as-of 2018-05-31 --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.forecast(c.Context(), &f, args[0], args[1:]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.by, "by", "month", "week, month or quarter")
	flags.StringVar(&f.asOf, "as-of", "", "look from this day on (default: now)")
	flags.StringArrayVar(&f.history, "history", nil, "files of the leads that the model was trained on")
	flags.IntVar(&f.refits, "refits", 50, "fits behind the intervals where there is a history")
	f.input.flags(c)
	further(c, "by", "as-of", "history", "refits", "join", "where", "help")
	return c
}

func (p *program) forecast(ctx context.Context, f *forecasting, model string, files []string) error {
	switch {
	case f.by != "week" && f.by != "month" && f.by != "quarter":
		return usagef("--by wants week, month or quarter, not %q", f.by)
	case f.refits < 10 || f.refits > 1000:
		return usagef("--refits wants 10 to 1000, not %d", f.refits)
	}
	asOf, err := p.lookFrom(f.asOf)
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	b, raw, notes, err := f.modelAndLeads(ctx, p, model, files, bar, 1)
	if err != nil {
		return err
	}
	if raw, err = openLeads(b, raw); err != nil {
		return err
	}
	snapshot, err := b.Read(raw, asOf)
	if err != nil {
		return err
	}
	var refits []*bundle.Bundle
	if len(f.history) > 0 {
		if refits, err = f.refit(ctx, p, b, model, bar.say); err != nil {
			return err
		}
	}
	o, err := train.Forecast(ctx, b, snapshot, asOf, f.by, refits)
	if err != nil {
		return inFile(files[0], err)
	}
	bar.end()
	p.notes(append(notes, snapshot.Notes...))
	if p.json {
		return p.printJSON(o)
	}
	p.printOutlook(o)
	return nil
}

// refit fits the model's recipe to resamples of what it was trained on.
func (f *forecasting) refit(ctx context.Context, p *program, b *bundle.Bundle, model string, progress train.Progress) ([]*bundle.Bundle, error) {
	plan, err := train.PlanOf(b)
	if err != nil {
		return nil, inFile(model, err)
	}
	past, _, err := f.read(ctx, p, f.history)
	if err != nil {
		return nil, err
	}
	return train.Refits(ctx, past, plan, f.refits, progress)
}

func (p *program) printOutlook(o *train.Outlook) {
	fmt.Fprintf(p.stdout, "%d open leads as of %s\n\n", o.Leads, o.AsOf)
	w := p.sheet("from", "to", "leads", "wins", "80 %", "95 %", "revenue", "80 %", "95 %")
	row := func(from, to string, q train.Period) {
		r := table.Row{from, to, q.Leads, fmt.Sprintf("%.1f", q.Wins.Expected), within(q.Wins.Low80, q.Wins.High80), within(q.Wins.Low95, q.Wins.High95), "", "", ""}
		if m := q.Revenue; m != nil {
			r[6], r[7], r[8] = fmt.Sprintf("%.0f", m.Expected), within(m.Low80, m.High80), within(m.Low95, m.High95)
		}
		w.AppendRow(r)
	}
	for _, q := range o.Periods {
		row(q.From, q.To, q)
	}
	w.AppendSeparator()
	row("together", "", o.Total)
	w.Render()
	for _, n := range o.Notes {
		fmt.Fprintln(p.stdout, "  ·", printable(n))
	}
	fmt.Fprintln(p.stdout, "Leads that are yet to come are not in it. \"leads\" are those for which the data support a forecast so far ahead.")
}

func within(low, high float64) string { return fmt.Sprintf("%.0f – %.0f", low, high) }
