// Package history reads the event history of an account: the management
// events of the last 90 days that CloudTrail keeps in each region without any
// trail (LookupEvents). It asks all regions at the same time, each no faster
// than CloudTrail allows, and yields records in one order of time, newest
// first. It has no data events, and nothing older.
package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/when"
	"trailctl/logs"
)

// Lookup is what this package needs of the SDK's client.
type Lookup interface {
	LookupEvents(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)
}

// Pace is how long after one call the next one to the same region is made:
// "The rate of lookup requests is limited to two per second, per account, per
// region" (CloudTrail API reference, LookupEvents).
const Pace = 500 * time.Millisecond

// Life is how far back the event history goes (CloudTrail user guide,
// "Working with CloudTrail event history").
const Life = 90 * 24 * time.Hour

// Attribute is the one property that CloudTrail looks for itself.
type Attribute struct {
	Key   types.LookupAttributeKey
	Value string
}

func (a *Attribute) String() string { return string(a.Key) + "=" + a.Value }

// Search is a question to the event history.
type Search struct {
	Regions   []string
	Client    func(region string) Lookup
	Window    when.Window // the newest event at its end is not included
	Attribute *Attribute  // nil for none
	Insights  bool        // Insights events instead of management events
	Pace      time.Duration
	// Progress, when set, is told after each page. Calls do not overlap.
	Progress func(Progress)

	mu    sync.Mutex
	state Progress
}

// Progress is how far a search has come.
type Progress struct {
	Calls, Records int
	Regions, Done  int
	Disabled       []string // regions that the account has not enabled
	Failed         []string // regions whose history broke off
	Unread, Twice  int      // events that were no record; events that came a second time
	Reached        time.Time
}

// RegionError is the end of one region's history, or one event of it that is
// no record; the others go on.
type RegionError struct {
	Region string
	Event  string // its ID; empty for the end of the history
	Err    error
}

func (e *RegionError) Error() string {
	if e.Event != "" {
		return fmt.Sprintf("event history of %s: event %q: %s", e.Region, e.Event, e.Err)
	}
	return fmt.Sprintf("event history of %s: %s", e.Region, e.Err)
}

func (e *RegionError) Unwrap() error { return e.Err }

// item is a record with its time, or an error.
type item struct {
	record logs.Record
	at     time.Time
	err    error
}

// Records yields the records, newest first. An error is about one region or
// one event, and the others follow; the records of a region that is not
// enabled are none, and no error unless that holds for every region.
func (s *Search) Records(ctx context.Context) iter.Seq2[logs.Record, error] {
	return func(yield func(logs.Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		s.state = Progress{Regions: len(s.Regions)}
		streams := make([]<-chan item, len(s.Regions))
		for i, region := range s.Regions {
			// A page is asked for while the one before is merged.
			found := make(chan item, 2*pageSize)
			streams[i] = found
			running.Go(func() {
				defer close(found)
				s.region(ctx, region, found)
			})
		}
		seen := newWindow()
		for it := range merge(streams) {
			switch {
			case it.err == nil && seen.twice(it.record.ID()):
				s.count(func(p *Progress) { p.Twice++ })
				continue
			case !yield(it.record, it.err):
				return
			}
		}
		if p := s.State(); len(p.Disabled) > 0 && len(p.Disabled) == len(s.Regions) && ctx.Err() == nil {
			yield(logs.Record{}, &NowhereError{p.Disabled})
		}
	}
}

// NowhereError says that every region that was asked has refused the
// credentials. The answer is the same for credentials that are wrong, and for
// a region that the account has not enabled.
type NowhereError struct{ Regions []string }

func (e *NowhereError) Error() string {
	if len(e.Regions) == 1 {
		return "region " + e.Regions[0] + " does not accept these credentials"
	}
	return fmt.Sprintf("none of %d regions accepts these credentials", len(e.Regions))
}

// State is how far the search has come.
func (s *Search) State() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.state
	p.Disabled, p.Failed = slices.Clone(p.Disabled), slices.Clone(p.Failed)
	slices.Sort(p.Disabled)
	slices.Sort(p.Failed)
	return p
}

func (s *Search) count(change func(*Progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
	if s.Progress != nil {
		s.Progress(s.state)
	}
}

// notEnabled tells the answers of a region that the account has not enabled.
func notEnabled(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{
		"UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired", "AuthFailure",
	}, api.ErrorCode())
}
