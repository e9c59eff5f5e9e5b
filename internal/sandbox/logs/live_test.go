package logs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/internal/sandbox/calltest"
)

const liveARN = "arn:aws:logs:us-east-1:123456789012:log-group:g"

// withoutHostPrefix keeps the SDK from putting "stream-" before an address.
func withoutHostPrefix(o *cloudwatchlogs.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutHostPrefix",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
	})
}

// watch starts a Live Tail session, with a client of its own: the SDK's reads
// all its streams into one buffer.
func (b *bench) watch(t *testing.T, in cloudwatchlogs.StartLiveTailInput) *cloudwatchlogs.StartLiveTailEventStream {
	t.Helper()
	in.LogGroupIdentifiers = []string{liveARN}
	out, err := cloudwatchlogs.NewFromConfig(b.Config(calltest.Account, calltest.Region)).StartLiveTail(t.Context(), &in, withoutHostPrefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.GetStream().Close() })
	if _, ok := (<-out.GetStream().Events()).(*types.StartLiveTailResponseStreamMemberSessionStart); !ok {
		t.Fatal("the stream does not begin with sessionStart")
	}
	return out.GetStream()
}

func nextUpdate(t *testing.T, s *cloudwatchlogs.StartLiveTailEventStream) types.LiveTailSessionUpdate {
	t.Helper()
	e, ok := <-s.Events()
	u, is := e.(*types.StartLiveTailResponseStreamMemberSessionUpdate)
	if !ok || !is {
		t.Fatalf("no update but %T, %v", e, s.Err())
	}
	return u.Value
}

func (b *bench) write(t *testing.T, stream string, n int) {
	t.Helper()
	list := make([]Event, n)
	for i := range list {
		list[i] = Event{Time: b.Now(), Message: fmt.Sprint(stream, i)}
	}
	if err := b.s.PutEvents("123456789012", "us-east-1", "g", stream, list); err != nil {
		t.Fatal(err)
	}
}

func TestLiveTail(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.group(t, "g", "a", "b")
	b.write(t, "a", 3) // before: nobody hears of them
	all := b.watch(t, cloudwatchlogs.StartLiveTailInput{})
	some := b.watch(t, cloudwatchlogs.StartLiveTailInput{LogStreamNamePrefixes: []string{"b"}})
	b.write(t, "a", 2)
	b.write(t, "b", 1)
	u := nextUpdate(t, all)
	if len(u.SessionResults) != 3 || u.SessionMetadata.Sampled {
		t.Errorf("all: %d events, %v", len(u.SessionResults), u.SessionMetadata.Sampled)
	}
	if e := u.SessionResults[0]; *e.Message != "a0" || *e.LogStreamName != "a" || *e.LogGroupIdentifier != liveARN || *e.Timestamp != start.UnixMilli() || *e.IngestionTime != start.UnixMilli() {
		t.Errorf("%+v", e)
	}
	if u := nextUpdate(t, some); len(u.SessionResults) != 1 || *u.SessionResults[0].Message != "b0" {
		t.Errorf("by stream: %+v", u.SessionResults)
	}
	b.write(t, "a", 501)
	if u := nextUpdate(t, all); len(u.SessionResults) != 500 || !u.SessionMetadata.Sampled {
		t.Errorf("of 501: %d events, sampled %v", len(u.SessionResults), u.SessionMetadata.Sampled)
	}
	if u := nextUpdate(t, all); len(u.SessionResults) != 0 || u.SessionMetadata.Sampled {
		t.Errorf("when nothing comes: %+v", u)
	}
	b.Advance(3 * time.Hour)
	for range all.Events() {
	}
	var timeout *types.SessionTimeoutException
	if !errors.As(all.Err(), &timeout) {
		t.Errorf("after three hours: %v", all.Err())
	}
	if err := b.s.Close(); err != nil {
		t.Error(err)
	}
	for range some.Events() { // ends because the service did
	}
}

func TestLiveTailRefuses(t *testing.T) {
	b := newBench(t, "")
	b.group(t, "g")
	ctx := t.Context()
	two := []string{"s"}
	for _, c := range []struct {
		name, code string
		in         cloudwatchlogs.StartLiveTailInput
	}{
		{"a name", "InvalidParameterException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"g"}}},
		{"an ARN with :*", "InvalidParameterException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{liveARN + ":*"}}},
		{"no groups", "InvalidParameterException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{}}},
		{"an unknown group", "ResourceNotFoundException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{liveARN + "x"}}},
		{"names and prefixes", "InvalidParameterException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{liveARN}, LogStreamNames: two, LogStreamNamePrefixes: two}},
		{"streams of two groups", "InvalidParameterException", cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{liveARN, liveARN}, LogStreamNames: two}},
	} {
		want(t, c.name, code(b.StartLiveTail(ctx, &c.in, withoutHostPrefix)), c.code)
	}
	for range liveSessions {
		b.watch(t, cloudwatchlogs.StartLiveTailInput{})
	}
	want(t, "one too many", code(b.StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{liveARN}}, withoutHostPrefix)), "LimitExceededException")
}
