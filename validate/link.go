package validate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
)

// link checks what lies between two neighbours of a chain; prev is nil at the
// beginning of what was found.
func (w *walker) link(ctx context.Context, prev, cur *digestFile, tried []location) {
	switch {
	case cur.status != Valid && (cur.status != Unproven || cur.doc.Previous == nil):
		w.guess(ctx, prev, cur)
	case cur.doc.Previous == nil:
		w.begins(ctx, prev, cur)
	case prev != nil && w.names(cur.doc.Previous, prev):
		w.compare(prev, cur)
	default:
		w.follow(ctx, prev, cur, tried)
	}
}

// until is up to where the chain is known before a gap: the end of the one
// before it, or the start of the range, which may be zero.
func (w *walker) until(prev *digestFile) time.Time {
	if prev == nil || prev.end.Before(w.Start) {
		return w.Start
	}
	return prev.end
}

// gap is the part of the range between two neighbours; false when there is
// none.
func (w *walker) gap(prev *digestFile, end time.Time) (Range, bool) {
	r := Range{Start: w.until(prev), End: end}
	if r.End.After(w.End) {
		r.End = w.End
	}
	return r, r.Start.Before(r.End)
}

// compare checks the two values by which a digest file vouches for the one
// before it.
func (w *walker) compare(prev, cur *digestFile) {
	if prev.status != Valid {
		return
	}
	l := cur.doc.Previous
	var wrong []string
	switch {
	case l.Algorithm != hashAlgorithm:
		wrong = append(wrong, fmt.Sprintf("hash algorithm %q is not supported", l.Algorithm))
	case !strings.EqualFold(l.Hash, prev.hash):
		wrong = append(wrong, "hash value doesn't match")
	}
	if s := prev.meta[metaSignature]; s != "" && !strings.EqualFold(s, l.Signature) {
		wrong = append(wrong, "signature doesn't match")
	}
	if len(wrong) > 0 {
		w.breakLink(cur, strings.Join(wrong, ", "), prev.uri)
	}
}

func (w *walker) breakLink(cur *digestFile, what, detail string) {
	cur.broken = true
	cur.find(SeverityInvalid, CodeBrokenLink, "INVALID: broken link to the previous digest file: "+what, detail)
}

// follow goes where a link leads that leads to no known neighbour.
func (w *walker) follow(ctx context.Context, prev, cur *digestFile, tried []location) {
	l := cur.doc.Previous
	k, ok := bucket.ParseKey(l.Key)
	at := location{bucket: l.Bucket, chainID: chainID{Base: k.Base, Region: k.Region, Trail: k.Trail, Home: k.Home, Backfill: k.Kind == bucket.BackfillDigest}}
	if w.Copy {
		at.bucket, at.Prefix = cur.at.bucket, cur.at.Prefix
	}
	switch {
	case !ok || (k.Kind != bucket.Digest && k.Kind != bucket.BackfillDigest) || !at.sameChain(cur.at) || !k.Time.Before(cur.end):
		w.breakLink(cur, "it names something else", bucket.URI(l.Bucket, l.Key))
		return
	case prev != nil && !k.Time.After(prev.end):
		w.breakLink(cur, "it names another than the one that is there", bucket.URI(l.Bucket, l.Key))
		return
	case prev == nil && !k.Time.After(w.Start):
		return // the one before lies before the range
	}
	if !slices.Contains(tried, at) {
		w.elsewhere(ctx, prev, cur, at, k.Time, tried)
		return
	}
	d := w.load(ctx, at, k.Time)
	if ctx.Err() != nil {
		return
	}
	if missing(d.err) {
		w.absent(ctx, prev, cur, d)
		return
	}
	// The listing did not show it, but it is there.
	w.judge(ctx, d, cur)
	w.link(ctx, prev, d, tried)
	w.account(ctx, d)
	w.link(ctx, d, cur, tried)
}

// sameChain tells whether two locations are parts of one chain: the bucket,
// the prefix and the organization may change.
func (l location) sameChain(o location) bool {
	return l.Account == o.Account && l.Region == o.Region && l.Trail == o.Trail && l.Home == o.Home && l.Backfill == o.Backfill
}

