package validate

import (
	"context"
	"slices"
	"time"

	"trailctl/bucket"
)

// findUnvouched looks at the regions in which the range has no digest file of
// the trail while others have: somebody may have deleted them all. Where
// nothing at all was found there is nothing to compare with.
func (c *check) findUnvouched(ctx context.Context, units []*unit) {
	units = everyUnit(units)
	some := func(test func(*unit) bool) bool {
		return slices.ContainsFunc(units, func(u *unit) bool { return len(u.walked) > 0 && test(u) })
	}
	// The digest files of a backfill do not stand for those of the trail.
	regular := func(u *unit) bool {
		return slices.ContainsFunc(u.walked, func(w *walker) bool { return !w.home.Backfill })
	}
	if !some(func(*unit) bool { return true }) {
		return
	}
	ofOrg := some(func(u *unit) bool { return u.Org != "" })
	for _, u := range units {
		if !u.empty || ctx.Err() != nil || (c.SingleRegion && u.region != c.Home) {
			continue
		}
		// What lies in another folder than the trail's is another's.
		if u.Org == "" && ofOrg || some(func(o *unit) bool { return o.Account == u.Account && o.region == u.region && regular(o) }) {
			continue
		}
		f := Finding{
			Severity: SeverityWarning, Code: CodeNoDigests, Subject: SubjectChain, URI: c.uri(ctx, c.Bucket, u.Regions(bucket.Digest)+u.region+"/"),
			Account: u.Account, Region: u.region, Trail: c.Trail, Message: "no digest files of the trail in the range",
		}
		first, err := c.firstLogFile(ctx, u, c.Start, c.End)
		delivered, young := !first.IsZero(), false
		if err == nil && delivered {
			young, err = c.newlyUsed(ctx, u, first)
		}
		switch {
		case err != nil:
			f.Severity, f.Code, f.Message, f.Detail = SeverityUnchecked, CodeUnreadable, "could not look for log files: "+reason(err), err.Error()
		case young:
			f.Severity = SeverityNotice
			f.Message = "no digest file yet: the first log file of this region was delivered at " + stamp(first)
			f.Detail = "the first digest file comes some hours later"
		case c.MultiRegion && u.region == c.Home && some(regular):
			f.Severity = SeverityMissing
			f.Message = "INVALID: not found: no digest file of the trail's home region"
			f.Detail = "the trail records all regions, and other regions have digest files"
		case !delivered && !c.MultiRegion && (u.others || c.Trail == "" || len(u.walked) > 0):
			continue // the folder is there because of another trail, or of a backfill
		case !delivered:
		case c.MultiRegion && !u.others && some(regular):
			f.Severity = SeverityMissing
			f.Message = "INVALID: not found: no digest file of the trail vouches for the log files of this region"
			f.Detail = "the trail records all regions, and other regions have digest files"
		default:
			f.Severity = SeverityUnchecked
			f.Message = "could not check: log files lie here, and no digest file vouches for them"
		}
		c.problem(f)
	}
}

// newlyUsed tells whether the first log file of a region is so young that its
// digest file may still come. One that lies before the range is no first one.
func (c *check) newlyUsed(ctx context.Context, u *unit, first time.Time) (bool, error) {
	due := c.Now.Add(-patience)
	if c.following || first.Before(due) {
		return false, nil // who follows waits by himself
	}
	older, err := c.firstLogFile(ctx, u, c.Now.Add(-lookBackReach), due)
	return older.IsZero(), err
}

// firstLogFile is when the first log file in some time was delivered that no
// digest file lists, those of a backfill included. Zero when there is none.
func (c *check) firstLogFile(ctx context.Context, u *unit, start, end time.Time) (time.Time, error) {
	store, err := c.store(ctx, c.Bucket)
	if err != nil {
		return time.Time{}, err
	}
	from := ""
	if !start.IsZero() {
		from = u.Day(bucket.LogFile, u.region, start)
	}
	for o, err := range store.List(ctx, u.Regions(bucket.LogFile)+u.region+"/", from) {
		if err != nil {
			return time.Time{}, err
		}
		k, ok := bucket.ParseKey(o.Key)
		if !ok || k.Kind != bucket.LogFile || k.Time.Before(start) || c.isListed(c.Bucket, o.Key) {
			continue
		}
		// Keys come by day, and within a day by time, save for other names.
		if k.Time.Before(end) {
			return k.Time, nil
		}
		if k.Time.After(end.Add(48 * time.Hour)) {
			break
		}
	}
	return time.Time{}, nil
}
