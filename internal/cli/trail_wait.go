package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/shell"
	"trailctl/internal/term"
	"trailctl/internal/when"
	"trailctl/trail"
)

type trailWaitOptions struct {
	app               *app
	name              string
	what              string
	since             string
	timeout, interval time.Duration
	aws               awsOptions
	out               outputOptions
}

const trailWaitHelp = `Waits until the trail has delivered in its home region: a log file, which takes 5
to 15 minutes once something was recorded, or a digest file, which comes every
hour. What is there at the first look does not count, whatever the clocks say;
--since counts all that came after a time.

It ends with code 1 when nothing comes in time, and at once when the trail is
set up so that nothing can come.`

func (a *app) trailWaitCommand() *cli.Command {
	o := &trailWaitOptions{app: a}
	return &cli.Command{
		Name:        "wait",
		Usage:       "wait until a trail has delivered",
		ArgsUsage:   "[NAME]",
		Description: trailWaitHelp,
		Flags: joinFlags([]cli.Flag{
			nameFlag(&o.name),
			&cli.StringFlag{Name: "for", Usage: "`WHAT` to wait for: delivery (a log file) or digest", Value: string(trail.LogFile), Destination: &o.what},
			&cli.StringFlag{Name: "since", Usage: "`TIME` after which it must come: 2026-01-31T13:00:00Z, or how long ago: 10m (default: when the last one came that is there already)", Destination: &o.since},
			&cli.DurationFlag{Name: "timeout", Usage: "wait `LENGTH` of time at most", Value: 20 * time.Minute, Destination: &o.timeout},
			&cli.DurationFlag{Name: "interval", Usage: "look every `LENGTH` of time", Value: 15 * time.Second, Destination: &o.interval},
		}, outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

// leastInterval keeps several who wait under CloudTrail's ten calls a second.
const leastInterval = time.Second

func (o *trailWaitOptions) wait() (trail.Wait, error) {
	w := trail.Wait{For: trail.Awaited(o.what), Timeout: o.timeout, Interval: o.interval}
	switch {
	case !slices.Contains([]trail.Awaited{trail.LogFile, trail.DigestFile}, w.For):
		return w, usagef("--for %s: it is delivery or digest", o.what)
	case o.timeout < 0:
		return w, usagef("--timeout %s: it cannot be negative", o.timeout)
	case o.interval < leastInterval:
		return w, usagef("--interval %s: it cannot be shorter than %s", o.interval, leastInterval)
	}
	if o.since != "" {
		at, err := when.Parse(o.since, o.app.now())
		if err != nil {
			return w, usagef("--since: %s", err)
		}
		w.After = at
	}
	return w, nil
}

func (o *trailWaitOptions) run(ctx context.Context) error {
	a := o.app
	w, err := o.wait()
	if err != nil {
		return err
	}
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	t, err := findTrail(ctx, cfg, o.name, "\"trailctl trail create\" makes one")
	if err != nil {
		return err
	}
	progress := term.NewProgress(a.streams, time.Now)
	w.Observe = func(s trail.Status, waited time.Duration) {
		text := ""
		if p := s.Problems(); len(p) > 0 {
			text = "; " + p[0].What
		}
		progress.Show("waiting for a %s of trail %s: %s of %s%s", w.For, term.Escape(t.Name), waited, w.Timeout, term.Escape(text))
	}
	out, err := w.Until(ctx, cfg.CloudTrail(t.HomeRegion), t)
	progress.Clear()
	if ctx.Err() != nil {
		return err
	}
	if e := o.print(w, out); e != nil {
		return printed(e)
	}
	return waitFailed(w.For, out, err)
}

func (o *trailWaitOptions) print(w trail.Wait, out trail.Waited) error {
	if out.Status.Trail.Name == "" {
		return nil // not a single look succeeded
	}
	if o.app.format(o.out) == "json" {
		return render.WaitedJSON(o.app.streams.Out, w.For, out)
	}
	return render.WaitedText(o.app.streams.Out, w.For, out)
}

// waitFailed adds what may be the reason.
func waitFailed(a trail.Awaited, out trail.Waited, err error) error {
	if !errors.Is(err, trail.ErrNotYet) && !errors.Is(err, trail.ErrNever) {
		return err
	}
	for _, p := range out.Status.Problems() {
		text := p.What
		if p.Why != "" {
			text += ": " + p.Why
		}
		return withHint(err, "%s; %s", text, p.Do)
	}
	if errors.Is(err, trail.ErrNever) {
		t := out.Status.Trail
		return withHint(err, "%s", shell.Line([]string{"trailctl", "trail", "update", t.Name, "--region", t.HomeRegion, "--enable-log-file-validation"}))
	}
	if a == trail.DigestFile {
		return withHint(err, "nothing is wrong with the trail: digest files come once an hour; wait longer with --timeout")
	}
	return withHint(err, "nothing is wrong with the trail: wait longer with --timeout; where nothing happens there are no log files")
}
