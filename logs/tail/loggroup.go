package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/internal/awserr"
)

// LogGroup is a log group to follow.
type LogGroup struct {
	ARN    string // with or without :* at its end
	Events EventFilterer
	// Mine tells whether the group is of the caller's own account. It is asked
	// where the group is not found by its ARN, and may then be by its name; nil
	// leaves it at the ARN.
	Mine func(context.Context) bool
	// Live starts Live Tail sessions; nil searches the group again and again
	// instead.
	Live Live
	// Start is when the following begins. Nothing that came before is handed
	// over, but records of calls since Since, if that is not zero. Where the
	// answers of Events tell another time, theirs is right.
	Start, Since time.Time
	// Interval is the time between two searches; 0 means DefaultSearch.
	Interval time.Duration
}

// DefaultSearch is the time between two searches of a log group, of which an
// account has five a second at the least quota.
const DefaultSearch = 5 * time.Second

// LogGroup follows a log group until ctx ends, whose cause it returns, or
// until the handler returns an error. It fails when the group cannot be read
// from the beginning.
//
// Live Tail begins at once. Beside it the group is searched for what came
// before the first session, and for the records since Since. Live Tail leaves
// events out when there are too many at once, or when the connection breaks;
// they are searched for, too. Where it is refused, the group is searched all
// the time.
func (f *Follower) LogGroup(ctx context.Context, g LogGroup) error {
	if g.Interval == 0 {
		g.Interval = DefaultSearch
	}
	begun := time.Now()
	arn := strings.TrimSuffix(g.ARN, ":*")
	s := &searcher{f: f, client: g.Events, group: arn, mine: g.Mine, start: g.Start, since: g.Since}
	searching := &trouble{f: f, what: "searching the log group " + arn}
	unread := searching.do(ctx, func() error { return s.probe(ctx, begun) })
	if unread != nil && (g.Live == nil || !permanent(unread)) {
		return ended(ctx, unread)
	}
	if g.Live != nil {
		if unread != nil {
			f.tell(Notice{What: "the log group cannot be searched: records that Live Tail leaves out are lost", Err: unread})
			searching = nil
		}
		err := f.watch(ctx, s, searching, g)
		var no refused
		if !errors.As(err, &no) || unread != nil {
			return ended(ctx, err)
		}
		f.tell(instead(no, g.Interval))
	}
	return ended(ctx, searchForever(ctx, s, searching, g.Interval))
}

// instead tells what is done where there is no Live Tail.
func instead(no refused, interval time.Duration) Notice {
	if _, lacked := awserr.Lacked(no); lacked || awserr.WebPage(no) {
		return Notice{What: fmt.Sprintf("no Live Tail here: the log group is searched every %s", interval)}
	}
	return Notice{What: fmt.Sprintf("Live Tail is refused: the log group is searched every %s", interval), Err: no.error}
}

// watch follows by Live Tail, and searches for what it leaves out unless
// searching is nil.
func (f *Follower) watch(ctx context.Context, s *searcher, searching *trouble, g LogGroup) error {
	gaps := make(chan struct{}, 1)
	both, ctx := errgroup.WithContext(ctx)
	if searching != nil {
		both.Go(func() error { return fillGaps(ctx, s, searching, gaps, g.Interval) })
	}
	both.Go(func() error {
		l := &liveTail{f: f, live: g.Live, searcher: s, gaps: gaps}
		return l.run(ctx)
	})
	return both.Wait()
}

// searchForever searches at intervals. A search takes at most a fifth of the
// time, so that others have a share of the account's quota.
func searchForever(ctx context.Context, s *searcher, t *trouble, interval time.Duration) error {
	for ctx.Err() == nil {
		began := time.Now()
		if err := t.do(ctx, func() error { return s.pass(ctx) }); err != nil {
			return err
		}
		pause(ctx, max(interval, 4*time.Since(began)))
	}
	return context.Cause(ctx)
}

// fillGaps searches whenever Live Tail has left something out: at once, and
// again when everything that came can be found, which takes some seconds. What
// of the past is wanted is searched for first.
func fillGaps(ctx context.Context, s *searcher, t *trouble, gaps <-chan struct{}, interval time.Duration) error {
	if !s.since.IsZero() {
		if err := t.do(ctx, func() error { return s.pass(ctx) }); err != nil {
			return err
		}
	}
	for {
		select {
		case <-gaps:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for range 2 {
			if err := t.do(ctx, func() error { return s.pass(ctx) }); err != nil {
				return err
			}
			pause(ctx, 2*interval)
		}
	}
}