// elsewhere walks the part of the chain that lies in another bucket or under
// another prefix.
func (w *walker) elsewhere(ctx context.Context, prev, cur *digestFile, at location, end time.Time, tried []location) {
	u := &unit{Base: at.Base, region: at.Region}
	found, err := w.list(ctx, at.bucket, u, w.until(prev), end)
	if err != nil && !missing(err) {
		if ctx.Err() != nil {
			return
		}
		r, _ := w.gap(prev, cur.doc.Start)
		w.tally.digest(Unchecked, 1)
		w.findHole(Finding{
			Severity: SeverityUnchecked, Code: CodeUnreadable, Subject: SubjectChain, URI: bucket.URI(at.bucket, at.Regions(bucket.Digest)+at.Region+"/"),
			Message: "could not check: " + reason(err), Detail: err.Error(), Range: &r,
		}, end, at)
		return
	}
	w.unit.others = w.unit.others || u.others
	list := found[at.chainID]
	for len(list) > 0 && list[len(list)-1].end > end.Unix() {
		list = list[:len(list)-1]
	}
	w.walk(ctx, list, prev, cur, append(tried[:len(tried):len(tried)], at))
}

// absent reports a hole in front of a digest file that names one that is not
// there.
func (w *walker) absent(ctx context.Context, prev, cur, d *digestFile) {
	r, ok := w.gap(prev, cur.doc.Start)
	if !ok {
		return
	}
	if w.Copy && prev == nil && r.Start.IsZero() {
		w.tally.find(Finding{
			Severity: SeverityNotice, Code: CodeBegins, Subject: SubjectChain, URI: d.uri, Range: &r,
			Message: "the copy begins at " + stamp(cur.doc.Start) + "; the digest file before it is not in it",
		}, cur.end)
		return
	}
	count := 1
	detail := ""
	switch {
	case !r.Start.IsZero():
		count = w.fit(r)
	default:
		detail = "it is the oldest that is named, nobody can tell how many there were before it; if the bucket expires old files, give a start time"
	}
	w.tally.digest(Missing, count)
	w.findHole(Finding{
		Severity: SeverityMissing, Code: CodeNotFound, Subject: SubjectDigest, URI: d.uri,
		Message: "INVALID: not found", Detail: detail, Range: &r, MissingDigests: count,
	}, d.end, d.at)
	w.heard(File{Digest: true, Backfill: d.at.Backfill, URI: d.uri, Status: Missing, Message: "INVALID: not found"})
}

// fit is how many digest files a range of time takes, at least one.
func (w *walker) fit(r Range) int {
	return max(1, int(math.Round(r.End.Sub(r.Start).Hours()/w.rhythm.Hours())))
}

// begins reports what comes before a starting digest file, which has no link.
func (w *walker) begins(ctx context.Context, prev, cur *digestFile) {
	r, ok := w.gap(prev, cur.doc.Start)
	chain := w.uri(ctx, cur.at.bucket, cur.at.Regions(bucket.Digest)+cur.at.Region+"/")
	switch {
	case !ok && (prev == nil || !r.Start.Equal(r.End)):
		return
	case prev != nil:
		w.pause(r, chain, cur.end, cur.at)
	case r.Start.IsZero(), cur.at.Backfill, w.older:
		return
	default:
		f := Finding{
			Severity: SeverityWarning, Code: CodeBegins, Subject: SubjectChain, URI: chain, Range: &r,
			Message: fmt.Sprintf("the chain begins at %s, nothing covers the time from %s on", stamp(r.End), stamp(r.Start)),
			Detail:  "logging or log file validation began then, or older digest files lie in another bucket that this one does not name",
		}
		if !w.Started.IsZero() && w.Started.Sub(r.End).Abs() <= startSlack {
			f.Severity, f.Detail = SeverityNotice, "logging began then"
		}
		w.findHole(f, cur.end, cur.at)
	}
}

// guess reports the time before a digest file whose link nobody vouches for.
// It may hide missing digest files; nobody can tell.
func (w *walker) guess(ctx context.Context, prev, cur *digestFile) {
	r, ok := w.gap(prev, cur.start(w.rhythm))
	if !ok || r.Start.IsZero() || r.End.Sub(r.Start) <= w.rhythm/2 {
		return
	}
	w.findHole(Finding{
		Severity: SeverityWarning, Code: CodeNotCovered, Subject: SubjectChain, Range: &r,
		URI:     w.uri(ctx, cur.at.bucket, cur.at.Regions(bucket.Digest)+cur.at.Region+"/"),
		Message: fmt.Sprintf("nothing covers %s to %s: the digest file after it does not tell what came before", stamp(r.Start), stamp(r.End)),
	}, cur.end, cur.at)
}

