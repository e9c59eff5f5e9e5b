package validate

import (
	"context"
	"strings"
	"time"

	"trailctl/bucket"
)

// edge is how far a log file's own time may lie from its delivery: near the
// ends of a covered range another digest file may list it.
const edge = 15 * time.Minute

// findUnlisted looks for log files in covered time that no digest file lists.
func (c *check) findUnlisted(ctx context.Context, units []*unit) {
	for _, u := range units {
		for _, t := range u.walked {
			if t.id.Backfill {
				continue
			}
			for _, r := range clip(merge(t.covered), Range{Start: c.Start, End: c.End}) {
				if err := c.unlistedIn(ctx, u, t, Range{Start: r.Start.Add(edge), End: r.End.Add(-edge)}); err != nil && ctx.Err() == nil {
					t.find(Finding{
						Severity: SeverityUnchecked, Code: CodeUnreadable, Subject: SubjectChain, URI: c.uri(ctx, c.Bucket, u.Regions(bucket.LogFile)+u.region+"/"),
						Message: "could not look for unlisted log files: " + reason(err), Detail: err.Error(),
					}, r.Start)
				}
			}
		}
	}
}

func (c *check) unlistedIn(ctx context.Context, u *unit, t *tally, r Range) error {
	store, err := c.store(ctx, c.Bucket)
	if err != nil {
		return err
	}
	prefix := u.Regions(bucket.LogFile) + u.region + "/"
	for o, err := range store.List(ctx, prefix, u.Day(bucket.LogFile, u.region, r.Start)) {
		if err != nil {
			return err
		}
		at, ok := delivered(o, prefix, r)
		if !ok || at.Before(r.Start) {
			continue
		}
		if !at.Before(r.End.Truncate(24 * time.Hour).Add(48 * time.Hour)) {
			return nil
		}
		if !at.Before(r.End) || c.isListed(o.Key) {
			continue
		}
		f := Finding{
			Severity: SeverityInvalid, Code: CodeUnlisted, Subject: SubjectLogFile, URI: store.URI(o.Key),
			Message: "INVALID: no digest file lists it",
		}
		if u.others {
			f.Severity = SeverityWarning
			f.Message = "no digest file of this trail lists it"
			f.Detail = "another trail delivers to the same place, it may belong to that one"
		}
		t.find(f, at)
	}
	return nil
}

// delivered is when an object below a region's folder was delivered: by its
// name, or where that is none of CloudTrail's some time of its day, in the
// range r if the two meet. An empty object is a folder's placeholder.
func delivered(o bucket.Object, prefix string, r Range) (time.Time, bool) {
	if k, ok := bucket.ParseKey(o.Key); ok && k.Kind == bucket.LogFile {
		return k.Time, true
	}
	const day = "2006/01/02"
	rest := strings.TrimPrefix(o.Key, prefix)
	if o.Size == 0 || len(rest) <= len(day) {
		return time.Time{}, false
	}
	t, err := time.Parse(day, rest[:len(day)])
	if t.Before(r.Start) && r.Start.Before(t.Add(24*time.Hour)) {
		t = r.Start
	}
	return t, err == nil
}
