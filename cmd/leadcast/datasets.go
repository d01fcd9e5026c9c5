package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets/synth"
)

func (p *program) datasetsCommand() *cobra.Command {
	c := &cobra.Command{Use: "datasets", Short: "Make data to try things on"}
	generate := &cobra.Command{Use: "generate", Short: "Generate data with a known truth"}
	group(c)
	group(generate)
	generate.AddCommand(p.generateCRM())
	c.AddCommand(generate)
	return c
}

func (p *program) generateCRM() *cobra.Command {
	var g synth.CRM
	var out string
	c := &cobra.Command{
		Use:   "crm",
		Short: "Three years of a company's CRM history, and the truth behind it",
		Long: "Writes leads.csv (the state at the as-of day), the tables around it, and in truth/ the\n" +
			"true forecast of every open lead, what came after, and the columns that leak.\n" +
			"The same seed gives the same bytes on every machine.",
		Example: "  leadcast datasets generate crm --leads 20000 --seed 7 -o demo/",
		Args:    exactly(0, "no file"),
		RunE: func(c *cobra.Command, _ []string) error {
			if g.Leads < 100 || g.Leads > 10_000_000 {
				return usagef("--leads wants 100 to 10000000, not %d", g.Leads)
			}
			bar := p.bar()
			err := g.Write(c.Context(), out, func(done, total int) { bar.say("generating leads", done, total) })
			bar.end()
			if err != nil {
				return err
			}
			if p.json {
				return p.printJSON(map[string]any{"leads": g.Leads, "seed": g.Seed, "out": out})
			}
			fmt.Fprintf(p.stdout, "%d leads in %s\n", g.Leads, out)
			return nil
		},
	}
	f := c.Flags()
	f.IntVar(&g.Leads, "leads", 20000, "number of leads")
	f.Uint64Var(&g.Seed, "seed", 1, "the company: the same seed gives the same bytes")
	f.StringVarP(&out, "out", "o", "demo", "folder to write")
	return c
}
