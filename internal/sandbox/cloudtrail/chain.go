package cloudtrail

import (
	"encoding/json"
	"slices"
	"time"
)

// maxPending bounds the events that wait for a delivery that keeps failing,
// per trail and region. The oldest go first (assumption A9).
const maxPending = 200_000

// chain is what one trail delivers from one region of one account: events that wait for the
// next log file, and the chain of digest files. The exported fields are what
// the state file keeps.
type chain struct {
	Account string // empty for the trail's own
	// Organization is the id below which the files lie: the trail's, or the one
	// that it had when it last covered the chain.
	Organization string
	Region       string
	On           bool // events are taken
	Pending      []pendingEvent
	Logged       int       // how many of them, from the first, the log group has had
	LogDoubt     int       // how many, from the first, it may have had: nobody answered whether it took the last
	Dropped      int       // events lost to maxPending
	NextLog      time.Time // when the next log file is due; zero without pending events
	Digest       *period   // nil while no digest files are made
	Head         *head     // the newest digest file of the chain; nil begins a new chain
	LastEnd      time.Time // end of the newest digest file, of this or an earlier chain
	Final        bool      // the current period ends the chain
	Ending       ending    // what ends once the call that ends it is recorded
	Ended        ending    // what the next delivery has to end
	EndedAt      time.Time // since when
	Backfill     backfill
	Doubt        *doubt // the next log file, when that is in doubt
	Status       status
}

// chainName is a chain's name in its trail: its region, for other accounts than
// the trail's own with the account before it.
func (t *trail) chainName(account, region string) string {
	if account == t.Account {
		return region
	}
	return account + " " + region
}

// account is the one whose events the chain holds.
func (c *chain) account(t *trail) string {
	if c.Account == "" {
		return t.Account
	}
	return c.Account
}

// pendingEvent is an event that waits for its log file.
type pendingEvent struct {
	Time time.Time
	JSON json.RawMessage
}

// period is the time that the next digest file covers, and the log files
// that were delivered in it so far.
type period struct {
	Start, Due time.Time // whole seconds
	Files      []logFileEntry
	Sealed     *sealed // its digest file, when that is in doubt
}

// clone copies what deliveries change.
func (p *period) clone() *period {
	if p == nil {
		return nil
	}
	q := *p
	q.Files = slices.Clip(q.Files)
	return &q
}

// head is what the next digest file says about the one before it.
type head struct {
	Bucket, Key     string
	Hash, Signature string
}

// status is what GetTrailStatus says about the deliveries of one chain. The
// errors are S3's, SNS's and CloudWatch Logs' own codes, of the newest attempt
// (assumption A19).
type status struct {
	Delivered, Attempted    time.Time
	Error                   string
	Digested, DigestAttempt time.Time
	DigestError             string
	Notified, NotifyAttempt time.Time
	NotifyError             string
	Logged                  time.Time // events were written to the log group
	LogError                string
}

// ending says what of a chain is to end once the call that ends it has been
// recorded.
type ending int

const (
	goesOn     ending = iota
	endDigests        // no more digest files
	endAll            // no more log files either
)

// begin opens the first period of a new chain of digest files, which begins
// there and then (assumption A5). A chain whose last file could not be
// delivered yet goes on instead.
func (c *chain) begin(at time.Time, interval time.Duration) {
	if c.Digest != nil {
		c.Final = false
		c.Digest.Due = at.Truncate(time.Second).Add(interval)
		return
	}
	start := at.Truncate(time.Second)
	if start.Before(c.LastEnd) {
		start = c.LastEnd
	}
	c.Digest = &period{Start: start, Due: start.Add(interval)}
	c.Head, c.Final = nil, false
}

// end closes what ends, and tells whether anything does.
func (c *chain) end(at time.Time) bool {
	if c.Ending == goesOn {
		return false
	}
	if c.Ended == goesOn {
		c.EndedAt = at
	}
	c.Ended, c.Ending = max(c.Ended, c.Ending), goesOn
	return true
}

// ends tells whether a last delivery is to come.
func (t *trail) ends() bool {
	for _, c := range t.Chains {
		if c.Ending != goesOn || c.Ended != goesOn {
			return true
		}
	}
	return false
}

// goOn takes back what ends: a trail logs again before it was delivered.
func (c *chain) goOn() { c.Ending, c.Ended = goesOn, goesOn }

// settle makes due what has ended, and tells whether anything has.
func (c *chain) settle(at time.Time) bool {
	if c.Ended == goesOn {
		return false
	}
	if c.Ended == endAll && len(c.Pending) > 0 {
		c.NextLog = at
	}
	if c.Ended == endAll {
		c.Backfill.Due = time.Time{}
	}
	if c.Digest != nil {
		c.Final, c.Digest.Due = true, at
	}
	c.Ended = goesOn
	return true
}

// add puts an event into the queue for the next log file.
func (c *chain) add(e Event, interval time.Duration) {
	if len(c.Pending) >= maxPending {
		c.drop(1)
		c.Dropped++
		c.Doubt = nil
	}
	c.Pending = append(c.Pending, pendingEvent{Time: e.Time, JSON: e.JSON})
	if c.NextLog.IsZero() {
		c.NextLog = nextTick(e.Time, interval)
	}
}

// drop takes the first n events out of the queue.
func (c *chain) drop(n int) {
	c.Pending = c.Pending[n:]
	c.Logged, c.LogDoubt = max(c.Logged-n, 0), max(c.LogDoubt-n, 0)
	c.Backfill.drop(n)
}

// list notes a log file that was delivered for the digest file that is to list
// it: one of a backfill where its events are late, otherwise that of the
// current period. CloudTrail makes no digest file of what it delivers while
// validation is off (API reference, UpdateTrail).
func (c *chain) list(f logFileEntry, events int, validation bool) {
	switch {
	case c.Backfill.take(f, events, validation || c.Digest != nil):
	case c.Digest != nil:
		c.Digest.Files = append(c.Digest.Files, f)
	}
}

// due is when the next file of the chain is due; false when none is.
func (c *chain) due() (at time.Time, found bool) {
	sooner := func(t time.Time, is bool) {
		if is && (!found || t.Before(at)) {
			at, found = t, true
		}
	}
	sooner(c.EndedAt, c.Ended != goesOn)
	sooner(c.NextLog, !c.NextLog.IsZero())
	sooner(c.Backfill.Due, c.Backfill.ready())
	if c.Digest != nil {
		sooner(c.Digest.Due, true)
	}
	return at, found
}
