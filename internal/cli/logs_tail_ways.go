package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/logs"
	"trailctl/logs/tail"
	"trailctl/trail"
)

// usualDelay is CloudTrail's own word on how long it takes, to stand behind
// what is followed. A sandbox, or what else is on this machine, has its own.
func usualDelay(cfg *awsconf.Config) string {
	if cfg.Local() {
		return ""
	}
	return ": records come about 5 minutes after the calls"
}

// ways finds out how a target can be followed.
func (o *logsTailOptions) ways(ctx context.Context, target string, since time.Time) (*tailWays, error) {
	cfg, renew, err := o.settings(ctx, target)
	if err != nil {
		return nil, err
	}
	w := &tailWays{app: o.app, agent: cfg.Agent(), follower: &tail.Follower{Renew: renew}}
	var t *logsTarget
	var found trail.Trail
	if name, prefix, ok := bucket.ParseURI(target); ok {
		t, err = bucketTarget(ctx, cfg, name, prefix, "")
	} else if target != "" {
		if found, err = findTrail(ctx, cfg, target, notFollowed(target)); err != nil {
			return nil, err
		}
		t, err = o.trailBucket(ctx, cfg, found)
	}
	if err != nil {
		return nil, err
	}
	if o.queue != "" {
		way, err := o.byQueue(ctx, w.follower, cfg, t, found)
		w.list = []tailWay{way}
		return w, err
	}
	if found.LogGroupARN == "" && o.from == fromLogGroup {
		return nil, withHint(fmt.Errorf("trail %s has no log group", found.Name),
			"\"trailctl trail update %s --log-group NAME\" gives it one; without --from the bucket is followed", found.Name)
	}
	if found.LogGroupARN != "" && o.from != fromBucket {
		w.list = append(w.list, o.byLogGroup(w.follower, cfg, found, since))
	}
	if o.from != fromLogGroup {
		w.list = append(w.list, o.byBucket(w.follower, cfg, t, since))
	}
	return w, nil
}

// notFollowed is what to do where there is no such trail.
func notFollowed(target string) string {
	if _, err := os.Stat(target); err == nil {
		return fmt.Sprintf("logs tail follows a trail or a bucket; the file or folder of that name is read by \"trailctl logs view %s\"", target)
	}
	return "the files of a deleted trail are at s3://BUCKET"
}

// settings finds the AWS settings, with credentials that can be renewed.
func (o *logsTailOptions) settings(ctx context.Context, target string) (*awsconf.Config, func(), error) {
	home := ""
	for _, word := range []string{target, o.queue} {
		if id, err := arn.Parse(word); err == nil && home == "" {
			home = id.Region
		}
	}
	if strings.HasPrefix(target, "s3:") && home == "" {
		home = anyRegion
	}
	if _, _, ok := bucket.ParseURI(target); !ok && strings.HasPrefix(target, "s3:") {
		return nil, nil, usagef("%q names no bucket: it is s3://BUCKET/PREFIX", target)
	}
	cfg, err := o.app.loadFor(ctx, o.aws, home)
	if err != nil {
		return nil, nil, err
	}
	again, renew := cfg.Renewable(awsconf.Options{Profile: o.aws.profile, Region: cfg.Region, EndpointURL: o.aws.endpoint})
	return again, renew, nil
}

// trailBucket is the part of the bucket that a trail delivers to.
func (o *logsTailOptions) trailBucket(ctx context.Context, cfg *awsconf.Config, found trail.Trail) (*logsTarget, error) {
	prefix := strings.Trim(found.Prefix, "/")
	t, err := bucketTarget(ctx, cfg, found.Bucket, prefix, found.HomeRegion)
	if err != nil {
		return nil, err
	}
	t.where = fmt.Sprintf("trail %s (%s)", found.Name, t.where)
	if account := found.Account(); account != "" && !found.Organization && len(o.accounts.Value()) == 0 {
		t.query.Base = &bucket.Base{Prefix: prefix, Account: account}
	}
	return t, nil
}

