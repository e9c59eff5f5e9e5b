package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
)

type logsListOptions struct {
	logsOptions
	output outputOptions
	app    *app
	target string

	summary bool
	hole    time.Duration
}

func (a *app) logsListCommand() *cli.Command {
	o := &logsListOptions{app: a}
	return &cli.Command{
		Name: "list", Usage: "list the log files of a trail, a bucket or a folder", ArgsUsage: "TARGET",
		Description: fmt.Sprintf(targetHelp, ", or a folder") + `

Times are those of delivery, as the files' names tell them, and so is the
window. A record lies in a file that was delivered up to --lag after it: with
--lag 1h, files are listed as view and search read them for that window. LAG is
S3's own time of a file minus the minute in its name; it does not tell how late
after their events the records came. Files in a folder have no LAG: their times
may be those of the copying. A terminal of less than 100 columns shows none.

The files of a trail or bucket come in their order, over all accounts and
regions; where there are more than 64 places to look (accounts x regions, log
files and Insights apart), one place after the other. Those of a folder come in
the order of their paths. A table on a terminal shows whole keys where they fit,
else each name from its time on.

--summary shows for each account, region and day how many files were delivered,
their size, the first, the last, the largest LAG, and the holes: stretches
longer than --hole without a file of a region. With --since or --start-time,
those count that reach from the window's start to the first file or from the
last one to its end (15 minutes ago if that is now), and the regions without any
file in the window share a row; so it is with --end-time for the end. Of a trail,
nothing counts that lies before its first log file.
CloudTrail writes no file when nothing happens, so a quiet region has holes;
whether anything is missing, "trailctl validate" can say, because digest files
are written every hour all the same.

Examples:
  trailctl logs list TRAIL --since 2h
  trailctl logs list TRAIL --since 7d --summary
  trailctl logs list s3://BUCKET/PREFIX --region eu-west-1 --output json`,
		Flags: joinFlags([]cli.Flag{
			&cli.BoolFlag{Name: "summary", Usage: "a line for each account, region and day", Destination: &o.summary},
			&cli.DurationFlag{Name: "hole", Value: time.Hour, Usage: "with --summary, the `LENGTH` of time without a file from which on it is told", Destination: &o.hole},
		}, outputFlags(&o.output, "table", "json"), o.flags()),
		Action: func(c *cli.Context) error {
			if c.IsSet("hole") && !o.summary {
				return usagef("--hole goes with --summary")
			}
			if o.hole <= 0 {
				return usagef("--hole %s: it is a length of time such as 30m", o.hole)
			}
			o.target = c.Args().First()
			return o.run(c.Context)
		},
	}
}

// flags are those of other commands, but the window is one of delivery times.
func (o *logsListOptions) flags() []cli.Flag {
	flags := o.logsOptions.flags()
	for _, f := range flags {
		if lag, ok := f.(*cli.DurationFlag); ok && lag.Name == "lag" {
			lag.Value = 0
			lag.Usage = "list files that were delivered up to `LENGTH` before and after the window, too"
		}
	}
	return flags
}

func (o *logsListOptions) run(ctx context.Context) error {
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	t, err := o.app.logsTarget(ctx, o.target, &o.logsOptions)
	if err != nil {
		return err
	}
	defer t.close()
	if t.single != nil {
		return usagef("%s is one file: there is nothing to list; read it with \"trailctl logs view\"", t.where)
	}
	t.query.Window = logs.Widen(window, o.lag)
	var skipped tally
	files := 0
	write := o.files
	if o.summary {
		write = func(ctx context.Context, t *logsTarget, walk func(func(logs.Found) error) error) (string, error) {
			return o.days(ctx, t, &skipped, walk)
		}
	}
	total, err := write(ctx, t, func(each func(logs.Found) error) error {
		return o.walk(ctx, t, &skipped, func(f logs.Found) error { files++; return each(f) })
	})
	if err != nil {
		if ctx.Err() != nil {
			o.app.note("%s: broken off after %s", o.scope(t, window), render.Number(files, "log file"))
		}
		return err
	}
	if skipped.lists == 0 {
		if err := t.nothing(ctx, files, skipped.skipped); err != nil {
			return err
		}
		t.sayMissing(o.app, window, files)
	}
	o.app.note("%s: %s", o.scope(t, window), total)
	skipped.say(o.app)
	return skipped.err()
}

// walk finds the files, and counts what is none.
func (o *logsListOptions) walk(ctx context.Context, t *logsTarget, skipped *tally, each func(logs.Found) error) error {
	for f, err := range logs.Find(ctx, t.source, t.query) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case err != nil:
			skipped.lists++
			skipped.broken(ctx, o.app, err)
		case f.Skip != "":
			skipped.skip(f.Skip)
		default:
			if err := each(f); err != nil {
				return printed(err)
			}
		}
	}
	return nil
}

// files writes a line for each file, and returns a sentence about all.
func (o *logsListOptions) files(ctx context.Context, t *logsTarget, walk func(func(logs.Found) error) error) (string, error) {
	out := render.NewLogFiles(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output), !t.query.Local, t.source.URI)
	err := walk(out.Write)
	if err != nil && ctx.Err() == nil {
		return "", err
	}
	// What was listed before Ctrl+C is a document, too.
	return out.Total(), cmp.Or(printed(out.Close()), err)
}

// days writes a line for each account, region and day.
func (o *logsListOptions) days(ctx context.Context, t *logsTarget, skipped *tally, walk func(func(logs.Found) error) error) (string, error) {
	var days logs.Days
	err := walk(func(f logs.Found) error { days.Add(f); return nil })
	if err != nil {
		return "", err
	}
	window, places := edges(t.query.Window, o.app.now()), t.query.Layout.Places()
	if !window.Start.IsZero() {
		window = t.sinceFirst(ctx, window, places)
	}
	if skipped.lists > 0 { // what could not be listed is no hole
		window, places = when.Window{}, nil
	}
	sorted := days.Sorted(o.hole, window, places...)
	total, err := render.LogDays(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output), &days, sorted, o.hole)
	return total, printed(err)
}

// underway is how long a delivery may take: that the last minutes of a window
// that ends now have no file says nothing.
const underway = 15 * time.Minute

// edges is in which part of a window files must have been delivered by now. A
// side that was not given stays open, but a window that has a start ends now.
func edges(w when.Window, now time.Time) when.Window {
	latest := now.Add(-underway)
	if !w.Start.IsZero() && w.End.IsZero() || w.End.After(latest) {
		w.End = latest
	}
	if !w.Start.IsZero() && !w.Start.Before(w.End) {
		return when.Window{}
	}
	return w
}
