package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/google/renameio/v2"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/models/exchange"
	"github.com/leadcast/leadcast/train/bundle"
)

// importing is the flags of `leadcast import`.
type importing struct{ out, schema, like string }

func (p *program) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Make a model of one that another program trained",
		Long: "A model of LightGBM or XGBoost of one yes/no outcome becomes a model that can be scored,\n" +
			"served, explained and evaluated like our own. It forecasts the chance of being won,\n" +
			"without times. docs/interchange.md says what is read, and how exactly.",
		Example: "  leadcast import lightgbm model.txt -o imported.leadcast\n" +
			"  leadcast import xgboost model.json --schema schema.yaml -o imported.leadcast",
	}
	group(c)
	c.AddCommand(p.importOne("lightgbm", "LightGBM", "model.txt", "the text that Booster.save_model writes", exchange.LightGBM),
		p.importOne("xgboost", "XGBoost", "model.json", "the .json or .ubj that Booster.save_model writes", exchange.XGBoost))
	return c
}

func (p *program) importOne(use, program, file, format string, read func([]byte) (*exchange.File, error)) *cobra.Command {
	var i importing
	c := &cobra.Command{
		Use:   use + " FILE",
		Short: "Import a model of " + program,
		Long: "Reads " + format + ". Each feature is a column of the\n" +
			"leads: of its own name, or as the schema says. Categories need the list of their values\n" +
			"in the order in which they were numbered, where the file does not hold it. A schema:\n\n" +
			"  id: lead_id              # optional, like amount, outcome, won, lost and grades\n" +
			"  columns:                 # one for each feature, in the model's order\n" +
			"    - column: visits\n" +
			"    - column: Lead Source\n" +
			"      kind: category\n" +
			"      levels: [Web, Fair, Call]\n" +
			"      missing: [n/a]",
		Example: "  leadcast import " + use + " " + file + " -o imported.leadcast\n" +
			"  leadcast import " + use + " " + file + " --schema schema.yaml -o imported.leadcast\n" +
			"  leadcast import " + use + " " + file + " --like model.leadcast -o imported.leadcast",
		Args: exactly(1, "one model of "+program),
		RunE: func(_ *cobra.Command, args []string) error { return p.importModel(&i, args[0], read) },
	}
	f := c.Flags()
	f.StringVarP(&i.out, "out", "o", "imported.leadcast", "file to write")
	f.StringVar(&i.schema, "schema", "", "file that says which column gives each feature")
	f.StringVar(&i.like, "like", "", "a model of ours: find the features among the columns that it reads")
	return c
}

// mostModelBytes bounds a file of another program, which is read as a whole.
const mostModelBytes = 1 << 30

func (p *program) importModel(i *importing, path string, read func([]byte) (*exchange.File, error)) error {
	if i.schema != "" && i.like != "" {
		return usagef("--schema and --like say the same thing in two ways: give one")
	}
	if err := writableFile(i.out, path, i.schema, i.like); err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return usagef("%q is a folder, not a model", path)
	case info.Size() > mostModelBytes:
		return &datasets.Error{Place: path, Message: "is longer than 1 GiB, the longest that is read"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := read(text)
	if err != nil {
		return inModel(path, err)
	}
	made, notes, err := i.bind(f)
	if err != nil {
		return inModel(path, err)
	}
	var file bytes.Buffer
	if _, err := bundle.Write(&file, made); err != nil {
		return err
	}
	b, err := bundle.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(i.out, file.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", i.out, err)
	}
	if p.json {
		return p.printJSON(map[string]any{"model": b.ID(), "program": f.Program, "objective": f.Objective, "trees": f.Trees, "columns": b.Outputs(), "grades": b.Manifest.Grades, "notes": notes, "out": i.out})
	}
	p.printImport(f, b, notes, i.out)
	return nil
}

// bind makes the bundle by the schema, the other model or the file alone.
func (i *importing) bind(f *exchange.File) (*bundle.Bundle, []string, error) {
	if i.like != "" {
		like, err := openBundle(i.like)
		if err != nil {
			return nil, nil, err
		}
		return bundle.ImportLike(f, like)
	}
	var in bundle.Inputs
	if i.schema != "" {
		text, err := os.ReadFile(i.schema)
		if err != nil {
			return nil, nil, err
		}
		if err := yaml.UnmarshalWithOptions(text, &in, yaml.Strict()); err != nil {
			return nil, nil, usagef("%s: %s", i.schema, yaml.FormatError(err, false, true))
		}
	}
	return bundle.Import(f, in)
}

// inModel is an error about a model file with its place.
func inModel(path string, err error) error {
	var e *exchange.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Where != "" {
		path += ":" + e.Where
	}
	return &datasets.Error{Place: path, Message: e.Message}
}

func (p *program) printImport(f *exchange.File, b *bundle.Bundle, notes []string, out string) {
	m := &b.Manifest
	fmt.Fprintf(p.stdout, "%s model of objective %s: %d trees, %d features\n", f.Program, f.Objective, f.Trees, len(f.Features))
	fmt.Fprintf(p.stdout, "mean chance of its training data %.3g; grades: A from %.3g, B from %.3g, C from %.3g\n", b.BaseWin(), m.Grades[0], m.Grades[1], m.Grades[2])
	for _, n := range notes {
		fmt.Fprintln(p.stdout, "  ·", printable(n))
	}
	p.heading("Columns that the leads must have")
	w := p.sheet("column", "as", "values")
	for _, o := range b.Outputs() {
		values := ""
		if o.Levels > 0 {
			values = fmt.Sprint(o.Levels-1, " and any other")
		}
		w.AppendRow(table.Row{printable(o.Origin), o.Kind, values})
	}
	w.Render()
	fmt.Fprintf(p.stdout, "\nWritten: %s (%s)\n", out, b.ID()[:12])
}
