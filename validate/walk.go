package validate

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"trailctl/bucket"
)

// walker walks one chain from its oldest digest file in the range to its
// newest. Each digest file names the one before it, so that a hole shows even
// when a listing cannot show it.
type walker struct {
	*check
	tally   *tally
	home    location
	unit    *unit
	keyring map[string]PublicKey
	rhythm  time.Duration        // how long a digest file of this chain covers
	learned bool                 // from its digest files
	signed  bool                 // a digest file of this chain has its metadata
	proven  time.Time            // end of the newest valid digest file
	holes   []hole               // in the range
	vouched map[location][]Range // where unlisted log files are looked for
	named   map[string]*named
	lies    map[location]bool // where its digest files lie

	// Where a chain lies in several folders, each has a walker. visited are
	// the digest files that one of them met, and nil where there is one only;
	// older says that another has older ones; next is where one begins that
	// has younger ones, or zero.
	visited map[spot]bool
	older   bool
	next    time.Time

	ready func() bool // waits for the keys; false when there are none
	// doubt is after the range, and too bad to tell what came before it; newest
	// and oldest are the last one and the first one of the range, wherever they
	// lie.
	doubt, newest, oldest *digestFile
}

// usualRhythm is how often CloudTrail delivers digest files.
const usualRhythm = time.Hour

func (w *walker) run(ctx context.Context, list []entry) {
	w.rhythm = usualRhythm
	// The first digest files are fetched meanwhile.
	loaded := make(chan bool, 1)
	go func() { loaded <- w.loadKeys(ctx, list) }()
	w.ready = sync.OnceValue(func() bool { return <-loaded })
	last, ended := w.walk(ctx, list, nil, nil, []location{w.home})
	if !w.ready() || ctx.Err() != nil {
		return
	}
	if w.doubt != nil {
		if last = w.newest; last == nil {
			return // lookBack tells
		}
		w.doubt = nil // its tail tells enough
	}
	if !ended {
		w.checkTail(last)
	}
}

// Keys are asked for a range of time; the windows of keys can lag a rotation.
const (
	keyLag   = 2 * time.Hour
	keyMonth = 30 * 24 * time.Hour
)

