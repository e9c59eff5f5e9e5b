package validate

import (
	"cmp"
	"slices"
	"time"

	"trailctl/bucket"
)

// roundTaker makes a Round of a report, and moves the follower on.
type roundTaker struct {
	*Follower
	options     Options
	interrupted bool
	round       *Round
	holds       map[chainKey]time.Time // the first digest file that waits, by chain without its home region
	blocked     map[[2]string]bool     // account and region of which not everything could be seen
	newest      map[chainKey]time.Time // by what is there
	waits       bool                   // for a first digest file, whose log files are in the window
}

func (t *roundTaker) take(r *Report, seen []FollowedDigest) {
	t.holds, t.blocked, t.newest = map[chainKey]time.Time{}, map[[2]string]bool{}, map[chainKey]time.Time{}
	t.sort(r.Findings)
	if !t.interrupted {
		t.digests(seen)
		t.gone()
		t.nothing()
		t.advance()
		t.waitLong()
		t.rounds++
	}
	t.keep()
}

// sort tells findings from trouble, and leaves out what was told before and
// what may still come in time.
func (t *roundTaker) sort(list []Finding) {
	doubts, told := map[string]time.Time{}, map[string]bool{}
	for _, f := range list {
		id := string(f.Code) + "\n" + f.URI + "\n" + stamp(f.at)
		switch f.Severity {
		case SeverityInvalid, SeverityMissing:
			if t.early(f, id, doubts) {
				continue
			}
			t.round.Findings = append(t.round.Findings, f)
			t.round.Verdict = VerdictInvalid
			continue
		case SeverityUnchecked:
			if f.Code != CodeNoDigests {
				t.hold(f)
				continue
			}
			// Nothing that will ever be different on trying again.
			f.Severity = SeverityWarning
			if t.early(f, id, doubts) {
				continue
			}
		}
		if f.Code == CodeBegins && len(t.chains) == 0 && t.Begin.IsZero() {
			told[id] = true
			continue // nobody asked for the time before
		}
		if told[id] = true; !t.told[id] {
			t.round.Findings = append(t.round.Findings, f)
		}
	}
	if t.interrupted {
		return
	}
	if len(t.round.Trouble) > 0 { // not everything was seen
		for id := range t.told {
			told[id] = true
		}
	}
	t.told, t.doubts = told, doubts
}

// early tells whether what a finding misses may still come in time.
func (t *roundTaker) early(f Finding, id string, doubts map[string]time.Time) bool {
	now, started := t.options.Now, t.options.Started
	switch f.Code {
	case CodeNoDigests:
		since, ok := t.doubts[id]
		if !ok {
			since = now
		}
		doubts[id] = since
		if now.Before(since.Add(patience)) {
			t.waits = true
			return true
		}
	case CodeTail:
		// Logging was off until it was switched on again.
		return f.Range != nil && !started.IsZero() && !f.Range.Start.After(started.Add(startSlack)) && now.Before(started.Add(patience))
	}
	return false
}

// hold makes a chain wait at the first file that could not be checked.
func (t *roundTaker) hold(f Finding) {
	t.round.Trouble = append(t.round.Trouble, f)
	if t.round.Verdict == VerdictValid {
		t.round.Verdict = VerdictIncomplete
	}
	if f.at.IsZero() || f.Subject == SubjectChain {
		t.blocked[[2]string{f.Account, f.Region}] = true
	}
	k := chainKey{f.Account, f.Region, f.Trail, "", f.Backfill}
	if at, ok := t.holds[k]; !ok || f.at.Before(at) {
		t.holds[k] = f.at
	}
}

// held tells whether a digest file of a chain waits for something.
func (t *roundTaker) held(k chainKey, end time.Time) bool {
	if t.blocked[[2]string{k.account, k.region}] {
		return true
	}
	k.home = ""
	at, ok := t.holds[k]
	return ok && !end.Before(at)
}

