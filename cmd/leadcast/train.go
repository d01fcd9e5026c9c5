package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// training is the flags of `leadcast train`.
type training struct {
	input
	files                                      []string // where the command line names none
	plan                                       train.Plan
	won, lost                                  []string
	wonIf, silentAfter, observedFrom           string
	asOf, mainHorizon, splitFile, out, orderBy string
	rates, budget                              string
	horizons, kinds                            []string
}

func (p *program) trainCommand() *cobra.Command {
	var t training
	c := &cobra.Command{
		Use:   "train [FILE…]",
		Short: "Learn a model from a CRM export",
		Long: "Learns from a table of leads, one row each, how likely each is to be won and when.\n" +
			"Leads that are still open are not taken for lost. Roles of columns that are not\n" +
			"named are inferred and printed. Training's \"today\" is the latest creation or\n" +
			"closing time in the data, unless --as-of says otherwise.",
		Example: "  leadcast train leads.csv --outcome status --won Won\n" +
			"  leadcast train leads.csv --id lead_id --created created_at --outcome status --won Won \\\n" +
			"      --lost Lost,Disqualified --closed closed_at --amount value --as-of 2018-05-31 \\\n" +
			"      --horizons 30d,90d,180d --main-horizon 90d --exclude phone,email -o model.leadcast\n" +
			"  leadcast train leads.csv --join deals.csv:lead_id --outcome won_date --won-if won_date:present --created first_contact\n" +
			"  leadcast train leads.csv --outcome status --won Won --budget 10m    # stopped, it goes on from model.leadcast.search\n" +
			"  leadcast train postgres:crm.leads --outcome status --won Won    # LEADCAST_DSN says which database; docs/crm.md\n" +
			"  leadcast init leads.csv && leadcast train",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = t.files
			}
			if len(args) == 0 {
				return usagef("%s wants the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return p.train(c.Context(), &t, args)
		},
	}
	t.flags(c)
	further(c, "outcome", "won", "lost", "id", "created", "closed", "amount", "as-of", "horizons", "out", "help")
	return c
}

