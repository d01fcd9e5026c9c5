package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

func (p *program) evaluateCommand() *cobra.Command {
	var in input
	c := &cobra.Command{
		Use:   "evaluate MODEL FILE…",
		Short: "Compare forecasts with what happened, on leads the model has not seen",
		Long: "Makes one forecast a lead, at its creation or at the end of the model's own data,\n" +
			"whichever is later, and follows it to the file's end. Only leads that were followed\n" +
			"for the whole of a horizon count for it. Intervals are at 95 %.",
		Example: "  leadcast evaluate model.leadcast later.csv\n  leadcast evaluate model.leadcast later.csv --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and a file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			bar := p.bar()
			defer bar.end()
			b, table, _, err := in.modelAndLeads(c.Context(), p, args[0], args[1:], bar, 2)
			if err != nil {
				return err
			}
			bar.say("comparing forecasts with outcomes", 1, 2)
			e, err := train.Evaluate(c.Context(), b, table)
			if err != nil {
				return err
			}
			bar.end()
			if len(e.Horizons) == 0 && e.To != "" && e.To <= e.From {
				return &datasets.Error{Place: args[1], Message: fmt.Sprintf("ends on %s, and the model knows all until %s: give a file that was exported later", e.To, e.From)}
			}
			if p.json {
				return p.printJSON(e)
			}
			fmt.Fprintf(p.stdout, "%d leads", e.Leads)
			if e.From != "" {
				fmt.Fprintf(p.stdout, ", forecast from %s or their creation, followed until %s", e.From, e.To)
			}
			fmt.Fprintln(p.stdout)
			for _, n := range e.Notes {
				fmt.Fprintln(p.stdout, "  ·", printable(n))
			}
			p.printEvaluation(e, b.Manifest.Horizons)
			return nil
		},
	}
	in.flags(c)
	further(c, "join", "where", "help")
	return c
}
