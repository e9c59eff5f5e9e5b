package validate

import (
	"context"
	"slices"
	"time"
)

// witness is what digest files say that are no part of the check: those of
// other trails that deliver to the same place, and those of the same trail
// right before the range and right after it.
type witness struct {
	borders map[chainID][]Range // of chains that are checked
	others  [][]Range           // of each other chain, sorted
	lost    bool                // the place could not be listed
}

// borderReach is how far from the range a digest file is looked for that lists
// log files of it.
const borderReach = 2 * time.Hour

// sure tells whether the log files of all other trails are known at a time.
func (w *witness) sure(at time.Time) bool {
	if w == nil {
		return true
	}
	return !w.lost && !slices.ContainsFunc(w.others, func(list []Range) bool {
		return !slices.ContainsFunc(list, func(r Range) bool { return !at.Before(r.Start) && at.Before(r.End) })
	})
}

// borders is the time for which digest files of a chain vouch that lie beside
// the range.
func (u *unit) borders(lineage chainID) []Range {
	var list []Range
	for _, w := range u.witnesses {
		list = append(list, w.borders[lineage]...)
	}
	return list
}

// readWitnesses reads them for all places. The log files that they list count
// as listed from then on.
func (c *check) readWitnesses(ctx context.Context, units []*unit) {
	for _, u := range units {
		var walkers []*walker
		for _, m := range u.family() {
			walkers = append(walkers, m.walked...)
		}
		known := map[logPlace]*witness{}
		for _, p := range placesOf(walkers) {
			known[p] = c.readWitness(ctx, &unit{Base: p.Base, region: u.region}, p)
		}
		for _, m := range u.family() {
			m.witnesses = known
		}
	}
}

func (c *check) readWitness(ctx context.Context, u *unit, p logPlace) *witness {
	v := &witness{borders: map[chainID][]Range{}}
	after := c.Start
	if !after.IsZero() {
		after = after.Add(-borderReach)
	}
	chains, err := c.listAll(ctx, p.bucket, u, after, c.End.Add(borderReach))
	v.lost = err != nil && !missing(err)
	for _, id := range sortedChains(chains) {
		at := location{bucket: p.bucket, chainID: id}
		if c.concerns(id) {
			v.borders[id.lineage()] = c.proveList(ctx, u, at, c.beside(chains[id]))
			continue
		}
		covered := c.proveList(ctx, u, at, chains[id])
		if !id.Backfill {
			v.others = append(v.others, shrink(merge(covered), edge))
		}
	}
	return v
}

// beside leaves the digest files right before the range and right after it; in
// a copy, each of them needs the one that follows.
func (c *check) beside(list []entry) []entry {
	var cut []entry
	for i, e := range list {
		before := !c.Start.IsZero() && (!e.time().After(c.Start) || i > 0 && !list[i-1].time().After(c.Start))
		if before || !e.time().Before(c.End) && e.time().Before(c.End.Add(borderReach)) {
			cut = append(cut, e)
		}
	}
	return cut
}

// proveList proves digest files one by one, notes the log files of those that
// are valid, and returns their time.
func (c *check) proveList(ctx context.Context, u *unit, at location, list []entry) []Range {
	if len(list) == 0 {
		return nil
	}
	w := &walker{check: c, tally: &tally{id: at.chainID}, home: at, unit: u, rhythm: usualRhythm}
	if !w.loadKeys(ctx, list) {
		return nil
	}
	var covered []Range
	prove := func(d, next *digestFile) {
		defer w.release(d)
		w.judge(ctx, d, next)
		if d.status != Valid {
			return
		}
		err := w.entries(ctx, d, func(l logEntry) bool {
			c.listed(l)
			return ctx.Err() == nil
		})
		if err == nil {
			covered = append(covered, Range{Start: d.doc.Start, End: d.doc.End})
		}
	}
	var before *digestFile
	for d := range w.ahead(ctx, at, list) {
		if before != nil {
			prove(before, d)
		}
		before = d
	}
	switch {
	case before != nil && ctx.Err() == nil:
		prove(before, nil)
	default:
		w.release(before)
	}
	return covered
}
