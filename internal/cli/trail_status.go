package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

type trailStatusOptions struct {
	app  *app
	name string
	aws  awsOptions
	out  outputOptions
}

func (a *app) trailStatusCommand() *cli.Command {
	o := &trailStatusOptions{app: a}
	return &cli.Command{
		Name:      "status",
		Usage:     "show whether a trail records and delivers",
		ArgsUsage: "[NAME]",
		Description: `NAME is a trail's name or ARN. The name is looked for in --region first, then in
all regions. The exit code is 0 when the status could be read, whatever it is.`,
		Flags: joinFlags([]cli.Flag{nameFlag(&o.name)}, outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailStatusOptions) run(ctx context.Context) error {
	a := o.app
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	t, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, o.name)
	if err != nil {
		return trailError(err)
	}
	s, err := trail.ReadStatus(ctx, cfg.CloudTrail(t.HomeRegion), t)
	if err != nil {
		return err
	}
	if a.format(o.out) == "json" {
		return printed(render.StatusJSON(a.streams.Out, s))
	}
	return printed(render.TrailStatus(a.streams.Out, s, a.now(), a.terminal(o.out)))
}
