package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/lift"
	"github.com/leadcast/leadcast/train"
)

// lifting is the flags of `leadcast lift`.
type lifting struct {
	training
	arm, horizon, control, costs, like string
}

func (p *program) liftCommand() *cobra.Command {
	var l lifting
	c := &cobra.Command{
		Use:   "lift FILE…",
		Short: "Compare campaigns, sources or sellers without taking open leads for lost",
		Long: "Says for each value of a column how probably its leads are won within the horizon,\n" +
			"how long that takes and what a win costs, and compares the values within months of\n" +
			"creation. What is too young or too small is not compared: it has a day to ask again.\n" +
			"A file with durations but no dates is compared at once, one without any times by the\n" +
			"leads whose outcome is known.\n" +
			"Roles and outcomes are read as by train, or taken from a model.",
		Example: "  leadcast lift leads.csv --arm source --outcome status --won Won --horizon 90d\n" +
			"  leadcast lift leads.csv --arm campaign_id --outcome status --won Won --lost Lost \\\n" +
			"      --control C01 --costs campaigns.csv --json\n" +
			"  leadcast lift leads.csv --arm source --like model.leadcast\n" +
			"  leadcast init leads.csv && leadcast lift leads.csv --arm source",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.lift(c.Context(), &l, args) },
	}
	l.flags(c)
	further(c, "arm", "horizon", "control", "costs", "like", "outcome", "won", "lost", "created", "closed", "help")
	return c
}

func (l *lifting) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.arm, "arm", "", "column whose values are compared")
	f.StringVar(&l.horizon, "horizon", "90d", "days from creation within which a win counts")
	f.StringVar(&l.control, "control", "", "value that all others are compared with (default: each with the rest)")
	f.StringVar(&l.costs, "costs", "", "file with a column of values, named as --arm or \"arm\", and a column \"cost\"")
	f.StringVar(&l.like, "like", "", "take roles and outcomes from this model")
	same := &cobra.Command{}
	l.training.flags(same)
	for _, name := range []string{"outcome", "won", "lost", "created", "closed", "as-of", "id", "account", "duration", "won-if", "silent-after", "observed-from",
		"dates", "zone", "kind", "missing", "seed", "separator", "max-errors", "join", "where", "junk"} {
		f.AddFlag(same.Flags().Lookup(name))
	}
}

// take completes the plan from a model: what the command line says wins.
func (l *lifting) take(model string) error {
	b, err := openBundle(model)
	if err != nil {
		return err
	}
	r, learnt, c := &l.plan.Roles, b.Manifest.Schema.Roles, b.Manifest.Contract
	r.Outcome, r.ID, r.Account = cmp.Or(r.Outcome, learnt.Outcome), cmp.Or(r.ID, learnt.ID), cmp.Or(r.Account, learnt.Account)
	r.Created, r.Closed, r.Duration = cmp.Or(r.Created, learnt.Created), cmp.Or(r.Closed, learnt.Closed), cmp.Or(r.Duration, learnt.Duration)
	if len(l.won) == 0 && l.wonIf == "" {
		l.won = c.Won
		if c.WonPresent {
			l.wonIf = r.Outcome + ":present"
		}
	}
	if len(l.lost) == 0 {
		l.lost = c.Lost
	}
	l.plan.Contract = c // what settle does not set: silence and the start of observation
	return nil
}

// ask reads the leads and says what is to be compared.
func (l *lifting) ask(ctx context.Context, p *program, files []string) (d lift.Data, o lift.Options, notes []string, err error) {
	if l.arm == "" {
		return d, o, nil, usagef("say which column's values are to be compared: --arm COLUMN")
	}
	if o.Horizon, err = days("horizon", l.horizon); err != nil {
		return d, o, nil, err
	}
	if l.like != "" {
		if err = l.take(l.like); err != nil {
			return d, o, nil, err
		}
	}
	if err = l.settle(); err != nil {
		return d, o, nil, err
	}
	if r := l.plan.Roles; l.plan.Kinds[l.arm] == datasets.Raw && !slices.Contains([]string{r.Created, r.Closed, r.Duration}, l.arm) {
		l.plan.Kinds[l.arm] = datasets.Category // values are names, also where they are numbers
	}
	raw, told, err := l.read(ctx, p, files)
	if err != nil {
		return d, o, nil, err
	}
	leads, err := train.Read(raw, l.plan)
	if err != nil {
		return d, o, nil, err
	}
	if d, err = lift.FromTable(leads.Table, leads.Outcomes, leads.Roles, leads.Contract, l.arm); err != nil {
		return d, o, nil, err
	}
	o.Control, o.Seed = l.control, l.plan.Seed
	if l.costs != "" {
		costs, _, err := (&input{}).readOne(ctx, p, []string{l.costs})
		if err != nil {
			return d, o, nil, err
		}
		if o.Costs, err = lift.ReadCosts(costs, l.arm, d.Arm); err != nil {
			return d, o, nil, err
		}
	}
	return d, o, l.concerns(append(told, leads.Notes...), leads.Roles), nil
}

