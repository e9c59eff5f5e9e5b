package validate

import (
	"context"
	"errors"
	"time"

	"trailctl/bucket"
)

// SignedRanges finds the regions that have digest files, and for each the time
// in which those of the window were signed: from an hour before the oldest to
// the end of the window, or to Now where digest files of a backfill may have
// been signed later. Options need neither Keys nor Workers.
func SignedRanges(ctx context.Context, o Options) (map[string]Range, error) {
	if o.Open == nil || o.Now.IsZero() {
		return nil, errors.New("validate: Open and Now are required")
	}
	c := newCheck(o)
	units, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	ranges := map[string]Range{}
	for _, u := range units {
		r, err := c.signed(ctx, u)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		if known, ok := ranges[u.region]; ok {
			if known.Start.Before(r.Start) {
				r.Start = known.Start
			}
			r.End = later(r.End, known.End)
		}
		ranges[u.region] = *r
	}
	return ranges, nil
}

// signed looks for digest files of one account and region; nil when there are
// none.
func (c *check) signed(ctx context.Context, u *unit) (*Range, error) {
	store, err := c.store(ctx, c.Bucket)
	if err != nil {
		return nil, err
	}
	from, limit := "", c.End.Truncate(24*time.Hour).Add(48*time.Hour)
	if !c.Start.IsZero() {
		from = u.Day(bucket.Digest, u.region, c.Start)
	}
	var r *Range
	for o, err := range store.List(ctx, u.Regions(bucket.Digest)+u.region+"/", from) {
		if err != nil {
			return nil, err
		}
		k, ok := bucket.ParseKey(o.Key)
		switch {
		case !ok || k.Kind != bucket.Digest && k.Kind != bucket.BackfillDigest,
			c.Trail != "" && k.Trail != c.Trail || c.Home != "" && k.Home != c.Home,
			!k.Time.After(c.Start):
			continue
		case !k.Time.Before(limit):
			return r, nil
		case k.Time.Add(-usualRhythm).After(c.End):
			continue
		}
		start := k.Time.Add(-usualRhythm)
		switch {
		case r == nil:
			r = &Range{Start: start, End: c.End}
		case start.Before(r.Start):
			r.Start = start
		}
		if c.open || k.Kind == bucket.BackfillDigest {
			r.End = later(c.Now, k.Time)
		}
		if c.open && k.Time.After(r.Start.Truncate(24*time.Hour).Add(24*time.Hour)) {
			return r, nil // an older one cannot follow
		}
	}
	return r, nil
}
