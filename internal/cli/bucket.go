package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/internal/render"
)

func (a *app) bucketCommand() *cli.Command {
	return &cli.Command{
		Name:  "bucket",
		Usage: "make and look at the bucket that receives a trail, its policy and notifications",
		Subcommands: []*cli.Command{
			a.bucketCreateCommand(),
			a.bucketPolicyCommand(),
			a.bucketNotifyCommand(),
			a.bucketShowCommand(),
		},
	}
}

// bucketName understands a name, an s3:// address and an ARN.
func bucketName(arg string) string {
	arg = strings.TrimPrefix(arg, "s3://")
	if strings.HasPrefix(arg, "arn:") {
		arg = arg[strings.LastIndexByte(arg, ':')+1:]
	}
	return strings.TrimSuffix(arg, "/")
}

// bucketPlan are the options of every command that changes a bucket.
type bucketPlan struct {
	app    *app
	bucket string
	dryRun bool
	yes    bool
	aws    awsOptions
	out    outputOptions
}

// flags are fresh ones for one command.
func (o *bucketPlan) flags(own ...cli.Flag) []cli.Flag {
	return joinFlags(own, planFlags(&o.dryRun, &o.yes), outputFlags(&o.out, "table", "json"), awsFlags(&o.aws))
}

// bucketClients are the clients for a bucket and what stands around it.
func bucketClients(ctx context.Context, cfg *awsconf.Config) (bucket.Clients, error) {
	id, err := cfg.Identity(ctx)
	if err != nil {
		return bucket.Clients{}, err
	}
	return bucket.Clients{
		Account: id.Account, Partition: id.Partition, Region: cfg.Region,
		S3:  func(region string) bucket.Client { return cfg.S3(region) },
		SNS: func(region string) bucket.Topics { return cfg.SNS(region) },
	}, nil
}

// carryOut shows a plan, or asks and applies it.
func (o *bucketPlan) carryOut(ctx context.Context, clients bucket.Clients, p bucket.Plan) error {
	a := o.app
	if o.dryRun {
		return printed(o.printPlan(p))
	}
	show := func(w io.Writer) error { return render.BucketPlanText(w, p, a.terminal(o.out)) }
	if err := a.confirm(ctx, o.yes || p.Empty(), show, "Change this?"); err != nil {
		return err
	}
	for _, s := range p.Steps {
		if s.Kind == bucket.StepKeep {
			a.tell(render.BucketStep(s), "")
		}
	}
	result, err := bucket.Apply(ctx, clients, p, bucket.Options{Observe: o.observe})
	why := ""
	if err != nil {
		why = plain(err)
	}
	if a.format(o.out) == "json" {
		if e := render.BucketResultJSON(a.streams.Out, p, result, why); e != nil {
			return printed(e)
		}
	}
	if err != nil {
		for _, s := range result.Left {
			a.note("  not done  %s", render.StepLine(render.BucketStep(s)))
		}
		return stepFailed(bucketError(err, o.bucket))
	}
	if p.Empty() && hasWarnings(p) {
		a.note("Nothing was changed.")
	} else if p.Empty() {
		a.note("Nothing to change: bucket %s is as asked.", p.Bucket)
	}
	if a.format(o.out) == "json" {
		return nil
	}
	return printed(render.BucketResultText(a.streams.Out, p, result))
}

func hasWarnings(p bucket.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s bucket.Step) bool { return len(s.Warnings) > 0 })
}

func (o *bucketPlan) printPlan(p bucket.Plan) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.BucketPlanJSON(a.streams.Out, p)
	}
	if err := render.BucketPlanText(a.streams.Out, p, a.terminal(o.out)); err != nil {
		return err
	}
	last := "Nothing was changed: this is a dry run."
	if p.Empty() {
		last = "Nothing to change."
	}
	_, err := fmt.Fprintln(a.streams.Out, last)
	return err
}

// observe tells of each step on standard error.
func (o *bucketPlan) observe(p bucket.Progress) {
	a := o.app
	switch p.State {
	case bucket.Waiting:
		a.note("  waiting   S3 may not publish to the topic yet, its policy is fresh (%s): next attempt in %s", answerCode(p.Err), p.Wait)
		a.blame(p.Wait, p.Err)
	case bucket.Done:
		a.tell(render.BucketStep(p.Step), "done")
	case bucket.Failed:
		a.tell(render.BucketStep(p.Step), "FAILED")
	}
}

// blame names the destinations of a bucket's notifications that S3 may mean
// when it refuses ours: once, at the first wait, which is the shortest.
func (a *app) blame(wait time.Duration, err error) {
	var refused *bucket.DestinationError
	if wait <= time.Second && errors.As(err, &refused) && len(refused.Others) > 0 {
		a.note("            or a destination that was there before is gone, or keeps S3 out: %s", strings.Join(refused.Others, ", "))
	}
}
