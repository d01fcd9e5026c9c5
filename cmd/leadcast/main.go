// Leadcast learns from a company's own CRM history how likely each lead is to
// become a customer and how long that takes, and serves those forecasts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // zones work on machines without a zone database

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/datasets"
)

// The exit codes, which every command keeps to.
const (
	exitOK      = 0
	exitFault   = 1   // our fault, or the machine's
	exitUsage   = 2   // the command line or leadcast.yaml
	exitData    = 3   // the data
	exitStopped = 130 // Ctrl-C or SIGTERM, as shells have it
)

// program is one run of leadcast. Everything that comes from outside is a
// field, so that tests start the same program.
type program struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	terminal       bool // stderr is one: progress may be drawn
	json           bool
	config         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	p := &program{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, terminal: isTerminal(os.Stderr)}
	os.Exit(p.run(ctx))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// usageError is a mistake in the command line or in leadcast.yaml.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// run does what the arguments ask for and returns the exit code.
func (p *program) run(ctx context.Context) int {
	root := p.root()
	root.SetArgs(p.args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code, sentence := judge(err)
	fmt.Fprintln(p.stderr, "leadcast:", printable(sentence))
	return code
}

// judge says whose fault an error is, and in which words.
func judge(err error) (code int, sentence string) {
	var usage usageError
	var data *datasets.Error
	var path *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return exitStopped, "stopped; nothing was written"
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return exitUsage, fmt.Sprintf("there is no file %q", path.Path)
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return exitUsage, fmt.Sprintf("%q may not be opened: permission denied", path.Path)
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command "):
		return exitUsage, err.Error()
	case errors.As(err, &data):
		return exitData, err.Error()
	}
	return exitFault, err.Error()
}

// asUsage is an error of a package about what a flag said.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	_, sentence, ok := strings.Cut(err.Error(), ": ") // without the name of the package
	if !ok {
		sentence = err.Error()
	}
	return usageError{sentence}
}

// printable keeps control characters of CRM texts off the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "leadcast",
		Short: "Forecasts which leads become customers, and when",
		Long: "Leadcast learns from your CRM history how likely each lead is to become a customer\n" +
			"and how long that takes. An open lead is not a lost lead: it is forecast, not failed.\n\n" +
			"Every flag can stand in leadcast.yaml in the working folder, or in the file that\n" +
			"--config names, as `flag: value`, or under the name of a command. What the command\n" +
			"line says wins. Exit codes: 0 done, 1 a fault of ours, 2 usage, 3 the data.",
		Example: "  leadcast init leads.csv && leadcast train\n" +
			"  leadcast datasets generate crm --leads 20000 --seed 7 -o demo/\n" +
			"  leadcast train demo/leads.csv --outcome status --won Won --lost Lost -o model.leadcast\n" +
			"  leadcast score model.leadcast demo/leads.csv --only open -o scores.csv\n" +
			"  leadcast serve model.leadcast",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	group(root)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetIn(p.stdin)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		sentence, _, _ := strings.Cut(err.Error(), ": strconv.")
		return usagef("%s; `%s --help` shows the flags", sentence, c.CommandPath())
	})
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print the result as JSON with stable keys")
	root.PersistentFlags().StringVar(&p.config, "config", "", "file to take flags from (default leadcast.yaml where it lies in the folder)")
	root.PersistentFlags().Lookup("config").Hidden = true // named in the text above
	root.AddCommand(
		p.initCommand(),
		p.auditCommand(),
		p.trainCommand(),
		p.backtestCommand(),
		p.evaluateCommand(),
		p.compareCommand(),
		p.reportCommand(),
		p.cyclesCommand(),
		p.liftCommand(),
		p.personasCommand(),
		p.scoreCommand(), p.snapshotCommand(),
		p.forecastCommand(),
		p.explainCommand(),
		p.inspectCommand(),
		p.verifyCommand(),
		p.serveCommand(),
		p.datasetsCommand(),
		p.importCommand(),
		p.exportCommand(),
		p.flagsCommand(root),
	)
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			group(c)
		}
		c.Flags().SortFlags = false
		p.readConfigFirst(c)
	}
	return root
}

// group makes a command that only holds others: alone it shows help.
func group(c *cobra.Command) {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("there is no command %q; `%s --help` lists them", args[0], c.CommandPath())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}

// helpCommand is cobra's, but does not take a command that is not there for the root.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q; `leadcast --help` lists them", strings.Join(args, " "))
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

// exactly is cobra.ExactArgs with a sentence that says what is wanted.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("%s wants %s; `%s --help` shows examples", c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}
