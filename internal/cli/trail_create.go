package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/trail"
)

type trailCreateOptions struct {
	trailOptions
	planOptions
	noStart bool
}

const trailCreateHelp = `Makes a trail, its bucket and the bucket's policy, and starts logging; with
flags also its SNS topic, its CloudWatch Logs group and role, its KMS key's
policy, its selectors, and the bucket's S3 event notification. What is there
already is compared and only changed where it differs, so the same command again
does nothing, and after a failure it does the rest. Whatever others wrote into
policies, notifications and tags stays.

A bucket that does not exist is created in the trail's region, with public
access blocked, ACLs off and default encryption. An existing bucket keeps its
settings, and every statement of its policy.

A topic, a log group or a role that is made here is tagged trailctl:trail=NAME.
"trail delete" can remove those with the tag, and nothing else.

With --regions a trail of the name is made in each of the regions, for that
region only. They share one bucket, one role and one key; topic and log group
are one of that name in each region.

An existing trail gets what is named here or is a default of this command: all
regions, log file validation, logging. Its bucket, prefix and everything else
stay unless they are named. "trail update" has no defaults.

Without a name and flags, on a terminal, it asks for them in the console's order.

On a terminal the plan is shown and a question asked before anything is changed;
--yes answers it. In a script, where input or messages are no terminal, nothing
is asked.`

func (a *app) trailCreateCommand() *cli.Command {
	o := &trailCreateOptions{planOptions: planOptions{app: a}}
	return &cli.Command{
		Name:        "create",
		Usage:       "create a trail, with its bucket and policy, and start it",
		ArgsUsage:   "[NAME]",
		Description: trailCreateHelp,
		Flags: joinFlags(o.trailOptions.flags(), []cli.Flag{
			&cli.BoolFlag{Name: "no-start", Usage: "do not start logging", Destination: &o.noStart},
		}, o.planOptions.flags()),
		Action: func(c *cli.Context) (err error) {
			if a.wantsWizard(c) {
				return a.createByWizard(c.Context, o.aws, o.out)
			}
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			o.isSet = c.IsSet
			return o.run(c.Context)
		},
	}
}

// spec turns the flags into what is asked of the trail.
func (o *trailCreateOptions) spec(region string) (trail.Spec, error) {
	s := trail.Spec{Region: region, NoStart: o.noStart}
	if err := o.trailOptions.apply(&s); err != nil {
		return s, err
	}
	if s.AllRegions == nil {
		all := len(s.Regions) == 0
		s.AllRegions = &all
	}
	if s.LogFileValidation == nil {
		s.LogFileValidation = new(bool)
		*s.LogFileValidation = true
	}
	return s, s.Validate()
}

func (o *trailCreateOptions) run(ctx context.Context) error {
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	spec, err := o.spec(cfg.Region)
	if err != nil {
		return trailError(err)
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	return o.makeSo(ctx, clients, spec)
}
