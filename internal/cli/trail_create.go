package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

type trailCreateOptions struct {
	app  *app
	name string

	bucket, prefix     string
	prefixGiven        bool
	allRegions         bool
	singleRegion       bool
	globalEvents       bool
	noGlobalEvents     bool
	validation         bool
	noValidation       bool
	noStart            bool
	acceptBucketRegion bool
	skipBucketPolicy   bool
	dryRun             bool
	yes                bool
	aws                awsOptions
	out                outputOptions
}

const trailCreateHelp = `Makes a trail, its bucket and the bucket's policy, and starts logging. What is
there already is compared and only changed where it differs, so the same command
again does nothing, and after a failure it does the rest.

A bucket that does not exist is created in the trail's region, with public
access blocked, ACLs off and default encryption. An existing bucket keeps its
settings, and every statement of its policy.

An existing trail gets what is named here or is a default of this command: all
regions, log file validation, logging. Its bucket, prefix and everything else
stay unless they are named.

On a terminal the plan is shown and a question asked before anything is changed;
--yes answers it. In a script, where input or messages are no terminal, nothing
is asked.`

func (a *app) trailCreateCommand() *cli.Command {
	o := &trailCreateOptions{app: a}
	return &cli.Command{
		Name:        "create",
		Usage:       "create a trail, with its bucket and policy, and start it",
		ArgsUsage:   "[NAME]",
		Description: trailCreateHelp,
		Flags:       joinFlags(o.flags(), outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			o.prefixGiven = c.IsSet("prefix")
			return o.run(c.Context)
		},
	}
}

func (o *trailCreateOptions) flags() []cli.Flag {
	return []cli.Flag{
		nameFlag(&o.name),
		&cli.StringFlag{Name: "bucket", Aliases: []string{"s3-bucket-name"}, Usage: "`BUCKET` that receives the log files (default: aws-cloudtrail-logs-ACCOUNT-HASH, where HASH follows from the name)", Destination: &o.bucket},
		&cli.StringFlag{Name: "prefix", Aliases: []string{"s3-key-prefix"}, Usage: "`PREFIX` of their keys, before AWSLogs/", Destination: &o.prefix},
		&cli.BoolFlag{Name: "is-multi-region-trail", Usage: "record all regions (the default)", Destination: &o.allRegions},
		&cli.BoolFlag{Name: "single-region", Aliases: []string{"no-is-multi-region-trail"}, Usage: "record the trail's own region only", Destination: &o.singleRegion},
		&cli.BoolFlag{Name: "include-global-service-events", Usage: "record global services such as IAM (the default)", Destination: &o.globalEvents},
		&cli.BoolFlag{Name: "no-include-global-service-events", Usage: "do not; only with --single-region", Destination: &o.noGlobalEvents},
		&cli.BoolFlag{Name: "enable-log-file-validation", Usage: "deliver signed digest files (the default)", Destination: &o.validation},
		&cli.BoolFlag{Name: "no-log-file-validation", Aliases: []string{"no-enable-log-file-validation"}, Usage: "deliver no digest files", Destination: &o.noValidation},
		&cli.BoolFlag{Name: "no-start", Usage: "do not start logging", Destination: &o.noStart},
		&cli.BoolFlag{Name: "accept-bucket-region", Usage: "take a bucket in another region than the trail's", Destination: &o.acceptBucketRegion},
		&cli.BoolFlag{Name: "skip-bucket-policy", Usage: "leave the bucket's policy to its owner, for a bucket of another account", Destination: &o.skipBucketPolicy},
		&cli.BoolFlag{Name: "dry-run", Usage: "print the plan and change nothing", Destination: &o.dryRun},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask before changing anything", Destination: &o.yes},
	}
}

