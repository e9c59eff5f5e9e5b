package trail

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What Wait can fail with.
var (
	// ErrNotYet says that nothing came in time.
	ErrNotYet = errors.New("nothing came in time")
	// ErrNever says that waiting is of no use: the trail delivers no such
	// thing as it is set up.
	ErrNever = errors.New("waiting is of no use")
)

// Awaited is what is waited for.
type Awaited string

// What can be waited for.
const (
	LogFile    Awaited = "delivery"
	DigestFile Awaited = "digest"
)

// of is when the last one came.
func (a Awaited) of(s Status) time.Time {
	if a == DigestFile {
		return s.Digest
	}
	return s.Delivery
}

// Wait says what to wait for and how.
type Wait struct {
	For Awaited
	// After is the time that it must come after. Zero is for the latest one
	// that there is at the first look: so the clock that it is compared with is
	// CloudTrail's own.
	After    time.Time
	Timeout  time.Duration // 0: look once
	Interval time.Duration // between two looks; CloudTrail takes ten a second
	// Sleep waits, or ends early with the context's error; nil for Sleep.
	Sleep func(context.Context, time.Duration) error
	// Observe hears of every look that was in vain, and how long the waiting
	// has been; nil for nobody.
	Observe func(s Status, waited time.Duration)
}

// Waited is what came of waiting.
type Waited struct {
	Status Status
	After  time.Time // what it had to come after; zero when there was none
	Came   time.Time // when it came; zero when it did not
	Length time.Duration
}

// Until waits until the trail has delivered in its home region. It fails with
// ErrNotYet, with ErrNever, with AWS's error, or with the context's.
func (w Wait) Until(ctx context.Context, client StatusReader, t Trail) (Waited, error) {
	sleep := w.Sleep
	if sleep == nil {
		sleep = Sleep
	}
	out := Waited{After: w.After}
	for begun := !w.After.IsZero(); ; begun = true {
		var err error
		if out.Status, err = ReadStatus(ctx, client, t); err != nil {
			return out, err
		}
		switch at := w.For.of(out.Status); {
		case !begun:
			out.After = at
		case at.After(out.After):
			out.Came = at
			return out, nil
		}
		if err := w.hopeless(out.Status); err != nil {
			return out, err
		}
		left := w.Timeout - out.Length
		if left <= 0 {
			return out, fmt.Errorf("trail %s in %s: %w: no %s%s", t.Name, t.HomeRegion, ErrNotYet, w.For, since(out.After))
		}
		if w.Observe != nil {
			w.Observe(out.Status, out.Length)
		}
		pause := min(w.Interval, left)
		if err := sleep(ctx, pause); err != nil {
			return out, err
		}
		// Counted and not measured: the clock may be one that stands still.
		out.Length += pause
	}
}

func since(at time.Time) string {
	if at.IsZero() {
		return " yet"
	}
	return " after " + at.UTC().Format(time.RFC3339)
}

// hopeless tells why nothing will ever come.
func (w Wait) hopeless(s Status) error {
	switch {
	case !s.Logging:
		return fmt.Errorf("trail %s in %s: %w: logging is switched off", s.Trail.Name, s.Trail.HomeRegion, ErrNever)
	case w.For == DigestFile && !s.Trail.LogFileValidation:
		return fmt.Errorf("trail %s in %s: %w: log file validation is switched off, so there are no digest files", s.Trail.Name, s.Trail.HomeRegion, ErrNever)
	}
	return nil
}
