package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/csv"
	"github.com/leadcast/leadcast/datasets/jsonl"
	"github.com/leadcast/leadcast/datasets/parquet"
	"github.com/leadcast/leadcast/train/bundle"
)

// scoring is the flags of `leadcast score`.
type scoring struct {
	input
	out, asOf, only string
	withInput       bool
	intervals       bool
	reasons         int
}

func (p *program) scoreCommand() *cobra.Command {
	var s scoring
	c := &cobra.Command{
		Use:   "score MODEL FILE…",
		Short: "Forecast the leads of a file",
		Long: "Writes one row for each row of the file, in its order: the probability of being won,\n" +
			"lost or still open at the main horizon, the probability of being won at every\n" +
			"horizon, the cycle length, a grade, reasons and warnings. What the data do not\n" +
			"support is empty, with the reason in warnings. A lead is forecast as of now, or\n" +
			"of --as-of, or of its own as_of column.",
		Example: "  leadcast score model.leadcast new.csv -o scores.csv --intervals\n" +
			"  leadcast score model.leadcast leads.csv --only open --as-of 2018-05-31 -o scores.parquet\n" +
			"  cat new.csv | leadcast score model.leadcast - -o - --reasons 0",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.score(c.Context(), &s, args[0], args[1:]) },
	}
	f := c.Flags()
	f.StringVarP(&s.out, "out", "o", "-", "file to write: .csv, .parquet or .jsonl; - is standard output, as CSV or, with --json, JSON lines")
	f.StringVar(&s.asOf, "as-of", "", "look from this day on (default: now)")
	f.StringVar(&s.only, "only", "", "open: only leads that are still open")
	f.IntVar(&s.reasons, "reasons", 3, "reasons a lead, 0 to 10; 0 is faster")
	f.BoolVar(&s.withInput, "with-input", false, "put the columns of the file before those of the forecast")
	f.BoolVar(&s.intervals, "intervals", false, "also p_win_low and p_win_high: between them p_win would lie with other data, 95 %; of a single lead approximate")
	s.input.flags(c)
	further(c, "out", "as-of", "only", "reasons", "intervals", "with-input", "join", "where", "help")
	return c
}

