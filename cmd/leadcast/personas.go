package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/personas"
	"github.com/leadcast/leadcast/train"
)

func (p *program) personasCommand() *cobra.Command {
	var t training
	c := &cobra.Command{
		Use:   "personas [FILE…]",
		Short: "Find segments of leads that are won far more often, or less",
		Long: "Finds segments that a person can read – one to three conditions on fields – of which\n" +
			"far more or far fewer leads are won within the main horizon than of the others, with\n" +
			"how fast and at what value. They are looked for on one half of the accounts and tested\n" +
			"on the other; what is told holds there for all segments together at 95 %. Leads that\n" +
			"are still open are not taken for lost. A segment says who was won, not what made it\n" +
			"so. Takes the flags of train, also from its part of leadcast.yaml.",
		Example: "  leadcast personas leads.csv --id lead_id --created created_at --outcome status --won Won --lost Lost --closed closed_at --amount value\n" +
			"  leadcast personas --main-horizon 60d --json > personas.json      # with leadcast.yaml of leadcast init",
		Annotations: map[string]string{likeCommand: "train"},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = t.files
			}
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return p.personas(c.Context(), &t, args)
		},
	}
	t.flags(c)
	further(c, "outcome", "won", "lost", "id", "created", "closed", "amount", "main-horizon", "exclude", "help")
	return c
}

func (p *program) personas(ctx context.Context, t *training, files []string) error {
	if err := t.ready(ctx, p, files); err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 2)
	raw, _, err := t.read(ctx, p, files)
	if err != nil {
		return err
	}
	leads, err := train.Read(raw, t.plan)
	if err != nil {
		return err
	}
	bar.say(fmt.Sprintf("looking at %d leads", len(leads.Outcomes.Rows)), 1, 2)
	plan := t.plan
	if err := plan.Check(); err != nil {
		return asUsage(err)
	}
	r, err := personas.Find(personas.Input{Leads: leads.Table, Outcomes: leads.Outcomes, Roles: leads.Roles, Horizon: plan.MainHorizon, Exclude: append(plan.Exclude, plan.Changes...), Keep: plan.Keep})
	bar.end()
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(r)
	}
	p.printPersonas(r)
	return nil
}

func (p *program) printPersonas(r *personas.Result) {
	within := ""
	if r.Horizon > 0 {
		within = fmt.Sprintf(" within %d days", r.Horizon)
	}
	said := fmt.Sprintf("Of %d leads, %s are won%s", r.Leads, percents(r.Overall), within)
	if r.Typical != nil {
		said += fmt.Sprintf("; half of these within %.0f days", r.Typical.Median)
	}
	fmt.Fprintln(p.stdout, said+".")
	if len(r.Personas) == 0 {
		fmt.Fprintf(p.stdout, "No segment stood out on one half of the leads and held on the other (%d looked at, %d tested).\n", r.Tried, r.Tested)
		return
	}
	p.heading("Segments, as confirmed on the half of the leads that they were not found on")
	timed, valued := r.Typical != nil, slices.ContainsFunc(r.Personas, func(x personas.Persona) bool { return x.Value != nil })
	header := []any{"segment", "leads", "won" + within + " (95 %)", "others", "times as often (95 %)"}
	if timed {
		header = append(header, "half won by day")
	}
	if valued {
		header = append(header, "mean value")
	}
	w := p.sheet(append(header, "p")...)
	for _, x := range r.Personas {
		row := table.Row{printable(strings.Join(x.Conditions, ", ")), x.Leads, percents(x.Share), fmt.Sprintf("%.1f %%", 100*x.Others.Value), timesAsOften(x.Times)}
		if timed {
			row = append(row, "–")
			if x.Days != nil {
				row[len(row)-1] = fmt.Sprintf("%.0f (%.0f–%.0f)", x.Days.Median, x.Days.Low, x.Days.High)
			}
		}
		if valued {
			row = append(row, "–")
			if x.Value != nil {
				row[len(row)-1] = fmt.Sprintf("%.0f (%.0f–%.0f)", x.Value.Value, x.Value.Low, x.Value.High)
			}
		}
		p := fmt.Sprintf("%.2g", x.P)
		if x.P < 0.0001 {
			p = "< 0.0001"
		}
		w.AppendRow(append(row, p))
	}
	w.Render()
	fmt.Fprintf(p.stdout, "\n%d segments were looked at on one half, %d tested on the other, %d held; p is adjusted for that. A segment says who was won, not what made it so.\n", r.Tried, r.Tested, len(r.Personas))
}

func percents(e personas.Estimate) string {
	return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*e.Value, 100*e.Low, 100*e.High)
}

func timesAsOften(e personas.Estimate) string {
	if math.IsInf(e.High, 1) {
		return fmt.Sprintf("%.1f", e.Value)
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)", e.Value, e.Low, e.High)
}
