package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"trailctl/internal/render"
	"trailctl/validate"
)

// finish writes the report. Its verdict stands whatever becomes of that.
func (o *validateOptions) finish(r *validate.Report, t *validateTarget, seen *validateWatch, interrupted error) error {
	o.bad.Store(o.bad.Load() || r.Verdict == validate.VerdictInvalid)
	// First the file: what reads standard output may be slow, or stop reading.
	told := o.tellJUnit(func() render.JUnitDocument { return render.JUnit(r) })
	told = o.tell(r, o.write(r, seen)) && told
	if t.earlier(r) {
		o.app.note("hint: %s", earlierSandboxHint)
	}
	switch {
	case r.Verdict == validate.VerdictInvalid:
		if interrupted != nil {
			o.app.warn("interrupted: the result is not complete")
			o.sayResume()
		}
		return exitWith(codeInvalid, nil)
	case interrupted != nil:
		o.sayResume()
		return interrupted
	case r.Verdict == validate.VerdictIncomplete:
		return exitWith(codeFailed, incomplete(r))
	case r.Verdict == validate.VerdictNothing && told:
		return exitWith(codeNothing, o.nothing(r, t))
	case r.Verdict == validate.VerdictNothing:
		return exitWith(codeFailed, o.nothing(r, t))
	case !told:
		return exitWith(codeFailed, nil)
	}
	return nil
}

// earlierSandboxHint is for digest files of unknown keys at a local endpoint. A
// sandbox makes new keys, and buckets behind it can outlive it.
const earlierSandboxHint = "digest files of unknown keys may be of an earlier sandbox, whose keys ended with it: \"trailctl sandbox start --dir FOLDER\" keeps the keys from now on; until then deliver to another bucket, or validate from the start of this sandbox on with --start-time"

// earlier tells whether digest files may be of an earlier sandbox.
func (t *validateTarget) earlier(r *validate.Report) bool {
	return t.local && slices.ContainsFunc(r.Findings, func(f validate.Finding) bool { return f.Code == validate.CodeUnknownKey })
}

// sayResume tells how to go on after an interruption.
func (o *validateOptions) sayResume() {
	if o.resume != "" {
		o.app.note("the same command goes on: the log files that were proved are in %s", o.resume)
	} else {
		o.app.note("with --resume FILE the next run is taken up where it ends")
	}
}

// tell says why the result could not be written, and tells whether it could.
// A reader that went away has seen enough of what is valid; what is not it may
// have missed.
func (o *validateOptions) tell(r *validate.Report, err error) bool {
	if err == nil {
		return true
	}
	gone := errors.Is(err, syscall.EPIPE)
	if !gone {
		o.app.complain(printed(err))
	}
	if !gone || r.Verdict != validate.VerdictValid {
		o.app.warn("%s", render.ValidationLine(r))
	}
	return gone
}

// write writes what is left of the files, and the report.
func (o *validateOptions) write(r *validate.Report, seen *validateWatch) error {
	if seen.err != nil {
		return seen.err
	}
	out := o.app.streams.Out
	if seen.stream != nil {
		return seen.stream.Close(r)
	}
	if seen.lines != nil {
		if err := seen.lines.Flush(); err != nil {
			return err
		}
	}
	switch o.app.format(o.output) {
	case "json":
		return render.ValidationJSON(out, r)
	case "text":
		return render.ValidationText(out, r)
	}
	if o.app.streams.OutTerminal {
		return render.ValidationTree(out, r, o.app.terminal(o.output), o.verbose)
	}
	return render.ValidationTable(out, r, o.app.terminal(o.output))
}

// insist runs the check until it ends, or until a second signal. The first
// one ends the context of run, which then says what was proved so far; should
// that take long because nobody reads it, the second one ends the program,
// and the exit code still tells what had been found.
func (o *validateOptions) insist(ctx context.Context, run func(context.Context) error) error {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, ends...)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if n > 0 && exitCode(err) == codeFailed {
				return exitWith(codeInterrupted, errors.New("interrupted"))
			}
			return err
		case <-signals:
			if n == 0 {
				cancel()
				continue
			}
			if o.bad.Load() {
				o.app.warn("interrupted: something invalid or missing was found, and not all of it was said")
				return exitWith(codeInvalid, nil)
			}
			return exitWith(codeInterrupted, errors.New("interrupted"))
		}
	}
}
