package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/report"
)

// replaying is the flags of `leadcast backtest` that train does not have.
type replaying struct {
	training
	replay           train.Replay
	window, capacity string
}

func (p *program) backtestCommand() *cobra.Command {
	var r replaying
	c := &cobra.Command{
		Use:   "backtest [FILE…]",
		Short: "Replay history: what would the forecasts have been worth",
		Long: "At each of several past days, trains only on what was known by then, forecasts the\n" +
			"leads open then and those created in the main horizon after, and compares with what\n" +
			"became of them until today: whether sums come true, whether the order helps, what\n" +
			"sales would have had on the desk, and how much a random split flatters. Takes the\n" +
			"flags of train, also from its part of leadcast.yaml. Models that were trained are\n" +
			"kept in a folder beside the page and used again where data and flags are the same.",
		Example: "  leadcast backtest leads.csv --id lead_id --created created_at --outcome status --won Won --lost Lost --closed closed_at\n" +
			"  leadcast backtest --origins 6 --capacity 50 -o june.html      # with leadcast.yaml of leadcast init\n" +
			"  leadcast backtest leads.csv --outcome status --won Won --window rolling:365d --embargo 7 --json > backtest.json",
		Annotations: map[string]string{likeCommand: "train"},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = r.files
			}
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return p.backtest(c.Context(), &r, args)
		},
	}
	f := c.Flags()
	f.IntVar(&r.replay.Origins, "origins", 5, "past days to look from, evenly spaced")
	f.StringVar(&r.window, "window", "expanding", "what an origin's model learns from: expanding (all that was known), or rolling:365d (leads created in the last 365 days)")
	f.IntVar(&r.replay.Embargo, "embargo", 0, "days before an origin that its model does not know of")
	f.StringVar(&r.capacity, "capacity", "10%", "leads that sales can work a week, or their share of the open leads")
	r.flags(c)
	out := f.Lookup("out")
	r.out, out.DefValue, out.Usage = "backtest.html", "backtest.html", "page to write; models go into a folder beside it"
	further(c, "origins", "window", "embargo", "capacity", "outcome", "won", "lost", "created", "closed", "out", "help")
	return c
}

// replayOf reads the flags that say how history is replayed.
func (r *replaying) replayOf() (err error) {
	if r.replay.Origins < 1 || r.replay.Origins > 60 {
		return usagef("--origins wants a number from 1 to 60, not %d", r.replay.Origins)
	}
	if r.replay.Embargo < 0 || r.replay.Embargo > 3650 {
		return usagef("--embargo wants a number of days, not %d", r.replay.Embargo)
	}
	if length, rolling := strings.CutPrefix(r.window, "rolling:"); rolling {
		if r.replay.Window, err = days("window", length); err != nil {
			return err
		}
	} else if r.window != "expanding" {
		return usagef("--window wants expanding or rolling:DAYS such as rolling:365d, not %q", r.window)
	}
	number, share := strings.CutSuffix(r.capacity, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(v > 0) || share && v > 100 || v > 1e7 {
		return usagef("--capacity wants a number of leads a week such as 50, or a share of the open leads such as 10%%, not %q", r.capacity)
	}
	if share {
		r.replay.Share = v / 100
	} else {
		r.replay.Capacity = v
	}
	return nil
}

func (p *program) backtest(ctx context.Context, r *replaying, files []string) error {
	if err := r.replayOf(); err != nil {
		return err
	}
	if err := r.ready(ctx, p, files); err != nil {
		return err
	}
	folder := strings.TrimSuffix(r.out, filepath.Ext(r.out)) + ".models"
	kept := false
	r.replay.Build = version()
	r.replay.Known = func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil // trained again
		}
		return b
	}
	r.replay.Keep = func(name string, b []byte) error {
		kept = true
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", folder, err)
		}
		return renameio.WriteFile(filepath.Join(folder, name), b, 0o644)
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 1)
	leads, _, err := r.read(ctx, p, files)
	if err != nil {
		return err
	}
	b, err := r.replay.Run(ctx, leads, r.plan, bar.say)
	if ctx.Err() != nil && kept {
		bar.end()
		fmt.Fprintf(p.stderr, "the models that were trained are kept in %s; the next run goes on from them\n", folder)
	}
	if err != nil {
		return err
	}
	bar.say("drawing", 1, 1)
	var page bytes.Buffer
	if err := report.WriteBacktest(&page, b, version()); err != nil {
		return err
	}
	if err := renameio.WriteFile(r.out, page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", r.out, err)
	}
	bar.end()
	if p.json {
		return p.printJSON(b)
	}
	p.printBacktest(b)
	fmt.Fprintf(p.stdout, "\nWritten: %s; the models are in %s\n", r.out, folder)
	return nil
}

