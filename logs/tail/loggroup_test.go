package tail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// group is a log group in memory. Searches fail with the errors of fail first.
type group struct {
	mu       sync.Mutex
	events   []types.FilteredLogEvent
	fail     []error
	searches int
	onPage   func(search int) // called before a page is answered, without the lock
}

func (g *group) put(id string, after, late time.Duration) types.LiveTailSessionLogEvent {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, in := aws.Int64(start.Add(after).UnixMilli()), aws.Int64(start.Add(after+late).UnixMilli())
	g.events = append(g.events, types.FilteredLogEvent{Message: aws.String(raw(id, after)), Timestamp: at, IngestionTime: in})
	return types.LiveTailSessionLogEvent{Message: aws.String(raw(id, after)), Timestamp: at, IngestionTime: in}
}

// FilterLogEvents answers two events a page.
func (g *group) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	g.mu.Lock()
	g.searches++
	n := g.searches
	g.mu.Unlock()
	if g.onPage != nil {
		g.onPage(n)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.fail) > 0 {
		err := g.fail[0]
		g.fail = g.fail[1:]
		if err != nil {
			return nil, err
		}
	}
	from := 0
	fmt.Sscan(aws.ToString(in.NextToken), &from)
	out := &cloudwatchlogs.FilterLogEventsOutput{}
	for i := from; i < len(g.events); i++ {
		if len(out.Events) == 2 {
			out.NextToken = aws.String(fmt.Sprint(i))
			break
		}
		if *g.events[i].Timestamp >= *in.StartTime {
			out.Events = append(out.Events, g.events[i])
		}
	}
	return out, nil
}

// sessions are the Live Tail sessions of a test, one after the other: each is
// an error that refuses it, or sends updates and breaks with its last error.
type sessions struct {
	list []any
	next int
}

type script struct {
	updates []func() types.LiveTailSessionUpdate
	err     error // nil: it stays open
}

type session struct {
	events chan types.StartLiveTailResponseStream
	err    error
	close  context.CancelFunc
}

func (s *session) Events() <-chan types.StartLiveTailResponseStream { return s.events }
func (s *session) Err() error                                       { return s.err }
func (s *session) Close() error                                     { s.close(); return nil }

func (l *sessions) StartLiveTail(ctx context.Context, _ string) (Session, error) {
	one := l.list[min(l.next, len(l.list)-1)]
	l.next++
	if err, refused := one.(error); refused {
		return nil, err
	}
	sc := one.(script)
	ctx, cancel := context.WithCancel(ctx)
	s := &session{events: make(chan types.StartLiveTailResponseStream), err: sc.err, close: cancel}
	go func() {
		for _, u := range sc.updates {
			select {
			case s.events <- &types.StartLiveTailResponseStreamMemberSessionUpdate{Value: u()}:
			case <-ctx.Done():
				return
			}
		}
		if sc.err == nil {
			<-ctx.Done()
		}
		close(s.events)
	}()
	return s, nil
}

// update is one with events, or a sample of more.
func update(sampled bool, make ...func() types.LiveTailSessionLogEvent) func() types.LiveTailSessionUpdate {
	return func() types.LiveTailSessionUpdate {
		u := types.LiveTailSessionUpdate{SessionMetadata: &types.LiveTailSessionMetadata{Sampled: sampled}}
		for _, m := range make {
			u.SessionResults = append(u.SessionResults, m())
		}
		return u
	}
}

