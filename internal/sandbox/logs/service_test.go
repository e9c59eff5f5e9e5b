package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/calltest"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// bench is a service, a client of it and a clock.
type bench struct {
	*calltest.Bench
	*cloudwatchlogs.Client
	s *Service
}

func newBench(t *testing.T, dir string) *bench {
	t.Helper()
	b := &bench{}
	s, err := New(Options{Dir: dir, Now: func() time.Time { return b.Now() }})
	if err != nil {
		t.Fatal(err)
	}
	b.Bench = calltest.Start(t, s, start)
	b.s, b.Client = s, cloudwatchlogs.NewFromConfig(b.Config(calltest.Account, calltest.Region))
	return b
}

func (b *bench) group(t *testing.T, name string, streams ...string) {
	t.Helper()
	must(t)(b.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))
	for _, stream := range streams {
		must(t)(b.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: &stream}))
	}
}

func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// code is the error code of a call, "" when it succeeded.
func code(_ any, err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestGroups(t *testing.T) {
	b, ctx := newBench(t, ""), context.Background()
	name := aws.String("/aws/trail")
	must(t)(b.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, KmsKeyId: aws.String("key"), Tags: map[string]string{"Team": "ops"}}))
	if got := fmt.Sprint(b.Last().RequestParameters["tags"]); got != "map[Team:ops]" {
		t.Errorf("recorded tags: %s", got)
	}
	want(t, "again", code(b.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name})), "ResourceAlreadyExistsException")
	for _, bad := range []string{"a b", "a:b", "a*", strings.Repeat("a", 513), "aws/x"} {
		want(t, bad, code(b.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &bad})), "InvalidParameterException")
	}
	for days, wanted := range map[int32]string{1: "", 90: "", 3653: "", 0: "InvalidParameterException", 2: "InvalidParameterException", 91: "InvalidParameterException"} {
		got := code(b.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: &days}))
		want(t, fmt.Sprint(days, " days"), got, wanted)
	}
	must(t)(b.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(30)}))
	out, err := b.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/")})
	if err != nil || len(out.LogGroups) != 1 {
		t.Fatalf("%v %v", out, err)
	}
	g, arn := out.LogGroups[0], "arn:aws:logs:us-east-1:123456789012:log-group:/aws/trail"
	if *g.Arn != arn+":*" || *g.LogGroupArn != arn || *g.RetentionInDays != 30 || *g.KmsKeyId != "key" || *g.CreationTime != start.UnixMilli() || g.LogGroupClass != types.LogGroupClassStandard {
		t.Errorf("%+v", g)
	}
	must(t)(b.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: name}))
	out, err = b.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("trail")})
	if err != nil || len(out.LogGroups) != 1 || out.LogGroups[0].RetentionInDays != nil {
		t.Errorf("%+v %v", out, err)
	}
	want(t, "both", code(b.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: name, LogGroupNamePrefix: name})), "InvalidParameterException")
	if !b.s.Group(calltest.Account, "us-east-1", "/aws/trail") || b.s.Group(calltest.Account, "eu-west-1", "/aws/trail") || b.s.Group("999988887777", "us-east-1", "/aws/trail") {
		t.Error("Group does not tell regions and accounts apart")
	}
	protect := func(yes bool) string {
		return code(b.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: name, DeletionProtectionEnabled: &yes}))
	}
	want(t, "protect", protect(true), "")
	want(t, "protected", code(b.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})), "ValidationException")
	want(t, "no longer", protect(false), "")
	must(t)(b.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name}))
	want(t, "gone", code(b.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})), "ResourceNotFoundException")
}

func TestGroupPages(t *testing.T) {
	b := newBench(t, "")
	for i := range 7 {
		b.group(t, fmt.Sprintf("g%d", i))
	}
	var names []string
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(b.Client, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(3)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.LogGroups {
			names = append(names, *g.LogGroupName)
		}
	}
	if n != 3 || strings.Join(names, "") != "g0g1g2g3g4g5g6" {
		t.Errorf("%d pages: %v", n, names)
	}
}

