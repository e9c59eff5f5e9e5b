package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/validate"
)

// Bounds of --every: a look is a few calls for each region, and a digest file
// that is late is told after two hours.
const (
	leastEvery = 10 * time.Second
	mostEvery  = 24 * time.Hour
)

// checkFollow looks at the flags of --follow.
func (o *validateOptions) checkFollow(c *cli.Context) error {
	switch {
	case !o.follow && c.IsSet("every"):
		return usagef("--every has no effect without --follow")
	case !o.follow:
		return nil
	case o.window.end != "":
		return usagef("--follow has no end: leave out --end-time")
	case o.every < leastEvery || o.every > mostEvery:
		return usagef("--every %s: from 10s to 24h", o.every)
	}
	return nil
}

// following is a following under way.
type following struct {
	options  *validateOptions
	target   *validateTarget // as it was last opened
	check    validate.Options
	follower validate.Follower
	out      render.Followed
	err      error // of writing
	progress *term.Progress
	trouble  string // told last; empty when all is well
	began    time.Time
	looks    int
	until    time.Time // end of the newest digest file
	digests  int
	logs     int
}

// followTrail proves each digest file as it comes, until there is a finding.
func (o *validateOptions) followTrail(ctx context.Context, t *validateTarget, check validate.Options) error {
	if check.Copy {
		return usagef("--follow takes a trail or s3://BUCKET: nothing arrives in the folder %s", o.target)
	}
	if arn.IsARN(o.target) {
		o.target = "" // it is in trailARN now, and is opened again
	}
	f := &following{
		options: o, target: t, check: check, began: time.Now(), progress: term.NewProgress(o.app.streams, time.Now),
		out: render.Followed{To: o.app.streams.Out, Format: o.app.format(o.output), Several: check.Trail == ""},
	}
	f.check.OnFile = f.file
	f.follower.Begin = check.Start
	proofs, ok := check.Proved.(*validate.Proofs)
	if !ok {
		proofs = validate.NewProofs("")
	}
	f.follower.Proofs = proofs
	f.greet()
	err := f.run(ctx)
	f.progress.Clear()
	return err
}

// greet says what is followed, and what to expect.
func (f *following) greet() {
	o, what := f.options, "s3://"+f.check.Bucket+"/"+f.check.Prefix
	if f.check.Trail != "" {
		what = "trail " + f.check.Trail + " (" + what + ")"
	}
	at, resumed := f.follower.From(f.check)
	from := "that end after " + stamp(at)
	switch {
	case resumed:
		from += ", where an earlier run ended"
	case f.follower.Begin.IsZero():
		from += fmt.Sprintf(", the last %.0f hours", validate.Lookback.Hours())
	}
	o.app.note("following %s: digest files %s, with a look every %s; CloudTrail delivers one about an hour after the hour that it covers", what, from, o.every)
	if !f.check.Stopped.IsZero() {
		o.app.note("logging is switched off since %s: nothing comes until it is switched on", stamp(f.check.Stopped))
	}
}

// run looks again and again.
func (f *following) run(ctx context.Context) error {
	for {
		done, err := f.look(ctx)
		if done {
			return err
		}
		f.wait(ctx)
		if ctx.Err() != nil {
			return f.interrupted(false)
		}
		f.reopen(ctx)
	}
}

// look proves what has come, and tells whether the following ends with that.
func (f *following) look(ctx context.Context) (done bool, err error) {
	f.check.Now = f.options.app.now()
	r, err := f.follower.Round(ctx, f.check)
	f.progress.Clear()
	if r == nil {
		switch {
		case ctx.Err() != nil:
			return true, f.interrupted(true)
		case f.looks == 0:
			return true, err
		}
		f.troubled(err)
		return false, nil
	}
	f.looks++
	if r.Verdict == validate.VerdictInvalid {
		f.options.bad.Store(true)
	}
	f.show(r)
	switch {
	case r.Verdict == validate.VerdictInvalid:
		return true, exitWith(codeInvalid, f.end(ctx.Err() != nil))
	case ctx.Err() != nil:
		f.options.app.note("the look that was interrupted had proved %s and %s", render.Count(r.Report.Digests.Valid, "digest file"), render.Count(r.Report.LogFiles.Valid, "log file"))
		return true, f.interrupted(true)
	case r.Verdict == validate.VerdictNothing:
		report := f.follower.Report(f.check)
		report.Requested.Start, report.Searched = r.Start, []string{f.place()}
		return true, exitWith(codeNothing, errors.Join(f.end(false), f.options.nothing(report, f.target)))
	case r.GivenUp:
		err := incomplete(&validate.Report{Findings: r.Trouble})
		return true, exitWith(codeFailed, errors.Join(f.end(false), err))
	case f.err != nil:
		return true, f.end(false)
	case len(r.Trouble) > 0:
		f.troubled(incomplete(&validate.Report{Findings: r.Trouble}))
	case f.trouble != "":
		f.trouble = ""
		f.options.app.note("checking works again")
	}
	return false, nil
}

