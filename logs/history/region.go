package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/logs"
)

// pageSize is the most that one call answers (CloudTrail API reference).
const pageSize = 50

// maxEmpty bounds how many pages without an event may follow one another. The
// API reference allows empty pages, but a server that sends nothing else would
// be asked for ever.
const maxEmpty = 1000

// region reads the history of one region, page by page.
func (s *Search) region(ctx context.Context, region string, to chan<- item) {
	err := s.pages(ctx, region, to)
	switch {
	case ctx.Err() != nil:
		return
	case notEnabled(err):
		s.count(func(p *Progress) { p.Done++; p.Disabled = append(p.Disabled, region) })
	case err != nil:
		s.count(func(p *Progress) { p.Done++; p.Failed = append(p.Failed, region) })
		send(ctx, to, item{err: &RegionError{Region: region, Err: err}})
	default:
		s.count(func(p *Progress) { p.Done++ })
	}
}

func (s *Search) pages(ctx context.Context, region string, to chan<- item) error {
	client, in := s.Client(region), s.input()
	pace := time.NewTicker(max(s.Pace, time.Nanosecond))
	defer pace.Stop()
	last, empty := "", 0
	for {
		out, err := client.LookupEvents(ctx, in)
		if err != nil {
			return err
		}
		s.count(func(p *Progress) { p.Calls++; p.Records += len(out.Events) })
		for i := range out.Events {
			if !s.hand(ctx, region, &out.Events[i], to) {
				return context.Cause(ctx)
			}
		}
		if empty++; len(out.Events) > 0 {
			empty = 0
		}
		next := aws.ToString(out.NextToken)
		switch {
		case next == "":
			return nil
		case next == last:
			return errors.New("the list does not end: it repeats the page after token " + strconv.Quote(next))
		case empty > maxEmpty:
			return fmt.Errorf("the list does not end: %d pages in turn had no event", empty)
		}
		last, in.NextToken = next, &next
		select {
		case <-pace.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *Search) input() *cloudtrail.LookupEventsInput {
	in := &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(pageSize)}
	if !s.Window.Start.IsZero() {
		in.StartTime = aws.Time(s.Window.Start)
	}
	if !s.Window.End.IsZero() {
		in.EndTime = aws.Time(s.Window.End)
	}
	if s.Attribute != nil {
		in.LookupAttributes = []types.LookupAttribute{{AttributeKey: s.Attribute.Key, AttributeValue: &s.Attribute.Value}}
	}
	if s.Insights {
		in.EventCategory = types.EventCategoryInsight
	}
	return in
}

// hand passes one event on. The record is the JSON text in CloudTrailEvent;
// everything else in the answer is taken from it.
func (s *Search) hand(ctx context.Context, region string, e *types.Event, to chan<- item) bool {
	at := aws.ToTime(e.EventTime).UTC()
	if s.outside(at) {
		return true // the window of the service includes its end
	}
	var found []logs.Record
	report := logs.Split([]byte(aws.ToString(e.CloudTrailEvent)), func(r logs.Record) bool {
		found = append(found, r)
		return true
	})
	err := report.Err()
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d records instead of one", len(found))
	}
	if err != nil {
		s.count(func(p *Progress) { p.Unread++ })
		return send(ctx, to, item{at: at, err: &RegionError{Region: region, Event: cmp.Or(aws.ToString(e.EventId), "without an ID"), Err: err}})
	}
	if t, ok := found[0].Time(); ok {
		at = t
	}
	s.count(func(p *Progress) {
		if p.Reached.IsZero() || at.Before(p.Reached) {
			p.Reached = at
		}
	})
	return send(ctx, to, item{record: found[0], at: at})
}

func (s *Search) outside(at time.Time) bool {
	return !at.IsZero() && !s.Window.Contains(at)
}

func send(ctx context.Context, to chan<- item, it item) bool {
	select {
	case to <- it:
		return true
	case <-ctx.Done():
		return false
	}
}
