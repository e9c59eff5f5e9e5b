package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/shell"
	"trailctl/trail"
)

type trailAlarmsOptions struct {
	planOptions
	name     string
	topic    string
	controls string
}

const trailAlarmsHelp = `Makes the metric filters and alarms that section 4 of the CIS AWS Foundations
Benchmark and Security Hub's CloudWatch controls ask for: on the trail's log
group, one filter, metric and alarm for each control, and the alarms tell an SNS
topic. The topic is created when it is missing; somebody has to subscribe to it.

What already does what a control asks for is kept, whoever made it and whatever
it is called. Filters and alarms are named trailctl-..., and those of other names
are never changed. "trailctl trail audit" shows what is missing.`

func (a *app) trailAlarmsCommand() *cli.Command {
	o := &trailAlarmsOptions{planOptions: planOptions{app: a}}
	return &cli.Command{
		Name:        "alarms",
		Usage:       "make the alarms that auditors ask for",
		ArgsUsage:   "[NAME]",
		Description: trailAlarmsHelp,
		Flags: joinFlags([]cli.Flag{
			nameFlag(&o.name),
			&cli.StringFlag{Name: "sns-topic", Usage: "the `TOPIC` that the alarms tell, a name or ARN, in the log group's region", Destination: &o.topic},
			&cli.StringFlag{Name: "controls", Usage: "only these `CONTROLS`, with commas between them: 4.1 to 4.15, CloudWatch.1 to CloudWatch.14 (default: all)", Destination: &o.controls},
		}, o.planOptions.flags()),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailAlarmsOptions) run(ctx context.Context) error {
	if o.topic == "" {
		return usagef("--sns-topic is missing: the topic that the alarms tell")
	}
	spec := trail.AlarmSpec{Topic: o.topic}
	if o.controls != "" {
		for id := range strings.SplitSeq(o.controls, ",") {
			spec.Controls = append(spec.Controls, strings.TrimSpace(id))
		}
	}
	if err := spec.Validate(); err != nil {
		return trailError(err)
	}
	cfg, err := o.app.load(ctx, o.aws)
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
	state, err := trail.DescribeAlarms(ctx, clients, found, spec)
	if errors.Is(err, trail.ErrNotInLogs) {
		return withHint(err, "%s", shell.Line([]string{"trailctl", "trail", "update", found.Name, "--region", found.HomeRegion, "--log-group", "GROUP", "--create-log-group"}))
	}
	if err != nil {
		return trailError(err)
	}
	plan, err := trail.DiffAlarms(spec, state)
	if err != nil {
		return trailError(err)
	}
	o.summary = func(w io.Writer) error { return render.AlarmsText(w, state.Alarms(spec, plan)) }
	return o.carryOut(ctx, clients, plan)
}
