package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/logs"
)

// Live starts Live Tail sessions of a log group. LiveTail makes one.
type Live interface {
	StartLiveTail(ctx context.Context, arn string) (Session, error)
}

// Session is an open Live Tail session. The SDK's event stream is one.
type Session interface {
	Events() <-chan types.StartLiveTailResponseStream
	Err() error
	Close() error
}

// LiveTail starts each session with a client of its own: those of the SDK
// (smithy-go 1.28) read all their streams into one buffer, and the last session
// may still be at it when the next one begins.
func LiveTail(client func() *cloudwatchlogs.Client) Live { return liveClient(client) }

type liveClient func() *cloudwatchlogs.Client

func (l liveClient) StartLiveTail(ctx context.Context, arn string) (Session, error) {
	out, err := l().StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{arn}}, func(o *cloudwatchlogs.Options) {
		// AWS has another host for it, which the SDK names by a prefix before
		// the usual one. An endpoint of one's own has no such name.
		if o.BaseEndpoint != nil && !strings.Contains(*o.BaseEndpoint, ".amazonaws.com") {
			o.APIOptions = append(o.APIOptions, withoutHostPrefix)
		}
	})
	if err != nil {
		return nil, err
	}
	return out.GetStream(), nil
}

func withoutHostPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// refused is why Live Tail cannot be used.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// silence is how long a session may bring nothing before it counts as broken:
// an update comes every second, if only an empty one.
const silence = 30 * time.Second

// maxStarts is how often in a row a session may fail to start until Live Tail
// counts as refused.
const maxStarts = 3

var errSilent = fmt.Errorf("nothing came for %s", silence)

// liveTail keeps a Live Tail session open.
type liveTail struct {
	f        *Follower
	live     Live
	searcher *searcher
	gaps     chan<- struct{}
	whole    bool // nothing was left out before the next update
}

// run opens one session after the other: AWS ends each after three hours.
func (l *liveTail) run(ctx context.Context) error {
	t := &trouble{f: l.f, what: "watching the log group " + l.searcher.group + " by Live Tail"}
	failed := 0
	for {
		updates, err := l.session(ctx, t)
		var s stopped
		var timeout *types.SessionTimeoutException
		switch {
		case errors.As(err, &s) || ctx.Err() != nil:
			return ended(ctx, err)
		case updates > 0 && errors.As(err, &timeout):
			continue
		case updates > 0:
			failed = 0
		case expired(err), t.hasWorked() && code(err) == "": // the network: it was well before
		case permanent(err), unreachable(err):
			return refused{err}
		default:
			if failed++; failed == maxStarts {
				return refused{err}
			}
		}
		t.met(ctx, err)
	}
}

// session hands over what one session brings. It ends with an error always.
func (l *liveTail) session(ctx context.Context, t *trouble) (updates int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	session, err := l.live.StartLiveTail(ctx, l.searcher.group)
	if err != nil {
		return 0, fmt.Errorf("starting Live Tail of %s: %w", l.searcher.group, err)
	}
	defer session.Close()
	l.whole = false // what came before the session does not come by it
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		select {
		case event, ok := <-session.Events():
			if !ok {
				return updates, broken(session.Err())
			}
			quiet.Reset(silence)
			update, ok := event.(*types.StartLiveTailResponseStreamMemberSessionUpdate)
			if !ok {
				continue
			}
			updates++
			t.over()
			if err := l.update(&update.Value); err != nil {
				return updates, err
			}
		case <-quiet.C:
			return updates, errSilent
		case <-ctx.Done():
			return updates, context.Cause(ctx)
		}
	}
}

func broken(err error) error {
	if err == nil {
		err = errors.New("the connection was closed")
	}
	return fmt.Errorf("Live Tail: %w", err)
}

// update hands over an update, and sees to it that what is missing in it, or
// came before the session, is searched for.
func (l *liveTail) update(u *types.LiveTailSessionUpdate) error {
	sampled := u.SessionMetadata != nil && u.SessionMetadata.Sampled
	if sampled || !l.whole {
		l.searcher.gap()
		select {
		case l.gaps <- struct{}{}:
		default: // that is asked for already
		}
	}
	var records []logs.Record
	for _, e := range u.SessionResults {
		l.searcher.met(aws.ToInt64(e.Timestamp), aws.ToInt64(e.IngestionTime))
		records = appendRecords(records, aws.ToString(e.Message))
	}
	l.searcher.complete()
	l.whole = true
	return l.f.handEvents(records)
}
