package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
		Example: "  leadcast score model.leadcast new.csv -o scores.csv\n" +
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
	f.StringVarP(&s.out, "out", "o", "-", "file to write: .csv, .parquet or .jsonl; - is standard output")
	f.StringVar(&s.asOf, "as-of", "", "look from this day on (default: now)")
	f.StringVar(&s.only, "only", "", "open: only leads that are still open")
	f.IntVar(&s.reasons, "reasons", 3, "reasons a lead, 0 to 10; 0 is faster")
	f.BoolVar(&s.withInput, "with-input", false, "put the columns of the file before those of the forecast")
	s.input.flags(f)
	further(c, "out", "as-of", "only", "reasons", "with-input", "join", "where", "help")
	return c
}

func (p *program) score(ctx context.Context, s *scoring, model string, files []string) error {
	if s.only != "" && s.only != "open" {
		return usagef("--only wants open, not %q", s.only)
	}
	if s.reasons < 0 || s.reasons > 10 {
		return usagef("--reasons wants 0 to 10, not %d", s.reasons)
	}
	asOf, err := moment("as-of", s.asOf)
	if err != nil {
		return err
	}
	if s.asOf == "" {
		asOf = datasets.Micros(p.now())
	}
	b, err := openBundle(model)
	if err != nil {
		return err
	}
	raw, notes, err := s.read(ctx, p, files)
	if err != nil {
		return err
	}
	if s.only == "open" {
		if raw, err = openLeads(b, raw); err != nil {
			return err
		}
	}
	snapshot, err := b.Read(raw, asOf)
	if err != nil {
		return err
	}
	for _, n := range append(notes, snapshot.Notes...) {
		if n.Row < 0 {
			p.note(n)
		}
	}
	scores, err := b.Score(ctx, snapshot, s.reasons)
	if err != nil {
		return err
	}
	p.warnOfAges(b, scores)
	t := b.Table(scores)
	if s.withInput {
		t.Columns = append(raw.Columns, t.Columns...)
	}
	if err := p.writeTable(s.out, t); err != nil {
		return err
	}
	if p.json && s.out != "-" {
		return p.printJSON(map[string]any{"model": b.ID(), "leads": len(scores), "out": s.out})
	}
	return nil
}

// note prints a note on standard error.
func (p *program) note(n datasets.Note) {
	message := n.Message
	if n.Column != "" {
		message = n.Column + ": " + message
	}
	fmt.Fprintln(p.stderr, "note:", printable(message))
}

// warnOfAges says once what is in many rows.
func (p *program) warnOfAges(b *bundle.Bundle, scores []bundle.Score) {
	old := 0
	for _, s := range scores {
		if s.Old {
			old++
		}
	}
	if old*2 > len(scores) {
		fmt.Fprintf(p.stderr, "note: %d of %d leads are older than any that training saw (until %s): was --as-of forgotten?\n", old, len(scores), b.Manifest.AsOf)
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
	b, err := bundle.Open(f, info.Size())
	if err != nil {
		return nil, &datasets.Error{Place: path, Message: err.Error()}
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
	if path == "-" {
		return write(newWriter(path, p.stdout), t)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer f.Cleanup()
	if err := write(newWriter(path, f), t); err != nil {
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

func write(w tableWriter, t *datasets.Table) error {
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
