package cli

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/trail"
	"trailctl/trail/export"
)

type trailExportOptions struct {
	app      *app
	name     string
	format   string
	imported bool
	aws      awsOptions
}

const trailExportHelp = `Writes a trail as code that makes it again, to standard output: the trail with
its selectors, insights and tags, its bucket with settings, policy and event
notifications, its topic and topic policy, its log group, and the role with which
CloudTrail writes there.

--format terraform needs the AWS provider, version 5 or later; with --import it
takes over what is there (Terraform 1.5 or later). --format cloudformation is a
template for a stack in the trail's home region; the bucket and the log group
stay when the stack is deleted. --format cli is a script for bash and the AWS CLI,
to be run where none of these things exists.

KMS keys, and what belongs to another account, are only referred to. Comments at
the beginning, and lines on standard error, say what is missing; when something
could not be read, the exit code is 1. Not looked at are the bucket's ACL, website,
acceleration, payer, inventories, analytics and metrics.`

func (a *app) trailExportCommand() *cli.Command {
	o := &trailExportOptions{app: a}
	return &cli.Command{
		Name:        "export",
		Usage:       "write a trail and what stands around it as code",
		ArgsUsage:   "[NAME]",
		Description: trailExportHelp,
		Flags: joinFlags([]cli.Flag{
			nameFlag(&o.name),
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + formatNames(), Destination: &o.format},
			&cli.BoolFlag{Name: "import", Usage: "let Terraform take over what is there", Destination: &o.imported},
		}, awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func formatNames() string {
	var names []string
	for _, f := range export.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func (o *trailExportOptions) run(ctx context.Context) error {
	a := o.app
	if o.format == "" {
		return usagef("--format is missing: %s", formatNames())
	}
	format := export.Format(o.format)
	if !strings.Contains(", "+formatNames()+",", ", "+o.format+",") {
		return usagef("--format %s: the formats are %s", o.format, formatNames())
	}
	if o.imported && format != export.Terraform {
		return usagef("--import is for --format terraform")
	}
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	found, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, o.name)
	if err != nil {
		return trailError(err)
	}
	source := export.Source{}
	if source.Whole, err = trail.ReadWhole(ctx, clients, found); err != nil {
		return err
	}
	unread := len(source.Unread)
	if b := source.Bucket; b != nil && b.Owner == bucket.Account {
		extra, err := export.ReadBucket(ctx, cfg.S3(b.Region), b.Name, clients.Account.ID)
		if err != nil {
			return err
		}
		source.Extra = &extra
		unread += len(extra.Unread) + len(b.Settings.Unread)
	}
	text, err := export.Write(source, format, export.Options{Import: o.imported})
	if err != nil {
		if errors.Is(err, export.ErrFormat) {
			return withHint(err, "choose another --format")
		}
		return err
	}
	if _, err := io.WriteString(a.streams.Out, text); err != nil {
		return printed(err)
	}
	for _, notice := range export.Notices(source, format) {
		a.warn("%s", notice)
	}
	for _, part := range slices.Sorted(maps.Keys(source.Unread)) {
		a.warn("not exported: %s: %s", part, plain(source.Unread[part]))
	}
	if unread > 0 {
		return errors.New("something could not be read and is missing: the comments at the beginning say what")
	}
	return nil
}
