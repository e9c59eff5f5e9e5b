package validate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
)

// onePage is how many objects of a bucket are looked at on either side: as many
// as one call lists.
const onePage = 1000

// outside is the time before the first digest file of a unit and after its last
// one, as far as it is asked for and nothing else tells of it.
type outside struct {
	before, after Range   // empty ones are zero
	first, last   *walker // whose digest files those are
}

// outsideOf finds that time. Where the outermost digest file is valid, what it
// may list or not is known: there the time reaches into its own.
func (c *check) outsideOf(walkers []*walker) (o outside) {
	var first, last *digestFile
	for _, w := range walkers {
		if w.oldest != nil && (first == nil || w.oldest.end.Before(first.end)) {
			first, o.first = w.oldest, w
		}
		if w.newest != nil && (last == nil || w.newest.end.After(last.end)) {
			last, o.last = w.newest, w
		}
	}
	if first == nil || c.following {
		return outside{}
	}
	told := func(test func(hole) bool) bool {
		return slices.ContainsFunc(walkers, func(w *walker) bool { return slices.ContainsFunc(w.holes, test) })
	}
	if c.Start.IsZero() && !told(func(h hole) bool { return h.Start.IsZero() }) {
		o.before.End = first.start(o.first.rhythm)
		if first.status == Valid {
			o.before.End = o.before.End.Add(edge)
		}
	}
	if last.end.Before(c.End) && !told(func(h hole) bool { return h.End.After(last.end) }) {
		o.after = Range{Start: last.end, End: c.End}
		if last.status == Valid {
			o.after.Start = later(o.after.Start.Add(-edge), c.Start)
		}
	}
	return o
}

// regular are the walkers of a unit whose digest files are none of a backfill.
func (u *unit) regular() []*walker {
	var list []*walker
	for _, m := range u.family() {
		for _, w := range m.walked {
			if !w.home.Backfill {
				list = append(list, w)
			}
		}
	}
	return list
}

// tellOutside counts the log files outside of what the digest files of each
// unit tell of, and says so.
func (c *check) tellOutside(ctx context.Context, u *unit) {
	walkers := u.regular()
	o := c.outsideOf(walkers)
	if o.first == nil || o.before.End.IsZero() && o.after.End.IsZero() {
		return
	}
	var early, late outsideCount
	for _, p := range placesOf(walkers) {
		if ctx.Err() != nil {
			return
		}
		early.add(c.countOutside(ctx, u, p, o.before))
		late.add(c.countOutside(ctx, u, p, o.after))
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case o.first.tally == o.last.tally:
		o.first.findOutside(early, late)
	default:
		o.first.findOutside(early, outsideCount{})
		o.last.findOutside(outsideCount{}, late)
	}
}

// outsideCount is how many log files nobody lists on one side.
type outsideCount struct {
	n    int
	more bool // there are perhaps more
	uri  string
	err  error
}

func (o *outsideCount) add(p outsideCount) {
	if o.n == 0 {
		o.uri = p.uri
	}
	o.n, o.more = o.n+p.n, o.more || p.more
	if o.err == nil {
		o.err = p.err
	}
}

func (o outsideCount) words() string {
	noun, least := "log files", ""
	if o.n == 1 {
		noun = "log file"
	}
	if o.more {
		least = "at least "
	}
	return fmt.Sprintf("%s%d %s", least, o.n, noun)
}

// countOutside counts those of one place and side.
func (c *check) countOutside(ctx context.Context, u *unit, p logPlace, r Range) (o outsideCount) {
	if r.End.IsZero() {
		return o
	}
	prefix := p.Regions(bucket.LogFile) + u.region + "/"
	o.uri = c.uri(ctx, p.bucket, prefix)
	store, err := c.store(ctx, p.bucket)
	if err != nil {
		o.err = err
		return o
	}
	most, looked, from := onePage, 0, ""
	if c.Copy {
		most = maxCounted
	}
	if !r.Start.IsZero() {
		from = p.FirstLogKey(u.region, r.Start)
	}
	for object, err := range store.List(ctx, prefix, from) {
		if err != nil {
			o.err = err
			return o
		}
		when, named, ok := delivered(object, prefix)
		if ok && when.Start.After(r.End.Add(48*time.Hour)) {
			return o
		}
		if ok && r.around(when, named) && !c.isListed(p.bucket, object.Key) && !(c.Copy && c.isListed(p.bucket, object.Key+".gz")) {
			o.n++
		}
		if looked++; looked == most {
			o.more = true
			return o
		}
	}
	return o
}

// around tells whether an object was delivered in a range: one of which only the
// day is known, when all of that lies there.
func (r Range) around(when Range, named bool) bool {
	if named {
		return !when.Start.Before(r.Start) && when.Start.Before(r.End)
	}
	return !when.Start.Before(r.Start) && !when.End.After(r.End)
}

// findOutside tells of them.
func (w *walker) findOutside(early, late outsideCount) {
	f := Finding{Severity: SeverityNotice, Code: CodeOutside, Subject: SubjectChain, URI: early.uri, UnprovenLogFiles: early.n + late.n}
	when, lie, whom := w.oldest, "lie", "them"
	if f.UnprovenLogFiles == 1 {
		lie, whom = "lies", "it"
	}
	switch {
	case early.n > 0 && late.n > 0:
		f.Message = fmt.Sprintf("%s before the first digest file, %s after the last one", early.words(), late.words())
	case early.n > 0:
		f.Message = fmt.Sprintf("%s %s before the first digest file", early.words(), lie)
	case late.n > 0:
		f.URI, when = late.uri, w.newest
		f.Message = fmt.Sprintf("%s %s after the last digest file", late.words(), lie)
	}
	if f.Message != "" {
		f.Message += ": nobody vouches for " + whom
	}
	var more []string
	if late.n > 0 && !w.Copy {
		more = append(more, "a digest file comes about an hour after the hour whose log files it lists")
	}
	if f.UnprovenLogFiles > 0 && w.unit.others && !w.Unlisted {
		more = append(more, "some may be of another trail that delivers there")
	}
	for _, side := range []outsideCount{early, late} {
		if side.err != nil && !missing(side.err) {
			if f.Message == "" {
				f.URI, f.Message = side.uri, "log files outside of what the digest files cover could not be counted"
			}
			f.Severity = SeverityWarning
			more = append(more, "the log files could not be counted: "+reason(side.err))
			break
		}
	}
	if f.Message == "" {
		return
	}
	f.Detail = strings.Join(more, "; ")
	w.tally.logFile(Unproven, f.UnprovenLogFiles, 0)
	w.tally.find(f, when.end)
}
