package validate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
)

// edge is how far a log file's own time may lie from its delivery: near the
// ends of a covered range another digest file may list it.
const edge = 15 * time.Minute

// logPlace is a folder with the log files of one account and region.
type logPlace struct {
	bucket string
	bucket.Base
}

// zone is time in which a chain vouches for all log files, or a hole in it, or
// outside of it.
type zone struct {
	Range
	walker        *walker
	hole, outside bool
}

// findUnlisted looks for log files that no digest file lists. Those in covered
// time nobody delivered; those in holes may be right, and are unproven.
func (c *check) findUnlisted(ctx context.Context, units []*unit) {
	for _, u := range units {
		walkers := u.regular()
		out := c.outsideOf(walkers)
		for _, p := range placesOf(walkers) {
			s := &search{check: c, place: p, region: u.region, zones: append(c.zones(walkers, p), out.zones()...), witness: u.witnesses[p]}
			if err := s.run(ctx); err != nil && ctx.Err() == nil {
				walkers[0].tally.find(Finding{
					Severity: SeverityUnchecked, Code: CodeUnreadable, Subject: SubjectChain, URI: c.uri(ctx, p.bucket, p.Regions(bucket.LogFile)+u.region+"/"),
					Message: "could not look for unlisted log files: " + reason(err), Detail: err.Error(),
				}, c.Start)
			}
		}
		for _, w := range walkers {
			w.tellUnnamed()
		}
	}
}

