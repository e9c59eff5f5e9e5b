package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs"
)

type logsListOptions struct {
	logsOptions
	output outputOptions
	app    *app
	target string
}

func (a *app) logsListCommand() *cli.Command {
	o := &logsListOptions{app: a}
	return &cli.Command{
		Name: "list", Usage: "list the log files of a trail, a bucket or a folder", ArgsUsage: "TARGET",
		Description: fmt.Sprintf(targetHelp, ", or a folder") + `

Times are those of delivery, as the files' names tell them. The files of a
trail or bucket come in their order, over all accounts and regions; where there
are more than 64 places to look (accounts x regions, log files and Insights
apart), one place after the other. Those of a folder come in the order of their
paths. A table on a terminal shows whole keys where they fit, else each name
from its time on.`,
		Flags:  joinFlags(outputFlags(&o.output, "table", "json"), o.flags()),
		Action: func(c *cli.Context) error { o.target = c.Args().First(); return o.run(c.Context) },
	}
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
	t.query.Window = window
	out := render.NewLogFiles(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output), t.source.URI)
	var skipped tally
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
			if err := out.Write(f); err != nil {
				return printed(err)
			}
		}
	}
	if err := out.Close(); err != nil {
		return printed(err)
	}
	o.app.note("%s: %s", o.scope(t, window), out.Total())
	skipped.say(o.app)
	return skipped.err()
}