// printBacktest prints a back-test.
func (p *program) printBacktest(b *train.Backtest) {
	p.heading(fmt.Sprintf("Forecasts from each origin, and what came within %d days, until %s", b.MainHorizon, b.To))
	w := p.sheet("origin", "trained on", "won", "open then", "new", "won within", "observed ÷ expected (95 %)", "AUC (95 %)", "log-likelihood over base rates (95 %)")
	for _, o := range b.Origins {
		if o.Withheld != "" {
			continue
		}
		row := table.Row{o.Date, o.Leads, o.Wins, o.Open, o.New, "–", "–", "–", "–"}
		for _, h := range o.Forecasts.Horizons {
			if h.Days == b.MainHorizon && h.Withheld == "" {
				row[5], row[6], row[7] = h.Won, ranged("%.2f", h.OE.Value, h.OE.Low, h.OE.High), ranged("%.3f", h.AUC.Value, h.AUC.Low, h.AUC.High)
			}
		}
		if l := o.Forecasts.LogLik; l != nil {
			row[8] = ranged("%+.4f", l.Value, l.Low, l.High)
		}
		w.AppendRow(row)
	}
	w.Render()
	for _, o := range b.Origins {
		if o.Withheld != "" {
			fmt.Fprintf(p.stdout, "%s: withheld: %s\n", o.Date, printable(o.Withheld))
		}
	}
	p.heading(fmt.Sprintf("All origins together (intervals resample %s)", b.Resampled))
	w = p.sheet("won within", "forecasts", "won", "observed ÷ expected (95 %)", "slope (95 %)", "AUC (95 %)", "log loss over base rates (95 %)", "wins in top 10 %")
	for _, h := range b.Pooled.Horizons {
		if h.Withheld == "" {
			w.AppendRow(table.Row{fmt.Sprintf("%d days", h.Days), h.Count, h.Won, ranged("%.2f", h.OE.Value, h.OE.Low, h.OE.High), ranged("%.2f", h.Slope.Value, h.Slope.Low, h.Slope.High), ranged("%.3f", h.AUC.Value, h.AUC.Low, h.AUC.High), ranged("%+.4f", h.Gain.Value, h.Gain.Low, h.Gain.High), fmt.Sprintf("%.0f %%", 100*h.Top.Value)})
		}
	}
	w.Render()
	p.printCapacity(b)
	if len(b.Optimism) > 0 {
		p.heading(fmt.Sprintf("What was promised on %s, and what came (%d days)", b.Promised, b.MainHorizon))
		w = p.sheet("judged on", "leads", "won", "AUC (95 %)", "observed ÷ expected (95 %)")
		for _, j := range b.Optimism {
			w.AppendRow(table.Row{j.Stated + ": " + j.By, j.Leads, j.Won, ranged("%.3f", j.AUC.Value, j.AUC.Low, j.AUC.High), ranged("%.2f", j.OE.Value, j.OE.Low, j.OE.High)})
		}
		w.Render()
	}
	for _, s := range b.Verdict {
		fmt.Fprintf(p.stdout, "\n%s %s\n", s.Question, s.Answer)
	}
}

// printCapacity prints what each order would have brought onto the desk.
func (p *program) printCapacity(b *train.Backtest) {
	c := b.Pooled.Capacity
	p.heading(fmt.Sprintf("On the desk before it was won, working %.0f leads a week for %d days (%d wins could be reached)", c.Week, b.MainHorizon, c.Wins))
	if c.Withheld != "" {
		fmt.Fprintln(p.stdout, " ", c.Withheld)
		return
	}
	header := []any{"order", "wins", "share of wins (95 %)", "ours less this (95 %)", "money", "ours less this, share of money (95 %)"}
	if c.Money == 0 {
		header = header[:4]
	}
	w := p.sheet(header...)
	for _, o := range c.Orders {
		row := table.Row{o.Order, o.Wins, ranged("%.3f", o.Reached.Value, o.Reached.Low, o.Reached.High), "", fmt.Sprintf("%.0f", o.Money), ""}
		if o.Ahead != nil {
			row[3] = ranged("%+.3f", o.Ahead.Value, o.Ahead.Low, o.Ahead.High)
		}
		if o.AheadMoney != nil {
			row[5] = ranged("%+.3f", o.AheadMoney.Value, o.AheadMoney.Low, o.AheadMoney.High)
		}
		row = row[:len(header)]
		w.AppendRow(row)
	}
	w.Render()
}

// ranged writes a figure with its interval.
func ranged(format string, value, low, high float64) string {
	return fmt.Sprintf(format+" ("+format+" … "+format+")", value, low, high)
}
