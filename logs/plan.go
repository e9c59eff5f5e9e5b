package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
)

// shard is one listing: the keys under prefix after the key after, and
// before the key end when that is not empty.
type shard struct {
	prefix, after, end string
	err                error // the shard stands for a place that could not be discovered

	// days are the same by days, for when one page does not hold it all. Of
	// these, ahead are listed at the same time.
	days  []shard
	ahead int
}

// page is how many keys S3 lists at once.
const page = 1000

// listers bounds how many listings and discoveries run at once.
const listers = 32

// maxDayShards bounds in how many listings a query is shared out by days.
// Above it each region is one listing, which needs fewer calls.
const maxDayShards = 4096

// plan works out the listings of a query, those of each place in the order of
// their keys.
func (q *Query) plan(ctx context.Context, src Source) ([][]shard, error) {
	if q.Flat {
		return [][]shard{{{prefix: q.Prefix}}}, nil
	}
	if q.Base != nil {
		q.Layout.addAccount(q.Base.Account)
		places := q.regions(ctx, src, []bucket.Base{*q.Base})
		q.Layout.addPlaces(places)
		return q.share(places), nil
	}
	at, err := q.locate(ctx, src)
	if err != nil {
		return nil, err
	}
	if !at.found {
		q.Layout.setNoLogs()
	}
	if !at.found || at.deep {
		return [][]shard{{{prefix: q.Prefix}}}, nil
	}
	bases, failed, err := q.bases(ctx, src, at)
	if err != nil {
		return nil, err
	}
	places := append(q.regions(ctx, src, bases), failed...)
	q.Layout.addPlaces(places)
	slices.SortStableFunc(places, func(a, b place) int { return strings.Compare(a.key(), b.key()) })
	return q.share(places), nil
}

// spot is where a prefix points to.
type spot struct {
	bucket.Base      // as far as the prefix says
	found       bool // AWSLogs/ is part of the prefix, or lies right below
	deep        bool // the prefix goes below AWSLogs/[ORG/]ACCOUNT/
}

// locate finds AWSLogs/ in or right below the prefix.
func (q *Query) locate(ctx context.Context, src Source) (spot, error) {
	segments := strings.Split(strings.Trim(q.Prefix, "/"), "/")
	if i := slices.Index(segments, "AWSLogs"); i >= 0 {
		at := spot{found: true, Base: bucket.Base{Prefix: strings.Join(segments[:i], "/")}}
		rest := segments[i+1:]
		if len(rest) > 0 && strings.HasPrefix(rest[0], "o-") {
			at.Org, rest = rest[0], rest[1:]
		}
		if len(rest) > 0 && isAccount(rest[0]) {
			at.Account, rest = rest[0], rest[1:]
		}
		at.deep = len(rest) > 0
		return at, nil
	}
	below := strings.Trim(q.Prefix, "/")
	if below != "" {
		below += "/"
	}
	names, err := src.Folders(ctx, below)
	if err != nil {
		return spot{}, err
	}
	return spot{found: slices.Contains(names, "AWSLogs"), Base: bucket.Base{Prefix: strings.Trim(q.Prefix, "/")}}, nil
}

// bases finds the accounts' folders. Organizations whose accounts cannot be
// listed come back as failed places.
func (q *Query) bases(ctx context.Context, src Source, at spot) ([]bucket.Base, []place, error) {
	root := at.Base
	if root.Account != "" {
		q.Layout.addAccount(root.Account)
		return []bucket.Base{root}, nil, nil
	}
	top := awsLogs(root)
	names, err := src.Folders(ctx, top)
	if err != nil {
		return nil, nil, err
	}
	var bases []bucket.Base
	var failed []place
	for _, name := range names {
		switch {
		case isAccount(name):
			bases = append(bases, bucket.Base{Prefix: root.Prefix, Org: root.Org, Account: name})
		case strings.HasPrefix(name, "o-") && root.Org == "":
			org := bucket.Base{Prefix: root.Prefix, Org: name}
			accounts, err := src.Folders(ctx, awsLogs(org))
			if err != nil {
				failed = append(failed, place{Base: org, err: err})
				continue
			}
			for _, a := range accounts {
				if isAccount(a) {
					bases = append(bases, bucket.Base{Prefix: root.Prefix, Org: name, Account: a})
				}
			}
		}
	}
	for _, b := range bases {
		q.Layout.addAccount(b.Account)
	}
	if len(q.Accounts) > 0 {
		bases = slices.DeleteFunc(bases, func(b bucket.Base) bool { return !slices.Contains(q.Accounts, b.Account) })
	}
	sortBases(bases)
	return bases, failed, nil
}

