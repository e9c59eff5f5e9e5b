package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/trail"
)

// trailSwitchOptions are those of trail start and trail stop.
type trailSwitchOptions struct {
	planOptions
	on         bool
	name       string
	allRegions bool
}

const trailStartHelp = `Starts logging. Nothing else is changed. What happened while it was off is in no
log file.`

const trailStopHelp = `Stops logging. The trail stays, and so do its log files. What happens until it is
started again is in no log file of it; event history keeps management events for
90 days.`

func (a *app) trailStartCommand() *cli.Command {
	return a.trailSwitchCommand("start", "start a trail's logging", trailStartHelp, true)
}

func (a *app) trailStopCommand() *cli.Command {
	return a.trailSwitchCommand("stop", "stop a trail's logging", trailStopHelp, false)
}

func (a *app) trailSwitchCommand(verb, usage, help string, on bool) *cli.Command {
	o := &trailSwitchOptions{planOptions: planOptions{app: a}, on: on}
	return &cli.Command{
		Name:        verb,
		Usage:       usage,
		ArgsUsage:   "[NAME]",
		Description: help,
		Flags:       joinFlags(copyFlags(&o.name, &o.allRegions), o.planOptions.flags()),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailSwitchOptions) run(ctx context.Context) error {
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	trails, err := o.trailCopies(ctx, cfg, clients, o.name, o.allRegions)
	if err != nil {
		return err
	}
	plan, err := trail.Switch(ctx, clients, trails, o.on)
	if err != nil {
		return trailError(err)
	}
	return o.carryOut(ctx, clients, plan)
}

// copyFlags name a trail, or all trails of one name.
func copyFlags(name *string, allRegions *bool) []cli.Flag {
	return []cli.Flag{
		nameFlag(name),
		&cli.BoolFlag{Name: "all-regions", Usage: "every trail of that name, whatever its home region", Destination: allRegions},
	}
}

// trailCopies finds the trail of a name or ARN, or all of that name. Of one it
// says where there are others.
func (o *planOptions) trailCopies(ctx context.Context, cfg *awsconf.Config, clients trail.Clients, nameOrARN string, all bool) ([]trail.Trail, error) {
	if all {
		list, err := trail.FindCopies(ctx, clients, cfg.Region, nameOrARN)
		return list, trailError(err)
	}
	found, err := findTrail(ctx, cfg, nameOrARN, "--all-regions takes every trail of a name")
	if err == nil {
		o.app.noteCopies(ctx, cfg, nameOrARN, found, staysThere("--all-regions takes all"))
	}
	return []trail.Trail{found}, err
}
