package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/features"
	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

func (p *program) inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "inspect MODEL",
		Short:   "Show what a model is: roles, cuts, support, judged metrics, hashes",
		Example: "  leadcast inspect model.leadcast\n  leadcast inspect model.leadcast --json",
		Args:    exactly(1, "one model"),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := openBundle(args[0])
			if err != nil {
				return err
			}
			steps, err := train.Steps(b)
			if err != nil {
				return inFile(args[0], err)
			}
			if p.json {
				return p.printJSON(struct {
					ID       string            `json:"id"`
					Manifest bundle.Manifest   `json:"manifest"`
					Cuts     []float64         `json:"cuts_days"`
					Reach    bundle.Reach      `json:"reach"`
					Columns  []features.Output `json:"columns"`
					Points   *bundle.Points    `json:"scorecard,omitempty"`
					Steps    []train.Step      `json:"steps,omitempty"`
				}{b.ID(), b.Manifest, b.Cuts(), b.Reach(), b.Outputs(), b.Points(), steps})
			}
			p.printBundle(b, steps)
			return nil
		},
	}
}

func (p *program) printBundle(b *bundle.Bundle, steps []train.Step) {
	m := &b.Manifest
	fmt.Fprintf(p.stdout, "model   %s\nrecipe  %s\n", b.ID(), m.Recipe)
	if m.Leads > 0 {
		fmt.Fprintf(p.stdout, "data    %d leads, %d won, %d lost", m.Leads, m.Wins, m.LostLeads)
	} else {
		fmt.Fprint(p.stdout, "data    that of the program which trained it")
	}
	if m.AsOf != "" {
		fmt.Fprintf(p.stdout, ", known by %s", m.AsOf)
	}
	fmt.Fprintln(p.stdout)
	p.printRoles(m)
	if m.Timed {
		fmt.Fprintf(p.stdout, "horizons %v days, main %d; age is cut at %s days\n", m.Horizons, m.MainHorizon, joinDays(b.Cuts()))
		fmt.Fprintf(p.stdout, "support: %.0f days ahead at creation; ages up to %.0f days were seen\n", b.Reach().Ahead, b.Reach().Oldest)
		p.printWaiting(m)
		fmt.Fprintln(p.stdout, "law: fields are those of creation, so a forecast for a lead open for s days is the exact conditional law")
	} else {
		fmt.Fprintln(p.stdout, "the data had no times: only p_win is forecast, without a horizon")
	}
	fmt.Fprintf(p.stdout, "grades: A from %.3g, B from %.3g, C from %.3g\npromise: %s\n", m.Grades[0], m.Grades[1], m.Grades[2], m.Promise)
	if j := m.Judged; j != nil {
		p.heading("This recipe, judged (model " + j.Bundle[:12] + "): " + j.Split)
		w := p.sheet("metric", "value")
		for _, k := range sortedKeys(j.Metrics) {
			w.AppendRow(table.Row{k, fmt.Sprintf("%.4f", j.Metrics[k])})
		}
		w.Render()
	}
	p.printSteps(steps)
	p.printWithheld(m.Withheld)
	p.printPoints(b.Points())
	p.heading("Columns that the model reads")
	w := p.sheet("column", "from", "as", "levels")
	for _, o := range b.Outputs() {
		levels := ""
		if o.Levels > 0 {
			levels = fmt.Sprint(o.Levels)
		}
		w.AppendRow(table.Row{printable(o.Name), printable(o.Origin), o.Kind, levels})
	}
	w.Render()
	p.heading("Sections")
	w = p.sheet("section", "bytes", "SHA-256")
	for _, s := range m.Sections {
		w.AppendRow(table.Row{s.Name, s.Length, s.SHA256})
	}
	w.Render()
}

// printSteps prints how far the wins carry, and how many the next step needs.
func (p *program) printSteps(steps []train.Step) {
	if len(steps) == 0 {
		return
	}
	p.heading("How far the wins carry")
	w := p.sheet("step", "weight", "more wins", "")
	for _, s := range steps {
		more := ""
		if s.More != nil {
			more = fmt.Sprintf("about %d", *s.More)
		}
		w.AppendRow(table.Row{s.Model, fmt.Sprintf("%.2f", s.Weight), more, s.Why})
	}
	w.Render()
}

// printPoints prints the scorecard of a champion that is one.
func (p *program) printPoints(card *bundle.Points) {
	if card == nil {
		return
	}
	p.heading(fmt.Sprintf("Scorecard: add up a lead's points; %.0f are even odds of being won, %.1f more double the odds", card.Even, card.Double))
	w := p.sheet("column", "value", "leads", "won", "weight of evidence", "points")
	right := func(n int) table.ColumnConfig {
		return table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	w.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 48}, right(3), right(4), right(5), right(6)})
	last := ""
	for _, r := range card.Rows {
		name := r.Column
		if name == last {
			name = ""
		}
		last = r.Column
		if r.Bin == "" {
			w.AppendRow(table.Row{name, "", "", "", "", fmt.Sprintf("%.0f", r.Points)})
			continue
		}
		won := ""
		if r.Leads > 0 {
			won = fmt.Sprintf("%.1f %%", 100*r.Won)
		}
		w.AppendRow(table.Row{printable(name), printable(r.Bin), fmt.Sprintf("%.0f", r.Leads), won, fmt.Sprintf("%+.2f", r.WoE), fmt.Sprintf("%+.0f", r.Points)})
	}
	w.Render()
}

func joinDays(days []float64) string {
	parts := make([]string, len(days))
	for i, d := range days {
		parts[i] = fmt.Sprintf("%.4g", d)
	}
	return strings.Join(parts, ", ")
}
