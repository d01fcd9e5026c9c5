package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/snapshot"
)

func (p *program) snapshotCommand() *cobra.Command {
	var in input
	var id, to, asOf string
	var exclude []string
	c := &cobra.Command{
		Use:   "snapshot FILE…",
		Short: "Write down what has changed of the leads since the last time",
		Long: "Compares a table of leads with the last snapshot and appends what has changed to\n" +
			"a history: lead, field, old and new value, and when that was seen. Taken every day,\n" +
			"it gives the history of a CRM that keeps none, and train can use fields that change:\n" +
			"--history sqlite:FILE#history. The file holds the leads' values as they are, those of\n" +
			"persons too: keep it as you keep the CRM, or leave columns out with --exclude.",
		Example: "  leadcast snapshot leads.csv --id lead_id --to history.db\n" +
			"  leadcast train leads.csv --outcome status --won Won --history sqlite:history.db#history",
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			if to == "" || filepath.Clean(to) == filepath.Clean(files[0]) {
				return usagef("--to wants the file that the history is kept in")
			}
			at, err := p.lookFrom(asOf)
			if err != nil {
				return err
			}
			bar := p.bar()
			defer bar.end()
			bar.say("reading "+filepath.Base(files[0]), 0, 2)
			leads, notes, err := in.read(c.Context(), p, files)
			if err != nil {
				return err
			}
			if id == "" {
				roles, _ := datasets.GuessRoles(leads)
				if id = roles.ID; id == "" {
					return usagef("which column holds the lead's own id? Say --id COLUMN")
				}
			}
			for _, name := range exclude {
				if leads.Column(name) == nil || name == id {
					return &datasets.Error{Column: name, Message: "--exclude: there is no such column, or it is the id"}
				}
			}
			bar.say("comparing", 1, 2)
			taken, err := snapshot.Take(c.Context(), to, leads.Drop(exclude...), id, at)
			if err != nil {
				return err
			}
			bar.end()
			p.notes(notes)
			if p.json {
				return p.printJSON(taken)
			}
			fmt.Fprintf(p.stdout, "%d leads: %d new, %d changed; %d rows added to %s\n", taken.Leads, taken.New, taken.Changed, taken.Rows, printable(to))
			return nil
		},
	}
	in.flags(c)
	f := c.Flags()
	f.StringVar(&id, "id", "", "column with the lead's own id (default: found by its name)")
	f.StringVar(&to, "to", "", "file of the history (SQLite); made where there is none")
	f.StringVar(&asOf, "as-of", "", "when this was seen (default: now)")
	f.StringSliceVar(&exclude, "exclude", nil, "columns not to keep")
	further(c, "id", "to", "as-of", "exclude", "join", "where", "help")
	return c
}