func TestTags(t *testing.T) {
	b, ctx := newBench(t, ""), context.Background()
	b.group(t, "g")
	arn := aws.String("arn:aws:logs:us-east-1:123456789012:log-group:g")
	must(t)(b.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "B": "2"}}))
	must(t)(b.TagLogGroup(ctx, &cloudwatchlogs.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"a": "3"}}))
	must(t)(b.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"B", "none"}}))
	one, err1 := b.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	two, err2 := b.ListTagsLogGroup(ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: aws.String("g")})
	if err1 != nil || err2 != nil || fmt.Sprint(one.Tags, two.Tags) != "map[a:3] map[a:3]" {
		t.Errorf("%v %v %v %v", one, two, err1, err2)
	}
	bad := aws.String(*arn + ":*")
	want(t, "ARN with :*", code(b.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: bad})), "InvalidParameterException")
	none := aws.String(*arn + "x")
	want(t, "no group", code(b.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: none})), "ResourceNotFoundException")
	want(t, "reserved", code(b.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"aws:x": "1"}})), "InvalidParameterException")
}

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func input(minutes int, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(at(minutes).UnixMilli()), Message: &message}
}

func (b *bench) put(stream string, events ...types.InputLogEvent) (*cloudwatchlogs.PutLogEventsOutput, error) {
	return b.PutLogEvents(context.Background(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: &stream, LogEvents: events})
}

func TestPutLogEvents(t *testing.T) {
	b := newBench(t, "")
	b.group(t, "g", "s")
	big := strings.Repeat("x", 1<<20-26)
	many := slices.Repeat([]types.InputLogEvent{input(0, "x")}, 10_001)
	rows := []struct {
		what   string
		stream string
		events []types.InputLogEvent
		want   string
	}{
		{"one", "s", []types.InputLogEvent{input(0, "x")}, ""},
		{"no stream", "other", []types.InputLogEvent{input(0, "x")}, "ResourceNotFoundException"},
		{"none", "s", []types.InputLogEvent{}, "InvalidParameterException"},
		{"out of order", "s", []types.InputLogEvent{input(1, "x"), input(0, "y")}, "InvalidParameterException"},
		{"10,000", "s", many[:10_000], ""},
		{"10,001", "s", many, "InvalidParameterException"},
		{"1 MiB", "s", []types.InputLogEvent{input(0, big)}, ""},
		{"1 MiB and a byte", "s", []types.InputLogEvent{input(0, big+"x")}, "InvalidParameterException"},
		{"empty message", "s", []types.InputLogEvent{input(0, "")}, "InvalidParameterException"},
		{"25 hours", "s", []types.InputLogEvent{input(-25*60, "x"), input(0, "y")}, "InvalidParameterException"},
	}
	for _, row := range rows {
		want(t, row.what, code(b.put(row.stream, row.events...)), row.want)
	}
	if c := b.Last(); !c.Data || c.RequestParameters["logEvents"] != nil {
		t.Errorf("recorded as %+v", c)
	}
	out, err := b.put("s", input(-100, "fine"), input(121, "too new"))
	if err != nil || out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooNewLogEventStartIndex != 1 || out.RejectedLogEventsInfo.TooOldLogEventEndIndex != nil {
		t.Errorf("%+v %v", out, err)
	}
	out, err = b.put("s", input(-15*24*60, "too old"), input(-14*24*60, "fine"))
	if err != nil || out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooOldLogEventEndIndex != 1 {
		t.Errorf("%+v %v", out, err)
	}
}

