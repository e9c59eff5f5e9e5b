package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
)

type logsViewOptions struct {
	logsOptions
	app    *app
	target string
	limit  int

	// What was met on the way.
	tally
	files, shown, read, noTime int
}

func (a *app) logsViewCommand() *cli.Command {
	o := &logsViewOptions{app: a}
	return &cli.Command{
		Name: "view", Usage: "show the records of log files", ArgsUsage: "TARGET",
		Description: fmt.Sprintf(targetHelp, ",\na folder, a file, or - for standard input") + `

Files may be gzipped or plain, as CloudTrail delivers them, bare records,
arrays or lines of them, answers of LookupEvents, EventBridge events, or the
text form that --output text writes. Each record is judged by its own time;
files are chosen by their names in a window that is an hour wider on both
sides, because records are delivered later than they happen. Records come file
by file, as each file has them. The files of a trail or bucket come in the
order of the delivery times in their names, over all accounts and regions;
where there are more than 64 places to look (accounts x regions, log files and
Insights apart), one place after the other. Those of a folder come in the order
of their paths.

A file that cannot be read is named, its readable records are shown, the
others follow, and the exit code is 1.

Formats: table (without the year on a terminal narrower than 100 columns);
json, one array; jsonl, each record's bytes on a line; text, a line of
eventID eventName eventSource awsRegion sourceIPAddress User-Agent=... for
each record.`,
		Flags: joinFlags([]cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "stop after `N` records (0: no limit)", Destination: &o.limit},
		}, o.flags("table", "json", "jsonl", "text")),
		Action: func(c *cli.Context) error { o.target = c.Args().First(); return o.run(c.Context) },
	}
}

func (o *logsViewOptions) run(ctx context.Context) error {
	if o.limit < 0 {
		return usagef("--limit %d: it cannot be negative", o.limit)
	}
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	t, err := o.app.logsTarget(ctx, o.target, &o.logsOptions)
	if err != nil {
		return err
	}
	defer t.close()
	found, walker := t.files(ctx, window)
	out := render.NewRecords(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output))
	for f := range walker.Files(ctx, found) {
		if ctx.Err() != nil {
			break
		}
		o.meet(ctx, f)
		if err := o.show(f, window, out); err != nil {
			return printed(err)
		}
		if o.limit > 0 && o.shown >= o.limit {
			break
		}
	}
	// What was shown stays shown, also after Ctrl+C.
	if err := out.Close(); err != nil {
		return printed(err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	o.summary(t, window)
	return o.err()
}

// files prepares the walk over a target.
func (t *logsTarget) files(ctx context.Context, window when.Window) (iter.Seq2[logs.Found, error], *logs.Walker) {
	if t.single != nil {
		return t.single.Files(ctx), &logs.Walker{Source: t.single, Fetchers: 1, Named: true}
	}
	t.query.Window = logs.Widen(window, logs.DefaultLag)
	walker := &logs.Walker{Source: t.source, Fetchers: t.fetchers}
	if t.bucket != "" && t.query.Base == nil {
		if one := t.object(ctx); one != nil {
			walker.Named = true
			return func(yield func(logs.Found, error) bool) { yield(*one, nil) }, walker
		}
	}
	return logs.Find(ctx, t.source, t.query), walker
}

// object finds the one object that s3://BUCKET/KEY names, if it does.
func (t *logsTarget) object(ctx context.Context) *logs.Found {
	key := t.query.Prefix
	if key == "" || key[len(key)-1] == '/' {
		return nil
	}
	for o, err := range t.source.List(ctx, key, "") {
		if err != nil || o.Key != key {
			break
		}
		f := logs.Found{Object: o}
		f.Key, f.Log = logs.ParseName(key)
		return &f
	}
	return nil
}

// meet tells of a file what there is to tell.
func (o *logsViewOptions) meet(ctx context.Context, f *logs.File) {
	switch {
	case f.Skip != "":
		o.skip(f.Skip)
		return
	case f.Err != nil && f.Object.Key == "":
		o.lists++
	case f.Err != nil:
		o.failed++
		o.files++
	default:
		o.files++
	}
	if f.Err != nil {
		o.broken(ctx, o.app, f.Err)
	}
	for _, n := range f.Report.Notes {
		o.app.note("%s: %s", f.URI, n)
	}
	if f.Report.Foreign > 0 && f.Report.LogFile {
		o.app.note("%s: %s beside the records that are none", f.URI, render.Count(f.Report.Foreign, "JSON value"))
	}
}

// show writes the records of a file that are wanted.
func (o *logsViewOptions) show(f *logs.File, window when.Window, out *render.Records) error {
	for i := range f.Records {
		r := &f.Records[i]
		o.read++
		if !o.wanted(f, r, window) {
			continue
		}
		if err := out.Write(r); err != nil {
			return err
		}
		if o.shown++; o.limit > 0 && o.shown >= o.limit {
			return nil
		}
	}
	return nil
}

func (o *logsViewOptions) wanted(f *logs.File, r *logs.Record, window when.Window) bool {
	if !window.Start.IsZero() || !window.End.IsZero() {
		at, ok := r.Time()
		if !ok {
			o.noTime++
			return false
		}
		if !window.Contains(at) {
			return false
		}
	}
	// The name of a delivered file says whose it is; other files are judged
	// by each record.
	ids, regions := o.accounts.Value(), o.regions()
	if len(ids) == 0 && regions == nil {
		return true
	}
	account, region := r.Account(), r.Region()
	if f.Log {
		account, region = f.Key.Account, f.Key.Region
	}
	return (len(ids) == 0 || slices.Contains(ids, account)) && (regions == nil || slices.Contains(regions, region))
}

func (o *logsViewOptions) summary(t *logsTarget, window when.Window) {
	if o.noTime > 0 {
		o.app.warn("%s without a readable eventTime left out, because a window was given", render.Count(o.noTime, "record"))
	}
	switch {
	case o.shown == 0 && o.failed+o.lists == 0:
		o.app.note("no records: searched %s; %s with %s", o.scope(t, window),
			render.Count(o.files, "log file"), render.Count(o.read, "record"))
	case o.shown > 0 && o.app.streams.OutTerminal:
		o.app.note("%s: %d of %s, %s read", o.scope(t, window),
			o.shown, render.Count(o.read, "record"), render.Count(o.files, "log file"))
	}
	o.say(o.app)
}