// spec turns the flags into what is asked of the trail.
func (o *trailCreateOptions) spec(region string) (trail.Spec, error) {
	for _, pair := range []struct {
		a, b bool
		text string
	}{
		{o.allRegions, o.singleRegion, "--is-multi-region-trail and --single-region"},
		{o.globalEvents, o.noGlobalEvents, "--include-global-service-events and --no-include-global-service-events"},
		{o.validation, o.noValidation, "--enable-log-file-validation and --no-log-file-validation"},
	} {
		if pair.a && pair.b {
			return trail.Spec{}, usagef("%s contradict each other", pair.text)
		}
	}
	if o.skipBucketPolicy && o.bucket == "" {
		return trail.Spec{}, usagef("--skip-bucket-policy needs --bucket")
	}
	all, valid := !o.singleRegion, !o.noValidation
	s := trail.Spec{
		Name: o.name, Region: region, Bucket: o.bucket,
		AllRegions: &all, LogFileValidation: &valid,
		NoStart: o.noStart, AcceptBucketRegion: o.acceptBucketRegion, SkipBucketPolicy: o.skipBucketPolicy,
	}
	if o.prefixGiven {
		s.Prefix = &o.prefix
	}
	if o.globalEvents || o.noGlobalEvents {
		s.GlobalServiceEvents = &o.globalEvents
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
	current, err := trail.Describe(ctx, clients, spec)
	if err != nil {
		return trailError(err)
	}
	plan, err := trail.Diff(spec, current)
	if err != nil {
		return trailError(err)
	}
	if o.dryRun {
		return printed(o.printPlan(plan))
	}
	if err := o.confirm(ctx, plan); err != nil {
		return err
	}
	return o.apply(ctx, clients, plan)
}

func (o *trailCreateOptions) printPlan(p trail.Plan) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.PlanJSON(a.streams.Out, p)
	}
	if err := render.PlanText(a.streams.Out, p, a.terminal(o.out)); err != nil {
		return err
	}
	if p.Empty() {
		_, err := fmt.Fprintln(a.streams.Out, "Nothing to change.")
		return err
	}
	_, err := fmt.Fprintln(a.streams.Out, "Nothing was changed: this is a dry run.")
	return err
}

// confirm shows the plan and asks, on a terminal and when there is something
// to change.
func (o *trailCreateOptions) confirm(ctx context.Context, p trail.Plan) error {
	a := o.app
	if o.yes || p.Empty() || !a.streams.InTerminal || !a.streams.ErrTerminal {
		return nil
	}
	if err := render.PlanText(a.streams.Err, p, a.terminal(o.out)); err != nil {
		return err
	}
	fmt.Fprint(a.streams.Err, "Change this? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.streams.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.streams.Err)
		return context.Cause(ctx)
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
	}
	return errors.New("nothing was changed")
}

func (o *trailCreateOptions) apply(ctx context.Context, clients trail.Clients, p trail.Plan) error {
	a := o.app
	for _, s := range p.Steps {
		if s.Kind == trail.Keep {
			o.tell(s, "")
		}
	}
	result, err := trail.Apply(ctx, clients, p, trail.Options{Observe: o.observe})
	why := ""
	if err != nil {
		why = plain(err)
	}
	if a.format(o.out) == "json" {
		if e := render.ResultJSON(a.streams.Out, p, result, why); e != nil {
			return printed(e)
		}
	}
	if err != nil {
		for _, s := range result.Left {
			a.note("  not done  %s", render.StepLine(s))
		}
		return stepFailed(trailError(err))
	}
	if p.Empty() {
		a.note("Nothing to change: trail %s is as asked.", p.Trail.Name)
	}
	if a.format(o.out) == "json" {
		return nil
	}
	return printed(render.ResultText(a.streams.Out, result))
}

// stepFailed says how to go on where nothing better is known.
func stepFailed(err error) error {
	if hintFor(err) != "" {
		return err
	}
	return withHint(err, "what was done stays; the same command again does the rest")
}

// observe tells of each step on standard error.
func (o *trailCreateOptions) observe(p trail.Progress) {
	switch p.State {
	case trail.Waiting:
		o.app.note("  waiting   CloudTrail does not see the change yet (%s): next attempt in %s", answerCode(p.Err), p.Wait)
	case trail.Done:
		o.tell(p.Step, "done")
	case trail.Failed:
		o.tell(p.Step, "FAILED")
	}
}

// answerCode is AWS's error code, or the whole error where there is none.
func answerCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return plain(err)
}

func (o *trailCreateOptions) tell(s trail.Step, state string) {
	a := o.app
	fmt.Fprintf(a.streams.Err, "  %-8s  %s\n", state, render.StepLine(s))
	for _, n := range render.StepNotes(s) {
		fmt.Fprintf(a.streams.Err, "            %s\n", n)
	}
}
