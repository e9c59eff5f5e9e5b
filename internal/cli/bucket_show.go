package cli

import (
	"context"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/internal/render"
	"trailctl/trail"
)

type bucketShowOptions struct {
	app  *app
	name string
	aws  awsOptions
	out  outputOptions
}

func (a *app) bucketShowCommand() *cli.Command {
	o := &bucketShowOptions{app: a}
	return &cli.Command{
		Name:      "show",
		Usage:     "show a bucket: its settings, who may write to it, trails, notifications",
		ArgsUsage: "BUCKET",
		Description: `Everything about a bucket that matters to a trail. Its policy is told in words,
those who may put objects first. What the credentials may not read is named, and
the exit code is then 1.`,
		Flags: joinFlags(outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) error {
			o.name = bucketName(c.Args().First())
			return o.run(c.Context)
		},
	}
}

func (o *bucketShowOptions) run(ctx context.Context) error {
	a := o.app
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := bucketClients(ctx, cfg)
	if err != nil {
		return err
	}
	b := render.Bucket{Account: clients.Account}
	if b.Description, err = bucket.Describe(ctx, clients, o.name); err != nil {
		return bucketError(err, o.name)
	}
	if b.Trails, b.TrailsErr = trailsInto(ctx, cfg, o.name); ctx.Err() != nil {
		return b.TrailsErr
	}
	if a.format(o.out) == "json" {
		err = render.BucketJSON(a.streams.Out, b)
	} else {
		err = render.BucketText(a.streams.Out, b, a.terminal(o.out))
	}
	if err != nil {
		return printed(err)
	}
	for _, part := range slices.Sorted(maps.Keys(b.Unread)) {
		a.warn("%s: %s", part, plain(b.Unread[part]))
	}
	if b.TrailsErr != nil {
		a.warn("trails: %s", plain(b.TrailsErr))
	}
	if len(b.Unread) > 0 || b.TrailsErr != nil {
		return exitWith(codeFailed, nil)
	}
	return nil
}

// trailsInto are the trails that deliver into a bucket. The error says why
// some may be missing.
func trailsInto(ctx context.Context, cfg *awsconf.Config, bucketName string) ([]trail.Trail, error) {
	all, err := trail.List(ctx, func(region string) trail.Lister { return cfg.CloudTrail(region) }, cfg.Region)
	if err != nil {
		return nil, err
	}
	err = all.Partial
	var into []trail.Trail
	for _, l := range all.List {
		if l.Bucket == bucketName {
			into = append(into, l.Trail)
		}
		if l.Bucket == "" && l.Err != nil {
			err = l.Err
		}
	}
	return into, err
}