func (t *training) flags(c *cobra.Command) {
	f := c.Flags()
	r := &t.plan.Roles
	f.StringVar(&r.Outcome, "outcome", "", "column that says what became of a lead")
	f.StringSliceVar(&t.won, "won", nil, "its values that mean won")
	f.StringSliceVar(&t.lost, "lost", nil, "its values that mean lost")
	f.StringVar(&r.ID, "id", "", "column with the lead's own id")
	f.StringVar(&r.Created, "created", "", "column with the time of creation")
	f.StringVar(&r.Closed, "closed", "", "column with the time of being won or lost")
	f.StringVar(&r.Amount, "amount", "", "column with the lead's value in money")
	f.StringVar(&t.asOf, "as-of", "", "pretend that today is this day (default: the latest time in the data)")
	f.StringSliceVar(&t.horizons, "horizons", nil, "days ahead to forecast (default 30d,90d,180d)")
	f.StringVarP(&t.out, "out", "o", "model.leadcast", "file to write")
	f.StringVar(&t.mainHorizon, "main-horizon", "", "horizon of p_win, grades and the queue (default 90d)")
	f.StringArrayVar(&t.files, "files", nil, "files of leads, for leadcast.yaml: they count where the command line names none")
	f.StringSliceVar(&t.plan.Exclude, "exclude", nil, "columns not to use")
	f.StringSliceVar(&t.plan.Changes, "changes", nil, "columns whose values change while a lead is open; they are left out")
	f.StringSliceVar(&t.plan.Keep, "keep", nil, "columns to use although they seem to be filled in at closing")
	f.StringVar(&t.wonIf, "won-if", "", "won where a column is filled: COLUMN:present")
	f.StringVar(&t.silentAfter, "silent-after", "", "count a lead as lost after so many days open, such as 180d")
	f.StringVar(&t.observedFrom, "observed-from", "", "outcomes were recorded only from this day on (delayed entry)")
	f.StringArrayVar(&t.plan.Junk, "junk", nil, "leads that are none: COLUMN=VALUE (also != < <= > >=, ~ for contains, several values with |); left out, and not forecast later")
	f.StringVar(&r.Currency, "currency", "", "column with the currency of the amount")
	f.StringVar(&t.rates, "rates", "", "file with what currencies are worth: columns currency, rate and, where rates change, from")
	f.StringVar(&r.Account, "account", "", "column with the account, the unit that is never split")
	f.StringVar(&r.Campaign, "campaign", "", "column with the campaign")
	f.StringVar(&r.Owner, "owner", "", "column with the owner")
	f.StringVar(&r.Duration, "duration", "", "column with the days from creation to closing, or to the last look, where there are no dates")
	f.StringVar(&t.orderBy, "order-by", "", "column that only says what came first, or rows for the order of the file")
	f.StringVar(&t.splitFile, "split", "", "file with an id (or row_id) and train or test for each lead")
	f.BoolVar(&t.plan.RandomSplit, "random-split", false, "hold out leads at random, which is optimistic; done unasked where nothing says what came first (see --created, --order-by)")
	f.StringVar(&t.plan.Dates, "dates", "", "order of ambiguous dates: dmy or mdy")
	f.StringVar(&t.plan.Zone, "zone", "", "time zone of stamps that carry none, such as Europe/Berlin (default UTC)")
	f.StringSliceVar(&t.kinds, "kind", nil, "how to read a column: COLUMN=number|bool|category|multi|time|text|id")
	f.StringSliceVar(&t.plan.Missing, "missing", nil, "further texts that stand for nothing")
	f.StringVar(&t.plan.Model, "model", "", "champion: blend (default), base, or the name of a model: gbm, linear …")
	f.StringVar(&t.plan.ScorecardBins, "scorecard-bins", "quantile", "how a scorecard cuts numbers: quantile, chimerge, or golearn-chimerge (not reproducible)")
	f.DurationVar(&t.plan.GolearnLimit, "golearn-limit", time.Minute, "leave a model of golearn's out that is not fitted within this time")
	f.BoolVar(&t.plan.NoRefit, "no-refit", false, "ship the judged model instead of fitting its recipe on everything")
	f.StringVar(&t.budget, "budget", "", "search for better settings of boosting: for a time (60s, 10m), or trials=N, which gives the same in every run")
	f.BoolVar(&t.plan.Sensitivity, "sensitivity", false, "where --silent-after is set or leads were reopened: train on other readings of these too, and say what moves")
	f.Uint64Var(&t.plan.Seed, "seed", 1, "seed of everything that is drawn at random")
	t.input.flags(c)
}

