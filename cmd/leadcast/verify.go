package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/train"
)

// verification is the flags of `leadcast verify`.
type verification struct {
	input
	files     []string
	splitFile string
}

func (p *program) verifyCommand() *cobra.Command {
	var v verification
	c := &cobra.Command{
		Use:   "verify MODEL [FILE…]",
		Short: "Train a model again and say whether it is identical, byte for byte",
		Long: "Trains on the leads by the options that the model keeps, and compares. The model is\n" +
			"identical for any order of rows and columns and any number of threads; otherwise the\n" +
			"first difference is named. How the file was read (--join, --where, --separator,\n" +
			"--max-errors) and a given split the model does not keep: give them again, here or in\n" +
			"leadcast.yaml. Ends with exit code 3 where the models differ.",
		Example: "  leadcast verify model.leadcast leads.csv\n  leadcast verify model.leadcast leads.csv --split split.csv --json",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				args = append(args, v.files...)
			}
			if len(args) < 2 {
				return usagef("%s wants a model and the file of leads that it was trained on; `%s --help` shows examples", c.CommandPath(), c.CommandPath())
			}
			return p.verify(c.Context(), &v, args[0], args[1:])
		},
	}
	f := c.Flags()
	f.StringArrayVar(&v.files, "files", nil, "files of leads, for leadcast.yaml: they count where the command line names none")
	f.StringVar(&v.splitFile, "split", "", "file with an id (or row_id) and train or test for each lead")
	v.input.flags(c)
	further(c, "join", "where", "split", "help")
	return c
}

func (p *program) verify(ctx context.Context, v *verification, model string, files []string) error {
	b, err := openBundle(model)
	if err != nil {
		return err
	}
	if _, err := train.PlanOf(b); err != nil {
		return inFile(model, err)
	}
	var split map[string]bool
	if v.splitFile != "" {
		var column string
		if column, split, err = v.split(ctx, p, v.splitFile); err != nil {
			return err
		}
		v.numbered = column == rowNumbers
	}
	bar := p.bar()
	defer bar.end()
	bar.say("reading "+filepath.Base(files[0]), 0, 1)
	leads, _, err := v.read(ctx, p, files)
	if err != nil {
		return err
	}
	r, err := train.Verify(ctx, b, leads, split, bar.say)
	if err != nil {
		return err
	}
	bar.end()
	if p.json {
		err = p.printJSON(r)
	} else {
		p.printVerification(r)
	}
	if err != nil || r.Identical {
		return err
	}
	return &datasets.Error{Place: filepath.Base(files[0]), Message: fmt.Sprintf("does not give %s again: %s", filepath.Base(model), r.Cause())}
}

func (p *program) printVerification(r *train.Verification) {
	if r.Identical {
		fmt.Fprintln(p.stdout, "identical:", r.Bundle)
	} else {
		fmt.Fprintf(p.stdout, "different: first in %s\nmodel   %s\nagain   %s\n", printable(r.Differences[0].Part), r.Bundle, r.Again)
		for _, d := range r.Differences {
			fmt.Fprintf(p.stdout, "  · %s: %s\n", printable(d.Part), printable(d.Words))
		}
	}
	fmt.Fprintln(p.stdout, "promise:", r.Promise)
}
