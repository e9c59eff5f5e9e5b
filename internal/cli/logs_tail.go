package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/urfave/cli/v2"

	"trailctl/internal/awserr"
	"trailctl/internal/when"
	"trailctl/logs/tail"
)

type logsTailOptions struct {
	logsOptions
	app      *app
	filter   filterOptions
	show     showOptions
	from     string
	queue    string
	since    string
	interval time.Duration
	length   time.Duration
	hideOwn  bool
}

// The ways to follow.
const (
	fromAuto     = "auto"
	fromLogGroup = "log-group"
	fromQueue    = "queue"
	fromBucket   = "bucket"
)

func (a *app) logsTailCommand() *cli.Command {
	o := &logsTailOptions{app: a}
	return &cli.Command{
		Name: "tail", Usage: "follow the records of a trail as they come", ArgsUsage: "[TARGET]",
		Description: `TARGET is a trail's name or ARN, or s3://BUCKET[/PREFIX]. Records are shown in
the order in which they come, each once, until Ctrl+C. CloudTrail delivers them
about five minutes after the calls, not in the order of the calls. There are
three ways to follow, and standard error says which is used:

log-group: the trail's log group in CloudWatch Logs, if it has one. Live Tail
shows what comes there a second later; what it leaves out, because more than 500
records came in a second or the connection broke, is searched for. Where Live
Tail is refused, the log group is searched every five seconds. CloudTrail sends
no event above 256 KB to a log group: those are in the bucket only.

queue: an SQS queue that hears of new log files, by the trail's SNS topic, from
S3 or from EventBridge; name it with --queue; docs/tail.md has the commands that
make one. Messages whose records were shown are deleted: nobody else who reads
that queue gets them. So use a queue of its own. What waits in the queue comes
first. Messages that cannot be understood, or are about another bucket than the
trail's, are named once and left. Without TARGET every bucket is read that a
message names.

bucket: the trail's bucket is listed every 15 seconds.

Nothing that is there already is shown, unless --since says from which time on.
In a pipe the format is jsonl. Trouble on the way (throttling, the network, an
expired session) is told once and tried again for as long as it takes;
credentials are read anew when they have expired. A log file that cannot be
read is named, and the others follow.

Exit codes: 130 after Ctrl+C; 0 when --limit or --for ended it, or 1 if some log
file could not be read.

Examples:
  trailctl logs tail audit
  trailctl logs tail audit --writes --hide-own --columns time,identity,event
  trailctl logs tail audit --since 15m --for 1h --output jsonl > records.jsonl
  trailctl logs tail --queue new-log-files --filter 'errorCode exists'`,
		Flags: joinFlags([]cli.Flag{
			&cli.StringFlag{Name: "from", Category: "Follow", Value: fromAuto, Usage: "the `WAY` to follow: auto, log-group, queue, bucket", Destination: &o.from},
			&cli.StringFlag{Name: "queue", Category: "Follow", Usage: "follow by the SQS `QUEUE` of this name, URL or ARN; messages that were shown are deleted from it", Destination: &o.queue},
			&cli.DurationFlag{Name: "interval", Category: "Follow", Usage: "`LENGTH` of time between two looks into the bucket (default: 15s) or searches of the log group (default: 5s)", Destination: &o.interval},
			&cli.StringFlag{Name: "since", Category: "Follow", Usage: "begin with the records of the last `LENGTH` of time that are there: 90s, 15m, 2h; or a time", Destination: &o.since},
			&cli.DurationFlag{Name: "for", Category: "Follow", Usage: "stop after this `LENGTH` of time: 90s, 15m, 2h", Destination: &o.length},
		}, filterFlags(&o.filter), []cli.Flag{hideOwnFlag(&o.hideOwn)}, showFlags(&o.show), o.flags()),
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usagef("logs tail follows one trail or bucket: %q is one too many", c.Args().Get(1))
			}
			return o.run(c.Context, c.Args().First())
		},
	}
}

// flags are those of logsOptions without the window: what is to come has no
// end.
func (o *logsTailOptions) flags() []cli.Flag {
	return slices.DeleteFunc(o.logsOptions.flags(), func(f cli.Flag) bool {
		c, ok := f.(cli.CategorizableFlag)
		return ok && c.GetCategory() == "Time"
	})
}

