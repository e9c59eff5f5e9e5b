package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/trail"
)

type trailDeleteOptions struct {
	planOptions
	name       string
	allRegions bool
	removal    trail.Removal
	everything bool
}

const trailDeleteHelp = `Deletes a trail. Its bucket always stays, with all log files in it and with its
policy: log files may still be on their way.

A topic, a log group and a role are removed when they are asked to be, and only
those that trailctl made for this trail (tag trailctl:trail=NAME) and that no
other trail uses. A topic or role whose policies say more than trailctl wrote
for this trail stays, too, and so does a topic when it cannot be known whether
the bucket notifies it. The plan says what stays and why.

What an update took away from the trail is found as far as it left traces: the
role by its default name, log groups in that role's policy, topics that the
bucket notifies.`

func (a *app) trailDeleteCommand() *cli.Command {
	o := &trailDeleteOptions{planOptions: planOptions{app: a}}
	return &cli.Command{
		Name:        "delete",
		Usage:       "delete a trail; its bucket and log files stay",
		ArgsUsage:   "[NAME]",
		Description: trailDeleteHelp,
		Flags: joinFlags(copyFlags(&o.name, &o.allRegions), []cli.Flag{
			&cli.BoolFlag{Name: "with-log-group", Usage: "also delete its log group, with the events in it", Destination: &o.removal.LogGroup},
			&cli.BoolFlag{Name: "with-topic", Usage: "also delete its SNS topic, and the bucket's notification to it", Destination: &o.removal.Topic},
			&cli.BoolFlag{Name: "with-role", Usage: "also delete the role with which CloudTrail writes to the log group", Destination: &o.removal.Role},
			&cli.BoolFlag{Name: "with-everything", Usage: "all three", Destination: &o.everything},
		}, o.planOptions.flags()),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailDeleteOptions) run(ctx context.Context) error {
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	r := o.removal
	if o.everything {
		r.LogGroup, r.Topic, r.Role = true, true, true
	}
	if r.Trails, err = o.trailCopies(ctx, cfg, clients, o.name, o.allRegions); err != nil {
		return err
	}
	rest, err := trail.DescribeRemoval(ctx, clients, r)
	if err != nil {
		return trailError(err)
	}
	return o.carryOut(ctx, clients, trail.DiffRemoval(r, rest))
}