// settle turns the flags into a plan.
func (t *training) settle() (err error) {
	p := &t.plan
	p.Contract.Won, p.Contract.Lost = t.won, t.lost
	p.Reading = t.given()
	p.Roles.Order = t.orderBy
	if t.wonIf != "" {
		column, present := strings.CutSuffix(t.wonIf, ":present")
		if !present || column == "" {
			return usagef("--won-if wants COLUMN:present, not %q", t.wonIf)
		}
		if p.Roles.Outcome != "" && p.Roles.Outcome != column {
			return usagef("--won-if and --outcome name different columns")
		}
		p.Roles.Outcome, p.Contract.WonPresent = column, true
	}
	if p.Roles.Outcome == "" {
		return usagef("no outcome column: name it with --outcome COLUMN and say which value is won with --won VALUE")
	}
	if len(t.won) == 0 && !p.Contract.WonPresent {
		return usagef("say which values of %q mean won: --won VALUE", p.Roles.Outcome)
	}
	if p.AsOf, err = moment("as-of", t.asOf); err != nil {
		return err
	}
	if t.observedFrom != "" {
		if p.Contract.ObservedAt, err = moment("observed-from", t.observedFrom); err != nil {
			return err
		}
	}
	if t.silentAfter != "" {
		n, err := days("silent-after", t.silentAfter)
		if err != nil {
			return err
		}
		p.Contract.SilentAfter = float64(n)
	}
	for _, h := range t.horizons {
		n, err := days("horizons", h)
		if err != nil {
			return err
		}
		p.Horizons = append(p.Horizons, n)
	}
	if t.mainHorizon != "" {
		if p.MainHorizon, err = days("main-horizon", t.mainHorizon); err != nil {
			return err
		}
	}
	if p.Dates != "" && p.Dates != "dmy" && p.Dates != "mdy" {
		return usagef("--dates wants dmy or mdy, not %q", p.Dates)
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
		return usagef("--zone wants a name such as Europe/Berlin, not %q", p.Zone)
	}
	p.Kinds = map[string]datasets.Kind{}
	for _, k := range t.kinds {
		at := strings.LastIndex(k, "=")
		kind, ok := datasets.ParseKind(k[at+1:])
		if at < 1 || !ok {
			return usagef("--kind wants COLUMN=number|bool|category|multi|time|text|id, not %q", k)
		}
		p.Kinds[k[:at]] = kind
	}
	for _, j := range p.Junk {
		if !strings.ContainsAny(j, "=<>~") {
			return usagef("--junk wants COLUMN=VALUE (also != < <= > >= ~), not %q", j)
		}
	}
	if t.budget != "" {
		if p.Search, err = search(t.budget); err != nil {
			return err
		}
	}
	plan := *p // training itself fills in what was not said
	return asUsage(plan.Check())
}

// ready settles the plan and reads what it takes from files.
func (t *training) ready(ctx context.Context, p *program, files []string) error {
	if err := t.settle(); err != nil {
		return err
	}
	if t.splitFile != "" {
		column, test, err := t.split(ctx, p, t.splitFile)
		if err != nil {
			return err
		}
		t.plan.SplitColumn, t.plan.Split = column, test
		t.numbered = column == rowNumbers
	}
	if err := writableFile(t.out, files...); err != nil {
		return err
	}
	if t.rates != "" {
		rates, _, err := (&input{}).readOne(ctx, p, []string{t.rates})
		if err != nil {
			return err
		}
		if t.plan.Rates, err = datasets.ReadRates(rates); err != nil {
			return inFile(t.rates, err)
		}
	}
	return nil
}

func (p *program) train(ctx context.Context, t *training, files []string) error {
	if err := t.ready(ctx, p, files); err != nil {
		return err
	}
	if t.plan.Search != nil {
		j, err := resume(t.plan.Search, t.out)
		if err != nil {
			return err
		}
		defer j.file.Close()
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // tables are large pieces without pointers: collecting often costs little and saves much
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 1)
	table, notes, err := t.read(ctx, p, files)
	if err != nil {
		return err
	}
	result, err := train.Run(ctx, table, t.plan, bar.say)
	bar.end()
	if err != nil {
		return err
	}
	for i := len(notes) - 1; i >= 0; i-- {
		result.Report.Notes = append([]string{notes[i].Message}, result.Report.Notes...)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := renameio.WriteFile(t.out, result.Shipped, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", t.out, err)
	}
	if p.json {
		return p.printJSON(result.Report)
	}
	if t.budget != "" && result.Report.Searched == nil {
		fmt.Fprintln(p.stderr, "the time of --budget was over before one round of the search; the next run goes on from "+t.out+".search")
	}
	p.printReport(result.Report, t.out)
	return nil
}

// writableFile finds out before the work whether its result can be written,
// and not over what is read.
func writableFile(path string, inputs ...string) error {
	if slices.ContainsFunc(inputs, func(f string) bool { return filepath.Clean(f) == filepath.Clean(path) }) && path != "-" {
		return usagef("--out %s would write over what is read", path)
	}
	if path == "-" || path == "" {
		return usagef("--out wants a file, not %q", path)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usagef("--out wants a file: %q is a folder", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usagef("there is no folder %q to write %s into", filepath.Dir(path), filepath.Base(path))
	}
	return nil
}
