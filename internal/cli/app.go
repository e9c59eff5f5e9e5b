// Package cli is the command line: nouns and verbs, flags, messages and exit
// codes. It turns flags into the option structs of the libraries, hands their
// results to render, and holds no knowledge of CloudTrail of its own.
//
// Each noun has a file of its own, and each verb an options struct with a run
// method. Arguments are checked and put into order by arguments.go before
// urfave/cli sees them, so that flags work anywhere and a mistake is answered
// the same way everywhere: one line on stderr, exit code 2.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/term"
)

// app is one run of the program.
type app struct {
	streams term.Streams
	now     func() time.Time
	args    []string // the program's own name first: demo runs it again
	alone   bool     // nobody else is at work: others are not waited for
}

// Main runs one command line and returns its exit code. args[0] is the
// program's name.
func Main(ctx context.Context, args []string, streams term.Streams) int {
	// net/http logs by itself what servers send out of turn, unescaped. What
	// matters of it comes back as an error.
	log.SetOutput(io.Discard)
	a := &app{streams: streams, now: timeSource(), args: args}
	err := a.run(ctx, args)
	return a.finish(ctx, err)
}

// timeSource is the machine's clock, or stands still at TRAILCTL_TIME (RFC 3339), so that
// a script against a sandbox with a clock of its own gives the same every time.
func timeSource() func() time.Time {
	if v, ok := awsconf.Setting("TRAILCTL_TIME"); ok {
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return func() time.Time { return t.UTC() }
		}
	}
	// To the second: the times that people give and get have no more.
	return func() time.Time { return time.Now().UTC().Truncate(time.Second) }
}

func (a *app) commands() []*cli.Command {
	return []*cli.Command{
		a.trailCommand(),
		a.bucketCommand(),
		a.logsCommand(),
		a.validateCommand(),
		a.sandboxCommand(),
		a.demoCommand(),
		a.versionCommand(),
	}
}

const description = `Flags may stand anywhere. Results go to standard output, as a table on a
terminal and as JSON in a pipe (--output says otherwise); everything else goes
to standard error.

Exit codes: 0 done, or valid; 1 could not complete; 2 wrong usage;
3 invalid, missing, or failed a check; 4 nothing found to validate;
130 interrupted.

Credentials, region and endpoint are found as in the AWS CLI.`

func (a *app) root() *cli.App {
	root := cli.NewApp()
	root.Name = "trailctl"
	root.Usage = "create AWS CloudTrail trails, read their log files, prove that nobody touched them"
	root.Description = description
	root.Commands = a.commands()
	root.Writer, root.ErrWriter, root.Reader = a.streams.Out, a.streams.Err, a.streams.In
	root.HideVersion = true
	root.HideHelp = true
	root.DisableSliceFlagSeparator = true
	// Nothing but Main ends the process, and wrapped errors keep their code.
	root.ExitErrHandler = func(*cli.Context, error) {}
	walk(root.Commands, func(c *cli.Command) {
		c.HideHelp = true
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return badValue(err) }
	})
	return root
}

// valueError is how the flag package words a value that it cannot read.
var valueError = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-+([a-z0-9-]+): `)

func badValue(err error) error {
	if m := valueError.FindStringSubmatch(err.Error()); m != nil {
		return usagef("--%s cannot be %s; \"--help\" shows what it takes", m[2], m[1])
	}
	return usagef("%s", err)
}

func walk(commands []*cli.Command, visit func(*cli.Command)) {
	for _, c := range commands {
		visit(c)
		walk(c.Subcommands, visit)
	}
}

func (a *app) run(ctx context.Context, args []string) error {
	root := a.root()
	line, err := arrange(root, args[1:])
	if err != nil {
		return err
	}
	if line.help {
		return writeHelp(a.streams.Out, root, line.path)
	}
	return root.RunContext(ctx, slices.Concat([]string{"trailctl"}, line.args))
}

// finish says what went wrong and returns the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	if err == nil {
		return codeDone
	}
	code := exitCode(err)
	switch {
	case errors.Is(err, syscall.EPIPE):
		// Whoever read our output has seen enough. A verdict still counts.
		var e *exitError
		if !errors.As(err, &e) {
			code = codeDone
		}
		return code
	case ctx.Err() != nil && code == codeFailed:
		fmt.Fprintln(a.streams.Err, "trailctl: interrupted")
		return codeInterrupted
	}
	a.complain(err)
	return code
}

// complain writes an error: one line that says what happened and, where there
// is something to say, one that says what to do.
func (a *app) complain(err error) {
	text, hint := message(err)
	if text == "" {
		return
	}
	fmt.Fprintf(a.streams.Err, "trailctl: %s\n", term.Escape(text))
	if hint != "" {
		fmt.Fprintf(a.streams.Err, "hint: %s\n", term.Escape(hint))
	}
}

// warn writes a line that is no failure.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.streams.Err, "trailctl: %s\n", term.Escape(fmt.Sprintf(format, args...)))
}

// note writes a line of information for the person at the terminal.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.streams.Err, "%s\n", term.Escape(fmt.Sprintf(format, args...)))
}

// load finds credentials, region and endpoint.
func (a *app) load(ctx context.Context, o awsOptions) (*awsconf.Config, error) {
	opts := awsconf.Options{Profile: o.profile, Region: o.region, EndpointURL: o.endpoint}
	if o.debug {
		opts.Debug = escapedLines{a.streams.Err}
	}
	cfg, err := awsconf.Load(ctx, opts)
	if err != nil {
		return nil, err
	}
	return cfg, checkRegion(cfg.Region)
}

// escapedLines takes whole lines and escapes what is in them.
type escapedLines struct{ to io.Writer }

func (e escapedLines) Write(p []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		b.WriteString(term.Escape(strings.TrimSuffix(line, "\n")) + "\n")
	}
	if _, err := io.WriteString(e.to, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// format is the output format that is in force.
func (a *app) format(o outputOptions) string {
	switch {
	case o.format != "":
		return o.format
	case a.streams.OutTerminal:
		return "table"
	}
	return "json"
}

// colour tells whether results may be coloured: https://no-color.org.
func (a *app) colour(o outputOptions) bool {
	if !a.streams.OutTerminal || o.noColor {
		return false
	}
	if v, set := awsconf.Setting("NO_COLOR"); set && v != "" {
		return false
	}
	v, _ := awsconf.Setting("TERM")
	return v != "dumb"
}

// printed adds the reason to a failed write of results.
func printed(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return err
	}
	return fmt.Errorf("writing the result: %w", err)
}
