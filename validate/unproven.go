package validate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
)

// hole is time for which no digest file vouches, and the finding that tells of
// it.
type hole struct {
	Range
	at      location
	finding int // in the tally; none where it is negative
}

// findHole tells of time that is not covered. Its log files are counted when
// the walk is over, and those are known that digest files list.
func (w *walker) findHole(f Finding, when time.Time, at location) {
	i := w.tally.find(f, when)
	if f.Range != nil {
		w.holes = append(w.holes, hole{Range: *f.Range, at: at, finding: i})
	}
}

// maxCounted bounds how many objects are looked at for one hole.
const maxCounted = 50_000

// countUnproven counts the log files that lie in the holes, and outside of what
// the digest files cover.
func (c *check) countUnproven(ctx context.Context, units []*unit) {
	if c.Unlisted && ctx.Err() == nil {
		c.readWitnesses(ctx, units)
	}
	var counts errgroup.Group
	counts.SetLimit(unitsAtOnce)
	for _, u := range units {
		counts.Go(func() error {
			c.tellOutside(ctx, u)
			return nil
		})
	}
	for _, u := range everyUnit(units) {
		for _, w := range u.walked {
			if w.home.Backfill {
				continue // its log files are named like all others
			}
			counts.Go(func() error {
				for _, h := range w.holes {
					if h.finding >= 0 && ctx.Err() == nil {
						w.countHole(ctx, h)
					}
				}
				return nil
			})
		}
	}
	counts.Wait()
}

func (w *walker) countHole(ctx context.Context, h hole) {
	n, looked, err := 0, 0, error(nil)
	sure, foreign := 0, 0 // of those in a gap: certainly the trail's, perhaps another's
	inside := shrink([]Range{h.Range}, edge)
	for o, failed := range w.logFilesIn(ctx, h) {
		if looked++; failed != nil || looked > maxCounted {
			err = failed
			break
		}
		if o.Key == "" || w.isListed(h.at.bucket, o.Key) {
			continue
		}
		n++
		switch k, _ := bucket.ParseKey(o.Key); {
		case len(inside) == 0 || k.Time.Before(inside[0].Start) || !k.Time.Before(inside[0].End):
		case w.own(h.at, k.Time):
			sure++
		default:
			foreign++
		}
	}
	if ctx.Err() != nil {
		return
	}
	w.tally.logFile(Unproven, n, 0)
	w.tally.amend(h.finding, func(f *Finding) {
		f.UnprovenLogFiles = n
		var more []string
		switch {
		case f.Code == CodeBegins && f.Severity == SeverityWarning:
			if others := w.otherBuckets(); len(others) > 0 {
				more = append(more, "other chains of this check lead to "+strings.Join(others, ", ")+": validate that bucket, too")
			}
		case f.Code == CodeGap && sure > 0:
			f.Severity = SeverityMissing
			f.Message = fmt.Sprintf("INVALID: not found: no digest file lists the log files between %s and %s", stamp(h.Start), stamp(h.End))
			more = append(more, "digest files may have been deleted, or log file validation was off then")
		case f.Code == CodeGap && foreign > 0:
			f.Severity = SeverityWarning
			f.Message = fmt.Sprintf("no digest file lists the log files between %s and %s", stamp(h.Start), stamp(h.End))
			more = append(more, "they may be another trail's, log file validation may have been off, or digest files were deleted")
		case f.Severity == SeverityMissing && n > 0:
			more = append(more, "there may have been more log files than lie there now")
		}
		switch {
		case err != nil && !missing(err):
			more = append(more, "the log files could not be counted: "+reason(err))
		case looked > maxCounted:
			more = append(more, "there are more log files than were counted")
		}
		if n > 0 && w.unit.others && !w.Unlisted && f.Code != CodeGap {
			more = append(more, "some may be of another trail that delivers there")
		}
		if f.Detail != "" {
			more = slices.Insert(more, 0, f.Detail)
		}
		f.Detail = strings.Join(more, "; ")
	})
}

// own tells whether a log file that nobody lists is certainly the trail's: no
// other trail delivers there, or what the others delivered at that time is
// known and listed.
func (w *walker) own(at location, when time.Time) bool {
	for _, o := range w.unit.walked {
		if o.home.Backfill || o.tally == w.tally {
			continue
		}
		if !slices.ContainsFunc(o.tally.covered, func(r Range) bool { return !when.Before(r.Start) && when.Before(r.End) }) {
			return false
		}
	}
	return !w.unit.others || w.Unlisted && w.unit.witnesses[logPlace{at.bucket, at.Base}].sure(when)
}

// otherBuckets are those that digest files led to.
func (c *check) otherBuckets() []string {
	if c.Copy {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.stores {
		if name != c.Bucket {
			names = append(names, bucket.URI(name, ""))
		}
	}
	slices.Sort(names)
	return names
}

// logFilesIn lists the log files that were delivered in a hole, by their
// names. Objects with other names come without a key.
func (w *walker) logFilesIn(ctx context.Context, h hole) func(yield func(bucket.Object, error) bool) {
	return func(yield func(bucket.Object, error) bool) {
		store, err := w.store(ctx, h.at.bucket)
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		from := ""
		if !h.Start.IsZero() {
			from = h.at.FirstLogKey(h.at.Region, h.Start)
		}
		for o, err := range store.List(ctx, h.at.Regions(bucket.LogFile)+h.at.Region+"/", from) {
			k, ok := bucket.ParseKey(o.Key)
			ok = ok && k.Kind == bucket.LogFile
			if ok && k.Time.After(h.End.Add(2*edge)) {
				return
			}
			if !ok || k.Time.Before(h.Start) || !k.Time.Before(h.End) {
				o.Key = ""
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}
