package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/leadcast/leadcast/train"
	"github.com/leadcast/leadcast/train/bundle"
)

// bar draws progress on a terminal and nothing elsewhere.
type bar struct {
	p     *program
	drawn bool
}

func (p *program) bar() *bar { return &bar{p: p} }

func (b *bar) say(stage string, done, total int) {
	if !b.p.terminal || b.p.json {
		return
	}
	const width = 24
	full := width * done / max(total, 1)
	fmt.Fprintf(b.p.stderr, "\r\x1b[K%s%s %s", strings.Repeat("█", full), strings.Repeat("░", width-full), printable(stage))
	b.drawn = true
}

func (b *bar) end() {
	if b.drawn {
		fmt.Fprint(b.p.stderr, "\r\x1b[K")
		b.drawn = false
	}
}

// sheet is a table in the house's style.
func (p *program) sheet(header ...any) table.Writer {
	w := table.NewWriter()
	w.SetOutputMirror(p.stdout)
	s := table.StyleLight
	s.Options = table.OptionsNoBordersAndSeparators
	s.Format.Header, s.Format.Footer = text.FormatDefault, text.FormatDefault
	w.SetStyle(s)
	w.AppendHeader(header)
	var columns []table.ColumnConfig
	for i := 2; i <= len(header); i++ {
		if header[i-1] != "" { // words rather than figures stand without a header
			columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	w.SetColumnConfigs(columns)
	return w
}

func (p *program) heading(s string) { fmt.Fprintf(p.stdout, "\n%s\n", s) }

// printReport tells what training learned.
func (p *program) printReport(r *train.Report, file string) {
	m := r.Manifest
	fmt.Fprintf(p.stdout, "%d leads: %d won, %d lost, %d open", r.Counts["leads"], r.Counts["won"], r.Counts["lost"], r.Counts["open"])
	if m.AsOf != "" {
		fmt.Fprintf(p.stdout, "; today is taken to be %s", m.AsOf[:10])
	}
	fmt.Fprintln(p.stdout)
	p.printRoles(m)
	if len(r.Notes) > 0 {
		p.heading("Worth knowing")
		for _, n := range r.Notes {
			fmt.Fprintln(p.stdout, "  ·", printable(n))
		}
	}
	p.printWithheld(m.Withheld)
	if len(r.Leaderboard) > 0 {
		p.heading("Leaderboard (on rows not fitted to, before the hold-out)")
		w := p.sheet("model", "log-likelihood a lead", "over base rates", "95 % interval", "AUC")
		for _, e := range r.Leaderboard {
			name := e.Model
			if e.Champion {
				name += " ★"
			}
			w.AppendRow(table.Row{name, fmt.Sprintf("%.4f", e.Score), fmt.Sprintf("%+.4f", e.Gain), fmt.Sprintf("%+.4f … %+.4f", e.GainLow, e.GainHigh), fmt.Sprintf("%.3f", e.AUC)})
		}
		w.Render()
	}
	if found := r.Searched; found != nil {
		p.printSearch(found)
	}
	p.heading("This recipe (" + m.Recipe + "), judged on leads it had not seen — " + r.Split)
	p.printEvaluation(&r.Judged, m.Horizons)
	p.printWaiting(m)
	p.printClassifiers(r.Classifiers, m.MainHorizon)
	p.printReadings(r.Contract, m.MainHorizon)
	fmt.Fprintf(p.stdout, "\nForecasts are of how leads were worked until now.\nWritten: %s (model %s)\n", file, r.Bundle[:12])
}

// printSearch prints what a search for settings found.
func (p *program) printSearch(s *train.Searched) {
	fmt.Fprintf(p.stdout, "\nSearch: %d settings of boosting tried to their end: ", s.Trials)
	if s.Default {
		fmt.Fprintln(p.stdout, "none did better in validation than the default ones, which are used")
		return
	}
	b := s.Settings
	fmt.Fprintf(p.stdout, "%+.4f a lead over the default ones in validation (the best of many, so it flatters), with leaves %d, at least %d leads in each, learning rate %g, L2 %g (categories %g), column sample %g, row sample %g, pairs %d\n",
		s.Gain, b.Leaves, b.MinLeaf, b.LearningRate, b.L2, b.CategoryL2, b.ColumnSample, b.RowSample, b.Pairs)
}

// printWaiting says which horizons cannot be given yet, why, and until when.
func (p *program) printWaiting(m *bundle.Manifest) {
	for _, w := range m.Waiting {
		fmt.Fprintf(p.stdout, "%d days: not forecast for new leads: %s", w.Days, w.Reason)
		if w.From != "" {
			fmt.Fprintf(p.stdout, "; to be expected of a model trained about %s", w.From)
		}
		fmt.Fprintln(p.stdout)
	}
}

// printClassifiers prints how models without times did next to the champion.
func (p *program) printClassifiers(list []train.Classifier, days int) {
	if len(list) == 0 {
		return
	}
	p.heading(fmt.Sprintf("Won within %d days or not, as of creation: the champion and plain classifiers on the same %d leads of the hold-out, %d of them won", days, list[0].Leads, list[0].Won))
	w := p.sheet("model", "AUC (95 %)", "log loss", "Brier")
	for _, c := range list {
		w.AppendRow(table.Row{c.Model, fmt.Sprintf("%.3f (%.3f–%.3f)", c.AUC.Value, c.AUC.Low, c.AUC.High), fmt.Sprintf("%.4f", c.LogLoss), fmt.Sprintf("%.4f", c.Brier)})
	}
	w.Render()
}

// printReadings prints what would move if the outcome contract were read otherwise.
func (p *program) printReadings(list []train.Reading, days int) {
	if len(list) == 0 {
		return
	}
	p.heading("What the rules of the outcome contract decide: all leads, before any column is looked at")
	header := []any{"reading", "won", "lost", "open", fmt.Sprintf("won within %d days", days), "half of the wins by", "wins to expect of open leads"}
	if list[0].Refit != nil {
		header = append(header, "trained anew: AUC", "wins to expect")
	}
	w := p.sheet(header...)
	for _, r := range list {
		half := "–"
		if r.Cycle != nil {
			half = fmt.Sprintf("day %.0f", *r.Cycle)
		}
		row := table.Row{r.Rule, r.Won, r.Lost, r.Open, fmt.Sprintf("%.2f %%", 100*r.WinRate), half, moved("%.1f", r.Expected, list[0].Expected)}
		if f := r.Refit; f != nil && f.Withheld == "" {
			row = append(row, fmt.Sprintf("%.3f", f.AUC), moved("%.1f", f.Expected, list[0].Refit.Expected))
		} else if f != nil {
			row = append(row, "–", "–")
		}
		w.AppendRow(row)
	}
	w.Render()
	for _, r := range list {
		if r.Refit != nil && r.Refit.Withheld != "" {
			fmt.Fprintf(p.stdout, "%s: could not be trained: %s\n", r.Rule, printable(r.Refit.Withheld))
		}
	}
	if list[0].Refit == nil {
		fmt.Fprintln(p.stdout, "--sensitivity trains the recipe on each of them too")
	}
}

// moved is a figure with how far it is from what is declared.
func moved(format string, value, declared float64) string {
	text := fmt.Sprintf(format, value)
	if value != declared && declared > 0 {
		text += fmt.Sprintf(" (%+.0f %%)", 100*(value/declared-1))
	}
	return text
}

// printRoles prints which column plays which part.
func (p *program) printRoles(m *bundle.Manifest) {
	r := m.Schema.Roles
	var parts []string
	for _, role := range [][2]string{{"id", r.ID}, {"created", r.Created}, {"outcome", r.Outcome}, {"closed", r.Closed}, {"duration", r.Duration}, {"order", r.Order}, {"amount", r.Amount}, {"currency", r.Currency}, {"account", r.Account}, {"campaign", r.Campaign}, {"owner", r.Owner}} {
		if role[1] != "" {
			parts = append(parts, role[0]+" = "+role[1])
		}
	}
	c := m.Contract
	won := strings.Join(c.Won, ", ")
	if c.WonPresent {
		won = "any value"
	}
	lost := strings.Join(c.Lost, ", ")
	if c.OtherLost {
		lost = "every other value"
	}
	if lost == "" {
		lost = "not recorded"
	}
	if r.Outcome == "" {
		fmt.Fprintf(p.stdout, "roles: %s; no outcome column\n", printable(strings.Join(parts, ", ")))
		return
	}
	fmt.Fprintf(p.stdout, "roles: %s\nwon: %s; lost: %s\n", printable(strings.Join(parts, ", ")), printable(won), printable(lost))
	if house := m.Schema.House(); house != "" {
		fmt.Fprintf(p.stdout, "amounts are in %s (%s)\n", printable(house), count(len(m.Schema.Rates), "rate"))
	}
	if len(m.Junk) > 0 {
		fmt.Fprintf(p.stdout, "junk, not forecast: %s\n", printable(strings.Join(m.Junk, "; ")))
	}
}

func (p *program) printWithheld(list []bundle.Withheld) {
	if len(list) == 0 {
		return
	}
	p.heading("Columns withheld")
	for _, w := range list {
		fmt.Fprintf(p.stdout, "  · %s: %s\n", printable(w.Column), printable(w.Reason))
	}
}

// printEvaluation prints metrics with their intervals, a line a horizon.
func (p *program) printEvaluation(e *train.Evaluation, horizons []int) {
	if len(e.Horizons) == 0 {
		fmt.Fprintln(p.stdout, "  no horizon has both won and other leads that were followed long enough")
		return
	}
	w := p.sheet("won within", "leads", "won", "AUC (95 %)", "log loss", "base", "Brier", "ECE", "observed ÷ expected (95 %)", "wins in top 10 %")
	for _, h := range e.Horizons {
		name := fmt.Sprintf("%d days", h.Days)
		if h.Days == 0 {
			name = "ever"
		}
		w.AppendRow(table.Row{name, h.Leads, h.Won, fmt.Sprintf("%.3f (%.3f–%.3f)", h.AUC.Value, h.AUC.Low, h.AUC.High),
			fmt.Sprintf("%.4f", h.LogLoss), fmt.Sprintf("%.4f", h.BaseLoss), fmt.Sprintf("%.4f", h.Brier), fmt.Sprintf("%.4f", h.ECE),
			fmt.Sprintf("%.2f (%.2f–%.2f)", h.OE.Value, h.OE.Low, h.OE.High), fmt.Sprintf("%.0f %%", 100*h.Top)})
	}
	w.Render()
	p.printCalibration(e)
	printNewAccounts(p.stdout, e)
	for _, days := range horizons {
		if e.Horizons[0].Days > 0 && !slices.ContainsFunc(e.Horizons, func(h train.AtHorizon) bool { return h.Days == days }) {
			fmt.Fprintf(p.stdout, "%d days: not judged, for no leads both won and not were followed that long\n", days)
		}
	}
	if e.LogLik != nil && !math.IsNaN(e.LogLik.Value) {
		fmt.Fprintf(p.stdout, "log-likelihood of won/lost/open over the base rates: %+.4f a lead (%+.4f … %+.4f)\n", e.LogLik.Value, e.LogLik.Low, e.LogLik.High)
	}
}

// printCalibration prints how forecasts came true: by horizon, by age, and the
// segments of which they did not.
func (p *program) printCalibration(e *train.Evaluation) {
	if len(e.Calibration) == 0 {
		return
	}
	p.heading("Do the forecasts come true? (a slope below 1: over-confident; an intercept above 0: too low)")
	w := p.sheet("leads", "number", "won", "expected", "observed ÷ expected (95 %)", "intercept (95 %)", "slope (95 %)")
	add := func(c *train.Calibration, name string) {
		line := func(value, low, high float64) string {
			if math.IsNaN(value) {
				return "too few"
			}
			return fmt.Sprintf("%.2f (%.2f … %.2f)", value, low, high)
		}
		w.AppendRow(table.Row{name, c.Leads, c.Won, fmt.Sprintf("%.1f", c.Expected), line(c.OE.Value, c.OE.Low, c.OE.High),
			line(c.Intercept.Value, c.Intercept.Low, c.Intercept.High), line(c.Slope.Value, c.Slope.Low, c.Slope.High)})
	}
	main := 0
	for i := range e.Calibration {
		switch c := &e.Calibration[i]; c.By {
		case "horizon":
			add(c, "all, "+c.Group)
		case "age":
			add(c, fmt.Sprintf("%s, %d days", c.Group, c.Days))
			main = c.Days
		default:
			main = c.Days
		}
	}
	off, of := e.Surprises()
	for i := range off {
		add(&off[i], printable(off[i].By+" = "+off[i].Group))
	}
	w.Render()
	within := ""
	if main > 0 {
		within = fmt.Sprintf(" within %d days", main)
	}
	switch {
	case of == 0:
	case len(off) == 0:
		fmt.Fprintf(p.stdout, "segments: none of %d was won%s more or less often than forecast, against all leads, beyond chance\n", of, within)
	default:
		fmt.Fprintf(p.stdout, "segments: of %d that were large enough %d came%s otherwise than forecast, against all leads, beyond chance; they stand at the end\n", of, len(off), within)
	}
}

// printNewAccounts says how the leads of accounts did that training had not seen.
func printNewAccounts(w io.Writer, e *train.Evaluation) {
	switch {
	case e.NewAccountLeads == nil:
	case *e.NewAccountLeads == 0:
		fmt.Fprintln(w, "accounts: every account of the hold-out has leads in training too")
	case e.NewAccounts == nil:
		fmt.Fprintf(w, "accounts: %d of %s held out are of accounts that training has not seen, too few to judge by\n", *e.NewAccountLeads, count(e.Leads, "lead"))
	default:
		h := e.NewAccounts
		within := ""
		if h.Days > 0 {
			within = fmt.Sprintf(" at %d days", h.Days)
		}
		fmt.Fprintf(w, "accounts: %d of %s held out are of accounts that training has not seen; AUC%s on these %.3f (%.3f–%.3f; %s, %d won)\n",
			*e.NewAccountLeads, count(e.Leads, "lead"), within, h.AUC.Value, h.AUC.Low, h.AUC.High, count(h.Leads, "lead"), h.Won)
	}
}

// count is a number of things.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