func TestLogGroup(t *testing.T) {
	g := &group{}
	event := func(id string, after time.Duration) func() types.LiveTailSessionLogEvent {
		return func() types.LiveTailSessionLogEvent { return g.put(id, after, 2*time.Minute) }
	}
	// lost is an event that Live Tail leaves out.
	lost := func(id string, after time.Duration) func() types.LiveTailSessionUpdate {
		return func() types.LiveTailSessionUpdate {
			g.put(id, after, 2*time.Minute)
			return types.LiveTailSessionUpdate{SessionMetadata: &types.LiveTailSessionMetadata{Sampled: true}}
		}
	}
	// before is an event that came before a session began.
	before := func(id string, after time.Duration) func() types.LiveTailSessionUpdate {
		return func() types.LiveTailSessionUpdate {
			g.put(id, after, 2*time.Minute)
			return types.LiveTailSessionUpdate{}
		}
	}
	cut := errors.New("connection reset")
	for _, c := range []struct {
		name     string
		fail     []error // of searches
		live     *sessions
		since    time.Time
		want     string
		trouble  string // told once
		searches bool   // more than once at the start and for the start of the session
	}{
		{name: "all comes live", live: &sessions{list: []any{script{updates: []func() types.LiveTailSessionUpdate{
			update(false, event("a", 0)), update(false, event("b", time.Minute), event("c", 0)), update(false, event("d", 0)),
		}}}}, want: "[a b c d]"},
		{name: "a sample, and the connection is cut", live: &sessions{list: []any{
			script{updates: []func() types.LiveTailSessionUpdate{update(false, event("a", 0)), lost("b", 0), update(false)}, err: cut},
			script{updates: []func() types.LiveTailSessionUpdate{update(false, event("c", time.Hour))}, err: cut},
			script{updates: []func() types.LiveTailSessionUpdate{before("d", 2*time.Hour), update(false, event("e", 9*time.Hour)), update(false)}},
		}}, want: "[a b c d e]", trouble: "trouble "},
		{name: "three hours are over", live: &sessions{list: []any{
			script{updates: []func() types.LiveTailSessionUpdate{update(false, event("a", 0))}, err: &types.SessionTimeoutException{}},
			script{updates: []func() types.LiveTailSessionUpdate{update(false, event("b", 0)), update(false, event("c", 0)), update(false, event("d", 0))}},
		}}, want: "[a b c d]"},
		{name: "refused", live: &sessions{list: []any{apiError("AccessDeniedException")}}, want: "[p q r s]", trouble: "remark AccessDeniedException"},
		{name: "throttled while searching", fail: []error{nil, nil, apiError("ThrottlingException"), apiError("ThrottlingException"), apiError("ThrottlingException")},
			want: "[p q r s]", trouble: "trouble ThrottlingException"},
		{name: "since", since: start.Add(-5 * time.Minute), want: "[old2 p q r]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			*g = group{fail: c.fail}
			g.put("old1", -20*time.Minute, 0)
			g.put("old2", -2*time.Minute, 0)
			k := &keeper{want: len(strings.Fields(c.want))}
			lg := LogGroup{ARN: "arn:x:*", Events: g, Start: start, Since: c.since, Interval: 5 * time.Millisecond}
			if c.live != nil {
				lg.Live = c.live
			}
			if c.want[1] != 'a' { // they come while it is searched
				go func() {
					for i, id := range []string{"p", "q", "r", "s"} {
						time.Sleep(30 * time.Millisecond)
						g.put(id, time.Duration(-i)*time.Minute, 5*time.Minute)
					}
				}()
			}
			err := newFollower(k).LogGroup(short(t), lg)
			want(t, "end", err, errEnough)
			want(t, "records", k.sorted(), c.want)
			if c.trouble != "" && k.told(c.trouble) == 0 {
				t.Errorf("told: %v, not %q", k.notices, c.trouble)
			}
			if c.trouble == "" && len(k.notices) > 0 {
				t.Errorf("told: %v", k.notices)
			}
			if c.name == "throttled while searching" && (k.told(c.trouble) != 1 || k.told("over ") != 1) {
				t.Errorf("told: %v", k.notices)
			}
		})
	}
}

// What cannot be read from the beginning is an error, and no trouble.
func TestLogGroupDenied(t *testing.T) {
	k := &keeper{want: 1}
	g := &group{fail: []error{apiError("AccessDeniedException")}}
	live := &sessions{list: []any{apiError("AccessDeniedException")}}
	err := newFollower(k).LogGroup(short(t), LogGroup{ARN: "arn", Events: g, Live: live, Start: start})
	want(t, "both denied", code(err), "AccessDeniedException")
	g = &group{fail: []error{apiError("AccessDeniedException")}}
	live = &sessions{list: []any{script{updates: []func() types.LiveTailSessionUpdate{update(false, func() types.LiveTailSessionLogEvent { return g.put("a", 0, 0) })}}}}
	err = newFollower(k).LogGroup(short(t), LogGroup{ARN: "arn", Events: g, Live: live, Start: start})
	want(t, "Live Tail alone", err, errEnough)
	want(t, "records", k.ids, "[a]")
}

// byName is a server that knows groups by their names alone.
type byName struct {
	*group
	name string
}

func (n byName) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, o ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if aws.ToString(in.LogGroupName) != n.name || in.LogGroupIdentifier != nil {
		return nil, apiError("ResourceNotFoundException")
	}
	return n.group.FilterLogEvents(ctx, in, o...)
}

