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
	if !some(func(*unit) bool { return true }) {
		return
	}
	ofOrg := some(func(u *unit) bool { return u.Org != "" })
	for _, u := range units {
		if !u.empty || ctx.Err() != nil || (c.SingleRegion && u.region != c.Home) {
			continue
		}
		// What lies in another folder than the trail's is another's.
		if u.Org == "" && ofOrg || some(func(o *unit) bool { return o.Account == u.Account && o.region == u.region }) {
			continue
		}
		f := Finding{
			Severity: SeverityWarning, Code: CodeNoDigests, Subject: SubjectChain, URI: c.uri(ctx, c.Bucket, u.Regions(bucket.Digest)+u.region+"/"),
			Account: u.Account, Region: u.region, Trail: c.Trail, Message: "no digest files of the trail in the range",
		}
		delivered, err := c.hasLogFiles(ctx, u)
		switch {
		case err != nil:
			f.Severity, f.Code, f.Message, f.Detail = SeverityUnchecked, CodeUnreadable, "could not look for log files: "+reason(err), err.Error()
		case c.MultiRegion && u.region == c.Home:
			f.Severity = SeverityMissing
			f.Message = "INVALID: not found: no digest file of the trail's home region"
			f.Detail = "the trail records all regions, and other regions have digest files"
		case !delivered && !c.MultiRegion:
			continue
		case !delivered:
		case c.MultiRegion && !u.others:
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

// hasLogFiles tells whether a unit has a log file in the range.
func (c *check) hasLogFiles(ctx context.Context, u *unit) (bool, error) {
	store, err := c.store(ctx, c.Bucket)
	if err != nil {
		return false, err
	}
	from := ""
	if !c.Start.IsZero() {
		from = u.Day(bucket.LogFile, u.region, c.Start)
	}
	for o, err := range store.List(ctx, u.Regions(bucket.LogFile)+u.region+"/", from) {
		if err != nil {
			return false, err
		}
		k, ok := bucket.ParseKey(o.Key)
		if !ok || k.Kind != bucket.LogFile || k.Time.Before(c.Start) {
			continue
		}
		// Keys come by day, and within a day by time, save for other names.
		if k.Time.Before(c.End) {
			return true, nil
		}
		if k.Time.After(c.End.Add(48 * time.Hour)) {
			return false, nil
		}
	}
	return false, nil
}
