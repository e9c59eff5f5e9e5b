package validate

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
)

// part is what one folder holds of a chain.
type part struct {
	unit *unit
	id   chainID
	list []entry // in the order of time, at least one
}

func (p part) newest() time.Time { return p.list[len(p.list)-1].time() }

// lineage names a chain wherever its parts lie: a trail's name is its own in
// an account and region.
func (id chainID) lineage() chainID {
	id.Prefix, id.Org = "", ""
	return id
}

// walkUnit walks the chains of one account and region.
func (c *check) walkUnit(ctx context.Context, u *unit) {
	chains := map[chainID][]part{}
	for _, m := range u.family() {
		found := c.listOrTell(ctx, m, c.Start, c.End.Add(witnessReach))
		if found == nil {
			continue
		}
		m.empty = true
		for id, list := range found {
			m.empty = m.empty && id.Backfill
			chains[id.lineage()] = append(chains[id.lineage()], part{unit: m, id: id, list: list})
		}
	}
	for _, parts := range chains {
		slices.SortFunc(parts, func(a, b part) int { return b.newest().Compare(a.newest()) })
		n := 0
		for _, p := range parts {
			n += len(c.cut(p.list))
		}
		c.Outlook.listed(parts[0].id, n)
	}
	c.Outlook.opened()
	var doubts []*walker
	regular := false
	for _, id := range sortedChains(chains) {
		if ctx.Err() != nil {
			c.newTally(chains[id][0].id) // it is there, and was not begun
			continue
		}
		if w := c.walkParts(ctx, chains[id]); w != nil {
			doubts = append(doubts, w)
		}
		regular = regular || !id.Backfill
	}
	if ctx.Err() == nil && (!regular || len(doubts) > 0) {
		c.lookBack(ctx, u, chains, doubts)
	}
}

func sortedChains[V any](m map[chainID]V) []chainID {
	return slices.SortedFunc(maps.Keys(m), func(a, b chainID) int {
		return cmp.Or(strings.Compare(a.key(time.Time{}), b.key(time.Time{})), boolOrder(a.Backfill, b.Backfill))
	})
}

// listOrTell lists the digest files of a unit. When it cannot it says so and
// returns nil.
func (c *check) listOrTell(ctx context.Context, u *unit, after, until time.Time) map[chainID][]entry {
	found, err := c.list(ctx, c.Bucket, u, after, until)
	if err != nil && ctx.Err() == nil {
		c.problem(Finding{
			Severity: SeverityUnchecked, Code: CodeUnreadable, Subject: SubjectChain, URI: c.uri(ctx, c.Bucket, u.Regions(bucket.Digest)+u.region+"/"),
			Account: u.Account, Region: u.region, Trail: c.Trail, Message: "could not check: " + reason(err), Detail: err.Error(),
		})
	}
	if err != nil {
		return nil
	}
	return found
}

// spot is where one digest file lies.
type spot struct {
	location
	end int64
}

// walkParts walks one chain. Its parts come with the newest first: where that
// one leads into an older one, the older one has been walked already. It
// returns the walker that found nothing in the range and cannot tell why.
func (c *check) walkParts(ctx context.Context, parts []part) (doubt *walker) {
	t := c.newTally(parts[0].id)
	var visited map[spot]bool
	if len(parts) > 1 {
		visited = map[spot]bool{}
	}
	var next time.Time
	for i, p := range parts {
		at := location{bucket: c.Bucket, chainID: p.id}
		list := slices.DeleteFunc(p.list, func(e entry) bool { return visited[spot{at, e.end}] })
		if len(list) == 0 || ctx.Err() != nil {
			continue
		}
		w := &walker{check: c, tally: t, home: at, unit: p.unit, visited: visited, next: next, older: i < len(parts)-1}
		p.unit.walked = append(p.unit.walked, w)
		w.run(ctx, c.cut(list))
		if w.doubt != nil {
			doubt = w
			continue
		}
		doubt, next = nil, list[0].time().Add(-w.rhythm)
	}
	if doubt != nil && doubt.home.Backfill {
		return nil
	}
	return doubt
}

// lookBackReach is how long before the range the newest digest file is looked
// for of a chain that has none in it.
const lookBackReach = 7 * 24 * time.Hour

// lookBack tells a chain that ended before the range from one that never was.
// The first may be a deletion. doubts are the walkers that found nothing in the
// range though there is something after it.
func (c *check) lookBack(ctx context.Context, u *unit, chains map[chainID][]part, doubts []*walker) {
	newest := map[chainID]part{}
	for _, m := range u.family() {
		if c.Start.IsZero() || c.open && c.Copy {
			break
		}
		for id, list := range c.listOrTell(ctx, m, c.Start.Add(-lookBackReach), c.Start) {
			list = slices.DeleteFunc(list, func(e entry) bool { return e.time().After(c.Start) })
			if len(list) == 0 {
				continue // those of the day's rest
			}
			p := part{unit: m, id: id, list: list}
			if q, ok := newest[id.lineage()]; !ok || q.newest().Before(p.newest()) {
				newest[id.lineage()] = p
			}
		}
	}
	for _, w := range doubts {
		w.tellDoubt(newest[w.home.lineage()])
	}
	for _, id := range sortedChains(newest) {
		if _, ok := chains[id]; ok {
			continue
		}
		p := newest[id]
		t := &tally{id: p.id}
		w := &walker{check: c, tally: t, home: location{bucket: c.Bucket, chainID: p.id}, unit: p.unit, rhythm: usualRhythm}
		key := p.id.key(p.newest())
		w.checkTail(&digestFile{at: w.home, end: p.newest(), key: key, uri: c.uri(ctx, c.Bucket, key), status: Valid})
		if len(t.findings) == 0 {
			continue
		}
		p.unit.empty = false
		p.unit.walked = append(p.unit.walked, w)
		c.mu.Lock()
		c.tallies = append(c.tallies, t)
		c.mu.Unlock()
	}
}

// tellDoubt tells of a range in which nothing is left. The digest file after it
// would tell what was there, but cannot be relied on. before is what was found
// of the chain before the range.
func (w *walker) tellDoubt(before part) {
	r := Range{Start: w.Start, End: w.End}
	f := Finding{
		Severity: SeverityUnchecked, Code: CodeTail, Subject: SubjectChain, URI: w.folder(w.doubt), Range: &r,
		Message: "could not check: there is no digest file in the range, and the one after it does not tell whether there were any",
	}
	if w.doubt.found != nil {
		f.Detail = "the one after it, " + w.doubt.uri + ": " + w.doubt.found.Message
	}
	on := !w.Started.IsZero() && w.Started.Before(w.End)
	if on {
		r.Start = later(r.Start, w.Started)
	}
	at := w.doubt.at
	if before.list != nil {
		on, at, r.Start = true, location{bucket: w.Bucket, chainID: before.id}, later(w.Start, before.newest())
	}
	off := !w.Stopped.IsZero() && w.Stopped.Before(w.End) || w.SingleRegion && w.home.Region != w.home.Home
	if on && !off {
		f.Severity, f.MissingDigests = SeverityMissing, w.fit(r)
		f.Message = "INVALID: not found: no digest file after " + stamp(r.Start)
		w.tally.digest(Missing, f.MissingDigests)
	}
	w.findHole(f, w.End, at)
}
