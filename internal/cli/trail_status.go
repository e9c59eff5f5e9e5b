package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/render"
	"trailctl/trail"
)

type trailStatusOptions struct {
	app      *app
	name     string
	homeOnly bool
	verbose  bool
	check    bool
	aws      awsOptions
	out      outputOptions
}

const trailStatusHelp = `NAME is a trail's name or ARN. The name is looked for in --region first, then in
all regions; trails of one name for selected regions are shown together.

A trail for all regions is asked about in each region that the account has
enabled. LAG is how long ago the last log file came, DIGEST the last digest
file, SNS the last notification, LOGS the last events in the log group. Where
nothing happens there are no log files, so a great lag alone means nothing;
digest files come every hour all the same.

CloudTrail keeps the error of its last attempt until it delivers again. Where
there is one, bucket, topic, log group and role are looked at, and what is right
by now is not asked for again.

The exit code is 0 when the status could be read, whatever it is; with --check
it is 3 when there are problems.`

func (a *app) trailStatusCommand() *cli.Command {
	o := &trailStatusOptions{app: a}
	return &cli.Command{
		Name:        "status",
		Usage:       "show whether a trail records and delivers",
		ArgsUsage:   "[NAME]",
		Description: trailStatusHelp,
		Flags: joinFlags([]cli.Flag{
			nameFlag(&o.name),
			&cli.BoolFlag{Name: "home-region-only", Usage: "ask the trail's home region alone", Destination: &o.homeOnly},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "show every region, also where there is nothing wrong", Destination: &o.verbose},
			&cli.BoolFlag{Name: "check", Usage: "exit with code 3 when there are problems", Destination: &o.check},
		}, outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
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
	trails, err := trail.FindAll(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, o.name)
	if err != nil {
		return trailError(err)
	}
	e, err := o.read(ctx, cfg, trails)
	if err != nil {
		return err
	}
	if err := o.print(e); err != nil {
		return printed(err)
	}
	for _, u := range e.Unread {
		a.warn("%s could not be asked: %s", u.Region, plain(u.Err))
	}
	switch {
	case o.check && len(e.Problems()) > 0:
		return exitWith(codeInvalid, nil)
	case len(e.Unread) > 0:
		return exitWith(codeFailed, nil)
	}
	return nil
}

func (o *trailStatusOptions) read(ctx context.Context, cfg *awsconf.Config, trails []trail.Trail) (trail.Everywhere, error) {
	var list []trail.Everywhere
	for _, t := range trails {
		var others []string
		if !o.homeOnly {
			others = trail.Regions(t.Partition())
		}
		e, err := trail.ReadEverywhere(ctx, func(region string) trail.StatusReader { return cfg.CloudTrail(region) }, t, others)
		if err != nil {
			return e, err
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return trail.Everywhere{}, errors.New("no trail was found")
	}
	e := trail.Together(list)
	if len(e.Problems()) > 0 {
		// Without these clients the status is as good as it was before.
		if clients, err := trailClients(ctx, cfg); err == nil {
			trail.Recheck(ctx, clients, &e)
		}
	}
	return e, nil
}

func (o *trailStatusOptions) print(e trail.Everywhere) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.StatusJSON(a.streams.Out, e)
	}
	return render.TrailStatus(a.streams.Out, e, a.now(), o.verbose, a.terminal(o.out))
}