func TestGetLogEvents(t *testing.T) {
	b, ctx := newBench(t, ""), context.Background()
	b.group(t, "g", "s", "other")
	for i := range 5 {
		must(t)(b.put("s", input(i, fmt.Sprint(i))))
		must(t)(b.put("other", input(i, "other")))
	}
	get := func(change func(*cloudwatchlogs.GetLogEventsInput)) *cloudwatchlogs.GetLogEventsOutput {
		t.Helper()
		in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}
		change(in)
		out, err := b.GetLogEvents(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	texts := func(out *cloudwatchlogs.GetLogEventsOutput) (all string) {
		for _, e := range out.Events {
			all += *e.Message
		}
		return all
	}
	head := get(func(in *cloudwatchlogs.GetLogEventsInput) { in.StartFromHead, in.Limit = aws.Bool(true), aws.Int32(2) })
	want(t, "from the head", texts(head), "01")
	next := get(func(in *cloudwatchlogs.GetLogEventsInput) {
		in.NextToken, in.Limit = head.NextForwardToken, aws.Int32(2)
	})
	want(t, "forward", texts(next), "23")
	last := get(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = next.NextForwardToken })
	want(t, "to the end", texts(last), "4")
	end := get(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = last.NextForwardToken })
	want(t, "at the end", texts(end)+*end.NextForwardToken, *last.NextForwardToken)
	must(t)(b.put("s", input(5, "5")))
	want(t, "after more came", texts(get(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = end.NextForwardToken })), "5")
	tail := get(func(in *cloudwatchlogs.GetLogEventsInput) { in.Limit = aws.Int32(2) })
	want(t, "from the tail", texts(tail), "45")
	want(t, "backward", texts(get(func(in *cloudwatchlogs.GetLogEventsInput) { in.NextToken = tail.NextBackwardToken })), "0123")
	want(t, "a time range", texts(get(func(in *cloudwatchlogs.GetLogEventsInput) {
		in.StartTime, in.EndTime = aws.Int64(at(1).UnixMilli()), aws.Int64(at(3).UnixMilli())
	})), "12")
	streams, err := b.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("g"), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)})
	if err != nil || len(streams.LogStreams) != 2 {
		t.Fatalf("%+v %v", streams, err)
	}
	s := streams.LogStreams[0]
	if *s.LogStreamName != "s" || *s.FirstEventTimestamp != at(0).UnixMilli() || *s.LastEventTimestamp != at(5).UnixMilli() || *s.Arn != "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s" {
		t.Errorf("%+v", s)
	}
}

func TestFilterLogEvents(t *testing.T) {
	b := newBench(t, "")
	b.group(t, "g", "a1", "a2", "b")
	for i := range 6 {
		must(t)(b.put([]string{"a1", "a2", "b"}[i%3], input(i, fmt.Sprintf(`{"n":%d,"even":"%t"}`, i, i%2 == 0))))
	}
	rows := []struct {
		what   string
		change func(*cloudwatchlogs.FilterLogEventsInput)
		want   string
	}{
		{"all", func(*cloudwatchlogs.FilterLogEventsInput) {}, "012345"},
		{"pattern", func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String(`{ $.even = "true" }`) }, "024"},
		{"streams", func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogStreamNames = []string{"a1", "b"} }, "0235"},
		{"prefix", func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogStreamNamePrefix = aws.String("a") }, "0134"},
		{"times", func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.StartTime, in.EndTime = aws.Int64(at(1).UnixMilli()), aws.Int64(at(3).UnixMilli())
		}, "123"},
		{"pages", func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.Limit, in.FilterPattern = aws.Int32(2), aws.String("{ $.n > 0 }")
		}, "12345"},
		{"ARN", func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.LogGroupName, in.LogGroupIdentifier = nil, aws.String("arn:aws:logs:us-east-1:123456789012:log-group:g")
		}, "012345"},
	}
	for _, row := range rows {
		in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}
		row.change(in)
		got, seen := "", map[string]bool{}
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(b.Client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(row.what, err)
			}
			for _, e := range page.Events {
				got += (*e.Message)[5:6]
				if seen[*e.EventId] {
					t.Errorf("%s: the id %s stands twice", row.what, *e.EventId)
				}
				seen[*e.EventId] = true
			}
		}
		want(t, row.what, got, row.want)
	}
	bad := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"b"}, LogStreamNamePrefix: aws.String("a")}
	want(t, "names and prefix", code(b.FilterLogEvents(t.Context(), bad)), "InvalidParameterException")
	bad = &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: aws.String("{ $.a }")}
	want(t, "bad pattern", code(b.FilterLogEvents(t.Context(), bad)), "InvalidParameterException")
	bad = &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("none")}
	want(t, "no group", code(b.FilterLogEvents(t.Context(), bad)), "ResourceNotFoundException")
}