// digests tells of those that are new, and how far each chain is proved now.
func (t *roundTaker) digests(seen []FollowedDigest) {
	slices.SortFunc(seen, func(a, b FollowedDigest) int {
		return cmp.Or(a.end.Compare(b.end), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Trail, b.Trail))
	})
	place, fresh := t.place(), map[chainKey]bool{}
	for _, g := range seen {
		if g.end.After(t.newest[g.key]) {
			t.newest[g.key] = g.end
		}
		chain := t.chains[g.key]
		if chain == nil {
			chain = t.newChain(g.key)
			chain.place = place
			t.chains[g.key], fresh[g.key] = chain, true
		}
		if t.held(g.key, g.end) {
			continue
		}
		chain.place = place
		if !chain.isNew(g.end) {
			if fresh[g.key] {
				t.round.Before++
			}
			continue
		}
		t.judge(&g)
		t.round.Digests = append(t.round.Digests, g)
		t.total(g)
		chain.told(g.end)
	}
}

// place is where the trail delivers.
func (t *roundTaker) place() string { return bucket.URI(t.options.Bucket, t.options.Prefix) }

// judge counts the log files of a digest file.
func (t *roundTaker) judge(g *FollowedDigest) {
	g.Verdict = VerdictInvalid
	if !g.trusted {
		g.LogFiles.Unproven = g.listed
		return
	}
	g.LogFiles.Valid = g.listed
	for _, f := range t.round.Findings {
		if f.Subject != SubjectLogFile || !f.at.Equal(g.end) || !sameChain(f, g.key) {
			continue
		}
		switch f.Severity {
		case SeverityMissing:
			g.LogFiles.Missing++
		case SeverityInvalid:
			g.LogFiles.Invalid++
		default:
			continue
		}
		g.LogFiles.Valid--
	}
	if g.status == Valid && g.LogFiles.Bad() == 0 {
		g.Verdict = VerdictValid
	}
}

// total adds a digest file to the report at the end.
func (t *roundTaker) total(g FollowedDigest) {
	c := t.totals[g.key]
	if c == nil {
		c = &Chain{Account: g.Account, Org: g.Org, Region: g.Region, Trail: g.Trail, HomeRegion: g.HomeRegion, Backfill: g.Backfill}
		t.totals[g.key] = c
	}
	c.Digests.add(g.status, 1)
	c.LogFiles.sum(g.LogFiles)
	if g.trusted {
		c.Covered = merge(append(c.Covered, Range{Start: g.Start, End: g.End}))
	}
}

// gone finds chains of which proved digest files are not there any more. Where
// the trail delivers to another place by now, those are looked for there, and
// are late at most.
func (t *roundTaker) gone() {
	for k, c := range t.chains {
		if k.backfill || !t.newest[k].Before(c.until) || t.held(k, c.until) || c.until.IsZero() || t.bad(k) {
			continue
		}
		late := t.options.Now.Sub(c.until) > patience && t.options.Stopped.IsZero()
		moved := c.place != t.place()
		if moved && !late {
			continue
		}
		end := later(c.until, t.options.Now)
		f := Finding{
			Severity: SeverityMissing, Code: CodeTail, Subject: SubjectChain, URI: c.place,
			Message: "INVALID: not found: no digest file after " + stamp(t.newest[k]),
			Detail:  "those up to " + stamp(c.until) + " were there and had been proved",
			Account: k.account, Region: k.region, Trail: k.trail, at: c.until,
			Range: &Range{Start: t.newest[k], End: end}, MissingDigests: 1,
		}
		if t.newest[k].IsZero() {
			f.Message, f.Range = "INVALID: not found: no digest file of the chain is there any more", &Range{Start: c.until.Add(-usualRhythm), End: end}
		}
		if moved {
			f.Message = "INVALID: not found: no digest file since the trail delivers to " + t.place()
			f.Range.Start = c.until
		}
		t.round.Findings = append(t.round.Findings, f)
		t.round.Verdict = VerdictInvalid
	}
}

// bad tells whether a chain has a finding that makes it invalid.
func (t *roundTaker) bad(k chainKey) bool {
	return slices.ContainsFunc(t.round.Findings, func(f Finding) bool {
		return (f.Severity == SeverityInvalid || f.Severity == SeverityMissing) && sameChain(f, k)
	})
}

