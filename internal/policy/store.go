package policy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// What changing a policy can fail with.
var (
	ErrTooLarge = errors.New("the policy would be larger than AWS allows")
	ErrContest  = errors.New("somebody else keeps changing the policy")
)

// Change is a policy before and after, both as JSON; Before is "" when there
// was none, and After is "" when no statement is left in it.
type Change struct {
	Before, After string
	Changed       bool
	Notes         []string
	Denies        []string // Deny statements, any of which may win over what is allowed
}

// Merge puts grants into a policy text, leaving everything else as it is.
func Merge(before string, grants []Grant) (Change, error) {
	d, err := Parse(before)
	if err != nil {
		return Change{}, err
	}
	c := Change{Before: before, Denies: d.DenySids()}
	for _, g := range grants {
		out := d.Allow(g)
		c.Changed = c.Changed || out.How != Present
		c.Notes = append(c.Notes, out.Note...)
	}
	c.After = d.String()
	return c, nil
}

// Without takes grants out of a policy text that Merge put in; see
// Document.Revoke for what stays.
func Without(before string, grants []Grant) (Change, error) {
	d, err := Parse(before)
	if err != nil {
		return Change{}, err
	}
	c := Change{Before: before, Denies: d.DenySids()}
	for _, g := range grants {
		changed, notes := d.Revoke(g)
		c.Changed = c.Changed || changed
		c.Notes = append(c.Notes, notes...)
	}
	c.After = d.String()
	if c.Changed && d.Empty() {
		c.After = ""
	}
	return c, nil
}

// Within fails with ErrTooLarge when a change makes a policy of more than max
// bytes; 0 is no limit. A policy that is too large and not changed is not
// ours to judge.
func (c Change) Within(max int) error {
	if max > 0 && c.Changed && len(c.After) > max {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(c.After), max)
	}
	return nil
}

// Store is where a policy that others write, too, is kept. AWS has no lock for
// it and takes whole policies only. What somebody else writes between our read
// and our write is therefore lost, and nothing tells us or them; that time is
// one round trip, and more only when the SDK has to send the write again. What
// they write before our read stays, and what they write over ours before it is
// read back is merged with it.
type Store struct {
	Name string // "the policy of bucket logs": for messages
	// Read gives the policy's text, "" when there is none.
	Read func(context.Context) (string, error)
	// Write replaces the policy. It gets "" when no statement is left.
	Write func(ctx context.Context, text string) error
	Max   int // bytes that AWS allows; 0 for no limit
}

// How long a written policy may take to be read back, and how often a write
// is tried again when somebody else's version stands there after it.
const (
	readBackAttempts = 6
	readBackWait     = 200 * time.Millisecond // doubles with each attempt
	storeAttempts    = 5
	contestWait      = 500 * time.Millisecond // at most; doubles with each attempt
)

// Jitter is a time by chance to wait before writing again when somebody else's
// version stood there after the write: two that write at the same moment must
// not do so again. It is up to half a second after the first attempt (0), and
// up to twice as much after each further one.
func Jitter(attempt int) time.Duration {
	return time.Duration(rand.Int64N(int64(contestWait << min(attempt, 4))))
}

// Sleep waits, or ends early with the context's error.
type Sleep func(context.Context, time.Duration) error

// Allow writes grants into the policy. It is read right before the write,
// the grants are merged into what stands there by then, and it is read back
// after: when another writer's version has taken the place of ours, the
// grants are merged into that one, after a short wait. Nothing is written when
// nothing changes. A version that is lost all the same: see Store.
func (s Store) Allow(ctx context.Context, grants []Grant, sleep Sleep) (Change, error) {
	return s.change(ctx, func(before string) (Change, error) { return Merge(before, grants) }, sleep)
}

// Revoke takes grants back in the same way.
func (s Store) Revoke(ctx context.Context, grants []Grant, sleep Sleep) (Change, error) {
	return s.change(ctx, func(before string) (Change, error) { return Without(before, grants) }, sleep)
}

type edit func(before string) (Change, error)

func (s Store) change(ctx context.Context, edit edit, sleep Sleep) (Change, error) {
	var first *Change
	for attempt := range storeAttempts {
		if attempt > 0 {
			if err := sleep(ctx, Jitter(attempt-1)); err != nil {
				return Change{}, err
			}
		}
		change, err := s.readAnd(ctx, edit) // nothing slow may come between this and the write
		if err != nil {
			return Change{}, err
		}
		if first == nil {
			first = &change
		}
		if !change.Changed {
			change.Before, change.Changed = first.Before, first.Changed
			return change, nil
		}
		if err := change.Within(s.Max); err != nil {
			return Change{}, fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := s.Write(ctx, change.After); err != nil {
			return Change{}, err
		}
		done, err := s.readBack(ctx, edit, change, sleep)
		if err != nil {
			return Change{}, err
		}
		if done {
			change.Before = first.Before
			return change, nil
		}
	}
	return Change{}, fmt.Errorf("%s: %w: it was written %d times, and each time something else stood there afterwards",
		s.Name, ErrContest, storeAttempts)
}

func (s Store) readAnd(ctx context.Context, edit edit) (Change, error) {
	text, err := s.Read(ctx)
	if err != nil {
		return Change{}, err
	}
	change, err := edit(text)
	if err != nil {
		return Change{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	return change, nil
}

// readBack tells whether what was written stands there. AWS may go on showing
// the old policy for a moment, which is not yet a reason to write again.
func (s Store) readBack(ctx context.Context, edit edit, written Change, sleep Sleep) (bool, error) {
	old, err := Parse(written.Before)
	if err != nil {
		return false, err
	}
	for i := range readBackAttempts {
		if i > 0 {
			if err := sleep(ctx, readBackWait<<(i-1)); err != nil {
				return false, err
			}
		}
		now, err := s.readAnd(ctx, edit)
		switch {
		case err != nil:
			return false, err
		case !now.Changed:
			return true, nil
		}
		doc, err := Parse(now.Before)
		if err != nil {
			return false, err
		}
		if !Same(doc, old) {
			return false, nil // a third version: someone else's
		}
	}
	return false, nil
}
