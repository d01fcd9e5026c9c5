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
)

// defaultConfig is read where it lies in the working folder.
const defaultConfig = "leadcast.yaml"

// readConfigFirst makes a command take flags that were not given from the
// configuration file before it runs.
func (p *program) readConfigFirst(c *cobra.Command) {
	for _, sub := range c.Commands() {
		p.readConfigFirst(sub)
	}
	if c.RunE == nil || c.Name() == "init" { // what init writes anew cannot steer it
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
		if err := p.applyEntries(c, name, entries); err != nil {
			return err
		}
	}
	return nil
}

// likeCommand names, among a command's annotations, another one whose part of
// the file it takes too, but for where to write.
const likeCommand = "like"

// applyEntries takes the entries that concern c. Those under the name of a
// command are for that command alone, or for one that is like it.
func (p *program) applyEntries(c *cobra.Command, file string, entries *ast.MappingNode) error {
	var like *ast.MappingNode
	for _, e := range entries.Values {
		if section, ok := e.Value.(*ast.MappingNode); ok {
			name := e.Key.GetToken().Value
			of, rest, err := c.Root().Find([]string{name})
			switch {
			case err != nil || len(rest) > 0 || of == c.Root():
				return usagef("%s:%d: there is no command %q to set flags of", file, e.Key.GetToken().Position.Line, name)
			case of == c:
				err = p.applyEntries(c, file, section)
			case of.Name() == c.Annotations[likeCommand]:
				like = &ast.MappingNode{Values: slices.DeleteFunc(slices.Clone(section.Values), func(e *ast.MappingValueNode) bool { return e.Key.GetToken().Value == "out" })}
			default:
				err = checkEntries(of, file, section)
			}
			if err != nil {
				return err
			}
		}
	}
	if like != nil {
		if err := p.applyEntries(c, file, like); err != nil {
			return err
		}
	}
	for _, e := range entries.Values {
		if _, section := e.Value.(*ast.MappingNode); section {
			continue
		}
		if err := p.applyEntry(c, file, e); err != nil {
			return err
		}
	}
	return nil
}

// checkEntries refuses keys that are no flags of a command which does not run.
func checkEntries(c *cobra.Command, file string, entries *ast.MappingNode) error {
	for _, e := range entries.Values {
		if key := e.Key.GetToken(); !slices.Contains(allFlags(c), key.Value) {
			return unknownFlag(file, key.Position.Line, key.Value)
		}
	}
	return nil
}

func unknownFlag(file string, line int, key string) error {
	return usagef("%s:%d: there is no flag %q; `leadcast flags` lists what may stand here", file, line, key)
}

func (p *program) applyEntry(c *cobra.Command, file string, e *ast.MappingValueNode) error {
	key, line := e.Key.GetToken().Value, e.Key.GetToken().Position.Line
	flag := c.Flags().Lookup(key)
	if flag == nil {
		if slices.Contains(allFlags(c.Root()), key) {
			return nil
		}
		return unknownFlag(file, line, key)
	}
	if flag.Changed || key == "config" || key == "help" {
		return nil
	}
	var value any
	if err := yaml.NodeToValue(e.Value, &value); err != nil {
		return usagef("%s:%d: %s: %v", file, line, key, err)
	}
	if _, list := value.([]any); value == nil || list && !strings.HasPrefix(flag.Value.Type(), "string") || list && flag.Value.Type() == "string" {
		return usagef("%s:%d: %s: wants one value", file, line, key)
	}
	set := flag.Value.Set
	if texts, ok := value.([]any); ok {
		set = func(string) error { return flag.Value.(listFlag).Replace(inWords(texts)) }
	}
	if err := set(fmt.Sprint(value)); err != nil {
		return usagef("%s:%d: %s: %q is not what the flag takes", file, line, key, fmt.Sprint(value))
	}
	flag.Changed = true
	return nil
}

// listFlag is a flag that takes several values, as they stand.
type listFlag interface{ Replace([]string) error }

func inWords(list []any) []string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = fmt.Sprint(x)
	}
	return texts
}

// every lists what visit goes through: the flags of a command, whose type only
// cobra need name.
func every[F any](visit func(do func(F))) (all []F) {
	visit(func(f F) { all = append(all, f) })
	return all
}

func allFlags(c *cobra.Command) []string {
	var names []string
	for _, f := range append(every(c.Flags().VisitAll), every(c.PersistentFlags().VisitAll)...) {
		names = append(names, f.Name)
	}
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
			of, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q; `leadcast --help` lists them", strings.Join(args, " "))
			}
			found := flagsOf(of)
			if p.json {
				return p.printJSON(found)
			}
			command := ""
			for _, f := range found {
				if f.Command != command {
					command = f.Command
					fmt.Fprintln(p.stdout, command)
				}
				name := "--" + f.Flag
				if f.Short != "" {
					name = "-" + f.Short + ", " + name
				}
				fmt.Fprintf(p.stdout, "  %-18s %s\n", name, f.Usage)
			}
			return nil
		},
	}
}

// oneFlag is a line of `leadcast flags`.
type oneFlag struct {
	Command string `json:"command"`
	Flag    string `json:"flag"`
	Short   string `json:"short"`
	Default string `json:"default"`
	Usage   string `json:"usage"`
}

// flagsOf lists the flags of a command and of those below it.
func flagsOf(c *cobra.Command) []oneFlag {
	list := []oneFlag{}
	if c.Name() == "completion" {
		return list
	}
	for _, f := range every(c.LocalFlags().VisitAll) {
		if f.Name != "help" {
			list = append(list, oneFlag{c.CommandPath(), f.Name, f.Shorthand, f.DefValue, f.Usage})
		}
	}
	for _, sub := range c.Commands() {
		list = append(list, flagsOf(sub)...)
	}
	return list
}

// further hides all flags but the first few, which --help shows.
func further(c *cobra.Command, shown ...string) {
	hidden := 0
	for _, f := range every(c.Flags().VisitAll) {
		if !slices.Contains(shown, f.Name) {
			f.Hidden = true
			hidden++
		}
	}
	if hidden > 0 {
		c.SetUsageTemplate(c.UsageTemplate() + fmt.Sprintf("\n%d further flags: leadcast flags %s\n", hidden, c.Name()))
	}
}
