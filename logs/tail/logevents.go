package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"trailctl/logs"
)

// EventFilterer is what searching a log group needs of the SDK's client.
type EventFilterer interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// How far back a search begins behind the newest event up to which all is
// known. FilterLogEvents chooses by the time of an event, and CloudTrail's
// come minutes late and not in order: so it is twice the longest time seen
// between an event and its arrival, or firstReach for the first search. Every
// searchAll a search reaches back as far as anything may have come late.
const (
	firstReach = 10 * time.Minute
	leastReach = time.Minute
	mostReach  = time.Hour
	searchAll  = 10 * time.Minute
)

// searcher reads a log group by searching it again and again. What is new, the
// time tells at which CloudWatch Logs took an event: so nothing has to be read
// before the following begins, and what comes while a search turns page after
// page is not taken for something old.
type searcher struct {
	f      *Follower
	client EventFilterer
	group  string // ARN without :*
	// mine tells whether the group is of the caller's account; nil: not known.
	mine func(context.Context) bool
	name string // what the group is asked for by, "" for its ARN

	// What was taken after start is handed over, and records of calls since
	// since, unless that is zero.
	start, since time.Time

	mu       sync.Mutex
	newest   time.Time     // of the events that were met
	known    time.Time     // the newest event up to which none is missing but late ones
	gaps     int           // how often something was left out
	filled   int           // how many of these times were made up for
	late     time.Duration // the longest between an event and its arrival
	learned  bool          // late is known of all events of a search
	searched time.Time     // when all was searched that may have come late
}

// met notes the times of an event, in milliseconds since 1970 as CloudWatch
// Logs has them.
func (s *searcher) met(at, ingested int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := time.UnixMilli(at); t.After(s.newest) {
		s.newest = t
	}
	s.late = max(s.late, time.Duration(ingested-at)*time.Millisecond)
}

// gap notes that events were left out.
func (s *searcher) gap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps++
}

// complete notes that nothing was left out since the last gap.
func (s *searcher) complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.filled == s.gaps {
		s.known = s.newest
	}
}

// begin is where a search starts that is to find what was not met yet, and
// what to call when it has found it.
func (s *searcher) begin() (from time.Time, found func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reach := firstReach
	if s.learned {
		reach = min(max(2*s.late, leastReach), mostReach)
	}
	if now := time.Now(); now.Sub(s.searched) > searchAll {
		reach, s.searched = mostReach, now
	}
	known, gaps := s.newest, s.gaps
	return s.known.Add(-reach), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.filled, s.learned = gaps, s.late > 0
		if known.After(s.known) {
			s.known = known
		}
	}
}

// probe finds out whether the group can be searched, and what time it is for
// CloudWatch Logs. The following began at begun by this machine's clock, which
// tells lengths of time.
func (s *searcher) probe(ctx context.Context, begun time.Time) error {
	ask := func() (*cloudwatchlogs.FilterLogEventsOutput, error) {
		in := s.input(s.start)
		in.Limit = aws.Int32(1)
		return s.client.FilterLogEvents(ctx, in)
	}
	out, err := ask()
	if name := nameOf(s.group); err != nil && s.name == "" && name != "" && code(err) == "ResourceNotFoundException" && s.mine != nil && s.mine(ctx) {
		s.name = name
		if again, failed := ask(); failed == nil {
			out, err = again, nil
		} else {
			s.name = ""
		}
	}
	if err != nil {
		return s.failed(err)
	}
	if server, ok := middleware.GetServerTime(out.ResultMetadata); ok {
		if at, ok := middleware.GetResponseAt(out.ResultMetadata); ok {
			s.start = beginning(s.start, server, at.Sub(begun))
		}
	}
	s.newest, s.known, s.searched = s.start, s.start, time.Now()
	if !s.since.IsZero() && s.since.Before(s.known) {
		s.known = s.since
	}
	return nil
}

// input asks for events from a time on. The group is named by its ARN, which
// other accounts' groups need. LocalStack and moto know names alone, and do not
// find a group by its ARN; see probe.
func (s *searcher) input(from time.Time) *cloudwatchlogs.FilterLogEventsInput {
	in := &cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(max(from.UnixMilli(), 0))}
	if s.name != "" {
		in.LogGroupName = &s.name
	} else {
		in.LogGroupIdentifier = &s.group
	}
	return in
}

// nameOf is the name in a log group's ARN, "" where that is none.
func nameOf(group string) string {
	id, err := arn.Parse(group)
	if err != nil {
		return ""
	}
	name, _ := strings.CutPrefix(id.Resource, "log-group:")
	return name
}

// beginning is when something began by a server's clock: at start if this
// machine's clock, which says so, is right. The server told its time, in whole
// seconds, so long after the beginning.
func beginning(start, server time.Time, later time.Duration) time.Time {
	const tolerance = 2 * time.Second
	earliest := server.Add(-later)
	if start.Before(earliest.Add(-tolerance)) || start.After(earliest.Add(later+time.Second)) {
		return earliest
	}
	return start
}

// pass hands over what has come since the last one.
func (s *searcher) pass(ctx context.Context) error {
	from, found := s.begin()
	err := s.search(ctx, from)
	if err == nil {
		found()
	}
	return err
}

// maxPages bounds one search.
const maxPages = 100_000

func (s *searcher) search(ctx context.Context, from time.Time) error {
	in := s.input(from)
	for range maxPages {
		out, err := s.client.FilterLogEvents(ctx, in)
		if err != nil {
			return s.failed(err)
		}
		var records []logs.Record
		for _, e := range out.Events {
			s.met(aws.ToInt64(e.Timestamp), aws.ToInt64(e.IngestionTime))
			records = s.appendWanted(records, &e)
		}
		if err := s.f.handEvents(records); err != nil {
			return err
		}
		if out.NextToken == nil || in.NextToken != nil && *in.NextToken == *out.NextToken {
			return nil
		}
		in.NextToken = out.NextToken
	}
	return s.failed(errors.New("the server goes on and on"))
}

func (s *searcher) failed(err error) error {
	return fmt.Errorf("searching the log group %s: %w", s.group, err)
}

// appendWanted appends the records of an event that is new, and of an old one
// those that were asked for.
func (s *searcher) appendWanted(records []logs.Record, e *types.FilteredLogEvent) []logs.Record {
	taken := aws.ToInt64(e.IngestionTime)
	if taken == 0 { // another server than AWS's may not tell
		taken = aws.ToInt64(e.Timestamp)
	}
	if time.UnixMilli(taken).After(s.start) {
		return appendRecords(records, aws.ToString(e.Message))
	}
	if s.since.IsZero() {
		return records
	}
	for _, r := range appendRecords(nil, aws.ToString(e.Message)) {
		if at, ok := r.Time(); ok && !at.Before(s.since) {
			records = append(records, r)
		}
	}
	return records
}

// appendRecords appends the records of a log event, which is one as a rule.
// What is none is somebody else's, and passed over.
func appendRecords(records []logs.Record, message string) []logs.Record {
	logs.Split([]byte(message), func(r logs.Record) bool {
		records = append(records, r)
		return true
	})
	return records
}

// handEvents hands over the new ones among the records of log events that are
// wanted.
func (f *Follower) handEvents(records []logs.Record) error {
	b := &Batch{}
	for _, r := range f.fresh(records) {
		b.Met++
		if f.wants(&r) {
			b.Records = append(b.Records, r)
		}
	}
	if b.Met == 0 {
		return nil
	}
	return f.take(b)
}