// nothing decides what it means that no digest file is known at all.
func (t *roundTaker) nothing() {
	o := t.options
	switch {
	case len(t.chains) > 0 || t.round.Verdict != VerdictValid || !o.Stopped.IsZero():
		return
	case !o.Started.IsZero() && o.Now.Before(o.Started.Add(patience)), t.resumed && o.Now.Before(t.restart.Add(patience)):
		return
	case t.rounds == 0 && !t.resumed:
		t.round.Verdict = VerdictNothing
		return
	}
	t.round.Verdict = VerdictInvalid
	t.round.Findings = append(t.round.Findings, Finding{
		Severity: SeverityMissing, Code: CodeTail, Subject: SubjectChain, URI: t.place(), Trail: o.Trail,
		Message: "INVALID: not found: no digest file after " + stamp(later(o.Started, t.start)),
		Range:   &Range{Start: later(o.Started, t.start), End: o.Now},
	})
}

// advance moves the window on to where the chains that go on are proved.
func (t *roundTaker) advance() {
	var newest time.Time
	for _, c := range t.chains {
		newest = later(newest, c.until)
	}
	if newest.IsZero() || t.round.Verdict == VerdictInvalid {
		return // nothing is known, or it ends here
	}
	var first time.Time
	for k, c := range t.chains {
		waits := t.held(k, newest)
		if k.backfill || newest.Sub(c.until) > ended && !waits {
			delete(t.chains, k)
			continue
		}
		if !c.until.IsZero() {
			if !waits {
				c.since = earlier(c.since, t.began)
			}
			t.Proofs.mark(t.markOf(k), c.until)
			t.Proofs.mark(t.sinceOf(k), c.since)
		}
		until := c.until
		if c.since.After(t.began) { // what ends before since is not told whole
			until = later(c.late, t.began.Add(overlap))
		}
		if until.IsZero() { // its first digest file could not be checked
			first = t.start.Add(overlap)
		}
		if first.IsZero() || until.Before(first) && !until.IsZero() {
			first = until
		}
	}
	if first.IsZero() {
		return
	}
	// What could not be listed may hold what nobody has heard of.
	if start := first.Add(-overlap); start.After(t.start) && len(t.blocked) == 0 && !t.waits {
		t.start = start
		t.Proofs.mark(t.scope, first)
	}
	if len(t.round.Trouble) == 0 && !t.waits {
		t.Proofs.age()
	}
}

// waitLong gives up when something could not be checked for a day.
func (t *roundTaker) waitLong() {
	stuck := map[chainKey]time.Time{}
	for _, f := range t.round.Trouble {
		k := chainKey{account: f.Account, region: f.Region, trail: f.Trail, home: f.URI, backfill: f.Backfill}
		since, ok := t.stuck[k]
		if !ok {
			since = t.options.Now
		}
		stuck[k] = since
		if t.options.Now.Sub(since) >= givenUp {
			t.round.GivenUp = true
		}
	}
	t.stuck = stuck
}

// keep notes findings for the report at the end.
func (t *roundTaker) keep() {
	for _, f := range t.round.Findings {
		t.count(f)
		if len(t.findings) < keptFindings || f.Severity == SeverityInvalid || f.Severity == SeverityMissing {
			t.findings = append(t.findings, f)
		}
	}
	if t.round.GivenUp {
		for _, f := range t.round.Trouble {
			t.count(f)
		}
		t.findings = append(t.findings, t.round.Trouble...)
	}
}

// count takes a finding about a digest file that is not there, or was valid
// when it was told, into the sums.
func (t *roundTaker) count(f Finding) {
	for k, c := range t.totals {
		if !sameChain(f, k) {
			continue
		}
		c.Digests.Missing += f.MissingDigests
		isNew := slices.ContainsFunc(t.round.Digests, func(g FollowedDigest) bool { return g.URI == f.URI })
		switch {
		case isNew:
		case f.Subject == SubjectDigest && f.Severity == SeverityInvalid:
			c.Digests.Invalid++
			c.Digests.Valid--
		case f.Subject == SubjectDigest && f.Severity == SeverityUnchecked:
			c.Digests.Unchecked++
		case f.Subject == SubjectLogFile && f.Severity == SeverityUnchecked:
			c.LogFiles.Unchecked++
		}
		return
	}
}

// sameChain tells whether a finding is of a chain; it does not hold the
// trail's home region.
func sameChain(f Finding, k chainKey) bool {
	return f.Account == k.account && f.Region == k.region && f.Trail == k.trail && f.Backfill == k.backfill
}
