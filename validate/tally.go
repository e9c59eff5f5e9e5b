package validate

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// tally collects what is found of one chain.
type tally struct {
	id chainID

	mu       sync.Mutex
	digests  Counts
	logFiles Counts
	bytes    int64
	earlier  int     // of logFiles, proved in an earlier run
	unlisted int     // log files that no digest file lists
	covered  []Range // unsorted, whole
	mergeAt  int     // how many of them are merged
	left     int     // log files of valid digest files that were not looked at yet
	first    time.Time
	findings []Finding
}

func (c *check) newTally(id chainID) *tally {
	t := &tally{id: id}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tallies = append(c.tallies, t)
	return t
}

// shorten bounds what a server's words may take up.
func shorten(s string) string {
	const most = 800
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// find notes a finding and returns its number.
func (t *tally) find(f Finding, at time.Time) int {
	f.Message, f.Detail = shorten(f.Message), shorten(f.Detail)
	f.Account, f.Region, f.Trail, f.Backfill, f.at = t.id.Account, t.id.Region, t.id.Trail, t.id.Backfill, at
	t.mu.Lock()
	defer t.mu.Unlock()
	t.findings = append(t.findings, f)
	return len(t.findings) - 1
}

// amend changes a finding.
func (t *tally) amend(number int, change func(*Finding)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.findings[number])
}

func (t *tally) digest(s Status, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.digests.add(s, n)
}

func (t *tally) logFile(s Status, n int, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.logFiles.add(s, n)
	t.bytes += bytes
}

// before counts a log file that was proved in an earlier run.
func (t *tally) before(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.logFiles.Valid++
	t.earlier++
	t.bytes += bytes
}

func (t *tally) foundUnlisted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unlisted++
}

// met notes the time of a digest file, valid or not; cover that it is valid.
func (t *tally) met(start time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first.IsZero() || start.Before(t.first) {
		t.first = start
	}
}

func (t *tally) cover(r Range) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Digest files come mostly in order: keep one range a run of them.
	if n := len(t.covered); n > 0 && t.covered[n-1].End.Equal(r.Start) {
		t.covered[n-1].End = r.End
		return
	}
	if t.covered = append(t.covered, r); len(t.covered) > t.mergeAt {
		t.covered = merge(t.covered)
		t.mergeAt = 64 + 2*len(t.covered)
	}
}

// batch is the log files that one valid digest file lists.
type batch struct {
	tally *tally
	end   time.Time // of the digest file, by its name
	span  Range
	left  int // that were not looked at yet; guarded by the tally's mu
}

// begin notes what a valid digest file lists. Its time is covered when all that
// has been looked at, whatever came of it: a run may be interrupted before.
func (t *tally) begin(d *digestFile) *batch {
	b := &batch{tally: t, end: d.end, span: Range{Start: d.doc.Start, End: d.doc.End}, left: d.doc.listed}
	if b.left == 0 {
		t.cover(b.span)
		return b
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left += b.left
	return b
}

// done says that so many log files need not be looked at any more.
func (b *batch) done(n int) {
	b.tally.mu.Lock()
	b.left -= n
	b.tally.left -= n
	whole := b.left == 0 && n > 0
	b.tally.mu.Unlock()
	if whole {
		b.tally.cover(b.span)
	}
}

// finish makes the chain's part of the report. No one else writes any more. Log
// files that an interrupted run did not look at could not be checked by it.
func (t *tally) finish(asked Range) Chain {
	t.logFiles.Unchecked += t.left
	t.left = 0
	ch := Chain{
		Account: t.id.Account, Org: t.id.Org, Region: t.id.Region, Trail: t.id.Trail, HomeRegion: t.id.Home, Backfill: t.id.Backfill,
		Digests: t.digests, LogFiles: t.logFiles, Bytes: t.bytes,
		Covered: clip(merge(t.covered), asked),
	}
	whole := asked
	if whole.Start.IsZero() {
		whole.Start = t.first
	}
	if !t.id.Backfill && !whole.Start.IsZero() {
		ch.Uncovered = complement(ch.Covered, whole)
	}
	ch.Verdict = verdict(t.findings, t.digests.Total()+t.digests.Unproven, false)
	return ch
}

// merge sorts ranges and joins those that touch.
func merge(list []Range) []Range {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Range) int { return a.Start.Compare(b.Start) })
	merged := []Range{}
	for _, r := range list {
		n := len(merged)
		if n > 0 && !r.Start.After(merged[n-1].End) {
			if r.End.After(merged[n-1].End) {
				merged[n-1].End = r.End
			}
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// clip cuts ranges to a window whose Start may be zero.
func clip(list []Range, w Range) []Range {
	cut := []Range{}
	for _, r := range list {
		if r.Start.Before(w.Start) {
			r.Start = w.Start
		}
		if r.End.After(w.End) {
			r.End = w.End
		}
		if r.Start.Before(r.End) {
			cut = append(cut, r)
		}
	}
	return cut
}

// complement is what sorted ranges leave of a window.
func complement(list []Range, w Range) []Range {
	var rest []Range
	at := w.Start
	for _, r := range list {
		if at.Before(r.Start) {
			rest = append(rest, Range{Start: at, End: r.Start})
		}
		at = r.End
	}
	if at.Before(w.End) {
		rest = append(rest, Range{Start: at, End: w.End})
	}
	return rest
}
