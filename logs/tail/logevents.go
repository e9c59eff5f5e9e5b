package tail

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"trailctl/logs"
)

// EventFilterer is what searching a log group needs of the SDK's client.
type EventFilterer interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// How far back a search begins behind the newest event up to which all is
// known. FilterLogEvents chooses by the time of an event, and CloudTrail's
// come minutes late and not in order: so it is twice the longest time seen
// between an event and its arrival, or firstReach until one was seen. Every
// searchAll a search reaches back as far as anything may have come late.
const (
	firstReach = 10 * time.Minute
	leastReach = time.Minute
	mostReach  = time.Hour
	searchAll  = 10 * time.Minute
)

// searcher reads a log group by searching it again and again.
type searcher struct {
	f      *Follower
	client EventFilterer
	group  string // ARN without :*

	mu       sync.Mutex
	newest   time.Time     // of the events that were met
	known    time.Time     // the newest event up to which none is missing but late ones
	gaps     int           // how often something was left out
	filled   int           // how many of these times were made up for
	late     time.Duration // the longest between an event and its arrival
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
	if s.late > 0 {
		reach = min(max(2*s.late, leastReach), mostReach)
	}
	if now := time.Now(); now.Sub(s.searched) > searchAll {
		reach, s.searched = mostReach, now
	}
	known, gaps := s.newest, s.gaps
	return s.known.Add(-reach), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.filled = gaps
		if known.After(s.known) {
			s.known = known
		}
	}
}

// baseline reads what is there before the following begins, so that later
// searches know what is new. Of it only records since a time are handed over,
// none when that is zero.
func (s *searcher) baseline(ctx context.Context, start, since time.Time) error {
	from := start
	if !since.IsZero() && since.Before(start) {
		from = since
	}
	s.newest, s.searched = start, time.Now()
	err := s.search(ctx, from.Add(-firstReach), func(r *logs.Record) bool {
		at, ok := r.Time()
		return !since.IsZero() && ok && !at.Before(since)
	})
	s.complete()
	return err
}

// pass hands over what has come since the last one.
func (s *searcher) pass(ctx context.Context) error {
	from, found := s.begin()
	err := s.search(ctx, from, nil)
	if err == nil {
		found()
	}
	return err
}

// maxPages bounds one search.
const maxPages = 100_000

func (s *searcher) search(ctx context.Context, from time.Time, shown func(*logs.Record) bool) error {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupIdentifier: &s.group, StartTime: aws.Int64(max(from.UnixMilli(), 0))}
	for range maxPages {
		out, err := s.client.FilterLogEvents(ctx, in)
		if err != nil {
			return fmt.Errorf("searching the log group %s: %w", s.group, err)
		}
		var records []logs.Record
		for _, e := range out.Events {
			s.met(aws.ToInt64(e.Timestamp), aws.ToInt64(e.IngestionTime))
			records = appendRecords(records, aws.ToString(e.Message))
		}
		if err := s.f.handEvents(records, shown); err != nil {
			return err
		}
		if out.NextToken == nil || in.NextToken != nil && *in.NextToken == *out.NextToken {
			return nil
		}
		in.NextToken = out.NextToken
	}
	return fmt.Errorf("searching the log group %s: the server goes on and on", s.group)
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
// wanted and, unless shown is nil, for which it answers true.
func (f *Follower) handEvents(records []logs.Record, shown func(*logs.Record) bool) error {
	b := &Batch{}
	for _, r := range f.fresh(records) {
		if shown != nil && !shown(&r) {
			continue
		}
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
