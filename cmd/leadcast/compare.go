package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train"
)

func (p *program) compareCommand() *cobra.Command {
	var in input
	c := &cobra.Command{
		Use:   "compare MODEL MODEL FILE…",
		Short: "Compare two models on leads that neither has seen",
		Long: "Makes one forecast a lead with each of two models, a and b, at the lead's creation or\n" +
			"at the end of the later of the two models' data, and follows it to the file's end.\n" +
			"Gains are those of b over a, above zero where b is better; intervals are at 95 %,\n" +
			"each by itself, and resample leads, or accounts where both models know them.",
		Example: "  leadcast compare last-year.leadcast new.leadcast later.csv\n  leadcast compare a.leadcast b.leadcast later.csv --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 3 {
				return usagef("%s wants two models and a file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.compare(c.Context(), &in, args) },
	}
	in.flags(c)
	further(c, "join", "where", "help")
	return c
}

func (p *program) compare(ctx context.Context, in *input, args []string) error {
	a, err := openBundle(args[0])
	if err != nil {
		return err
	}
	b, err := openBundle(args[1])
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(args[2]), 0, 2)
	leads, _, err := in.read(ctx, p, args[2:])
	if err != nil {
		return err
	}
	bar.say("comparing forecasts with outcomes", 1, 2)
	c, err := train.Compare(ctx, a, b, leads)
	if err != nil {
		return err
	}
	bar.end()
	if p.json {
		return p.printJSON(c)
	}
	fmt.Fprintf(p.stdout, "a  %s (%s)\nb  %s (%s)\n%s", c.A[:12], a.Manifest.Recipe, c.B[:12], b.Manifest.Recipe, count(c.Leads, "lead"))
	if c.From != "" {
		fmt.Fprintf(p.stdout, ", forecast from %s or their creation, followed until %s", c.From, c.To)
	}
	fmt.Fprintln(p.stdout)
	for _, n := range c.Notes {
		fmt.Fprintln(p.stdout, "  ·", printable(n))
	}
	p.printComparison(c)
	p.heading("Verdict")
	for _, v := range c.Verdict {
		fmt.Fprintln(p.stdout, "  ·", v)
	}
	return nil
}

// printComparison prints a line a metric and horizon.
func (p *program) printComparison(c *train.Comparison) {
	if len(c.Horizons) > 0 {
		fmt.Fprintln(p.stdout)
		w := p.sheet("won within", "leads", "won", "", "a", "b", "gain of b", "95 % interval")
		for _, h := range c.Horizons {
			name := fmt.Sprintf("%d days", h.Days)
			if h.Days == 0 {
				name = "ever"
			}
			row := func(first []any, what string, x train.Pair, figure string) {
				w.AppendRow(append(first, what, fmt.Sprintf(figure, x.A), fmt.Sprintf(figure, x.B), fmt.Sprintf("%+.4f", x.Gain.Value), interval(x.Gain.Low, x.Gain.High)))
			}
			row(table.Row{name, h.Leads, h.Won}, "AUC", h.AUC, "%.3f")
			row(table.Row{"", "", ""}, "log loss", h.LogLoss, "%.4f")
			row(table.Row{"", "", ""}, "Brier", h.Brier, "%.4f")
			w.AppendRow(table.Row{"", "", "", "observed ÷ expected", fmt.Sprintf("%.2f", h.OEA.Value), fmt.Sprintf("%.2f", h.OEB.Value), "", ""})
		}
		w.Render()
		fmt.Fprintln(p.stdout, "A gain above zero is in b's favour; each interval stands by itself.")
	}
	if c.LogLik != nil {
		fmt.Fprintf(p.stdout, "log-likelihood of won/lost/open, b over a: %+.4f a lead (%s)\n", c.LogLik.Value, interval(c.LogLik.Low, c.LogLik.High))
	}
}

func interval(low, high float64) string { return fmt.Sprintf("%+.4f … %+.4f", low, high) }