// place is where the trail delivers.
func (f *following) place() string { return "s3://" + f.check.Bucket + "/" + f.check.Prefix }

// show writes what a look brought.
func (f *following) show(r *validate.Round) {
	if r.Before > 0 {
		f.options.app.note("%s proved again that an earlier run had told of", render.Count(r.Before, "digest file"))
	}
	for _, d := range r.Digests {
		f.digests, f.logs = f.digests+1, f.logs+d.LogFiles.Valid
		if d.End.After(f.until) {
			f.until = d.End
		}
		f.written(f.out.Digest(d))
	}
	for _, x := range r.Findings {
		f.written(f.out.Finding(x))
	}
}

func (f *following) written(err error) {
	if f.err == nil {
		f.err = printed(err)
	}
}

// file hears of each file of a look.
func (f *following) file(x validate.File) {
	f.progress.Show("looking: %s", term.Escape(x.URI))
	if f.options.verbose && !x.Digest && !x.Before && x.Status == validate.Valid && f.err == nil {
		f.progress.Clear()
		f.written(f.out.File(x))
	}
}

// troubled says what went wrong, once for each reason in a row.
func (f *following) troubled(err error) {
	text, hint := message(err)
	if text == f.trouble {
		return
	}
	f.trouble = text
	f.options.app.warn("%s (the next look tries again)", text)
	if hint != "" {
		f.options.app.note("hint: %s", hint)
	}
}

// reopen looks at the trail anew: it may deliver to another place, or be
// switched off, and credentials may have changed. What cannot be asked now is
// taken to be as it was.
func (f *following) reopen(ctx context.Context) {
	t, err := f.options.open(ctx)
	if err != nil {
		if ctx.Err() == nil {
			f.troubled(err)
		}
		return
	}
	defer t.close()
	if t.options.Copy {
		return // a folder of the trail's name has come into being
	}
	before, now := f.check, t.options
	now.Accounts, now.Unlisted, now.Workers, now.OnFile = before.Accounts, before.Unlisted, before.Workers, before.OnFile
	if now.Started.IsZero() && now.Stopped.IsZero() { // nobody said
		now.Started, now.Stopped = before.Started, before.Stopped
	}
	switch {
	case before.Stopped.IsZero() && !now.Stopped.IsZero():
		f.options.app.note("logging was switched off at %s: nothing comes until it is switched on", stamp(now.Stopped))
	case !before.Stopped.IsZero() && now.Stopped.IsZero():
		f.options.app.note("logging was switched on at %s", stamp(now.Started))
	}
	if before.Bucket != now.Bucket || before.Prefix != now.Prefix {
		f.options.app.note("the trail delivers to s3://%s/%s now", now.Bucket, now.Prefix)
	}
	f.target, f.check = t, now
}

// wait lets the time between two looks pass.
func (f *following) wait(ctx context.Context) {
	next := time.Now().Add(f.options.every)
	timer := time.NewTimer(f.options.every)
	defer timer.Stop()
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		newest := "no digest file yet"
		if f.digests > 0 {
			newest = "the newest ends at " + stamp(f.until)
		}
		f.progress.Show("%s and %s proved, %s; next look in %s", render.Count(f.digests, "digest file"), render.Count(f.logs, "log file"), newest, time.Until(next).Round(time.Second))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-beat.C:
		}
	}
}

// interrupted ends the following after Ctrl+C, which may have been while it
// looked.
func (f *following) interrupted(looking bool) error {
	return exitWith(codeInterrupted, f.end(looking))
}

// end says what was proved in all. The exit code is settled by then.
func (f *following) end(interrupted bool) error {
	f.progress.Clear()
	r := f.follower.Report(f.check)
	r.Interrupted = interrupted
	o := f.options
	o.tellJUnit(func() render.JUnitDocument { return render.JUnit(r) })
	if f.err == nil {
		f.written(f.out.End(r))
	}
	sum := render.ValidationLine(r)
	if r.Verdict == validate.VerdictNothing {
		sum = "no digest file was proved whole"
	}
	o.app.note("%s; followed for %s", sum, time.Since(f.began).Round(time.Second))
	return f.err
}