func (o *logsTailOptions) byLogGroup(f *tail.Follower, cfg *awsconf.Config, found trail.Trail, since time.Time) tailWay {
	region, name := found.HomeRegion, found.LogGroupARN
	if id, err := arn.Parse(found.LogGroupARN); err == nil {
		region, name = id.Region, strings.TrimSuffix(strings.TrimPrefix(id.Resource, "log-group:"), ":*")
	}
	live := tail.LiveTail(func() *cloudwatchlogs.Client { return cfg.Logs(region) })
	group := tail.LogGroup{
		ARN: found.LogGroupARN, Events: cfg.Logs(region), Live: live,
		Start: o.app.now(), Since: since, Interval: o.interval,
		Mine: func(ctx context.Context) bool {
			id, err := cfg.Identity(ctx)
			owner, bad := arn.Parse(found.LogGroupARN)
			return err == nil && bad == nil && id.Account == owner.AccountID
		},
	}
	words := fmt.Sprintf("following trail %s by Live Tail of its log group %s%s", found.Name, name, usualDelay(cfg))
	if !since.IsZero() {
		words += fmt.Sprintf("; records since %s, which are searched for, come among them", since.UTC().Format(time.RFC3339))
	}
	return tailWay{
		name: words,
		run:  func(ctx context.Context) error { return f.LogGroup(ctx, group) },
	}
}

func (o *logsTailOptions) byBucket(f *tail.Follower, cfg *awsconf.Config, t *logsTarget, since time.Time) tailWay {
	t.query.Regions, t.query.Accounts, t.query.Now = o.regions(), o.accounts.Value(), o.app.now()
	b := tail.Bucket{
		Source: t.source, Where: t.where, Query: t.query,
		Start: o.app.now(), Since: since, Interval: o.interval,
	}
	every := o.interval
	if every == 0 {
		every = tail.DefaultLook
	}
	return tailWay{
		name: fmt.Sprintf("following %s by listing it every %s%s", t.where, every, usualDelay(cfg)),
		run:  func(ctx context.Context) error { return f.Bucket(ctx, b) },
	}
}

// byQueue follows by a queue. t is nil without a target.
func (o *logsTailOptions) byQueue(ctx context.Context, f *tail.Follower, cfg *awsconf.Config, t *logsTarget, found trail.Trail) (tailWay, error) {
	client, address, err := o.findQueue(ctx, cfg, found.HomeRegion)
	if err != nil {
		return tailWay{}, err
	}
	o.doubtQueue(ctx, cfg, client, address, found)
	q := tail.Queue{Client: client, URL: address, Open: func(ctx context.Context, name string) (logs.Source, error) {
		one, err := bucketTarget(ctx, cfg, name, "", "")
		if err != nil {
			return nil, err
		}
		return one.source, nil
	}}
	what := "every bucket that its messages name"
	if t != nil {
		q.Bucket, what = t.bucket, t.where
		q.Open = func(context.Context, string) (logs.Source, error) { return t.source, nil }
	}
	return tailWay{
		name: fmt.Sprintf("following %s by the queue %s%s; what is shown is deleted from the queue", what, address, usualDelay(cfg)),
		run:  func(ctx context.Context) error { return f.Queue(ctx, q) },
	}, nil
}

// findQueue finds a queue by its name, URL or ARN. A name is looked for in the
// trail's home region.
func (o *logsTailOptions) findQueue(ctx context.Context, cfg *awsconf.Config, home string) (*sqs.Client, string, error) {
	if u, err := url.Parse(o.queue); err == nil && u.Host != "" {
		region := home
		if part := strings.Split(u.Hostname(), "."); len(part) > 2 && part[0] == "sqs" && awsconf.IsRegion(part[1]) {
			region = part[1]
		}
		return cfg.SQS(region), o.queue, nil
	}
	in, region := &sqs.GetQueueUrlInput{QueueName: &o.queue}, home
	if id, err := arn.Parse(o.queue); err == nil {
		if id.Service != "sqs" {
			return nil, "", usagef("--queue %s is not the ARN of a queue (arn:aws:sqs:REGION:ACCOUNT:NAME)", o.queue)
		}
		region, in.QueueName, in.QueueOwnerAWSAccountId = id.Region, &id.Resource, &id.AccountID
	}
	client := cfg.SQS(region)
	out, err := client.GetQueueUrl(ctx, in)
	if err != nil {
		return nil, "", fmt.Errorf("looking for the queue %s: %w", o.queue, err)
	}
	return client, aws.ToString(out.QueueUrl), nil
}
