package cloudtrail

import (
	"slices"
	"strings"
	"time"
)

// backfill is what a chain owes to periods whose digest files went out without
// all of their log files: the bucket had refused those. AWS documents that
// backfill digest files list log files that the original digest file could not
// reference (CloudTrail user guide, "CloudTrail digest file structure"), that
// they form a chain of their own and are signed when they are made (the same,
// and "Validating CloudTrail log file integrity with the AWS CLI"). That a log
// file refused by the bucket is such a one, and that there is one backfill
// digest file for each period, made when the last of its log files has come,
// is a guess (assumption A10).
type backfill struct {
	Refused int          // how many of the chain's pending events, from the first, the bucket has refused
	Periods []latePeriod // oldest first
	Due     time.Time    // when a backfill digest file that was refused is tried again
	Head    *head        // the newest backfill digest file; nil before the first
}

// latePeriod is a period that a digest file has closed although log files of
// it had not come yet.
type latePeriod struct {
	Start, End time.Time
	Events     int // pending ones, which follow on those of earlier periods
	Files      []logFileEntry
}

// metaGenerated is the metadata by which validators find the key of a backfill
// digest file: its end lies long before it was signed.
const metaGenerated = "backfill-generation-timestamp"

// owe notes that the digest file of a period went out without those of the
// refused events that no earlier period has missed.
func (b *backfill) owe(start, end time.Time) {
	events := b.Refused
	for _, p := range b.Periods {
		events -= p.Events
	}
	if events > 0 {
		b.Periods = append(b.Periods, latePeriod{Start: start, End: end, Events: events})
	}
}

// late is the first period that still waits for events.
func (b *backfill) late() *latePeriod {
	for i := range b.Periods {
		if b.Periods[i].Events > 0 {
			return &b.Periods[i]
		}
	}
	return nil
}

// together is how many of the pending events, from the first, may share log
// files: those of one late period, or all when none is late.
func (b *backfill) together(pending int) int {
	if p := b.late(); p != nil {
		return min(p.Events, pending)
	}
	return pending
}

// take notes a log file that was delivered and tells whether its events were
// late. Without listed it is delivered, but is to stand in no digest file.
func (b *backfill) take(f logFileEntry, events int, listed bool) bool {
	p := b.late()
	if p != nil && listed {
		p.Files = append(p.Files, f)
	}
	b.drop(events)
	return p != nil
}

// drop takes the first n pending events out of account. Periods of which
// nothing has come and nothing will are forgotten.
func (b *backfill) drop(n int) {
	b.Refused = max(b.Refused-n, 0)
	for p := b.late(); p != nil && n > 0; p = b.late() {
		taken := min(p.Events, n)
		p.Events, n = p.Events-taken, n-taken
	}
	b.Periods = slices.DeleteFunc(b.Periods, func(p latePeriod) bool { return p.Events == 0 && len(p.Files) == 0 })
}

// ready tells whether all log files of the oldest period have come.
func (b *backfill) ready() bool { return len(b.Periods) > 0 && b.Periods[0].Events == 0 }

// due tells whether a backfill digest file is to be made at a time.
func (b *backfill) due(at time.Time) bool { return b.ready() && !b.Due.After(at) }

// clone copies everything that deliveries change.
func (b backfill) clone() backfill {
	b.Periods = slices.Clone(b.Periods)
	for i := range b.Periods {
		b.Periods[i].Files = slices.Clip(b.Periods[i].Files)
	}
	return b
}

// deliverBackfill puts the backfill digest files that are due into the bucket,
// the oldest period first.
func (s *Service) deliverBackfill(j *job, at time.Time) error {
	b := &j.work.Backfill
	for b.due(at) {
		p := b.Periods[0]
		u := unsigned{key: j.trail.backfillKey(&j.work, p.End), start: p.Start, end: p.End, files: p.Files, before: b.Head}
		newest, err := s.putDigest(j, u, at, at, map[string]string{metaGenerated: stamp(at)})
		if err != nil {
			return err
		}
		if newest == nil {
			b.Due = at.Add(j.nextDigest)
			return nil
		}
		b.Head, b.Periods, b.Due = newest, b.Periods[1:], time.Time{}
		s.keep(j)
	}
	return nil
}

// backfillKey is the name of the digest file of the same period, marked.
func (t *trail) backfillKey(c *chain, end time.Time) string {
	return strings.TrimSuffix(t.digestKey(c, end), ".json.gz") + "_backfill.json.gz"
}
