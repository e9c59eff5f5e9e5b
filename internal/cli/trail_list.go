package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

type trailListOptions struct {
	app *app
	aws awsOptions
	out outputOptions
}

func (a *app) trailListCommand() *cli.Command {
	o := &trailListOptions{app: a}
	return &cli.Command{
		Name:  "list",
		Usage: "list the account's trails of all regions",
		Description: `One row a trail, whatever its home region. LOGGING is "on", "off", or "failing"
when CloudTrail could not deliver the last time it tried: log files, digest
files, notifications or to the log group; DIGESTS is "failing", too, when it
was digest files. "trailctl trail status" tells more.`,
		Flags:  joinFlags(outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) error { return o.run(c.Context) },
	}
}

func (o *trailListOptions) run(ctx context.Context) error {
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	trails, err := trail.List(ctx, func(region string) trail.Lister { return cfg.CloudTrail(region) }, cfg.Region)
	if err != nil {
		return err
	}
	if err := o.print(trails); err != nil {
		return printed(err)
	}
	if trails.Partial != nil {
		o.app.warn("only trails that %s sees are listed: %s", cfg.Region, plain(trails.Partial))
	}
	var failed error
	for _, l := range trails.List {
		if l.Err != nil {
			o.app.warn("trail %s: %s", l.ARN, plain(l.Err))
			failed = l.Err
		}
	}
	if failed != nil || trails.Partial != nil {
		return exitWith(codeFailed, nil)
	}
	return nil
}

func (o *trailListOptions) print(trails trail.Trails) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.TrailsJSON(a.streams.Out, trails.List, trails.Partial)
	}
	if len(trails.List) == 0 {
		a.note("no trails; \"trailctl trail create NAME\" makes one")
		return nil
	}
	return render.TrailTable(a.streams.Out, trails.List, a.now(), a.terminal(o.out))
}
