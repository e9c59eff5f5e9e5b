package validate

import (
	"context"
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
	for o, err := range store.List(ctx, u.Regions(bucket.LogFile)+u.region+"/", u.Day(bucket.LogFile, u.region, r.Start)) {
		if err != nil {
			return err
		}
		k, ok := bucket.ParseKey(o.Key)
		if !ok || k.Kind != bucket.LogFile || k.Time.Before(r.Start) {
			continue
		}
		if !k.Time.Before(r.End.Truncate(24 * time.Hour).Add(24 * time.Hour)) {
			return nil
		}
		if !k.Time.Before(r.End) || c.isListed(o.Key) {
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
		t.find(f, k.Time)
	}
	return nil
}