// check looks at the flags that urfave/cli does not.
func (o *logsTailOptions) check(target string) error {
	switch {
	case !slices.Contains([]string{fromAuto, fromLogGroup, fromQueue, fromBucket}, o.from):
		return usagef("--from %s: the ways are auto, log-group, queue, bucket", o.from)
	case o.queue != "" && o.from != fromAuto && o.from != fromQueue:
		return usagef("--queue and --from %s are two ways to follow: give one of them", o.from)
	case o.queue == "" && o.from == fromQueue:
		return usagef("--from queue needs the queue's name: give it with --queue")
	case o.queue == "" && target == "":
		return usagef("logs tail needs a TARGET: a trail's name or ARN, or s3://BUCKET")
	case o.queue != "" && o.since != "":
		return usagef("--since has no effect on --queue: what waits in the queue comes first")
	case o.queue != "" && o.interval != 0:
		return usagef("--interval has no effect on --queue: a queue tells at once")
	case o.interval < 0 || o.interval > 0 && o.interval < time.Second:
		return usagef("--interval %s is below a second", o.interval)
	case o.length < 0:
		return usagef("--for %s is below zero", o.length)
	case o.from == fromLogGroup && strings.HasPrefix(target, "s3:"):
		return usagef("--from log-group: %s has no log group, a trail may have one", target)
	}
	if looksLocal(target) {
		return usagef("logs tail follows a trail or a bucket, and %q is a file or folder: \"trailctl logs view %s\" reads it", target, target)
	}
	return errors.Join(o.logsOptions.check(), o.show.check())
}

// looksLocal tells words that name a place on this machine and no trail, whose
// names have no such characters.
func looksLocal(target string) bool {
	if strings.HasPrefix(target, "s3:") || arn.IsARN(target) {
		return false
	}
	return target == "-" || strings.ContainsAny(target, `/\`) || strings.HasPrefix(target, ".") || strings.HasPrefix(target, "~")
}

// errTimeUp ends the following after --for.
var errTimeUp = errors.New("the time is up")

func (o *logsTailOptions) run(ctx context.Context, target string) error {
	if err := o.check(target); err != nil {
		return err
	}
	since, err := o.sinceTime()
	if err != nil {
		return err
	}
	chosen, err := o.filter.compile()
	if err != nil {
		return err
	}
	if o.show.output.format == "" && !o.app.streams.OutTerminal && o.app.recordFormat(&o.show) == "json" && o.show.query == "" {
		o.show.output.format = "jsonl" // an array would have no end
	}
	out, err := o.app.sink(&o.show)
	if err != nil {
		return err
	}
	defer o.tightMemory()()
	ways, err := o.ways(ctx, target, since)
	if err != nil {
		return err
	}
	if o.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.length, errTimeUp)
		defer cancel()
	}
	v := &tailView{app: o.app, ctx: ctx, out: out, limit: o.show.limit, begin: time.Now()}
	ways.follower.Handler = v
	chooser := &scopedFilter{Filter: chosen, accounts: o.accounts.Value(), regions: o.regions()}
	if o.hideOwn {
		chooser.own = ways.agent
	}
	ways.follower.Chooser = chooser
	err = ways.follow(ctx)
	// What was shown stays shown, also after Ctrl+C.
	if closed := out.Close(); closed != nil {
		return printed(closed)
	}
	return v.end(ctx, err)
}

func (o *logsTailOptions) sinceTime() (time.Time, error) {
	if o.since == "" {
		return time.Time{}, nil
	}
	at, err := when.Parse(o.since, o.app.now())
	switch {
	case err != nil:
		return at, usagef("--since: %s", err)
	case at.After(o.app.now()):
		return at, usagef("--since %s lies ahead: what comes is shown anyway", o.since)
	}
	return at, nil
}

// tailWays are the ways in which a target can be followed, tried in this
// order.
type tailWays struct {
	app      *app
	follower *tail.Follower
	agent    string // this program's, in the records of its own calls
	list     []tailWay
}

type tailWay struct {
	name string // for people, with the delay to expect
	run  func(context.Context) error
}

// follow uses the first way, and when it cannot begin there the next one.
func (w *tailWays) follow(ctx context.Context) error {
	for i, way := range w.list {
		w.app.note("%s", way.name)
		err := way.run(ctx)
		view := w.follower.Handler.(*tailView)
		if ctx.Err() != nil || view.ended || i == len(w.list)-1 {
			return err
		}
		if _, lacked := awserr.Lacked(err); lacked || awserr.WebPage(err) {
			w.app.warn("%s", plain(err)) // the next way is what can be done about it
			continue
		}
		w.app.complain(err)
	}
	return fmt.Errorf("there is no way to follow")
}
