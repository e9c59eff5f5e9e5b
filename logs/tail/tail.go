// Package tail follows the records of a trail as they come, in one of three
// ways: from its log group in CloudWatch Logs, from an SQS queue that is told
// of delivered log files, or by looking into its bucket again and again. Each
// record is handed over once, in the order of arrival. What goes wrong on the
// way is told once, and tried again for as long as it takes. The package
// prints nothing and knows nothing of how records are shown.
package tail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"trailctl/logs"
)

// Chooser says which records are wanted. It is asked by several goroutines at
// once. logs/filter has one.
type Chooser interface {
	// Absent tells that no record in the bytes of a file can be wanted.
	Absent(data []byte) bool
	Match(r *logs.Record) bool
}

// Handler takes what comes. It is called by one goroutine at a time.
type Handler interface {
	// Take is handed what came at once. An error ends the following.
	Take(b *Batch) error
	// Tell is told what a person should know.
	Tell(n Notice)
}

// Batch is what came at once: the content of a log file, or log events.
type Batch struct {
	File    string        // the URI of the log file; empty for log events
	Met     int           // records that came, whether they are wanted or not
	Records []logs.Record // the wanted ones that were not handed over before, to be used until Take returns
	Err     error         // why the file cannot be read, or only a part of it
}

// Kind says what a notice is about.
type Kind int

// The kinds of notices. Trouble goes on, and what was tried is tried again,
// until a notice says that it is over.
const (
	Remark Kind = iota
	Trouble
	Over
)

// Notice is something that a person should know.
type Notice struct {
	Kind   Kind
	What   string        // the remark, or what was tried: "reading ..."
	Err    error         // what is wrong, also the reason for a remark
	Lasted time.Duration // how long the trouble did that is over
}

// Follower follows in one way at a time. The zero value hands over nothing:
// Handler has to be set.
type Follower struct {
	Handler Handler
	Chooser Chooser // nil: every record is wanted
	// Renew, when set, is called when AWS says that the credentials have
	// expired, so that the next call reads them anew.
	Renew func()
	// FirstWait and LongestWait are the times between one try of something
	// that fails and the next, which grow from one to the other; 0 means a
	// second and half a minute.
	FirstWait, LongestWait time.Duration

	handling sync.Mutex // one call of the handler at a time
	mu       sync.Mutex
	seen     recent
}

// stopped wraps the error with which the handler ended the following.
type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }

// fresh keeps of records those that were not met before, and remembers them.
func (f *Follower) fresh(records []logs.Record) []logs.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(records, func(r logs.Record) bool { return !f.seen.add(recordKey(&r)) })
}

// take hands a batch over.
func (f *Follower) take(b *Batch) error {
	f.handling.Lock()
	defer f.handling.Unlock()
	if err := f.Handler.Take(b); err != nil {
		return stopped{err}
	}
	return nil
}

func (f *Follower) wants(r *logs.Record) bool { return f.Chooser == nil || f.Chooser.Match(r) }

func (f *Follower) tell(n Notice) {
	f.handling.Lock()
	defer f.handling.Unlock()
	f.Handler.Tell(n)
}

func (f *Follower) note(format string, args ...any) {
	f.tell(Notice{Kind: Remark, What: fmt.Sprintf(format, args...)})
}

// ended is the error with which a following ends: the handler's own, or the
// reason for which the context ended.
func ended(ctx context.Context, err error) error {
	var s stopped
	switch {
	case errors.As(err, &s):
		return s.error
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// pause waits, shorter when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
