package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// defaultConfig is read where it lies in the working folder.
const defaultConfig = "leadcast.yaml"

// readConfigFirst makes a command take flags that were not given from the
// configuration file before it runs.
func (p *program) readConfigFirst(c *cobra.Command) {
	for _, sub := range c.Commands() {
		p.readConfigFirst(sub)
	}
	if c.RunE == nil {
		return
	}
	c.PreRunE = func(c *cobra.Command, _ []string) error { return p.applyConfig(c) }
}

// applyConfig sets every flag of c that the file names and the command line
// did not. A key is the name of a flag of some command; one that belongs to
// another command is left alone, one that no command knows is refused with its line.
func (p *program) applyConfig(c *cobra.Command) error {
	name := p.config
	if name == "" {
		name = defaultConfig
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && p.config == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return usagef("%s: %s", name, yaml.FormatError(err, false, true))
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		entries, ok := doc.Body.(*ast.MappingNode)
		if !ok {
			return usagef("%s:%d: wants lines of the form `flag: value`", name, doc.Body.GetToken().Position.Line)
		}
		for _, e := range entries.Values {
			if err := p.applyEntry(c, name, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *program) applyEntry(c *cobra.Command, file string, e *ast.MappingValueNode) error {
	key, line := e.Key.GetToken().Value, e.Key.GetToken().Position.Line
	flag := c.Flags().Lookup(key)
	if flag == nil {
		if slices.Contains(allFlags(c.Root()), key) {
			return nil
		}
		return usagef("%s:%d: there is no flag %q; `leadcast flags` lists what may stand here", file, line, key)
	}
	if flag.Changed || key == "config" || key == "help" {
		return nil
	}
	var value any
	if err := yaml.NodeToValue(e.Value, &value); err != nil {
		return usagef("%s:%d: %s: %v", file, line, key, err)
	}
	for _, v := range flagValues(value, flag) {
		if err := flag.Value.Set(v); err != nil {
			return usagef("%s:%d: %s: %v", file, line, key, err)
		}
	}
	flag.Changed = true
	return nil
}

// flagValues writes a YAML value the way the flag reads it on a command line.
func flagValues(v any, f *pflag.Flag) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{fmt.Sprint(v)}
	}
	var texts []string
	for _, x := range list {
		texts = append(texts, fmt.Sprint(x))
	}
	if f.Value.Type() == "stringSlice" {
		return []string{strings.Join(quoteCommas(texts), ",")}
	}
	return texts
}

// quoteCommas writes values for a flag that splits at commas as CSV does.
func quoteCommas(values []string) []string {
	for i, v := range values {
		if strings.ContainsAny(v, ",\"") {
			values[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
	}
	return values
}

func allFlags(c *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.Flags().VisitAll(add)
	c.PersistentFlags().VisitAll(add)
	for _, sub := range c.Commands() {
		names = append(names, allFlags(sub)...)
	}
	return names
}

// flagsCommand lists every flag of every command: `--help` shows at most a dozen.
func (p *program) flagsCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "flags [COMMAND]",
		Short:   "List every flag, also those that --help leaves out",
		Example: "  leadcast flags train",
		RunE: func(_ *cobra.Command, args []string) error {
			found := false
			for _, c := range root.Commands() {
				if !c.IsAvailableCommand() || len(args) > 0 && c.Name() != args[0] {
					continue
				}
				found = true
				fmt.Fprintf(p.stdout, "%s\n", c.CommandPath())
				c.LocalFlags().VisitAll(func(f *pflag.Flag) {
					name := "--" + f.Name
					if f.Shorthand != "" {
						name = "-" + f.Shorthand + ", " + name
					}
					fmt.Fprintf(p.stdout, "  %-22s %s\n", name, f.Usage)
				})
			}
			if !found {
				return usagef("there is no command %q", args[0])
			}
			return nil
		},
	}
}

// further hides all flags but the first few, which --help shows.
func further(c *cobra.Command, shown ...string) {
	hidden := 0
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(shown, f.Name) {
			f.Hidden = true
			hidden++
		}
	})
	if hidden > 0 {
		c.SetUsageTemplate(c.UsageTemplate() + fmt.Sprintf("\n%d further flags: leadcast flags %s\n", hidden, c.Name()))
	}
}
