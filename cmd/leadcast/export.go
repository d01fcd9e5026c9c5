package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train/bundle"
)

// exportFormats are what --to takes.
var exportFormats = []string{"sql", "onnx", "lightgbm"}

func (p *program) exportCommand() *cobra.Command {
	var to bundle.ExportFormat
	var out string
	c := &cobra.Command{
		Use:   "export MODEL --to FORMAT",
		Short: "Write a model for another program",
		Long: "Writes a model without times – trained on a yes/no table, or imported – for another\n" +
			"program. What has no place there is refused by name.\n\n" +
			"  sql       one SELECT that gives p_win over the raw columns of a table, in float64:\n" +
			"            within 1e-9 of our own. Tried in PostgreSQL and SQLite\n" +
			"  onnx      an input a column and the output p_win, for ONNX Runtime; in float32,\n" +
			"            so within some 1e-6 of our own\n" +
			"  lightgbm  the boosted trees as a text model of LightGBM, over the columns that\n" +
			"            `leadcast inspect` lists (categories by number)",
		Example: "  leadcast export model.leadcast --to sql -o score.sql\n" +
			"  leadcast export model.leadcast --to sql --table crm.leads -o score.sql",
		Args: exactly(1, "one model"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(exportFormats, to.Name) {
				return usagef("--to wants %s, not %q", strings.Join(exportFormats, ", "), to.Name)
			}
			return p.export(args[0], out, to)
		},
	}
	f := c.Flags()
	f.StringVar(&to.Name, "to", "", "format: "+strings.Join(exportFormats, ", "))
	f.StringVarP(&out, "out", "o", "-", "file to write; - is standard output")
	f.StringVar(&to.Table, "table", "leads", "sql: the table to read, as SQL names it")
	return c
}

func (p *program) export(model, out string, to bundle.ExportFormat) error {
	if out != "-" {
		if err := writableFile(out, model); err != nil {
			return err
		}
	}
	b, err := openBundle(model)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	note, err := b.Export(&file, to)
	if err != nil {
		return err
	}
	if note != "" {
		fmt.Fprintln(p.stderr, "note:", note)
	}
	if out == "-" {
		_, err := p.stdout.Write(file.Bytes())
		return err
	}
	if err := renameio.WriteFile(out, file.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", out, err)
	}
	if p.json {
		return p.printJSON(map[string]any{"model": b.ID(), "to": to.Name, "bytes": file.Len(), "out": out})
	}
	return nil
}