// loadKeys gets the keys of the chain's region. Without any nothing can be
// said about the chain.
func (w *walker) loadKeys(ctx context.Context, list []entry) bool {
	q := keyQuestion{region: w.home.Region, from: w.Start, to: w.End.Add(keyLag)}
	switch last := list[len(list)-1].time(); {
	case w.open:
		q.to = later(w.Now, last).Add(keyLag)
	case last.After(w.End): // the one that tells what came before it
		q.to = last.Truncate(time.Hour).Add(time.Hour + keyLag)
	}
	if q.from.IsZero() {
		// Rounded, so that chains that began together ask the same question.
		q.from = list[0].time().Add(-keyLag).Truncate(keyMonth)
	}
	keys, err := w.keys(ctx, q)
	if ctx.Err() != nil {
		return false
	}
	w.keyring = keys
	if err == nil && (len(keys) > 0 || w.home.Backfill) {
		return true
	}
	f := Finding{
		Severity: SeverityUnchecked, Code: CodeNoKeys, Subject: SubjectChain, URI: w.uri(ctx, w.Bucket, w.home.Regions(bucket.Digest)+w.home.Region+"/"),
		Message: fmt.Sprintf("could not check: No public keys found between %s and %s in region %s", stamp(q.from), stamp(q.to), q.region),
	}
	if _, saved := w.Keys.(*KeyFile); saved {
		f.Message = fmt.Sprintf("could not check: no public key of region %s in %s", q.region, w.KeySource)
	}
	if err != nil {
		f.Message, f.Detail = fmt.Sprintf("could not check: the public keys of region %s: %s", q.region, reason(err)), err.Error()
	}
	w.tally.find(f, list[0].time())
	w.tally.digest(Unchecked, len(list))
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// walk goes over digest files in the order of time, between two that stand
// around them in the chain; either may be nil. tried are the locations that
// were listed for this stretch of time, the last one being where the list
// comes from. It returns the newest that belongs to the range and whether one
// after the range told how the chain goes on.
func (w *walker) walk(ctx context.Context, list []entry, prev, succ *digestFile, tried []location) (last *digestFile, ended bool) {
	next, stop := iter.Pull(w.ahead(ctx, tried[len(tried)-1], list))
	defer stop()
	d, ok := next()
	var following *digestFile
	defer func() { w.release(d); w.release(following) }()
	if !w.ready() {
		return prev, true
	}
	for ok {
		var more bool
		following, more = next()
		if ctx.Err() != nil {
			return prev, false
		}
		after := succ
		if more {
			after = following
		}
		w.judge(ctx, d, after)
		if !d.start(w.rhythm).Before(w.End) {
			// It lies after the range, and is asked for its link only.
			if d.status != Valid {
				w.doubt = d
				return prev, false
			}
			w.link(ctx, prev, d, tried)
			w.publishLink(d)
			return prev, w.doubt == nil
		}
		w.learn(d)
		w.link(ctx, prev, d, tried)
		w.account(ctx, d)
		prev = d
		d, ok = following, more
	}
	if succ != nil {
		w.link(ctx, prev, succ, tried)
	}
	return prev, false
}

// learn takes the chain's rhythm from its digest files. The first and last of
// a chain may be short, so the longest of late counts.
func (w *walker) learn(d *digestFile) {
	if d.status != Valid {
		return
	}
	w.proven = later(w.proven, d.doc.End)
	length := d.doc.End.Sub(d.doc.Start)
	w.tally.met(d.doc.Start)
	if length >= time.Second && (!w.learned || length > w.rhythm) {
		w.rhythm, w.learned = min(length, usualRhythm), true
	}
}

// account puts a judged and linked digest file into the tally and hands its
// log files to the workers.
func (w *walker) account(ctx context.Context, d *digestFile) {
	status := d.status
	if status == Valid && d.broken {
		status = Invalid
	}
	if w.visited != nil {
		w.visited[spot{d.at, d.end.Unix()}] = true
	}
	if w.newest == nil || d.end.After(w.newest.end) {
		w.newest = d
	}
	if w.oldest == nil || d.end.Before(w.oldest.end) {
		w.oldest = d
	}
	if w.lies == nil {
		w.lies = map[location]bool{}
	}
	w.lies[d.at] = true
	w.tally.digest(status, 1)
	w.tally.met(d.start(w.rhythm))
	message := ""
	if d.found != nil && status != Valid {
		message = d.found.Message
	}
	w.publish(d)
	w.heard(File{Digest: true, Backfill: d.at.Backfill, URI: d.uri, Status: status, Bytes: int64(d.size), Message: message})
	w.Outlook.walked(w.tally.id, d)
	if w.judged != nil {
		w.judged(w.tally.id, d, status)
	}
	if d.doc == nil {
		return
	}
	if d.status != Valid {
		w.tally.logFile(Unproven, d.doc.listed, 0)
	} else {
		w.vouch(d)
		w.dispatch(ctx, d)
	}
	w.release(d) // what is linked to later needs no more of it
}

// publish tells what was found of a digest file. Where it is not valid, its
// time is a hole; if it can be read at all, it tells how many log files lie in
// there, else they are counted later.
func (w *walker) publish(d *digestFile) {
	f := d.found
	if f == nil {
		return
	}
	d.found = nil
	if d.status == Valid {
		w.tally.find(*f, d.end)
		return
	}
	h := hole{Range: Range{Start: later(d.start(w.rhythm), w.Start), End: d.end}, at: d.at, finding: -1}
	if h.End.After(w.End) {
		h.End = w.End
	}
	if d.doc != nil {
		f.UnprovenLogFiles = d.doc.listed
		w.tally.find(*f, d.end)
	} else {
		h.finding = w.tally.find(*f, d.end)
	}
	w.holes = append(w.holes, h)
}

// publishLink tells of a digest file after the range only that its link is
// wrong.
func (w *walker) publishLink(d *digestFile) {
	if d.broken && d.found != nil {
		w.tally.find(*d.found, d.end)
	}
}
