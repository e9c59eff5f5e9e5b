package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
)

type bucketCreateOptions struct {
	bucketPlan
	update bool
}

func (a *app) bucketCreateCommand() *cli.Command {
	o := &bucketCreateOptions{bucketPlan: bucketPlan{app: a}}
	return &cli.Command{
		Name:      "create",
		Usage:     "create a bucket as a trail's bucket should be",
		ArgsUsage: "BUCKET",
		Description: `Makes the bucket in --region, with public access blocked, ACLs off (the bucket's
owner owns every object) and default encryption. It gets no policy: "bucket
policy --merge" or "trail create --bucket" lets CloudTrail deliver.

A bucket of the account that exists stays as it is, and what differs from a new
one is said; --update-settings changes that, too. The same command again does
nothing.`,
		Flags: o.flags(
			&cli.BoolFlag{Name: "update-settings", Usage: "give an existing bucket the settings of a new one", Destination: &o.update},
		),
		Action: func(c *cli.Context) error {
			o.bucket = bucketName(c.Args().First())
			return o.run(c.Context)
		},
	}
}

func (o *bucketCreateOptions) run(ctx context.Context) error {
	if err := bucket.CheckName(o.bucket); err != nil {
		return bucketError(err, o.bucket)
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := bucketClients(ctx, cfg)
	if err != nil {
		return err
	}
	p, err := bucket.PlanCreate(ctx, clients, o.bucket, o.update)
	if err != nil {
		return bucketError(err, o.bucket)
	}
	if err := o.carryOut(ctx, clients, p); err != nil {
		return err
	}
	if hasWarnings(p) {
		o.app.note("--update-settings changes what differs.")
	}
	return nil
}
