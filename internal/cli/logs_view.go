package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"trailctl/logs"
)

type logsViewOptions struct {
	logsOptions
	app     *app
	targets []string
	filter  filterOptions
	show    showOptions
}

func (a *app) logsViewCommand() *cli.Command {
	o := &logsViewOptions{app: a}
	return &cli.Command{
		Name: "view", Usage: "show the records of log files", ArgsUsage: "TARGET...",
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
		Flags:  joinFlags(filterFlags(&o.filter), showFlags(&o.show), o.flags()),
		Action: func(c *cli.Context) error { o.targets = c.Args().Slice(); return o.run(c.Context) },
	}
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")

func (o *logsViewOptions) run(ctx context.Context) error {
	if err := o.show.check(); err != nil {
		return err
	}
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	chosen, err := o.filter.compile()
	if err != nil {
		return err
	}
	out, err := o.app.sink(&o.show)
	if err != nil {
		return err
	}
	shown := 0
	w := &reading{app: o.app, options: &o.logsOptions, window: window, filter: chosen}
	walked := w.run(ctx, o.targets, func(f *logs.File) error {
		for i := range f.Records {
			if err := out.Write(&f.Records[i]); err != nil {
				return printed(err)
			}
			if shown++; o.show.limit > 0 && shown >= o.show.limit {
				return errEnough
			}
		}
		return nil
	})
	// What was shown stays shown, also after Ctrl+C.
	if err := out.Close(); err != nil {
		return printed(err)
	}
	if walked != nil && !errors.Is(walked, errEnough) {
		return walked
	}
	w.summary(shown)
	return w.err()
}
