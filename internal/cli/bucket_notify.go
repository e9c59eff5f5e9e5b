package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
)

type bucketNotifyOptions struct {
	bucketPlan
	spec   bucket.NotifySpec
	events []string
	remove bool
}

const bucketNotifyHelp = `Makes S3 tell an SNS topic of every new object, or of what --events says. The
topic is made if the account has none of that name; its policy then lets S3
publish for this bucket, and no other; and an entry is put into the bucket's
notification configuration.

S3 takes that configuration only as a whole and has no lock for it: it is read
right before it is written, everybody else's entries and the EventBridge setting
go back as they were, and it is read again after. What somebody else writes in
the moment between that read and the write is lost. An entry that does the same
already is enough. Two entries may not match the same event of the same key;
such an overlap is found first, and the other entry named.

The entry's name is --name, or "trailctl-" and the topic's name. An entry of
that name for the same topic is changed in place; one that goes anywhere else is
never touched: then give another --name.

S3 validates every destination of the configuration each time, and refuses when
one of somebody else's is gone. Which these may be is said at once. When the
topic of this command is the account's own, without encryption, and its policy
lets S3 in, the configuration is written without validation after a quarter of a
minute, and a note names the destinations to look at; --remove does so at once.

The topic that this command makes has no owner's tag, unlike that of "trail
create --notify": it belongs to no trail, and trailctl never deletes it.

--remove takes the entry of that name out, and this bucket out of the statement
in the topic's policy that this command put there, unless another entry still
notifies the topic. The topic stays.`

func (a *app) bucketNotifyCommand() *cli.Command {
	o := &bucketNotifyOptions{bucketPlan: bucketPlan{app: a}}
	var events cli.StringSlice
	return &cli.Command{
		Name:        "notify",
		Usage:       "make S3 tell a topic of a bucket's new objects",
		ArgsUsage:   "BUCKET",
		Description: bucketNotifyHelp,
		Flags: o.flags(
			&cli.StringFlag{Name: "topic", Aliases: []string{"topic-arn"}, Usage: "`TOPIC` by name or ARN, in the bucket's region", Destination: &o.spec.Topic},
			&cli.StringSliceFlag{Name: "events", Usage: "`EVENTS` with commas, or given more than once (default: s3:ObjectCreated:*)", Destination: &events},
			&cli.StringFlag{Name: "prefix", Usage: "only keys that begin with `PREFIX`", Destination: &o.spec.Prefix},
			&cli.StringFlag{Name: "suffix", Usage: "only keys that end with `SUFFIX`", Destination: &o.spec.Suffix},
			&cli.StringFlag{Name: "name", Usage: "the entry's `NAME` (default: trailctl-TOPIC)", Destination: &o.spec.Name},
			&cli.BoolFlag{Name: "remove", Usage: "take the entry out", Destination: &o.remove},
		),
		Action: func(c *cli.Context) error {
			o.bucket = bucketName(c.Args().First())
			o.events = events.Value()
			return o.run(c.Context)
		},
	}
}

func (o *bucketNotifyOptions) check() error {
	o.spec.Bucket = o.bucket
	for _, e := range o.events {
		for _, one := range strings.Split(e, ",") {
			if one = strings.TrimSpace(one); one != "" {
				o.spec.Events = append(o.spec.Events, one)
			}
		}
	}
	switch {
	case o.remove && o.spec.Topic == "" && o.spec.Name == "":
		return usagef("--remove needs --name or --topic: which entry is meant?")
	case o.remove && (len(o.spec.Events) > 0 || o.spec.Prefix != "" || o.spec.Suffix != ""):
		return usagef("--remove takes out a whole entry: --events, --prefix and --suffix do not go with it")
	case !o.remove && o.spec.Topic == "":
		return usagef("--topic is missing: trailctl bucket notify BUCKET --topic TOPIC")
	}
	return nil
}

func (o *bucketNotifyOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := bucketClients(ctx, cfg)
	if err != nil {
		return err
	}
	plan := bucket.PlanNotify
	if o.remove {
		plan = bucket.PlanUnnotify
	}
	p, err := plan(ctx, clients, o.spec)
	if err != nil {
		return bucketError(err, o.bucket)
	}
	return o.carryOut(ctx, clients, p)
}