func (p *program) score(ctx context.Context, s *scoring, model string, files []string) error {
	if s.only != "" && s.only != "open" {
		return usagef("--only wants open, not %q", s.only)
	}
	if s.reasons < 0 || s.reasons > 10 {
		return usagef("--reasons wants 0 to 10, not %d", s.reasons)
	}
	if s.out != "-" {
		if err := writableFile(s.out, append(files, model)...); err != nil {
			return err
		}
	}
	asOf, err := p.lookFrom(s.asOf)
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	b, raw, notes, err := s.modelAndLeads(ctx, p, model, files, bar, 2)
	if err != nil {
		return err
	}
	if s.only == "open" {
		if raw, err = openLeads(b, raw); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(raw.Names(), func(name string) bool { return b.Manifest.Schema.Field(name) != nil }) {
		return &datasets.Error{Place: files[0], Message: "has none of the columns that the model was trained on: is it the right file?"}
	}
	snapshot, err := b.Read(raw, asOf)
	if err != nil {
		return err
	}
	bar.say(fmt.Sprintf("scoring %d leads", raw.Rows), 1, 2)
	scores, err := b.Score(ctx, snapshot, s.reasons)
	if err != nil {
		return err
	}
	if s.intervals {
		if err := b.Intervals(ctx, snapshot, scores); errors.Is(err, bundle.ErrNoSpread) {
			notes = append(notes, datasets.Note{Column: "p_win_low, p_win_high", Row: -1, Message: "are empty: " + strings.TrimPrefix(err.Error(), "bundle: ")})
		} else if err != nil {
			return err
		}
	}
	bar.end()
	p.notes(append(notes, snapshot.Notes...))
	p.commonWarnings(scores)
	t := b.Table(scores)
	if s.intervals {
		t.Columns = append(t.Columns, bundle.IntervalColumns(scores)...)
	}
	if s.withInput {
		if t, err = beside(raw, t, b.Manifest.Schema.Roles.ID); err != nil {
			return err
		}
	}
	if err := p.writeTable(s.out, t); err != nil {
		return err
	}
	if p.json && s.out != "-" {
		return p.printJSON(map[string]any{"model": b.ID(), "leads": len(scores), "out": s.out})
	}
	return nil
}

// beside puts the columns of the input before those of the scores. The id is
// there already.
func beside(raw, scores *datasets.Table, id string) (*datasets.Table, error) {
	if raw.Column(id) != nil {
		scores = scores.Drop(id)
	}
	for _, c := range scores.Columns {
		if raw.Column(c.Name) != nil {
			return nil, &datasets.Error{Column: c.Name, Message: "stands in the file already, and --with-input would write it twice: rename it, or leave --with-input out"}
		}
	}
	return &datasets.Table{Rows: raw.Rows, Columns: append(slices.Clone(raw.Columns), scores.Columns...)}, nil
}

// notes prints notes about whole columns on standard error; columns of which
// the same is to be said share a line.
func (p *program) notes(notes []datasets.Note) {
	columns := map[string][]string{}
	var messages []string
	for _, n := range notes {
		if n.Row >= 0 {
			continue
		}
		if columns[n.Message] == nil {
			messages = append(messages, n.Message)
		}
		columns[n.Message] = append(columns[n.Message], n.Column)
	}
	for _, m := range messages {
		names := columns[m]
		list := strings.Join(names, ", ")
		if more := len(names) - 8; more > 1 {
			list = fmt.Sprintf("%s and %d more", strings.Join(names[:8], ", "), more)
		}
		if rest, ok := strings.CutPrefix(m, "is "); ok && len(names) > 1 {
			m = "are " + rest
		}
		if list != "" {
			m = list + ": " + m
		}
		fmt.Fprintln(p.stderr, "note:", printable(m))
	}
}

// commonWarnings says once what is in more than half of the rows.
func (p *program) commonWarnings(scores []bundle.Score) {
	counts := map[string]int{}
	var order []string
	for i := range scores {
		warnings := scores[i].Warnings
		if scores[i].Err != nil {
			warnings = []string{"not scored: " + scores[i].Err.Error()}
		}
		for _, w := range warnings {
			if counts[w]++; counts[w] == 1 {
				order = append(order, w)
			}
		}
	}
	for _, w := range order {
		if 2*counts[w] > len(scores) {
			fmt.Fprintf(p.stderr, "note: %d of %d leads: %s\n", counts[w], len(scores), printable(w))
		}
	}
}

// openBundle opens a bundle file.
func openBundle(path string) (*bundle.Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, usagef("%q is a folder, not a model", path)
	}
	b, err := bundle.Open(f, info.Size())
	if err != nil {
		return nil, &datasets.Error{Place: path, Message: strings.TrimPrefix(err.Error(), "bundle: ")}
	}
	return b, nil
}

// tableWriter is what the adapters of file formats have in common.
type tableWriter interface {
	Write(*datasets.Table) error
	Close() error
}

// writeTable writes a table in the format of the file's ending; a file appears
// whole or not at all.
func (p *program) writeTable(path string, t *datasets.Table) error {
	if path == "-" && p.json {
		return writeAll(jsonl.NewWriter(p.stdout), t)
	}
	if path == "-" {
		return writeAll(csv.NewWriter(p.stdout), t)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer f.Cleanup()
	if err := writeAll(newWriter(path, f), t); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.CloseAtomicallyReplace()
}

func newWriter(path string, w io.Writer) tableWriter {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".parquet":
		return parquet.NewWriter(w)
	case ".jsonl", ".ndjson":
		return jsonl.NewWriter(w)
	}
	return csv.NewWriter(w)
}

func writeAll(w tableWriter, t *datasets.Table) error {
	if err := w.Write(t); err != nil {
		return err
	}
	return w.Close()
}

// openLeads keeps the rows of a raw table that are neither won nor lost.
func openLeads(b *bundle.Bundle, raw *datasets.Table) (*datasets.Table, error) {
	s, err := b.Read(raw, datasets.NoTime)
	if err != nil {
		return nil, err
	}
	return raw.Gather(b.OpenRows(s.Leads)), nil
}
