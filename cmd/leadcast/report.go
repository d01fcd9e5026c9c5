package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/train/report"
)

// reporting is the flags of `leadcast report`.
type reporting struct {
	input
	out, asOf, plots string
}

func (p *program) reportCommand() *cobra.Command {
	var r reporting
	c := &cobra.Command{
		Use:   "report MODEL FILE…",
		Short: "Write a report to forward: one HTML file, and its plots for slides",
		Long: "Writes one HTML file that needs no network: what to expect of the open leads, how\n" +
			"good the order of leads is and whether forecasts come true, what matters, how long\n" +
			"wins take, and what the company's numbers look like once open leads are not taken\n" +
			"for lost. The file of leads is the export that the model was trained on, or a\n" +
			"later one. Columns that tell of persons are never shown with their values. With\n" +
			"--json the numbers of the page are printed.",
		Example: "  leadcast report model.leadcast leads.csv\n  leadcast report model.leadcast leads.csv -o june.html --plots slides/\n  leadcast report model.leadcast leads.csv --json > numbers.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return p.report(c.Context(), &r, args[0], args[1:]) },
	}
	f := c.Flags()
	f.StringVarP(&r.out, "out", "o", "report.html", "file to write")
	f.StringVar(&r.plots, "plots", "", "also write every plot as SVG and PNG into this folder")
	f.StringVar(&r.asOf, "as-of", "", "look from this day on (default: the end of the leads)")
	r.input.flags(c)
	further(c, "out", "plots", "as-of", "join", "where", "help")
	return c
}

func (p *program) report(ctx context.Context, r *reporting, model string, files []string) error {
	if err := writableFile(r.out, append(files, model)...); err != nil {
		return err
	}
	if info, err := os.Stat(r.plots); r.plots != "" && err == nil && !info.IsDir() {
		return usagef("--plots wants a folder: %q is a file", r.plots)
	}
	asOf, err := moment("as-of", r.asOf)
	if err != nil {
		return err
	}
	bar := p.bar()
	defer bar.end()
	b, leads, _, err := r.modelAndLeads(ctx, p, model, files, bar, 3)
	if err != nil {
		return err
	}
	bar.say(fmt.Sprintf("looking at %d leads", leads.Rows), 1, 3)
	result, err := report.New(ctx, report.Input{Bundle: b, Leads: leads, AsOf: asOf, Version: version()})
	if err != nil {
		return err
	}
	bar.say("drawing", 2, 3)
	var page bytes.Buffer
	if err := result.Write(&page); err != nil {
		return err
	}
	plots := 0
	if r.plots != "" {
		if plots, err = writePlots(r.plots, result.Plots()); err != nil {
			return err
		}
	}
	if err := renameio.WriteFile(r.out, page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", r.out, err)
	}
	bar.end()
	if p.json {
		return p.printJSON(result)
	}
	fmt.Fprintf(p.stdout, "%s\n%s\nWritten: %s", result.Ranking(), result.Truth(), r.out)
	if plots > 0 {
		fmt.Fprintf(p.stdout, ", %d plots in %s", plots, r.plots)
	}
	fmt.Fprintln(p.stdout)
	return nil
}

// writePlots writes each plot as NAME.svg and NAME.png.
func writePlots(folder string, plots []report.Plot) (int, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, fmt.Errorf("making %s: %w", folder, err)
	}
	for i := range plots {
		var svg, png bytes.Buffer
		if err := plots[i].SVG(&svg); err != nil {
			return 0, err
		}
		if err := plots[i].PNG(&png); err != nil {
			return 0, err
		}
		base := filepath.Join(folder, plots[i].Name)
		for ending, content := range map[string][]byte{".svg": svg.Bytes(), ".png": png.Bytes()} {
			if err := renameio.WriteFile(base+ending, content, 0o644); err != nil {
				return 0, fmt.Errorf("writing %s: %w", base+ending, err)
			}
		}
	}
	return len(plots), nil
}