// concerns are the notes that are about the file or a column that is used.
func (l *lifting) concerns(notes []datasets.Note, r datasets.Roles) (texts []string) {
	for _, n := range notes {
		switch {
		case n.Column == "":
			texts = append(texts, n.Message)
		case slices.Contains([]string{l.arm, r.Outcome, r.Created, r.Closed, r.Duration, r.Account}, n.Column):
			texts = append(texts, n.Column+": "+n.Message)
		}
	}
	return texts
}

func (p *program) lift(ctx context.Context, l *lifting, files []string) error {
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 2)
	d, o, notes, err := l.ask(ctx, p, files)
	if err != nil {
		return err
	}
	bar.say("comparing "+l.arm, 1, 2)
	r, err := lift.Compare(d, o)
	bar.end()
	if err != nil {
		return err
	}
	r.Notes = append(notes, r.Notes...)
	if p.json {
		return p.printJSON(r)
	}
	p.printLift(r, l.arm)
	return nil
}

// mostArms is the most arms, and comparisons, that are printed.
const mostArms = 50

func (p *program) printLift(r *lift.Result, arm string) {
	leads, ripe := 0, 0
	for _, a := range r.Arms {
		leads += a.Leads
		if a.Ripe {
			ripe++
		}
	}
	fmt.Fprintf(p.stdout, "%d leads, %d values of %s, %d of them ripe", leads, len(r.Arms), printable(arm), ripe)
	if r.AsOf != nil {
		fmt.Fprintf(p.stdout, "; today is taken to be %s", *r.AsOf)
	}
	fmt.Fprintln(p.stdout)
	if len(r.Notes) > 0 {
		p.heading("Worth knowing")
		for _, n := range r.Notes {
			fmt.Fprintln(p.stdout, "  ·", printable(n))
		}
	}
	p.printArms(r, arm)
	p.printNaive(r)
	p.printComparisons(r, arm)
	fmt.Fprintln(p.stdout, "\nDifferences are observational: do not call them effects unless it was drawn by lot who got which leads.")
}

func (p *program) printArms(r *lift.Result, arm string) {
	has := func(f func(lift.Arm) bool) bool { return slices.ContainsFunc(r.Arms, f) }
	costs := has(func(a lift.Arm) bool { return a.Cost != nil })
	losses := has(func(a lift.Arm) bool { return a.WonOfDone != nil })
	header := []any{printable(arm), "leads", "won", "interval"}
	if r.Horizon != nil {
		p.heading(fmt.Sprintf("Won within %d days of creation (%.0f %% intervals)", *r.Horizon, 100*r.Level))
		header = append(header, "days to win: 10 %", "half", "90 %")
	} else {
		p.heading(fmt.Sprintf("Won, of the leads whose outcome is known (%.0f %% intervals)", 100*r.Level))
	}
	if costs {
		header = append(header, "cost", "cost per win")
	}
	naive := r.Horizon != nil || has(func(a lift.Arm) bool { return a.Open > 0 })
	if naive {
		header = append(header, "won ÷ all")
	}
	if losses = losses && naive; losses {
		header = append(header, "won ÷ closed")
	}
	w := p.sheet(header...)
	for _, a := range r.Arms[:min(mostArms, len(r.Arms))] {
		row := table.Row{printable(a.Name), a.Leads}
		switch {
		case a.Ripe:
			row = append(row, percent(a.PWin), span(a.CI))
		case a.AskAgain != nil:
			row = append(row, "not yet", "ask again on "+*a.AskAgain)
		default:
			row = append(row, "not yet", whyNot(r, a))
		}
		if r.Horizon != nil {
			row = append(row, whole(a.CycleP10), whole(a.CycleP50), whole(a.CycleP90))
		}
		if costs {
			row = append(row, whole(a.Cost), whole(a.CostPerWin))
		}
		if naive {
			row = append(row, percent(&a.WonOfAll))
		}
		if losses {
			row = append(row, percent(a.WonOfDone))
		}
		w.AppendRow(row)
	}
	w.Render()
	if more := len(r.Arms) - mostArms; more > 0 {
		fmt.Fprintf(p.stdout, "and %d smaller ones; --json lists them all\n", more)
	}
}