// awsLogs is the prefix under which accounts stand.
func awsLogs(b bucket.Base) string {
	s := "AWSLogs/"
	if b.Prefix != "" {
		s = strings.Trim(b.Prefix, "/") + "/" + s
	}
	if b.Org != "" {
		s += b.Org + "/"
	}
	return s
}

// place is one region of one kind of file of one account.
type place struct {
	bucket.Base
	kind   bucket.Kind
	region string
	err    error // it could not be discovered
}

func (p place) key() string {
	if p.Account == "" {
		return awsLogs(p.Base)
	}
	return p.Regions(p.kind) + p.region
}

// regions discovers the regions of all accounts and kinds, several at a time.
func (q *Query) regions(ctx context.Context, src Source, bases []bucket.Base) []place {
	kinds := []bucket.Kind{bucket.LogFile, bucket.Insight}
	if q.Digests {
		kinds = []bucket.Kind{bucket.LogFile, bucket.Digest, bucket.Insight}
	}
	found := make([][]place, len(bases)*len(kinds))
	var g errgroup.Group
	g.SetLimit(listers)
	for i := range found {
		base, kind := bases[i/len(kinds)], kinds[i%len(kinds)]
		g.Go(func() error {
			names, err := src.Folders(ctx, base.Regions(kind))
			if err != nil {
				found[i] = []place{{Base: base, kind: kind, err: err}}
				return nil
			}
			for _, name := range names {
				q.Layout.addRegion(name)
				if len(q.Regions) == 0 || slices.Contains(q.Regions, name) {
					found[i] = append(found[i], place{Base: base, kind: kind, region: name})
				}
			}
			return nil
		})
	}
	_ = g.Wait() // errors are in the places
	return slices.Concat(found...)
}

// share turns places into listings, with those by days where there are few
// enough.
func (q *Query) share(places []place) [][]shard {
	var shards [][]shard
	days := q.days()
	byDay := days > 1 && days*len(places) <= maxDayShards
	for _, p := range places {
		if p.err != nil {
			shards = append(shards, []shard{{err: p.err}})
			continue
		}
		window := q.Window
		if p.kind == bucket.Digest {
			window = q.DigestWindow
		}
		prefix := p.Regions(p.kind) + p.region + "/"
		whole := shard{prefix: prefix}
		if !window.End.IsZero() {
			whole.end = p.Day(p.kind, p.region, window.End.AddDate(0, 0, 1))
		}
		if window.Start.IsZero() {
			shards = append(shards, []shard{whole})
			continue
		}
		first := p.Day(p.kind, p.region, window.Start)
		whole.after = first
		if p.kind != bucket.Digest { // a digest's name has the trail before the time
			whole.after += fmt.Sprintf("%s_%s_%s_%s", p.Account, folderName(p.kind), p.region, window.Start.UTC().Format("20060102T1504Z"))
		}
		if !byDay {
			shards = append(shards, []shard{whole})
			continue
		}
		whole.days, whole.ahead = p.daily(whole, window.Start, days), max(1, listers/len(places))
		shards = append(shards, []shard{whole})
	}
	return shards
}

func folderName(k bucket.Kind) string {
	if k == bucket.Insight {
		return "CloudTrail-Insight"
	}
	return "CloudTrail"
}

// daily cuts a listing into one of each day; the last takes what is left.
func (p place) daily(whole shard, start time.Time, days int) []shard {
	var shards []shard
	after := whole.after
	for d := range days {
		day := p.Day(p.kind, p.region, start.AddDate(0, 0, d))
		s := shard{prefix: day, after: after}
		if d == days-1 {
			s = shard{prefix: whole.prefix, after: max(after, day), end: whole.end}
		}
		shards, after = append(shards, s), ""
	}
	return shards
}

// days is over how many days the window stretches; 0 when it has no start.
func (q *Query) days() int {
	end := q.Window.End
	if end.IsZero() {
		end = q.Now
	}
	if q.Window.Start.IsZero() || !end.After(q.Window.Start) {
		return 0
	}
	day := 24 * time.Hour
	return int(end.UTC().Truncate(day).Sub(q.Window.Start.UTC().Truncate(day))/day) + 1
}