func TestSearchGoesOnBeyondItsBound(t *testing.T) {
	b := newBench(t, "")
	b.group(t, "g")
	events := make([]Event, maxSearched+10)
	for i := range events {
		events[i] = Event{at(0), "x"}
	}
	events[maxSearched+5].Message = "needle"
	if err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "s", events); err != nil {
		t.Fatal(err)
	}
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: aws.String("needle")}
	first, err := b.FilterLogEvents(t.Context(), in)
	if err != nil || len(first.Events) != 0 || first.NextToken == nil {
		t.Fatalf("%+v %v", first, err)
	}
	in.NextToken = first.NextToken
	second, err := b.FilterLogEvents(t.Context(), in)
	if err != nil || len(second.Events) != 1 || second.NextToken != nil {
		t.Errorf("%+v %v", second, err)
	}
}

func TestMetricFilters(t *testing.T) {
	b, ctx := newBench(t, ""), context.Background()
	b.group(t, "g")
	put := func(name, pattern string, change ...func(*types.MetricTransformation)) error {
		m := types.MetricTransformation{MetricName: aws.String(name + "Count"), MetricNamespace: aws.String("Trail"), MetricValue: aws.String("1")}
		for _, f := range change {
			f(&m)
		}
		_, err := b.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{
			LogGroupName: aws.String("g"), FilterName: &name, FilterPattern: &pattern, MetricTransformations: []types.MetricTransformation{m},
		})
		return err
	}
	want(t, "root", code(nil, put("root", `{ $.userIdentity.type = "Root" }`)), "")
	want(t, "again", code(nil, put("root", `{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }`)), "")
	want(t, "login", code(nil, put("login", "ConsoleLogin", func(m *types.MetricTransformation) { m.DefaultValue = aws.Float64(0) })), "")
	want(t, "bad pattern", code(nil, put("x", "{ $.a }")), "InvalidParameterException")
	want(t, "bad metric", code(nil, put("x", "a", func(m *types.MetricTransformation) { m.MetricName = aws.String("a:b") })), "InvalidParameterException")
	out, err := b.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: aws.String("g")})
	if err != nil || len(out.MetricFilters) != 2 || *out.MetricFilters[0].FilterName != "login" || *out.MetricFilters[0].MetricTransformations[0].DefaultValue != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if p := *out.MetricFilters[1].FilterPattern; !strings.Contains(p, "AwsServiceEvent") {
		t.Errorf("the second pattern did not replace the first one: %s", p)
	}
	out, err = b.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{MetricName: aws.String("rootCount"), MetricNamespace: aws.String("Trail")})
	if err != nil || len(out.MetricFilters) != 1 || *out.MetricFilters[0].LogGroupName != "g" {
		t.Errorf("%+v %v", out, err)
	}
	groups, err := b.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || *groups.LogGroups[0].MetricFilterCount != 2 {
		t.Errorf("%+v %v", groups, err)
	}
	del := &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: aws.String("g"), FilterName: aws.String("root")}
	must(t)(b.DeleteMetricFilter(ctx, del))
	want(t, "gone", code(b.DeleteMetricFilter(ctx, del)), "ResourceNotFoundException")
}