// placesOf lists where chains lie.
func placesOf(walkers []*walker) []logPlace {
	var list []logPlace
	add := func(l location) {
		if p := (logPlace{l.bucket, l.Base}); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, w := range walkers {
		add(w.home)
		for at := range w.lies {
			add(at)
		}
		for _, h := range w.holes {
			add(h.at)
		}
	}
	slices.SortFunc(list, func(a, b logPlace) int { return strings.Compare(a.bucket+"/"+a.String(), b.bucket+"/"+b.String()) })
	return list
}

// vouch notes that a valid digest file tells of all log files of its time.
func (w *walker) vouch(d *digestFile) {
	if !w.Unlisted || w.home.Backfill {
		return
	}
	if w.vouched == nil {
		w.vouched = map[location][]Range{}
	}
	w.vouched[d.at] = merge(append(w.vouched[d.at], Range{Start: d.doc.Start, End: d.doc.End}))
}

// zones are those of a place.
func (c *check) zones(walkers []*walker, p logPlace) []zone {
	window := Range{Start: c.Start, End: c.End}
	var list []zone
	for _, w := range walkers {
		var covered, here []Range
		for at, r := range w.vouched {
			covered = append(covered, r...)
			if (logPlace{at.bucket, at.Base}) == p {
				here = append(here, r...)
			}
		}
		if p == (logPlace{w.home.bucket, w.home.Base}) {
			here = []Range{window}
		}
		covered = append(covered, w.unit.borders(w.home.lineage())...)
		for _, r := range shrink(merge(covered), edge) {
			for _, h := range clip(here, window) {
				for _, r := range clip([]Range{r}, h) {
					list = append(list, zone{Range: r, walker: w})
				}
			}
		}
		for _, h := range w.holes {
			if (logPlace{h.at.bucket, h.at.Base}) != p {
				continue
			}
			wide := Range{Start: h.Start, End: h.End.Add(edge)}
			if !wide.Start.IsZero() {
				wide.Start = wide.Start.Add(-edge)
			}
			for _, r := range clip([]Range{wide}, window) {
				list = append(list, zone{Range: r, walker: w, hole: true})
			}
		}
	}
	return list
}

// zones are those of the time outside.
func (o outside) zones() []zone {
	var list []zone
	for _, z := range []zone{{Range: o.before, walker: o.first}, {Range: o.after, walker: o.last}} {
		if z.hole, z.outside = true, true; !z.End.IsZero() {
			list = append(list, z)
		}
	}
	return list
}

// shrink takes something off both ends of each range.
func shrink(list []Range, by time.Duration) []Range {
	var cut []Range
	for _, r := range list {
		if r = (Range{Start: r.Start.Add(by), End: r.End.Add(-by)}); r.Start.Before(r.End) {
			cut = append(cut, r)
		}
	}
	return cut
}

// search looks through the log files of one place.
type search struct {
	*check
	place   logPlace
	region  string
	zones   []zone
	witness *witness
}

func (s *search) run(ctx context.Context) error {
	if len(s.zones) == 0 {
		return nil
	}
	first, last := s.zones[0].Start, s.zones[0].End
	for _, z := range s.zones {
		if z.Start.Before(first) {
			first = z.Start
		}
		last = later(last, z.End)
	}
	store, err := s.store(ctx, s.place.bucket)
	if err != nil {
		return err
	}
	from := ""
	if !first.IsZero() {
		from = s.place.Day(bucket.LogFile, s.region, first)
	}
	prefix := s.place.Regions(bucket.LogFile) + s.region + "/"
	for o, err := range store.List(ctx, prefix, from) {
		switch {
		case missing(err):
			return nil // a bucket that is gone was told of
		case err != nil:
			return err
		}
		when, named, ok := delivered(o, prefix)
		if !ok {
			continue
		}
		// Names that are none of CloudTrail's do not come in the order of time.
		if when.Start.After(last.Truncate(24 * time.Hour).Add(48 * time.Hour)) {
			return nil
		}
		if z, ok := s.zoneOf(when, named); ok && !s.isListed(s.place.bucket, o.Key) && !s.standsIn(ctx, store, o.Key) {
			s.found(store.URI(o.Key), z, later(when.Start, z.Start), named)
		}
	}
	return nil
}

// delivered is when an object below a region's folder was delivered: by its
// name, or where that is none of CloudTrail's some time of its day. An empty
// object of no name is a folder's placeholder.
func delivered(o bucket.Object, prefix string) (when Range, named, ok bool) {
	if k, ok := bucket.ParseKey(o.Key); ok && k.Kind == bucket.LogFile {
		return Range{Start: k.Time, End: k.Time.Add(time.Nanosecond)}, true, true
	}
	const day = "2006/01/02"
	rest := strings.TrimPrefix(o.Key, prefix)
	if o.Size == 0 || len(rest) <= len(day) {
		return Range{}, false, false
	}
	t, err := time.Parse(day, rest[:len(day)])
	return Range{Start: t, End: t.Add(24 * time.Hour)}, false, err == nil
}

// zoneOf finds the zone of an object. Where a chain has a hole, a log file may
// be listed there; one that CloudTrail did not name is listed nowhere.
func (s *search) zoneOf(when Range, named bool) (found zone, ok bool) {
	for _, z := range s.zones {
		if !z.Start.Before(when.End) || !when.Start.Before(z.End) {
			continue
		}
		if !ok || z.hole == named {
			found, ok = z, true
		}
	}
	return found, ok
}

// found tells of a log file.
func (s *search) found(uri string, z zone, at time.Time, named bool) {
	f := Finding{Severity: SeverityInvalid, Code: CodeUnlisted, Subject: SubjectLogFile, URI: uri, Message: "INVALID: no digest file lists it"}
	switch {
	case z.hole:
		f.Severity, f.Code = SeverityWarning, CodeUnproven
		f.Message = "unproven: no digest file vouches for its time"
		if z.outside {
			f.Severity = SeverityNotice
		}
	case named && !s.witness.sure(at):
		f.Severity = SeverityWarning
		f.Message = "no digest file of this trail lists it"
		f.Detail = "another trail delivers to the same place, and not all of its digest files could be proved: it may belong to that one"
	}
	z.walker.name(f, at)
}

// maxNamed bounds how many such log files are named one by one, of each chain
// and kind: there may be as many as there are objects.
const maxNamed = 1000

// named counts findings of one code.
type named struct {
	sample Finding
	count  int
	at     time.Time
}

func (w *walker) name(f Finding, at time.Time) {
	if f.Code == CodeUnlisted {
		w.tally.foundUnlisted()
	}
	key := string(f.Code) + string(f.Severity)
	if w.named == nil {
		w.named = map[string]*named{}
	}
	n := w.named[key]
	if n == nil {
		n = &named{sample: f}
		w.named[key] = n
	}
	n.at = at
	if n.count++; n.count <= maxNamed {
		w.tally.find(f, at)
	}
}

// tellUnnamed tells how many were not named.
func (w *walker) tellUnnamed() {
	for _, n := range w.named {
		if n.count <= maxNamed {
			continue
		}
		f := n.sample
		f.Subject = SubjectChain
		f.URI = f.URI[:strings.LastIndex(f.URI, "/")+1]
		f.Message = fmt.Sprintf("%d more log files: %s", n.count-maxNamed, f.Message)
		w.tally.find(f, n.at)
	}
}
