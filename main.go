// Command trailctl works with AWS CloudTrail: it creates trails, shows whether
// they deliver, fetches and reads their log files, and proves with the digest
// chain that nobody changed them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"trailctl/internal/cli"
	"trailctl/internal/term"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it stays ignored
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	// A reader that goes away, as head does, shows as a failed write: what the
	// exit code has to tell is still told.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := cli.Main(ctx, os.Args, term.Standard())
	stop()
	os.Exit(code)
}
