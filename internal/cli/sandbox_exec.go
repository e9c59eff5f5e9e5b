package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// codeNoCommand is what shells answer for a command that they cannot find.
const codeNoCommand = 127

type sandboxExec struct {
	*app
	sandbox sandboxOptions
	command []string
}

func (a *app) sandboxExecCommand() *cli.Command {
	o := &sandboxExec{app: a}
	return &cli.Command{
		Name:      "exec",
		Usage:     "run one command with a sandbox of its own as its AWS",
		ArgsUsage: "-- COMMAND...",
		Description: `Starts a sandbox, runs the command with the environment set so that AWS
clients reach it, ends with the command's exit code and leaves nothing behind:

   trailctl sandbox exec -- sh -c 'aws s3 mb s3://my-bucket && aws s3 ls'
   trailctl sandbox exec -- bash

A command that cannot be run is exit code 127, as in a shell.`,
		Flags: sandboxFlags(&o.sandbox, "127.0.0.1:0"),
		Action: func(c *cli.Context) error {
			o.command = c.Args().Slice()
			return o.run(c.Context)
		},
	}
}

func (o *sandboxExec) run(ctx context.Context) error {
	program, err := exec.LookPath(o.command[0])
	if err != nil {
		return exitWith(codeNoCommand, fmt.Errorf("running %s: %w", o.command[0], err))
	}
	// The sandbox outlives the signal that the command is to end on.
	r, err := o.sandbox.start(context.WithoutCancel(ctx), o.app)
	if err != nil {
		return err
	}
	if o.sandbox.losesKeys() {
		o.note("the sandbox stands before %s; its "+keysEnd, r.upstream)
	}
	code, err := o.execute(program, r)
	if err := errors.Join(err, r.stop()); err != nil {
		return err
	}
	if code != codeDone {
		return exitWith(code, nil)
	}
	return nil
}

// execute runs the command and returns its exit code. Signals are passed on,
// but for those that the terminal has given to the command already.
func (o *sandboxExec) execute(program string, r *running) (int, error) {
	cmd := exec.Command(program, o.command[1:]...)
	cmd.Args[0] = o.command[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.streams.In, o.streams.Out, o.streams.Err
	cmd.Env = append(withoutAWS(os.Environ()), r.environment()...)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup: the command is to ignore it too
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("running %s: %w", o.command[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt || !o.streams.InTerminal {
				cmd.Process.Signal(s)
			}
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, fmt.Errorf("running %s: %w", o.command[0], err)
			}
			return exitCodeOf(cmd.ProcessState), nil
		}
	}
}

// exitCodeOf is a process's exit code as shells give it: 128 and the number of
// the signal that ended it.
func exitCodeOf(p *os.ProcessState) int {
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.ExitCode()
}