// whyNot says what an arm lacks that cannot be asked for again on a day.
func whyNot(r *lift.Result, a lift.Arm) string {
	switch {
	case r.Horizon == nil && a.Open*10 > a.Leads:
		return "too many are open"
	case r.Horizon != nil && r.AsOf == nil && a.Open > 0 && a.Leads >= 30:
		return "not followed to the horizon"
	}
	return "too few leads"
}

// printNaive warns where the two usual readings would mislead.
func (p *program) printNaive(r *lift.Result) {
	var misread []string
	young := 0
	for _, a := range r.Arms {
		if !a.Ripe && a.Open > 0 && (a.AskAgain != nil || r.AsOf == nil) {
			young++
		}
	}
	all, done := r.Misreadings()
	for _, m := range []struct {
		name string
		lift.Misreading
	}{{"won ÷ all", all}, {"won ÷ closed", done}} {
		if math.Abs(m.By) >= 0.1 {
			misread = append(misread, fmt.Sprintf("%s makes %s look %.0f %% %s than it is", m.name, printable(m.Arm), 100*math.Abs(m.By), worse(m.By)))
		}
	}
	switch {
	case len(misread) > 0:
		fmt.Fprintf(p.stdout, "Do not compare by won ÷ all or won ÷ closed: they take open leads for failures, or forget them.\nBeside the others, and within %d days, %s.\n", *r.Horizon, strings.Join(misread, ", and "))
	case young > 0 && r.AsOf == nil:
		fmt.Fprintln(p.stdout, "Do not judge those that are not ripe by won ÷ all or won ÷ closed: they take open leads for failures, or forget them.")
	case young > 0:
		fmt.Fprintln(p.stdout, "Do not judge the young ones by won ÷ all or won ÷ closed: they take open leads for failures, or forget them.")
	}
}

func worse(by float64) string {
	if by < 0 {
		return "worse"
	}
	return "better"
}

func (p *program) printComparisons(r *lift.Result, arm string) {
	if len(r.Comparisons) == 0 {
		return
	}
	control := printable(r.Comparisons[0].Control)
	months := ""
	if r.AsOf != nil {
		months = ", created in the same months"
	}
	p.heading(fmt.Sprintf("Side by side with %s%s (intervals and p hold for all lines at once)", control, months))
	w := p.sheet(printable(arm), "won", control, "difference, points", "interval", "p", "")
	shown := r.Comparisons[:min(mostArms, len(r.Comparisons))]
	for _, c := range shown {
		if c.Difference == nil {
			w.AppendRow(table.Row{printable(c.Arm), "", "", "", "", "", "not compared: " + c.Note})
			continue
		}
		verdict := "no difference that stands out"
		switch {
		case c.CI[0] > 0:
			verdict = "better"
		case c.CI[1] < 0:
			verdict = "worse"
		}
		w.AppendRow(table.Row{printable(c.Arm), percent(c.PArm), percent(c.PControl), fmt.Sprintf("%+.1f", 100**c.Difference),
			fmt.Sprintf("%+.1f … %+.1f", 100*c.CI[0], 100*c.CI[1]), chance(*c.P), verdict})
	}
	w.Render()
	if more := len(r.Comparisons) - len(shown); more > 0 {
		fmt.Fprintf(p.stdout, "and %d more; --json lists them all\n", more)
	}
	if r.AsOf != nil {
		fmt.Fprintln(p.stdout, "Compare by this table rather than by the rows above, where each has months of its own.")
	}
}

func percent(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100**v)
}

func span(ci *[2]float64) string { return fmt.Sprintf("%.1f–%.1f %%", 100*ci[0], 100*ci[1]) }

func whole(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f", *v)
}

func chance(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
