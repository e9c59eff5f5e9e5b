package upstream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"trailctl/internal/sandbox/cloudtrail"
)

// groups is the upstream's CloudWatch Logs.
type groups struct{ *clients }

// maxGroupPages bounds a search among log groups whose names begin alike.
const maxGroupPages = 40

// Group looks at a log group. When it was made is told by the upstream's clock,
// which the sandbox's is not, and is left out.
func (g groups) Group(ctx context.Context, account, region, name string) (*cloudtrail.GroupState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	in := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}
	for range maxGroupPages {
		out, err := g.in(account, region).logs.DescribeLogGroups(ctx, in)
		if err != nil {
			return nil, g.refusal(err)
		}
		for _, one := range out.LogGroups {
			if aws.ToString(one.LogGroupName) == name {
				return &cloudtrail.GroupState{}, nil
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return nil, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, nil
}

// PutEvents writes events to a stream, once. Those that the upstream finds too
// old or too new, as the sandbox's clock was moved, it does not take at any
// later time either: they are left to the log.
func (g groups) PutEvents(ctx context.Context, account, region, group, stream string, events []cloudtrail.LogEvent) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
	for _, e := range events {
		in.LogEvents = append(in.LogEvents, types.InputLogEvent{Timestamp: aws.Int64(e.Time.UnixMilli()), Message: aws.String(e.Message)})
	}
	api := g.in(account, region).logs
	put := func() (*cloudwatchlogs.PutLogEventsOutput, error) {
		out, err := api.PutLogEvents(ctx, in, func(o *cloudwatchlogs.Options) { o.Retryer = newOnce() })
		return out, g.refusal(err)
	}
	out, err := put()
	if isRefusal(err, "ResourceNotFoundException") {
		_, err = api.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
		if err = g.refusal(err); err != nil && !isRefusal(err, "ResourceAlreadyExistsException") {
			return err
		}
		out, err = put()
	}
	if err != nil {
		return err
	}
	if in := account + " " + region + " " + group + " " + stream; g.refuses(in, out.RejectedLogEventsInfo != nil) {
		g.warnRejected(out.RejectedLogEventsInfo, group, stream, len(events))
	}
	return nil
}

// refuses notes whether a stream has refused events, and tells whether it does
// so since now: while the sandbox's clock is ahead every delivery is refused.
func (g groups) refuses(stream string, some bool) (news bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	news = some && !g.refusing[stream]
	if g.refusing[stream] = true; !some {
		delete(g.refusing, stream)
	}
	return news
}

// warnRejected tells which events a log group did not take although it took
// the others.
func (g groups) warnRejected(r *types.RejectedLogEventsInfo, group, stream string, events int) {
	old := max(aws.ToInt32(r.TooOldLogEventEndIndex), aws.ToInt32(r.ExpiredLogEventEndIndex))
	fresh := 0
	if r.TooNewLogEventStartIndex != nil {
		fresh = events - int(*r.TooNewLogEventStartIndex)
	}
	g.Log.Warn("the log group did not take all events: by its own clock they are too old or too new. They are lost to it, as will be others like them",
		"group", group, "stream", stream, "events", events, "too old", old, "too new", fresh)
}
