package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/trail"
)

func (a *app) trailCommand() *cli.Command {
	return &cli.Command{
		Name:  "trail",
		Usage: "create trails, list them, see whether they deliver",
		Subcommands: []*cli.Command{
			a.trailCreateCommand(),
			a.trailUpdateCommand(),
			a.trailStartCommand(),
			a.trailStopCommand(),
			a.trailDeleteCommand(),
			a.trailListCommand(),
			a.trailStatusCommand(),
			a.trailAuditCommand(),
			a.trailAlarmsCommand(),
			a.trailExportCommand(),
			a.trailSelectorsCommand(),
			a.trailShowCommand(),
			a.trailWaitCommand(),
		},
	}
}

// nameFlag is --name, the AWS CLI's way to name a trail.
func nameFlag(to *string) cli.Flag {
	return &cli.StringFlag{Name: "name", Usage: "the trail's `NAME`, in place of the argument", Destination: to}
}

// oneName takes a trail's name from the argument or from --name.
func oneName(c *cli.Context, flag string) (string, error) {
	switch {
	case c.NArg() > 0 && flag != "" && flag != c.Args().First():
		return "", usagef("two trails are named: %s, and --name %s", c.Args().First(), flag)
	case c.NArg() > 0:
		return c.Args().First(), nil
	case flag != "":
		return flag, nil
	}
	return "", usagef("NAME is missing: trailctl trail %s NAME", c.Command.Name)
}

// trailClients are the clients for making a trail.
func trailClients(ctx context.Context, cfg *awsconf.Config) (trail.Clients, error) {
	id, err := cfg.Identity(ctx)
	if err != nil {
		return trail.Clients{}, err
	}
	return trail.Clients{
		Account:       trail.Account{ID: id.Account, Partition: id.Partition},
		CloudTrail:    func(region string) trail.CloudTrail { return cfg.CloudTrail(region) },
		S3:            func(region string) trail.S3 { return cfg.S3(region) },
		SNS:           func(region string) trail.SNS { return cfg.SNS(region) },
		Logs:          func(region string) trail.Logs { return cfg.Logs(region) },
		IAM:           func() trail.IAM { return cfg.IAM() },
		KMS:           func(region string) trail.KMS { return cfg.KMS(region) },
		Organizations: func() trail.Organizations { return cfg.Organizations() },
		CloudWatch:    func(region string) trail.CloudWatch { return cfg.CloudWatch(region) },
	}, nil
}