// A group that is not found by its ARN is asked for by its name, if it is the
// caller's own: another account's of that name is another one.
func TestLogGroupByName(t *testing.T) {
	const arn = "arn:aws:logs:us-east-1:123456789012:log-group:a/b:*"
	for _, c := range []struct {
		name  string
		mine  func(context.Context) bool
		found bool
	}{
		{"own", func(context.Context) bool { return true }, true},
		{"another account's", func(context.Context) bool { return false }, false},
		{"not known", nil, false},
	} {
		g := byName{&group{}, "a/b"}
		g.put("a", time.Second, 0)
		g.put("b", time.Second, 0)
		g.put("c", time.Second, 0) // on the second page
		k := &keeper{want: 3}
		err := newFollower(k).LogGroup(short(t), LogGroup{ARN: arn, Events: g, Start: start, Mine: c.mine, Interval: 5 * time.Millisecond})
		if c.found {
			want(t, c.name, err, errEnough)
		} else {
			want(t, c.name, code(err), "ResourceNotFoundException")
		}
		if len(k.notices) > 0 {
			t.Errorf("%s: told %v", c.name, k.notices)
		}
	}
}

// lacks is the answer of a server without the call.
func lacks() error {
	return &smithy.OperationError{ServiceID: "CloudWatch Logs", OperationName: "StartLiveTail", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotImplemented}}, Err: apiError("InternalFailure"),
		},
	}}
}

// A server without Live Tail is told in one line, and the group is searched.
func TestLogGroupWithoutLiveTail(t *testing.T) {
	g, k := &group{}, &keeper{want: 1}
	g.put("a", time.Second, 0)
	err := newFollower(k).LogGroup(short(t), LogGroup{ARN: "arn", Events: g, Live: &sessions{list: []any{lacks()}}, Start: start, Interval: 5 * time.Millisecond})
	want(t, "end", err, errEnough)
	if len(k.texts) != 1 || k.texts[0] != "no Live Tail here: the log group is searched every 5ms" {
		t.Errorf("told %q", k.texts)
	}
}

// A busy group has many pages of the past. What comes while they are read is
// shown, and what Live Tail brings meanwhile is shown at once; what was there
// before is not, however far back a search reaches.
func TestLogGroupWithAPastOfManyPages(t *testing.T) {
	for _, c := range []struct {
		name  string
		since time.Time
		live  bool
		want  string
	}{
		{name: "Live Tail", live: true, want: "[at-once meanwhile]"},
		{name: "Live Tail, and the past is wanted, too", live: true, since: start.Add(-35 * time.Second), want: "[at-once meanwhile past-0 past-1]"},
		{name: "searching alone", want: "[meanwhile]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &group{}
			for i := range 60 {
				g.put(fmt.Sprintf("past-%d", i), -time.Duration(i)*20*time.Second-11*time.Second, 10*time.Second)
			}
			k := &keeper{want: len(strings.Fields(c.want))}
			g.onPage = func(search int) {
				switch search {
				case 3: // of an event whose time the pages have passed already
					g.put("meanwhile", -9*time.Minute, 9*time.Minute+time.Second)
				case 10:
					for end := time.Now().Add(2 * time.Second); c.live && k.shows("at-once") == 0; time.Sleep(time.Millisecond) {
						if time.Now().After(end) {
							t.Error("what Live Tail brings is not shown while the past is read")
							break
						}
					}
				}
			}
			lg := LogGroup{ARN: "arn:x:*", Events: g, Start: start, Since: c.since, Interval: 5 * time.Millisecond}
			if c.live {
				lg.Live = &sessions{list: []any{script{updates: []func() types.LiveTailSessionUpdate{
					update(false), update(false, func() types.LiveTailSessionLogEvent { return g.put("at-once", 0, time.Minute) }),
				}}}}
			}
			err := newFollower(k).LogGroup(short(t), lg)
			want(t, "end", err, errEnough)
			want(t, "records", k.sorted(), c.want)
		})
	}
}

// When the machine's clock is wrong, the server's tells what is new.
func TestBeginOfAFollowing(t *testing.T) {
	for _, c := range []struct {
		name          string
		clock, server time.Duration // from start, at the beginning and 3 s later
		want          time.Duration
	}{
		{name: "right", server: 3 * time.Second},
		{name: "right, and the server's second is over in a moment", clock: 900 * time.Millisecond, server: 3 * time.Second, want: 900 * time.Millisecond},
		{name: "some minutes ahead", clock: 5 * time.Minute, server: 3 * time.Second},
		{name: "some minutes behind", clock: -5 * time.Minute, server: 3 * time.Second},
	} {
		at := beginning(start.Add(c.clock), start.Add(c.server), 3*time.Second)
		want(t, c.name, at.Sub(start), c.want)
	}
}