const (
	// tailGrace is how late the newest digest file may be.
	tailGrace = 2 * time.Hour
	// startSlack is how far apart the trail's own times and those of its
	// digest files may lie.
	startSlack = 15 * time.Minute
)

// checkTail reports the time after the newest digest file, which nobody
// names: unless it is young, or logging was stopped then, files are missing.
func (w *walker) checkTail(last *digestFile) {
	if last == nil || w.home.Backfill {
		return
	}
	end := last.end
	if !w.next.IsZero() {
		w.goesOn(last)
		return
	}
	if last.status == Unproven && !w.proven.IsZero() && end.Sub(w.proven) > w.rhythm*3/2 {
		end = w.proven // nobody vouches for the rest
	}
	if w.open && w.Copy {
		w.tally.find(Finding{
			Severity: SeverityNotice, Code: CodeEnds, Subject: SubjectChain, URI: w.folder(last),
			Message: "the copy ends at " + stamp(end) + "; whether there were digest files after it, it cannot tell",
		}, end)
		return
	}
	due := w.Now.Add(-tailGrace)
	if w.End.Before(due) {
		due = w.End
	}
	if !w.Stopped.IsZero() && w.Stopped.Add(-startSlack).Before(due) {
		due = w.Stopped.Add(-startSlack)
	}
	if !end.Before(due) {
		return
	}
	r := Range{Start: later(end, w.Start), End: w.End}
	if w.Now.Before(r.End) {
		r.End = w.Now
	}
	elsewhere := w.SingleRegion && w.home.Region != w.home.Home
	if w.switchedOn(end) && !elsewhere {
		if w.Started.Before(r.End) {
			r.End = w.Started
		}
		if r.Start.Before(r.End) {
			w.pause(r, w.folder(last), last.end, last.at)
		}
		return
	}
	f := Finding{
		Severity: SeverityMissing, Code: CodeTail, Subject: SubjectChain, Range: &r,
		URI:     w.folder(last),
		Message: "INVALID: not found: no digest file after " + stamp(end),
	}
	if elsewhere {
		f.Severity, f.Code = SeverityWarning, CodeRegionUncovered
		f.Message = "the trail records its home region only: no digest file after " + stamp(end)
		w.findHole(f, last.end, last.at)
		return
	}
	f.MissingDigests = w.fit(r)
	w.tally.digest(Missing, f.MissingDigests)
	w.findHole(f, last.end, last.at)
}

// goesOn reports the time between the newest digest file of a folder and the
// oldest one of the folder where the chain goes on.
func (w *walker) goesOn(last *digestFile) {
	r := Range{Start: last.end, End: w.next}
	if r.End.Sub(r.Start) <= startSlack {
		return
	}
	w.pause(r, w.folder(last), last.end, last.at)
}

// pause tells of time in which logging was stopped, unless there are log files
// of it: they are looked for later.
func (w *walker) pause(r Range, uri string, when time.Time, at location) {
	w.findHole(Finding{
		Severity: SeverityNotice, Code: CodeGap, Subject: SubjectChain, URI: uri, Range: &r,
		Message: fmt.Sprintf("No log files were delivered by CloudTrail between %s and %s", stamp(r.Start), stamp(r.End)),
	}, when, at)
}

// switchedOn tells whether logging was switched on after the newest digest
// file, and so short a time ago that the next one may still come. Who follows
// waits by himself.
func (w *walker) switchedOn(newest time.Time) bool {
	return !w.following && !w.Started.IsZero() && w.Stopped.IsZero() && !newest.After(w.Started.Add(startSlack)) && w.Now.Before(w.Started.Add(patience))
}

// folder is where a digest file lies.
func (w *walker) folder(d *digestFile) string {
	return strings.TrimSuffix(d.uri, d.key[strings.LastIndex(d.key, "/")+1:])
}