func TestPutEventsOfOtherServices(t *testing.T) {
	b := newBench(t, "")
	err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "s", nil)
	if !errors.Is(err, ErrNoGroup) {
		t.Errorf("without a group: %v", err)
	}
	b.group(t, "g")
	if err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "a:b", nil); err == nil {
		t.Error("a bad name of a stream is taken")
	}
	// Later batches hold earlier events, as deliveries of CloudTrail do.
	for _, batch := range [][]Event{{{at(3), "3"}, {at(1), "1"}}, {{at(2), "2"}, {at(4), "4"}}, {{at(0), "0"}}} {
		if err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "s", batch); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	got := ""
	for _, e := range out.Events {
		got += *e.Message
	}
	if err != nil || got != "01234" {
		t.Errorf("%q %v", got, err)
	}
}

func TestRetentionAndBounds(t *testing.T) {
	b := newBench(t, "")
	b.group(t, "g")
	must(t)(b.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(1)}))
	put := func(n int) {
		t.Helper()
		events := make([]Event, n)
		for i := range events {
			events[i] = Event{b.Now(), fmt.Sprint(i)}
		}
		if err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "s", events); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (events int, bytes int64) {
		t.Helper()
		out, err := b.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
		if err != nil {
			t.Fatal(err)
		}
		return len(b.s.groups[place{calltest.Account, calltest.Region, "g"}].events), *out.LogGroups[0].StoredBytes
	}
	put(3)
	if n, bytes := count(); n != 3 || bytes != 3*27 {
		t.Errorf("%d events, %d bytes", n, bytes)
	}
	b.Advance(23 * time.Hour)
	put(1)
	b.Advance(2 * time.Hour)
	if n, bytes := count(); n != 1 || bytes != 27 {
		t.Errorf("after a day: %d events, %d bytes", n, bytes)
	}
	put(maxEvents + 10)
	if n, _ := count(); n != maxEvents {
		t.Errorf("%d events are kept", n)
	}
}

func TestStateStays(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir)
	b.group(t, "g", "s", "empty")
	b.group(t, "gone", "s")
	must(t)(b.TagLogGroup(t.Context(), &cloudwatchlogs.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"a": "1"}}))
	must(t)(b.put("s", input(0, "first")))
	if err := b.s.PutEvents(calltest.Account, calltest.Region, "g", "new", []Event{{at(1), "second"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.s.PutEvents(calltest.Account, calltest.Region, "gone", "s", []Event{{at(1), "x"}}); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		list, err := filepath.Glob(filepath.Join(dir, "events-*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	must(t)(b.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("gone")}))
	if files() != 1 {
		t.Errorf("%d files of events", files())
	}
	if err := b.s.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	// A crash cuts the last line off.
	events, _ := filepath.Glob(filepath.Join(dir, "events-*.jsonl"))
	f, err := os.OpenFile(events[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"s":"s","t":1,"m":"cut`)
	f.Close()

	again := newBench(t, dir)
	must(t)(again.put("s", input(1, "third"))) // after the second, of the same time
	third := newBench(t, dir)
	out, err := third.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	got, seen := "", map[string]bool{}
	for _, e := range out.Events {
		got += *e.LogStreamName + ":" + *e.Message + " "
		seen[*e.EventId] = true
	}
	if err != nil || got != "s:first new:second s:third " || len(seen) != 3 {
		t.Errorf("%q %v", got, err)
	}
	groups, err := third.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 1 {
		t.Errorf("%v %v", groups, err)
	}
	must(t)(third.DeleteLogStream(t.Context(), &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))
	last := newBench(t, dir)
	out, err = last.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	if err != nil || len(out.Events) != 1 || *out.Events[0].Message != "second" {
		t.Errorf("%+v %v", out, err)
	}
}

func TestLinksAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "logs.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a link for the state: %v", err)
	}
	dir = t.TempDir()
	b := newBench(t, dir)
	b.group(t, "g", "s")
	g := b.s.groups[place{calltest.Account, calltest.Region, "g"}]
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(elsewhere, filepath.Join(dir, g.eventsName())); err != nil {
		t.Fatal(err)
	}
	want(t, "a link for events", code(b.put("s", input(0, "x"))), "ServiceUnavailableException")
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("the link was followed")
	}
}
