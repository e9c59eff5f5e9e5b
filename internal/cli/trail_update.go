package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/trail"
)

type trailUpdateOptions struct {
	trailOptions
	planOptions
}

const trailUpdateHelp = `Changes a trail that is there. Only what is named is changed, and what it needs:
the statements for a new bucket or topic, the role for a log group. Logging is
neither started nor stopped. The bucket and its policy are looked at, and what
is missing there is added, only with --bucket, --prefix, --organization,
--kms-key or --notify: the trail's own --bucket repairs them. An empty value takes away what the trail has:
--sns-topic "", --log-group "", --kms-key "".

A trail is changed in its home region, which is found by itself. With --regions
the trails of that name in those regions are changed.`

func (a *app) trailUpdateCommand() *cli.Command {
	o := &trailUpdateOptions{planOptions: planOptions{app: a}}
	return &cli.Command{
		Name:        "update",
		Usage:       "change what is named of a trail, and nothing else",
		ArgsUsage:   "[NAME]",
		Description: trailUpdateHelp,
		Flags:       joinFlags(o.trailOptions.flags(), o.planOptions.flags()),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			o.isSet = c.IsSet
			return o.run(c.Context)
		},
	}
}

func (o *trailUpdateOptions) run(ctx context.Context) error {
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	spec := trail.Spec{Region: cfg.Region, Update: true}
	if err := o.trailOptions.apply(&spec); err != nil {
		return err
	}
	if len(spec.Regions) == 0 {
		found, err := findTrail(ctx, cfg, o.name, "\"trailctl trail create\" makes one")
		if err != nil {
			return err
		}
		spec.Name, spec.Region = found.Name, found.HomeRegion
		o.app.noteCopies(ctx, cfg, o.name, found, func(regions string) string {
			return ", where it stays as it is: --regions " + found.HomeRegion + "," + regions + " changes all"
		})
	}
	if err := spec.Validate(); err != nil {
		return trailError(err)
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	return o.makeSo(ctx, clients, spec)
}
